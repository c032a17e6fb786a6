//! Whole programs with all kinds of extents, on every set of kernels against the reference.

use super::*;
use crate::{
    program::ChannelRequant,
    quantize::{power_of_two, round_half_up},
};

/// A generator of small numbers, from a seed.
struct Dice(u64);

impl Dice {
    /// One of `0..sides`.
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = (self.0)
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as u32 % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u32) as usize]
    }

    fn seed(&mut self) -> u64 {
        u64::from(self.roll(1 << 30))
    }
}

/// A program in the making; its newest value is the operand of what comes next.
struct Builder {
    dice: Dice,
    input: ValueType,
    nodes: Vec<Op>,
    value: ValueType,
}

impl Builder {
    fn id(&self) -> ValueId {
        ValueId::new(self.nodes.len() as u32)
    }

    /// Adds the node if the program stays valid.
    fn push(&mut self, op: Op) -> bool {
        self.nodes.push(op);
        let parts = Parts {
            input: self.input.clone(),
            nodes: self.nodes.clone(),
            output: self.id(),
        };
        match Program::new(parts) {
            Ok(program) => {
                self.value = program.output().clone();
                true
            }
            Err(_) => {
                self.nodes.pop();
                false
            }
        }
    }

    fn finish(&mut self, outputs: usize) -> Output {
        let requant = Requant {
            shift: 5 + self.dice.roll(6) as u8,
            relu: self.dice.roll(2) == 0,
            dtype: self.dice.pick(&[DType::I8, DType::I8, DType::I16]),
        };
        if outputs > 1 && self.dice.roll(3) == 0 {
            let mut shifts: Vec<u8> = (0..outputs).map(|_| self.dice.roll(12) as u8).collect();
            (shifts[0], shifts[1]) = (6, 7);
            return Output::PerChannel(ChannelRequant {
                shifts,
                relu: requant.relu,
                dtype: requant.dtype,
            });
        }
        Output::Requantized(requant)
    }

    fn window(&mut self) -> Window {
        Window {
            kernel: [(); 2].map(|()| self.dice.pick(&[1, 1, 2, 3, 5])),
            stride: [(); 2].map(|()| self.dice.pick(&[1, 1, 2, 3])),
            padding: [(); 4].map(|()| self.dice.pick(&[0, 0, 1, 2, 70])),
            dilation: [(); 2].map(|()| self.dice.pick(&[1, 1, 1, 2])),
        }
    }

    fn convolution(&mut self) -> bool {
        let Some((channels, ..)) = self.value.shape.channels_height_width() else {
            return self.linear();
        };
        let mut window = self.window();
        if self.dice.roll(8) > 0 {
            window.padding = window.padding.map(|side| side % 70);
        }
        let divisors: Vec<u32> = (1..=channels).filter(|by| channels % by == 0).collect();
        let (groups, outputs) = match self.dice.roll(3) {
            0 => (1, self.dice.pick(&[1, 3, 8, 16, 20, 37])),
            1 => (channels, channels),
            _ => {
                let groups = self.dice.pick(&divisors);
                (groups, groups * (1 + self.dice.roll(3)))
            }
        };
        let outputs = outputs as usize;
        let count = outputs * (channels / groups) as usize * window.taps();
        let op = Op::Conv2d {
            input: self.id(),
            weights: weights(self.dice.seed(), count),
            bias: (0..outputs)
                .map(|_| self.dice.roll(4000) as i32 - 2000)
                .collect(),
            window,
            groups,
            output: self.finish(outputs),
        };
        self.push(op)
    }

    fn linear(&mut self) -> bool {
        let inner = self.value.shape.last() as usize;
        let outputs = self.dice.pick(&[1, 5, 16, 33, 70]);
        let op = Op::Linear {
            input: self.id(),
            weights: weights(self.dice.seed(), outputs * inner),
            bias: (0..outputs)
                .map(|_| self.dice.roll(4000) as i32 - 2000)
                .collect(),
            output: self.finish(outputs),
        };
        self.push(op)
    }

