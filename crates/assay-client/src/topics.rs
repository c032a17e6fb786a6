//! Topics: looked up, created, worked in.

use crate::{Client, ClientError, Confirmed, Sender};
use assay_api::{MetagraphView, RoundView, TopicsPage, paths};
use assay_types::{Call, Hash32, Submission, TopicId, TopicTerms, encode};

/// A submission that a key commits to now and reveals when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What is sent now.
    pub commitment: Hash32,
    /// What is sent then, with the submission.
    pub salt: Hash32,
    /// The submission.
    pub submission: Submission,
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

    /// A topic's inferences that wait to be measured; `None` when there is no such topic.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn topic_round(&self, topic: TopicId) -> Result<Option<RoundView>, ClientError> {
        self.http().json_if_found(&paths::topic_round(topic)).await
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

    /// A submission of this account's key, sealed for an epoch of a topic. The salt follows from key, topic, epoch and
    /// submission: nobody else can find out what is meant, and sealing the same again gives the same.
    pub fn seal(&self, topic: TopicId, epoch: u64, submission: Submission) -> Sealed {
        let secret = self.key().to_bytes();
        let parts: [&[u8]; 4] = [
            secret.as_slice(),
            topic.as_bytes(),
            &epoch.to_be_bytes(),
            &encode(&submission),
        ];
        let salt = Hash32::derive("assay topic salt v2", &parts);
        let chain = self.client().chain();
        Sealed {
            commitment: submission.commitment(chain, topic, self.account(), &salt),
            salt,
            submission,
        }
    }
}
