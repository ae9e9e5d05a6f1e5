//! Conversations, for the people who answer in them: which there are, what was said, what waits to be read.

mod acts;
mod arrivals;
mod source;
mod thread;

use relevo_adapters::{Millis, outbound::Destination};

pub use self::{
    acts::{OnMessage, act, answers, mark_read},
    arrivals::{Arrival, arrivals},
    source::{Source, source},
    thread::{Line, Thread, lines, thread},
};
use crate::store::{
    StoreError, Tx,
    chats::{self, ChatRow, Filter},
    conversations::{self, Name},
    messages::{self, MessageRow},
    tickets::{self, Ticket},
};

/// What a list without pages shows at most: the latest.
pub const LIST: i64 = 10_000;
/// How long a link to a file can be followed, milliseconds.
pub const LINK_MS: Millis = 3_600_000;

/// A company's conversation.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, conversation: &str) -> Result<Option<ChatRow>, StoreError> {
    // Nothing else names nothing: an empty filter would name everything.
    match conversation.is_empty() {
        true => Ok(None),
        false => {
            let filter = Filter { company, conversation, ..Filter::default() };
            Ok(chats::list(tx, filter, 1, 0).await?.into_iter().next())
        }
    }
}

/// Whether a conversation is the one that a channel has with this destination.
///
/// # Errors
/// Those of the database.
pub async fn is_with(
    tx: &mut Tx,
    channel: i64,
    conversation: &str,
    destination: &Destination,
) -> Result<bool, StoreError> {
    let names: Vec<Name<'_>> = destination.keys.iter().map(|k| Name { c: channel, k }).collect();
    let known = if names.is_empty() { Vec::new() } else { conversations::find_keys(tx, &names).await? };
    Ok(known.iter().any(|key| key.conversation_id == conversation))
}

/// A company's ticket, by its id or by the number that agents see.
///
/// # Errors
/// Those of the database.
pub async fn ticket(tx: &mut Tx, company: i64, named: &str) -> Result<Option<Ticket>, StoreError> {
    match named.parse::<i64>() {
        Ok(number) => tickets::find_by_number(tx, company, number).await,
        Err(_) => tickets::find(tx, company, named).await,
    }
}

/// What the customer wrote to a ticket, newest first, at most [`LIST`].
///
/// # Errors
/// Those of the database.
pub async fn received(tx: &mut Tx, ticket: &str) -> Result<Vec<Line>, StoreError> {
    let rows = messages::of_ticket(tx, ticket, LIST).await?;
    lines(tx, rows.into_iter().filter(is_inbound).collect()).await
}

fn is_inbound(message: &MessageRow) -> bool {
    message.direction == "in"
}
