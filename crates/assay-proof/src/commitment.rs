//! The commitments of a proof: WHIR over one stacked polynomial each.
//!
//! *Columns*, once a proof: columns of one size are one table, for they are opened at the same points: all where the
//! claims on values were settled, and each where the lookup argument that reads it ended.
//!
//! *Weights*, once a model: all biases and gathered weights behind each other are one table, and the weights of each
//! larger layer one, in their layout. Each is opened at one point.

use crate::{
    field::{Base, Challenger, Extension, Point, Whir, trees},
    frame::Frame,
    lookup,
    outline::{Outline, ParameterTable},
};
use p3_commit::MultilinearPcs;
use p3_dft::Radix2DFTSmallBatch;
use p3_sumcheck::{
    OpeningBatch, OpeningProtocol, PrescribedOpeningSecurity, PrescribedPointPcs as _, TableShape,
    TableSpec,
    layout::{Layout as _, SuffixProver, Table},
};
use p3_util::log2_ceil_usize;
use p3_whir::{
    WhirConfigError,
    parameters::{FoldingFactor, ProtocolParameters, SecurityAssumption, WhirConfig},
};
use std::collections::BTreeMap;

/// Error of each term of the commitment's soundness, in bits, before all are summed.
const TERM_BITS: usize = 104;
/// Most bits of a proof of work that a term may count on.
pub const GRINDING_BITS_MAX: usize = 16;
/// Variables that a round of WHIR folds.
const FOLDING: usize = 4;
/// Variables of the largest codeword of weights that a lower rate than ½ makes.
///
/// A lower rate needs fewer queries. Weights are encoded once a model, so that a proof's cost hardly grows with their
/// codeword; that of columns is half of a proof's cost.
const WEIGHTS_CODEWORD_VARIABLES: usize = 20;
/// The lowest rate of weights, as the logarithm of its inverse: the next codeword has it as well.
const WEIGHTS_LOG_INV_RATE_MAX: usize = 4;
/// See [`stacks`].
const STACK_EXCESS: u64 = 8;

/// A Merkle root over the committed columns.
pub type Commitment = <Whir as MultilinearPcs<Extension, Challenger>>::Commitment;
/// What an opening sends.
pub type Opening = <Whir as MultilinearPcs<Extension, Challenger>>::Proof;
/// What the prover keeps between commitment and opening.
pub type Committed = <Whir as MultilinearPcs<Extension, Challenger>>::ProverData;

/// A table of columns of one size, which are opened at the same points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnTable {
    /// Variables of a column.
    pub variables: usize,
    /// The values whose columns it holds, one after the other.
    pub values: Vec<usize>,
    /// How many columns that are.
    pub columns: usize,
    /// For each lookup argument that reads some of them, its number, and which.
    pub looked_up: Vec<(usize, Vec<usize>)>,
}

/// The tables of all columns, the shortest columns first.
pub fn column_tables(frame: &Frame<'_>) -> Vec<ColumnTable> {
    let mut tables: BTreeMap<usize, ColumnTable> = BTreeMap::new();
    let mut firsts = BTreeMap::new();
    for (value, columns) in frame.outline.committed() {
        let variables = frame.column_variables(value);
        let table = tables.entry(variables).or_insert_with(|| ColumnTable {
            variables,
            values: Vec::new(),
            columns: 0,
            looked_up: Vec::new(),
        });
        firsts.insert(value, table.columns);
        table.values.push(value);
        table.columns += columns.count();
    }
    for (argument, read) in lookup::arguments(frame).into_iter().enumerate() {
        for column in read.iter().flat_map(|table| &table.readers) {
            let table = tables.get_mut(&frame.column_variables(column.value));
            let table = table.expect("a column that is read is committed");
            let place = firsts[&column.value] + column.place;
            match table.looked_up.last_mut() {
                Some((last, columns)) if *last == argument => columns.push(place),
                _ => table.looked_up.push((argument, vec![place])),
            }
        }
    }
    for (_, columns) in tables.values_mut().flat_map(|table| &mut table.looked_up) {
        columns.sort_unstable();
    }
    tables.into_values().collect()
}

