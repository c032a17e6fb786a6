//! What vision models add to a file, each by its arithmetic on small integers.

use super::*;
use crate::function::Function;

/// The operators that are left of a model, in order.
fn left(model: &ModelProto) -> Vec<&'static str> {
    let graph = import(model).unwrap_or_else(|error| panic!("{error}"));
    let names = graph.nodes.iter().map(|node| match node.op {
        FloatOp::Linear { .. } => "linear",
        FloatOp::Conv2d { .. } => "conv",
        FloatOp::MaxPool2d { .. } => "max",
        FloatOp::Reshape { .. } => "reshape",
        FloatOp::Add { .. } => "add",
        FloatOp::Relu { .. } => "relu",
        FloatOp::AveragePool2d { .. } => "mean",
        FloatOp::Multiply { .. } => "multiply",
        FloatOp::Function { .. } => "function",
        FloatOp::Transpose { .. } => "transpose",
        FloatOp::Concat { .. } => "concat",
    });
    names.collect()
}

fn scalar(name: &str, value: f32) -> TensorProto {
    floats(name, &[], &[value])
}

#[test]
fn groups_see_their_own_channels() {
    let weights = vec![
        floats("w", &[4, 1, 1, 1], &[1.0, 10.0, 100.0, 1000.0]),
        floats("b", &[4], &[0.0, 0.0, 0.0, 1.0]),
    ];
    let conv = node("Conv", &["x", "w", "b"], "y").int("group", 2);
    let grouped = model(&[1, 2, 1, 2], vec![conv.clone()], weights.clone());
    assert_eq!(
        run(&grouped, &[1, 2, 3, 4]),
        [1.0, 2.0, 10.0, 20.0, 300.0, 400.0, 3001.0, 4001.0]
    );
    for (groups, dims) in [(0, [1, 2, 1, 2]), (-2, [1, 2, 1, 2]), (2, [1, 3, 1, 2])] {
        let conv = node("Conv", &["x", "w", "b"], "y").int("group", groups);
        let error = import(&model(&dims, vec![conv], weights.clone())).expect_err("groups");
        assert!(
            error.to_string().contains("its groups do not divide"),
            "{error}"
        );
    }
    let four = conv.int("group", 4);
    assert!(import(&model(&[1, 4, 1, 2], vec![four], weights)).is_err());
}

#[test]
fn normalisation_becomes_part_of_the_layer_before_it() {
    let normalise = |input: &str, output: &str| {
        node(
            "BatchNormalization",
            &[input, "scale", "offset", "mean", "variance"],
            output,
        )
        .float("epsilon", 1.0)
    };
    let parameters = || {
        vec![
            floats("w", &[2, 1, 1, 1], &[1.0, 2.0]),
            floats("scale", &[2], &[4.0, 6.0]),
            floats("offset", &[2], &[1.0, -1.0]),
            floats("mean", &[2], &[3.0, 0.0]),
            floats("variance", &[2], &[3.0, 8.0]),
        ]
    };
    // (x − 3) / 2 · 4 + 1 and (2x − 0) / 3 · 6 − 1
    let nodes = vec![node("Conv", &["x", "w"], "c"), normalise("c", "y")];
    let folded = model(&[1, 1, 1, 2], nodes, parameters());
    assert_eq!(left(&folded), ["conv"]);
    assert_eq!(run(&folded, &[5, 1]), [5.0, -3.0, 19.0, 3.0]);
    // Somebody else reads the convolution: the normalisation stands for itself.
    let nodes = vec![
        node("Conv", &["x", "w"], "c"),
        normalise("c", "n"),
        node("Add", &["n", "c"], "y"),
    ];
    let shared = model(&[1, 1, 1, 2], nodes, parameters());
    assert_eq!(left(&shared), ["conv", "conv", "add"]);
    assert_eq!(run(&shared, &[5, 1]), [10.0, -2.0, 29.0, 5.0]);
    // Another name is another reader.
    let nodes = vec![
        node("Conv", &["x", "w"], "c"),
        node("Identity", &["c"], "i"),
        normalise("i", "n"),
        node("Add", &["n", "c"], "y"),
    ];
    assert_eq!(
        run(&model(&[1, 1, 1, 2], nodes, parameters()), &[5, 1]),
        [10.0, -2.0, 29.0, 5.0]
    );
    let mut short = parameters();
    short[1] = floats("scale", &[1], &[4.0]);
    let nodes = vec![node("Conv", &["x", "w"], "c"), normalise("c", "y")];
    let error = import(&model(&[1, 1, 1, 2], nodes, short)).expect_err("short");
    assert!(
        error.to_string().contains("not one number per channel"),
        "{error}"
    );
}

