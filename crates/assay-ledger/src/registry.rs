//! Registered models and who shares their income.

use crate::{block::Run, ledger::royalties_hold, rows::Model};
use assay_types::{Event, ModelId, Rejection};

impl Run<'_> {
    /// # Errors
    /// [`Rejection::ModelExists`], [`Rejection::RoyaltiesMalformed`].
    pub(crate) fn register_model(&mut self, model: ModelId, row: Model) -> Result<(), Rejection> {
        if self.state.models.get(&model).is_some() {
            return Err(Rejection::ModelExists);
        }
        if !royalties_hold(&row.royalties, self.params.market_fee) {
            return Err(Rejection::RoyaltiesMalformed);
        }
        let (owner, manifest, program) = (row.owner, row.manifest, row.program);
        self.state.models.put(model, row);
        self.events.push(Event::ModelRegistered {
            model,
            owner,
            manifest,
            program,
        });
        Ok(())
    }
}