/// The tables of a model's parameters, as they are stacked into commitments.
///
/// A stack is padded to a power of two. Where all tables exceed one by no more than an eighth (`STACK_EXCESS`), the
/// largest fill a stack of that size, and the others, which would double it, get their own.
pub fn stacks(outline: &Outline) -> Vec<Vec<ParameterTable>> {
    let gathered = outline.gathered();
    if gathered.is_empty() {
        return Vec::new();
    }
    let parametrized = outline.parametrized();
    let alone = parametrized.filter(|value| {
        let mut gathered = gathered.iter();
        !gathered.any(|table| table.weights_of == Some(*value))
    });
    let mut tables: Vec<ParameterTable> = alone
        .map(|value| ParameterTable {
            weights_of: Some(value),
            variables: outline.weights(value).variables().max(FOLDING),
        })
        .collect();
    tables.push(ParameterTable {
        weights_of: None,
        variables: outline.gathered_variables().max(FOLDING),
    });
    // Larger tables first; the sort keeps the order of equal ones.
    tables.sort_by_key(|table| std::cmp::Reverse(table.variables));
    let cells: u64 = tables.iter().map(|table| 1u64 << table.variables).sum();
    let full = 1u64 << cells.ilog2();
    if cells == full || cells - full > full / STACK_EXCESS {
        return vec![tables];
    }
    let mut filled = 0;
    // Powers of two in descending order fill the stack exactly.
    let first = tables.iter().take_while(|table| {
        filled += 1u64 << table.variables;
        filled <= full
    });
    let rest = tables.split_off(first.count());
    vec![tables, rest]
}

/// The rate of the codeword of a stack of so many variables, as the logarithm of its inverse.
pub fn weights_log_inv_rate(variables: usize) -> usize {
    let most = WEIGHTS_CODEWORD_VARIABLES.saturating_sub(variables);
    most.clamp(1, WEIGHTS_LOG_INV_RATE_MAX)
}

/// The commitments of a proof.
#[derive(Debug)]
pub struct Schemes {
    /// Of the columns; `None` where no layer is rounded.
    pub columns: Option<Scheme>,
    /// Of the weights, one a stack; none where the verifier knows them.
    pub weights: Vec<Scheme>,
}

impl Schemes {
    /// Those for proofs in `frame` with public or committed weights.
    ///
    /// # Errors
    /// As [`Scheme::of_columns`].
    pub fn of(frame: &Frame<'_>, weights_are_committed: bool) -> Result<Self, WhirConfigError> {
        let weights = if weights_are_committed {
            Scheme::of_weights(frame.outline)?
        } else {
            Vec::new()
        };
        Ok(Self {
            columns: Scheme::of_columns(frame).transpose()?,
            weights,
        })
    }
}

/// A commitment scheme for tables of an outline's sizes.
#[derive(Debug)]
pub struct Scheme {
    whir: Whir,
    protocol: OpeningProtocol,
}

impl Scheme {
    /// The scheme for the columns of `frame`; `None` when it has none.
    ///
    /// # Errors
    /// When the columns are too many for the field's roots of unity, or too few bits of soundness are left.
    pub fn of_columns(frame: &Frame<'_>) -> Option<Result<Self, WhirConfigError>> {
        let tables = column_tables(frame).into_iter();
        let specs = tables.map(|table| {
            let settled: Vec<usize> = (0..table.columns).collect();
            let looked_up = table.looked_up.iter();
            let looked_up = looked_up.map(|(_, columns)| columns.clone());
            let openings = std::iter::once(settled).chain(looked_up);
            let openings = openings.map(|columns| OpeningBatch::new(columns, Vec::new()));
            let shape = TableShape::new(table.variables, table.columns);
            TableSpec::new(shape, openings.collect())
        });
        Self::of_tables(specs.collect(), |_| 1)
    }

