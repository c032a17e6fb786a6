//! The verifier: relations at a random point, products, links, values; then the columns' lookups and openings.

use crate::{
    commitment::{Commitment, Schemes, column_tables, stacks},
    field::{Base, Challenger, Extension, Point},
    frame::{Frame, SAMPLES_MAX},
    key::ProofKey,
    layout::weights,
    links::{self, Group, Link, PointClaim},
    lookup::{self, Statement},
    outline::{Outline, Unsupported},
    parameters::{self, Parameters},
    proof::{Phase, Proof},
    relations::{self, Factors, ParameterClaim, Relation, claim_count, has_parameters},
    security::{SECURITY_BITS_MIN, SecurityReport},
    settle::{self, ColumnClaims},
    statement::{Known, numbers},
    sums::{Batch, Ended, powers, tail},
    transcript::{absorb_claims, begin, draw_point},
};
use assay_model::{Program, Tensor};
use p3_challenger::FieldChallenger as _;
use p3_field::PrimeCharacteristicRing as _;
use p3_multi_stark::logup_star::LogupStarOutput;
use p3_multilinear_util::poly::Poly;

/// Degree of a link's sum in each variable.
pub const LINK_DEGREE: usize = 2;

/// Why a proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The program has no proofs.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// Input or output are not of the program's types.
    #[error("the {what} has not the type and shape that the program says")]
    Statement {
        /// Which of them.
        what: &'static str,
    },
    /// No commitment has the sizes of this program.
    #[error("the program's columns or weights cannot be committed to: {reason}")]
    Commitment {
        /// What the commitment scheme said.
        reason: String,
    },
    /// Its proofs are not sound enough.
    #[error(
        "proofs of this program would have {bits} bits of soundness; {SECURITY_BITS_MIN} are the least"
    )]
    Soundness {
        /// How many.
        bits: u32,
    },
    /// A part is missing or has another size than the program's outline says.
    #[error("the proof's {part} has not the form that the program's outline says")]
    Form {
        /// Which part.
        part: &'static str,
    },
    /// No inference, or more than one proof is about.
    #[error(
        "a proof is about 1 to {SAMPLES_MAX} inferences, each with its output; these are {inputs} inputs and {outputs} outputs"
    )]
    Samples {
        /// Inputs given.
        inputs: usize,
        /// Outputs given.
        outputs: usize,
    },
    /// What is claimed of a value that the verifier knows is not so.
    #[error("the claim on {what} is not what the statement says")]
    Known {
        /// Which.
        what: &'static str,
    },
    /// A sumcheck's messages do not fit each other, or its sum is not the claim.
    #[error("the {step} do not hold")]
    Sums {
        /// Which of them.
        step: &'static str,
    },
    /// The lookup argument does not hold.
    #[error("the lookups do not hold")]
    Lookups,
    /// An opening does not hold, or opens to other values than were claimed.
    #[error("the opening of the {what} does not hold")]
    Opening {
        /// Of what.
        what: &'static str,
    },
}

