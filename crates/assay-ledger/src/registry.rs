//! Registered models, who shares their income, and the keys of their proofs.

use crate::{
    block::Run,
    ledger::royalties_hold,
    rows::{Model, ModelKey, ProofKeyEntry},
};
use assay_types::{AccountId, Event, ModelId, PROOF_KEYS_PER_MODEL_MAX, ProofKeyId, Rejection};

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

    /// The ledger cannot see whether a key is the model's, so it takes the word of whoever registered the
    /// model; anyone who has the program can make the key again and compare.
    ///
    /// # Errors
    /// In this order: [`Rejection::UnknownModel`], [`Rejection::NotYours`], [`Rejection::ProofKeyExists`],
    /// [`Rejection::TooManyProofKeys`].
    pub(crate) fn register_proof_key(
        &mut self,
        sender: AccountId,
        model: ModelId,
        key: ProofKeyId,
    ) -> Result<(), Rejection> {
        let row = self.state.models.get(&model);
        let owner = row.ok_or(Rejection::UnknownModel)?.owner;
        if owner != sender {
            return Err(Rejection::NotYours);
        }
        if self.has_proof_key(model, key) {
            return Err(Rejection::ProofKeyExists);
        }
        let bounds = [[0; 32], [u8::MAX; 32]].map(|bytes| ModelKey {
            model,
            key: ProofKeyId::new(bytes),
        });
        let keys = self.state.proof_keys.range(bounds[0]..=bounds[1]);
        if keys.take(PROOF_KEYS_PER_MODEL_MAX).count() >= PROOF_KEYS_PER_MODEL_MAX {
            return Err(Rejection::TooManyProofKeys);
        }
        let registered_at = self.now();
        self.state
            .proof_keys
            .put(ModelKey { model, key }, ProofKeyEntry { registered_at });
        self.events
            .push(Event::ProofKeyRegistered { model, key, owner });
        Ok(())
    }

    /// Whether proofs of the model can be verified with the key.
    pub(crate) fn has_proof_key(&self, model: ModelId, key: ProofKeyId) -> bool {
        self.state
            .proof_keys
            .get(&ModelKey { model, key })
            .is_some()
    }
}
