//! What all pretend platforms over HTTP have in common.

use std::{io, net::SocketAddr, sync::Arc};

use anyhow::Context;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, DefaultBodyLimit, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    ask::{self, Ask},
    faults::{Fault, Faults},
    line::{Door, Scissors},
};

/// A platform, apart from its connections.
pub(super) trait Platform: Send + Sync + 'static {
    fn faults(&self) -> &Faults;

    /// The method, as the ledger names it, and the recipient.
    fn about(&self, ask: &Ask) -> (String, Option<String>);

    /// Does what is asked, or refuses to.
    fn act(&self, ask: Ask) -> impl Future<Output = Response> + Send;

    /// The platform's refusal under this code and subcode, in these words or its own.
    fn refuse(&self, ask: &Ask, code: i64, subcode: Option<i64>, text: Option<&str>) -> Response;

    fn throttle(&self, ask: &Ask, retry_after: std::time::Duration) -> Response;

    fn token_expired(&self) -> Response;
}

/// A platform's open door. Dropped, it is closed, and every connection with it.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    open: CancellationToken,
}

impl Server {
    /// Opens a platform on loopback.
    pub(super) async fn start<P: Platform>(platform: Arc<P>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port on loopback")?;
        let address = listener.local_addr()?;
        let open = CancellationToken::new();
        let door = Door::new(listener, open.clone());
        let handler = move |ConnectInfo(scissors): ConnectInfo<Scissors>, request: Request| {
            let platform = platform.clone();
            async move { answer(&*platform, &scissors, request).await }
        };
        let router = Router::new().fallback(handler).layer(DefaultBodyLimit::max(ask::largest()));
        let service = router.into_make_service_with_connect_info::<Scissors>();
        let served = axum::serve(door, service).into_future();
        tokio::spawn(open.clone().run_until_cancelled_owned(async move {
            if let Err(error) = served.await {
                tracing::error!(%error, "a pretend platform stopped");
            }
        }));
        Ok(Self { address, open })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.open.cancel();
    }
}

async fn answer<P: Platform>(platform: &P, scissors: &Scissors, request: Request) -> Response {
    let ask = Ask::read(request).await;
    let (method, recipient) = platform.about(&ask);
    let Some(fault) = platform.faults().meet(&method, recipient.as_deref()) else { return platform.act(ask).await };
    match fault {
        Fault::Fail { status, body } => fail(status, body),
        Fault::Code(code) => platform.refuse(&ask, code, None, None),
        Fault::Subcode(code, subcode) => platform.refuse(&ask, code, Some(subcode), None),
        Fault::Refuse { code, text } => platform.refuse(&ask, code, None, Some(&text)),
        Fault::Throttle { retry_after } => platform.throttle(&ask, retry_after),
        Fault::TokenExpired => platform.token_expired(),
        Fault::Redirect(url) => redirect(&url),
        Fault::Hang => std::future::pending().await,
        Fault::DropBefore => lose(scissors),
        Fault::LoseAnswer => {
            platform.act(ask).await;
            lose(scissors)
        }
        Fault::Slow(wait) => {
            tokio::time::sleep(wait).await;
            platform.act(ask).await
        }
        Fault::Truncate => truncate(platform.act(ask).await).await,
    }
}

fn fail(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if body.starts_with(['{', '[']) { "application/json" } else { "text/html; charset=utf-8" };
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

fn redirect(url: &str) -> Response {
    let location = HeaderValue::from_str(url).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response()
}

/// Cuts the connection; the answer is never written.
fn lose(scissors: &Scissors) -> Response {
    scissors.cut();
    StatusCode::NO_CONTENT.into_response()
}

/// The same answer, of which only half the body is ever sent.
async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = stream::once(std::future::ready(Ok(body.slice(..body.len() / 2))));
    // The server sends what it has whenever the body gives nothing for a moment; then the connection breaks.
    let end = stream::once(async {
        tokio::task::yield_now().await;
        Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::from_parts(parts, Body::from_stream(half.chain(end)))
}
