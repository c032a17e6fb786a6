//! A provider: bonds, publishes its offer, then works until it is stopped.

use crate::{
    AnswersError, HardwareError, HardwareRecord, Misbehaviour, ModelError, Progress, ProviderEvent,
    answers::Answers,
    desk::{Desk, Stop},
    library::Library,
    outbox::Outbox,
};
use assay_api::{GoodView, OfferView};
use assay_client::{Client, ClientError, EventQuery, Sender};
use assay_types::{
    AccountId, Amount, Call, Good, LANES_PER_ACCOUNT, Lane, List, ModelId, OfferId, SecretKey,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::{JoinHandle, JoinSet},
};

/// Lanes that a provider uses, from [`ProviderConfig::lane_first`] on: its own affairs, acceptances, checks.
pub const LANES: u8 = 3;
/// Events kept for a subscriber that is slow; it then misses the oldest.
const EVENTS_KEPT: usize = 4_096;

/// All that a provider needs.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// The node it speaks to.
    pub client: Client,
    /// Its key.
    pub key: SecretKey,
    /// Its folder: one provider per folder.
    pub data_dir: PathBuf,
    /// The models it serves; at least one.
    pub models: Vec<ModelId>,
    /// Its price for one inference.
    pub ask: Amount,
    /// Jobs it takes at the same time.
    pub capacity: u32,
    /// The bond it brings itself up to before it offers; zero leaves the bond as it is. Each job locks the
    /// network's lock multiple (10) times the buyer's maximum.
    pub bond: Amount,
    /// Inferences at the same time; zero means one per core.
    pub threads: usize,
    /// First of the [`LANES`] lanes of the account that it uses alone.
    pub lane_first: u8,
    /// Time spent on measuring the machine before it offers, unless its record is there; zero measures nothing.
    pub measure: Duration,
    /// Cheats on purpose.
    pub misbehaviour: Option<Misbehaviour>,
}

impl ProviderConfig {
    /// Serves `models` for `ask` each, everything else as most want it: 64 jobs at a time, one inference per
    /// core, the bond as it is.
    pub fn new(
        client: Client,
        key: SecretKey,
        data_dir: impl Into<PathBuf>,
        models: Vec<ModelId>,
        ask: Amount,
    ) -> Self {
        Self {
            client,
            key,
            data_dir: data_dir.into(),
            models,
            ask,
            capacity: 64,
            bond: Amount::ZERO,
            threads: 0,
            lane_first: 32,
            measure: Duration::ZERO,
            misbehaviour: None,
        }
    }
}

