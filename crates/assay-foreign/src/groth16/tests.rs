//! Two vectors: one that snarkjs made, and one that ark-groth16 proves here and the test writes as snarkjs would.

use super::*;
use crate::{NumberFault, PointFault, System};
use ark_bn254::{Fq, Fq2, G2Affine};
use ark_ec::AffineRepr as _;
use ark_ff::{BigInteger as _, One as _, PrimeField as _};
use ark_groth16::{Groth16, VerifyingKey, prepare_verifying_key};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError};
use ark_snark::SNARK as _;
use ark_std::rand::{SeedableRng as _, rngs::StdRng};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Key, public signals and proof as JSON.
struct Vector {
    key: Value,
    signals: Value,
    proof: Value,
}

impl Vector {
    /// a · b = 33, made by Circom and snarkjs; see tests/vectors/README.md.
    fn multiplier() -> Self {
        let read = |text| serde_json::from_str(text).expect("JSON");
        Self {
            key: read(include_str!("../../tests/vectors/multiplier-key.json")),
            signals: read(include_str!("../../tests/vectors/multiplier-public.json")),
            proof: read(include_str!("../../tests/vectors/multiplier-proof.json")),
        }
    }

    /// x · y and x² + y, made by ark-groth16.
    fn polynomial() -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        let circuit = Polynomial {
            x: Fr::from(3_u64),
            y: -Fr::from(5_u64),
        };
        let (proving, key) =
            Groth16::<Bn254>::circuit_specific_setup(circuit, &mut rng).expect("a circuit");
        let proof = Groth16::<Bn254>::prove(&proving, circuit, &mut rng).expect("a witness");
        let ic: Vec<Value> = key.gamma_abc_g1.iter().map(json_1).collect();
        Self {
            key: json!({
                "protocol": "groth16",
                "curve": "bn128",
                "nPublic": 2,
                "vk_alpha_1": json_1(&key.alpha_g1),
                "vk_beta_2": json_2(&key.beta_g2),
                "vk_gamma_2": json_2(&key.gamma_g2),
                "vk_delta_2": json_2(&key.delta_g2),
                "IC": ic,
            }),
            signals: json!(circuit.signals().map(|signal| signal.to_string())),
            proof: json!({
                "pi_a": json_1(&proof.a),
                "pi_b": json_2(&proof.b),
                "pi_c": json_1(&proof.c),
                "protocol": "groth16",
                "curve": "bn128",
            }),
        }
    }

    fn check(&self) -> Result<(), Refused> {
        let (key, signals, proof) = self.read()?;
        let typed = verify(&key, &signals, &proof);
        assert_eq!(typed.is_ok(), second_opinion(&key, &signals, &proof));
        let bytes =
            System::Groth16.verify_bytes(&key.to_bytes(), &signals.to_bytes(), &proof.to_bytes());
        assert_eq!(typed, bytes, "both doors answer the same");
        typed
    }

    fn read(&self) -> Result<(Key, Signals, Proof), Refused> {
        Ok((
            Key::from_snarkjs(self.key.to_string().as_bytes())?,
            Signals::from_snarkjs(self.signals.to_string().as_bytes())?,
            Proof::from_snarkjs(self.proof.to_string().as_bytes())?,
        ))
    }

    fn parts(&mut self) -> [&mut Value; 3] {
        [&mut self.key, &mut self.signals, &mut self.proof]
    }
}

/// Knows x and y; says x · y and x² + y.
#[derive(Clone, Copy)]
struct Polynomial {
    x: Fr,
    y: Fr,
}

impl Polynomial {
    fn signals(&self) -> [Fr; 2] {
        [self.x * self.y, self.x * self.x + self.y]
    }
}

impl ConstraintSynthesizer<Fr> for Polynomial {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        use ark_relations::lc;
        let [product, sum] = self.signals();
        let product = cs.new_input_variable(|| Ok(product))?;
        let sum = cs.new_input_variable(|| Ok(sum))?;
        let x = cs.new_witness_variable(|| Ok(self.x))?;
        let y = cs.new_witness_variable(|| Ok(self.y))?;
        cs.enforce_r1cs_constraint(|| lc!() + x, || lc!() + y, || lc!() + product)?;
        cs.enforce_r1cs_constraint(|| lc!() + x, || lc!() + x, || lc!() + sum - y)
    }
}