    fn something(&mut self) -> bool {
        let input = self.id();
        let window = self.window();
        let pooled = Window {
            padding: std::array::from_fn(|side| {
                window.padding[side].min(window.kernel[side % 2] - 1)
            }),
            dilation: [1, 1],
            ..window
        };
        let plain = |finish| match finish {
            Output::PerChannel(each) => Output::Requantized(each.of(0)),
            other => other,
        };
        let output = plain(self.finish(1));
        let other = ValueId::new(self.dice.roll(input.get() + 1));
        let op = match self.dice.roll(11) {
            0 => Op::MaxPool2d {
                input,
                window: pooled,
            },
            1 => Op::AveragePool2d {
                input,
                window: pooled,
                multiplier: 1 + self.dice.roll(100) as u16,
                output,
            },
            2 => Op::AveragePool2d {
                input,
                window: match self.value.shape.channels_height_width() {
                    Some((_, height, width)) => Window::of_kernel(height as u16, width as u16),
                    None => pooled,
                },
                multiplier: 3,
                output,
            },
            3 => Op::Add {
                left: input,
                left_shift: self.dice.roll(4) as u8,
                right: other,
                right_shift: self.dice.roll(4) as u8,
                output,
            },
            4 => Op::Multiply {
                left: input,
                right: other,
                output,
            },
            5 => Op::Table {
                input,
                entries: match self.dice.roll(2) {
                    0 => elements(false, self.dice.seed(), 256),
                    _ => elements(true, self.dice.seed(), 256),
                },
            },
            6 => Op::Rescale {
                input,
                shift: self.dice.roll(3) as u8,
                output,
            },
            7 => Op::Relu { input },
            8 => {
                let mut axes: Vec<u8> = (0..self.value.shape.rank() as u8).collect();
                let (one, other) = (self.dice.roll(3) as usize, self.dice.roll(3) as usize);
                if one < axes.len() && other < axes.len() {
                    axes.swap(one, other);
                }
                Op::Transpose { input, axes }
            }
            9 => Op::Concat {
                inputs: vec![other, input, input],
                axis: self.dice.roll(3) as u8,
            },
            _ => {
                let elements = self.value.shape.elements() as u32;
                let dims = match self.dice.roll(3) {
                    0 => vec![elements],
                    1 if elements.is_multiple_of(2) => vec![2, elements / 2],
                    _ if elements.is_multiple_of(4) => vec![2, elements / 4, 2],
                    _ => vec![elements, 1, 1],
                };
                Op::Reshape {
                    input,
                    shape: shape(&dims),
                }
            }
        };
        self.push(op)
    }
}

/// A random program in which every value is used, and an input for it.
fn random(seed: u64) -> (Program, Tensor) {
    let mut dice = Dice(seed);
    let dims = match dice.roll(5) {
        0 => vec![1 + dice.roll(90)],
        1 => vec![1 + dice.roll(5), 1 + dice.roll(40)],
        _ => vec![
            dice.pick(&[1, 2, 3, 8, 16, 24, 37]),
            1 + dice.roll(12),
            1 + dice.roll(21),
        ],
    };
    let input = ValueType {
        dtype: dice.pick(&[DType::I8, DType::I8, DType::I16]),
        shape: shape(&dims),
    };
    let mut builder = Builder {
        dice,
        value: input.clone(),
        input: input.clone(),
        nodes: Vec::new(),
    };
    for _ in 0..1 + builder.dice.roll(6) {
        match builder.dice.roll(5) {
            0 | 1 => builder.convolution(),
            2 => builder.linear(),
            _ => builder.something(),
        };
    }
    if builder.nodes.is_empty() {
        builder.push(Op::Relu {
            input: ValueId::INPUT,
        });
    }
    let Builder {
        mut dice, nodes, ..
    } = builder;
    let data = elements(
        input.dtype == DType::I16,
        dice.seed(),
        input.shape.elements(),
    );
    let output = ValueId::new(nodes.len() as u32);
    let program = Program::new(Parts {
        input: input.clone(),
        nodes,
        output,
    })
    .expect("checked");
    (program, Tensor::new(input.shape, data).expect("input"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_programs_agree_everywhere(seed in any::<u64>()) {
        let (program, input) = random(seed);
        run_everywhere(program, &input);
    }

    /// The same integers as the buyer's arithmetic in double precision.
    #[test]
    fn numbers_are_quantised_alike(
        numbers in prop::collection::vec(prop_oneof![-300f32..300.0, any::<f32>(), Just(0.5), Just(-0.5), Just(1.5)], 70),
        bits in -40i8..=40,
        wide in any::<bool>(),
    ) {
        let numbers: Vec<f32> = numbers.into_iter().map(|x| if x.is_finite() { x } else { 0.25 }).collect();
        let dtype = if wide { DType::I16 } else { DType::I8 };
        let (low, high) = dtype.range();
        let expected: Vec<i32> = numbers
            .iter()
            .map(|&x| round_half_up(f64::from(x) * power_of_two(bits)) as i64)
            .map(|x| x.clamp(low, high) as i32)
            .collect();
        for kernels in KernelSet::available() {
            let mut found = TensorData::zeros(dtype, 70);
            run::quantize(kernels, &numbers, bits, &mut found);
            prop_assert_eq!(&found.to_i32(), &expected, "{}", kernels.name());
        }
    }
}
