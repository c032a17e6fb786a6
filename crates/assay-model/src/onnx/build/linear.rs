//! Operators with weights, and pooling.

use super::{Builder, Stop, Value, check_finite, has_input, misfit};
use crate::{
    float::FloatOp,
    onnx::{
        OnnxError,
        attributes::Attributes,
        extents::{per_channel, placed, transpose},
        schema::NodeProto,
    },
    program::Window,
};

/// What pooling is over.
const POOLED: &str = "only pooling over [1, channels, height, width] is supported";

/// `factor · x + offset`, per channel.
pub(super) struct Affine {
    pub(super) factors: Vec<f32>,
    pub(super) offsets: Vec<f32>,
}

impl<'a> Builder<'a> {
    pub(super) fn gemm(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        attributes.only("transA", 0).map_err(Stop::Unsupported)?;
        let (input, mut dims) = self.computed(node, 0)?;
        let weights = self.weights(node, 1)?;
        let transposed = attributes.int("transB", 0) != 0;
        let (&[rows, inner], &[b0, b1]) = (&dims[..], &weights.dims[..]) else {
            return Err(misfit(&label, "it multiplies matrices only"));
        };
        let (outputs, weights_inner) = if transposed { (b0, b1) } else { (b1, b0) };
        check_inner(&label, inner, weights_inner)?;
        let alpha = attributes.float("alpha", 1.0);
        let mut matrix = if transposed {
            weights.data
        } else {
            transpose(&weights.data, outputs)
        };
        scale(&mut matrix, alpha, &node.input[1])?;

        let mut bias = vec![0.0; outputs];
        if has_input(node, 2) {
            let addend = self.weights(node, 2)?;
            bias = per_channel(&addend, outputs, 0)
                .ok_or_else(|| misfit(&label, "C is no bias of one number per output"))?;
            scale(&mut bias, attributes.float("beta", 1.0), &node.input[2])?;
        }
        dims = vec![rows, outputs as u32];
        let op = FloatOp::Linear {
            input,
            weights: matrix,
            bias,
        };
        self.add_node(label, op, dims, weights_inner)
    }