/// Why a provider does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// No model.
    #[error("a provider needs a model to serve; name at least one")]
    NoModel,
    /// More models than one offer serves.
    #[error("{count} models are more than one offer serves ({max}); start several providers")]
    TooManyModels {
        /// How many were named.
        count: usize,
        /// How many fit.
        max: usize,
    },
    /// The lanes do not exist.
    #[error("lanes {first} to {last} do not all exist; an account has {LANES_PER_ACCOUNT}", last = first.saturating_add(LANES - 1))]
    Lanes {
        /// The first.
        first: u8,
    },
    /// No bond and none to be made.
    #[error(
        "{account} has no bond, so it would never be drawn; bond at least ten times the price of a job"
    )]
    NoBond {
        /// Whose.
        account: AccountId,
    },
    /// A model cannot be served.
    #[error("cannot serve a model")]
    Model(#[from] ModelError),
    /// The record of the machine cannot be kept.
    #[error("cannot keep the hardware record")]
    Hardware(#[from] HardwareError),
    /// Answers cannot be kept.
    #[error("cannot keep answers")]
    Answers(#[from] AnswersError),
    /// The node cannot be used.
    #[error("cannot {action}")]
    Node {
        /// What was attempted.
        action: &'static str,
        /// Why not.
        source: Box<ClientError>,
    },
}

/// A running provider. Dropping it stops it at once, as a crash would; [`Provider::shutdown`] finishes its
/// jobs first.
#[derive(Debug)]
pub struct Provider {
    account: AccountId,
    offer: OfferId,
    sender: Sender,
    stop: watch::Sender<Stop>,
    events: broadcast::Sender<ProviderEvent>,
    progress: watch::Receiver<Progress>,
    desk: Option<JoinHandle<Result<(), ProviderError>>>,
}

impl Provider {
    /// Starts a provider and returns when its offer stands and the jobs of an earlier run go on.
    ///
    /// # Errors
    /// [`ProviderError`]; nothing is left running.
    pub async fn start(config: ProviderConfig) -> Result<Self, ProviderError> {
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        Self::start_with(config, events).await
    }

    /// As [`Self::start`], telling of the start itself too.
    ///
    /// # Errors
    /// [`ProviderError`]; nothing is left running.
    pub async fn start_with(
        config: ProviderConfig,
        events: broadcast::Sender<ProviderEvent>,
    ) -> Result<Self, ProviderError> {
        let client = config.client.clone();
        let account = config.key.account();
        let [own, accepts, checks] = senders(&config)?;
        let (answers, recorded) = Answers::open(&config.data_dir)?;
        let library = Library::load(&client, &config.models).await?;
        for (model, shelf) in library.shelves() {
            let _ = events.send(ProviderEvent::Loaded {
                model: *model,
                name: shelf.name().to_owned(),
                run_us: shelf.run_us(),
            });
        }
        let library = if config.measure.is_zero() {
            library
        } else {
            // A restart may have jobs to go on with, so a machine that is known is not measured again.
            let known = HardwareRecord::read(&config.data_dir);
            let (library, record) = match known.filter(|record| record.covers(&library)) {
                Some(record) => (library, record),
                None => {
                    let (library, record) = measured(library, config.threads, config.measure).await;
                    record.keep(&config.data_dir)?;
                    (library, record)
                }
            };
            let record = Box::new(record);
            let _ = events.send(ProviderEvent::Measured { record });
            library
        };
        bond(&config, &own, &events).await?;
        let offer = publish(&config, &own, library.models()).await?;
        let _ = events.send(ProviderEvent::Offering { offer });

        // The state is read after the place in the stream: what happens between the two is seen twice, and
        // jobs ignore what they are past. So nothing has to be remembered about the stream itself.
        let status = node("read the status", client.status().await)?;
        let open = node("read the open orders", client.open_orders(account).await)?;
        let stream = client.events(EventQuery::after(status.height).of_account(account));

        let (notices, notified) = mpsc::unbounded_channel();
        let mut lanes = JoinSet::new();
        let outboxes = [accepts, checks].map(|sender| Outbox::start(sender, &notices, &mut lanes));
        let (stop, stopped) = watch::channel(Stop::No);
        let (told, progress) = watch::channel(Progress::default());
        let mut desk = Desk::new(&config, library, answers, outboxes, events.clone(), told);
        desk.resume(status.height, status.time, open, recorded);
        let desk = tokio::spawn(desk.run(stream, notified, stopped, lanes));
        Ok(Self {
            account,
            offer,
            sender: own,
            stop,
            events,
            progress,
            desk: Some(desk),
        })
    }

    /// Its account.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Its offer.
    pub const fn offer(&self) -> OfferId {
        self.offer
    }

    /// What happens from now on. A subscriber that is thousands behind misses the oldest.
    pub fn subscribe(&self) -> broadcast::Receiver<ProviderEvent> {
        self.events.subscribe()
    }

    /// Counters, always the latest.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Waits until it ends by itself, which it does only on an error.
    ///
    /// # Errors
    /// [`ProviderError::Node`] when the other side is no node of this version.
    pub async fn wait(&mut self) -> Result<(), ProviderError> {
        match &mut self.desk {
            Some(desk) => {
                let ended = desk.await;
                self.desk = None;
                joined(ended)
            }
            None => Ok(()),
        }
    }

    /// Withdraws the offer, gives back what is not accepted yet, finishes what is, then stops; after `grace`
    /// it stops anyway.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub async fn shutdown(mut self, grace: Duration) -> Result<(), ProviderError> {
        // The desk ends only after this; a desk that has ended does not listen.
        let _ = self.stop.send(Stop::WhenDone);
        let (sender, offer) = (self.sender.clone(), self.offer);
        let withdrawn = async {
            let call = Call::WithdrawOffer { offer };
            if let Err(error) = sender.send_and_wait(call).await {
                tracing::warn!(%error, "cannot withdraw the offer");
            }
        };
        let finished = async { tokio::join!(withdrawn, self.wait()).1 };
        match tokio::time::timeout(grace, finished).await {
            Ok(result) => result,
            Err(_) => {
                self.kill().await;
                Ok(())
            }
        }
    }

    /// Stops at once, as a crash would, and returns when its folder is free.
    pub async fn kill(mut self) {
        if let Some(desk) = self.desk.take() {
            desk.abort();
            // Aborted, as wanted.
            let _ = desk.await;
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Some(desk) = &self.desk {
            desk.abort();
        }
    }
}

fn joined(
    ended: Result<Result<(), ProviderError>, tokio::task::JoinError>,
) -> Result<(), ProviderError> {
    match ended {
        Ok(result) => result,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Ok(()),
    }
}

fn node<T>(action: &'static str, result: Result<T, ClientError>) -> Result<T, ProviderError> {
    result.map_err(|source| ProviderError::Node {
        action,
        source: Box::new(source),
    })
}

/// Loads `models`, measures the machine with them for about `time`, and keeps the record in `data_dir`.
///
/// Nothing is bonded and nothing offered; a provider may run in the folder meanwhile, and is slowed down.
///
/// # Errors
/// [`ProviderError`] when a model cannot be served or the record not be written.
pub async fn measure(
    client: &Client,
    models: &[ModelId],
    data_dir: &Path,
    time: Duration,
) -> Result<HardwareRecord, ProviderError> {
    let library = Library::load(client, models).await?;
    let (_, record) = measured(library, 0, time).await;
    record.keep(data_dir)?;
    Ok(record)
}

/// Measures away from the runtime's threads.
async fn measured(library: Library, threads: usize, time: Duration) -> (Library, HardwareRecord) {
    let measuring = tokio::task::spawn_blocking(move || {
        let record = HardwareRecord::measure(&library, threads, time);
        (library, record)
    });
    match measuring.await {
        Ok(measured) => measured,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

fn senders(config: &ProviderConfig) -> Result<[Sender; LANES as usize], ProviderError> {
    let first = config.lane_first;
    let sender = |offset: u8| -> Result<Sender, ProviderError> {
        let lane = first.checked_add(offset).and_then(Lane::new);
        let lane = lane.ok_or(ProviderError::Lanes { first })?;
        Ok(Sender::new(config.client.clone(), config.key.clone(), lane))
    };
    Ok([sender(0)?, sender(1)?, sender(2)?])
}

/// Brings the bond up to what is wanted.
async fn bond(
    config: &ProviderConfig,
    sender: &Sender,
    events: &broadcast::Sender<ProviderEvent>,
) -> Result<(), ProviderError> {
    let account = sender.account();
    let row = node("read the account", config.client.account(account).await)?;
    let amount = config.bond.saturating_sub(row.bond);
    if amount.is_zero() {
        if row.bond.is_zero() {
            return Err(ProviderError::NoBond { account });
        }
        return Ok(());
    }
    node("bond", sender.send_and_wait(Call::Bond { amount }).await)?;
    let _ = events.send(ProviderEvent::Bonded { amount });
    Ok(())
}

/// Finds the offer of an earlier run, or publishes it; withdraws what that run offered otherwise.
async fn publish(
    config: &ProviderConfig,
    sender: &Sender,
    models: Vec<ModelId>,
) -> Result<OfferId, ProviderError> {
    let first = *models.first().ok_or(ProviderError::NoModel)?;
    let standing = config.client.offers(Some(first)).await;
    let standing = node("read the offers", standing)?;
    let mut found = None;
    for offer in standing {
        if offer.seller != sender.account() {
            continue;
        }
        if found.is_none() && is_same(&offer, config, &models) {
            found = Some(offer.offer);
        } else {
            let call = Call::WithdrawOffer { offer: offer.offer };
            node("withdraw an old offer", sender.send_and_wait(call).await)?;
        }
    }
    if let Some(offer) = found {
        return Ok(offer);
    }
    let count = models.len();
    let models = List::new(models).map_err(|_| ProviderError::TooManyModels {
        count,
        max: assay_types::MODELS_PER_OFFER_MAX,
    })?;
    let call = Call::PublishOffer {
        good: Good::Inference { models },
        ask: config.ask,
        capacity: config.capacity,
    };
    let confirmed = node("publish the offer", sender.send_and_wait(call).await)?;
    Ok(OfferId::of(
        config.client.chain(),
        sender.account(),
        sender.lane(),
        confirmed.sequence,
    ))
}

fn is_same(offer: &OfferView, config: &ProviderConfig, wanted: &[ModelId]) -> bool {
    let GoodView::Inference { models } = &offer.good else {
        return false;
    };
    models == wanted && offer.ask == config.ask && offer.capacity == config.capacity
}
