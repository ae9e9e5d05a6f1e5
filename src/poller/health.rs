//! What an operator sees of a channel's receiving side: the last error, in plain words, or none (P10).

use super::{port::Port, trouble::Trouble};
use crate::store::{StoreError, channels};

/// How our notes begin, so that they can be told from those of the sending side.
const PREFIX: &str = "cannot receive: ";
/// A trouble that passes by itself is noted when it comes this often in a row: one hiccup is none.
const WORTH_A_NOTE: u32 = 2;

/// Notes changes, and nothing while things stay as they are.
#[derive(Debug)]
pub(super) struct Health {
    port: Port,
    /// What stands at the channel now; `None`: not known.
    noted: Option<Note>,
    in_a_row: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Note {
    Fine,
    Trouble(String),
}

impl Health {
    pub(super) fn new(port: Port) -> Self {
        Self { port, noted: None, in_a_row: 0 }
    }

    /// It works.
    pub(super) async fn fine(&mut self) {
        self.in_a_row = 0;
        if self.noted == Some(Note::Fine) {
            return;
        }
        match self.clear().await {
            Ok(cleared) => {
                if cleared {
                    tracing::info!("receiving again");
                }
                self.noted = Some(Note::Fine);
            }
            Err(error) => tracing::warn!(%error, "could not note that the channel works"),
        }
    }

    /// It does not work.
    pub(super) async fn trouble(&mut self, trouble: &Trouble) {
        self.in_a_row += 1;
        match trouble {
            Trouble::House(error) => {
                tracing::warn!(error = causes(error), "what was fetched could not be made durable; it comes again");
            }
            Trouble::Setup(text) => self.note(text).await,
            Trouble::Passing(text) | Trouble::Wait(_, text) => match self.in_a_row >= WORTH_A_NOTE {
                true => self.note(text).await,
                false => tracing::info!("cannot receive for a moment: {text}"),
            },
        }
    }

    async fn note(&mut self, text: &str) {
        if matches!(&self.noted, Some(Note::Trouble(noted)) if noted == text) {
            tracing::debug!("still cannot receive: {text}");
            return;
        }
        tracing::warn!("cannot receive: {text}");
        let noted = async {
            let mut tx = self.port.inbound.db.write().await?;
            let text = format!("{PREFIX}{text}");
            channels::set_error(&mut tx, self.port.open.id, Some(&text), self.port.now()).await?;
            tx.commit().await
        };
        match noted.await {
            Ok(()) => self.noted = Some(Note::Trouble(text.to_owned())),
            Err(error) => tracing::warn!(%error, "could not note the channel's trouble"),
        }
    }

    /// Removes a note of ours, perhaps of an earlier process; gives whether there was one.
    async fn clear(&self) -> Result<bool, StoreError> {
        let id = self.port.open.id;
        let is_ours = |row: Option<channels::ChannelRow>| {
            row.and_then(|row| row.last_error).is_some_and(|text| text.starts_with(PREFIX))
        };
        if !is_ours(channels::find(&mut self.port.inbound.db.read().await?, id).await?) {
            return Ok(false);
        }
        let mut tx = self.port.inbound.db.write().await?;
        // Asked again, because the sending side may have noted something meanwhile.
        let ours = is_ours(channels::find(&mut tx, id).await?);
        if ours {
            channels::set_error(&mut tx, id, None, self.port.now()).await?;
        }
        tx.commit().await?;
        Ok(ours)
    }
}

/// An error with its causes on one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
