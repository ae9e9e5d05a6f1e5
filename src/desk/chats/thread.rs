//! What was said in a conversation.

use std::collections::HashMap;

use relevo_adapters::Millis;

use crate::{
    desk::tickets::DELETED,
    store::{
        StoreError, Tx,
        messages::{self, AttachmentRow, MessageRow},
        parked::Target,
    },
};

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub message: MessageRow,
    /// Its text, or [`DELETED`].
    pub content: String,
    /// Its files, in order, also those whose bytes are not there (yet); none once it is deleted.
    pub files: Vec<AttachmentRow>,
    /// The message that it answers, by our id, if we know it.
    pub reply_to: Option<String>,
}

/// A piece of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Oldest first.
    pub lines: Vec<Line>,
    /// Whether there are older ones.
    pub more: bool,
}

/// The latest `limit` messages of a conversation, before the message `before` if that is given.
///
/// # Errors
/// Those of the database.
pub async fn thread(
    tx: &mut Tx,
    conversation: &str,
    before: Option<&MessageRow>,
    limit: usize,
) -> Result<Thread, StoreError> {
    let end = before.map_or((Millis::MAX, ""), |message| (message.at, message.id.as_str()));
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = messages::of_conversation(tx, conversation, end, wanted).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.reverse();
    Ok(Thread { lines: lines(tx, rows).await?, more })
}

/// Messages with what hangs on them, in the order given.
///
/// # Errors
/// Those of the database.
pub async fn lines(tx: &mut Tx, rows: Vec<MessageRow>) -> Result<Vec<Line>, StoreError> {
    let ids: Vec<&str> = rows.iter().filter(|row| row.deleted_at.is_none()).map(|row| row.id.as_str()).collect();
    let mut files: HashMap<String, Vec<AttachmentRow>> = HashMap::new();
    if !ids.is_empty() {
        for file in messages::attachments(tx, &ids).await? {
            files.entry(file.message_id.clone()).or_default().push(file);
        }
    }
    let answered = answered(tx, &rows).await?;
    let line = |message: MessageRow| Line {
        content: match message.deleted_at {
            Some(_) => DELETED.to_owned(),
            None => message.content.clone(),
        },
        files: files.remove(&message.id).unwrap_or_default(),
        reply_to: answered.get(&message.id).cloned(),
        message,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Which message each of these answers, by our ids. Customers' messages name it as the platform does, ours by its id.
async fn answered(tx: &mut Tx, rows: &[MessageRow]) -> Result<HashMap<String, String>, StoreError> {
    let named = |row: &&MessageRow| row.direction == "in" && row.reply_to.is_some();
    let targets: Vec<Target<'_>> = rows
        .iter()
        .filter(named)
        .filter_map(|row| Some(Target { c: row.channel_id, r: row.reply_to.as_deref()? }))
        .collect();
    let known = if targets.is_empty() { Vec::new() } else { messages::find_refs(tx, &targets).await? };
    let by_name: HashMap<(i64, &str), &str> =
        known.iter().map(|row| ((row.channel_id, row.name.as_str()), row.message_id.as_str())).collect();
    let answer = |row: &MessageRow| {
        let name = row.reply_to.as_deref()?;
        let id = if named(&row) { by_name.get(&(row.channel_id, name)).copied()? } else { name };
        Some((row.id.clone(), id.to_owned()))
    };
    Ok(rows.iter().filter_map(answer).collect())
}
