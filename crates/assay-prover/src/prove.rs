//! The prover: executes, commits, and answers the verifier's challenges in the verifier's order.

use crate::{
    sumcheck::{Product, Rounding},
    witness::{LayerWitness, Witness},
};
use assay_model::{DType, Program, Tensor, TensorData};
use assay_proof::{
    Outline, Proof, ProofFormatError, ProofKey, SecurityReport, Unsupported,
    commitment::{Committed, Opening, Scheme, Schemes},
    field::{Base, Challenger, Extension, Point, of_integer},
    lookup::{LayerClaims, Statement, table_columns},
    outline::{self, Layer},
    proof::{ColumnsProof, LayerProof, RoundingProof},
    security::SECURITY_BITS_MIN,
    transcript::{absorb_claims, begin, column, draw_point, numbers},
    verify::{
        PRODUCT_DEGREE, ROUNDING_DEGREE, WeightClaims, accumulator, opening_points, parameters,
        weight_openings,
    },
};
use p3_field::PrimeCharacteristicRing as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_multi_stark::logup_star::{LogupStarProof, ReaderWitness, TableWitness};
use p3_multilinear_util::poly::Poly;
use p3_sumcheck::{generic_degree::RoundProver as _, layout::Table};

/// Why an inference is not proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The program has no proofs yet.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The input is not of the program's type.
    #[error("the input has not the type and shape that the program takes")]
    Input,
    /// Nobody would accept the proof.
    #[error(
        "proofs of this program would have {bits} bits of soundness; {SECURITY_BITS_MIN} are the least"
    )]
    Soundness {
        /// How many.
        bits: u32,
    },
    /// The columns cannot be committed to.
    #[error("cannot commit to the program's columns: {reason}")]
    Commitment {
        /// What the commitment scheme said.
        reason: String,
    },
    /// The proof is too long to be read.
    #[error(transparent)]
    Format(#[from] ProofFormatError),
}

/// An inference with its proof.
pub struct Proven {
    /// What the program gives.
    pub output: Tensor,
    /// That it does.
    pub proof: Proof,
}

/// A model whose weights are committed to, once for all its proofs. Verifiers get its key, not its weights.
pub struct CommittedModel {
    program: Program,
    key: ProofKey,
    committed: Committed,
}

impl CommittedModel {
    /// Commits to the weights of `program`.
    ///
    /// # Errors
    /// [`ProveError::Unsupported`], [`ProveError::Commitment`].
    pub fn of(program: Program) -> Result<Self, ProveError> {
        let outline = Outline::of(&program)?;
        let scheme = Scheme::of_weights(&outline).map_err(commitment)?;
        let layers = outline.layers().iter();
        let tables = layers.flat_map(|layer| weight_tables(&program, layer));
        // The root enters each proof's transcript with the statement, not here.
        let mut nobody = begin(&outline, None, &[], &[]);
        let committed = scheme.commit(tables.collect(), &mut nobody);
        let (weights, committed) = committed.map_err(commitment)?;
        let key = ProofKey { outline, weights };
        Ok(Self {
            program,
            key,
            committed,
        })
    }

    /// What verifiers need.
    pub fn key(&self) -> &ProofKey {
        &self.key
    }

    /// Runs the model on `input` and proves it to whoever has the key.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(&self, input: &Tensor) -> Result<Proven, ProveError> {
        prove_with(&self.program, &self.key.outline, Some(self), input)
    }
}

/// Runs `program` on `input` and proves it to whoever has the program.
///
/// # Errors
/// [`ProveError`].
pub fn prove(program: &Program, input: &Tensor) -> Result<Proven, ProveError> {
    prove_with(program, &Outline::of(program)?, None, input)
}

fn prove_with(
    program: &Program,
    outline: &Outline,
    model: Option<&CommittedModel>,
    input: &Tensor,
) -> Result<Proven, ProveError> {
    let expected = outline.input();
    if input.dtype() != expected.dtype || *input.shape() != expected.shape {
        return Err(ProveError::Input);
    }
    let schemes = Schemes::of(outline, model.is_some()).map_err(commitment)?;
    let report = SecurityReport::of(outline, &schemes);
    if report.bits() < f64::from(SECURITY_BITS_MIN) {
        let bits = report.whole_bits();
        return Err(ProveError::Soundness { bits });
    }

    let input = numbers(input);
    let witness = Witness::of(program, outline, input.clone());
    let output = tensor(program, &witness.output);
    let root = model.map(|model| &model.key.weights);
    let mut transcript = begin(outline, root, &input, &witness.output);
    let committed = schemes.columns.as_ref().map(|scheme| {
        let rounded = outline.rounded();
        let tables = rounded.map(|(layer, _)| witness.layers[layer].table());
        scheme.commit(tables.collect(), &mut transcript)
    });
    let committed = committed.transpose().map_err(commitment)?;

    let mut prover = Prover {
        program,
        outline,
        witness: &witness,
        transcript,
        weights_are_committed: model.is_some(),
        rounded: vec![None; outline.layers().len()],
        weights: Vec::new(),
    };
    let layers = prover.layers();
    let (commitment, columns) = match (&schemes.columns, committed) {
        (Some(scheme), Some((commitment, committed))) => {
            let columns = prover.columns(scheme, committed)?;
            (Some(commitment), Some(columns))
        }
        _ => (None, None),
    };
    let weights = match (&schemes.weights, model) {
        (Some(scheme), Some(model)) => Some(prover.open_weights(scheme, model)?),
        _ => None,
    };
    let proof = Proof {
        commitment,
        layers,
        columns,
        weights,
    };
    Ok(Proven { output, proof })
}

