//! The buyer's arithmetic: pictures and numbers to the integer tensor that an order names.
//!
//! Pixels are bytes, so their whole way (inversion, range, normalisation, scale, rounding) is worked
//! out once per byte in exact fractions. Real numbers are scaled by a power of two, which is exact, and
//! rounded; both round halves up and saturate.

use super::{Colour, ImagePreprocessing, InputSpec, Manifest, Normalisation, PixelRange};
use super::{Preprocessing, QuantizeInputError, Rational};
use crate::{
    input::{FloatTensor, Image, Input},
    quantize::{power_of_two, round_half_up},
    shape::Shape,
    tensor::{DType, Tensor, TensorData},
};

impl Manifest {
    /// Quantises real numbers that hold exactly one input, in the order of its shape. Dimensions of 1
    /// may be missing or added, and a flat list is accepted.
    ///
    /// # Errors
    /// [`QuantizeInputError`]
    pub fn quantize(&self, numbers: &FloatTensor) -> Result<Tensor, QuantizeInputError> {
        let spec = &self.fields().input;
        match samples(&spec.value.shape, numbers.shape())? {
            1 => quantize_numbers(spec, numbers.data(), 0),
            samples => Err(QuantizeInputError::Samples {
                found: numbers.shape().clone(),
                samples,
            }),
        }
    }

    /// Quantises whatever was read: a picture, an array of one input, or an array of several, whose
    /// first dimension counts them. Real numbers are taken as the model was trained on them; bytes are
    /// pixels for a model of pictures (channel by channel in the model's order), else numbers.
    ///
    /// # Errors
    /// [`QuantizeInputError`]
    pub fn quantize_input(&self, input: &Input) -> Result<Vec<Tensor>, QuantizeInputError> {
        let spec = &self.fields().input;
        match (input, &spec.preprocessing) {
            (Input::Image(image), Preprocessing::Image(how)) => {
                Ok(vec![quantize_image(spec, how, image)?])
            }
            (Input::Image(_), Preprocessing::Numbers) => Err(QuantizeInputError::NotAnImageModel {
                expected: spec.value.shape.clone(),
            }),
            (Input::Bytes { shape, data }, Preprocessing::Image(how)) => {
                if let Some(image) = interleaved(how, shape, data) {
                    return Ok(vec![quantize_image(spec, how, &image)?]);
                }
                samples(&spec.value.shape, shape)?;
                let tables = tables(spec, how);
                let pixels = how.width as usize * how.height as usize;
                Ok(data
                    .chunks_exact(spec.value.shape.elements())
                    .map(|sample| {
                        let maps = sample.chunks_exact(pixels).zip(&tables);
                        let values = maps.flat_map(|(map, table)| {
                            map.iter().map(|&byte| table[usize::from(byte)])
                        });
                        tensor(spec, values)
                    })
                    .collect())
            }
            (Input::Bytes { shape, data }, Preprocessing::Numbers) => {
                let numbers: Vec<f64> = data.iter().map(|&byte| f64::from(byte)).collect();
                quantize_samples(spec, shape, &numbers)
            }
            (Input::Reals(numbers), _) => quantize_samples(spec, numbers.shape(), numbers.data()),
        }
    }
}

