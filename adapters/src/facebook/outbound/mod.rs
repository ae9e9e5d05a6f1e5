//! What a Page does under its posts through the Graph API (`facebook-comments.md §4–§7`).

mod comment;
pub(super) mod errors;
mod media;
mod probe;
mod reconcile;

use std::time::Duration;

use crate::{
    MediaKind, Settings,
    meta::graph::{self, Graph},
    outbound::{
        Address, Destination, FileRule, Finding, Flow, Io, Length, Located, Outbound, OutboundFile, Outlet, Pacing,
        Quota, Reconciled, SendError, Sending, Sent, StoredFile, UnknownOutcome, Wanted,
    },
};

/// What a Page can do. The length is what other tools go by; Meta states none.
pub(super) static SENDING: Sending = Sending {
    acts: &["text", "file", "reaction", "edit", "delete", "hide", "private_reply"],
    max_text: Length::Chars(8000),
    max_caption: Length::Chars(8000),
    max_button_text: Length::ZERO,
    max_buttons: 0,
    max_button_title: Length::ZERO,
    files_with_text: 1,
    files: FILES,
    window_ms: None,
    may_begin: false,
    needs: None,
    unknown: UnknownOutcome::Ask,
};

/// A comment takes one image. Meta's photo edge takes these up to 10 MB.
static FILES: &[FileRule] = &[FileRule {
    kind: MediaKind::Image,
    mimes: &["image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"],
    max_bytes: 10 << 20,
    caption: true,
}];

/// Far below what a Page with a few engaged people may call (§6), for it is counted by the day.
const CHANNEL: Quota = Quota { interval: Duration::from_millis(200), burst: 20 };
/// Comments in quick succession look like spam to Facebook.
const CHAT: Quota = Quota { interval: Duration::from_secs(1), burst: 5 };

/// The way out of one Page.
#[derive(Debug)]
pub(super) struct Sender {
    graph: Graph,
    page_id: String,
    channel: Quota,
}

impl Sender {
    /// `None` without a Page token; what is wrong with the settings is added to `problems`.
    pub(super) fn open(settings: &Settings, page_id: &str, problems: &mut Vec<(String, String)>) -> Option<Self> {
        let channel = graph::pace(settings, CHANNEL, problems);
        let graph = Graph::open(settings, "page_access_token", errors::TABLE, problems)?;
        Some(Self { graph, page_id: page_id.to_owned(), channel })
    }
}

impl Outlet for Sender {
    fn pacing(&self, _to: &Address) -> Pacing {
        Pacing { channel: self.channel, chat: CHAT }
    }

    fn destination(&self, _text: &str) -> Result<Destination, String> {
        Err("En Facebook no se puede iniciar una conversación: solo se puede responder a un comentario.".to_owned())
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

    fn reconcile<'a>(&'a self, io: &'a dyn Io, message: &'a Outbound) -> Flow<'a, Result<Reconciled, SendError>> {
        Box::pin(self.look_back(io, message))
    }

    fn probe<'a>(&'a self, io: &'a dyn Io, _webhook: Option<&'a str>) -> Flow<'a, Vec<Finding>> {
        Box::pin(self.look_around(io))
    }
}
