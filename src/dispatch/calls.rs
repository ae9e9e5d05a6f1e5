//! The calls to platforms and mail servers.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use relevo_adapters::{
    ImapSource,
    outbound::{Call, CallBody, Failure, Flow, Io, Letter, MailFailure, Part, PartContent, Reply, SmtpServer},
};
use reqwest::{
    Client,
    multipart::{Form, Part as FormPart},
    redirect::Policy,
};
use secrecy::ExposeSecret;

use super::smtp;
use crate::media::Blobs;

const CONNECT: Duration = Duration::from_secs(10);
/// Platforms close idle connections after a while; we are before them, so that no call is written to a closing one.
const IDLE: Duration = Duration::from_secs(20);
/// The longest answer that is read, bytes (P8).
const LARGEST_ANSWER: usize = 8 << 20;
/// Files of a mail are held in memory; the largest one, bytes.
const LARGEST_BLOB: u64 = 64 << 20;

/// Makes calls over connections that it shares. Clones share them too.
#[derive(Debug, Clone)]
pub struct Calls {
    http: Option<Client>,
    blobs: Blobs,
}

impl Calls {
    pub fn new(blobs: Blobs) -> Self {
        let http = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .no_proxy()
            .user_agent(concat!("Relevo/", env!("CARGO_PKG_VERSION")))
            .build()
            .inspect_err(|error| tracing::error!(%error, "no HTTP client can be made: nothing can be sent"))
            .ok();
        Self { http, blobs }
    }

    async fn make(&self, call: Call) -> Result<Reply, Failure> {
        let http = self.http.as_ref().ok_or_else(|| Failure::NotSent("no HTTP client".to_owned()))?;
        let mut request = http.request(call.method, call.url.expose_secret()).timeout(call.timeout);
        if let Some(token) = &call.bearer {
            request = request.bearer_auth(token.expose_secret());
        }
        request = match call.body {
            CallBody::Empty => request,
            CallBody::Json(json) => request.json(&json),
            CallBody::Form(pairs) => request.form(&pairs),
            CallBody::Multipart(parts) => request.multipart(self.form(parts).await?),
        };
        let response = request.send().await.map_err(|error| failure(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = BytesMut::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            // The answer has begun: the request had its effect.
            let chunk = chunk.map_err(|_| Failure::Unknown("the answer broke off".to_owned()))?;
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Failure::Unknown("the answer is too long".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body: body.freeze() })
    }

    async fn form(&self, parts: Vec<Part>) -> Result<Form, Failure> {
        let mut form = Form::new();
        for Part { name, content } in parts {
            let part = match content {
                PartContent::Text(text) => FormPart::text(text),
                PartContent::File { sha256, size, mime, file_name } => {
                    let file = self.blobs.open(&sha256).await.map_err(|error| missing(&error))?;
                    FormPart::stream_with_length(reqwest::Body::wrap_stream(file.stream), size)
                        .file_name(file_name)
                        .mime_str(&mime)
                        .map_err(|_| Failure::Local("its type is no MIME type".to_owned()))?
                }
            };
            form = form.part(name, part);
        }
        Ok(form)
    }

    async fn read(&self, sha256: &str) -> Result<Bytes, Failure> {
        self.blobs.bytes(sha256, LARGEST_BLOB).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::FileTooLarge => Failure::Local("a file is too large for a mail".to_owned()),
            _ => missing(&error),
        })
    }
}

impl Io for Calls {
    fn call(&self, call: Call) -> Flow<'_, Result<Reply, Failure>> {
        Box::pin(self.make(call))
    }

    fn mail<'a>(&'a self, server: &'a SmtpServer, letter: Letter) -> Flow<'a, Result<String, MailFailure>> {
        Box::pin(smtp::deliver(server, letter))
    }

    fn blob<'a>(&'a self, sha256: &'a str) -> Flow<'a, Result<Bytes, Failure>> {
        Box::pin(self.read(sha256))
    }

    fn try_smtp<'a>(&'a self, server: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>> {
        Box::pin(smtp::try_out(server))
    }

    fn try_imap<'a>(&'a self, source: &'a ImapSource) -> Flow<'a, Result<(), String>> {
        Box::pin(crate::poller::try_mailbox(source))
    }
}

/// What happened to a call, without its URL, which may hold a token.
fn failure(error: &reqwest::Error) -> Failure {
    let what = if error.is_timeout() { "no answer in time" } else { "the connection failed" };
    match () {
        () if error.is_builder() => Failure::Local("the address is no URL".to_owned()),
        () if error.is_connect() => Failure::NotSent(what.to_owned()),
        () => Failure::Unknown(what.to_owned()),
    }
}

fn missing(error: &std::io::Error) -> Failure {
    Failure::Local(format!("a stored file cannot be read: {}", error.kind()))
}
