//! Rows from the adapters' vocabulary.

use relevo_adapters::{Attachment, MediaSource, Message};
use serde::Serialize;
use serde_json::Value;

use super::world::World;
use crate::{
    domain::{Envelope, FETCH, FetchJob, fetch_lane, fetch_topic},
    store::{jobs::NewJob, messages::AttachmentRow},
};

/// An attachment whose bytes are still with the platform.
const PENDING: &str = "pending";

pub(super) fn to_json<T: Serialize>(value: &T) -> String {
    #[expect(clippy::expect_used, reason = "the vocabulary holds text, numbers and JSON values only")]
    serde_json::to_string(value).expect("plain data")
}

impl World {
    pub(super) fn add_attachments(&mut self, envelope: &Envelope, message: &Message, message_id: &str) {
        for attachment in &message.attachments {
            let id = self.clock.id();
            let row = attachment_row(id, envelope, attachment, message_id);
            if row.state == PENDING {
                self.added.jobs.push(fetch_job(envelope, &row));
            }
            self.added.attachments.push(row);
        }
    }
}

/// What makes two mentions of a file the same file: the platform's stable id for it, else where it is.
pub(super) fn file_key(attachment: &Attachment) -> String {
    stable_id(attachment.extra.as_ref()).unwrap_or_else(|| attachment.source.place().to_owned())
}

/// [`file_key`] of a stored attachment.
pub(super) fn file_name(row: &AttachmentRow) -> String {
    let extra: Option<Value> = row.extra.as_deref().and_then(|extra| serde_json::from_str(extra).ok());
    let source = || serde_json::from_str::<MediaSource>(&row.source);
    stable_id(extra.as_ref())
        .unwrap_or_else(|| source().map_or_else(|_| row.source.clone(), |source| source.place().to_owned()))
}

fn stable_id(extra: Option<&Value>) -> Option<String> {
    extra?.get("file_unique_id")?.as_str().map(str::to_owned)
}

/// The bytes come soon, outside of this transaction (DESIGN §8).
fn fetch_job(envelope: &Envelope, row: &AttachmentRow) -> NewJob {
    NewJob {
        kind: FETCH.to_owned(),
        lane: fetch_lane(&row.id),
        topic: fetch_topic(envelope.channel),
        company_id: Some(envelope.company),
        payload: to_json(&FetchJob { attachment: row.id.clone(), channel: envelope.channel }),
        due_at: envelope.received_at,
        created_at: envelope.received_at,
    }
}

fn attachment_row(id: String, envelope: &Envelope, attachment: &Attachment, message_id: &str) -> AttachmentRow {
    let (state, sha256) = match &attachment.source {
        MediaSource::Platform { .. } | MediaSource::Url { .. } => (PENDING, None),
        MediaSource::Blob { sha256 } => ("stored", Some(sha256.clone())),
        MediaSource::Unavailable { .. } => ("unavailable", None),
    };
    AttachmentRow {
        id,
        message_id: message_id.to_owned(),
        channel_id: envelope.channel,
        kind: attachment.kind.as_str().to_owned(),
        source: to_json(&attachment.source),
        state: state.to_owned(),
        mime: attachment.mime.clone(),
        file_name: attachment.file_name.clone(),
        size: attachment.size.and_then(|size| i64::try_from(size).ok()),
        sha256,
        content_id: attachment.content_id.clone(),
        extra: attachment.extra.as_ref().map(to_json),
        created_at: envelope.received_at,
    }
}
