//! What goes out through the Cloud API (`whatsapp.md §5–§9`).

pub(super) mod errors;
mod interactive;
mod media;
mod message;
mod probe;
mod recipient;
mod templates;

pub(super) use recipient::SCHEMES;

use std::time::Duration;

use serde_json::Value;

use crate::{
    MediaKind, Settings, json,
    meta::graph::{self, Graph},
    outbound::{
        Act, Address, CallBody, Destination, FileRule, Finding, Flow, Io, Length, Located, Outbound, OutboundFile,
        Outlet, Pacing, Quota, SendError, Sending, Sent, StoredFile, Template, UnknownOutcome, Wanted,
    },
};

const MIB: u64 = 1 << 20;

/// What a number can send. WhatsApp does not say in which unit it counts: UTF-16 units are never fewer than
/// characters, so what passes here passes there.
pub(super) static SENDING: Sending = Sending {
    acts: &["text", "file", "location", "contacts", "list", "template", "reaction", "read", "typing"],
    max_text: Length::Utf16(4096),
    max_caption: Length::Utf16(1024),
    max_button_text: Length::Utf16(1024),
    max_buttons: 3,
    max_button_title: Length::Utf16(20),
    files_with_text: 0,
    files: FILES,
    window_ms: Some(24 * 3_600_000),
    may_begin: true,
    needs: None,
    unknown: UnknownOutcome::AwaitReceipt(120_000),
};

/// `whatsapp.md §7`. A static sticker may have 100 KB only, but whether it moves is not for us to see.
static FILES: &[FileRule] = &[
    rule(MediaKind::Image, &["image/jpeg", "image/png"], 5 * MIB, true),
    rule(MediaKind::Video, &["video/mp4", "video/3gpp"], 16 * MIB, true),
    rule(MediaKind::Animation, &["video/mp4"], 16 * MIB, true),
    rule(MediaKind::Audio, SOUNDS, 16 * MIB, false),
    rule(MediaKind::Voice, SOUNDS, 16 * MIB, false),
    rule(MediaKind::Sticker, &["image/webp"], 500 << 10, false),
    rule(MediaKind::Document, DOCUMENTS, 100 * MIB, true),
];

static SOUNDS: &[&str] =
    &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/ogg"];

static DOCUMENTS: &[&str] = &[
    "application/pdf",
    "text/plain",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
];

const fn rule(kind: MediaKind, mimes: &'static [&'static str], max_bytes: u64, caption: bool) -> FileRule {
    FileRule { kind, mimes, max_bytes, caption }
}

/// A number's throughput (§8).
const CHANNEL: Quota = Quota { interval: Duration::from_micros(12_500), burst: 80 };
/// The pair rate (§8). Meta lends up to 45 messages in 6 s; we stay well below.
const CHAT: Quota = Quota { interval: Duration::from_secs(6), burst: 10 };

/// The way out of one phone number.
#[derive(Debug)]
pub(super) struct Sender {
    graph: Graph,
    phone_number_id: String,
    waba_id: Option<String>,
    channel: Quota,
}

impl Sender {
    /// `None` without an access token; what is wrong with the settings is added to `problems`.
    pub(super) fn open(
        settings: &Settings,
        phone_number_id: &str,
        waba_id: Option<&str>,
        problems: &mut Vec<(String, String)>,
    ) -> Option<Self> {
        let channel = graph::pace(settings, CHANNEL, problems);
        let graph = Graph::open(settings, "access_token", errors::TABLE, problems)?;
        let (phone_number_id, waba_id) = (phone_number_id.to_owned(), waba_id.map(str::to_owned));
        Some(Self { graph, phone_number_id, waba_id, channel })
    }

    async fn bring(&self, io: &dyn Io, message: &Outbound) -> Result<Sent, SendError> {
        let body = message::body(message)?;
        let call = self.graph.post(&[&self.phone_number_id, "messages"], CallBody::Json(body));
        let answer = self.graph.change(io, call).await.map_err(|error| graph::discreet(error, &message.act))?;
        match &message.act {
            Act::Read { .. } | Act::Typing { .. } => graph::done(&answer).map(|()| Sent::default()),
            // Of a reaction comes the status `sent` and nothing after it (§4.3).
            act => accepted(&answer, !matches!(act, Act::Reaction { .. })),
        }
    }
}

/// A message that Meta took: by its answer's id, the statuses name it.
fn accepted(answer: &Value, reported: bool) -> Result<Sent, SendError> {
    let message = json::array(answer, "messages").first().unwrap_or(&Value::Null);
    let id = graph::made(message, "id")?;
    // Only for templates; `held_for_quality_assessment` and `paused` are no deliveries yet.
    let note = json::str(message, "message_status").map(str::to_owned);
    Ok(Sent { refs: vec![id], reported, keys: recipient::names(answer), note, ..Sent::default() })
}

impl Outlet for Sender {
    fn pacing(&self, _to: &Address) -> Pacing {
        Pacing { channel: self.channel, chat: CHAT }
    }

    fn destination(&self, text: &str) -> Result<Destination, String> {
        recipient::destination(text)
    }

    fn send<'a>(&'a self, io: &'a dyn Io, message: &'a Outbound) -> Flow<'a, Result<Sent, SendError>> {
        Box::pin(self.bring(io, message))
    }

    fn upload<'a>(&'a self, io: &'a dyn Io, file: &'a OutboundFile) -> Flow<'a, Result<Option<StoredFile>, SendError>> {
        Box::pin(async move { self.store(io, file).await.map(Some) })
    }

    fn locate<'a>(&'a self, io: &'a dyn Io, wanted: &'a Wanted) -> Flow<'a, Result<Located, SendError>> {
        Box::pin(self.find(io, wanted))
    }

    fn probe<'a>(&'a self, io: &'a dyn Io, webhook: Option<&'a str>) -> Flow<'a, Vec<Finding>> {
        Box::pin(self.look_around(io, webhook))
    }

    fn templates<'a>(&'a self, io: &'a dyn Io) -> Flow<'a, Result<Vec<Template>, SendError>> {
        Box::pin(self.all_templates(io))
    }
}