impl Preprocessing {
    /// The real numbers that `input` stands for: bytes are pixels for a model of pictures, real numbers
    /// are taken as they are. `shape` is that of one input; an array may hold several.
    ///
    /// # Errors
    /// [`QuantizeInputError::Shape`] if the array does not hold inputs of `shape`.
    pub fn reals(&self, shape: &Shape, input: &Input) -> Result<FloatTensor, QuantizeInputError> {
        let (found, data): (_, Vec<f64>) = match (input, self) {
            (Input::Reals(numbers), _) => return Ok(numbers.clone()),
            (Input::Bytes { shape: found, data }, Self::Image(how)) => {
                samples(shape, found)?;
                let tables = real_tables(how);
                let pixels = how.width as usize * how.height as usize;
                let maps = data.chunks(pixels).zip(tables.iter().cycle());
                let numbers =
                    maps.flat_map(|(map, table)| map.iter().map(|&byte| table[usize::from(byte)]));
                (found.clone(), numbers.collect())
            }
            (Input::Bytes { shape: found, data }, Self::Numbers) => (
                found.clone(),
                data.iter().map(|&byte| f64::from(byte)).collect(),
            ),
            (Input::Image(image), Self::Image(how)) => {
                check_size(how, image)?;
                let tables = real_tables(how);
                let numbers = planar(how, image)
                    .map(|(channel, byte)| tables[channel][usize::from(byte)])
                    .collect();
                (shape.clone(), numbers)
            }
            (Input::Image(_), Self::Numbers) => {
                return Err(QuantizeInputError::NotAnImageModel {
                    expected: shape.clone(),
                });
            }
        };
        match FloatTensor::new(found, data) {
            Ok(numbers) => Ok(numbers),
            Err(error) => unreachable!("each byte became a number: {error}"),
        }
    }
}

/// How many inputs of shape `expected` an array of shape `found` holds.
fn samples(expected: &Shape, found: &Shape) -> Result<usize, QuantizeInputError> {
    let significant =
        |dims: &[u32]| -> Vec<u32> { dims.iter().copied().filter(|&dim| dim != 1).collect() };
    let wanted = significant(expected.dims());
    let is_input = |dims: &[u32]| {
        let dims = significant(dims);
        let flat = matches!(dims[..], [elements] if elements as usize == expected.elements());
        dims == wanted || flat
    };
    match found.dims() {
        dims if is_input(dims) => Ok(1),
        [count, rest @ ..] if is_input(rest) => Ok(*count as usize),
        _ => Err(QuantizeInputError::Shape {
            expected: expected.clone(),
            found: found.clone(),
        }),
    }
}

fn quantize_samples(
    spec: &InputSpec,
    shape: &Shape,
    numbers: &[f64],
) -> Result<Vec<Tensor>, QuantizeInputError> {
    samples(&spec.value.shape, shape)?;
    let per_sample = spec.value.shape.elements();
    numbers
        .chunks_exact(per_sample)
        .enumerate()
        .map(|(sample, numbers)| quantize_numbers(spec, numbers, sample * per_sample))
        .collect()
}

/// Quantises one input, whose first element is element `first` of what was given.
fn quantize_numbers(
    spec: &InputSpec,
    numbers: &[f64],
    first: usize,
) -> Result<Tensor, QuantizeInputError> {
    if let Some(index) = numbers.iter().position(|value| !value.is_finite()) {
        return Err(QuantizeInputError::NotFinite {
            index: first + index,
            value: numbers[index],
        });
    }
    let scale = power_of_two(spec.fraction_bits);
    // A product beyond the range of floats is infinite, and saturates as it should.
    let values = numbers.iter().map(|&x| round_half_up(x * scale) as i64);
    Ok(tensor(spec, values))
}

fn quantize_image(
    spec: &InputSpec,
    how: &ImagePreprocessing,
    image: &Image,
) -> Result<Tensor, QuantizeInputError> {
    check_size(how, image)?;
    let tables = tables(spec, how);
    let values = planar(how, image).map(|(channel, byte)| tables[channel][usize::from(byte)]);
    Ok(tensor(spec, values))
}

fn check_size(how: &ImagePreprocessing, image: &Image) -> Result<(), QuantizeInputError> {
    if (image.width(), image.height()) == (how.width, how.height) {
        return Ok(());
    }
    Err(QuantizeInputError::ImageSize {
        width: image.width(),
        height: image.height(),
        expected_width: how.width,
        expected_height: how.height,
    })
}

