mod vision;

use super::{schema::*, *};
use crate::float::FloatOp;
use proptest::prelude::*;

const SMALLCNN: &[u8] = include_bytes!("../../../../models/digits-smallcnn/model.onnx");

fn floats(name: &str, dims: &[i64], data: &[f32]) -> TensorProto {
    TensorProto {
        dims: dims.to_vec(),
        data_type: data_type::FLOAT,
        float_data: data.to_vec(),
        name: name.to_owned(),
        ..TensorProto::default()
    }
}

fn ints(name: &str, data: &[i64]) -> TensorProto {
    TensorProto {
        dims: vec![data.len() as i64],
        data_type: data_type::INT64,
        int64_data: data.to_vec(),
        name: name.to_owned(),
        ..TensorProto::default()
    }
}

/// A node `inputs -> output`.
fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        op_type: op.to_owned(),
        ..NodeProto::default()
    }
}

impl NodeProto {
    fn int(mut self, name: &str, i: i64) -> Self {
        self.attribute.push(AttributeProto {
            name: name.to_owned(),
            i,
            ..AttributeProto::default()
        });
        self
    }

    fn float(mut self, name: &str, f: f32) -> Self {
        self.attribute.push(AttributeProto {
            name: name.to_owned(),
            f,
            ..AttributeProto::default()
        });
        self
    }

    fn ints(mut self, name: &str, ints: &[i64]) -> Self {
        self.attribute.push(AttributeProto {
            name: name.to_owned(),
            ints: ints.to_vec(),
            ..AttributeProto::default()
        });
        self
    }

    fn text(mut self, name: &str, text: &str) -> Self {
        self.attribute.push(AttributeProto {
            name: name.to_owned(),
            s: text.as_bytes().to_vec(),
            ..AttributeProto::default()
        });
        self
    }

    fn tensor(mut self, name: &str, t: TensorProto) -> Self {
        self.attribute.push(AttributeProto {
            name: name.to_owned(),
            t: Some(t),
            ..AttributeProto::default()
        });
        self
    }
}

fn info(name: &str, dims: &[Dimension]) -> ValueInfoProto {
    let dim = |value: &Dimension| DimensionProto {
        value: Some(value.clone()),
    };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: data_type::FLOAT,
                shape: Some(TensorShapeProto {
                    dim: dims.iter().map(dim).collect(),
                }),
            }),
        }),
    }
}

/// A model from `x` of these extents to `y`.
fn model(dims: &[i64], nodes: Vec<NodeProto>, weights: Vec<TensorProto>) -> ModelProto {
    let dims: Vec<Dimension> = dims.iter().map(|&dim| Dimension::Value(dim)).collect();
    ModelProto {
        graph: Some(GraphProto {
            node: nodes,
            initializer: weights,
            input: vec![info("x", &dims)],
            output: vec![info("y", &[])],
        }),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 13,
        }],
    }
}

fn import(model: &ModelProto) -> Result<FloatGraph, OnnxError> {
    parse(&model.encode_to_vec())
}

/// Runs a model on small integers.
fn run(model: &ModelProto, input: &[i32]) -> Vec<f32> {
    let graph = import(model).unwrap_or_else(|error| panic!("{error}"));
    let input: Vec<f64> = input.iter().map(|&x| f64::from(x)).collect();
    graph.run(&input).expect("run")
}

fn relu_model() -> ModelProto {
    model(&[1, 2], vec![node("Relu", &["x"], "y")], vec![])
}

