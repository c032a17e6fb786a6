//! The prover: executes, commits, and answers the verifier's challenges in the verifier's order.

use crate::{
    fold::{fold, taps},
    progress::{Observer, Progress, Step},
    sumcheck::{Item, Sum, prove as prove_batch},
    witness::Witness,
};
use assay_model::{ExecuteError, Program, Tensor};
use assay_proof::{
    Frame, Outline, Proof, ProofFormatError, ProofKey, SAMPLES_MAX, SecurityReport, Unsupported,
    commitment::{Committed, Opening, Scheme, Schemes, column_tables, stacks},
    field::{Base, Challenger, Extension, Point, of_integer},
    layout::{bits, weights},
    links::{self, Group, Link, PointClaim, Source},
    lookup::{self, Statement},
    outline::{Columns, FUNCTION_ENTRIES, Made, Place},
    parameters::{self, Parameters, gathered_column},
    proof::Phase,
    relations::{self, Factors, ParameterClaim, Relation, has_parameters},
    security::SECURITY_BITS_MIN,
    settle::{self, ColumnClaims, Settled, difference_entry, function_entry},
    statement::numbers,
    sums::{Batch, Ended, powers, tail},
    transcript::{absorb_claims, begin, draw_point},
    verify::{LINK_DEGREE, opening_points},
};
use p3_challenger::FieldChallenger as _;
use p3_field::PrimeCharacteristicRing as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_multi_stark::logup_star::{LogupStarOutput, LogupStarProof, ReaderWitness, TableWitness};
use p3_multilinear_util::poly::Poly;
use p3_sumcheck::layout::Table;

/// Why inferences are not proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The program has no proofs yet.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// An input is not of the program's type.
    #[error(transparent)]
    Input(#[from] ExecuteError),
    /// No input, or more than one proof is about.
    #[error("a proof is about 1 to {SAMPLES_MAX} inferences; these are {inputs}")]
    Samples {
        /// Inputs given.
        inputs: usize,
    },
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

/// Inferences with their proof.
pub struct Proven {
    /// What the program gives for each input.
    pub outputs: Vec<Tensor>,
    /// That it does.
    pub proof: Proof,
}

/// A model whose weights are committed to, once for all its proofs. Verifiers get its key, not its weights.
pub struct CommittedModel {
    program: Program,
    key: ProofKey,
    committed: Vec<Committed>,
}

impl CommittedModel {
    /// Commits to the weights of `program`.
    ///
    /// # Errors
    /// [`ProveError::Unsupported`], [`ProveError::Commitment`].
    pub fn of(program: Program) -> Result<Self, ProveError> {
        let outline = Outline::of(&program)?;
        let schemes = Scheme::of_weights(&outline).map_err(commitment)?;
        let frame = Frame::new(&outline, 1).expect("one inference is possible");
        let (mut weights, mut committed) = (Vec::new(), Vec::new());
        for (scheme, stack) in schemes.iter().zip(stacks(&outline)) {
            let tables = stack.iter().map(|own| {
                let column = match own.weights_of {
                    Some(value) => {
                        let parameters = Parameters::of(&program, &outline, value);
                        parameters.weights_column(&outline.weights(value), own.variables)
                    }
                    None => gathered_column(&program, &outline, own.variables),
                };
                table(vec![column])
            });
            // The roots enter each proof's transcript with the statement, not here.
            let mut nobody = begin(&frame, None, &[], &[]);
            let both = scheme.commit(tables.collect(), &mut nobody);
            let (root, stack) = both.map_err(commitment)?;
            weights.push(root);
            committed.push(stack);
        }
        Ok(Self {
            program,
            key: ProofKey { outline, weights },
            committed,
        })
    }

    /// The model's program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What verifiers need.
    pub fn key(&self) -> &ProofKey {
        &self.key
    }

    /// Runs the model on `inputs` and proves that to whoever has the key.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(&self, inputs: &[Tensor]) -> Result<Proven, ProveError> {
        self.prove_observed(inputs, &mut |_| {})
    }

    /// As [`Self::prove`], telling `observer` how far it has come.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove_observed(
        &self,
        inputs: &[Tensor],
        observer: &mut Observer<'_>,
    ) -> Result<Proven, ProveError> {
        prove_with(
            &self.program,
            &self.key.outline,
            Some(self),
            inputs,
            observer,
        )
    }
}

