mod graphs;
mod vision;

use std::sync::Arc;

use super::*;
use crate::{
    program::{Op, Output, Parts, Program, Requant, ValueId, ValueType, Window},
    shape::Shape,
    tensor::{DType, Tensor, TensorData},
};
use proptest::prelude::*;

fn shape(dims: &[u32]) -> Shape {
    Shape::new(dims).expect("shape")
}

fn tensor(dims: &[u32], data: TensorData) -> Tensor {
    Tensor::new(shape(dims), data).expect("tensor")
}

fn program(input: &Tensor, nodes: Vec<Op>) -> Program {
    let output = ValueId::new(nodes.len() as u32);
    let input = ValueType {
        dtype: input.dtype(),
        shape: input.shape().clone(),
    };
    Program::new(Parts {
        input,
        nodes,
        output,
    })
    .expect("valid")
}

/// The reference loops alone, node by node over row-major values.
fn run_reference(program: &Program, input: &Tensor) -> TensorData {
    let mut values = vec![input.data().clone()];
    for (node, op) in program.nodes().iter().enumerate() {
        let value = &program.facts()[node].value;
        let mut out = TensorData::zeros(value.dtype, value.shape.elements());
        let mut accumulators = vec![0; out.len()];
        let step = reference::plan(program, node, op);
        let operand = |id: ValueId| &values[id.get() as usize];
        reference::execute(op, &step, operand, &mut accumulators, &mut out);
        values.push(out);
    }
    values.swap_remove(program.output_id().get() as usize)
}

/// Runs a program on the reference and on every set of kernels that this processor has, twice each and
/// in batches, and returns the output.
fn run_everywhere(program: Program, input: &Tensor) -> TensorData {
    let expected = run_reference(&program, input);
    let program = Arc::new(program);
    for kernels in KernelSet::available() {
        let name = kernels.name();
        let plan = Arc::new(Plan::with_kernels(program.clone(), kernels));
        let mut one = Executor::of_plan(plan.clone(), 1);
        for _ in 0..2 {
            let output = one.run(input).expect(name);
            assert_eq!(*output.shape(), program.output().shape);
            assert_eq!(*output.data(), expected, "{name}");
        }
        // Other inputs on both sides: items of a batch do not see each other.
        let zeros = TensorData::zeros(input.dtype(), input.data().len());
        let zeros = Tensor::new(input.shape().clone(), zeros).expect("zeros");
        let of_zeros = run_reference(&program, &zeros);
        let batch = [&zeros, input, input, &zeros, input].map(Tensor::clone);
        let outputs = Executor::of_plan(plan, 3).run_batch(&batch).expect(name);
        let found: Vec<_> = outputs.iter().map(Tensor::data).collect();
        let batch = [&of_zeros, &expected, &expected, &of_zeros, &expected];
        assert_eq!(found, batch, "{name}");
    }
    expected
}

/// Runs `nodes` everywhere and returns the output's elements.
fn run(input: &Tensor, nodes: Vec<Op>) -> Vec<i32> {
    run_everywhere(program(input, nodes), input).to_i32()
}

fn requant(shift: u8, relu: bool, dtype: DType) -> Output {
    Output::Requantized(Requant { shift, relu, dtype })
}

#[test]
fn linear_by_hand() {
    let x = tensor(&[3], TensorData::I8(vec![1, -2, 3]));
    let layer = |output| Op::Linear {
        input: ValueId::INPUT,
        weights: vec![1, 2, 3, -4, 5, 6],
        bias: vec![10, -1],
        output,
    };
    // 10 + 1 − 4 + 9 = 16; −1 − 4 − 10 + 18 = 3
    assert_eq!(run(&x, vec![layer(Output::Accumulator)]), [16, 3]);
    assert_eq!(run(&x, vec![layer(requant(1, false, DType::I8))]), [8, 2]);
    // Two rows share the weights.
    let rows = tensor(&[2, 3], TensorData::I16(vec![1, -2, 3, 300, 0, 0]));
    assert_eq!(
        run(&rows, vec![layer(Output::Accumulator)]),
        [16, 3, 310, -1201]
    );
    assert_eq!(
        run(&rows, vec![layer(requant(0, true, DType::I8))]),
        [16, 3, 127, 0]
    );
}

