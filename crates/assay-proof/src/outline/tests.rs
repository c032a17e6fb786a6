//! What a stranger's outline may not be.

use super::*;
use assay_model::{DType, Shape};

fn value_type(dims: &[u32]) -> ValueType {
    ValueType {
        dtype: DType::I8,
        shape: Shape::new(dims).unwrap(),
    }
}

fn kept() -> Kept {
    let rounding = Rounding::new(4, -128, 8, (-300, 300));
    Kept::Rounded(rounding.unwrap())
}

/// The outline of one value made of the input.
fn one(input: &[u32], made: Made, output: &[u32]) -> Result<Outline, OutlineError> {
    Outline::new(Form {
        model: ModelId::default(),
        input: value_type(input),
        output: value_type(output),
        values: vec![Made::Input, made],
        output_value: 1,
    })
}

fn refused(input: &[u32], made: Made, output: &[u32], why: &str) {
    let error = one(input, made, output).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

fn linear(outputs: u32) -> Made {
    Made::Linear {
        input: 0,
        outputs,
        kept: kept(),
    }
}

fn convolution(outputs: u32, groups: u32, window: Window) -> Made {
    Made::Convolution {
        input: 0,
        outputs,
        window,
        groups,
        kept: kept(),
    }
}

#[test]
fn what_fits_is_an_outline() {
    let outline = one(&[3, 8], linear(5), &[3, 5]).unwrap();
    assert_eq!(outline.layout(1).dims(), [3, 5]);
    assert_eq!(outline.form().values.len(), 2);
    let window = Window::of_kernel(3, 3);
    one(&[4, 8, 8], convolution(8, 2, window), &[8, 6, 6]).unwrap();
}

#[test]
fn what_does_not_fit_is_refused() {
    let window = Window::of_kernel(3, 3);
    refused(&[3, 8], linear(5), &[3, 4], "output is none");
    refused(&[3, 8], linear(0), &[3, 1], "too many weights, or none");
    refused(&[8], convolution(1, 1, window), &[8], "no image");
    let groups = convolution(4, 3, window);
    refused(&[4, 8, 8], groups, &[4, 6, 6], "groups do not divide");
    refused(
        &[4, 2, 2],
        convolution(4, 1, window),
        &[4, 1, 1],
        "window does not fit",
    );
    let later = Made::Reshape {
        input: 1,
        dims: vec![8],
    };
    refused(&[8], later, &[8], "does not come before");
    let other = Made::Reshape {
        input: 0,
        dims: vec![9],
    };
    refused(&[8], other, &[9], "other elements");
    let function = Made::Function {
        input: 0,
        entries: vec![0; 255],
    };
    refused(&[8], function, &[8], "not one of an int8");
    let axes = Made::Transpose {
        input: 0,
        axes: vec![0, 0],
    };
    refused(&[2, 4], axes, &[2, 4], "axes");
    let nothing = Made::Sum {
        terms: Vec::new(),
        kept: kept(),
    };
    refused(&[8], nothing, &[8], "sum of nothing");
    let wide = Made::Linear {
        input: 0,
        outputs: 5,
        kept: Kept::Rounded(Rounding {
            shift: 20,
            low: -128,
            width: 8,
            high: HighTable { below: 3, bits: 3 },
        }),
    };
    refused(&[8], wide, &[5], "no unique decomposition");
}

#[test]
fn what_takes_too_long_is_refused() {
    let weights = linear(1 << 20);
    refused(&[128], weights, &[1 << 20], "too many weights");
    refused(&[16], linear(1 << 21), &[1 << 21], "each with a bias");
    let groups = convolution(1 << 12, 2, Window::of_kernel(16, 16));
    refused(
        &[1 << 5, 16, 16],
        groups,
        &[1 << 12, 1, 1],
        "groups have too many",
    );
    let long = convolution(1, 1, Window::of_kernel(1, 1));
    refused(
        &[1, 1, 1 << 17],
        long,
        &[1, 1, 1 << 17],
        "side that is too long",
    );
    let slow = Window {
        padding: [0, 60_000, 0, 0],
        ..Window::of_kernel(1, 60_001)
    };
    refused(
        &[1, 1, 60_000],
        convolution(1, 1, slow),
        &[1, 1, 60_000],
        "too many steps",
    );
    let cube = Made::Reshape {
        input: 0,
        dims: vec![17; 5],
    };
    refused(
        &[17 * 17 * 17 * 17 * 17],
        cube,
        &[17; 5],
        "cube has too many",
    );
    let taps = Made::Largest {
        input: 0,
        window: Window::of_kernel(9, 9),
    };
    refused(&[1, 9, 9], taps, &[1, 1, 1], "too many taps");
    let cells = Made::Sum {
        terms: vec![Term { value: 0, shift: 0 }],
        kept: kept(),
    };
    refused(&[1 << 24], cells, &[1 << 24], "numbers an inference");
}