#[test]
fn constants_are_part_of_the_layer_before_them() {
    let weights = || {
        vec![
            floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]),
            floats("v", &[2], &[10.0, 20.0]),
            scalar("s", 2.0),
        ]
    };
    // x · w = [1 + 3, 2 + 4] for ones.
    let cases: [(&str, [&str; 2], [f32; 2]); 6] = [
        ("Sub", ["a", "v"], [-6.0, -14.0]),
        ("Sub", ["v", "a"], [6.0, 14.0]),
        ("Mul", ["v", "a"], [40.0, 120.0]),
        ("Div", ["a", "s"], [2.0, 3.0]),
        ("Div", ["s", "a"], [0.5, 2.0 / 6.0]),
        ("Add", ["s", "a"], [6.0, 8.0]),
    ];
    for (operator, operands, expected) in cases {
        let nodes = vec![
            node("MatMul", &["x", "w"], "a"),
            node(operator, &operands, "y"),
        ];
        let folded = model(&[1, 2], nodes, weights());
        assert_eq!(run(&folded, &[1, 1]), expected, "{operator}");
        let layers: &[&str] = match operands {
            ["s", "a"] if operator == "Div" => &["linear", "function"],
            _ => &["linear"],
        };
        assert_eq!(left(&folded), layers, "{operator}");
    }
    // Per channel of a feature map, where no layer comes before.
    let channel = floats("c", &[2, 1, 1], &[3.0, 5.0]);
    let scaled = model(
        &[1, 2, 1, 2],
        vec![node("Mul", &["c", "x"], "y")],
        vec![channel.clone()],
    );
    assert_eq!(left(&scaled), ["conv"]);
    assert_eq!(run(&scaled, &[1, 2, 3, 4]), [3.0, 6.0, 15.0, 20.0]);
    let divided = model(
        &[1, 2, 1, 2],
        vec![node("Div", &["c", "x"], "y")],
        vec![channel],
    );
    assert!(matches!(
        import(&divided),
        Err(OnnxError::Unsupported { .. })
    ));
}

#[test]
fn arithmetic_on_one_value_becomes_one_function() {
    let hard_swish = |divisor: &str| {
        vec![
            node("Add", &["x", "three"], "a"),
            node("Clip", &["a", "zero", "six"], "b"),
            node("Mul", &["x", "b"], "c"),
            node("Div", &["c", divisor], "y"),
        ]
    };
    let constants = || {
        vec![
            scalar("three", 3.0),
            scalar("zero", 0.0),
            scalar("six", 6.0),
        ]
    };
    let spelt = model(&[1, 5], hard_swish("six"), constants());
    assert_eq!(left(&spelt), ["function"]);
    let expected = [0.0, -1.0 / 3.0, 0.0, 2.0 / 3.0, 4.0];
    assert_eq!(run(&spelt, &[-4, -1, 0, 1, 4]), expected);
    // As one operator, with the sixth that its definition has.
    let named = model(&[1, 5], vec![node("HardSwish", &["x"], "y")], vec![]);
    let found = run(&named, &[-4, -1, 0, 1, 4]);
    for (found, expected) in found.into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6);
    }

    let one = |node: NodeProto| run(&model(&[1, 3], vec![node], vec![]), &[-3, 1, 9]);
    assert_eq!(
        one(node("HardSigmoid", &["x"], "y").float("alpha", 0.25)),
        [0.0, 0.75, 1.0]
    );
    assert_eq!(
        one(node("LeakyRelu", &["x"], "y").float("alpha", 0.5)),
        [-1.5, 1.0, 9.0]
    );
    assert_eq!(
        one(node("Clip", &["x"], "y")
            .float("min", -1.0)
            .float("max", 6.0)),
        [-1.0, 1.0, 6.0]
    );
    assert!(one(node("Tanh", &["x"], "y"))[2] > 0.999_999);
    assert_eq!(
        one(node("Sigmoid", &["x"], "y"))[1],
        Function::Sigmoid(Box::new(Function::X)).at(1.0)
    );
    // Clipping at zero is a ReLU; a ReLU behind a function is part of it.
    let relu = node("Clip", &["x"], "y").float("min", 0.0);
    assert_eq!(left(&model(&[1, 3], vec![relu], vec![])), ["relu"]);
    let nodes = vec![node("Tanh", &["x"], "a"), node("Relu", &["a"], "y")];
    assert_eq!(left(&model(&[1, 3], nodes, vec![])), ["function"]);
    // A function that grows without end is begun anew.
    let mut nodes = vec![node("Mul", &["x", "x"], "v0")];
    for step in 1..9 {
        let before = format!("v{}", step - 1);
        nodes.push(node("Mul", &[&before, &before], &format!("v{step}")));
    }
    nodes.push(node("Add", &["v8", "zero"], "y"));
    let powers = model(&[1, 2], nodes, constants());
    assert!(left(&powers).len() > 1);
    assert_eq!(run(&powers, &[1, -1]), [1.0, 1.0]);
}

