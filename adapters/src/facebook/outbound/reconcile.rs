//! Whether a comment whose answer was lost is there (`facebook-comments.md §4`, P6).

use serde_json::Value;
use time::{PrimitiveDateTime, macros::format_description};

use super::{Sender, comment};
use crate::{
    json,
    outbound::{Act, Io, Outbound, OutboundFile, Reconciled, SendError, Sent},
    text,
};

/// Comments of one page.
const PAGE: usize = 50;
/// The newest comments below the one that was answered.
const LIST: [(&str, &str); 4] = [
    ("order", "reverse_chronological"),
    ("filter", "stream"),
    ("limit", "50"),
    ("fields", "id,message,from,created_time,attachment"),
];

impl Sender {
    pub(super) async fn look_back(&self, io: &dyn Io, message: &Outbound) -> Result<Reconciled, SendError> {
        match &message.act {
            Act::Text { text, files, .. } => self.look_for(io, message, text, files.first()).await,
            Act::File { file, caption } => {
                self.look_for(io, message, caption.as_deref().unwrap_or_default(), Some(file)).await
            }
            Act::PrivateReply { target, .. } => self.may_still_reply(io, target).await,
            _ => Ok(Reconciled::NobodyKnows),
        }
    }

    /// A comment of the Page's with exactly these words was sent by us, unless it is older than the message: agents say
    /// the same words again.
    async fn look_for(
        &self,
        io: &dyn Io,
        message: &Outbound,
        text: &str,
        file: Option<&OutboundFile>,
    ) -> Result<Reconciled, SendError> {
        let call = self.graph.get(&[comment::target(message)?, "comments"], &LIST);
        let answer = self.graph.look(io, call).await?;
        let Some(comments) = answer.get("data").and_then(Value::as_array) else { return Ok(Reconciled::NobodyKnows) };
        let candidates = comments.iter().filter(|comment| !is_older(comment, &message.id));
        let likenesses = candidates.map(|comment| (comment, self.likeness(comment, text, file)));
        // What is not on a full page may be on the next one.
        let mut unsure = comments.len() >= PAGE && !comments.iter().any(|comment| is_older(comment, &message.id));
        for (comment, likeness) in likenesses {
            match (likeness, comment.get("id").and_then(json::id)) {
                (Likeness::Same, Some(id)) => {
                    return Ok(Reconciled::Sent(Sent { refs: vec![id], ..Sent::default() }));
                }
                (Likeness::Same | Likeness::Unsure, _) => unsure = true,
                (Likeness::Other, _) => {}
            }
        }
        Ok(if unsure { Reconciled::NobodyKnows } else { Reconciled::NotSent })
    }

    fn likeness(&self, comment: &Value, text: &str, file: Option<&OutboundFile>) -> Likeness {
        let author = comment.get("from").and_then(|from| from.get("id")).and_then(json::id);
        let words = json::str(comment, "message").unwrap_or_default().trim() == text.trim();
        let is_shown = comment.get("attachment").is_some_and(Value::is_object);
        let photo = comment::photo(comment);
        let image = match file {
            None => Likeness::Same,
            Some(file) if photo.is_some() && photo == file.platform_id => Likeness::Same,
            // With words beside it, an image that Facebook has named anew is still ours.
            Some(_) if is_shown && !text.trim().is_empty() => Likeness::Same,
            Some(_) if is_shown => Likeness::Unsure,
            Some(_) => Likeness::Other,
        };
        match author {
            Some(author) if author == self.page_id && words => image,
            // Whoever wrote the same words without a name may be us.
            None if words && image != Likeness::Other => Likeness::Unsure,
            _ => Likeness::Other,
        }
    }

    /// There is one private reply per comment: while Facebook allows one, ours did not arrive. If it does not, ours may
    /// have been that one, or the seven days are over.
    async fn may_still_reply(&self, io: &dyn Io, target: &str) -> Result<Reconciled, SendError> {
        let call = self.graph.get(&[target], &[("fields", "can_reply_privately")]);
        let answer = self.graph.look(io, call).await?;
        Ok(match answer.get("can_reply_privately").and_then(Value::as_bool) {
            Some(true) => Reconciled::NotSent,
            _ => Reconciled::NobodyKnows,
        })
    }
}

/// How much earlier than ours Facebook's clock may be; milliseconds.
const SKEW: i64 = 10_000;

/// Whether a comment was there before the message was written.
fn is_older(comment: &Value, message_id: &str) -> bool {
    match (comment.get("created_time").and_then(created), text::uuid_millis(message_id)) {
        (Some(created), Some(written)) => created + SKEW < written,
        _ => false,
    }
}

/// Unix seconds, or `2026-05-28T10:00:00+0000`, which is always UTC; in milliseconds.
fn created(value: &Value) -> Option<i64> {
    let written = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    match value {
        Value::Number(seconds) => seconds.as_i64().map(|seconds| seconds * 1000),
        Value::String(text) => match text.parse::<i64>() {
            Ok(seconds) => Some(seconds * 1000),
            Err(_) => PrimitiveDateTime::parse(text.get(..19)?, written)
                .ok()
                .map(|moment| moment.assume_utc().unix_timestamp() * 1000),
        },
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    Unsure,
    Other,
}
