//! An HTTP long poll: the platform holds the answer until there is something (`telegram.md §1, §4, §9`).
//!
//! An answer's updates are confirmed by the next question, whose `offset` lies above them. That offset is stored first,
//! and it is stored only once all of them are durable: whatever fails in between, the same updates come again.

mod answer;
mod hush;

use std::{sync::Arc, time::Duration};

use relevo_adapters::{LongPollSource, Millis};
use reqwest::{Client, header::RETRY_AFTER, redirect::Policy};
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::{sync::OnceCell, time::Instant};

use self::{
    answer::{Answer, Update},
    hush::Hush,
};
use super::{port::Port, trouble::Trouble};

/// The longest pause after a trouble that passes by itself.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Updates in one answer; the platform's own limit.
const LIMIT: usize = 100;
/// What an answer may take beyond the time for which the platform holds it.
const GRACE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes of one answer: a hundred updates of the largest kind are far below (P8).
const MAX_ANSWER: usize = 16 << 20;
/// A round that brought nothing new takes at least this long, whatever the platform does.
const SHORTEST: Duration = Duration::from_secs(1);
/// After a week of silence the numbers of updates start anew, perhaps below our offset, which would then hide them
/// (`telegram.md §4`). A day earlier we ask without one: the platform has forgotten what was confirmed, and what comes
/// twice changes nothing (P2).
const SILENCE: Millis = 6 * 86_400_000;
/// The cursors: the next offset, and when an update last came.
const OFFSET: &str = "offset";
const OFFSET_AT: &str = "offset_at";

/// One HTTP client for all channels, made when the first one needs it. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Http(Arc<OnceCell<Client>>);

impl Http {
    async fn client(&self) -> Result<&Client, Trouble> {
        let make = || async {
            Client::builder()
                // The address holds the token: it goes to the configured server and to no other.
                .redirect(Policy::none())
                .connect_timeout(CONNECT)
                .user_agent(concat!("relevo/", env!("CARGO_PKG_VERSION")))
                .build()
        };
        let made = self.0.get_or_try_init(make).await;
        made.map_err(|error| Trouble::Setup(format!("this machine cannot make HTTPS connections: {error}")))
    }
}

/// The question.
#[derive(Debug, Serialize)]
struct Ask {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    limit: usize,
    /// Seconds.
    timeout: u64,
    allowed_updates: &'static [&'static str],
}

/// Where we stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    offset: i64,
    /// When an update last came.
    at: Millis,
}

/// The long poll of one channel.
#[derive(Debug)]
pub(super) struct LongPoll {
    port: Port,
    source: LongPollSource,
    poll: Duration,
    http: Http,
    hush: Hush,
    /// Outer `None`: not read from the database yet.
    place: Option<Option<Place>>,
}

impl LongPoll {
    pub(super) fn new(port: Port, source: LongPollSource, poll: Duration, http: Http) -> Self {
        let hush = Hush::of(source.url.expose_secret());
        Self { port, source, poll, http, hush, place: None }
    }

    pub(super) fn forget(&mut self) {
        self.place = None;
    }

    /// Asks once, and makes what comes durable.
    pub(super) async fn round(&mut self) -> Result<(), Trouble> {
        let begun = Instant::now();
        let before = self.place().await?;
        let updates = self.ask(offset(before, self.port.now())).await?;
        if let Some(next) = self.keep(updates).await? {
            self.place = Some(Some(next));
        }
        if self.place == Some(before) {
            tokio::time::sleep_until(begun + SHORTEST).await;
        }
        Ok(())
    }

    async fn place(&mut self) -> Result<Option<Place>, Trouble> {
        if let Some(place) = self.place {
            return Ok(place);
        }
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let offset = number(self.port.cursor(OFFSET).await?);
        let at = number(self.port.cursor(OFFSET_AT).await?).unwrap_or_default();
        let place = offset.map(|offset| Place { offset, at });
        self.place = Some(place);
        Ok(place)
    }

    /// Makes updates durable, and then the offset above them; `None` if there were none.
    async fn keep(&self, updates: Vec<Update>) -> Result<Option<Place>, Trouble> {
        let Some(last) = updates.iter().filter_map(|update| update.id).max() else {
            return match updates.is_empty() {
                true => Ok(None),
                // Without a number they cannot be confirmed: they would come again and again.
                false => Err(self.hush.passing("sends updates without numbers")),
            };
        };
        self.port.accept(updates.into_iter().map(|update| update.payload).collect()).await?;
        let place = Place { offset: last.saturating_add(1), at: self.port.now() };
        self.port.set_cursors(&[(OFFSET, place.offset.to_string()), (OFFSET_AT, place.at.to_string())]).await?;
        Ok(Some(place))
    }

    async fn ask(&self, offset: Option<i64>) -> Result<Vec<Update>, Trouble> {
        let ask =
            Ask { offset, limit: LIMIT, timeout: self.poll.as_secs(), allowed_updates: self.source.allowed_updates };
        let request = self.http.client().await?.post(self.source.url.expose_secret());
        let sent = request.timeout(self.poll + GRACE).json(&ask).send().await;
        let mut response = sent.map_err(|error| self.hush.unreachable(error))?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.hush.unreachable(error))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(self.hush.passing("sends too much at once"));
            }
            body.extend_from_slice(&chunk);
        }
        Answer { status: response.status().as_u16(), retry_after, body: &body }.read(&self.hush)
    }
}

/// The offset to ask with.
fn offset(place: Option<Place>, now: Millis) -> Option<i64> {
    place.filter(|place| now - place.at < SILENCE).map(|place| place.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_long_silence_we_ask_without_an_offset() {
        let place = Some(Place { offset: 7, at: 1_000 });
        assert_eq!(offset(place, 1_000 + SILENCE - 1), Some(7));
        assert_eq!(offset(place, 1_000 + SILENCE), None);
        assert_eq!(offset(None, 1_000), None);
    }
}