/// Runs `program` on `inputs` and proves that to whoever has the program.
///
/// # Errors
/// [`ProveError`].
pub fn prove(program: &Program, inputs: &[Tensor]) -> Result<Proven, ProveError> {
    prove_observed(program, inputs, &mut |_| {})
}

/// As [`prove`], telling `observer` how far it has come.
///
/// # Errors
/// [`ProveError`].
pub fn prove_observed(
    program: &Program,
    inputs: &[Tensor],
    observer: &mut Observer<'_>,
) -> Result<Proven, ProveError> {
    prove_with(program, &Outline::of(program)?, None, inputs, observer)
}

fn prove_with(
    program: &Program,
    outline: &Outline,
    model: Option<&CommittedModel>,
    inputs: &[Tensor],
    observer: &mut Observer<'_>,
) -> Result<Proven, ProveError> {
    let samples = ProveError::Samples {
        inputs: inputs.len(),
    };
    let frame = Frame::new(outline, inputs.len()).ok_or(samples)?;
    let schemes = Schemes::of(&frame, model.is_some()).map_err(commitment)?;
    let report = SecurityReport::of(&frame, &schemes);
    if report.bits() < f64::from(SECURITY_BITS_MIN) {
        let bits = report.whole_bits();
        return Err(ProveError::Soundness { bits });
    }
    let witness = Witness::of(program, frame, inputs, observer)?;
    let roots = model.map(|model| &model.key.weights[..]);
    let mut prover = Prover {
        program,
        frame,
        witness: &witness,
        transcript: begin(&frame, roots, &numbers(inputs), witness.outputs()),
        weights_are_committed: model.is_some(),
        observer,
    };
    let proof = prover.prove(&schemes, model)?;
    let outputs = witness.output_tensors();
    Ok(Proven { outputs, proof })
}

fn commitment(error: impl ToString) -> ProveError {
    let reason = error.to_string();
    ProveError::Commitment { reason }
}

fn table(columns: Vec<Vec<Base>>) -> Table<Base> {
    let size = columns.first().map_or(1, Vec::len);
    Table::new(RowMajorMatrix::new(columns.concat(), size))
}

struct Prover<'a, 'o> {
    program: &'a Program,
    frame: Frame<'a>,
    witness: &'a Witness<'a>,
    transcript: Challenger,
    weights_are_committed: bool,
    observer: &'a mut Observer<'o>,
}

impl Prover<'_, '_> {
    fn prove(
        &mut self,
        schemes: &Schemes,
        model: Option<&CommittedModel>,
    ) -> Result<Proof, ProveError> {
        let frame = self.frame;
        self.tell(Step::Committing, 0, schemes.columns.iter().count());
        let committed = schemes.columns.as_ref().map(|scheme| {
            let tables = column_tables(&frame).into_iter();
            let tables = tables.map(|own| {
                let columns = own.values.iter();
                table(
                    columns
                        .flat_map(|value| self.witness.committed(*value))
                        .collect(),
                )
            });
            scheme.commit(tables.collect(), &mut self.transcript)
        });
        let committed = committed.transpose().map_err(commitment)?;
        let (root, committed) = committed.unzip();

        let point = draw_point(&mut self.transcript, frame.variables_max());
        let (relations, biases) = self.relations(&point);
        let (end, factors, products) = self.products(&relations);
        let tap = self.transcript.sample_algebra_element();
        let gathering = self.transcript.sample_algebra_element();
        let mut left = relations::left(&frame, &relations, &end.point, &factors, tap);
        left.points.push(self.output(&point));
        let (direct, mut groups) = links::of_points(&frame, std::mem::take(&mut left.points));
        groups.extend(links::of_windows(&frame, std::mem::take(&mut left.windows)));
        if self.weights_are_committed {
            relations::gather(&frame, &relations, &mut left, gathering);
            groups.extend(left.groups);
        }
        let (ends, shares, links) = self.links(groups, &mut left.parameters);
        let claims = direct.into_iter().chain(ends);
        let unknown = claims.filter(|claim| frame.outline.columns(self.source(claim)).is_some());
        let unknown: Vec<PointClaim> = unknown.collect();
        let (settled, columns, values) = self.values(&relations, &unknown);
        let (lookups, opening) = self.columns(schemes, committed, &settled, &columns)?;
        let weights = match model {
            Some(model) => self.open_weights(schemes, model, &left.parameters)?,
            None => Vec::new(),
        };
        Ok(Proof {
            commitment: root,
            relations: relations.into_iter().flat_map(|own| own.claims).collect(),
            biases,
            products,
            shares,
            links,
            values,
            lookups,
            opening,
            weights,
        })
    }

