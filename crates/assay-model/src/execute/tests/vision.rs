//! The operators that vision models add, by hand and against plain 64-bit arithmetic.

use super::*;
use crate::program::{ChannelRequant, TABLE_ENTRIES};

const INPUT: ValueId = ValueId::INPUT;

fn values(data: TensorData) -> Vec<i64> {
    data.to_i32().into_iter().map(i64::from).collect()
}

#[test]
fn vision_operators_by_hand() {
    let x = tensor(&[2, 1, 3], TensorData::I8(vec![-1, -2, -3, 4, 5, -6]));
    let average = |window, multiplier, output| Op::AveragePool2d {
        input: INPUT,
        window,
        multiplier,
        output,
    };
    let row = Window::of_kernel(1, 3);
    let acc = || Output::Accumulator;
    assert_eq!(run(&x, vec![average(row, 10, acc())]), [-60, 30]);
    // −6 · 341 / 1024 = −1.998; 3 · 341 / 1024 = 0.999
    assert_eq!(
        run(&x, vec![average(row, 341, requant(10, false, DType::I8))]),
        [-2, 1]
    );
    let padded = Window {
        padding: [0, 1, 0, 0],
        stride: [1, 2],
        ..Window::of_kernel(1, 2)
    };
    assert_eq!(run(&x, vec![average(padded, 1, acc())]), [-1, -5, 4, -1]);

    let gate = average(row, 1, requant(0, false, DType::I8));
    let multiply = |left, right| Op::Multiply {
        left: ValueId::new(left),
        right: ValueId::new(right),
        output: acc(),
    };
    assert_eq!(
        run(&x, vec![gate, multiply(0, 1)]),
        [6, 12, 18, 12, 15, -18]
    );
    assert_eq!(run(&x, vec![multiply(0, 0)]), [1, 4, 9, 16, 25, 36]);

    let squares = (-128i16..=127).map(|x| x * x).collect();
    let table = Op::Table {
        input: INPUT,
        entries: TensorData::I16(squares),
    };
    assert_eq!(run(&x, vec![table]), [1, 4, 9, 16, 25, 36]);
    let rescale = |shift, output| Op::Rescale {
        input: INPUT,
        shift,
        output,
    };
    assert_eq!(
        run(&x, vec![rescale(3, acc())]),
        [-8, -16, -24, 32, 40, -48]
    );
    assert_eq!(
        run(&x, vec![rescale(0, requant(1, false, DType::I16))]),
        [0, -1, -1, 2, 3, -3]
    );
    let transpose = |axes: &[u8]| Op::Transpose {
        input: INPUT,
        axes: axes.to_vec(),
    };
    assert_eq!(run(&x, vec![transpose(&[2, 1, 0])]), [-1, 4, -2, 5, -3, -6]);
    assert_eq!(run(&x, vec![transpose(&[1, 0, 2])]), [-1, -2, -3, 4, 5, -6]);
    let concat = |inputs: &[u32], axis| Op::Concat {
        inputs: inputs.iter().copied().map(ValueId::new).collect(),
        axis,
    };
    assert_eq!(
        run(&x, vec![concat(&[0, 0], 2)]),
        [-1, -2, -3, -1, -2, -3, 4, 5, -6, 4, 5, -6]
    );
}

#[test]
fn each_channel_has_its_shift() {
    let per_channel = |shifts: &[u8], relu, dtype| {
        Output::PerChannel(ChannelRequant {
            shifts: shifts.to_vec(),
            relu,
            dtype,
        })
    };
    let rows = tensor(&[2, 1], TensorData::I8(vec![64, -64]));
    let linear = |output| Op::Linear {
        input: INPUT,
        weights: vec![1, 2, 4],
        bias: vec![0; 3],
        output,
    };
    assert_eq!(
        run(
            &rows,
            vec![linear(per_channel(&[0, 1, 4], false, DType::I8))]
        ),
        [64, 64, 16, -64, -64, -16]
    );
    let map = tensor(&[1, 1, 2], TensorData::I8(vec![100, -100]));
    let conv = |output| Op::Conv2d {
        input: INPUT,
        weights: vec![1, 2],
        bias: vec![0; 2],
        window: Window::of_kernel(1, 1),
        groups: 1,
        output,
    };
    assert_eq!(
        run(&map, vec![conv(per_channel(&[0, 3], true, DType::I16))]),
        [100, 0, 25, 0]
    );
}

/// Positions of a tensor of these extents, in order.
fn positions(dims: &[usize]) -> Vec<Vec<usize>> {
    dims.iter().fold(vec![Vec::new()], |found, &dim| {
        let longer = |at: &Vec<usize>| {
            (0..dim).map({
                let at = at.clone();
                move |next| [&at[..], &[next]].concat()
            })
        };
        found.iter().flat_map(longer).collect()
    })
}