#[test]
fn means_and_gates() {
    let nodes = vec![
        node("GlobalAveragePool", &["x"], "g"),
        node("Mul", &["g", "x"], "y"),
    ];
    let gate = model(&[1, 2, 1, 2], nodes, vec![]);
    assert_eq!(left(&gate), ["mean", "multiply"]);
    assert_eq!(run(&gate, &[1, 3, 10, 30]), [2.0, 6.0, 200.0, 600.0]);
    let average = |counted: i64| {
        node("AveragePool", &["x"], "y")
            .ints("kernel_shape", &[1, 2])
            .ints("pads", &[0, 1, 0, 0])
            .int("count_include_pad", counted)
    };
    let padded = |counted| model(&[1, 1, 1, 3], vec![average(counted)], vec![]);
    assert_eq!(run(&padded(1), &[2, 4, 8]), [1.0, 3.0, 6.0]);
    let error = import(&padded(0)).expect_err("padding");
    assert!(error.to_string().contains("means over padding"), "{error}");
    let nodes = vec![
        node("Transpose", &["x"], "t").ints("perm", &[0, 1, 3, 2]),
        node("Mul", &["t", "x"], "y"),
    ];
    let error = import(&model(&[1, 2, 1, 2], nodes, vec![])).expect_err("shapes");
    assert!(error.to_string().contains("are multiplied, not"), "{error}");
}