/// What ark-groth16's verifier says.
fn second_opinion(key: &Key, signals: &Signals, proof: &Proof) -> bool {
    let points = &key.points;
    let key = VerifyingKey::<Bn254> {
        alpha_g1: points.alpha,
        beta_g2: points.beta,
        gamma_g2: points.gamma,
        delta_g2: points.delta,
        gamma_abc_g1: [&[points.constant], points.factors.as_slice()].concat(),
    };
    let Proof { a, b, c } = proof.clone();
    let proof = ark_groth16::Proof { a, b, c };
    let key = prepare_verifying_key(&key);
    signals.0.len() + 1 == key.vk.gamma_abc_g1.len()
        && Groth16::<Bn254>::verify_proof(&key, &proof, &signals.0).expect("points that pair")
}

fn json_1(point: &G1Affine) -> Value {
    let (x, y) = point.xy().expect("not neutral");
    json!([x.to_string(), y.to_string(), "1"])
}

fn json_2(point: &G2Affine) -> Value {
    let (x, y) = point.xy().expect("not neutral");
    let pair = |number: Fq2| [number.c0.to_string(), number.c1.to_string()];
    json!([pair(x), pair(y), ["1", "0"]])
}

/// The paths of all strings that are numbers.
fn numbers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::String(text) if text.parse::<f64>().is_ok() => found.push(path),
            Value::Array(values) => {
                open.extend(
                    (0..)
                        .zip(values)
                        .map(|(i, value)| (format!("{path}/{i}"), value)),
                );
            }
            Value::Object(values) => {
                open.extend(
                    values
                        .iter()
                        .map(|(k, value)| (format!("{path}/{k}"), value)),
                );
            }
            _ => {}
        }
    }
    found
}

/// The number one above, of the field that is larger; the text's own field does not matter for one step.
fn above(text: &str) -> String {
    let number: Fq = text.parse().expect("a number");
    (number + Fq::one()).to_string()
}

#[test]
fn honest_proofs_hold() {
    for vector in [Vector::multiplier(), Vector::polynomial()] {
        assert_eq!(vector.check(), Ok(()));
    }
}

#[test]
fn bytes_are_frozen() {
    let (key, signals, proof) = Vector::multiplier().read().expect("honest");
    let digest = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    assert_eq!(key.to_bytes().len(), KEY_BYTES_MIN + NUMBER_BYTES);
    assert_eq!(proof.to_bytes().len(), PROOF_BYTES);
    assert_eq!(
        hex::encode(signals.to_bytes()),
        format!("21{}", "00".repeat(31))
    );
    assert_eq!(
        digest(&key.to_bytes()),
        "27d7b12cf33698a8556fbf4637ad2f699d7270668184b51d479fae6b435747db"
    );
    assert_eq!(
        digest(&proof.to_bytes()),
        "326536df0fe56cbbc09870b1ce866527e433815852581f9b0fd8ad2a67a7cf2e"
    );
}

#[test]
fn bytes_are_read_as_they_are_written() {
    for vector in [Vector::multiplier(), Vector::polynomial()] {
        let (key, signals, proof) = vector.read().expect("honest");
        assert_eq!(Key::from_bytes(&key.to_bytes()), Ok(key));
        assert_eq!(Signals::from_bytes(&signals.to_bytes()), Ok(signals));
        assert_eq!(Proof::from_bytes(&proof.to_bytes()), Ok(proof));
    }
}

#[test]
fn every_number_matters() {
    for make in [Vector::multiplier, Vector::polynomial] {
        let mut mutated = 0;
        for part in 0..3 {
            for path in numbers(make().parts()[part]) {
                let mut vector = make();
                let number = vector.parts()[part].pointer_mut(&path).expect("its path");
                *number = above(number.as_str().expect("a string")).into();
                assert!(vector.check().is_err(), "part {part}: {path}");
                mutated += 1;
            }
        }
        assert!(mutated > 30, "{mutated}");
    }
}

#[test]
fn every_byte_matters() {
    let (key, signals, proof) = Vector::multiplier().read().expect("honest");
    let parts = [key.to_bytes(), signals.to_bytes(), proof.to_bytes()];
    for part in 0..3 {
        for index in 0..parts[part].len() {
            // The two top bits of a point's last byte say which root y is.
            for bit in [index % 6, 6, 7] {
                let mut parts = parts.clone();
                parts[part][index] ^= 1 << bit;
                let verdict = System::Groth16.verify_bytes(&parts[0], &parts[1], &parts[2]);
                assert!(verdict.is_err(), "part {part}, byte {index}, bit {bit}");
            }
        }
    }
}

#[test]
fn signals_are_counted() {
    let (key, signals, proof) = Vector::multiplier().read().expect("honest");
    let none = Signals::from_bytes(&[]).expect("no signals");
    let count = |given| Err(Refused::SignalCount { key: 1, given });
    assert_eq!(verify(&key, &none, &proof), count(0));
    let two = [signals.to_bytes(), vec![0; NUMBER_BYTES]].concat();
    let two = Signals::from_bytes(&two).expect("two signals");
    assert_eq!(verify(&key, &two, &proof), count(2));
}

