//! Logs and metrics. A log line is an event with fields; never a secret, never a message body.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt, prelude::*};

use crate::config::Telemetry;

/// Whether a record may be written at all, whatever the settings say: some libraries log mail log-ins and bodies, or
/// the body of a message that the broker sent back (P9).
fn is_fit(target: &str, level: &Level) -> bool {
    let of = |library: &str| target.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    !of("async_imap") && !of("imap_proto") && (!of("lapin") || *level == Level::ERROR)
}

/// Starts logging to standard error. A second call in one process changes nothing.
pub fn init_logs(settings: &Telemetry) {
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let fit = filter_fn(|record| is_fit(record.target(), record.level()));
    let registry = tracing_subscriber::registry().with(filter).with(fit);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_no_setting_lets_a_library_log_passwords_or_bodies() {
        assert!(!is_fit("async_imap::client", &Level::ERROR));
        assert!(!is_fit("lapin::channel", &Level::WARN));
        assert!(is_fit("lapin", &Level::ERROR));
        assert!(is_fit("lapinette", &Level::TRACE) && is_fit("relevo::queue", &Level::DEBUG));
    }
}