/// How a verifier knows a model's weights.
#[derive(Clone, Copy)]
enum Weights<'a> {
    /// It has them, and evaluates them itself: time linear in them.
    Public(&'a Program),
    /// It has commitments to them, one a stack.
    Committed(&'a [Commitment]),
}

/// Checks that each of `outputs` is what `program` computes from the input in its place. The verifier knows the
/// weights.
///
/// # Errors
/// [`Refused`].
pub fn verify(
    program: &Program,
    inputs: &[Tensor],
    outputs: &[Tensor],
    proof: &Proof,
) -> Result<(), Refused> {
    let outline = Outline::of(program)?;
    verify_with(&outline, Weights::Public(program), inputs, outputs, proof)
}

/// Checks that each of `outputs` is what the model of `key` computes from the input in its place, without its
/// weights.
///
/// # Errors
/// [`Refused`].
pub fn verify_committed(
    key: &ProofKey,
    inputs: &[Tensor],
    outputs: &[Tensor],
    proof: &Proof,
) -> Result<(), Refused> {
    let weights = Weights::Committed(&key.weights);
    verify_with(&key.outline, weights, inputs, outputs, proof)
}

fn verify_with(
    outline: &Outline,
    weights: Weights<'_>,
    inputs: &[Tensor],
    outputs: &[Tensor],
    proof: &Proof,
) -> Result<(), Refused> {
    let samples = Refused::Samples {
        inputs: inputs.len(),
        outputs: outputs.len(),
    };
    if inputs.len() != outputs.len() {
        return Err(samples);
    }
    let frame = Frame::new(outline, inputs.len()).ok_or(samples)?;
    check_types(outline, inputs, outputs)?;
    let committed = matches!(weights, Weights::Committed(_));
    let schemes = Schemes::of(&frame, committed);
    let schemes = schemes.map_err(|error| Refused::Commitment {
        reason: error.to_string(),
    })?;
    let report = SecurityReport::of(&frame, &schemes);
    if report.bits() < f64::from(SECURITY_BITS_MIN) {
        let bits = report.whole_bits();
        return Err(Refused::Soundness { bits });
    }
    let roots = match weights {
        Weights::Public(_) => None,
        Weights::Committed(roots) => Some(roots),
    };
    let (inputs, outputs) = (numbers(inputs), numbers(outputs));
    let mut verifier = Verifier {
        frame,
        weights,
        proof,
        transcript: begin(&frame, roots, &inputs, &outputs),
        known: Known::new(&frame, &inputs, &outputs),
    };
    verifier.check(&schemes)
}

struct Verifier<'a> {
    frame: Frame<'a>,
    weights: Weights<'a>,
    proof: &'a Proof,
    transcript: Challenger,
    known: Known<'a>,
}