/// The bytes of a picture in a model's order, each with its channel.
fn planar(how: &ImagePreprocessing, image: &Image) -> impl Iterator<Item = (usize, u8)> {
    let pixels = how.width as usize * how.height as usize;
    let colour = how.colour;
    (0..colour.channels()).flat_map(move |channel| {
        (0..pixels).map(move |pixel| {
            let byte = match colour {
                Colour::Grey => image.grey(pixel),
                Colour::Rgb => image.colour(pixel, channel),
                Colour::Bgr => image.colour(pixel, 2 - channel),
            };
            (channel, byte)
        })
    })
}

/// A colour picture whose array has the channels last, as pictures usually have, red first.
fn interleaved(how: &ImagePreprocessing, shape: &Shape, data: &[u8]) -> Option<Image> {
    let colour = how.colour != Colour::Grey;
    let matches = colour && shape.dims() == [how.height, how.width, 3];
    matches
        .then(|| Image::new(how.width, how.height, 3, data.to_vec()))
        .flatten()
}

/// The integer of each byte, by channel: `round_half_up(x · 2^bits)`, exactly.
///
/// Bytes have 8 bits, fractions 32 and scales at most 32, so no product here passes 2¹⁰⁸.
fn tables(spec: &InputSpec, how: &ImagePreprocessing) -> Vec<[i64; 256]> {
    let bits = spec.fraction_bits;
    by_channel(how, |(mut numerator, mut denominator)| {
        if bits >= 0 {
            numerator <<= bits;
        } else {
            denominator <<= -i32::from(bits);
        }
        let rounded = (2 * numerator + denominator).div_euclid(2 * denominator);
        // Every type of a tensor is narrower than 64 bits: the ends stay ends.
        rounded.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    })
}

/// The real number of each byte, by channel.
fn real_tables(how: &ImagePreprocessing) -> Vec<[f64; 256]> {
    by_channel(how, |(numerator, denominator)| {
        numerator as f64 / denominator as f64
    })
}

/// What `of` makes of the exact fraction that each byte stands for, by channel.
fn by_channel<T>(how: &ImagePreprocessing, of: impl Fn((i128, i128)) -> T) -> Vec<[T; 256]> {
    let identity = Normalisation {
        mean: Rational {
            numerator: 0,
            denominator: 1,
        },
        deviation: Rational {
            numerator: 1,
            denominator: 1,
        },
    };
    (0..how.colour.channels())
        .map(|channel| {
            let normalisation = how.normalisation.get(channel).unwrap_or(&identity);
            std::array::from_fn(|byte| {
                let byte = if how.invert { 255 - byte } else { byte };
                of(fraction(byte as i128, how.range, normalisation))
            })
        })
        .collect()
}

/// `(range(byte) − mean) / deviation`, exactly, over a positive denominator.
fn fraction(byte: i128, range: PixelRange, normalisation: &Normalisation) -> (i128, i128) {
    let (above, below) = match range {
        PixelRange::Unit => (byte, 255),
        PixelRange::Byte => (byte, 1),
        PixelRange::Symmetric => (2 * byte - 255, 255),
    };
    let (mean, deviation) = (normalisation.mean, normalisation.deviation);
    let (mean_above, mean_below) = (i128::from(mean.numerator), i128::from(mean.denominator));
    (
        (above * mean_below - mean_above * below) * i128::from(deviation.denominator),
        below * mean_below * i128::from(deviation.numerator),
    )
}

/// A tensor of saturated values.
fn tensor(spec: &InputSpec, values: impl Iterator<Item = i64>) -> Tensor {
    let (low, high) = spec.value.dtype.range();
    let values = values.map(|value| value.clamp(low, high));
    let data = match spec.value.dtype {
        DType::I8 => TensorData::I8(values.map(|value| value as i8).collect()),
        DType::I16 => TensorData::I16(values.map(|value| value as i16).collect()),
        DType::I32 => TensorData::I32(values.map(|value| value as i32).collect()),
    };
    match Tensor::new(spec.value.shape.clone(), data) {
        Ok(tensor) => tensor,
        Err(error) => unreachable!("inputs were measured before: {error}"),
    }
}