#[test]
fn linear_operators_by_hand() {
    let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let gemm = |node: NodeProto, dims: &[i64]| {
        let weights = vec![
            floats("w", dims, &weights),
            floats("b", &[3], &[1.0, 0.0, -1.0]),
        ];
        model(&[1, 2], vec![node], weights)
    };
    // [1, −1] · [[1 2 3] [4 5 6]] = [−3 −3 −3]
    let plain = node("Gemm", &["x", "w", "b"], "y");
    assert_eq!(run(&gemm(plain, &[2, 3]), &[1, -1]), [-2.0, -3.0, -4.0]);
    let scaled = node("Gemm", &["x", "w", "b"], "y")
        .float("alpha", 2.0)
        .float("beta", 0.5);
    assert_eq!(run(&gemm(scaled, &[2, 3]), &[1, -1]), [-5.5, -6.0, -6.5]);
    // Transposed: [[1 2] [3 4] [5 6]] times [1, −1]
    let transposed = node("Gemm", &["x", "w"], "y").int("transB", 1);
    assert_eq!(
        run(&gemm(transposed, &[3, 2]), &[1, -1]),
        [-1.0, -1.0, -1.0]
    );
    // A MatMul's bias is added behind, on either side, and even twice.
    let nodes = vec![
        node("MatMul", &["x", "w"], "a"),
        node("Add", &["b", "a"], "c"),
        node("Add", &["c", "one"], "y"),
    ];
    let added = model(
        &[1, 2],
        nodes,
        vec![
            floats("w", &[2, 3], &weights),
            floats("b", &[1, 3], &[1.0, 0.0, -1.0]),
            floats("one", &[], &[1.0]),
        ],
    );
    assert_eq!(run(&added, &[1, -1]), [-1.0, -2.0, -3.0]);
    assert_eq!(import(&added).expect("graph").nodes.len(), 1);
}

#[test]
fn convolution_and_pooling_by_hand() {
    let picture: Vec<i32> = (1..=9).collect();
    let conv = |node: NodeProto, more: Vec<NodeProto>, weights: Vec<TensorProto>| {
        let mut nodes = vec![node];
        nodes.extend(more);
        model(&[1, 1, 3, 3], nodes, weights)
    };
    let w = || floats("w", &[1, 1, 2, 2], &[1.0, 10.0, 0.0, 0.0]);
    let plain = conv(node("Conv", &["x", "w"], "y"), vec![], vec![w()]);
    assert_eq!(run(&plain, &picture), [21.0, 32.0, 54.0, 65.0]);
    let biased = conv(
        node("Conv", &["x", "w"], "a").ints("strides", &[2, 2]),
        vec![node("Add", &["a", "b"], "y")],
        vec![w(), floats("b", &[1, 1, 1], &[0.5])],
    );
    assert_eq!(run(&biased, &picture), [21.5]);
    for (auto_pad, corner) in [("SAME_UPPER", 21.0), ("SAME_LOWER", 0.0)] {
        let same = node("Conv", &["x", "w"], "y").text("auto_pad", auto_pad);
        let found = run(&conv(same, vec![], vec![w()]), &picture);
        assert_eq!((found.len(), found[0]), (9, corner), "{auto_pad}");
    }
    let pool = node("MaxPool", &["x"], "y")
        .ints("kernel_shape", &[2, 2])
        .ints("strides", &[2, 2])
        .ints("pads", &[0, 0, 1, 1]);
    let pooled = model(&[1, 1, 3, 3], vec![pool], vec![]);
    assert_eq!(run(&pooled, &picture), [5.0, 6.0, 8.0, 9.0]);
}

#[test]
fn shapes_and_constants_by_hand() {
    let flat = node("Flatten", &["x"], "f");
    let shape = node("Constant", &[], "s").tensor("value", ints("", &[0, -1, 2]));
    let reshape = node("Reshape", &["f", "s"], "y");
    let graph = import(&model(&[1, 2, 3], vec![reshape, shape, flat], vec![])).expect("graph");
    assert_eq!(graph.input().dims(), [2, 3]);
    assert_eq!(graph.output().dims(), [3, 2]);
    // Weights in raw bytes, nodes that nobody needs, and a residual addition.
    let mut w = floats("w", &[2, 2], &[]);
    for value in [1f32, 2.0, 3.0, 4.0] {
        w.raw_data.extend(value.to_le_bytes());
    }
    let nodes = vec![
        node("MatMul", &["x", "w"], "a"),
        node("Relu", &["x"], "dead"),
        node("Add", &["a", "x"], "s"),
        node("Relu", &["s"], "y"),
    ];
    let residual = model(&[1, 2], nodes, vec![w]);
    assert_eq!(run(&residual, &[1, -2]), [0.0, 0.0]);
    assert_eq!(run(&residual, &[2, 1]), [7.0, 9.0]);
    assert_eq!(import(&residual).expect("graph").nodes.len(), 3);
}