#[test]
fn a_key_has_one_point_more_than_signals() {
    let field = "nPublic";
    for count in [json!(0), json!(2)] {
        let mut vector = Vector::multiplier();
        vector.key["nPublic"] = count;
        assert_eq!(vector.check(), Err(Refused::Contradiction { field }));
    }
    let mut vector = Vector::multiplier();
    vector.key["IC"].as_array_mut().expect("an array").pop();
    assert_eq!(vector.check(), Err(Refused::Contradiction { field }));
    vector.key["IC"] = json!([]);
    vector.key["nPublic"] = json!(u64::MAX);
    assert!(matches!(
        vector.check(),
        Err(Refused::TooManySignals { .. })
    ));
}

#[test]
fn other_spellings_of_a_number_are_refused() {
    let modulus = Fr::MODULUS;
    let mut above = Fr::MODULUS;
    above.add_with_carry(&Fr::from(33_u64).into_bigint());
    for (text, fault) in [
        (String::new(), NumberFault::Spelling),
        ("033".to_owned(), NumberFault::Spelling),
        ("+33".to_owned(), NumberFault::Spelling),
        ("-33".to_owned(), NumberFault::Spelling),
        (" 33".to_owned(), NumberFault::Spelling),
        ("33 ".to_owned(), NumberFault::Spelling),
        ("0x21".to_owned(), NumberFault::Spelling),
        ("33.0".to_owned(), NumberFault::Spelling),
        ("3_3".to_owned(), NumberFault::Spelling),
        ("٣٣".to_owned(), NumberFault::Spelling),
        (modulus.to_string(), NumberFault::Range),
        (above.to_string(), NumberFault::Range),
        ("9".repeat(78), NumberFault::Range),
        ("9".repeat(5_000), NumberFault::Range),
    ] {
        let mut vector = Vector::multiplier();
        vector.signals[0] = text.clone().into();
        let (part, name) = (Part::Public, "signal[0]".to_owned());
        assert_eq!(
            vector.check(),
            Err(Refused::Number { part, name, fault }),
            "{text:?}"
        );
    }
    let mut vector = Vector::multiplier();
    vector.signals[0] = json!(33);
    assert!(matches!(vector.check(), Err(Refused::Json { .. })));
}

#[test]
fn numbers_of_bytes_are_below_the_modulus() {
    let modulus = Fr::MODULUS.to_bytes_le();
    assert!(matches!(
        Signals::from_bytes(&modulus),
        Err(Refused::Number { .. })
    ));
    assert!(matches!(
        Signals::from_bytes(&[255; 64]),
        Err(Refused::Number { .. })
    ));
}

#[test]
fn other_systems_are_refused() {
    for (field, found, known) in [
        ("protocol", "plonk", "groth16"),
        ("protocol", "Groth16", "groth16"),
        ("curve", "bls12381", "bn128"),
    ] {
        for part in [Part::Key, Part::Proof] {
            let mut vector = Vector::multiplier();
            let json = match part {
                Part::Key => &mut vector.key,
                _ => &mut vector.proof,
            };
            json[field] = found.into();
            let found = found.to_owned();
            let refused = Refused::System {
                part,
                field,
                found,
                known,
            };
            assert_eq!(vector.check(), Err(refused));
        }
    }
}