impl Verifier<'_> {
    fn check(&mut self, schemes: &Schemes) -> Result<(), Refused> {
        let proof = self.proof;
        match (&schemes.columns, &proof.commitment) {
            (Some(scheme), Some(commitment)) => scheme.absorb(commitment, &mut self.transcript),
            (None, None) => {}
            _ => return Err(Refused::Form { part: "commitment" }),
        }
        let point = draw_point(&mut self.transcript, self.frame.variables_max());
        let relations = self.relations(&point)?;
        let (end, factors) = self.products(&relations)?;
        let tap = self.transcript.sample_algebra_element();
        let gathering = self.transcript.sample_algebra_element();
        let mut left = relations::left(&self.frame, &relations, &end.point, &factors, tap);
        left.points.push(self.output(&point));
        let (direct, mut groups) = links::of_points(&self.frame, std::mem::take(&mut left.points));
        groups.extend(links::of_windows(
            &self.frame,
            std::mem::take(&mut left.windows),
        ));
        if matches!(self.weights, Weights::Committed(_)) {
            relations::gather(&self.frame, &relations, &mut left, gathering);
            groups.extend(left.groups);
        }
        let mut claims = direct;
        claims.extend(self.links(groups, &mut left.parameters)?);
        let claims = self.known.check(claims)?;
        let (settled, columns) = self.values(&relations, &claims)?;
        self.columns(schemes, &settled, &columns)?;
        self.parameters(schemes, &left.parameters)
    }

    /// What each relation claims at the random point.
    fn relations(&mut self, point: &[Extension]) -> Result<Vec<Relation>, Refused> {
        let outline = self.frame.outline;
        let counts = outline.computed().map(|(_, made)| claim_count(made));
        let form = |part| Refused::Form { part };
        if self.proof.relations.len() != counts.sum::<usize>() {
            return Err(form("list of claims"));
        }
        let biases = match self.weights {
            Weights::Public(_) => 0,
            Weights::Committed(_) => outline.parametrized().count(),
        };
        if self.proof.biases.len() != biases {
            return Err(form("list of biases"));
        }
        let mut claims = self.proof.relations.iter().copied();
        let mut sent = self.proof.biases.iter().copied();
        let mut relations = Vec::new();
        for (value, made) in outline.computed() {
            let mut relation = Relation {
                value,
                point: self.frame.own(value, point).to_vec(),
                claims: claims.by_ref().take(claim_count(made)).collect(),
                bias: Extension::ZERO,
            };
            if has_parameters(outline, value) {
                relation.bias = match self.weights {
                    Weights::Public(program) => {
                        let outputs = weights(relation.output_point(&self.frame));
                        Parameters::of(program, outline, value).bias_at(&outputs)
                    }
                    Weights::Committed(_) => sent.next().unwrap_or_default(),
                };
            }
            if outline.known() == Some(value)
                && relation.accumulators(made) != self.known.output_at(&relation.point)
            {
                return Err(Refused::Known { what: "the output" });
            }
            relations.push(relation);
        }
        absorb_claims(&mut self.transcript, &self.proof.relations);
        absorb_claims(&mut self.transcript, &self.proof.biases);
        Ok(relations)
    }

    /// The products: where they ended, and their factors there.
    fn products(&mut self, relations: &[Relation]) -> Result<(Ended, Vec<Factors>), Refused> {
        let step = "products";
        let frame = self.frame;
        let batch = relations::products(&frame);
        let sums = relations::product_sums(&frame, relations);
        let phase = &self.proof.products;
        let (ended, powers) = self.sums(&batch, &sums, phase, step)?;
        let mut ends = phase.ends.iter().copied();
        let mut factors = Vec::with_capacity(batch.len());
        for (relation, variables) in relations::with_products(&frame, relations) {
            let weighted = has_parameters(frame.outline, relation.value);
            let mut next = || ends.next().ok_or(Refused::Form { part: step });
            let left = match self.weights {
                Weights::Public(program) if weighted => {
                    let outputs = weights(relation.output_point(&frame));
                    let parameters = Parameters::of(program, frame.outline, relation.value);
                    parameters.folded_at(&outputs, tail(&ended.point, variables))
                }
                _ => next()?,
            };
            let right = next()?;
            factors.push(Factors { left, right });
        }
        if ends.next().is_some() {
            return Err(Refused::Form { part: step });
        }
        absorb_claims(&mut self.transcript, &phase.ends);
        let expected =
            relations::products_at(&frame, &batch, relations, &powers, &ended.point, &factors);
        if ended.value != expected {
            return Err(Refused::Sums { step });
        }
        Ok((ended, factors))
    }

    /// A batch's sumcheck, against sums combined by a challenge's powers.
    fn sums(
        &mut self,
        batch: &Batch,
        sums: &[Extension],
        phase: &Phase,
        step: &'static str,
    ) -> Result<(Ended, Vec<Extension>), Refused> {
        let powers = powers(&mut self.transcript, sums.len());
        let sum = sums.iter().zip(&powers).map(|(sum, power)| *sum * *power);
        let ended = self.sum(batch, sum.sum(), phase, step)?;
        Ok((ended, powers))
    }

    /// A batch's sumcheck, against the combined sum.
    fn sum(
        &mut self,
        batch: &Batch,
        sum: Extension,
        phase: &Phase,
        step: &'static str,
    ) -> Result<Ended, Refused> {
        match &phase.sumcheck {
            Some(sent) if !batch.is_empty() => batch
                .verify(sent, sum, &mut self.transcript)
                .ok_or(Refused::Sums { step }),
            None if batch.is_empty() => Ok(Ended {
                point: Vec::new(),
                value: Extension::ZERO,
            }),
            _ => Err(Refused::Form { part: step }),
        }
    }

    /// That the output is what it is at the random point.
    fn output(&self, point: &[Extension]) -> PointClaim {
        let value = self.frame.outline.output_value();
        let point = self.frame.own(value, point).to_vec();
        let claim = self.known.output_at(&point);
        PointClaim {
            value,
            point,
            claim,
        }
    }

    /// The links: the claims on their sources where they ended.
    fn links(
        &mut self,
        groups: Vec<Group>,
        parameters: &mut Vec<ParameterClaim>,
    ) -> Result<Vec<PointClaim>, Refused> {
        let step = "links";
        let proof = self.proof;
        let mut shares = proof.shares.iter().copied();
        let (mut all, mut sums) = (Vec::<Link>::new(), Vec::new());
        for Group { links, claim } in groups {
            let mut own = vec![claim];
            if links.len() > 1 {
                own = shares.by_ref().take(links.len()).collect();
                if own.len() < links.len() {
                    return Err(Refused::Form { part: "shares" });
                }
            }
            if own.iter().copied().sum::<Extension>() != claim {
                return Err(Refused::Sums { step });
            }
            sums.extend(own);
            all.extend(links);
        }
        if shares.next().is_some() {
            return Err(Refused::Form { part: "shares" });
        }
        absorb_claims(&mut self.transcript, &proof.shares);
        let batch = Batch::new(all.iter().map(Link::variables).collect(), LINK_DEGREE);
        let (ended, powers) = self.sums(&batch, &sums, &proof.links, step)?;
        let ends = &proof.links.ends;
        if ends.len() != all.len() {
            return Err(Refused::Form { part: step });
        }
        absorb_claims(&mut self.transcript, ends);
        let (mut value, mut claims) = (Extension::ZERO, Vec::new());
        for ((link, power), end) in all.iter().zip(powers).zip(ends) {
            let own = tail(&ended.point, link.variables());
            value += power * batch.share(own.len()) * link.at(own) * *end;
            relations::ended(link, own, *end, &mut claims, parameters);
        }
        if ended.value != value {
            return Err(Refused::Sums { step });
        }
        Ok(claims)
    }

    /// All claims on values with columns: what these hold and read where they ended.
    fn values(
        &mut self,
        relations: &[Relation],
        claims: &[PointClaim],
    ) -> Result<(Vec<Extension>, Vec<Option<ColumnClaims>>), Refused> {
        let step = "values";
        let frame = self.frame;
        let batch = settle::batch(&frame);
        let count = settle::factor_count(&frame, claims);
        let powers = powers(&mut self.transcript, count);
        let settled = settle::settle(&frame, relations, claims, &powers);
        let sum = settled.iter().map(|value| value.sum).sum();
        let phase = &self.proof.values;
        let ended = self.sum(&batch, sum, phase, step)?;
        let sizes = settled
            .iter()
            .map(|value| value.columns.count() + value.columns.read());
        if phase.ends.len() != sizes.sum::<usize>() {
            return Err(Refused::Form { part: step });
        }
        absorb_claims(&mut self.transcript, &phase.ends);
        let mut found = vec![None; frame.outline.values().len()];
        let (mut value, mut ends) = (Extension::ZERO, &phase.ends[..]);
        for settled in settled {
            let (columns, rest) = ends.split_at(settled.columns.count());
            let (read, rest) = rest.split_at(settled.columns.read());
            ends = rest;
            let own = tail(&ended.point, frame.column_variables(settled.value));
            value += batch.share(own.len()) * settled.at(own, columns, read);
            found[settled.value] = Some(ColumnClaims {
                point: own.to_vec(),
                columns: columns.to_vec(),
                read: read.to_vec(),
            });
        }
        if ended.value != value {
            return Err(Refused::Sums { step });
        }
        Ok((ended.point, found))
    }

    /// The columns' lookups, and their opening.
    fn columns(
        &mut self,
        schemes: &Schemes,
        settled: &[Extension],
        claims: &[Option<ColumnClaims>],
    ) -> Result<(), Refused> {
        let proof = self.proof;
        let arguments = lookup::arguments(&self.frame);
        if proof.lookups.len() != arguments.len() {
            return Err(Refused::Form { part: "lookups" });
        }
        let mut ended = Vec::with_capacity(arguments.len());
        for (tables, lookups) in arguments.iter().zip(&proof.lookups) {
            let statement = Statement::new(&self.frame, tables, claims);
            let readers = statement.readers();
            let own = lookups.verify(&statement.lookups(&readers), &mut self.transcript);
            let own = own.map_err(|_| Refused::Lookups)?;
            check_tables(tables, &own)?;
            ended.push(own);
        }
        match (&schemes.columns, &proof.commitment, &proof.opening) {
            (Some(scheme), Some(commitment), Some(opening)) => {
                let what = "columns";
                let points = opening_points(&self.frame, settled, &ended);
                let expected = expected_openings(&self.frame, claims, &arguments, &ended);
                let opened = scheme.verify(commitment, opening, &points, &mut self.transcript);
                (opened == Some(expected))
                    .then_some(())
                    .ok_or(Refused::Opening { what })
            }
            (None, None, None) => Ok(()),
            _ => Err(Refused::Form { part: "opening" }),
        }
    }

    /// The opening of weights and biases.
    fn parameters(&mut self, schemes: &Schemes, claims: &[ParameterClaim]) -> Result<(), Refused> {
        let roots = match self.weights {
            Weights::Public(_) => &[],
            Weights::Committed(roots) => roots,
        };
        let stacks = stacks(self.frame.outline);
        let sent = &self.proof.weights;
        if sent.len() != schemes.weights.len() || roots.len() != sent.len() {
            let part = "opening of weights";
            return Err(Refused::Form { part });
        }
        let all = schemes.weights.iter().zip(roots).zip(sent).zip(&stacks);
        for (((scheme, root), opening), stack) in all {
            let (points, expected): (Vec<_>, Vec<_>) = parameters::openings(claims, stack)
                .into_iter()
                .map(|(point, claim)| (Point::new(point), vec![claim]))
                .unzip();
            let opened = scheme.verify(root, opening, &points, &mut self.transcript);
            if opened != Some(expected) {
                return Err(Refused::Opening { what: "weights" });
            }
        }
        Ok(())
    }
}

