//! Groth16 over BN254, in the JSON that snarkjs writes and in canonical bytes.
//!
//! ```text
//! verification_key.json ─ Key::from_snarkjs ──► Key     ◄── Key::from_bytes ─     1 | α | β | γ | δ | IC₀ … ICₙ
//! public.json ───── Signals::from_snarkjs ──► Signals ◄── Signals::from_bytes ─ s₁ … sₙ
//! proof.json ────── Proof::from_snarkjs ────► Proof   ◄── Proof::from_bytes ──  1 | A | B | C
//! ```
//! A proof holds when e(A, B) = e(α, β) · e(IC₀ + Σ sᵢ·ICᵢ, γ) · e(C, δ). Bytes are a version, then points
//! compressed as `ark-serialize` does: x, least significant byte first (32 bytes in the first group, 64 in the
//! second), and in the two top bits whether y is the larger root. Signals are 32 bytes each, least significant
//! first. No count is written: it follows from the length.
//!
//! Curve and pairing are arkworks'. The equation is written out here: `ark-groth16` takes missing signals for zero,
//! and links sponges and transcripts that no verifier needs. It is the tests' prover and their second opinion.
//!
//! Source: Groth 2016 (eprint 2016/260); the JSON of snarkjs 0.7.

mod snarkjs;

use crate::{
    Part, Refused,
    field::{G2_BYTES, NUMBER_BYTES, compressed, named, to_bytes},
};
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, g1, g2};
use ark_ec::{
    CurveGroup as _, VariableBaseMSM as _,
    bn::G2Prepared,
    pairing::{Pairing as _, PairingOutput},
};
use ark_serialize::CanonicalDeserialize as _;

pub use snarkjs::{KEY_JSON_BYTES_MAX, PROOF_JSON_BYTES_MAX, SIGNALS_JSON_BYTES_MAX};

/// The version of a key's bytes, the first of them.
pub const KEY_VERSION: u8 = 1;
/// The version of a proof's bytes, the first of them.
pub const PROOF_VERSION: u8 = 1;
/// Most public signals. Each costs a multiplication in the first group; larger statements are hashed by their
/// circuit into one signal.
pub const SIGNALS_MAX: usize = 256;
/// Bytes of a proof.
pub const PROOF_BYTES: usize = 1 + 2 * NUMBER_BYTES + G2_BYTES;
/// Bytes of the key of a circuit without public signals.
pub const KEY_BYTES_MIN: usize = 1 + 2 * NUMBER_BYTES + 3 * G2_BYTES;
/// Bytes of the largest key.
pub const KEY_BYTES_MAX: usize = KEY_BYTES_MIN + SIGNALS_MAX * NUMBER_BYTES;

/// A circuit's verification key, prepared.
///
/// Its bytes are what is registered; a hash of them names the circuit and its setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    points: KeyPoints,
    /// e(α, β).
    target: PairingOutput<Bn254>,
    /// −γ and −δ, prepared for pairings.
    negated: [G2Prepared<ark_bn254::Config>; 2],
}

/// What a key consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyPoints {
    alpha: G1Affine,
    beta: G2Affine,
    gamma: G2Affine,
    delta: G2Affine,
    /// IC₀.
    constant: G1Affine,
    /// IC₁ … ICₙ.
    factors: Vec<G1Affine>,
}

/// The public signals of one statement, in the circuit's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signals(Vec<Fr>);

/// A proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    a: G1Affine,
    b: G2Affine,
    c: G1Affine,
}

/// Checks that `proof` proves `signals` under `key`.
///
/// # Errors
/// [`Refused::SignalCount`] when the key is for another number of signals, [`Refused::DoesNotHold`] when the
/// equation does not hold.
pub fn verify(key: &Key, signals: &Signals, proof: &Proof) -> Result<(), Refused> {
    if key.signals() != signals.0.len() {
        return Err(Refused::SignalCount {
            key: key.signals(),
            given: signals.0.len(),
        });
    }
    let bound = key.bind(&signals.0);
    let [gamma, delta] = key.negated.clone();
    // Three Miller loops and one exponentiation; both have values for points of prime order.
    let product = Bn254::multi_pairing([proof.a, bound, proof.c], [proof.b.into(), gamma, delta]);
    if product != key.target {
        return Err(Refused::DoesNotHold);
    }
    Ok(())
}

impl Key {
    /// Reads `verification_key.json`.
    ///
    /// # Errors
    /// [`Refused`]: text that is too long or has another form, another protocol or curve, numbers or points that
    /// are not canonical, a count of points that is not one more than the signals', or a pairing of α and β
    /// (`vk_alphabeta_12`, where it is given) that is not theirs.
    pub fn from_snarkjs(json: &[u8]) -> Result<Self, Refused> {
        snarkjs::key(json)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) writes; trailing bytes are refused.
    ///
    /// # Errors
    /// [`Refused`]: another length or version, a point that is not canonical.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let part = Part::Key;
        within(part, bytes, KEY_BYTES_MAX)?;
        let factors = bytes.len().checked_sub(KEY_BYTES_MIN);
        if factors.is_none_or(|bytes| !bytes.is_multiple_of(NUMBER_BYTES)) {
            let bytes = bytes.len();
            return Err(Refused::Length { part, bytes });
        }
        let mut points = Points::after_version(part, bytes, KEY_VERSION)?;
        Ok(Self::prepare(KeyPoints {
            alpha: points.g1("alpha")?,
            beta: points.g2("beta")?,
            gamma: points.g2("gamma")?,
            delta: points.g2("delta")?,
            constant: points.g1("IC[0]")?,
            factors: points.rest_g1("IC", 1)?,
        }))
    }

    /// Its canonical bytes, at most [`KEY_BYTES_MAX`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let KeyPoints {
            alpha,
            beta,
            gamma,
            delta,
            constant,
            factors,
        } = &self.points;
        let mut bytes = vec![KEY_VERSION];
        bytes.extend(to_bytes(alpha));
        for point in [beta, gamma, delta] {
            bytes.extend(to_bytes(point));
        }
        bytes.extend(to_bytes(constant));
        bytes.extend(factors.iter().flat_map(to_bytes));
        bytes
    }

    /// How many public signals a statement of its circuit has.
    #[must_use]
    pub fn signals(&self) -> usize {
        self.points.factors.len()
    }

    /// IC₀ + Σ sᵢ·ICᵢ, in one sum over all signals, which is many times faster than one product after the other.
    fn bind(&self, signals: &[Fr]) -> G1Affine {
        let KeyPoints {
            constant, factors, ..
        } = &self.points;
        (G1Projective::msm_unchecked(factors, signals) + constant).into_affine()
    }

    /// Computes what every verification needs: a pairing, and the lines of two points.
    fn prepare(points: KeyPoints) -> Self {
        Self {
            target: Bn254::pairing(points.alpha, points.beta),
            negated: [(-points.gamma).into(), (-points.delta).into()],
            points,
        }
    }
}

