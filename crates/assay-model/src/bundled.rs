//! Three digit classifiers, a test set and a few pictures, compiled into the binary: a market has
//! something to sell offline.
//!
//! The files lie in `models/`, with their origin and licence in its README. `program.bin` and
//! `manifest.bin` are what [`import()`](crate::import()) makes of `model.onnx`; a test makes them anew.

use crate::{
    input::{FloatTensor, Input, decode_npz},
    manifest::Manifest,
    program::Program,
};

/// A model that comes with the binary.
#[derive(Debug, Clone, Copy)]
pub struct BundledModel {
    name: &'static str,
    program: &'static [u8],
    manifest: &'static [u8],
}

/// The picture of a handwritten digit, 28 × 28 grey pixels, white on black.
#[derive(Debug, Clone, Copy)]
pub struct DigitImage {
    /// Which digit it shows, 0 to 9.
    pub digit: u8,
    /// Its position in [`digits_test_set`].
    pub index: usize,
    /// The PNG file.
    pub png: &'static [u8],
}

/// Handwritten digits and what they show.
#[derive(Debug, Clone)]
pub struct DigitSet {
    /// `[digits, 784]`, from 0 (black) to 1 (white).
    pub images: FloatTensor,
    /// One class, 0 to 9, per digit.
    pub classes: Vec<u8>,
}

/// The archive of the test digits: arrays `x` and `y`.
pub static DIGITS_TEST_NPZ: &[u8] = include_bytes!("../../../models/digits/test.npz");

macro_rules! model {
    ($name:literal) => {
        BundledModel {
            name: $name,
            program: include_bytes!(concat!("../../../models/", $name, "/program.bin")),
            manifest: include_bytes!(concat!("../../../models/", $name, "/manifest.bin")),
        }
    };
}

static MODELS: [BundledModel; 3] = [
    model!("digits-lenet"),
    model!("digits-mlp"),
    model!("digits-smallcnn"),
];

macro_rules! digit {
    ($digit:literal, $index:literal) => {
        DigitImage {
            digit: $digit,
            index: $index,
            png: include_bytes!(concat!("../../../models/digits/digit-", $digit, ".png")),
        }
    };
}

static DIGITS: [DigitImage; 10] = [
    digit!(0, 4),
    digit!(1, 6),
    digit!(2, 0),
    digit!(3, 20),
    digit!(4, 5),
    digit!(5, 17),
    digit!(6, 1),
    digit!(7, 3),
    digit!(8, 12),
    digit!(9, 13),
];

/// The bundled models, by name.
pub fn bundled() -> &'static [BundledModel] {
    &MODELS
}

/// The bundled model called `name`.
pub fn find(name: &str) -> Option<&'static BundledModel> {
    MODELS.iter().find(|model| model.name == name)
}

/// One picture of each digit, none of which a model was trained or calibrated on.
pub fn digit_images() -> &'static [DigitImage] {
    &DIGITS
}

/// The 1 000 digits that were held out of training and calibration.
///
/// # Panics
/// Never: the tests read the archive that is compiled in.
pub fn digits_test_set() -> DigitSet {
    let array = |name| match decode_npz(DIGITS_TEST_NPZ, Some(name)) {
        Ok(Input::Reals(array)) => array,
        other => unreachable!("the bundled archive has the array {name}: {other:?}"),
    };
    let classes = array("y");
    DigitSet {
        images: array("x"),
        classes: classes.data().iter().map(|&class| class as u8).collect(),
    }
}

impl BundledModel {
    /// The model's name, as its manifest has it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Canonical bytes of the program.
    pub fn program_bytes(&self) -> &'static [u8] {
        self.program
    }

    /// Canonical bytes of the manifest.
    pub fn manifest_bytes(&self) -> &'static [u8] {
        self.manifest
    }

    /// The program.
    ///
    /// # Panics
    /// Never: the tests read the bytes that are compiled in.
    pub fn program(&self) -> Program {
        match Program::from_bytes(self.program) {
            Ok(program) => program,
            Err(error) => unreachable!("bundled program {}: {error}", self.name),
        }
    }

    /// The manifest.
    ///
    /// # Panics
    /// Never: the tests read the bytes that are compiled in.
    pub fn manifest(&self) -> Manifest {
        match Manifest::from_bytes(self.manifest) {
            Ok(manifest) => manifest,
            Err(error) => unreachable!("bundled manifest {}: {error}", self.name),
        }
    }
}
