//! Topics: looked up, created, worked in.

use crate::{Client, ClientError, Confirmed, Sender};
use assay_api::{MetagraphView, TopicsPage, paths};
use assay_types::{Call, Hash32, TopicId, TopicTerms, WeightRow, encode, weights_commitment};

/// Weights that a key commits to now and reveals in the topic's next epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedWeights {
    /// What is sent now.
    pub commitment: Hash32,
    /// What is sent then, with the weights.
    pub salt: Hash32,
    /// The weights.
    pub weights: WeightRow,
}

impl Client {
    /// A page of topics, by id. `cursor` is the `next` of the page before.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn topics(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<TopicsPage, ClientError> {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}"));
        let cursor = cursor.unwrap_or_default();
        let path = format!("{}?limit={limit}{cursor}", paths::TOPICS);
        self.http().json(&path).await
    }

    /// A topic with all its slots; `None` when there is no such topic.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn topic(&self, topic: TopicId) -> Result<Option<MetagraphView>, ClientError> {
        self.http().json_if_found(&paths::topic(topic)).await
    }
}

impl Sender {
    /// Creates a topic.
    ///
    /// # Errors
    /// [`ClientError::Rejected`] when the ledger refuses, for example because the terms are outside their limits.
    pub async fn create_topic(
        &self,
        terms: TopicTerms,
    ) -> Result<(TopicId, Confirmed), ClientError> {
        let confirmed = self.send_and_wait(Call::CreateTopic { terms }).await?;
        let chain = self.client().chain();
        let topic = TopicId::of(chain, self.account(), self.lane(), confirmed.sequence);
        Ok((topic, confirmed))
    }

    /// Weights of this account's key, sealed for a topic. The salt follows from key, topic and weights: nobody else can
    /// find out what is meant, and sealing the same again gives the same.
    pub fn seal_weights(&self, topic: TopicId, weights: WeightRow) -> SealedWeights {
        let secret = self.key().to_bytes();
        let parts: [&[u8]; 3] = [secret.as_slice(), topic.as_bytes(), &encode(&weights)];
        let salt = Hash32::derive("assay topic salt v1", &parts);
        let chain = self.client().chain();
        SealedWeights {
            commitment: weights_commitment(chain, topic, self.account(), &salt, &weights),
            salt,
            weights,
        }
    }
}