/// Where a position lies in a row-major tensor.
fn offset(dims: &[usize], at: &[usize]) -> usize {
    dims.iter()
        .zip(at)
        .fold(0, |offset, (dim, at)| offset * dim + at)
}

fn extents(dims: &[usize]) -> Vec<u32> {
    dims.iter().map(|&dim| dim as u32).collect()
}

proptest! {
    #[test]
    fn groups_are_convolutions_side_by_side(
        window in windows(),
        groups in 1usize..4,
        group_channels in 1usize..3,
        group_outputs in 1usize..3,
        height in 5usize..9,
        width in 5usize..9,
        wide in any::<bool>(),
        seed in any::<u64>(),
        shifts in prop::collection::vec(0u8..16, 9),
    ) {
        let (channels, outputs) = (groups * group_channels, groups * group_outputs);
        let x = elements(wide, seed, channels * height * width);
        let per_group = group_outputs * group_channels * window.taps();
        let weights = weights(seed ^ 0xa55a, groups * per_group);
        let bias: Vec<i32> = (0..outputs as i32).map(|output| 1000 * output - 3000).collect();
        let all = values(x.clone());
        let mut expected = Vec::new();
        for group in 0..groups {
            let seen = &all[group * group_channels * height * width..];
            let weights = &weights[group * per_group..][..per_group];
            let bias = &bias[group * group_outputs..][..group_outputs];
            let dims = [group_channels, height, width];
            expected.push(convolution_oracle(seen, dims, weights, bias, &window));
        }
        let expected = expected.concat();
        let conv = |output| Op::Conv2d {
            input: INPUT,
            weights: weights.clone(),
            bias: bias.clone(),
            window,
            groups: groups as u32,
            output,
        };
        let input = tensor(&extents(&[channels, height, width]), x);
        let found = run(&input, vec![conv(Output::Accumulator)]);
        prop_assert!(found.into_iter().map(i64::from).eq(expected.iter().copied()));

        let shifts = &shifts[..outputs];
        if shifts.iter().any(|shift| *shift != shifts[0]) {
            let requant = ChannelRequant { shifts: shifts.to_vec(), relu: false, dtype: DType::I8 };
            let found = run(&input, vec![conv(Output::PerChannel(requant))]);
            let per_channel = expected.len() / outputs;
            let expected = expected.iter().enumerate().map(|(at, &acc)| {
                requantise_oracle(acc, shifts[at / per_channel], false, 8)
            });
            prop_assert!(found.into_iter().map(i64::from).eq(expected));
        }
    }

    #[test]
    fn averages_agree_with_the_oracle(
        kernel in prop::array::uniform2(1u16..4),
        stride in prop::array::uniform2(1u16..4),
        share in prop::array::uniform4(0u16..3),
        height in 3usize..8,
        width in 3usize..8,
        multiplier in 1u16..3000,
        shift in 0u8..16,
        wide in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let padding = [0, 1, 2, 3].map(|side| share[side].min(kernel[side % 2] - 1));
        let window = Window { kernel, stride, padding, dilation: [1, 1] };
        let x = elements(wide, seed, 2 * height * width);
        // A mean is a convolution of each channel by ones.
        let ones = vec![1; window.taps()];
        let maps = values(x.clone());
        let sums = maps.chunks_exact(height * width).flat_map(|map| {
            convolution_oracle(map, [1, height, width], &ones, &[0], &window)
        });
        let expected: Vec<i64> = sums.map(|sum| sum * i64::from(multiplier)).collect();
        let average = |output| Op::AveragePool2d { input: INPUT, window, multiplier, output };
        let input = tensor(&extents(&[2, height, width]), x);
        let found = run(&input, vec![average(Output::Accumulator)]);
        prop_assert!(found.into_iter().map(i64::from).eq(expected.iter().copied()));
        let found = run(&input, vec![average(requant(shift, false, DType::I16))]);
        let expected = expected.iter().map(|&acc| requantise_oracle(acc, shift, false, 16));
        prop_assert!(found.into_iter().map(i64::from).eq(expected));
    }

    #[test]
    fn products_repeat_dimensions_of_one(
        dims in prop::collection::vec(1usize..4, 1..5),
        whole in prop::collection::vec(any::<bool>(), 5),
        wide in any::<bool>(),
        seed in any::<u64>(),
    ) {
        // The right operand is the maximum of the left over some dimensions.
        let right_dims: Vec<usize> =
            dims.iter().zip(&whole).map(|(&dim, &whole)| if whole { dim } else { 1 }).collect();
        let count: usize = dims.iter().product();
        let mut x = elements(wide, seed, count);
        if let TensorData::I16(x) = &mut x {
            x.iter_mut().for_each(|x| *x >>= 2);
        }
        let left = values(x.clone());
        let right_count: usize = right_dims.iter().product();
        let expected: Vec<i64> = positions(&dims).iter().map(|at| {
            let there: Vec<usize> =
                at.iter().zip(&right_dims).map(|(&at, &dim)| at.min(dim - 1)).collect();
            left[offset(&dims, at)] * left[offset(&right_dims, &there)]
        }).collect();
        // The right operand's elements are the first of the left's, through a linear layer that picks.
        let flat = Op::Reshape { input: INPUT, shape: shape(&[count as u32]) };
        let mut weights = vec![0i8; right_count * count];
        (0..right_count).for_each(|at| weights[at * count + at] = 1);
        let pick = Op::Linear {
            input: ValueId::new(1),
            weights,
            bias: vec![0; right_count],
            output: requant(0, false, if wide { DType::I16 } else { DType::I8 }),
        };
        let by = Op::Reshape { input: ValueId::new(2), shape: shape(&extents(&right_dims)) };
        let narrow = |input| Op::Rescale {
            input,
            shift: 0,
            output: requant(1, false, DType::I16),
        };
        let double = |x: i64| requantise_oracle(x, 1, false, 16);
        let halves: Vec<i64> = positions(&dims).iter().map(|at| {
            let there: Vec<usize> =
                at.iter().zip(&right_dims).map(|(&at, &dim)| at.min(dim - 1)).collect();
            double(left[offset(&dims, at)]) * double(left[offset(&right_dims, &there)])
        }).collect();
        let product = |left, right| Op::Multiply {
            left: ValueId::new(left),
            right: ValueId::new(right),
            output: Output::Accumulator,
        };
        let input = tensor(&extents(&dims), x);
        if !wide {
            let found = run(&input, vec![flat.clone(), pick.clone(), by.clone(), product(0, 3)]);
            prop_assert!(found.into_iter().map(i64::from).eq(expected));
        }
        let nodes = vec![flat, pick, by, narrow(INPUT), narrow(ValueId::new(3)), product(4, 5)];
        let found = run(&input, nodes);
        prop_assert!(found.into_iter().map(i64::from).eq(halves));
    }

    #[test]
    fn dimensions_change_places_and_join(
        dims in prop::collection::vec(1usize..5, 1..6),
        order in any::<u64>(),
        axis in 0usize..6,
        seed in any::<u64>(),
    ) {
        let mut axes: Vec<u8> = (0..dims.len() as u8).collect();
        axes.sort_by_key(|&axis| (order >> (8 * axis)) as u8);
        let x = elements(true, seed, dims.iter().product());
        let left = values(x.clone());
        let turned: Vec<usize> = axes.iter().map(|&axis| dims[usize::from(axis)]).collect();
        let expected = positions(&turned).into_iter().map(|at| {
            let mut from = vec![0; dims.len()];
            axes.iter().zip(at).for_each(|(&axis, at)| from[usize::from(axis)] = at);
            left[offset(&dims, &from)]
        });
        let input = tensor(&extents(&dims), x);
        let found = run(&input, vec![Op::Transpose { input: INPUT, axes: axes.clone() }]);
        prop_assert!(found.into_iter().map(i64::from).eq(expected));

        let axis = axis % dims.len();
        let mut joined = dims.clone();
        joined[axis] *= 3;
        let expected = positions(&joined).into_iter().map(|mut at| {
            let negative = at[axis] / dims[axis] == 1;
            at[axis] %= dims[axis];
            let x = left[offset(&dims, &at)];
            if negative { x.max(0) } else { x }
        });
        let nodes = vec![
            Op::Relu { input: INPUT },
            Op::Concat { inputs: vec![INPUT, ValueId::new(1), INPUT], axis: axis as u8 },
        ];
        let found = run(&input, nodes);
        prop_assert!(found.into_iter().map(i64::from).eq(expected));
    }

    #[test]
    fn tables_are_looked_up(entries in prop::collection::vec(any::<i16>(), TABLE_ENTRIES)) {
        let every: Vec<i8> = (-128..=127).collect();
        let input = tensor(&[256], TensorData::I8(every));
        let wide = entries.iter().copied().map(i32::from).collect::<Vec<_>>();
        let table = |entries| vec![Op::Table { input: INPUT, entries }];
        prop_assert_eq!(run(&input, table(TensorData::I16(entries.clone()))), wide);
        let narrow: Vec<i8> = entries.iter().map(|&entry| entry as i8).collect();
        let expected: Vec<i32> = narrow.iter().copied().map(i32::from).collect();
        prop_assert_eq!(run(&input, table(TensorData::I8(narrow))), expected);
    }
}
