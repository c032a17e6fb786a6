//! Canonical bytes of a manifest's fields.

use bytes::BufMut;
use commonware_codec::{
    Buf, EncodeSize, Error as CodecError, FixedSize, RangeCfg, Read, ReadExt, Write,
};

use super::{
    AccuracyLoss, Colour, Correct, DESCRIPTION_BYTES_MAX, Fields, ImagePreprocessing, InputSpec,
    LABEL_BYTES_MAX, LABELS_MAX, LICENCE_BYTES_MAX, NAME_BYTES_MAX, Normalisation, OutputSpec,
    PixelRange, Preprocessing, Rational, VERSION_BYTES_MAX,
};
use crate::codec::{read_text, read_version, text_size, write_text};

/// Version byte of a manifest's canonical bytes.
const MANIFEST_VERSION: u8 = 1;

/// Most normalisations that are read: one per channel.
const CHANNELS_MAX: usize = 3;

impl Write for Fields {
    fn write(&self, buf: &mut impl BufMut) {
        MANIFEST_VERSION.write(buf);
        for text in [&self.name, &self.version, &self.licence, &self.description] {
            write_text(text, buf);
        }
        self.model.write(buf);
        self.program.write(buf);
        self.program_bytes.write(buf);
        self.input.write(buf);
        self.output.write(buf);
        self.loss.write(buf);
    }
}

impl EncodeSize for Fields {
    fn encode_size(&self) -> usize {
        let texts = [&self.name, &self.version, &self.licence, &self.description];
        let texts: usize = texts.into_iter().map(|text| text_size(text)).sum();
        1 + texts
            + self.model.encode_size()
            + self.program.encode_size()
            + self.program_bytes.encode_size()
            + self.input.encode_size()
            + self.output.encode_size()
            + self.loss.encode_size()
    }
}

impl Read for Fields {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        read_version(buf, MANIFEST_VERSION, "manifest")?;
        Ok(Self {
            name: read_text(buf, NAME_BYTES_MAX, "name")?,
            version: read_text(buf, VERSION_BYTES_MAX, "version")?,
            licence: read_text(buf, LICENCE_BYTES_MAX, "licence")?,
            description: read_text(buf, DESCRIPTION_BYTES_MAX, "description")?,
            model: ReadExt::read(buf)?,
            program: ReadExt::read(buf)?,
            program_bytes: u64::read(buf)?,
            input: InputSpec::read(buf)?,
            output: OutputSpec::read(buf)?,
            loss: AccuracyLoss::read(buf)?,
        })
    }
}

impl Write for InputSpec {
    fn write(&self, buf: &mut impl BufMut) {
        self.value.write(buf);
        self.fraction_bits.write(buf);
        match &self.preprocessing {
            Preprocessing::Numbers => 0u8.write(buf),
            Preprocessing::Image(image) => {
                1u8.write(buf);
                image.write(buf);
            }
        }
    }
}

impl EncodeSize for InputSpec {
    fn encode_size(&self) -> usize {
        let preprocessing = match &self.preprocessing {
            Preprocessing::Numbers => 1,
            Preprocessing::Image(image) => 1 + image.encode_size(),
        };
        self.value.encode_size() + self.fraction_bits.encode_size() + preprocessing
    }
}

impl Read for InputSpec {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Ok(Self {
            value: ReadExt::read(buf)?,
            fraction_bits: i8::read(buf)?,
            preprocessing: match u8::read(buf)? {
                0 => Preprocessing::Numbers,
                1 => Preprocessing::Image(ReadExt::read(buf)?),
                tag => return Err(CodecError::InvalidEnum(tag)),
            },
        })
    }
}

impl Write for ImagePreprocessing {
    fn write(&self, buf: &mut impl BufMut) {
        self.width.write(buf);
        self.height.write(buf);
        let colour: u8 = match self.colour {
            Colour::Grey => 0,
            Colour::Rgb => 1,
            Colour::Bgr => 2,
        };
        colour.write(buf);
        self.invert.write(buf);
        let range: u8 = match self.range {
            PixelRange::Unit => 0,
            PixelRange::Byte => 1,
            PixelRange::Symmetric => 2,
        };
        range.write(buf);
        self.normalisation.write(buf);
    }
}