    /// The schemes for the weights and biases of `outline`, one a stack.
    ///
    /// # Errors
    /// As [`Self::of_columns`].
    pub fn of_weights(outline: &Outline) -> Result<Vec<Self>, WhirConfigError> {
        let table = |parameters: &ParameterTable| {
            let opening = OpeningBatch::new(vec![0], Vec::new());
            TableSpec::new(TableShape::new(parameters.variables, 1), vec![opening])
        };
        let stacks = stacks(outline);
        let schemes = stacks.iter().filter_map(|stack| {
            let tables = stack.iter().map(table);
            Self::of_tables(tables.collect(), weights_log_inv_rate)
        });
        schemes.collect()
    }

    /// `log_inv_rate` gives the rate of the first codeword for its variables.
    fn of_tables(
        specs: Vec<TableSpec>,
        log_inv_rate: impl Fn(usize) -> usize,
    ) -> Option<Result<Self, WhirConfigError>> {
        let some = !specs.is_empty();
        some.then(|| Self::with_protocol(OpeningProtocol::new(specs), log_inv_rate))
    }

    fn with_protocol(
        protocol: OpeningProtocol,
        log_inv_rate: impl Fn(usize) -> usize,
    ) -> Result<Self, WhirConfigError> {
        let overflow = WhirConfigError::InitialClaimCountOverflow;
        let cells = protocol.checked_num_cells();
        let claims = protocol.checked_num_claims();
        let (Some(cells), Some(claims)) = (cells, claims) else {
            return Err(overflow);
        };
        let variables = log2_ceil_usize(cells);
        let folding_factor = FoldingFactor::Constant(FOLDING);
        let (rounds, _) = folding_factor.compute_number_of_rounds(variables)?;
        let parameters = ProtocolParameters {
            starting_log_inv_rate: log_inv_rate(variables),
            // Each round folds four variables and, at rate ½, halves its domain once: three more bits of rate.
            round_log_inv_rates: (1..=rounds)
                .map(|round| 1 + round * (FOLDING - 1))
                .collect(),
            folding_factor,
            soundness_type: SecurityAssumption::JohnsonBound,
            security_level: TERM_BITS,
            pow_bits: GRINDING_BITS_MAX,
        };
        let config = WhirConfig::new_with_initial_claims(variables, parameters, claims)?;
        let whir = Whir::new(config, Radix2DFTSmallBatch::default(), trees());
        Ok(Self { whir, protocol })
    }

    /// Commits to the tables, in the order of the outline, and absorbs the root.
    ///
    /// # Errors
    /// As [`Self::of_columns`].
    pub fn commit(
        &self,
        tables: Vec<Table<Base>>,
        transcript: &mut Challenger,
    ) -> Result<(Commitment, Committed), WhirConfigError> {
        let witness = SuffixProver::<Base, Extension>::new_witness(tables, FOLDING);
        self.whir.commit(witness, transcript)
    }

    /// Absorbs a root that was received.
    pub fn absorb(&self, commitment: &Commitment, transcript: &mut Challenger) {
        self.whir.observe_commitment(commitment, transcript);
    }

    /// Opens all columns of each table at its points, table by table.
    ///
    /// # Errors
    /// As [`Self::of_columns`].
    pub fn open(
        &self,
        committed: Committed,
        points: &[Point],
        transcript: &mut Challenger,
    ) -> Result<Opening, WhirConfigError> {
        self.whir
            .open_at(committed, &self.protocol, points, transcript)
    }

    /// The values of all columns at the points, as [`Self::open`] was asked; `None` when the opening does not
    /// hold.
    pub fn verify(
        &self,
        commitment: &Commitment,
        opening: &Opening,
        points: &[Point],
        transcript: &mut Challenger,
    ) -> Option<Vec<Vec<Extension>>> {
        let verified = self
            .whir
            .verify_at(commitment, opening, &self.protocol, points, transcript);
        let batches = verified.ok()?;
        Some(
            batches
                .iter()
                .map(|batch| batch.current().to_vec())
                .collect(),
        )
    }

    /// The terms of the opening's soundness error; `None` when they cannot be computed.
    pub fn security(&self) -> Option<PrescribedOpeningSecurity> {
        self.whir.prescribed_security(&self.protocol)
    }
}