#[test]
fn convolution_by_hand() {
    let x = tensor(&[1, 3, 3], TensorData::I8((1..=9).collect()));
    let conv = |weights: Vec<i8>, window| Op::Conv2d {
        input: ValueId::INPUT,
        weights,
        bias: vec![100],
        window,
        groups: 1,
        output: Output::Accumulator,
    };
    let dense = Window::of_kernel(2, 2);
    // The kernel is not mirrored: 1·1 + 10·2 + … at the upper left.
    assert_eq!(
        run(&x, vec![conv(vec![1, 10, 0, 0], dense)]),
        [121, 132, 154, 165]
    );
    let padded = Window {
        padding: [1, 0, 0, 0],
        ..dense
    };
    assert_eq!(
        run(&x, vec![conv(vec![1, 0, 0, 1], padded)]),
        [102, 103, 106, 108, 112, 114]
    );
    let strided = Window {
        stride: [2, 2],
        ..Window::of_kernel(1, 1)
    };
    assert_eq!(run(&x, vec![conv(vec![1], strided)]), [101, 103, 107, 109]);
    let dilated = Window {
        dilation: [2, 2],
        ..dense
    };
    assert_eq!(
        run(&x, vec![conv(vec![1, 2, 3, 4], dilated)]),
        [100 + 1 + 6 + 21 + 36]
    );
}

#[test]
fn the_other_operators_by_hand() {
    let x = tensor(&[1, 2, 3], TensorData::I8(vec![-1, -2, -3, 4, 5, -6]));
    let pool = |window| Op::MaxPool2d {
        input: ValueId::INPUT,
        window,
    };
    assert_eq!(run(&x, vec![pool(Window::of_kernel(2, 2))]), [5, 5]);
    // Padding does not win over negative elements.
    let padded = Window {
        padding: [1, 1, 1, 1],
        stride: [2, 2],
        ..Window::of_kernel(2, 2)
    };
    assert_eq!(run(&x, vec![pool(padded)]), [-1, -2, 4, 5]);

    let reshape = Op::Reshape {
        input: ValueId::INPUT,
        shape: shape(&[6]),
    };
    assert_eq!(run(&x, vec![reshape]), [-1, -2, -3, 4, 5, -6]);
    let relu = Op::Relu {
        input: ValueId::INPUT,
    };
    assert_eq!(run(&x, vec![relu.clone()]), [0, 0, 0, 4, 5, 0]);
    let add = |output| Op::Add {
        left: ValueId::INPUT,
        left_shift: 2,
        right: ValueId::new(1),
        right_shift: 0,
        output,
    };
    assert_eq!(
        run(&x, vec![relu.clone(), add(Output::Accumulator)]),
        [-4, -8, -12, 20, 25, -24]
    );
    assert_eq!(
        run(&x, vec![relu, add(requant(1, false, DType::I8))]),
        [-2, -4, -6, 10, 13, -12]
    );
}

#[test]
fn another_input_is_refused() {
    let x = tensor(&[2], TensorData::I8(vec![1, 2]));
    let relu = Op::Relu {
        input: ValueId::INPUT,
    };
    let mut executor = Executor::new(program(&x, vec![relu]));
    let wrong = [
        tensor(&[2], TensorData::I16(vec![1, 2])),
        tensor(&[1, 2], TensorData::I8(vec![1, 2])),
    ];
    for input in wrong {
        assert!(matches!(
            executor.run(&input),
            Err(ExecuteError::Input { .. })
        ));
    }
    assert_eq!(executor.run(&x).expect("run"), x);
    assert_eq!(executor.program().nodes().len(), 1);
}

