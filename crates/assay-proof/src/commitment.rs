//! The commitments of a proof: WHIR over one stacked polynomial each.
//!
//! *Columns*, once a proof: each computed value is a table of its columns. A proof opens every column at two points:
//! where all claims on its value were settled, and where the lookup argument ended.
//!
//! *Weights*, once a model: each value with parameters has a table of its weights, in their layout, and one of its
//! biases. Each is opened at one point.

use crate::{
    field::{Base, Challenger, Extension, Point, Whir, trees},
    frame::Frame,
    layout::bits,
    outline::{COLUMN_VARIABLES_MIN, Outline},
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

/// Error of each term of the commitment's soundness, in bits, before all are summed.
const TERM_BITS: usize = 106;
/// Most bits of a proof of work that a term may count on.
const GRINDING_BITS_MAX: usize = 16;
/// Variables that a round of WHIR folds.
const FOLDING: usize = 4;
/// Points at which each table of columns is opened.
pub const OPENINGS_PER_TABLE: usize = 2;

/// A Merkle root over the committed columns.
pub type Commitment = <Whir as MultilinearPcs<Extension, Challenger>>::Commitment;
/// What an opening sends.
pub type Opening = <Whir as MultilinearPcs<Extension, Challenger>>::Proof;
/// What the prover keeps between commitment and opening.
pub type Committed = <Whir as MultilinearPcs<Extension, Challenger>>::ProverData;

/// Variables of the columns of a value's weights and of its bias.
pub fn parameter_variables(outline: &Outline, value: usize) -> [usize; 2] {
    let layout = outline.weights(value);
    let bias = bits(layout.dims()[0]);
    [layout.variables(), bias].map(|variables| variables.max(COLUMN_VARIABLES_MIN))
}

/// The commitments of a proof.
#[derive(Debug)]
pub struct Schemes {
    /// Of the columns; `None` where no layer is rounded.
    pub columns: Option<Scheme>,
    /// Of the weights; `None` where the verifier knows them.
    pub weights: Option<Scheme>,
}

impl Schemes {
    /// Those for proofs in `frame` with public or committed weights.
    ///
    /// # Errors
    /// As [`Scheme::of_columns`].
    pub fn of(frame: &Frame<'_>, weights_are_committed: bool) -> Result<Self, WhirConfigError> {
        let weights = weights_are_committed
            .then(|| Scheme::of_weights(frame.outline))
            .flatten();
        Ok(Self {
            columns: Scheme::of_columns(frame).transpose()?,
            weights: weights.transpose()?,
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
        let committed = frame.outline.committed();
        let specs = committed.map(|(value, columns)| {
            let all: Vec<usize> = (0..columns.count()).collect();
            let openings = (0..OPENINGS_PER_TABLE)
                .map(|_| OpeningBatch::new(all.clone(), Vec::new()))
                .collect();
            TableSpec::new(
                TableShape::new(frame.column_variables(value), all.len()),
                openings,
            )
        });
        Self::of_tables(specs.collect())
    }

    /// The scheme for the weights and biases of `outline`; `None` when it has none.
    ///
    /// # Errors
    /// As [`Self::of_columns`].
    pub fn of_weights(outline: &Outline) -> Option<Result<Self, WhirConfigError>> {
        let table = |variables: usize| {
            let opening = OpeningBatch::new(vec![0], Vec::new());
            TableSpec::new(TableShape::new(variables, 1), vec![opening])
        };
        let parametrized = outline.parametrized();
        let specs = parametrized.flat_map(|value| parameter_variables(outline, value).map(table));
        Self::of_tables(specs.collect())
    }

    fn of_tables(specs: Vec<TableSpec>) -> Option<Result<Self, WhirConfigError>> {
        let some = !specs.is_empty();
        some.then(|| Self::with_protocol(OpeningProtocol::new(specs)))
    }

    fn with_protocol(protocol: OpeningProtocol) -> Result<Self, WhirConfigError> {
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
            starting_log_inv_rate: 1,
            // Each round folds four variables and halves its domain once: three more bits of rate.
            round_log_inv_rates: (1..=rounds)
                .map(|round| 1 + round * (FOLDING - 1))
                .collect(),
            folding_factor,
            soundness_type: SecurityAssumption::UniqueDecoding,
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