    pub(super) fn matmul(&mut self, node: &'a NodeProto, label: String) -> Result<Value<'a>, Stop> {
        let (input, mut dims) = self.computed(node, 0)?;
        let weights = self.weights(node, 1)?;
        let (Some(last), &[inner, outputs]) = (dims.last_mut(), &weights.dims[..]) else {
            return Err(Stop::Unsupported(
                "only products with a constant matrix on the right are supported".to_owned(),
            ));
        };
        check_inner(&label, *last, inner)?;
        *last = outputs as u32;
        let op = FloatOp::Linear {
            input,
            weights: transpose(&weights.data, outputs),
            bias: vec![0.0; outputs],
        };
        self.add_node(label, op, dims, inner)
    }

    pub(super) fn conv(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let sliding = attributes.sliding().map_err(Stop::Unsupported)?;
        let (input, dims) = self.computed(node, 0)?;
        let weights = self.weights(node, 1)?;
        let (&[1, channels, height, width], &[outputs, weights_channels, kernel_y, kernel_x]) =
            (&dims[..], &weights.dims[..])
        else {
            return Err(Stop::Unsupported(
                "only convolutions over [1, channels, height, width] are supported".to_owned(),
            ));
        };
        let groups = u32::try_from(attributes.int("group", 1)).unwrap_or(0);
        let divides = groups > 0
            && channels.is_multiple_of(groups)
            && outputs.is_multiple_of(groups as usize);
        if !divides {
            return Err(misfit(
                &label,
                "its groups do not divide its input and output channels",
            ));
        }
        check_inner(&label, channels / groups, weights_channels)?;
        let kernel = [kernel_y, kernel_x].map(u16::try_from);
        let [Ok(kernel_y), Ok(kernel_x)] = kernel else {
            return Err(misfit(&label, "its kernel is larger than 65535"));
        };
        let kernel = [kernel_y, kernel_x];
        if sliding.kernel.is_some_and(|stated| stated != kernel) {
            return Err(misfit(&label, "kernel_shape contradicts the weights"));
        }
        let window = placed(&sliding, kernel, height, width);
        let (out_height, out_width) = window
            .output(height, width)
            .map_err(|source| self.window_misfit(&label, input, source))?;
        let bias = if has_input(node, 2) {
            let addend = self.weights(node, 2)?;
            per_channel(&addend, outputs, 0)
                .ok_or_else(|| misfit(&label, "B is no bias of one number per output channel"))?
        } else {
            vec![0.0; outputs]
        };
        let dims = vec![1, outputs as u32, out_height, out_width];
        let per_output = weights_channels * window.taps();
        let op = FloatOp::Conv2d {
            input,
            weights: weights.data,
            bias,
            window,
            groups,
        };
        self.add_node(label, op, dims, per_output)
    }

    /// `(x − mean) / √(variance + ε) · scale + offset` per channel, with the constants of training.
    pub(super) fn batch_normalization(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        attributes
            .only("training_mode", 0)
            .map_err(Stop::Unsupported)?;
        let (id, dims) = self.computed(node, 0)?;
        let channels = dims.get(1).map_or(0, |&channels| channels as usize);
        let mut parameters = Vec::with_capacity(4);
        for position in 1..5 {
            let values = self.weights(node, position)?;
            if values.dims != [channels] {
                return Err(misfit(
                    &label,
                    "its parameters are not one number per channel",
                ));
            }
            parameters.push(values.data);
        }
        let [scale, offset, mean, variance] = &parameters[..] else {
            unreachable!("four parameters were read");
        };
        // Double precision: a variance near zero would otherwise cost digits of the weights.
        let epsilon = f64::from(attributes.float("epsilon", 1e-5));
        let factors: Vec<f64> = scale
            .iter()
            .zip(variance)
            .map(|(&scale, &variance)| f64::from(scale) / (f64::from(variance) + epsilon).sqrt())
            .collect();
        let offsets = offset
            .iter()
            .zip(mean)
            .zip(&factors)
            .map(|((&offset, &mean), factor)| (f64::from(offset) - f64::from(mean) * factor) as f32)
            .collect();
        let affine = Affine {
            factors: factors.iter().map(|&factor| factor as f32).collect(),
            offsets,
        };
        self.per_channel_affine(&node.input[0], id, dims, &affine, label)
    }

    /// Multiplies and adds constants per channel: in the weights before it, where nobody else reads
    /// their result, else as a convolution of each channel by itself.
    pub(super) fn per_channel_affine(
        &mut self,
        name: &str,
        id: usize,
        dims: Vec<u32>,
        affine: &Affine,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        if self.fold_affine(name, id, affine)? {
            return Ok(Value::Computed { id, dims });
        }
        let &[1, channels, _, _] = &dims[..] else {
            return Err(Stop::Unsupported(
                "constants per channel are supported right after Gemm, MatMul or Conv, or over \
                 [1, channels, height, width]"
                    .to_owned(),
            ));
        };
        check_finite(&affine.factors, name)?;
        check_finite(&affine.offsets, name)?;
        let op = FloatOp::Conv2d {
            input: id,
            weights: affine.factors.clone(),
            bias: affine.offsets.clone(),
            window: Window::of_kernel(1, 1),
            groups: channels,
        };
        self.add_node(label, op, dims, 1)
    }

    /// Multiplies and adds constants in the weights of the linear node that produces value `id`, and
    /// tells whether it could.
    pub(super) fn fold_affine(
        &mut self,
        name: &str,
        id: usize,
        affine: &Affine,
    ) -> Result<bool, Stop> {
        let alone = self.readers.get(name) == Some(&1) && !self.aliased.contains(&id);
        let producer = id.checked_sub(1).filter(|_| alone);
        let Some(FloatOp::Linear { weights, bias, .. } | FloatOp::Conv2d { weights, bias, .. }) =
            producer.map(|node| &mut self.nodes[node].op)
        else {
            return Ok(false);
        };
        let outputs = bias.len();
        if affine.factors.len() != outputs {
            return Ok(false);
        }
        let per_output = weights.len() / outputs;
        for (row, factor) in weights.chunks_exact_mut(per_output).zip(&affine.factors) {
            row.iter_mut().for_each(|weight| *weight *= factor);
        }
        let constants = affine.factors.iter().zip(&affine.offsets);
        for (bias, (factor, offset)) in bias.iter_mut().zip(constants) {
            *bias = *bias * factor + offset;
        }
        check_finite(weights, name)?;
        check_finite(bias, name)?;
        Ok(true)
    }

    pub(super) fn max_pool(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        attributes
            .only("storage_order", 0)
            .map_err(Stop::Unsupported)?;
        let (input, window, dims) = self.pooled(node, attributes, &label)?;
        let op = FloatOp::MaxPool2d { input, window };
        self.add_node(label, op, dims, window.taps())
    }

    pub(super) fn average_pool(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let (input, window, dims) = self.pooled(node, attributes, &label)?;
        if window.padding != [0; 4] && attributes.int("count_include_pad", 0) == 0 {
            return Err(Stop::Unsupported(
                "means over padding are supported only where padding counts \
                 (count_include_pad = 1)"
                    .to_owned(),
            ));
        }
        let op = FloatOp::AveragePool2d { input, window };
        self.add_node(label, op, dims, window.taps())
    }

    pub(super) fn global_average_pool(
        &mut self,
        node: &'a NodeProto,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let (input, dims) = self.computed(node, 0)?;
        let &[1, channels, height, width] = &dims[..] else {
            return Err(Stop::Unsupported(POOLED.to_owned()));
        };
        let [Ok(height), Ok(width)] = [height, width].map(u16::try_from) else {
            return Err(misfit(&label, "its operand is larger than 65535"));
        };
        let window = Window::of_kernel(height, width);
        let op = FloatOp::AveragePool2d { input, window };
        self.add_node(label, op, vec![1, channels, 1, 1], window.taps())
    }

    /// Operand, window and extents of the result of a pooling.
    fn pooled(
        &self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: &str,
    ) -> Result<(usize, Window, Vec<u32>), Stop> {
        attributes.only("ceil_mode", 0).map_err(Stop::Unsupported)?;
        let sliding = attributes.sliding().map_err(Stop::Unsupported)?;
        let (input, dims) = self.computed(node, 0)?;
        let (&[1, channels, height, width], Some(kernel)) = (&dims[..], sliding.kernel) else {
            return Err(Stop::Unsupported(POOLED.to_owned()));
        };
        let window = placed(&sliding, kernel, height, width);
        let (out_height, out_width) = window
            .pooled(height, width)
            .map_err(|source| self.window_misfit(label, input, source))?;
        Ok((input, window, vec![1, channels, out_height, out_width]))
    }
}

fn check_inner(label: &str, operand: u32, weights: usize) -> Result<(), Stop> {
    if operand as usize == weights {
        Ok(())
    } else {
        let reason = format!("its operand has {operand} features, its weights take {weights}");
        Err(misfit(label, &reason))
    }
}

fn scale(values: &mut [f32], factor: f32, name: &str) -> Result<(), OnnxError> {
    for value in values.iter_mut() {
        *value *= factor;
    }
    check_finite(values, name)
}