#[test]
fn other_forms_of_json_are_refused() {
    let text = include_str!("../../tests/vectors/multiplier-proof.json").trim_end();
    for json in [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        format!("{text}{text}"),
        format!("{text}x"),
        text.replace("\"pi_a\"", "\"pi_d\": [], \"pi_a\""),
        text.replace("\"pi_a\"", "\"curve\": \"bn128\", \"pi_a\""),
        text.replace("pi_b", "pi_x"),
        text.replace(r#""curve": "bn128""#, r#""curves": "bn128""#),
    ] {
        let refused = Proof::from_snarkjs(json.as_bytes());
        assert!(matches!(refused, Err(Refused::Json { .. })), "{json}");
    }
    let deep = "[".repeat(2_000);
    assert!(Signals::from_snarkjs(deep.as_bytes()).is_err());
    assert!(Proof::from_snarkjs(format!("{text}\n").as_bytes()).is_ok());
}

#[test]
fn limits_come_first() {
    for (most, read) in [
        (
            KEY_JSON_BYTES_MAX,
            (|b| Key::from_snarkjs(b).err()) as fn(&[u8]) -> Option<Refused>,
        ),
        (SIGNALS_JSON_BYTES_MAX, |b| Signals::from_snarkjs(b).err()),
        (PROOF_JSON_BYTES_MAX, |b| Proof::from_snarkjs(b).err()),
        (KEY_BYTES_MAX, |b| Key::from_bytes(b).err()),
        (SIGNALS_MAX * NUMBER_BYTES, |b| Signals::from_bytes(b).err()),
    ] {
        let long = vec![b' '; most + 1];
        assert!(
            matches!(read(&long), Some(Refused::TooLong { .. })),
            "{most}"
        );
        assert!(
            !matches!(read(&long[1..]), Some(Refused::TooLong { .. })),
            "{most}"
        );
    }
    let many = vec!["0"; SIGNALS_MAX + 1];
    let many = serde_json::to_vec(&many).expect("JSON");
    assert!(matches!(
        Signals::from_snarkjs(&many),
        Err(Refused::TooManySignals { .. })
    ));
    let longest = vec![(-Fr::one()).to_string(); SIGNALS_MAX];
    let longest = serde_json::to_vec_pretty(&longest).expect("JSON");
    assert!(Signals::from_snarkjs(&longest).is_ok());
}

#[test]
fn the_largest_key_fits_its_limits() {
    let mut vector = Vector::multiplier();
    let point = vector.key["IC"][1].clone();
    vector.key["IC"] = vec![point; SIGNALS_MAX + 1].into();
    vector.key["nPublic"] = SIGNALS_MAX.into();
    let json = serde_json::to_vec_pretty(&vector.key).expect("JSON");
    let key = Key::from_snarkjs(&json).expect("a key");
    assert_eq!(key.to_bytes().len(), KEY_BYTES_MAX);
    assert_eq!(Key::from_bytes(&key.to_bytes()), Ok(key));
}

#[test]
fn trailing_and_missing_bytes_are_refused() {
    let (key, signals, proof) = Vector::multiplier().read().expect("honest");
    let (key, signals, proof) = (key.to_bytes(), signals.to_bytes(), proof.to_bytes());
    for shorter in 0..key.len() {
        let whole =
            shorter >= KEY_BYTES_MIN && (shorter - KEY_BYTES_MIN).is_multiple_of(NUMBER_BYTES);
        assert_eq!(Key::from_bytes(&key[..shorter]).is_ok(), whole, "{shorter}");
    }
    for shorter in 0..proof.len() {
        assert!(Proof::from_bytes(&proof[..shorter]).is_err());
    }
    for (bytes, part) in [
        (key, Part::Key),
        (signals, Part::Public),
        (proof, Part::Proof),
    ] {
        let long = [bytes.as_slice(), &[0]].concat();
        let refused = match part {
            Part::Key => Key::from_bytes(&long).err(),
            Part::Public => Signals::from_bytes(&long).err(),
            Part::Proof => Proof::from_bytes(&long).err(),
        };
        let bytes = long.len();
        assert_eq!(refused, Some(Refused::Length { part, bytes }));
    }
}

#[test]
fn other_versions_are_refused() {
    let (key, _, proof) = Vector::multiplier().read().expect("honest");
    for found in [0, 2, 255] {
        let (mut key, mut proof) = (key.to_bytes(), proof.to_bytes());
        (key[0], proof[0]) = (found, found);
        let refused = |part| Refused::Version {
            part,
            found,
            known: 1,
        };
        assert_eq!(Key::from_bytes(&key), Err(refused(Part::Key)));
        assert_eq!(Proof::from_bytes(&proof), Err(refused(Part::Proof)));
    }
}

/// A point of the second curve that is not of prime order: almost every point is not.
fn outside_of_the_subgroup() -> G2Affine {
    (0_u64..)
        .map(|x| Fq2::new(Fq::from(x), Fq::one()))
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(x, true))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .expect("the cofactor is large")
}

#[test]
fn points_are_of_prime_order() {
    let refused = |name: &str, fault| {
        let (part, name) = (Part::Proof, name.to_owned());
        Err(Refused::Point { part, name, fault })
    };
    let mut vector = Vector::multiplier();
    vector.proof["pi_b"] = json_2(&outside_of_the_subgroup());
    assert_eq!(vector.check(), refused("pi_b", PointFault::Subgroup));

    let (_, _, proof) = Vector::multiplier().read().expect("honest");
    let mut bytes = proof.to_bytes();
    bytes[33..97].copy_from_slice(&to_bytes(&outside_of_the_subgroup()));
    let refused_bytes = Proof::from_bytes(&bytes).map(|_| ());
    assert_eq!(refused_bytes, refused("B", PointFault::Subgroup));

    let mut vector = Vector::multiplier();
    vector.proof["pi_a"] = json!(["1", "1", "1"]);
    assert_eq!(vector.check(), refused("pi_a", PointFault::Curve));
}