fn check_types(outline: &Outline, inputs: &[Tensor], outputs: &[Tensor]) -> Result<(), Refused> {
    for (what, tensors, expected) in [
        ("input", inputs, outline.input()),
        ("output", outputs, outline.output()),
    ] {
        for tensor in tensors {
            if tensor.dtype() != expected.dtype || *tensor.shape() != expected.shape {
                return Err(Refused::Statement { what });
            }
        }
    }
    Ok(())
}

/// That the tables have the values at the argument's end that it says.
fn check_tables(
    tables: &[lookup::Table],
    ended: &LogupStarOutput<Extension>,
) -> Result<(), Refused> {
    for (table, claimed) in tables.iter().zip(&ended.tables) {
        for (column, claim) in table.columns.iter().zip(&claimed.column_claims) {
            let column: Poly<Base> = Poly::new(column.clone());
            let point = tail(ended.table_point.as_slice(), table.variables);
            if column.eval_base(&Point::new(point.to_vec())) != *claim {
                return Err(Refused::Lookups);
            }
        }
    }
    Ok(())
}

/// Where the columns are opened, table by table: where all claims on values ended, and where each argument did that
/// reads some of them.
pub fn opening_points(
    frame: &Frame<'_>,
    settled: &[Extension],
    ended: &[LogupStarOutput<Extension>],
) -> Vec<Point> {
    let tables = column_tables(frame).into_iter();
    let points = tables.flat_map(|table| {
        let settled = tail(settled, table.variables).to_vec();
        let looked_up = table.looked_up.iter().map(|(argument, _)| {
            let point = ended[*argument].position_point.as_slice();
            tail(point, table.variables).to_vec()
        });
        let looked_up: Vec<_> = looked_up.collect();
        std::iter::once(settled).chain(looked_up)
    });
    points.map(Point::new).collect()
}

