//! Names: looked up, registered, renewed, given away.

use crate::{Client, ClientError, Confirmed, EventQuery, Sender};
use assay_api::{EmissionView, NameView, NamesPage, StreamMessage, paths};
use assay_types::{AccountId, Call, Hash32, Name, NameCommitment, Party};

/// A reservation that lapses within this many milliseconds of ledger time is made anew, so that it still
/// stands when a block takes the registration.
const LAPSE_MARGIN_MS: u64 = 5_000;

impl Client {
    /// A name that is leased or in grace; `None` when nobody holds it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn name(&self, name: Name) -> Result<Option<NameView>, ClientError> {
        self.http().json_if_found(&paths::name(name)).await
    }

    /// A page of names, ascending: all, or those of `holder`. `cursor` is the `next` of the page before.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn names(
        &self,
        holder: Option<AccountId>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<NamesPage, ClientError> {
        let holder = holder.map(|holder| format!("&holder={holder}"));
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}"));
        let path = format!(
            "{}?limit={limit}{}{}",
            paths::NAMES,
            holder.unwrap_or_default(),
            cursor.unwrap_or_default()
        );
        self.http().json(&path).await
    }

    /// The account that is meant: an address stands for itself, a name for its holder at this moment.
    ///
    /// # Errors
    /// [`ClientError::NoSuchName`] when the name stands for nobody.
    pub async fn resolve(&self, party: Party) -> Result<AccountId, ClientError> {
        let name = match party {
            Party::Account(account) => return Ok(account),
            Party::Name(name) => name,
        };
        let view = self.name(name).await?;
        view.filter(|view| view.stands)
            .map(|view| view.holder)
            .ok_or(ClientError::NoSuchName { name })
    }

    /// The supply and the epoch under way.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn emission(&self) -> Result<EmissionView, ClientError> {
        self.http().json(paths::SUPPLY).await
    }
}

impl Sender {
    /// Registers a name: reserves it, waits until the reservation is old enough, and opens it. Two
    /// transactions and a few seconds. What was interrupted goes on when it is called again.
    ///
    /// # Errors
    /// [`ClientError::Rejected`] when the ledger refuses, for example because the name is taken.
    pub async fn register_name(&self, name: Name, lease_ms: u64) -> Result<Confirmed, ClientError> {
        let salt = self.name_salt(name);
        // The ledger says whose it is; a reservation would change nothing.
        if self.client().name(name).await?.is_none() {
            self.reserve_name(name, &salt).await?;
        }
        let register = Call::RegisterName {
            name,
            salt,
            lease_ms,
        };
        self.send_and_wait(register).await
    }

    /// Reserves a name, unless that has been done, and waits until it can be registered.
    async fn reserve_name(&self, name: Name, salt: &Hash32) -> Result<(), ClientError> {
        let commitment = NameCommitment::new(self.client().chain(), self.account(), salt, name);
        let ours = |view: &assay_api::ReservationView| view.commitment == commitment.hash();
        let mut reservation = self.client().account(self.account()).await?.reservation;
        let soon = self.client().status().await?.time.after(LAPSE_MARGIN_MS);
        reservation = reservation.filter(|view| ours(view) && soon < view.lapses_at);
        if reservation.is_none() {
            self.send_and_wait(Call::ReserveName { commitment }).await?;
            reservation = self.client().account(self.account()).await?.reservation;
        }
        match reservation.filter(ours) {
            Some(view) => self.client().wait_for_time(view.ripe_at).await,
            None => Ok(()),
        }
    }

    /// What hides a name in this account's reservation. It follows from the key, so nothing has to be kept
    /// between reserving and registering, and nobody else can find out which name is meant.
    fn name_salt(&self, name: Name) -> Hash32 {
        let secret = self.key().to_bytes();
        Hash32::derive(
            "assay name salt v1",
            &[secret.as_slice(), name.as_str().as_bytes()],
        )
    }
}

impl Client {
    /// Waits until a final block has at least this ledger time.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn wait_for_time(&self, time: assay_types::LedgerTime) -> Result<(), ClientError> {
        let status = self.status().await?;
        if status.time >= time {
            return Ok(());
        }
        let mut events = self.events(EventQuery::after(status.height));
        loop {
            if let StreamMessage::Block(block) = events.next().await?
                && block.time >= time
            {
                return Ok(());
            }
        }
    }
}