#[test]
fn the_neutral_element_is_refused() {
    for neutral in [
        json!(["0", "1", "0"]),
        json!(["0", "0", "1"]),
        json!(["1", "1", "0"]),
    ] {
        let mut vector = Vector::multiplier();
        vector.proof["pi_c"] = neutral.clone();
        assert!(vector.check().is_err(), "{neutral}");
        let mut vector = Vector::multiplier();
        vector.key["IC"][1] = neutral.clone();
        assert!(vector.check().is_err(), "{neutral}");
    }
    let (key, _, proof) = Vector::multiplier().read().expect("honest");
    let neutral = to_bytes(&G1Affine::zero());
    let mut bytes = proof.to_bytes();
    bytes[97..].copy_from_slice(&neutral);
    let name = "C".to_owned();
    let (part, fault) = (Part::Proof, PointFault::Neutral);
    assert_eq!(
        Proof::from_bytes(&bytes),
        Err(Refused::Point { part, name, fault })
    );

    let mut bytes = key.to_bytes();
    let at = bytes.len() - NUMBER_BYTES;
    bytes[at..].copy_from_slice(&neutral);
    let name = "IC[1]".to_owned();
    let part = Part::Key;
    assert_eq!(
        Key::from_bytes(&bytes),
        Err(Refused::Point { part, name, fault })
    );
}

#[test]
fn scaled_points_are_a_second_spelling() {
    let mut vector = Vector::multiplier();
    let double = Fq::from(2_u64);
    let [x, y] = [0, 1].map(|index| {
        let number: Fq = vector.proof["pi_a"][index]
            .as_str()
            .expect("text")
            .parse()
            .expect("a number");
        (number * double).to_string()
    });
    vector.proof["pi_a"] = json!([x, y, "2"]);
    assert!(vector.check().is_err());
}

#[test]
fn the_pairing_in_a_key_is_optional_and_checked() {
    let mut vector = Vector::multiplier();
    let fields = vector.key.as_object_mut().expect("an object");
    assert!(fields.remove("vk_alphabeta_12").is_some());
    assert_eq!(vector.check(), Ok(()));
}

#[test]
fn a_proof_of_another_statement_does_not_hold() {
    let mut vector = Vector::multiplier();
    vector.signals[0] = "34".into();
    let refused = vector.check().expect_err("34 is another number");
    assert_eq!(refused, Refused::DoesNotHold);
    assert_eq!(refused.part(), Part::Proof);

    let other = Vector::polynomial();
    let mut vector = Vector::multiplier();
    vector.proof = other.proof;
    assert_eq!(vector.check(), Err(Refused::DoesNotHold));
}

#[test]
fn a_statement_has_many_proofs() {
    let (key, signals, proof) = Vector::multiplier().read().expect("honest");
    let other = Proof::from_points(-proof.a, -proof.b, proof.c);
    assert_ne!(other, proof);
    assert_eq!(verify(&key, &signals, &other), Ok(()));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let _ = Key::from_bytes(&bytes);
        let _ = Signals::from_bytes(&bytes);
        let _ = Proof::from_bytes(&bytes);
        let _ = Key::from_snarkjs(&bytes);
        let _ = Signals::from_snarkjs(&bytes);
        let _ = Proof::from_snarkjs(&bytes);
    }

    #[test]
    fn what_is_read_is_written_again(seed in any::<u64>(), version in 0_u8..3) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut bytes = vec![0; PROOF_BYTES];
        ark_std::rand::RngCore::fill_bytes(&mut rng, &mut bytes);
        bytes[0] = version;
        if let Ok(proof) = Proof::from_bytes(&bytes) {
            prop_assert_eq!(proof.to_bytes(), bytes);
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written(bytes in prop::array::uniform32(any::<u8>())) {
        let number = Fr::from_le_bytes_mod_order(&bytes);
        prop_assert_eq!(crate::field::decimal::<Fr>(&number.to_string()), Ok(number));
        let json = format!("[\"{number}\"]");
        let signals = Signals::from_snarkjs(json.as_bytes());
        prop_assert_eq!(signals.map(|signals| signals.0), Ok(vec![number]));
    }
}

#[test]
fn zero_is_one_digit() {
    assert_eq!(crate::field::decimal::<Fr>("0"), Ok(Fr::from(0_u64)));
    assert_eq!(
        crate::field::decimal::<Fr>("00"),
        Err(NumberFault::Spelling)
    );
}
