//! PNG images, to 8 bits of grey or colour per channel.

use std::io::Cursor;

use png::{ColorType, DecodeOptions, Decoder, Limits, Transformations};

use super::{Image, InputError, check_size};

/// Longest PNG file: an uncompressed picture of [`IMAGE_PIXELS_MAX`] colour pixels, and its chunks.
pub const PNG_BYTES_MAX: usize = 3 * IMAGE_PIXELS_MAX + (1 << 20);

/// Most pixels: 4096 × 4096, beyond what any model here looks at.
pub const IMAGE_PIXELS_MAX: usize = 1 << 24;

/// Most memory the decoder may take, in bytes: the picture with 16 bits of four channels per pixel.
const DECODER_BYTES_MAX: usize = 8 * IMAGE_PIXELS_MAX;

/// Reads the first frame of a PNG. Palettes are expanded, 16 bits per channel are cut to their upper
/// 8, an opaque alpha channel is dropped.
///
/// # Errors
/// [`InputError::Png`], [`InputError::ImageSize`], [`InputError::Transparent`], or
/// [`InputError::TooLarge`].
pub fn decode_png(bytes: &[u8]) -> Result<Image, InputError> {
    check_size("PNG image", bytes.len(), PNG_BYTES_MAX)?;
    let refused = |source| InputError::Png { source };

    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(Limits {
        bytes: DECODER_BYTES_MAX,
    });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(refused)?;
    let (width, height) = (header.width, header.height);
    let count = (width as usize)
        .checked_mul(height as usize)
        .filter(|&count| count <= IMAGE_PIXELS_MAX)
        .ok_or(InputError::ImageSize { width, height })?;

    let mut reader = decoder.read_info().map_err(refused)?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let frame = reader.next_frame(&mut pixels).map_err(refused)?;
    pixels.truncate(frame.buffer_size());
    let (channels, pixels) = match frame.color_type {
        ColorType::Grayscale => (1, pixels),
        ColorType::Rgb => (3, pixels),
        ColorType::GrayscaleAlpha => (1, opaque::<2>(&pixels)?),
        ColorType::Rgba => (3, opaque::<4>(&pixels)?),
        ColorType::Indexed => {
            unreachable!("the decoder was told to expand palettes")
        }
    };
    if pixels.len() != count * usize::from(channels) {
        return Err(InputError::ImageSize { width, height });
    }
    Image::new(width, height, channels, pixels).ok_or(InputError::ImageSize { width, height })
}

/// Drops the last of `N` channels, which must be opaque everywhere.
fn opaque<const N: usize>(pixels: &[u8]) -> Result<Vec<u8>, InputError> {
    let mut kept = Vec::with_capacity(pixels.len() / N * (N - 1));
    for pixel in pixels.chunks_exact(N) {
        if pixel[N - 1] != u8::MAX {
            return Err(InputError::Transparent);
        }
        kept.extend_from_slice(&pixel[..N - 1]);
    }
    Ok(kept)
}
