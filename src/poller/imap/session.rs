//! A logged-in session on one folder: the few commands that are needed, each with a time limit.
//!
//! The library's own streams of responses do not show whether a command succeeded; here it is always asked.

use std::time::Duration;

use async_imap::{
    extensions::idle::IdleResponse,
    imap_proto::{AttributeValue, MailboxDatum, MessageSection, Response, ResponseCode, SectionPath, Status},
    types::UnsolicitedResponse,
};
use bytes::Bytes;
use relevo_adapters::{ImapSource, Millis};
use tokio::time::timeout;

use super::{
    connect::{self, Imap, Roots, Speaker},
    place,
};
use crate::poller::trouble::Trouble;

/// How long a command may take that carries no mail.
const COMMAND: Duration = Duration::from_secs(60);
/// A mail may take longer by its size: bytes per second that are expected at least.
const SLOWEST: u64 = 32 << 10;
/// Bytes of a header that are fetched of a mail that is too large.
const MAX_HEADER: u32 = 256 << 10;

/// Why a command did not do what it was to do.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server said no; the connection stands.
    Refused(String),
    /// The connection is of no more use.
    Lost(String),
}

impl Failure {
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Refused(words) | Self::Lost(words) => words,
        }
    }
}

/// A mail in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) uid: u32,
    /// Bytes, as the server states them.
    pub(super) size: u32,
    /// When the server received it; `None` if it does not say.
    pub(super) date: Option<Millis>,
}

/// What was fetched of a mail.
#[derive(Debug)]
pub(super) enum Fetched {
    Whole(Bytes),
    /// It is larger than allowed.
    HeaderOnly(Bytes),
    /// Somebody removed it meanwhile.
    Gone,
}

/// A session with its folder opened for reading only: nobody's view of the mailbox changes.
#[derive(Debug)]
pub(super) struct Session {
    imap: Imap,
    can_idle: bool,
    /// Whether the server has announced new mail since it was last asked for.
    news: bool,
    pub(super) validity: u32,
    /// What the next mail's UID will be, if the server says so.
    pub(super) uid_next: Option<u32>,
}

impl Session {
    pub(super) async fn open(source: &ImapSource, roots: &Roots) -> Result<Self, Trouble> {
        let (imap, can_idle) = connect::connect(source, roots).await?;
        let mut session = Self { imap, can_idle, news: false, validity: 0, uid_next: None };
        session.examine(source).await?;
        Ok(session)
    }

    /// Opens the folder, again if need be: that shows whether it was replaced meanwhile.
    async fn examine(&mut self, source: &ImapSource) -> Result<(), Trouble> {
        let speaker = Speaker(source);
        let (mut validity, mut uid_next) = (None, None);
        let command = format!("EXAMINE {}", place::folder_argument(&source.folder));
        let done = self.command(command, COMMAND, |response| {
            if let Response::Data { status: Status::Ok, outcome } = response {
                match outcome.code {
                    Some(ResponseCode::UidValidity(value)) => validity = Some(value),
                    Some(ResponseCode::UidNext(value)) => uid_next = Some(value),
                    _ => {}
                }
            }
        });
        match done.await {
            Ok(()) => {}
            Err(Failure::Refused(words)) => {
                return Err(speaker.refusal(&format!("does not open the folder {}", source.folder), &words));
            }
            Err(Failure::Lost(words)) => return Err(speaker.passing(words)),
        }
        let no_uids =
            || Trouble::Setup(format!("the folder {} has no lasting mail numbers (UIDVALIDITY)", source.folder));
        self.validity = validity.ok_or_else(no_uids)?;
        self.uid_next = uid_next;
        Ok(())
    }

    /// Waits until the server announces something, or until it is time to look. The folder is opened again when
    /// nothing was announced for a while: so a connection that died silently, or a folder that was replaced, is noticed.
    pub(super) async fn wait(mut self, source: &ImapSource, idle: Duration, poll: Duration) -> Result<Self, Trouble> {
        if self.take_news() {
            return Ok(self);
        }
        let announced = match self.can_idle {
            true => {
                let (session, announced) = self.idle(idle).await.map_err(|words| Speaker(source).passing(words))?;
                self = session;
                announced
            }
            false => {
                tokio::time::sleep(poll).await;
                false
            }
        };
        if !announced {
            self.examine(source).await?;
        }
        self.take_news();
        Ok(self)
    }

    /// IDLE; gives whether the server announced something in time.
    async fn idle(self, longest: Duration) -> Result<(Self, bool), String> {
        let Self { imap, can_idle, validity, uid_next, .. } = self;
        let (news, silent) = (imap.unsolicited_responses.clone(), || "does not answer".to_owned());
        let failed = |error: async_imap::error::Error| connect::failure(&error);
        let mut handle = imap.idle();
        timeout(COMMAND, handle.init()).await.map_err(|_| silent())?.map_err(failed)?;
        // What came between the last look and the beginning of IDLE was announced before it.
        let mut announced = false;
        while let Ok(response) = news.try_recv() {
            announced |= matches!(response, UnsolicitedResponse::Exists(_));
        }
        if !announced {
            let (wait, _interrupt) = handle.wait_with_timeout(longest);
            announced = match timeout(longest, wait).await {
                Err(_) | Ok(Ok(IdleResponse::Timeout)) => false,
                Ok(Ok(IdleResponse::NewData(_))) => true,
                // Nobody here interrupts it: the stream has ended.
                Ok(Ok(IdleResponse::ManualInterrupt)) => return Err("closed the connection".to_owned()),
                Ok(Err(error)) => return Err(failed(error)),
            };
        }
        let imap = timeout(COMMAND, handle.done()).await.map_err(|_| silent())?.map_err(failed)?;
        Ok((Self { imap, can_idle, news: false, validity, uid_next }, announced))
    }

