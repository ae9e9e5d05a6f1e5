//! A mailbox, watched over IMAP (`email.md §2`).
//!
//! The cursor is the UID of the last mail that is durable, together with the folder's UIDVALIDITY. Nothing in the mailbox
//! changes: the folder is opened for reading only, and mails stay unread.
//!
//! Which mails are taken: those that the server received not earlier than a day before the channel was added, so that
//! connecting an old mailbox does not flood the agents. The first look, and the look after the folder was replaced (its
//! UIDVALIDITY is another; then the last week counts), go back at most [`FIRST_LOOK`] mails; what was taken before is
//! recognised by its Message-ID (P2).

mod connect;
mod place;
mod session;

use std::time::Duration;

use relevo_adapters::{ImapSource, Millis};
use tokio::time::Instant;

pub(super) use self::connect::Roots;
use self::{
    connect::Speaker,
    place::Place,
    session::{Entry, Failure, Fetched, Session},
};
use super::{port::Port, trouble::Trouble};
use crate::config;

/// Mails that the first look at a folder takes at most, the newest ones.
const FIRST_LOOK: usize = 500;
/// Tries to fetch one mail before it is recorded as a dead letter and left alone.
const FETCH_TRIES: u32 = 5;
/// A round that waited for news and found none takes at least this long, whatever the server announces.
const SHORTEST: Duration = Duration::from_secs(1);
const DAY: Millis = 86_400_000;
/// How far back a folder that was replaced is looked through.
const REPLACED: Millis = 7 * DAY;

/// Logs in and opens the folder; the connection is then dropped, which every server takes for a logout.
///
/// # Errors
/// Why that did not work, in plain words.
pub(super) async fn try_out(source: &ImapSource) -> Result<(), String> {
    match Session::open(source, &Roots::default()).await {
        Ok(_) => Ok(()),
        Err(Trouble::Setup(why) | Trouble::Passing(why) | Trouble::Wait(_, why)) => Err(why),
        Err(Trouble::House(error)) => Err(error.to_string()),
    }
}

/// One mailbox.
#[derive(Debug)]
pub(super) struct Mailbox {
    port: Port,
    source: ImapSource,
    settings: config::Email,
    roots: Roots,
    session: Option<Session>,
    place: Option<Place>,
    /// Mails from before this moment are none of ours.
    oldest: Option<Millis>,
    /// The mail that could not be fetched, and how often.
    stuck: (u32, u32),
}

impl Mailbox {
    pub(super) fn new(port: Port, source: ImapSource, settings: config::Email, roots: Roots) -> Self {
        Self { port, source, settings, roots, session: None, place: None, oldest: None, stuck: (0, 0) }
    }

    pub(super) fn forget(&mut self) {
        self.session = None;
        self.place = None;
    }

    /// Waits for news, unless it has just connected, and takes every new mail. A failed round closes the connection.
    pub(super) async fn round(&mut self) -> Result<(), Trouble> {
        let begun = Instant::now();
        let (mut session, waited) = match self.session.take() {
            Some(session) => (session.wait(&self.source, self.settings.idle, self.settings.poll).await?, true),
            None => (Session::open(&self.source, &self.roots).await?, false),
        };
        let taken = self.catch_up(&mut session).await?;
        self.session = Some(session);
        if waited && taken == 0 {
            tokio::time::sleep_until(begun + SHORTEST).await;
        }
        Ok(())
    }

    /// Takes every new mail; gives how many there were.
    async fn catch_up(&mut self, session: &mut Session) -> Result<usize, Trouble> {
        let place = self.place(session).await?;
        let new = session.list_after(place.uid).await.map_err(|failure| self.troubled(&failure))?;
        for entry in &new {
            self.take(session, *entry).await?;
            self.move_to(Place { uid: entry.uid, ..place }).await?;
        }
        Ok(new.len())
    }

    /// Where to go on in the folder as it is now.
    async fn place(&mut self, session: &mut Session) -> Result<Place, Trouble> {
        if let Some(place) = self.place.filter(|place| place.validity == session.validity) {
            return Ok(place);
        }
        let stored = self.port.cursor(&self.cursor_name()).await?.and_then(|text| text.parse::<Place>().ok());
        let place = match stored {
            Some(place) if place.validity == session.validity => place,
            stored => self.first_look(session, stored).await?,
        };
        self.place = Some(place);
        Ok(place)
    }

