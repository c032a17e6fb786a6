//! Makes the bundled models anew from their ONNX files, and the sample pictures from the test digits:
//! `cargo run -p assay-model --example import_bundled`, from the root of the workspace.
//!
//! Run it on purpose only: another program is another model id.

#![allow(
    clippy::disallowed_methods,
    reason = "the library knows no files; this example writes those of the repository"
)]

use std::{error::Error, fs, path::Path};

use assay_model::{
    Calibration, Card, Collection, FloatTensor, Input, import,
    input::decode_npz,
    manifest::{Colour, ImagePreprocessing, Preprocessing},
};

const MODELS: [(&str, &str); 3] = [
    (
        "digits-mlp",
        "Handwritten digits, 784-128-64-10 multilayer perceptron.",
    ),
    (
        "digits-smallcnn",
        "Handwritten digits, two small convolutions (4 and 8 channels) and a linear layer.",
    ),
    (
        "digits-lenet",
        "Handwritten digits, LeNet-5 shape: two convolutions and three linear layers.",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let package = std::env::var("CARGO_MANIFEST_DIR")?;
    let models = Path::new(&package).join("../../models");
    let calibration = fs::read(models.join("digits/calibration.npz"))?;
    let inputs = Input::Reals(array(&calibration, "x")?);
    let classes = array(&calibration, "y")?;
    for (name, description) in MODELS {
        let folder = models.join(name);
        let card = Card {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT OR Apache-2.0".to_owned(),
            description: description.to_owned(),
            preprocessing: Some(Preprocessing::Image(ImagePreprocessing::unit(
                28,
                28,
                Colour::Grey,
            ))),
            labels: (0..10).map(|digit| digit.to_string()).collect(),
            input: None,
        };
        let calibration = Calibration {
            samples: Collection {
                inputs: &inputs,
                classes: Some(&classes),
            },
            held_out: None,
        };
        let file = fs::read(folder.join("model.onnx"))?;
        let imported = import(&file, calibration, card)?;
        fs::write(folder.join("program.bin"), imported.program.to_bytes())?;
        fs::write(folder.join("manifest.bin"), imported.manifest.to_bytes())?;
        fs::write(
            folder.join("manifest.json"),
            imported.manifest.view().to_json(),
        )?;
    }

    let test = fs::read(models.join("digits/test.npz"))?;
    let (images, classes) = (array(&test, "x")?, array(&test, "y")?);
    for digit in 0..10 {
        let wanted = f64::from(digit);
        let Some(index) = classes.data().iter().position(|&class| class == wanted) else {
            continue;
        };
        let pixels = images.data()[index * 784..][..784]
            .iter()
            .map(|&x| (x * 255.0).round() as u8);
        let png = grey_png(28, 28, &pixels.collect::<Vec<u8>>())?;
        fs::write(models.join(format!("digits/digit-{digit}.png")), png)?;
    }
    Ok(())
}

fn array(archive: &[u8], name: &str) -> Result<FloatTensor, Box<dyn Error>> {
    match decode_npz(archive, Some(name))? {
        Input::Reals(array) => Ok(array),
        _ => Err(format!("{name} is no array of numbers").into()),
    }
}

fn grey_png(width: u32, height: u32, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}
