//! What the tests of Meta's ways out share: a Graph API that says what it is told to, and remembers what it was asked.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use relevo_adapters::{
    Channel, ImapSource, Kind, MediaKind, Settings,
    outbound::{
        Act, Address, Call, CallBody, ErrorClass, Failure, Flow, Io, Letter, MailFailure, Outbound, OutboundFile,
        Outlet, Part, PartContent, Reply, SendError, Sent, SmtpServer,
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

pub(crate) const GRAPH: &str = "http://127.0.0.1:9/v23.0";
pub(crate) const TOKEN: &str = "EAAsecretToken";

/// A call as it was made.
#[derive(Debug)]
pub(crate) struct Asked {
    /// `POST /path?query`, without the server.
    pub(crate) what: String,
    pub(crate) bearer: Option<String>,
    pub(crate) body: CallBody,
}

impl Asked {
    pub(crate) fn json(&self) -> &Value {
        match &self.body {
            CallBody::Json(body) => body,
            other => panic!("{} has {other:?}", self.what),
        }
    }
}

/// The platform, with the answers that it will give, in order.
#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Result<Reply, Failure>>>,
    asked: Mutex<Vec<Asked>>,
}

impl Script {
    /// Answers 200 with each of these bodies.
    pub(crate) fn of(answers: impl IntoIterator<Item = Value>) -> Self {
        Self::replying(answers.into_iter().map(|body| Ok(reply(200, &body, &[]))))
    }

    pub(crate) fn replying(answers: impl IntoIterator<Item = Result<Reply, Failure>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    /// What was asked, once every answer has been given.
    pub(crate) fn asked(self) -> Vec<Asked> {
        assert!(self.answers.into_inner().unwrap().is_empty(), "not everything was asked for");
        self.asked.into_inner().unwrap()
    }

    /// What was asked in the only call.
    pub(crate) fn only(self) -> Asked {
        let mut asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked.remove(0)
    }
}

pub(crate) fn reply(status: u16, body: &Value, headers: &[(&str, &str)]) -> Reply {
    let header = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    let headers: HeaderMap = headers.iter().map(header).collect();
    Reply { status, headers, body: body.to_string().into() }
}

/// Graph's error object as it comes.
pub(crate) fn refusal(code: i64, subcode: Option<i64>) -> Value {
    let mut error = json!({"message": format!("(#{code}) Graph's words"), "type": "OAuthException", "code": code,
        "fbtrace_id": "A1"});
    if let Some(subcode) = subcode {
        error["error_subcode"] = subcode.into();
    }
    json!({ "error": error })
}

impl Io for Script {
    fn call(&self, call: Call) -> Flow<'_, Result<Reply, Failure>> {
        let url = call.url.expose_secret();
        assert!(!url.contains(TOKEN) && !format!("{call:?}").contains(TOKEN), "the token is in the URL");
        let path = url.strip_prefix(GRAPH).unwrap_or(url);
        self.asked.lock().unwrap().push(Asked {
            what: format!("{} {path}", call.method),
            bearer: call.bearer.as_ref().map(|token| token.expose_secret().to_owned()),
            body: call.body,
        });
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move { answer.expect("one call too many") })
    }

    fn mail<'a>(&'a self, _: &'a SmtpServer, _: Letter) -> Flow<'a, Result<String, MailFailure>> {
        unreachable!("Meta takes no mail")
    }

    fn blob<'a>(&'a self, _: &'a str) -> Flow<'a, Result<Bytes, Failure>> {
        unreachable!("files are streamed")
    }

    fn try_smtp<'a>(&'a self, _: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>> {
        unreachable!("Meta takes no mail")
    }

    fn try_imap<'a>(&'a self, _: &'a ImapSource) -> Flow<'a, Result<(), String>> {
        unreachable!("Meta has no mailbox")
    }
}

/// The end of a flow that waits for nothing.
pub(crate) fn now<T>(flow: Flow<'_, T>) -> T {
    match pin!(flow).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(end) => end,
        Poll::Pending => panic!("the flow waits for something that the script does not have"),
    }
}

pub(crate) fn open(kind: &Kind, settings: &[(&str, &str)]) -> Result<Box<dyn Channel>, Vec<String>> {
    let settings = Settings::of(kind, settings.iter().copied()).unwrap();
    (kind.open)(&settings).map_err(|wrong| wrong.0.into_iter().map(|(key, _)| key).collect())
}

pub(crate) fn outbound(to: Address, act: Act) -> Outbound {
    Outbound { id: "0197-ours".to_owned(), to, act, reply_to: None, automatic: false }
}

pub(crate) fn text(text: &str) -> Act {
    Act::Text { text: text.to_owned(), html: None, subject: None, files: Vec::new(), buttons: Vec::new() }
}

pub(crate) fn file(kind: MediaKind, mime: &str, platform_id: Option<&str>) -> OutboundFile {
    OutboundFile {
        sha256: "ab".repeat(32),
        size: 1000,
        mime: mime.to_owned(),
        file_name: "a file".to_owned(),
        kind,
        platform_id: platform_id.map(str::to_owned),
    }
}

/// The parts of an upload: name and text, or name and what is said of the file.
pub(crate) fn parts(body: &CallBody) -> Vec<(String, String)> {
    let CallBody::Multipart(parts) = body else { panic!("{body:?}") };
    let described = |part: &Part| match &part.content {
        PartContent::Text(text) => (part.name.clone(), text.clone()),
        PartContent::File { sha256, size, mime, file_name } => {
            (part.name.clone(), format!("{} {size} {mime} {file_name}", &sha256[..4]))
        }
    };
    parts.iter().map(described).collect()
}

/// Sends while the platform answers like this.
pub(crate) fn sent_into(outlet: &dyn Outlet, message: &Outbound, reply: Reply) -> Result<Sent, SendError> {
    now(outlet.send(&Script::replying([Ok(reply)]), message))
}

/// A class, how many seconds Relevo waits by itself, and the codes (with subcodes) of which both are so.
pub(crate) type Row = (ErrorClass, Option<u64>, Vec<(i64, Option<i64>)>);

/// Every refusal of a table is of the class and has the wait that the sheet gives, and explains itself in both
/// languages, alike when it comes as a receipt.
pub(crate) fn check_codes(kind: &Kind, outlet: &dyn Outlet, message: &Outbound, rows: &[Row]) {
    for (class, wait, codes) in rows {
        for &(code, subcode) in codes {
            for status in [400, 500] {
                let error = sent_into(outlet, message, reply(status, &refusal(code, subcode), &[])).unwrap_err();
                assert_eq!(error.class, *class, "{code}/{subcode:?}");
                assert_eq!(error.retry_after, wait.map(Duration::from_secs), "{code}/{subcode:?}");
                assert!(error.reason.es.len() > 20 && error.reason.en.len() > 20 && error.reason.es != error.reason.en);
                assert!(error.detail.contains("Graph's words"), "{error}");
                let named = subcode.map_or_else(|| code.to_string(), |subcode| format!("{code}/{subcode}"));
                assert_eq!(error.code, named);
                assert_eq!((kind.explain)(&named), Some((error.class, error.reason)), "{named}");
            }
        }
    }
}