    fn tell(&mut self, step: Step, done: usize, total: usize) {
        (self.observer)(Progress { step, done, total });
    }

    fn source(&self, claim: &PointClaim) -> usize {
        match self.frame.outline.place(claim.value) {
            Place::Cube(source) => *source,
            Place::Parts(_) => claim.value,
        }
    }

    fn parameters(&self, value: usize) -> Parameters<'_> {
        Parameters::of(self.program, self.frame.outline, value)
    }

    /// What each relation claims at the random point, and the biases that are sent.
    fn relations(&mut self, point: &[Extension]) -> (Vec<Relation>, Vec<Extension>) {
        let frame = self.frame;
        let (mut relations, mut biases) = (Vec::new(), Vec::new());
        let total = frame.outline.computed().count();
        for (done, (value, made)) in frame.outline.computed().enumerate() {
            self.tell(Step::Relations, done, total);
            let own = frame.own(value, point);
            let at = |cube: Vec<Base>| Poly::new(cube).eval_base(&Point::new(own.to_vec()));
            let mut relation = Relation {
                value,
                point: own.to_vec(),
                claims: Vec::new(),
                bias: Extension::ZERO,
            };
            relation.claims = match made {
                Made::Sum { terms, .. } => {
                    let terms = terms.iter();
                    terms
                        .map(|term| at(self.witness.cube(term.value as usize)))
                        .collect()
                }
                Made::Function { input, .. } => vec![at(self.witness.cube(*input as usize))],
                Made::Largest { .. } => self.read(&relation),
                _ => vec![at(self.witness.accumulators(value))],
            };
            if has_parameters(frame.outline, value) {
                let outputs = weights(relation.output_point(&frame));
                relation.bias = self.parameters(value).bias_at(&outputs);
                if self.weights_are_committed {
                    biases.push(relation.bias);
                }
            }
            relations.push(relation);
        }
        self.tell(Step::Relations, total, total);
        for relation in &relations {
            absorb_claims(&mut self.transcript, &relation.claims);
        }
        absorb_claims(&mut self.transcript, &biases);
        (relations, biases)
    }

    /// What each tap of a search reads at the relation's point.
    fn read(&self, relation: &Relation) -> Vec<Extension> {
        let frame = self.frame;
        let Made::Largest { input, window } = frame.outline.made(relation.value) else {
            unreachable!("only a search reads taps")
        };
        let (sample, dims) = relation.split(&frame);
        let prefix = [sample, dims[0]].concat();
        let image = fold(&self.witness.cube(*input as usize), &prefix);
        let axes = relations::axes(&frame, relation.value, *input, window);
        let positions = [weights(dims[1]), weights(dims[2])];
        let width = bits(axes[1].input);
        let product = |weight: Extension, element: Extension| weight * element;
        taps(
            &axes,
            [&positions[0], &positions[1]],
            &image,
            width,
            product,
        )
    }

    /// The products: where they ended, and their factors there.
    fn products(&mut self, relations: &[Relation]) -> (Ended, Vec<Factors>, Phase) {
        let frame = self.frame;
        let batch = relations::products(&frame);
        let sums = relations::product_sums(&frame, relations);
        let powers = powers(&mut self.transcript, sums.len());
        let products = relations::with_products(&frame, relations);
        let total = products.len();
        let mut items = Vec::with_capacity(total);
        for (((relation, _), power), sum) in products.iter().zip(&powers).zip(&sums) {
            self.tell(Step::Products, items.len(), total);
            items.push(Item {
                sum: self.product(relation),
                factor: *power,
                claim: *sum,
            });
        }
        self.tell(Step::Products, total, total);
        let (sumcheck, ended) = prove_batch(&batch, &mut items, &mut self.transcript);
        let (mut factors, mut ends) = (Vec::with_capacity(items.len()), Vec::new());
        for (item, (relation, _)) in items.iter().zip(products) {
            let own = item.sum.ends();
            let (left, right) = match &item.sum {
                Sum::Weighted(_) => (own[1], own[2]),
                _ => (own[0], own[1]),
            };
            factors.push(Factors { left, right });
            if self.weights_are_committed || !has_parameters(frame.outline, relation.value) {
                ends.push(left);
            }
            ends.push(right);
        }
        absorb_claims(&mut self.transcript, &ends);
        (ended, factors, Phase { sumcheck, ends })
    }

    fn product(&self, relation: &Relation) -> Sum {
        let frame = self.frame;
        let value = relation.value;
        let (sample, dims) = relation.split(&frame);
        match frame.outline.made(value) {
            Made::Linear { input, .. } => {
                let output = relation.output_point(&frame);
                let left = self.parameters(value).folded(&weights(output));
                let rows = &relation.point[..relation.point.len() - output.len()];
                let right = fold(&self.witness.cube(*input as usize), rows);
                Sum::Product([left, right])
            }
            Made::Convolution { input, window, .. } => {
                let left = self.parameters(value).folded(&weights(dims[0]));
                let axes = relations::axes(&frame, value, *input, window);
                let positions = [weights(dims[1]), weights(dims[2])];
                let positions = [&positions[0][..], &positions[1]];
                let width = bits(axes[1].input);
                let image = 1usize << (bits(axes[0].input) + width);
                let padded = 1usize << bits(window.taps() as u32);
                let cube = self.witness.cube(*input as usize);
                let mut right = Vec::with_capacity(left.len());
                let mut push = |mut read: Vec<Extension>| {
                    read.resize(padded, Extension::ZERO);
                    right.extend(read);
                };
                // Over one inference the image's numbers are small; over several they are folded first.
                if sample.is_empty() {
                    let product = |weight: Extension, element: Base| weight * element;
                    let maps = cube.chunks_exact(image);
                    maps.for_each(|map| push(taps(&axes, positions, map, width, product)));
                } else {
                    let product = |weight: Extension, element: Extension| weight * element;
                    let cube = fold(&cube, sample);
                    let maps = cube.chunks_exact(image);
                    maps.for_each(|map| push(taps(&axes, positions, map, width, product)));
                }
                Sum::Product([left, right])
            }
            Made::Product { left, right, .. } => {
                let cube = |value: &u32| {
                    let cube = self.witness.cube(*value as usize);
                    fold(&cube, &[])
                };
                let weight = weights(&relation.point);
                let one = cube(left);
                let other = self.repeated(value, *right as usize, &cube(right));
                Sum::Weighted([weight, one, other])
            }
            other => unreachable!("{other:?} has no product"),
        }
    }

    /// The right factor of a product on the cube of the left, its extents of 1 repeated.
    fn repeated(&self, value: usize, right: usize, cube: &[Extension]) -> Vec<Extension> {
        let frame = self.frame;
        let [layout, other] = [value, right].map(|value| frame.outline.layout(value));
        let extents = layout.dims().iter().zip(other.dims());
        let mut places = vec![0usize];
        let samples = frame.sample_variables();
        let dims = extents.map(|(own, other)| (bits(*own), *other != 1));
        for (width, kept) in std::iter::once((samples, true)).chain(dims) {
            let inner = places.iter().flat_map(|place| {
                (0..1usize << width).map(move |index| {
                    if kept {
                        (place << width) | index
                    } else {
                        *place
                    }
                })
            });
            places = inner.collect();
        }
        places.into_iter().map(|place| cube[place]).collect()
    }

    /// That the output is what it is at the random point.
    fn output(&self, point: &[Extension]) -> PointClaim {
        let value = self.frame.outline.output_value();
        let point = self.frame.own(value, point).to_vec();
        let cube = Poly::new(self.witness.cube(value));
        let claim = cube.eval_base(&Point::new(point.clone()));
        PointClaim {
            value,
            point,
            claim,
        }
    }

    /// The links: claims on their sources where they ended, and the sums that are sent.
    fn links(
        &mut self,
        groups: Vec<Group>,
        parameters: &mut Vec<ParameterClaim>,
    ) -> (Vec<PointClaim>, Vec<Extension>, Phase) {
        let (mut all, mut items, mut shares) = (Vec::<Link>::new(), Vec::new(), Vec::new());
        let total = groups.len();
        for (done, Group { links, claim }) in groups.into_iter().enumerate() {
            self.tell(Step::Links, done, total);
            let several = links.len() > 1;
            for link in links {
                let cube = match link.source {
                    Source::Value(value) => self.witness.cube(value),
                    Source::Weights(value) => {
                        let layout = self.frame.outline.weights(value);
                        let variables = layout.variables();
                        self.parameters(value).weights_column(&layout, variables)
                    }
                    Source::Gathered => {
                        let outline = self.frame.outline;
                        gathered_column(self.program, outline, outline.gathered_variables())
                    }
                };
                let sum = Sum::Product([link.dense(), fold(&cube, &link.prefix)]);
                let claim = if several { sum.total() } else { claim };
                if several {
                    shares.push(claim);
                }
                all.push(link);
                let factor = Extension::ONE;
                items.push(Item { sum, factor, claim });
            }
        }
        self.tell(Step::Links, total, total);
        absorb_claims(&mut self.transcript, &shares);
        let batch = Batch::new(all.iter().map(Link::variables).collect(), LINK_DEGREE);
        for (item, power) in items
            .iter_mut()
            .zip(powers(&mut self.transcript, all.len()))
        {
            item.factor = power;
        }
        let (sumcheck, ended) = prove_batch(&batch, &mut items, &mut self.transcript);
        let ends: Vec<Extension> = items.iter().map(|item| item.sum.ends()[1]).collect();
        absorb_claims(&mut self.transcript, &ends);
        let mut claims = Vec::new();
        for (link, claim) in all.iter().zip(&ends) {
            let own = tail(&ended.point, link.variables());
            relations::ended(link, own, *claim, &mut claims, parameters);
        }
        (claims, shares, Phase { sumcheck, ends })
    }

    /// All claims on values with columns: what these hold and read where they ended.
    fn values(
        &mut self,
        relations: &[Relation],
        claims: &[PointClaim],
    ) -> (Vec<Extension>, Vec<Option<ColumnClaims>>, Phase) {
        let frame = self.frame;
        let batch = settle::batch(&frame);
        let count = settle::factor_count(&frame, claims);
        let powers = powers(&mut self.transcript, count);
        let settled = settle::settle(&frame, relations, claims, &powers);
        let total = settled.len();
        let mut items = Vec::with_capacity(total);
        for value in &settled {
            self.tell(Step::Values, items.len(), total);
            items.push(Item {
                sum: self.settled(value),
                factor: Extension::ONE,
                claim: value.sum,
            });
        }
        self.tell(Step::Values, total, total);
        let (sumcheck, ended) = prove_batch(&batch, &mut items, &mut self.transcript);
        let mut found = vec![None; frame.outline.values().len()];
        let mut ends = Vec::new();
        for Settled { value, columns, .. } in settled {
            let own = tail(&ended.point, frame.column_variables(value));
            let weights = weights(own);
            let at = |column: &[Base]| -> Extension {
                let column = column.iter().zip(&weights);
                column.map(|(element, weight)| *weight * *element).sum()
            };
            let columns_at: Vec<Extension> = self
                .witness
                .committed(value)
                .iter()
                .map(|column| at(column))
                .collect();
            let read: Vec<Extension> = match columns {
                Columns::Function { table, .. } => self.read_functions(value, table, &weights),
                _ => {
                    let read = self.read_numbers(value, columns);
                    read.iter().map(|column| at(column)).collect()
                }
            };
            ends.extend(columns_at.iter().chain(&read));
            found[value] = Some(ColumnClaims {
                point: own.to_vec(),
                columns: columns_at,
                read,
            });
        }
        absorb_claims(&mut self.transcript, &ends);
        (ended.point, found, Phase { sumcheck, ends })
    }

    /// What all functions of its table are where a function's positions are weighed so.
    fn read_functions(
        &self,
        value: usize,
        table: &[Vec<i16>],
        weights: &[Extension],
    ) -> Vec<Extension> {
        let mut at_position = vec![Extension::ZERO; FUNCTION_ENTRIES];
        for (position, weight) in self.witness.positions(value)[0].iter().zip(weights) {
            at_position[*position as usize] += *weight;
        }
        let functions = table.iter().map(|function| {
            let positions = at_position.iter().enumerate();
            positions
                .map(|(position, weight)| *weight * of_integer(function_entry(function, position)))
                .sum()
        });
        functions.collect()
    }

    /// What a value's columns read from tables beside themselves; of a function's table, the function.
    fn read_numbers(&self, value: usize, columns: Columns<'_>) -> Vec<Vec<Base>> {
        let positions = self.witness.positions(value);
        let number = |column: &[u32], entry: &dyn Fn(usize) -> i64| {
            let entries = column.iter().map(|position| entry(*position as usize));
            entries.map(of_integer).collect()
        };
        match columns {
            Columns::Raw => Vec::new(),
            Columns::Rounded(rounding) => {
                let high = &positions[rounding.columns() - 1];
                let entry = |position| rounding.high.entry(position);
                vec![
                    number(high, &|position| i64::from(entry(position).0)),
                    number(high, &|position| i64::from(entry(position).1)),
                ]
            }
            Columns::Function { table, own } => {
                vec![number(&positions[0], &|position| {
                    function_entry(&table[own], position)
                })]
            }
            Columns::Largest { .. } => {
                let taps = positions.iter();
                taps.map(|tap| number(tap, &difference_entry)).collect()
            }
        }
    }

    /// The sum that settles one value.
    fn settled(&self, settled: &Settled<'_>) -> Sum {
        let size = 1usize << self.frame.column_variables(settled.value);
        let read = self.read_numbers(settled.value, settled.columns);
        let columns = self.witness.committed(settled.value);
        let lifted = |column: &[Base]| fold(column, &[]);
        // The relation's form is the same factor times small powers where a value is rounded.
        let mut relation = vec![Extension::ZERO; size];
        // No relation counts what a function reads.
        for (factor, column) in settled.relation.iter().zip(columns.iter().chain(&read)) {
            if *factor == Extension::ZERO {
                continue;
            }
            for (sum, element) in relation.iter_mut().zip(column) {
                *sum += *factor * *element;
            }
        }
        let at = weights(&settled.relation_point);
        let mut weight = vec![Extension::ZERO; size];
        for (point, factor) in &settled.claims {
            let own = Poly::new_from_point(point, *factor);
            for (sum, own) in weight.iter_mut().zip(own.iter()) {
                *sum += *own;
            }
        }
        match settled.columns {
            Columns::Raw => Sum::Pair([at, relation, weight, lifted(&columns[0])]),
            Columns::Function { .. } => Sum::Pair([at, relation, weight, lifted(&read[0])]),
            Columns::Largest { .. } => {
                let mut result = vec![Base::ZERO; size];
                for column in &read {
                    for (sum, element) in result.iter_mut().zip(column) {
                        *sum += *element;
                    }
                }
                Sum::Pair([at, relation, weight, lifted(&result)])
            }
            Columns::Rounded(rounding) => {
                let mut middle = vec![Base::ZERO; size];
                for (column, power) in rounding.middle() {
                    for (sum, element) in middle.iter_mut().zip(&columns[column]) {
                        *sum += power * *element;
                    }
                }
                let top = of_integer(rounding.top());
                let above = read[1].iter().map(|above| Extension::from(top * *above));
                Sum::Rounded([
                    at,
                    relation,
                    weight,
                    lifted(&read[0]),
                    lifted(&middle),
                    above.collect(),
                ])
            }
        }
    }

    /// The columns' lookups, then their opening.
    fn columns(
        &mut self,
        schemes: &Schemes,
        committed: Option<Committed>,
        settled: &[Extension],
        claims: &[Option<ColumnClaims>],
    ) -> Result<(Vec<LogupStarProof<Base, Extension>>, Option<Opening>), ProveError> {
        let frame = self.frame;
        let arguments = lookup::arguments(&frame);
        let (mut lookups, mut ended) = (Vec::new(), Vec::new());
        for (place, tables) in arguments.iter().enumerate() {
            self.tell(Step::Lookups, place, arguments.len());
            let (own, end) = self.lookups(tables, claims);
            lookups.push(own);
            ended.push(end);
        }
        let (Some(scheme), Some(committed)) = (&schemes.columns, committed) else {
            return Ok((lookups, None));
        };
        self.tell(Step::OpeningColumns, 0, 1);
        let points = opening_points(&frame, settled, &ended);
        let opening = scheme.open(committed, &points, &mut self.transcript);
        Ok((lookups, Some(opening.map_err(commitment)?)))
    }

    fn lookups(
        &mut self,
        tables: &[lookup::Table],
        claims: &[Option<ColumnClaims>],
    ) -> (LogupStarProof<Base, Extension>, LogupStarOutput<Extension>) {
        let frame = self.frame;
        let read: Vec<Vec<Vec<usize>>> = tables
            .iter()
            .map(|table| {
                let readers = table.readers.iter().map(|column| {
                    let own = &self.witness.positions(column.value)[column.place];
                    own.iter().map(|position| *position as usize).collect()
                });
                readers.collect()
            })
            .collect();
        let readers: Vec<Vec<ReaderWitness<'_>>> = read
            .iter()
            .map(|readers| {
                let readers = readers.iter();
                readers
                    .map(|positions| ReaderWitness { positions })
                    .collect()
            })
            .collect();
        let columns: Vec<Vec<&[Base]>> = tables
            .iter()
            .map(|table| table.columns.iter().map(Vec::as_slice).collect())
            .collect();
        let witness: Vec<TableWitness<'_, Base>> = columns
            .iter()
            .zip(&readers)
            .map(|(columns, readers)| TableWitness { columns, readers })
            .collect();
        let statement = Statement::new(&frame, tables, claims);
        let said = statement.readers();
        LogupStarProof::prove(&statement.lookups(&said), &witness, &mut self.transcript)
    }

    /// The openings of weights and biases.
    fn open_weights(
        &mut self,
        schemes: &Schemes,
        model: &CommittedModel,
        claims: &[ParameterClaim],
    ) -> Result<Vec<Opening>, ProveError> {
        let stacks = stacks(self.frame.outline);
        let all = schemes.weights.iter().zip(&model.committed).zip(&stacks);
        let openings = all.enumerate().map(|(done, ((scheme, committed), stack))| {
            self.tell(Step::OpeningWeights, done, stacks.len());
            let points: Vec<Point> = parameters::openings(claims, stack)
                .into_iter()
                .map(|(point, _)| Point::new(point))
                .collect();
            let opening = scheme.open(committed.clone(), &points, &mut self.transcript);
            opening.map_err(commitment)
        });
        openings.collect()
    }
}
