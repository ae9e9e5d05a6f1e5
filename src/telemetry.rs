//! Logs and metrics. A log line is an event with fields; never a secret, never a message body.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::config::Telemetry;

/// Libraries that log what nobody may read, whatever the settings say: mail log-ins and bodies, and the bodies of
/// messages that the broker sent back (P9).
const NEVER: [&str; 3] = ["async_imap=off", "imap_proto=off", "lapin=error"];

/// Starts logging to standard error. A second call in one process changes nothing.
pub fn init_logs(settings: &Telemetry) {
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = NEVER.iter().filter_map(|rule| rule.parse().ok()).fold(filter, EnvFilter::add_directive);
    let registry = tracing_subscriber::registry().with(filter);
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // A log that nobody reads any more must not stop the house: the layer would say so on the same standard error.
        .log_internal_errors(false);
    // A process that already logs (a test, the demo) keeps its logger.
    _ = if settings.json { registry.with(layer.json()).try_init() } else { registry.with(layer).try_init() };
}

/// Starts the process's metrics, once, and gives what `/metrics` shows.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // Only one recorder can be installed; ours is the first, or somebody embeds us and has their own.
            _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}