    /// Decides where to begin in a folder that is new, or another than it was.
    async fn first_look(&mut self, session: &mut Session, before: Option<Place>) -> Result<Place, Trouble> {
        let oldest = self.oldest().await?;
        let since = match before {
            None => oldest,
            Some(_) => oldest.max(self.port.now() - REPLACED),
        };
        // SEARCH knows days only, in the server's own zone.
        let found = session.search_since(Some(since - DAY)).await.map_err(|failure| self.troubled(&failure))?;
        let first = found[found.len().saturating_sub(FIRST_LOOK)..].first();
        let uid = match (first, session.uid_next) {
            (Some(first), _) => first.saturating_sub(1),
            (None, Some(next)) => next.saturating_sub(1),
            (None, None) => {
                let all = session.search_since(None).await.map_err(|failure| self.troubled(&failure))?;
                all.last().copied().unwrap_or(0)
            }
        };
        let place = Place { validity: session.validity, uid };
        tracing::info!(
            folder = self.source.folder,
            mails = found.len().min(FIRST_LOOK),
            left_out = found.len().saturating_sub(FIRST_LOOK),
            replaced = before.is_some(),
            "first look at a folder"
        );
        self.move_to(place).await?;
        Ok(place)
    }

    async fn oldest(&mut self) -> Result<Millis, Trouble> {
        let oldest = match self.oldest {
            Some(oldest) => oldest,
            None => self.port.created_at().await? - DAY,
        };
        self.oldest = Some(oldest);
        Ok(oldest)
    }

    /// Makes one mail durable, or decides that it never will be.
    async fn take(&mut self, session: &mut Session, entry: Entry) -> Result<(), Trouble> {
        let oldest = self.oldest().await?;
        if entry.date.is_some_and(|date| date < oldest) {
            tracing::debug!(uid = entry.uid, "a mail from before the channel's time is left alone");
            return Ok(());
        }
        match session.fetch(entry, self.source.max_bytes).await {
            Ok(Fetched::Whole(mail)) => Ok(self.port.accept(vec![mail]).await?),
            Ok(Fetched::HeaderOnly(header)) => {
                let limit = self.source.max_bytes;
                tracing::warn!(
                    uid = entry.uid,
                    bytes = entry.size,
                    limit,
                    "a mail is too large: only its header is taken"
                );
                Ok(self.port.accept(vec![header]).await?)
            }
            Ok(Fetched::Gone) => {
                tracing::debug!(uid = entry.uid, "a mail was removed before it could be fetched");
                Ok(())
            }
            Err(failure) => self.give_up_or_repeat(entry, failure).await,
        }
    }

    /// A mail that can never be fetched must not hold up those behind it (P7).
    async fn give_up_or_repeat(&mut self, entry: Entry, failure: Failure) -> Result<(), Trouble> {
        let tries = if self.stuck.0 == entry.uid { self.stuck.1 + 1 } else { 1 };
        self.stuck = (entry.uid, tries);
        if tries < FETCH_TRIES {
            return Err(self.troubled(&failure));
        }
        let words = Speaker(&self.source).words(failure.words());
        self.port
            .bury(format!(
                "mail {} of folder {} could not be fetched in {tries} tries: {words}",
                entry.uid, self.source.folder
            ))
            .await?;
        match failure {
            Failure::Refused(_) => Ok(()),
            // Those behind it need another connection.
            Failure::Lost(_) => {
                let validity = self.place.map_or(0, |place| place.validity);
                self.move_to(Place { validity, uid: entry.uid }).await?;
                Err(self.troubled(&failure))
            }
        }
    }

    fn troubled(&self, failure: &Failure) -> Trouble {
        let speaker = Speaker(&self.source);
        match failure {
            Failure::Refused(words) => speaker.passing(format!("refuses to show mails: {}", speaker.words(words))),
            Failure::Lost(words) => speaker.passing(words),
        }
    }

    async fn move_to(&mut self, place: Place) -> Result<(), Trouble> {
        self.port.set_cursors(&[(&self.cursor_name(), place.to_string())]).await?;
        self.place = Some(place);
        Ok(())
    }

    fn cursor_name(&self) -> String {
        format!("imap:{}", self.source.folder)
    }
}