/// What the openings must show.
fn expected_openings(
    frame: &Frame<'_>,
    claims: &[Option<ColumnClaims>],
    arguments: &[Vec<lookup::Table>],
    ended: &[LogupStarOutput<Extension>],
) -> Vec<Vec<Extension>> {
    let columns = |claims: &Option<ColumnClaims>| {
        vec![Extension::ZERO; claims.as_ref().map_or(0, |claims| claims.columns.len())]
    };
    let mut positions: Vec<Vec<Extension>> = claims.iter().map(columns).collect();
    for (tables, ended) in arguments.iter().zip(ended) {
        for (table, found) in tables.iter().zip(&ended.tables) {
            for (column, claim) in table.readers.iter().zip(&found.position_claims) {
                positions[column.value][column.place] = *claim;
            }
        }
    }
    let mut expected = Vec::new();
    for table in column_tables(frame) {
        let values = table.values.iter();
        let settled = values.filter_map(|value| claims[*value].as_ref());
        expected.push(settled.flat_map(|claims| claims.columns.clone()).collect());
        let values = table.values.iter();
        let found: Vec<Extension> = values.flat_map(|value| positions[*value].clone()).collect();
        for (_, columns) in &table.looked_up {
            expected.push(columns.iter().map(|column| found[*column]).collect());
        }
    }
    expected
}
