//! What workers sent for an epoch, checked.

/// Greatest magnitude of a label: 2³² of them, weighted, still sum to a double.
pub const LABEL_MAX: f64 = 1e290;

/// Greatest magnitude of a loss: a decimal logarithm of no double exceeds it.
pub const LOSS_MAX: f64 = 1000.0;

/// Inferences and forecasts of an epoch, each ascending by slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    pub(super) labels: usize,
    pub(super) inferers: Vec<u32>,
    pub(super) inferences: Vec<Vec<f64>>,
    pub(super) forecasters: Vec<u32>,
    /// Of each forecaster, the place of an inferer among `inferers` and its foretold loss, ascending; never empty.
    pub(super) forecasts: Vec<Vec<(usize, f64)>>,
}

/// Inputs that no epoch may have.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum InputsError {
    /// An inference has another number of labels than the topic.
    #[error("inference of slot {slot} has {got} labels where the topic has {expected}")]
    Labels {
        /// Whose.
        slot: u32,
        /// The topic's labels; at least one.
        expected: usize,
        /// Its labels.
        got: usize,
    },
    /// A label is no number, or too large.
    #[error("inference of slot {slot} holds {label}, beyond ±{LABEL_MAX:e}")]
    Label {
        /// Whose.
        slot: u32,
        /// The label.
        label: f64,
    },
    /// A slot inferred twice.
    #[error("slot {slot} sent two inferences")]
    TwoInferences {
        /// Whose.
        slot: u32,
    },
    /// A slot forecast twice.
    #[error("slot {slot} sent two forecasts")]
    TwoForecasts {
        /// Whose.
        slot: u32,
    },
    /// A forecast names an inferer twice.
    #[error("forecast of slot {slot} names inferer {inferer} twice")]
    TwoLosses {
        /// Whose.
        slot: u32,
        /// Of whom.
        inferer: u32,
    },
    /// A foretold loss is no number, or too large.
    #[error(
        "forecast of slot {slot} foretells loss {loss} of inferer {inferer}, beyond ±{LOSS_MAX}"
    )]
    Loss {
        /// Whose.
        slot: u32,
        /// Of whom.
        inferer: u32,
        /// The loss.
        loss: f64,
    },
}

impl Inputs {
    /// Checks and sorts inferences of `labels` labels each, by slot, and forecasts: by forecaster, the loss (decimal
    /// logarithm) of each inferer it foretells.
    ///
    /// Losses foretold of slots that did not infer are dropped, and so are forecasters of whom nothing is left.
    ///
    /// # Errors
    /// [`InputsError`] for a slot that sent something twice, for a number beyond its limit or for labels of another
    /// number.
    pub fn new(
        labels: usize,
        mut inferences: Vec<(u32, Vec<f64>)>,
        mut forecasts: Vec<(u32, Vec<(u32, f64)>)>,
    ) -> Result<Self, InputsError> {
        inferences.sort_by_key(|inference| inference.0);
        forecasts.sort_by_key(|forecast| forecast.0);
        if let Some(slot) = twice(&inferences) {
            return Err(InputsError::TwoInferences { slot });
        }
        if let Some(slot) = twice(&forecasts) {
            return Err(InputsError::TwoForecasts { slot });
        }
        for (slot, inference) in &inferences {
            let (slot, got) = (*slot, inference.len());
            if got != labels || labels == 0 {
                return Err(InputsError::Labels {
                    slot,
                    expected: labels,
                    got,
                });
            }
            if let Some(&label) = inference
                .iter()
                .find(|label| !is_within(**label, LABEL_MAX))
            {
                return Err(InputsError::Label { slot, label });
            }
        }
        let (inferers, inferences): (Vec<u32>, Vec<Vec<f64>>) = inferences.into_iter().unzip();

        let mut inputs = Self {
            labels,
            inferers,
            inferences,
            forecasters: Vec::new(),
            forecasts: Vec::new(),
        };
        for (slot, mut losses) in forecasts {
            losses.sort_by_key(|loss| loss.0);
            if let Some(inferer) = twice(&losses) {
                return Err(InputsError::TwoLosses { slot, inferer });
            }
            if let Some(&(inferer, loss)) = losses.iter().find(|loss| !is_within(loss.1, LOSS_MAX))
            {
                return Err(InputsError::Loss {
                    slot,
                    inferer,
                    loss,
                });
            }
            let present: Vec<(usize, f64)> = losses
                .iter()
                .filter_map(|&(inferer, loss)| {
                    let place = inputs.inferers.binary_search(&inferer).ok()?;
                    Some((place, loss))
                })
                .collect();
            if !present.is_empty() {
                inputs.forecasters.push(slot);
                inputs.forecasts.push(present);
            }
        }
        Ok(inputs)
    }
}

/// Whether a number is finite and not beyond a limit.
pub(super) fn is_within(number: f64, limit: f64) -> bool {
    (-limit..=limit).contains(&number)
}

/// The first slot that sorted entries name twice.
fn twice<T>(entries: &[(u32, T)]) -> Option<u32> {
    entries
        .windows(2)
        .find(|pair| pair[0].0 == pair[1].0)
        .map(|pair| pair[0].0)
}