fn commitment(error: impl ToString) -> ProveError {
    let reason = error.to_string();
    ProveError::Commitment { reason }
}

fn tensor(program: &Program, output: &[i32]) -> Tensor {
    let data = match program.output().dtype {
        DType::I8 => TensorData::I8(output.iter().map(|element| *element as i8).collect()),
        DType::I16 => TensorData::I16(output.iter().map(|element| *element as i16).collect()),
        DType::I32 => TensorData::I32(output.to_vec()),
    };
    Tensor::new(program.output().shape.clone(), data).expect("as many results as the program says")
}

struct Prover<'a> {
    program: &'a Program,
    outline: &'a Outline,
    witness: &'a Witness,
    transcript: Challenger,
    weights_are_committed: bool,
    /// Claims on the columns, where a layer is rounded.
    rounded: Vec<Option<LayerClaims>>,
    /// Claims on weights and biases, the last layer first.
    weights: Vec<WeightClaims>,
}

impl Prover<'_> {
    /// From the output back to the input, the last layer first.
    fn layers(&mut self) -> Vec<LayerProof> {
        let outline = self.outline;
        let layers = outline.layers();
        let last = layers.last().map_or(0, Layer::output_variables);
        let mut point = draw_point(&mut self.transcript, last);
        let mut claim = column(&self.witness.output, last).eval_base(&point);
        let mut proofs = Vec::with_capacity(layers.len());
        for (place, layer) in layers.iter().enumerate().rev() {
            let known = &self.witness.layers[place];
            let rounding = layer.rounding.as_ref().map(|rounding| {
                let (claims, sent) = self.round(rounding, known, &point, claim);
                claim = accumulator(rounding, &claims.columns);
                point = claims.point.clone();
                self.rounded[place] = Some(claims);
                sent
            });
            let rows = Poly::new_from_point(point.as_slice(), Extension::ONE);
            let bias = self.weights_are_committed.then(|| {
                let (_, bias) = parameters(self.program, layer);
                column(bias, layer.output_variables()).eval_base(&point)
            });
            absorb_claims(&mut self.transcript, bias.as_slice());
            let left = self.fold_weights(layer, &rows);
            let right = column(&known.input, layer.input_variables());
            let right = right.iter().map(|element| Extension::from(*element));
            let mut product = Product::new(left, right.collect());
            let sum = product.sum();
            let rounds = layer.input_variables();
            let (sent, end) =
                product.prove::<Base, _>(&mut self.transcript, rounds, PRODUCT_DEGREE, 0, sum);
            let weights = self.weights_are_committed.then(|| product.left());
            let input = (place > 0).then(|| product.right());
            absorb_claims(&mut self.transcript, weights.as_slice());
            absorb_claims(&mut self.transcript, input.as_slice());
            self.weights.push(WeightClaims {
                output: std::mem::replace(&mut point, end.clone()),
                input: end,
                weights: product.left(),
                bias: bias.unwrap_or_default(),
            });
            claim = product.right();
            proofs.push(LayerProof {
                rounding,
                bias,
                product: sent,
                weights,
                input,
            });
        }
        proofs
    }

    /// From the claim on the results at `point` to claims on the columns.
    fn round(
        &mut self,
        rounding: &outline::Rounding,
        known: &LayerWitness,
        point: &Point,
        claim: Extension,
    ) -> (LayerClaims, RoundingProof) {
        let lift = |values: &[u32]| -> Vec<Extension> {
            let values = values.iter().map(|value| of_integer(i64::from(*value)));
            values.map(Extension::from).collect()
        };
        let middle = rounding.limbs.len();
        let entries = || {
            let entries = known.columns[middle + 1].iter();
            entries.map(|entry| rounding.high.entry(*entry as usize))
        };
        let inside: Vec<Base> = entries()
            .map(|(inside, _)| Base::from_bool(inside))
            .collect();
        let above: Vec<Base> = entries().map(|(_, above)| Base::from_bool(above)).collect();
        let top = of_integer(rounding.top());
        let sum = Rounding {
            weight: Poly::new_from_point(point.as_slice(), Extension::ONE).into_evals(),
            inside: inside
                .iter()
                .map(|inside| Extension::from(*inside))
                .collect(),
            middle: lift(&known.columns[middle]),
            above: above
                .iter()
                .map(|above| Extension::from(top * *above))
                .collect(),
        };
        let sum_claim = claim - of_integer(rounding.low);
        let (sumcheck, end) = sum.prover().prove::<Base, _>(
            &mut self.transcript,
            point.num_variables(),
            ROUNDING_DEGREE,
            0,
            sum_claim,
        );
        let columns = known.columns.iter().map(|values| {
            let values = values.iter().map(|value| of_integer(i64::from(*value)));
            Poly::new(values.collect::<Vec<Base>>()).eval_base(&end)
        });
        let columns: Vec<Extension> = columns.collect();
        let high = [inside, above].map(|read| Poly::new(read).eval_base(&end));
        absorb_claims(&mut self.transcript, &columns);
        absorb_claims(&mut self.transcript, &high);
        let claims = LayerClaims {
            point: end,
            columns: columns.clone(),
            high,
        };
        let sent = RoundingProof {
            sumcheck,
            columns,
            high,
        };
        (claims, sent)
    }

    /// Σ_j eq(r, j) · weights[j, k] for each k, padded.
    fn fold_weights(&self, layer: &Layer, rows: &Poly<Extension>) -> Vec<Extension> {
        let (weights, _) = parameters(self.program, layer);
        let mut folded = vec![Extension::ZERO; 1 << layer.input_variables()];
        for (weights, row) in weights.chunks_exact(layer.inputs).zip(rows.iter()) {
            for (sum, weight) in folded.iter_mut().zip(weights) {
                *sum += *row * of_integer(i64::from(*weight));
            }
        }
        folded
    }

    /// The lookups of all layers, then the opening of all columns.
    fn columns(
        &mut self,
        scheme: &Scheme,
        committed: Committed,
    ) -> Result<ColumnsProof, ProveError> {
        let tables = self.outline.tables();
        let values = table_columns(&tables);
        let values: Vec<Vec<&[Base]>> = values
            .iter()
            .map(|columns| columns.iter().map(Vec::as_slice).collect())
            .collect();
        let positions = |layer: usize, place: usize| -> Vec<usize> {
            let column = self.witness.layers[layer].columns[place].iter();
            column.map(|value| *value as usize).collect()
        };
        let ranges = tables.ranges.values().map(|columns| {
            let columns = columns.iter();
            columns
                .map(|column| positions(column.layer, column.place))
                .collect()
        });
        let highs = tables.highs.values().map(|layers| {
            let last = |layer: usize| self.witness.layers[layer].columns.len() - 1;
            let layers = layers.iter();
            layers.map(|&layer| positions(layer, last(layer))).collect()
        });
        let read: Vec<Vec<Vec<usize>>> = ranges.chain(highs).collect();
        let readers: Vec<Vec<ReaderWitness<'_>>> = read
            .iter()
            .map(|readers| {
                let readers = readers.iter();
                readers
                    .map(|positions| ReaderWitness { positions })
                    .collect()
            })
            .collect();
        let witness: Vec<TableWitness<'_, Base>> = values
            .iter()
            .zip(&readers)
            .map(|(columns, readers)| TableWitness { columns, readers })
            .collect();
        let statement = Statement::new(&tables, &self.rounded);
        let (lookups, ended) =
            LogupStarProof::prove(&statement.lookups(), &witness, &mut self.transcript);
        let points = opening_points(self.outline, &self.rounded, &ended.position_point);
        let opening = scheme
            .open(committed, &points, &mut self.transcript)
            .map_err(commitment)?;
        Ok(ColumnsProof { lookups, opening })
    }

    /// The opening of weights and biases where the layers' products ended and began.
    fn open_weights(
        &mut self,
        scheme: &Scheme,
        model: &CommittedModel,
    ) -> Result<Opening, ProveError> {
        let mut claims = std::mem::take(&mut self.weights);
        claims.reverse();
        let (points, _) = weight_openings(claims);
        let committed = model.committed.clone();
        let opening = scheme.open(committed, &points, &mut self.transcript);
        opening.map_err(commitment)
    }
}

/// The tables of a layer's weights, outputs before inputs and both padded, and of its biases.
fn weight_tables(program: &Program, layer: &Layer) -> [Table<Base>; 2] {
    let (weights, bias) = parameters(program, layer);
    let (outputs, inputs) = (1 << layer.output_variables(), 1 << layer.input_variables());
    let mut padded = vec![Base::ZERO; outputs * inputs];
    let rows = padded.chunks_exact_mut(inputs);
    for (row, weights) in rows.zip(weights.chunks_exact(layer.inputs)) {
        for (element, weight) in row.iter_mut().zip(weights) {
            *element = of_integer(i64::from(*weight));
        }
    }
    let bias = column(bias, layer.output_variables()).into_evals();
    [
        Table::new(RowMajorMatrix::new(padded, outputs * inputs)),
        Table::new(RowMajorMatrix::new(bias, outputs)),
    ]
}
