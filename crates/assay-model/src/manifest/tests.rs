use super::*;
use crate::{
    input::{FloatTensor, Image, Input},
    program::{Op, Output, Parts, ValueId},
    tensor::TensorData,
};
use proptest::prelude::*;

fn shape(dims: &[u32]) -> Shape {
    Shape::new(dims).expect("shape")
}

fn value(dtype: DType, dims: &[u32]) -> ValueType {
    ValueType {
        dtype,
        shape: shape(dims),
    }
}

fn third() -> Rational {
    Rational {
        numerator: 1,
        denominator: 3,
    }
}

/// Of a model that looks at 2 × 1 colour pictures and tells two classes.
fn fields() -> Fields {
    Fields {
        name: "two-dots".to_owned(),
        version: "0.1.0".to_owned(),
        licence: "MIT OR Apache-2.0".to_owned(),
        description: "Says which dot is larger – or thinks so.".to_owned(),
        model: ModelId::new([1; 32]),
        program: ContentId::new([2; 32]),
        program_bytes: 1234,
        input: InputSpec {
            value: value(DType::I8, &[3, 1, 2]),
            fraction_bits: 6,
            preprocessing: Preprocessing::Image(ImagePreprocessing {
                normalisation: vec![
                    Normalisation {
                        mean: third(),
                        deviation: third()
                    };
                    3
                ],
                ..ImagePreprocessing::unit(2, 1, Colour::Rgb)
            }),
        },
        output: OutputSpec {
            value: value(DType::I32, &[2]),
            fraction_bits: 10,
            labels: vec!["left".to_owned(), "right".to_owned()],
        },
        loss: AccuracyLoss {
            samples: 100,
            agreeing: 99,
            correct: Some(Correct {
                float: 97,
                integer: 96,
            }),
            mean_abs_error_micro: 1500,
        },
    }
}

fn manifest(change: impl FnOnce(&mut Fields)) -> Manifest {
    let mut fields = fields();
    change(&mut fields);
    Manifest::new(fields).expect("valid")
}

/// Of a model that reads numbers of this shape with 4 fraction bits.
fn of_numbers(dtype: DType, dims: &[u32]) -> Manifest {
    manifest(|fields| {
        fields.input = InputSpec {
            value: value(dtype, dims),
            fraction_bits: 4,
            preprocessing: Preprocessing::Numbers,
        };
    })
}

fn numbers(dims: &[u32], data: &[f64]) -> FloatTensor {
    FloatTensor::new(shape(dims), data.to_vec()).expect("numbers")
}