/// A convolution in 64 bits, straight from its definition.
fn convolution_oracle(
    x: &[i64],
    [channels, height, width]: [usize; 3],
    weights: &[i8],
    bias: &[i32],
    window: &Window,
) -> Vec<i64> {
    let [kernel_y, kernel_x] = window.kernel.map(usize::from);
    let extent = |axis: usize, extent: usize| {
        let span = (window.kernel[axis] as usize - 1) * window.dilation[axis] as usize + 1;
        let padding = window.padding[axis] as usize + window.padding[axis + 2] as usize;
        (extent + padding - span) / window.stride[axis] as usize + 1
    };
    let mut out = Vec::new();
    for (output, &bias) in bias.iter().enumerate() {
        for y in 0..extent(0, height) {
            for x_position in 0..extent(1, width) {
                let mut sum = i64::from(bias);
                for c in 0..channels {
                    for i in 0..kernel_y {
                        for j in 0..kernel_x {
                            let row = (y * window.stride[0] as usize
                                + i * window.dilation[0] as usize)
                                .checked_sub(window.padding[0] as usize);
                            let column = (x_position * window.stride[1] as usize
                                + j * window.dilation[1] as usize)
                                .checked_sub(window.padding[1] as usize);
                            let (Some(row), Some(column)) = (row, column) else {
                                continue;
                            };
                            if row >= height || column >= width {
                                continue;
                            }
                            let tap = ((output * channels + c) * kernel_y + i) * kernel_x + j;
                            sum += i64::from(weights[tap]) * x[(c * height + row) * width + column];
                        }
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

/// Requantisation in 64 bits, by division instead of shifting.
fn requantise_oracle(acc: i64, shift: u8, relu: bool, bits: u32) -> i64 {
    let divisor = 1i64 << shift;
    let rounded = (2 * acc + divisor).div_euclid(2 * divisor);
    let end = 1i64 << (bits - 1);
    let rounded = if relu { rounded.max(0) } else { rounded };
    rounded.clamp(-end, end - 1)
}

prop_compose! {
    fn windows()(
        kernel in prop::array::uniform2(1u16..4),
        stride in prop::array::uniform2(1u16..4),
        padding in prop::array::uniform4(0u16..3),
        dilation in prop::array::uniform2(1u16..3),
    ) -> Window {
        Window { kernel, stride, padding, dilation }
    }
}

fn elements(wide: bool, seed: u64, count: usize) -> TensorData {
    // A multiplicative generator is enough to fill tensors with all kinds of values.
    let mut state = seed | 1;
    let mut next = move || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) as u32
    };
    if wide {
        TensorData::I16((0..count).map(|_| next() as i16).collect())
    } else {
        TensorData::I8((0..count).map(|_| next() as i8).collect())
    }
}

fn weights(seed: u64, count: usize) -> Vec<i8> {
    match elements(false, seed, count) {
        TensorData::I8(weights) => weights,
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn convolution_agrees_with_the_oracle(
        window in windows(),
        channels in 1usize..4,
        height in 5usize..9,
        width in 5usize..9,
        outputs in 1usize..4,
        wide in any::<bool>(),
        relu in any::<bool>(),
        shift in 0u8..=16,
        seed in any::<u64>(),
        bias in prop::collection::vec(-100_000i32..100_000, 4),
    ) {
        let dims = [channels, height, width];
        let x = elements(wide, seed, channels * height * width);
        let weights = weights(seed ^ 0xa55a, outputs * channels * window.taps());
        let bias = &bias[..outputs];
        let wide_x: Vec<i64> = x.to_i32().into_iter().map(i64::from).collect();
        let expected = convolution_oracle(&wide_x, dims, &weights, bias, &window);
        let conv = |output| Op::Conv2d {
            input: ValueId::INPUT,
            weights: weights.clone(),
            bias: bias.to_vec(),
            window,
            groups: 1,
            output,
        };
        let input = tensor(&dims.map(|dim| dim as u32), x);
        let found = run(&input, vec![conv(Output::Accumulator)]);
        let found: Vec<i64> = found.into_iter().map(i64::from).collect();
        prop_assert_eq!(&found, &expected);
        let facts = program(&input, vec![conv(Output::Accumulator)]).facts()[0].clone();
        let largest = expected.iter().map(|acc| acc.unsigned_abs()).max().unwrap_or(0);
        prop_assert!(Some(largest) <= facts.accumulator_max);
        prop_assert!(expected.iter().all(|acc| (facts.range.0..=facts.range.1).contains(acc)));

        for (dtype, bits) in [(DType::I8, 8), (DType::I16, 16)] {
            let found = run(&input, vec![conv(requant(shift, relu, dtype))]);
            let expected = expected.iter().map(|&acc| requantise_oracle(acc, shift, relu, bits));
            prop_assert!(found.into_iter().map(i64::from).eq(expected));
        }
    }

    #[test]
    fn linear_agrees_with_the_oracle(
        rows in 1usize..4,
        inner in 1usize..70,
        outputs in 1usize..6,
        wide in any::<bool>(),
        seed in any::<u64>(),
        bias in prop::collection::vec(-100_000i32..100_000, 6),
    ) {
        let x = elements(wide, seed, rows * inner);
        let weights = weights(seed ^ 0x5aa5, outputs * inner);
        let mut expected = Vec::new();
        let values = x.to_i32();
        for row in values.chunks_exact(inner) {
            for (j, &bias) in bias[..outputs].iter().enumerate() {
                let products = (0..inner).map(|i| i64::from(weights[j * inner + i]) * i64::from(row[i]));
                expected.push(i64::from(bias) + products.sum::<i64>());
            }
        }
        let op = Op::Linear {
            input: ValueId::INPUT,
            weights,
            bias: bias[..outputs].to_vec(),
            output: Output::Accumulator,
        };
        let found = run(&tensor(&[rows as u32, inner as u32], x), vec![op]);
        prop_assert!(found.into_iter().map(i64::from).eq(expected));
    }

    #[test]
    fn pooling_agrees_with_the_oracle(
        kernel in prop::array::uniform2(1u16..4),
        stride in prop::array::uniform2(1u16..4),
        share in prop::array::uniform4(0u16..3),
        height in 3usize..8,
        width in 3usize..8,
        seed in any::<u64>(),
    ) {
        let padding = [0, 1, 2, 3].map(|side| share[side].min(kernel[side % 2] - 1));
        let window = Window { kernel, stride, padding, dilation: [1, 1] };
        let x = elements(false, seed, 2 * height * width);
        let values = x.to_i32();
        let mut expected = Vec::new();
        let positions = |axis: usize, extent: usize| {
            let room = extent + padding[axis] as usize + padding[axis + 2] as usize - kernel[axis] as usize;
            room / stride[axis] as usize + 1
        };
        for map in values.chunks_exact(height * width) {
            for y in 0..positions(0, height) {
                for x in 0..positions(1, width) {
                    let inside = |axis: usize, position: usize, at: usize| {
                        let start = (position * stride[axis] as usize) as i64 - i64::from(padding[axis]);
                        (start..start + i64::from(kernel[axis])).contains(&(at as i64))
                    };
                    let seen = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)))
                        .filter(|&(row, column)| inside(0, y, row) && inside(1, x, column))
                        .map(|(row, column)| map[row * width + column]);
                    expected.push(seen.max());
                }
            }
        }
        let op = Op::MaxPool2d { input: ValueId::INPUT, window };
        let found = run(&tensor(&[2, height as u32, width as u32], x), vec![op]);
        prop_assert!(found.into_iter().map(Some).eq(expected));
    }
}