impl Signals {
    /// Reads `public.json`.
    ///
    /// # Errors
    /// [`Refused`]: text that is too long or has another form, numbers that are not canonical, more than
    /// [`SIGNALS_MAX`] of them.
    pub fn from_snarkjs(json: &[u8]) -> Result<Self, Refused> {
        snarkjs::signals(json)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) writes.
    ///
    /// # Errors
    /// [`Refused`]: a length that is no multiple of 32 or above [`SIGNALS_MAX`] signals, a number that is not below
    /// the modulus.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let part = Part::Public;
        within(part, bytes, SIGNALS_MAX * NUMBER_BYTES)?;
        if !bytes.len().is_multiple_of(NUMBER_BYTES) {
            let bytes = bytes.len();
            return Err(Refused::Length { part, bytes });
        }
        let numbers = bytes.chunks_exact(NUMBER_BYTES).enumerate();
        let numbers = numbers.map(|(index, number)| {
            Fr::deserialize_compressed(number).map_err(|_| Refused::Number {
                part,
                name: format!("signal[{index}]"),
                fault: crate::NumberFault::Range,
            })
        });
        numbers.collect::<Result<_, _>>().map(Self)
    }

    /// Their canonical bytes: 32 each.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(to_bytes).collect()
    }

    /// From numbers that this crate itself computed.
    pub(crate) fn from_numbers(numbers: Vec<Fr>) -> Self {
        Self(numbers)
    }
}

impl Proof {
    /// Reads `proof.json`.
    ///
    /// # Errors
    /// [`Refused`]: text that is too long or has another form, another protocol or curve, numbers or points that
    /// are not canonical.
    pub fn from_snarkjs(json: &[u8]) -> Result<Self, Refused> {
        snarkjs::proof(json)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) writes; trailing bytes are refused.
    ///
    /// # Errors
    /// [`Refused`]: another length or version, a point that is not canonical.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let part = Part::Proof;
        if bytes.len() != PROOF_BYTES {
            let bytes = bytes.len();
            return Err(Refused::Length { part, bytes });
        }
        let mut points = Points::after_version(part, bytes, PROOF_VERSION)?;
        Ok(Self {
            a: points.g1("A")?,
            b: points.g2("B")?,
            c: points.g1("C")?,
        })
    }

    /// Its canonical bytes: [`PROOF_BYTES`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { a, b, c } = self;
        let points = [to_bytes(a), to_bytes(b), to_bytes(c)];
        [vec![PROOF_VERSION], points.concat()].concat()
    }

    /// From points that were checked one by one.
    pub(crate) fn from_points(a: G1Affine, b: G2Affine, c: G1Affine) -> Self {
        Self { a, b, c }
    }
}

/// Compressed points, one after the other.
struct Points<'a> {
    part: Part,
    rest: &'a [u8],
}

impl<'a> Points<'a> {
    fn after_version(part: Part, bytes: &'a [u8], known: u8) -> Result<Self, Refused> {
        let (&found, rest) = bytes
            .split_first()
            .ok_or(Refused::Length { part, bytes: 0 })?;
        if found != known {
            return Err(Refused::Version { part, found, known });
        }
        Ok(Self { part, rest })
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], Refused> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(Refused::Length {
            part: self.part,
            bytes: self.rest.len(),
        })?;
        self.rest = rest;
        Ok(taken)
    }

    fn g1(&mut self, name: &str) -> Result<G1Affine, Refused> {
        let point = compressed::<g1::Config>(self.take(NUMBER_BYTES)?);
        named(point, self.part, name)
    }

    fn g2(&mut self, name: &str) -> Result<G2Affine, Refused> {
        let point = compressed::<g2::Config>(self.take(G2_BYTES)?);
        named(point, self.part, name)
    }

    fn rest_g1(&self, name: &str, first: usize) -> Result<Vec<G1Affine>, Refused> {
        let points = (first..).zip(self.rest.chunks(NUMBER_BYTES));
        let points = points.map(|(index, bytes)| {
            let point = compressed::<g1::Config>(bytes);
            named(point, self.part, format!("{name}[{index}]"))
        });
        points.collect()
    }
}

fn within(part: Part, bytes: &[u8], most: usize) -> Result<(), Refused> {
    let bytes = bytes.len();
    if bytes > most {
        return Err(Refused::TooLong { part, bytes, most });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