#[test]
fn one_encoding_and_no_other() {
    let without = manifest(|fields| {
        fields.output.labels.clear();
        fields.loss.correct = None;
        fields.input.preprocessing = Preprocessing::Numbers;
    });
    for manifest in [manifest(|_| ()), without] {
        let bytes = manifest.to_bytes();
        assert_eq!(Manifest::from_bytes(&bytes).expect("decode"), manifest);
        assert_eq!(manifest.content_id(), ContentId::of(&bytes));
        for length in 0..bytes.len() {
            assert!(Manifest::from_bytes(&bytes[..length]).is_err(), "{length}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Manifest::from_bytes(&longer).is_err());
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(other) = Manifest::from_bytes(&flipped) {
                assert_ne!(other, manifest);
                assert_eq!(other.to_bytes(), flipped);
            }
        }
    }
    assert!(matches!(
        Manifest::from_bytes(&vec![0; MANIFEST_BYTES_MAX + 1]),
        Err(ManifestError::TooLarge { .. })
    ));
}

#[test]
fn the_view_is_for_people() {
    insta::assert_snapshot!(manifest(|_| ()).view().to_json(), @r#"
    {
      "name": "two-dots",
      "version": "0.1.0",
      "licence": "MIT OR Apache-2.0",
      "description": "Says which dot is larger – or thinks so.",
      "model": "0101010101010101010101010101010101010101010101010101010101010101",
      "program": "0202020202020202020202020202020202020202020202020202020202020202",
      "program_bytes": 1234,
      "input": {
        "dtype": "int8",
        "shape": [
          3,
          1,
          2
        ],
        "fraction_bits": 6,
        "image": {
          "width": 2,
          "height": 1,
          "colour": "rgb",
          "invert": false,
          "range": "0 to 1",
          "normalisation": [
            {
              "mean": "1/3",
              "deviation": "1/3"
            },
            {
              "mean": "1/3",
              "deviation": "1/3"
            },
            {
              "mean": "1/3",
              "deviation": "1/3"
            }
          ]
        }
      },
      "output": {
        "dtype": "int32",
        "shape": [
          2
        ],
        "fraction_bits": 10,
        "labels": [
          "left",
          "right"
        ]
      },
      "loss": {
        "samples": 100,
        "agreeing": 99,
        "float_correct": 97,
        "integer_correct": 96,
        "mean_abs_error_micro": 1500
      }
    }
    "#);
}

#[test]
fn every_rule_has_its_error() {
    type Change = fn(&mut Fields);
    fn image(fields: &mut Fields) -> &mut ImagePreprocessing {
        match &mut fields.input.preprocessing {
            Preprocessing::Image(image) => image,
            Preprocessing::Numbers => panic!("a model of pictures"),
        }
    }
    let cases: Vec<(Change, &str)> = vec![
        (|f| f.name.clear(), "the name has 0 bytes"),
        (|f| f.name = "a".repeat(65), "the name has 65 bytes"),
        (
            |f| f.name = "Big".to_owned(),
            "the name \"Big\" has characters",
        ),
        (
            |f| f.name = "-a".to_owned(),
            "the name \"-a\" has characters",
        ),
        (|f| f.version = "1 0".to_owned(), "the version \"1 0\" has"),
        (|f| f.version.clear(), "the version has 0 bytes"),
        (|f| f.licence = "©".to_owned(), "the licence \"©\" has"),
        (
            |f| f.description = "\u{1b}[2J".to_owned(),
            "the description \"\\u{1b}[2J\" has",
        ),
        (
            |f| f.description = "a".repeat(1025),
            "the description has 1025",
        ),
        (|f| f.program_bytes = 0, "a program of 0 bytes"),
        (
            |f| f.program_bytes = u64::MAX,
            "a program of 18446744073709551615",
        ),
        (
            |f| f.input.fraction_bits = 33,
            "33 fraction bits of the input",
        ),
        (
            |f| f.output.fraction_bits = 65,
            "65 fraction bits of the output",
        ),
        (|f| f.input.value.dtype = DType::I32, "the input is int32"),
        (|f| image(f).width = 3, "a picture of 3 × 1 with 3 channels"),
        (|f| image(f).height = u32::MAX, "does not fill [3, 1, 2]"),
        (|f| image(f).colour = Colour::Grey, "with 1 channels"),
        (
            |f| image(f).normalisation.truncate(2),
            "2 normalisations for 3 channels",
        ),
        (
            |f| image(f).normalisation[1].mean.denominator = 0,
            "a denominator of 0",
        ),
        (
            |f| image(f).normalisation[2].deviation.numerator = 0,
            "a deviation that is not positive",
        ),
        (
            |f| f.output.labels.push("up".to_owned()),
            "3 labels for 2 outputs",
        ),
        (|f| f.output.labels[1].clear(), "the label has 0 bytes"),
        (
            |f| f.loss.agreeing = 101,
            "counts more than its 100 samples",
        ),
        (
            |f| {
                f.loss.correct = Some(Correct {
                    float: 1,
                    integer: 101,
                });
            },
            "counts more than its 100 samples",
        ),
    ];
    for (change, reason) in cases {
        let mut changed = fields();
        change(&mut changed);
        let bytes = changed.encode();
        let error = Manifest::new(changed).expect_err(reason);
        assert!(error.to_string().contains(reason), "{reason}: {error}");
        assert!(Manifest::from_bytes(&bytes).is_err(), "{reason}");
    }
}

#[test]
fn another_program_is_noticed() {
    let program = Program::new(Parts {
        input: value(DType::I8, &[6]),
        nodes: vec![Op::Linear {
            input: ValueId::INPUT,
            weights: vec![1; 12],
            bias: vec![0; 2],
            output: Output::Accumulator,
        }],
        output: ValueId::new(1),
    })
    .expect("program");
    let fitting = |fields: &mut Fields| {
        fields.model = program.model_id();
        fields.program = program.content_id();
        fields.program_bytes = program.to_bytes().len() as u64;
        fields.input.value = program.input().clone();
        fields.output.value = program.output().clone();
    };
    manifest(fitting).check_program(&program).expect("fits");
    let cases: [(fn(&mut Fields), &str); 5] = [
        (|f| f.model = ModelId::new([9; 32]), "model id"),
        (
            |f| f.program = ContentId::new([9; 32]),
            "program content id",
        ),
        (|f| f.program_bytes += 1, "program length"),
        (|f| f.input.value = value(DType::I8, &[3, 2]), "input"),
        (|f| f.output.value.dtype = DType::I16, "output"),
    ];
    for (change, field) in cases {
        let changed = manifest(|fields| {
            fitting(fields);
            change(fields);
        });
        match changed.check_program(&program) {
            Err(ManifestError::Program { field: found }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn numbers_are_rounded_half_up_and_saturate() {
    let manifest = of_numbers(DType::I8, &[2, 3]);
    let data = [0.03125, -0.03125, 7.9375, 8.0, -9.0, 1e300];
    let tensor = manifest
        .quantize(&numbers(&[2, 3], &data))
        .expect("quantize");
    assert_eq!(
        tensor.data(),
        &TensorData::I8(vec![1, 0, 127, 127, -128, 127])
    );
    let wide = of_numbers(DType::I16, &[2, 3]);
    let tensor = wide.quantize(&numbers(&[2, 3], &data)).expect("quantize");
    assert_eq!(
        tensor.data(),
        &TensorData::I16(vec![1, 0, 127, 128, -144, 32767])
    );
}

#[test]
fn arrays_of_the_same_meaning_are_accepted() {
    let manifest = of_numbers(DType::I8, &[1, 2, 3]);
    let data = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let expected = manifest
        .quantize(&numbers(&[1, 2, 3], &data))
        .expect("exact");
    for dims in [&[2, 3][..], &[6], &[1, 6], &[1, 1, 2, 3], &[2, 1, 3]] {
        assert_eq!(
            manifest.quantize(&numbers(dims, &data)),
            Ok(expected.clone()),
            "{dims:?}"
        );
    }
    let twice = [data, data].concat();
    for dims in [&[2, 6][..], &[2, 2, 3], &[2, 1, 2, 3]] {
        let several = manifest.quantize_input(&Input::Reals(numbers(dims, &twice)));
        assert_eq!(several, Ok(vec![expected.clone(); 2]), "{dims:?}");
        assert!(matches!(
            manifest.quantize(&numbers(dims, &twice)),
            Err(QuantizeInputError::Samples { samples: 2, .. })
        ));
    }
    for dims in [&[3, 2][..], &[12], &[3, 4], &[2, 3, 2]] {
        let data = vec![0.0; shape(dims).elements()];
        assert!(
            matches!(
                manifest.quantize(&numbers(dims, &data)),
                Err(QuantizeInputError::Shape { .. })
            ),
            "{dims:?}"
        );
    }
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let manifest = of_numbers(DType::I8, &[2]);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let several = Input::Reals(numbers(&[2, 2], &[0.0, 1.0, 2.0, bad]));
        match manifest.quantize_input(&several) {
            Err(QuantizeInputError::NotFinite { index: 3, value }) => {
                assert_eq!(value.to_bits(), bad.to_bits());
            }
            other => panic!("{other:?}"),
        }
        assert!(manifest.quantize(&numbers(&[2], &[bad, 0.0])).is_err());
    }
}

#[test]
fn pixels_go_the_exact_way() {
    // (p/255 − 1/3) / (1/3) · 64 = p · 64 · 3 / 255 − 64
    let manifest_rgb = manifest(|_| ());
    let image = Image::new(2, 1, 3, vec![0, 85, 255, 170, 1, 254]).expect("image");
    let tensors = manifest_rgb
        .quantize_input(&Input::Image(image.clone()))
        .expect("quantize");
    // Red of both pixels, then green, then blue.
    let expected = TensorData::I8(vec![-64, 64, 0, -63, 127, 127]);
    assert_eq!(tensors[0].data(), &expected);
    // The same as an array with the channels last, or as maps.
    for (dims, data) in [
        (&[1, 2, 3][..], vec![0, 85, 255, 170, 1, 254]),
        (&[3, 1, 2], vec![0, 170, 85, 1, 255, 254]),
    ] {
        let bytes = Input::Bytes {
            shape: shape(dims),
            data,
        };
        assert_eq!(manifest_rgb.quantize_input(&bytes), Ok(tensors.clone()));
    }
    // Blue first: pictures turn around, maps are in the model's order already.
    let manifest_bgr = manifest(|fields| {
        *fields = manifest_rgb.fields().clone();
        let Preprocessing::Image(how) = &mut fields.input.preprocessing else {
            panic!("a model of pictures");
        };
        how.colour = Colour::Bgr;
    });
    let maps = Input::Bytes {
        shape: shape(&[3, 1, 2]),
        data: vec![255, 254, 85, 1, 0, 170],
    };
    assert_eq!(
        manifest_bgr.quantize_input(&maps),
        manifest_bgr.quantize_input(&Input::Image(image.clone()))
    );
    assert_ne!(
        manifest_bgr.quantize_input(&maps),
        manifest_rgb.quantize_input(&Input::Image(image.clone()))
    );
    // Grey from colour, the other ranges, inversion.
    let grey = |change: fn(&mut ImagePreprocessing)| {
        let mut how = ImagePreprocessing::unit(2, 1, Colour::Grey);
        change(&mut how);
        manifest(|fields| {
            fields.input.value = value(DType::I16, &[1, 1, 2]);
            fields.input.fraction_bits = 0;
            fields.input.preprocessing = Preprocessing::Image(how);
        })
        .quantize_input(&Input::Image(image.clone()))
        .expect("quantize")[0]
            .data()
            .to_i32()
    };
    // Luma of the two pixels: 79, 80.
    assert_eq!(grey(|how| how.range = PixelRange::Byte), [79, 80]);
    assert_eq!(grey(|_| ()), [0, 0]);
    assert_eq!(grey(|how| how.invert = true), [1, 1]);
    assert_eq!(grey(|how| how.range = PixelRange::Symmetric), [0, 0]);
    assert_eq!(
        grey(|how| {
            how.range = PixelRange::Byte;
            how.invert = true;
        }),
        [176, 175]
    );
}

#[test]
fn pictures_that_do_not_fit_are_refused() {
    let manifest = manifest(|_| ());
    let image = Image::new(1, 2, 1, vec![0, 0]).expect("image");
    assert_eq!(
        manifest.quantize_input(&Input::Image(image.clone())),
        Err(QuantizeInputError::ImageSize {
            width: 1,
            height: 2,
            expected_width: 2,
            expected_height: 1
        })
    );
    assert!(matches!(
        of_numbers(DType::I8, &[2]).quantize_input(&Input::Image(image)),
        Err(QuantizeInputError::NotAnImageModel { .. })
    ));
    let bytes = Input::Bytes {
        shape: shape(&[5]),
        data: vec![0; 5],
    };
    assert!(matches!(
        manifest.quantize_input(&bytes),
        Err(QuantizeInputError::Shape { .. })
    ));
    // Bytes are numbers for a model of numbers.
    let bytes = Input::Bytes {
        shape: shape(&[2]),
        data: vec![3, 200],
    };
    let tensors = of_numbers(DType::I8, &[2]).quantize_input(&bytes);
    assert_eq!(
        tensors.expect("numbers")[0].data(),
        &TensorData::I8(vec![48, 127])
    );
}

#[test]
fn an_output_is_read_as_a_class() {
    let output = |data| Tensor::new(shape(&[2]), TensorData::I32(data)).expect("tensor");
    let answer = manifest(|_| ())
        .classify(&output(vec![-512, 2048]))
        .expect("answer");
    assert_eq!((answer.class, &answer.label[..]), (1, "right"));
    assert_eq!(answer.scores, [-0.5, 2.0]);
    let unnamed = manifest(|fields| fields.output.labels.clear());
    assert_eq!(
        unnamed.classify(&output(vec![5, 5])).expect("answer").label,
        "0"
    );
    let other = Tensor::new(shape(&[2]), TensorData::I8(vec![0, 0])).expect("tensor");
    assert!(matches!(
        unnamed.classify(&other),
        Err(ManifestError::Output { .. })
    ));
}

#[test]
fn shapes_suggest_a_preprocessing() {
    let image = |width, height, colour| {
        Preprocessing::Image(ImagePreprocessing::unit(width, height, colour))
    };
    for (dims, expected) in [
        (&[1, 28, 20][..], image(20, 28, Colour::Grey)),
        (&[3, 8, 9], image(9, 8, Colour::Rgb)),
        (&[4, 8, 9], Preprocessing::Numbers),
        (&[784], Preprocessing::Numbers),
    ] {
        assert_eq!(Preprocessing::of_shape(&shape(dims)), expected);
    }
}

proptest! {
    #[test]
    fn strangers_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Manifest::from_bytes(&bytes);
        let mut plausible = manifest(|_| ()).to_bytes();
        for (at, byte) in bytes.chunks_exact(2).take(5).map(|pair| (usize::from(pair[0]), pair[1])) {
            let at = at % plausible.len();
            plausible[at] = byte;
        }
        if let Ok(manifest) = Manifest::from_bytes(&plausible) {
            let picture = Image::new(2, 1, 3, vec![0, 1, 2, 253, 254, 255]).expect("image");
            let _ = manifest.quantize_input(&Input::Image(picture));
        }
    }

    #[test]
    fn pixels_and_numbers_agree(byte in any::<u8>(), bits in 0i8..12) {
        let of_bits = |preprocessing| manifest(|fields| {
            fields.input = InputSpec { value: value(DType::I16, &[1, 1, 1]), fraction_bits: bits, preprocessing };
        });
        let picture = Image::new(1, 1, 1, vec![byte]).expect("image");
        let pixels = of_bits(Preprocessing::of_shape(&shape(&[1, 1, 1]))).quantize_input(&Input::Image(picture));
        let number = numbers(&[1], &[f64::from(byte) / 255.0]);
        prop_assert_eq!(pixels, of_bits(Preprocessing::Numbers).quantize_input(&Input::Reals(number)));
    }
}

#[test]
fn bytes_stand_for_real_numbers() {
    let how = |range| {
        Preprocessing::Image(ImagePreprocessing {
            range,
            normalisation: vec![Normalisation {
                mean: Rational {
                    numerator: 1,
                    denominator: 2,
                },
                deviation: Rational {
                    numerator: 1,
                    denominator: 4,
                },
            }],
            ..ImagePreprocessing::unit(2, 1, Colour::Grey)
        })
    };
    let one = shape(&[1, 1, 2]);
    let bytes = Input::Bytes {
        shape: shape(&[2, 1, 2]),
        data: vec![0, 255, 51, 255],
    };
    let numbers = how(PixelRange::Unit).reals(&one, &bytes).expect("reals");
    assert_eq!(numbers.data(), [-2.0, 2.0, -1.2, 2.0]);
    let numbers = how(PixelRange::Symmetric).reals(&one, &bytes);
    assert_eq!(numbers.expect("reals").data(), [-6.0, 2.0, -4.4, 2.0]);
    let numbers = Preprocessing::Numbers.reals(&one, &bytes).expect("reals");
    assert_eq!(numbers.data(), [0.0, 255.0, 51.0, 255.0]);
    let picture = Image::new(2, 1, 1, vec![0, 255]).expect("image");
    let numbers = how(PixelRange::Byte).reals(&one, &Input::Image(picture.clone()));
    assert_eq!(numbers.expect("reals").data(), [-2.0, 1018.0]);
    let refused = Preprocessing::Numbers.reals(&one, &Input::Image(picture));
    assert!(matches!(
        refused,
        Err(QuantizeInputError::NotAnImageModel { .. })
    ));
    let other = Input::Bytes {
        shape: shape(&[3]),
        data: vec![0; 3],
    };
    assert!(matches!(
        how(PixelRange::Unit).reals(&one, &other),
        Err(QuantizeInputError::Shape { .. })
    ));
    let large = Image::new(1, 1, 1, vec![0]).expect("image");
    assert!(matches!(
        how(PixelRange::Unit).reals(&one, &Input::Image(large)),
        Err(QuantizeInputError::ImageSize { .. })
    ));
}
