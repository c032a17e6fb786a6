use super::*;
use proptest::prelude::*;
use std::io::{Cursor, Write};

fn reals(input: Input) -> (Vec<u32>, Vec<f64>) {
    match input {
        Input::Reals(tensor) => (tensor.shape().dims().to_vec(), tensor.data().to_vec()),
        other => panic!("{other:?}"),
    }
}

/// The reasons of an error, outermost first.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}   \n")
}

fn npz(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("start");
        archive.write_all(bytes).expect("write");
    }
    archive.finish().expect("finish").into_inner()
}

fn png(color: ::png::ColorType, depth: ::png::BitDepth, size: [u32; 2], data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, size[0], size[1]);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == ::png::ColorType::Indexed {
        encoder.set_palette(vec![1, 2, 3, 200, 100, 50]);
    }
    let mut writer = encoder.write_header().expect("header");
    writer.write_image_data(data).expect("data");
    writer.finish().expect("finish");
    bytes
}

#[test]
fn json_in_three_spellings() {
    let cases: [(&str, &[u32], &[f64]); 6] = [
        ("[1, -2.5, 3e2]", &[3], &[1.0, -2.5, 300.0]),
        (
            " [[1,2],[3,4],[5,6]]",
            &[3, 2],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        ),
        (
            r#"{"shape": [2, 1, 2], "data": [1, 2, 3, 4]}"#,
            &[2, 1, 2],
            &[1.0, 2.0, 3.0, 4.0],
        ),
        (
            r#"{"data": [[1, 2], [3, 4]], "shape": [4]}"#,
            &[4],
            &[1.0, 2.0, 3.0, 4.0],
        ),
        (r#"{"input_data": [[0.25, 0.5]]}"#, &[1, 2], &[0.25, 0.5]),
        ("[18446744073709551615]", &[1], &[18446744073709551615.0]),
    ];
    for (text, dims, data) in cases {
        let found = reals(decode(text.as_bytes()).expect(text));
        assert_eq!(found, (dims.to_vec(), data.to_vec()), "{text}");
    }
}

#[test]
fn bad_json_says_what_and_where() {
    let cases = [
        ("[1, NaN]", "expected value"),
        ("[1, 1e999]", "number out of range"),
        (
            "[1, null]",
            "invalid type: null, expected a number or an array",
        ),
        ("[1, \"2\"]", "invalid type: string"),
        ("[1, [2]]", "numbers and arrays side by side"),
        ("[[1], 2]", "numbers and arrays side by side"),
        ("[[1, 2], [3]]", "an array of 1 beside one of 2"),
        ("[[[[[[[1]]]]]]]", "arrays nested deeper than 6"),
        ("[]", "dimension 0 is empty"),
        ("[[], []]", "dimension 1 is empty"),
        ("[1] x", "trailing characters"),
        ("[1, 2", "EOF while parsing"),
        ("{}", "missing field `data`"),
        (r#"{"data": 5}"#, "a number where an array was expected"),
        (r#"{"data": [1], "data": [2]}"#, "unknown field `data`"),
        (r#"{"values": [1]}"#, "unknown field `values`"),
        (r#"{"shape": [-1], "data": [1]}"#, "expected u32"),
        (
            r#"{"shape": [1,1,1,1,1,1,1], "data": [1]}"#,
            "more than 6 extents",
        ),
        (
            r#"{"shape": [3], "data": [1, 2]}"#,
            "the input has 2 elements, but its shape [3] needs 3",
        ),
    ];
    for (text, reason) in cases {
        let error = decode(text.as_bytes()).expect_err(text);
        assert!(
            reasons(&error).contains(reason),
            "{text}: {}",
            reasons(&error)
        );
    }
    let long = format!("[\"{}\"]", "a".repeat(1 << 20));
    let error = decode(long.as_bytes()).expect_err("text");
    assert!(error.to_string().len() < 500);
    let deep = "[".repeat(100_000);
    assert!(decode(deep.as_bytes()).is_err());
}

#[test]
fn numpy_arrays_of_every_type() {
    let cases: [(&str, &[u8], f64); 12] = [
        ("<f4", &[0, 0, 0x20, 0xc0], -2.5),
        (">f4", &[0xc0, 0x20, 0, 0], -2.5),
        ("<f8", &[0, 0, 0, 0, 0, 0, 4, 0xc0], -2.5),
        ("|i1", &[0xfe], -2.0),
        ("<i2", &[0xfe, 0xff], -2.0),
        (">i2", &[0xff, 0xfe], -2.0),
        ("<u2", &[0xfe, 0xff], 65534.0),
        ("<i4", &[0xfe, 0xff, 0xff, 0xff], -2.0),
        ("<u4", &[1, 0, 0, 0x80], 2147483649.0),
        (
            "<i8",
            &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            -2.0,
        ),
        ("<u8", &[1, 0, 0, 0, 0, 0, 0, 0], 1.0),
        ("|b1", &[1], 1.0),
    ];
    for (descr, data, value) in cases {
        let bytes = npy(&header(descr, "(1,)"), data);
        assert_eq!(reals(decode(&bytes).expect(descr)), (vec![1], vec![value]));
    }
    let bytes = npy(&header("|u1", "(2, 3)"), &[1, 2, 3, 4, 5, 255]);
    match decode(&bytes).expect("u1") {
        Input::Bytes { shape, data } => {
            assert_eq!((shape.dims(), data.len()), (&[2, 3][..], 6));
        }
        other => panic!("{other:?}"),
    }
    // Version 2 has a longer length; keys may come in any order.
    let text = "{\"shape\": (1, 1), \"fortran_order\": False, \"descr\": \"<f4\"}";
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(0.5f32.to_le_bytes());
    assert_eq!(reals(decode(&bytes).expect("v2")), (vec![1, 1], vec![0.5]));
}

#[test]
fn bad_numpy_arrays_are_refused() {
    let good = header("<f4", "(1,)");
    let cases: [(Vec<u8>, &str); 16] = [
        (b"\x93NUMPY".to_vec(), "header is cut off"),
        (b"\x93NUMPY\x01\x00\xff\xff{".to_vec(), "header is cut off"),
        (b"\x93NUMPY\x04\x00\x00\x00".to_vec(), "format version 4"),
        (npy("{'descr': '<f4'}", &[]), "malformed"),
        (npy("nonsense", &[]), "malformed"),
        (
            npy("{'descr': '<f4', 'fortran_order': Maybe}", &[]),
            "malformed",
        ),
        (npy(&header("<f4", "(-1,)"), &[]), "malformed"),
        (npy(&header("<f4", "(99999999999,)"), &[]), "malformed"),
        (npy(&header("<f4", "()"), &[0; 4]), "0 dimensions"),
        (npy(&header("<f4", "(1, 0)"), &[]), "dimension 1 is empty"),
        (
            npy(&header("<f4", "(4096, 4097)"), &[]),
            "more than 16777216",
        ),
        (npy(&header("<f2", "(1,)"), &[0; 2]), "element type '<f2'"),
        (npy(&header("<c8", "(1,)"), &[0; 8]), "element type '<c8'"),
        (
            npy(&good.replace("False", "True"), &[0; 4]),
            "Fortran order",
        ),
        (npy(&good, &[0; 3]), "cut off"),
        (
            npy(&good, &[0; 8]),
            "has 2 elements, but its shape [1] needs 1",
        ),
    ];
    for (bytes, reason) in cases {
        let error = decode(&bytes).expect_err(reason);
        assert!(
            reasons(&error).contains(reason),
            "{reason}: {}",
            reasons(&error)
        );
    }
    let structured = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}";
    assert!(reasons(&decode(&npy(structured, &[])).expect_err("list")).contains("structured"));
    assert!(decode(&npy(&header("|b1", "(1,)"), &[2])).is_err());
}

#[test]
fn archives_give_the_array_that_is_meant() {
    let one = npy(&header("<f4", "(1,)"), &1f32.to_le_bytes());
    let two = npy(&header("<f4", "(1,)"), &2f32.to_le_bytes());
    let value = |bytes: &[u8], name| decode_npz(bytes, name).map(|input| reals(input).1[0]);
    let single = npz(&[("odd name.npy", &one)]);
    assert_eq!(value(&single, None).expect("only one"), 1.0);
    let pair = npz(&[("y.npy", &two), ("x.npy", &one), ("readme.txt", b"hello")]);
    assert_eq!(value(&pair, None).expect("x"), 1.0);
    assert_eq!(value(&pair, Some("y")).expect("y"), 2.0);
    match value(&npz(&[("a.npy", &one), ("b.npy", &two)]), None) {
        Err(InputError::Arrays { names }) => assert_eq!(names, ["a", "b"]),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        value(&pair, Some("z")),
        Err(InputError::Arrays { .. })
    ));
    assert!(matches!(
        value(&pair[..pair.len() - 10], None),
        Err(InputError::Npz { .. })
    ));
    let names: Vec<String> = (0..=NPZ_ARRAYS_MAX).map(|i| format!("{i}.npy")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], &one[..])).collect();
    assert!(matches!(
        value(&npz(&many), None),
        Err(InputError::TooLarge { .. })
    ));
}

#[test]
fn an_archive_cannot_unpack_beyond_the_limit() {
    let zeros = vec![0; NPY_BYTES_MAX + 2];
    let bomb = npz(&[("x.npy", &zeros)]);
    assert!(bomb.len() < NPY_BYTES_MAX / 100);
    assert!(matches!(
        decode_npz(&bomb, None),
        Err(InputError::TooLarge { .. })
    ));
}

#[test]
fn pictures_of_every_kind() {
    use ::png::{BitDepth, ColorType};
    let cases = [
        (
            ColorType::Grayscale,
            BitDepth::Eight,
            vec![7, 200],
            1,
            vec![7, 200],
        ),
        (
            ColorType::Grayscale,
            BitDepth::One,
            vec![0b0100_0000],
            1,
            vec![0, 255],
        ),
        (
            ColorType::Grayscale,
            BitDepth::Sixteen,
            vec![7, 99, 200, 99],
            1,
            vec![7, 200],
        ),
        (
            ColorType::Rgb,
            BitDepth::Eight,
            vec![1, 2, 3, 4, 5, 6],
            3,
            vec![1, 2, 3, 4, 5, 6],
        ),
        (
            ColorType::Rgba,
            BitDepth::Eight,
            vec![1, 2, 3, 255, 4, 5, 6, 255],
            3,
            vec![1, 2, 3, 4, 5, 6],
        ),
        (
            ColorType::GrayscaleAlpha,
            BitDepth::Eight,
            vec![9, 255, 8, 255],
            1,
            vec![9, 8],
        ),
        (
            ColorType::Indexed,
            BitDepth::Eight,
            vec![1, 0],
            3,
            vec![200, 100, 50, 1, 2, 3],
        ),
    ];
    for (color, depth, data, channels, pixels) in cases {
        let bytes = png(color, depth, [2, 1], &data);
        let Input::Image(image) = decode(&bytes).expect("decode") else {
            panic!("no image");
        };
        assert_eq!((image.width(), image.height()), (2, 1));
        assert_eq!(
            (image.channels(), image.pixels()),
            (channels, &pixels[..]),
            "{color:?}"
        );
    }
    let image = Image::new(2, 1, 3, vec![255, 0, 0, 10, 20, 30]).expect("image");
    assert_eq!((image.grey(0), image.grey(1)), (76, 18));
    assert_eq!(image.colour(1, 2), 30);
    assert_eq!(Image::new(2, 1, 3, vec![0; 5]), None);
    assert_eq!(Image::new(0, 1, 1, vec![]), None);
    assert_eq!(Image::new(1, 1, 2, vec![0; 2]), None);
}

#[test]
fn bad_pictures_are_refused() {
    use ::png::{BitDepth, ColorType};
    let clear = png(ColorType::Rgba, BitDepth::Eight, [1, 1], &[1, 2, 3, 254]);
    assert!(matches!(decode(&clear), Err(InputError::Transparent)));
    let good = png(ColorType::Grayscale, BitDepth::Eight, [2, 2], &[1, 2, 3, 4]);
    for length in 8..good.len() - 12 {
        assert!(decode(&good[..length]).is_err(), "{length}");
    }
    for at in 8..good.len() - 12 {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        // Checksums catch every flip.
        assert!(decode(&bad).is_err(), "{at}");
    }
    // A head that promises 2³² pixels.
    let mut huge = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR".to_vec();
    huge.extend([0, 1, 0, 0, 0, 1, 0, 0, 8, 0, 0, 0, 0]);
    let mut crc = !0u32;
    for &byte in &huge[12..] {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    huge.extend((!crc).to_be_bytes());
    assert!(matches!(
        decode(&huge),
        Err(InputError::ImageSize {
            width: 65_536,
            height: 65_536
        })
    ));
}

#[test]
fn formats_are_told_apart() {
    for (bytes, format) in [
        (&b"\x89PNG\r\n\x1a\n..."[..], Some(Format::Png)),
        (b"\x93NUMPY", Some(Format::Npy)),
        (b"PK\x03\x04", Some(Format::Npz)),
        (b" \n\t[1]", Some(Format::Json)),
        (b"{", Some(Format::Json)),
        (b"GIF89a", None),
        (b"", None),
    ] {
        assert_eq!(Format::of(bytes), format);
    }
    assert!(matches!(decode(b"1.5"), Err(InputError::UnknownFormat)));
    let long = vec![b'['; JSON_BYTES_MAX + 1];
    assert!(matches!(decode(&long), Err(InputError::TooLarge { .. })));
}

proptest! {
    #[test]
    fn strangers_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0..6) {
        let _ = decode(&bytes);
        let prefix: &[u8] = match kind {
            0 => b"\x89PNG\r\n\x1a\n",
            1 => b"\x93NUMPY\x01\x00\x20\x00",
            2 => b"PK\x03\x04",
            3 => b"{\"data\": [",
            4 => b"\x93NUMPY\x01\x00\x3e\x00{'descr': '<f4', 'fortran_order': False, 'shape': (",
            _ => b"[[1,",
        };
        let _ = decode(&[prefix, &bytes].concat());
    }

    #[test]
    fn nested_numbers_survive(rows in 1usize..5, columns in 1usize..5, seed in any::<u32>()) {
        let numbers: Vec<Vec<f64>> = (0..rows).map(|r| (0..columns)
            .map(|c| f64::from(seed.wrapping_mul((r * 7 + c + 1) as u32)) / 8.0).collect()).collect();
        let text = serde_json::to_string(&numbers).expect("json");
        let (dims, data) = reals(decode(text.as_bytes()).expect("decode"));
        prop_assert_eq!(dims, [rows as u32, columns as u32]);
        prop_assert_eq!(data, numbers.concat());
    }
}
