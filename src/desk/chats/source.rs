//! All of a message.

use relevo_adapters::Body;
use serde_json::Value;

use crate::{
    desk::tickets::DELETED,
    store::{
        StoreError, Tx,
        messages::{self, MessageRow},
    },
};

/// A message without anything left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    pub message: MessageRow,
    pub subject: Option<String>,
    /// The whole text, or [`DELETED`].
    pub text: String,
    /// Sanitised.
    pub html: Option<String>,
    /// What the vocabulary has no field for.
    pub extra: Option<Value>,
}

/// All of a company's message; of a deleted one only that it was deleted.
///
/// # Errors
/// Those of the database.
pub async fn source(tx: &mut Tx, company: i64, id: &str) -> Result<Option<Source>, StoreError> {
    Ok(messages::find(tx, company, id).await?.map(whole))
}

fn whole(message: MessageRow) -> Source {
    if message.deleted_at.is_some() {
        return Source { message, subject: None, text: DELETED.to_owned(), html: None, extra: None };
    }
    let extra = message.extra.as_deref().and_then(|extra| serde_json::from_str(extra).ok());
    let (subject, text, html) = match serde_json::from_str(&message.body) {
        Ok(Body::Mail { subject, text, html, .. }) => (subject, text, html),
        _ => (None, message.content.clone(), None),
    };
    Source { message, subject, text, html, extra }
}
