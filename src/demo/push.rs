//! One request of a platform.

use std::time::Duration;

use anyhow::Context;
use reqwest::{Client, redirect::Policy};
use tokio::time::Instant;

use super::traffic::Call;

/// How long a platform waits for our answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a platform repeats a call that was not taken. Real ones go on for hours or days.
const TRIES: u32 = 6;

/// The wait before the first repetition; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Sends calls to one gateway.
#[derive(Debug, Clone)]
pub(super) struct Pusher {
    client: Client,
    base_url: String,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delivered {
    pub(super) status: u16,
    /// Repetitions that it took.
    pub(super) repeated: u32,
    /// Of the last try.
    pub(super) latency: Duration,
}

impl Pusher {
    pub(super) fn new(base_url: &str) -> anyhow::Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { client, base_url: base_url.trim_end_matches('/').to_owned() })
    }

    /// Sends a call once; gives the status and how long it took.
    ///
    /// # Errors
    /// If there was no answer.
    pub(super) async fn push(&self, call: &Call) -> reqwest::Result<(u16, Duration)> {
        let started = Instant::now();
        let request = self.client.post(format!("{}{}", self.base_url, call.path)).body(call.body.clone());
        let request = call.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request.send().await?;
        let status = response.status().as_u16();
        // Platforms read the answer to its end, and so use the connection again.
        response.bytes().await?;
        Ok((status, started.elapsed()))
    }

    /// Sends a call as platforms do: what was not taken is repeated, the very same bytes under the same signature.
    ///
    /// # Errors
    /// If there was no answer to any try.
    pub(super) async fn deliver(&self, call: &Call) -> anyhow::Result<Delivered> {
        let mut repeated = 0;
        loop {
            let last = repeated + 1 == TRIES;
            match self.push(call).await {
                Ok((status, latency)) if status < 500 || last => return Ok(Delivered { status, repeated, latency }),
                Err(error) if last => return Err(error).context("the gateway does not answer"),
                _ => tokio::time::sleep(FIRST_WAIT * 2_u32.pow(repeated)).await,
            }
            repeated += 1;
        }
    }
}