#[test]
fn elements_change_places() {
    let turned = model(
        &[1, 2, 3],
        vec![node("Transpose", &["x"], "y").ints("perm", &[0, 2, 1])],
        vec![],
    );
    assert_eq!(
        run(&turned, &[1, 2, 3, 4, 5, 6]),
        [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
    );
    let nodes = vec![
        node("Relu", &["x"], "r"),
        node("Concat", &["x", "r"], "y").int("axis", -1),
    ];
    let joined = model(&[1, 2, 2], nodes, vec![]);
    assert_eq!(
        run(&joined, &[1, -2, 3, -4]),
        [1.0, -2.0, 1.0, 0.0, 3.0, -4.0, 3.0, 0.0]
    );
    let nodes = vec![
        node("Squeeze", &["x", "axes"], "s"),
        node("Unsqueeze", &["s", "axes"], "u"),
        node("Concat", &["u", "x"], "y").int("axis", 1),
    ];
    let there_and_back = model(&[1, 2, 1, 2], nodes, vec![ints("axes", &[2])]);
    assert_eq!(run(&there_and_back, &[1, 2, 3, 4]).len(), 8);
    let refused: [(NodeProto, &str); 6] = [
        (
            node("Transpose", &["x"], "y").ints("perm", &[0, 1]),
            "perm does not name",
        ),
        (
            node("Transpose", &["x"], "y").ints("perm", &[1, 0, 2]),
            "the batch dimension must stay",
        ),
        (
            node("Transpose", &["x"], "y"),
            "the batch dimension must stay",
        ),
        (
            node("Concat", &["x", "x"], "y").int("axis", 0),
            "behind the batch dimension",
        ),
        (
            node("Concat", &["x", "x"], "y").int("axis", 3),
            "its axis is outside",
        ),
        (
            node("Squeeze", &["x", "axes"], "y"),
            "the axes name no dimensions of 1",
        ),
    ];
    for (node, reason) in refused {
        let error = import(&model(&[1, 2, 2], vec![node], vec![ints("axes", &[1])]))
            .expect_err(reason)
            .to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

#[test]
fn shapes_are_calculated_while_importing() {
    // reshape(x, (shape(x)[0], 2 · 3)) as exporters spell it.
    let mut narrow = ints("six", &[6]);
    narrow.data_type = data_type::INT32;
    narrow.int64_data.clear();
    narrow.int32_data = vec![6];
    let nodes = vec![
        node("Shape", &["x"], "shape"),
        node("Cast", &["shape"], "cast").int("to", 6),
        node("Slice", &["cast", "zero", "one", "zero", "one"], "first"),
        node("Gather", &["shape", "last"], "three"),
        node("Div", &["six", "three"], "two"),
        node("Mul", &["two", "three"], "product"),
        node("Concat", &["first", "product"], "wanted").int("axis", 0),
        node("Reshape", &["x", "wanted"], "flat"),
        node("MatMul", &["flat", "w"], "y"),
    ];
    let weights = vec![
        ints("zero", &[0]),
        ints("one", &[1]),
        ints("last", &[-1]),
        narrow,
        floats("w", &[6, 1], &[1.0; 6]),
    ];
    let exported = model(&[1, 2, 3], nodes, weights);
    assert_eq!(left(&exported), ["reshape", "linear"]);
    assert_eq!(run(&exported, &[1, 2, 3, 4, 5, 6]), [21.0]);

    // A bias that is reshaped before it is added.
    let nodes = vec![
        node("Conv", &["x", "w"], "c"),
        node("Constant", &[], "dims").ints("value_ints", &[1, -1, 1, 1]),
        node("Reshape", &["b", "dims"], "wide"),
        node("Add", &["c", "wide"], "y"),
    ];
    let weights = vec![
        floats("w", &[2, 1, 1, 1], &[1.0, 2.0]),
        floats("b", &[2], &[10.0, 20.0]),
    ];
    let biased = model(&[1, 1, 1, 1], nodes, weights);
    assert_eq!(left(&biased), ["conv"]);
    assert_eq!(run(&biased, &[3]), [13.0, 26.0]);

    let refused: [(&str, NodeProto); 4] = [
        (
            "overflow or are divided",
            node("Div", &["one", "zero"], "s"),
        ),
        (
            "a position is outside",
            node("Gather", &["one", "seven"], "s"),
        ),
        ("of equal size", node("Add", &["pair", "triple"], "s")),
        ("in steps of 1", {
            node("Slice", &["pair", "zero", "one", "zero", "seven"], "s")
        }),
    ];
    for (reason, folding) in refused {
        let constants = vec![
            ints("zero", &[0]),
            ints("one", &[1]),
            ints("seven", &[7]),
            ints("pair", &[1, 2]),
            ints("triple", &[1, 2, 3]),
        ];
        let nodes = vec![folding, node("Reshape", &["x", "s"], "y")];
        let error = import(&model(&[1, 2], nodes, constants))
            .expect_err(reason)
            .to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
    // Lists that double with each node end soon.
    let mut nodes: Vec<NodeProto> = (0..40)
        .map(|step| {
            let before = format!("s{step}");
            let joined = node("Concat", &[&before, &before], &format!("s{}", step + 1));
            joined.int("axis", 0)
        })
        .collect();
    nodes.push(node("Reshape", &["x", "s40"], "y"));
    let error = import(&model(&[1, 2], nodes, vec![ints("s0", &[1])])).expect_err("long");
    assert!(
        error.to_string().contains("are not calculated with"),
        "{error}"
    );
}

#[test]
fn a_last_softmax_is_left_out() {
    let nodes = vec![
        node("Relu", &["x"], "r"),
        node("Softmax", &["r"], "s").int("axis", 1),
        node("Identity", &["s"], "y"),
    ];
    let scores = model(&[1, 3], nodes, vec![]);
    assert!(import(&scores).expect("graph").without_softmax());
    assert_eq!(run(&scores, &[-1, 2, 1]), [0.0, 2.0, 1.0]);
    assert!(!import(&relu_model()).expect("graph").without_softmax());
    let nodes = vec![node("Softmax", &["x"], "s"), node("Relu", &["s"], "y")];
    let error = import(&model(&[1, 3], nodes, vec![])).expect_err("inside");
    assert!(
        error.to_string().contains("as the last operator only"),
        "{error}"
    );
    let nodes = vec![
        node("Relu", &["x"], "r"),
        node("Softmax", &["r"], "y").int("axis", 1),
    ];
    let error = import(&model(&[1, 3, 2], nodes, vec![])).expect_err("several");
    assert!(
        error.to_string().contains("over all outputs at once"),
        "{error}"
    );
}

#[test]
fn a_stated_shape_fills_open_extents() {
    let mut open = model(&[1, 1, 1, 1], vec![node("Relu", &["x"], "y")], vec![]);
    let graph = open.graph.as_mut().expect("graph");
    let dims = [
        Dimension::Value(-1),
        Dimension::Value(3),
        Dimension::Param("height".to_owned()),
        Dimension::Value(0),
    ];
    graph.input = vec![info("x", &dims)];
    let bytes = open.encode_to_vec();
    assert!(matches!(parse(&bytes), Err(OnnxError::DynamicShape { .. })));
    let shape = |dims: &[u32]| Shape::new(dims).expect("shape");
    for stated in [&[3, 4, 5][..], &[1, 3, 4, 5]] {
        let graph = parse_shaped(&bytes, Some(&shape(stated))).expect("stated");
        assert_eq!(*graph.input(), shape(&[3, 4, 5]));
    }
    for wrong in [&[4, 4, 5][..], &[4, 5], &[1, 1, 3, 4, 5]] {
        let error = parse_shaped(&bytes, Some(&shape(wrong))).expect_err("wrong");
        assert!(matches!(error, OnnxError::InputShape { .. }), "{error}");
    }
    let error = parse_shaped(&bytes, Some(&shape(&[2, 3, 4, 5]))).expect_err("batch");
    assert!(matches!(error, OnnxError::Batch { .. }), "{error}");
}