#[test]
fn the_bundled_network_is_read_whole() {
    let graph = parse(SMALLCNN).expect("graph");
    let ops: Vec<&str> = graph
        .nodes
        .iter()
        .map(|node| match node.op {
            FloatOp::Linear { .. } => "linear",
            FloatOp::Conv2d { .. } => "conv",
            FloatOp::MaxPool2d { window, .. } => {
                assert_eq!((window.kernel, window.stride), ([2, 2], [2, 2]));
                "pool"
            }
            FloatOp::Reshape { .. } => "reshape",
            FloatOp::Add { .. } => "add",
            FloatOp::Relu { .. } => "relu",
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        ops,
        [
            "conv", "relu", "pool", "conv", "relu", "pool", "reshape", "linear"
        ]
    );
}

#[test]
fn everything_unsupported_is_named_at_once() {
    let mut custom = node("Fancy", &["a"], "b");
    custom.domain = "com.example".to_owned();
    custom.name = "odd".to_owned();
    let nodes = vec![
        node("Elu", &["x"], "a"),
        custom,
        node("Conv", &["b", "w"], "c").text("auto_pad", "SOMEHOW"),
        node("LSTM", &["c"], "d"),
        node("MaxPool", &["d"], "e")
            .ints("kernel_shape", &[2, 2])
            .int("ceil_mode", 1),
        node("Add", &["x", "v"], "f"),
        node("Gemm", &["e", "w"], "y").int("transA", 1),
    ];
    let weights = vec![
        floats("w", &[1, 1, 1, 1], &[1.0]),
        floats("v", &[4], &[1.0; 4]),
    ];
    let error = import(&model(&[1, 1, 4, 4], nodes, weights)).expect_err("unsupported");
    insta::assert_snapshot!(error.to_string().replace("; ", "\n"), @r"
    the model cannot be imported: operator Elu (node of `a`) is not supported
    operator com.example::Fancy (node `odd`) is not supported
    Conv (node of `c`): auto_pad has an unknown value
    operator LSTM (node of `d`) is not supported
    MaxPool (node of `e`): ceil_mode = 1 is not supported, only 0
    Add (node of `f`): constants are supported as one number, or as one per output of Gemm, MatMul or Conv, or per channel of [1, channels, height, width]
    Gemm (node of `y`): transA = 1 is not supported, only 0
    ");
    match error {
        OnnxError::Unsupported { findings } => assert_eq!(findings.0.len(), 7),
        other => panic!("{other:?}"),
    }
}

#[test]
fn unsupported_uses_are_named() {
    let two = || floats("w", &[2, 2], &[1.0; 4]);
    let cases: Vec<(ModelProto, &str)> = vec![
        (
            model(&[1, 2], vec![node("Add", &["x", "w"], "y")], vec![two()]),
            "constants are supported as one number, or as one per output",
        ),
        (
            model(&[1, 2], vec![node("MatMul", &["w", "x"], "y")], vec![two()]),
            "operand 0 must be computed",
        ),
        (
            model(&[1, 2], vec![node("MatMul", &["x", "x"], "y")], vec![]),
            "the weights must be a constant",
        ),
        (
            model(
                &[1, 2],
                vec![
                    node("MatMul", &["x", "w"], "a"),
                    node("Add", &["a", "x"], "b"),
                    node("Add", &["a", "v"], "c"),
                    node("Add", &["b", "c"], "y"),
                ],
                vec![two(), floats("v", &[2], &[1.0; 2])],
            ),
            "constants per channel are supported right after",
        ),
        (
            model(&[1, 2], vec![node("Relu", &["w"], "y")], vec![two()]),
            "operand 0 must be computed",
        ),
        (
            model(
                &[1, 2],
                vec![node("Reshape", &["x", "s"], "y")],
                vec![ints("s", &[3])],
            ),
            "[1, 2] cannot be reshaped to [3]",
        ),
        (
            model(
                &[1, 2],
                vec![node("Reshape", &["x", "s"], "y")],
                vec![ints("s", &[-1, -1])],
            ),
            "cannot be reshaped",
        ),
        (
            model(
                &[1, 2],
                vec![node("Flatten", &["x"], "y").int("axis", 5)],
                vec![],
            ),
            "its axis is outside",
        ),
        (
            model(
                &[1, 2, 2],
                vec![node("Flatten", &["x"], "f"), node("Add", &["x", "f"], "y")],
                vec![],
            ),
            "only values of equal shapes are added",
        ),
        (
            model(
                &[1, 1, 4],
                vec![node("Conv", &["x", "v"], "y")],
                vec![floats("v", &[1, 1, 2], &[1.0; 2])],
            ),
            "only convolutions over [1, channels, height, width]",
        ),
        (
            model(
                &[1, 1, 4, 4],
                vec![node("MaxPool", &["x"], "y").ints("kernel_shape", &[2])],
                vec![],
            ),
            "kernel_shape = [2] is not supported",
        ),
        (
            model(
                &[1, 1, 4, 4],
                vec![
                    node("MaxPool", &["x"], "y")
                        .ints("kernel_shape", &[2, 2])
                        .text("auto_pad", "SOMEHOW"),
                ],
                vec![],
            ),
            "auto_pad has an unknown value",
        ),
        (
            model(
                &[1, 2],
                vec![node("Constant", &[], "y").text("value_string", "1")],
                vec![],
            ),
            "only constants of numbers",
        ),
    ];
    for (model, reason) in cases {
        let error = import(&model).expect_err(reason);
        assert!(
            matches!(error, OnnxError::Unsupported { .. }) && error.to_string().contains(reason),
            "{reason}: {error}"
        );
    }
    let mut indices = node("MaxPool", &["x"], "y").ints("kernel_shape", &[2, 2]);
    indices.output.push("indices".to_owned());
    let error = import(&model(&[1, 1, 4, 4], vec![indices], vec![])).expect_err("indices");
    assert!(
        error.to_string().contains("only its first output"),
        "{error}"
    );
}

#[test]
fn bad_graphs_get_their_own_error() {
    type Change = fn(&mut ModelProto);
    fn graph(model: &mut ModelProto) -> &mut GraphProto {
        model.graph.as_mut().expect("graph")
    }
    let cases: Vec<(Change, &str)> = vec![
        (|model| model.graph = None, "the file has no graph"),
        (|model| graph(model).node.clear(), "the file has no graph"),
        (|model| model.opset_import.clear(), "operator set 0"),
        (|model| model.opset_import[0].version = 6, "operator set 6"),
        (
            |model| model.opset_import[0].version = 99,
            "operator set 99",
        ),
        (
            |model| graph(model).node[0].input[0] = "z".to_owned(),
            "node of `y` reads `z`, which nothing produces",
        ),
        (
            |model| graph(model).output[0].name = "z".to_owned(),
            "the output reads `z`, which nothing produces",
        ),
        (
            |model| graph(model).output[0].name = "x".to_owned(),
            "output `x` does not fit its operands: it is not computed from the input",
        ),
        (
            |model| {
                let twice = graph(model).node[0].clone();
                graph(model).node.push(twice);
            },
            "`y` is produced twice",
        ),
        (
            |model| {
                graph(model).node[0].input[0] = "b".to_owned();
                graph(model).node.push(node("Relu", &["y"], "b"));
            },
            "the graph has a cycle through [\"node of `y`\", \"node of `b`\"]",
        ),
        (
            |model| graph(model).input.clear(),
            "reads `x`, which nothing produces",
        ),
        (
            |model| {
                graph(model).input.push(info("z", &[Dimension::Value(1)]));
            },
            "the model has the inputs [\"x\", \"z\"]",
        ),
        (
            |model| graph(model).output.clear(),
            "the model has the outputs []",
        ),
        (
            |model| {
                graph(model).input[0] = info(
                    "x",
                    &[Dimension::Param("batch".to_owned()), Dimension::Value(2)],
                );
            },
            "input `x` has the dynamic shape [batch, 2]",
        ),
        (
            |model| graph(model).input[0] = info("x", &[Dimension::Value(-1)]),
            "input `x` has the dynamic shape [-1]",
        ),
        (
            |model| graph(model).input[0] = info("x", &[]),
            "input `x` has the dynamic shape unknown",
        ),
        (
            |model| graph(model).input[0] = info("x", &[Dimension::Value(8), Dimension::Value(2)]),
            "input `x` has the shape [8, 2]: export the model with a batch of 1",
        ),
        (
            |model| graph(model).input[0] = info("x", &[Dimension::Value(1 << 30)]),
            "the result of input `x` has no valid shape",
        ),
        (
            |model| graph(model).input[0].r#type = None,
            "`x` has elements of undefined, but float32 is needed",
        ),
    ];
    for (change, reason) in cases {
        let mut changed = relu_model();
        change(&mut changed);
        let error = import(&changed).expect_err(reason);
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
    assert!(import(&relu_model()).is_ok());
}

#[test]
fn bad_weights_get_their_own_error() {
    let with = |w: TensorProto| {
        import(&model(
            &[1, 2],
            vec![node("MatMul", &["x", "w"], "y")],
            vec![w],
        ))
    };
    let cases = [
        (
            floats("w", &[2, 2], &[1.0, f32::NAN, 0.0, 0.0]),
            "element 1 of tensor `w` is NaN",
        ),
        (
            floats("w", &[2, 2], &[1.0, 0.0, 0.0, f32::INFINITY]),
            "element 3 of tensor `w` is inf",
        ),
        (
            floats("w", &[2, 2], &[1.0; 3]),
            "tensor `w` of extents [2, 2] needs 4 elements, but has 3",
        ),
        (
            floats("w", &[2, -2], &[1.0; 4]),
            "tensor `w` has the extents [2, -2]",
        ),
        (
            floats("w", &[1 << 20, 1 << 20], &[]),
            "tensor `w` has the extents [1048576, 1048576]",
        ),
        (
            floats("w", &[3, 2], &[1.0; 6]),
            "its operand has 2 features, its weights take 3",
        ),
        (
            TensorProto {
                data_type: 10,
                ..floats("w", &[2, 2], &[1.0; 4])
            },
            "`w` has elements of float16, but float32, int32 or int64 is needed",
        ),
        (
            TensorProto {
                raw_data: vec![0; 15],
                ..floats("w", &[2, 2], &[])
            },
            "tensor `w` of extents [2, 2] needs 4 elements, but has 3",
        ),
        (
            TensorProto {
                data_location: LOCATION_EXTERNAL,
                external_data: vec![StringStringEntryProto {
                    key: "location".to_owned(),
                    value: "../../etc/passwd".to_owned(),
                }],
                ..floats("w", &[2, 2], &[])
            },
            "the weights [\"w\"] lie in external files",
        ),
    ];
    for (weights, reason) in cases {
        let error = with(weights).expect_err(reason);
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
    // Finite weights that a scale makes infinite.
    let gemm = node("Gemm", &["x", "w"], "y").float("alpha", f32::MAX);
    let scaled = model(&[1, 2], vec![gemm], vec![floats("w", &[2, 2], &[4.0; 4])]);
    assert!(matches!(import(&scaled), Err(OnnxError::NotFinite { .. })));
    // A shape in floats, a kernel that does not fit, contradictions.
    let reshape = node("Reshape", &["x", "w"], "y");
    let wrong = model(&[1, 2], vec![reshape], vec![floats("w", &[1], &[2.0])]);
    assert!(matches!(
        import(&wrong),
        Err(OnnxError::ElementType {
            expected: "int64",
            ..
        })
    ));
    let conv = |node: NodeProto| {
        model(
            &[1, 1, 3, 3],
            vec![node],
            vec![floats("w", &[1, 1, 4, 4], &[1.0; 16])],
        )
    };
    let large = import(&conv(node("Conv", &["x", "w"], "y")));
    assert!(matches!(large, Err(OnnxError::Window { .. })));
    let contradicting = node("Conv", &["x", "w"], "y").ints("kernel_shape", &[3, 3]);
    assert!(matches!(
        import(&conv(contradicting)),
        Err(OnnxError::Operands { .. })
    ));
}

#[test]
fn absurd_models_are_stopped() {
    // Each layer is small, the work is not.
    let w = floats("w", &[1, 1, 1, 1], &[1.0]);
    let conv = |i: usize| {
        let (from, to) = (format!("v{i}"), format!("v{}", i + 1));
        node("Conv", &[&from, "w"], &to).ints("pads", &[1000; 4])
    };
    let mut nodes: Vec<NodeProto> = vec![node("Relu", &["x"], "v0")];
    nodes.extend((0..40).map(conv));
    nodes.push(node("Relu", &["v40"], "y"));
    let error = import(&model(&[1, 1, 8, 8], nodes, vec![w])).expect_err("too large");
    assert!(
        matches!(
            error,
            OnnxError::Shape { .. } | OnnxError::TooExpensive { .. }
        ),
        "{error}"
    );

    let many = (0..2000).map(|i| {
        let from = if i == 0 {
            "x".to_owned()
        } else {
            format!("v{i}")
        };
        node("Relu", &[&from], &format!("v{}", i + 1))
    });
    let mut many: Vec<NodeProto> = many.collect();
    many.push(node("Relu", &["v2000"], "y"));
    let error = import(&model(&[1, 2], many, vec![])).expect_err("too many");
    assert!(matches!(error, OnnxError::TooExpensive { .. }), "{error}");

    // Half a million empty nodes in a megabyte.
    let empty: Vec<u8> = [0x0a, 0x00].repeat(1 << 19);
    let mut bytes = vec![0x3a];
    prost::encoding::encode_varint(empty.len() as u64, &mut bytes);
    bytes.extend(empty);
    assert!(matches!(
        parse(&bytes),
        Err(OnnxError::TooManyFields { .. })
    ));
    assert!(matches!(
        parse(&vec![0; ONNX_BYTES_MAX + 1]),
        Err(OnnxError::TooLarge { .. })
    ));
}

#[test]
fn a_truncated_file_says_so() {
    for length in (1..SMALLCNN.len()).step_by(7) {
        let error = parse(&SMALLCNN[..length]).expect_err("truncated");
        assert!(
            matches!(error, OnnxError::Truncated { .. } | OnnxError::NoGraph),
            "{length}: {error}"
        );
    }
    assert!(matches!(parse(&[]), Err(OnnxError::NoGraph)));
    assert!(matches!(
        parse(&[0x0b]),
        Err(OnnxError::WireType { wire_type: 3, .. })
    ));
    assert!(matches!(
        parse(&[0xff; 11]),
        Err(OnnxError::Varint { at: 0 })
    ));
    // A string that is no text.
    let mut bytes = relu_model().encode_to_vec();
    let at = bytes
        .windows(4)
        .position(|word| word == b"Relu")
        .expect("operator");
    bytes[at] = 0xff;
    assert!(matches!(parse(&bytes), Err(OnnxError::Schema { .. })));
}

#[test]
fn long_names_are_cut() {
    let name = "é".repeat(1000);
    let error = import(&model(
        &[1, 2],
        vec![node("Sigmoid", &["x"], &name)],
        vec![],
    ));
    assert!(error.expect_err("unsupported").to_string().len() < 400);
}

proptest! {
    #[test]
    fn strangers_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        flips in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..6),
    ) {
        let _ = parse(&bytes);
        let mut changed = SMALLCNN.to_vec();
        for (at, byte) in flips {
            // Most of the file is weights: half of the flips go to its structure.
            let length = if at % 2 == 0 { 400 } else { changed.len() };
            changed[at as usize / 2 % length] = byte;
        }
        let _ = parse(&changed);
    }
}