impl EncodeSize for ImagePreprocessing {
    fn encode_size(&self) -> usize {
        11 + self.normalisation.encode_size()
    }
}

impl Read for ImagePreprocessing {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Ok(Self {
            width: u32::read(buf)?,
            height: u32::read(buf)?,
            colour: match u8::read(buf)? {
                0 => Colour::Grey,
                1 => Colour::Rgb,
                2 => Colour::Bgr,
                tag => return Err(CodecError::InvalidEnum(tag)),
            },
            invert: bool::read(buf)?,
            range: match u8::read(buf)? {
                0 => PixelRange::Unit,
                1 => PixelRange::Byte,
                2 => PixelRange::Symmetric,
                tag => return Err(CodecError::InvalidEnum(tag)),
            },
            normalisation: Vec::read_cfg(buf, &(RangeCfg::new(0..=CHANNELS_MAX), ()))?,
        })
    }
}

impl Write for Normalisation {
    fn write(&self, buf: &mut impl BufMut) {
        for rational in [self.mean, self.deviation] {
            rational.numerator.write(buf);
            rational.denominator.write(buf);
        }
    }
}

impl FixedSize for Normalisation {
    const SIZE: usize = 16;
}

impl Read for Normalisation {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        fn rational(buf: &mut impl Buf) -> Result<Rational, CodecError> {
            Ok(Rational {
                numerator: i32::read(buf)?,
                denominator: u32::read(buf)?,
            })
        }
        Ok(Self {
            mean: rational(buf)?,
            deviation: rational(buf)?,
        })
    }
}

impl Write for OutputSpec {
    fn write(&self, buf: &mut impl BufMut) {
        self.value.write(buf);
        self.fraction_bits.write(buf);
        self.labels.len().write(buf);
        for label in &self.labels {
            write_text(label, buf);
        }
    }
}

impl EncodeSize for OutputSpec {
    fn encode_size(&self) -> usize {
        let labels: usize = self.labels.iter().map(|label| text_size(label)).sum();
        self.value.encode_size()
            + self.fraction_bits.encode_size()
            + self.labels.len().encode_size()
            + labels
    }
}

impl Read for OutputSpec {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        let value = ReadExt::read(buf)?;
        let fraction_bits = i8::read(buf)?;
        let count = usize::read_cfg(buf, &RangeCfg::new(0..=LABELS_MAX))?;
        let labels: Result<Vec<String>, CodecError> = (0..count)
            .map(|_| read_text(buf, LABEL_BYTES_MAX, "label"))
            .collect();
        Ok(Self {
            value,
            fraction_bits,
            labels: labels?,
        })
    }
}

impl Write for AccuracyLoss {
    fn write(&self, buf: &mut impl BufMut) {
        self.samples.write(buf);
        self.agreeing.write(buf);
        match self.correct {
            None => 0u8.write(buf),
            Some(correct) => {
                1u8.write(buf);
                correct.float.write(buf);
                correct.integer.write(buf);
            }
        }
        self.mean_abs_error_micro.write(buf);
    }
}

impl EncodeSize for AccuracyLoss {
    fn encode_size(&self) -> usize {
        17 + if self.correct.is_some() { 8 } else { 0 }
    }
}

impl Read for AccuracyLoss {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Ok(Self {
            samples: u32::read(buf)?,
            agreeing: u32::read(buf)?,
            correct: match u8::read(buf)? {
                0 => None,
                1 => Some(Correct {
                    float: u32::read(buf)?,
                    integer: u32::read(buf)?,
                }),
                tag => return Err(CodecError::InvalidEnum(tag)),
            },
            mean_abs_error_micro: u64::read(buf)?,
        })
    }
}
