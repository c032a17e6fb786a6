use super::*;

fn shape(dims: &[u32]) -> Shape {
    Shape::new(dims).expect("shape")
}

fn tensor(dims: &[u32], data: TensorData) -> Tensor {
    Tensor::new(shape(dims), data).expect("tensor")
}

#[test]
fn canonical_bytes_are_as_documented() {
    let cases = [
        (
            tensor(&[3], TensorData::I8(vec![1, -1, -128])),
            "01 00 01 00000003 01 ff 80",
        ),
        (
            tensor(&[1, 2], TensorData::I16(vec![258, -2])),
            "01 01 02 00000001 00000002 0102 fffe",
        ),
        (
            tensor(&[1], TensorData::I32(vec![-3])),
            "01 02 01 00000001 fffffffd",
        ),
    ];
    for (tensor, hex) in cases {
        let bytes = tensor.to_bytes();
        let printed: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(printed, hex.replace(' ', ""));
        assert_eq!(Tensor::from_bytes(&bytes).expect("decode"), tensor);
        assert_eq!(tensor.id(), ContentId::of(&bytes));
    }
}

#[test]
fn every_cut_extension_and_bad_head_is_refused() {
    let bytes = tensor(&[2, 2], TensorData::I16(vec![1, 2, 3, 4])).to_bytes();
    for length in 0..bytes.len() {
        assert!(Tensor::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Tensor::from_bytes(&longer).is_err());
    // Version, dtype, rank 0, rank 7, an empty dimension.
    for (at, value) in [(0, 2), (1, 3), (2, 0), (2, 7), (6, 0)] {
        let mut bad = bytes.clone();
        bad[at] = value;
        assert!(Tensor::from_bytes(&bad).is_err(), "{at} {value}");
    }
}

#[test]
fn a_huge_shape_allocates_nothing() {
    let mut bytes = vec![1, 2, 1];
    bytes.extend((ELEMENTS_MAX as u32).to_be_bytes());
    assert!(matches!(
        Tensor::from_bytes(&bytes),
        Err(TensorError::Malformed {
            source: CodecError::EndOfBuffer
        })
    ));
    assert!(matches!(
        Tensor::from_bytes(&vec![0; TENSOR_BYTES_MAX + 1]),
        Err(TensorError::TooLarge { .. })
    ));
}

#[test]
fn counts_must_agree() {
    assert!(matches!(
        Tensor::new(shape(&[2, 3]), TensorData::I8(vec![0; 5])),
        Err(TensorError::Elements {
            expected: 6,
            found: 5,
            ..
        })
    ));
}

#[test]
fn the_first_of_equals_is_largest() {
    assert_eq!(tensor(&[4], TensorData::I32(vec![1, 7, 7, 2])).argmax(), 1);
    assert_eq!(tensor(&[3], TensorData::I8(vec![-5, -5, -6])).argmax(), 0);
    assert_eq!(tensor(&[2], TensorData::I16(vec![-5, 300])).argmax(), 1);
}

#[test]
fn shapes_keep_their_limits() {
    let cases: [(&[u32], ShapeError); 5] = [
        (&[], ShapeError::Rank { rank: 0 }),
        (&[1; 7], ShapeError::Rank { rank: 7 }),
        (&[2, 0, 3], ShapeError::Empty { axis: 1 }),
        (&[1 << 12, 1 << 12, 2], ShapeError::Elements),
        (&[u32::MAX, u32::MAX, u32::MAX], ShapeError::Elements),
    ];
    for (dims, error) in cases {
        assert_eq!(Shape::new(dims), Err(error));
    }
    assert_eq!(shape(&[1 << 12, 1 << 12]).elements(), ELEMENTS_MAX);
    assert_eq!(shape(&[2, 3]).to_string(), "[2, 3]");
    assert_eq!(shape(&[2, 3]).with_last(5), Shape::new(&[2, 5]));
}