    /// Whether new mail was announced since this was last asked.
    fn take_news(&mut self) -> bool {
        while let Ok(response) = self.imap.unsolicited_responses.try_recv() {
            self.news |= matches!(response, UnsolicitedResponse::Exists(_));
        }
        std::mem::take(&mut self.news)
    }

    /// The mails above `uid`, in order.
    pub(super) async fn list_after(&mut self, uid: u32) -> Result<Vec<Entry>, Failure> {
        let mut found = Vec::new();
        let command = format!("UID FETCH {}:* (UID RFC822.SIZE INTERNALDATE)", uid.saturating_add(1));
        self.command(command, COMMAND, |response| {
            if let Response::Fetch(_, attributes) = response {
                found.extend(entry(attributes));
            }
        })
        .await?;
        // `*` is the newest mail, even if it lies below the range.
        found.retain(|entry: &Entry| entry.uid > uid);
        found.sort_by_key(|entry| entry.uid);
        found.dedup_by_key(|entry| entry.uid);
        Ok(found)
    }

    /// The UIDs of the mails that were received on the day of `at` or later (`None`: of all), in order.
    pub(super) async fn search_since(&mut self, at: Option<Millis>) -> Result<Vec<u32>, Failure> {
        let mut found = Vec::new();
        let command = match at {
            Some(at) => format!("UID SEARCH SINCE {}", place::search_date(at)),
            None => "UID SEARCH ALL".to_owned(),
        };
        self.command(command, COMMAND, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend_from_slice(uids);
            }
        })
        .await?;
        found.sort_unstable();
        Ok(found)
    }

    /// Fetches a mail, or its header if it is larger than `max` bytes. It stays unread.
    pub(super) async fn fetch(&mut self, entry: Entry, max: u32) -> Result<Fetched, Failure> {
        if entry.size <= max {
            // One byte more than allowed: sizes are sometimes stated wrongly.
            let section = format!("BODY.PEEK[]<0.{}>", max.saturating_add(1));
            match self.section(entry.uid, &section, max).await? {
                None => return Ok(Fetched::Gone),
                Some(mail) if mail.len() <= usize::try_from(max).unwrap_or(usize::MAX) => {
                    return Ok(Fetched::Whole(mail));
                }
                Some(_) => {}
            }
        }
        let section = format!("BODY.PEEK[HEADER]<0.{MAX_HEADER}>");
        let header = self.section(entry.uid, &section, MAX_HEADER).await?;
        Ok(header.map_or(Fetched::Gone, Fetched::HeaderOnly))
    }

    /// Fetches one section; `None` if there is no such mail any more.
    async fn section(&mut self, uid: u32, section: &str, max: u32) -> Result<Option<Bytes>, Failure> {
        let mut found = None;
        let limit = COMMAND + Duration::from_secs(u64::from(max) / SLOWEST);
        self.command(format!("UID FETCH {uid} (UID {section})"), limit, |response| {
            if let Response::Fetch(_, attributes) = response
                && attributes.contains(&AttributeValue::Uid(uid))
            {
                found = content(attributes).map(Bytes::copy_from_slice).or(found.take());
            }
        })
        .await?;
        Ok(found)
    }

    /// Runs a command and shows every response before its end to `each`.
    async fn command(
        &mut self,
        command: String,
        limit: Duration,
        mut each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<(), Failure> {
        let answered = timeout(limit, async {
            let lost = |error: &std::io::Error| Failure::Lost(connect::broken(error));
            let sent = self.imap.run_command(command).await;
            let tag = sent.map_err(|error| Failure::Lost(connect::failure(&error)))?;
            while let Some(response) = self.imap.read_response().await.map_err(|error| lost(&error))? {
                match response.parsed() {
                    Response::Done { tag: of, status, outcome } if *of == tag => {
                        let words = outcome.information.as_deref().unwrap_or_default();
                        return match status {
                            Status::Ok => Ok(()),
                            _ => Err(Failure::Refused(words.to_owned())),
                        };
                    }
                    Response::Data { status: Status::Bye, .. } => {
                        return Err(Failure::Lost("closes the connection".to_owned()));
                    }
                    Response::MailboxData(MailboxDatum::Exists(_)) => self.news = true,
                    response => each(response),
                }
            }
            Err(Failure::Lost("closed the connection".to_owned()))
        });
        answered.await.unwrap_or_else(|_| Err(Failure::Lost("does not answer".to_owned())))
    }
}

/// A mail of a listing; `None` for news about a mail's flags.
fn entry(attributes: &[AttributeValue<'_>]) -> Option<Entry> {
    let (mut uid, mut size, mut date) = (None, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(value) => uid = Some(*value),
            AttributeValue::Rfc822Size(value) => size = Some(*value),
            AttributeValue::InternalDate(text) => date = place::internal_date(text),
            _ => {}
        }
    }
    Some(Entry { uid: uid?, size: size?, date })
}

fn content<'a>(attributes: &'a [AttributeValue<'_>]) -> Option<&'a [u8]> {
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::BodySection {
            section: None | Some(SectionPath::Full(MessageSection::Header)),
            data: Some(data),
            ..
        } => Some(data.as_ref()),
        _ => None,
    })
}
