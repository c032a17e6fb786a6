//! The three files that snarkjs writes. JSON is a view: only what is read from it is ever hashed.

use super::{Key, KeyPoints, Proof, SIGNALS_MAX, Signals, within};
use crate::{
    NumberFault, Part, Refused,
    field::{decimal, g1, g2, named},
};
use ark_bn254::{Fq, Fq2, Fq6, Fq12, Fr, G1Affine, G2Affine};
use ark_ff::{BigInt, PrimeField};
use serde::{Deserialize, de::DeserializeOwned};

/// Longest `verification_key.json`: a point of [`SIGNALS_MAX`] takes about 200 bytes, indented.
pub const KEY_JSON_BYTES_MAX: usize = 128 * 1024;
/// Longest `public.json`: a signal takes at most 78 digits, quotes, a comma, and a line with its indentation.
pub const SIGNALS_JSON_BYTES_MAX: usize = 32 * 1024;
/// Longest `proof.json`: eight coordinates and their frame take less than a kilobyte.
pub const PROOF_JSON_BYTES_MAX: usize = 4 * 1024;

const PROTOCOL: &str = "groth16";
/// snarkjs's name for BN254.
const CURVE: &str = "bn128";

/// x, y and z of a point of the first group.
type G1Json = [String; 3];
/// x, y and z of a point of the second group, the real part first.
type G2Json = [[String; 2]; 3];
/// An element of the target group, over the tower 2, 6, 12.
type TargetJson = [[[String; 2]; 3]; 2];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyJson {
    protocol: String,
    curve: String,
    #[serde(rename = "nPublic")]
    signals: usize,
    vk_alpha_1: G1Json,
    vk_beta_2: G2Json,
    vk_gamma_2: G2Json,
    vk_delta_2: G2Json,
    /// e(α, β), which follows from the rest.
    vk_alphabeta_12: Option<TargetJson>,
    #[serde(rename = "IC")]
    ic: Vec<G1Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofJson {
    pi_a: G1Json,
    pi_b: G2Json,
    pi_c: G1Json,
    protocol: String,
    curve: String,
}

pub(super) fn key(json: &[u8]) -> Result<Key, Refused> {
    let part = Part::Key;
    let json: KeyJson = parse(part, json, KEY_JSON_BYTES_MAX)?;
    check_system(part, json.protocol, json.curve)?;
    check_count(part, json.signals)?;
    let Some((constant, factors)) = json
        .ic
        .split_first()
        .filter(|(_, factors)| factors.len() == json.signals)
    else {
        return Err(Refused::Contradiction { field: "nPublic" });
    };
    let factors = (1..).zip(factors);
    let factors = factors.map(|(index, point)| point_1(part, &format!("IC[{index}]"), point));
    let key = Key::prepare(KeyPoints {
        alpha: point_1(part, "vk_alpha_1", &json.vk_alpha_1)?,
        beta: point_2(part, "vk_beta_2", &json.vk_beta_2)?,
        gamma: point_2(part, "vk_gamma_2", &json.vk_gamma_2)?,
        delta: point_2(part, "vk_delta_2", &json.vk_delta_2)?,
        constant: point_1(part, "IC[0]", constant)?,
        factors: factors.collect::<Result<_, _>>()?,
    });
    if let Some(given) = &json.vk_alphabeta_12
        && target(part, "vk_alphabeta_12", given)? != key.target.0
    {
        let field = "vk_alphabeta_12";
        return Err(Refused::Contradiction { field });
    }
    Ok(key)
}

pub(super) fn signals(json: &[u8]) -> Result<Signals, Refused> {
    let part = Part::Public;
    let json: Vec<String> = parse(part, json, SIGNALS_JSON_BYTES_MAX)?;
    check_count(part, json.len())?;
    let numbers = json.iter().enumerate();
    let numbers = numbers.map(|(index, text)| number(part, &format!("signal[{index}]"), text));
    numbers.collect::<Result<Vec<Fr>, _>>().map(Signals)
}

pub(super) fn proof(json: &[u8]) -> Result<Proof, Refused> {
    let part = Part::Proof;
    let json: ProofJson = parse(part, json, PROOF_JSON_BYTES_MAX)?;
    check_system(part, json.protocol, json.curve)?;
    Ok(Proof::from_points(
        point_1(part, "pi_a", &json.pi_a)?,
        point_2(part, "pi_b", &json.pi_b)?,
        point_1(part, "pi_c", &json.pi_c)?,
    ))
}

fn parse<T: DeserializeOwned>(part: Part, json: &[u8], most: usize) -> Result<T, Refused> {
    within(part, json, most)?;
    serde_json::from_slice(json).map_err(|error| Refused::Json {
        part,
        reason: error.to_string(),
    })
}

fn check_system(part: Part, protocol: String, curve: String) -> Result<(), Refused> {
    for (field, found, known) in [("protocol", protocol, PROTOCOL), ("curve", curve, CURVE)] {
        if found != known {
            return Err(Refused::System {
                part,
                field,
                found,
                known,
            });
        }
    }
    Ok(())
}

fn check_count(part: Part, signals: usize) -> Result<(), Refused> {
    if signals > SIGNALS_MAX {
        return Err(Refused::TooManySignals {
            part,
            signals,
            most: SIGNALS_MAX,
        });
    }
    Ok(())
}

fn point_1(part: Part, name: &str, [x, y, z]: &G1Json) -> Result<G1Affine, Refused> {
    let point = g1(
        number(part, &format!("{name}[0]"), x)?,
        number(part, &format!("{name}[1]"), y)?,
    );
    check_scale(part, name, &[z], &["1"])?;
    named(point, part, name)
}

fn point_2(part: Part, name: &str, [x, y, z]: &G2Json) -> Result<G2Affine, Refused> {
    let point = g2(
        number_2(part, &format!("{name}[0]"), x)?,
        number_2(part, &format!("{name}[1]"), y)?,
    );
    check_scale(part, name, &[&z[0], &z[1]], &["1", "0"])?;
    named(point, part, name)
}

/// snarkjs writes affine points in projective form; z says nothing, so it has one spelling.
fn check_scale(part: Part, name: &str, found: &[&String], one: &[&str]) -> Result<(), Refused> {
    if found != one {
        return Err(Refused::Number {
            part,
            name: format!("{name}[2]"),
            fault: NumberFault::Scale,
        });
    }
    Ok(())
}

fn target(part: Part, name: &str, [low, high]: &TargetJson) -> Result<Fq12, Refused> {
    let half = |index: usize, [a, b, c]: &[[String; 2]; 3]| {
        Ok(Fq6::new(
            number_2(part, &format!("{name}[{index}][0]"), a)?,
            number_2(part, &format!("{name}[{index}][1]"), b)?,
            number_2(part, &format!("{name}[{index}][2]"), c)?,
        ))
    };
    Ok(Fq12::new(half(0, low)?, half(1, high)?))
}

fn number_2(part: Part, name: &str, [real, imaginary]: &[String; 2]) -> Result<Fq2, Refused> {
    let real: Fq = number(part, &format!("{name}[0]"), real)?;
    let imaginary: Fq = number(part, &format!("{name}[1]"), imaginary)?;
    Ok(Fq2::new(real, imaginary))
}

fn number<F>(part: Part, name: &str, text: &str) -> Result<F, Refused>
where
    F: PrimeField<BigInt = BigInt<4>>,
{
    decimal(text).map_err(|fault| Refused::Number {
        part,
        name: name.to_owned(),
        fault,
    })
}
