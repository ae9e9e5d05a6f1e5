//! Bytes from a platform, or from where a URL from outside leads to, as they come.

use std::{error::Error as _, time::Duration};

use bytes::Bytes;
use relevo_adapters::outbound::{CallBody, Located};
use reqwest::{Client, Response, Url, header::RETRY_AFTER, redirect::Policy};
use secrecy::ExposeSecret;

use crate::{
    domain::vet,
    post::{NotPublic, PublicOnly},
};

const CONNECT: Duration = Duration::from_secs(10);
/// How long a silence may be.
const SILENCE: Duration = Duration::from_secs(30);

/// Why there are no bytes. The texts name no URL and no credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DownloadError {
    /// It leads to where it must not.
    #[error("not allowed: {0}")]
    NotAllowed(&'static str),
    #[error("answered {status}")]
    Status {
        status: u16,
        /// How long the server wants us to wait.
        retry_after: Option<Duration>,
    },
    /// No connection, no answer in time, or it broke off.
    #[error("{0}")]
    Broken(String),
}

/// Makes downloads. It follows no redirect, and URLs from outside lead to public addresses only (P9).
#[derive(Debug, Clone)]
pub struct Downloads {
    platform: Client,
    foreign: Client,
    allow_private: bool,
}

/// A download in progress.
#[derive(Debug)]
pub(super) struct Download(Response);

impl Downloads {
    /// `allow_private` lets URLs from outside lead to private addresses, too: for tests and demonstrations.
    ///
    /// # Errors
    /// If this machine cannot make HTTPS connections.
    pub fn new(allow_private: bool) -> Result<Self, reqwest::Error> {
        let builder = || {
            Client::builder()
                .redirect(Policy::none())
                .connect_timeout(CONNECT)
                .read_timeout(SILENCE)
                .user_agent(concat!("relevo/", env!("CARGO_PKG_VERSION")))
        };
        // A proxy would resolve the name by itself.
        let foreign = builder().no_proxy();
        let foreign = if allow_private { foreign } else { foreign.dns_resolver(PublicOnly) };
        Ok(Self { platform: builder().build()?, foreign: foreign.build()?, allow_private })
    }

    /// Asks for the bytes; returns when the answer begins, and only if it is a good one.
    pub(super) async fn start(&self, located: &Located) -> Result<Download, DownloadError> {
        let call = &located.call;
        let url = Url::parse(call.url.expose_secret()).map_err(|_| DownloadError::NotAllowed("no URL"))?;
        if located.foreign {
            vet(&url, self.allow_private).map_err(|why| DownloadError::NotAllowed(why.as_str()))?;
        }
        if call.body != CallBody::Empty {
            return Err(DownloadError::NotAllowed("a download that sends something"));
        }
        let client = if located.foreign { &self.foreign } else { &self.platform };
        let mut request = client.request(call.method.clone(), url);
        if let Some(bearer) = &call.bearer {
            request = request.bearer_auth(bearer.expose_secret());
        }
        let answer = match tokio::time::timeout(call.timeout, request.send()).await {
            Ok(answer) => answer.map_err(broken)?,
            Err(_) => return Err(DownloadError::Broken("no answer in time".to_owned())),
        };
        match answer.status().as_u16() {
            200 => Ok(Download(answer)),
            300..=399 => Err(DownloadError::NotAllowed("a redirect")),
            status => Err(DownloadError::Status { status, retry_after: retry_after(&answer) }),
        }
    }
}

impl Download {
    /// Bytes of the whole, if the server says so.
    pub(super) fn size(&self) -> Option<u64> {
        self.0.content_length()
    }

    /// The MIME type that the server states.
    pub(super) fn mime(&self) -> Option<&str> {
        self.0.headers().get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    }

    /// The next bytes; `None` at the end. A file that breaks off is an error.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, DownloadError> {
        self.0.chunk().await.map_err(broken)
    }
}

/// Seconds only: platforms give no dates.
fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What went wrong, without the URL, which may hold credentials.
fn broken(error: reqwest::Error) -> DownloadError {
    let error = error.without_url();
    let mut deepest: Option<&dyn std::error::Error> = None;
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if deeper.is::<NotPublic>() {
            return DownloadError::NotAllowed("a private address");
        }
        deepest = Some(deeper);
        cause = deeper.source();
    }
    DownloadError::Broken(deepest.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")))
}
