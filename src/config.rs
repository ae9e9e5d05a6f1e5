//! Typed settings: `config/relevo.toml` (embedded), then a file, then `RELEVO__SECTION__KEY`.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use lapin::uri::AMQPUri;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use sqlx::postgres::PgConnectOptions;
use toml::{Table, Value};

use crate::secrets::MasterKey;

/// The complete default configuration, commented.
pub const DEFAULTS: &str = include_str!("../config/relevo.toml");

/// What the names of our environment variables begin with.
pub(crate) const ENV_PREFIX: &str = "RELEVO__";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data_dir: PathBuf,
    pub server: Server,
    pub database: Database,
    pub queue: Queue,
    pub gateway: Gateway,
    pub worker: Worker,
    pub dispatch: Dispatch,
    pub routing: Routing,
    pub whatsapp: Graph,
    pub facebook: Graph,
    pub telegram: Telegram,
    pub email: Email,
    pub media: Media,
    pub relay: Relay,
    pub secrets: Secrets,
    pub telemetry: Telemetry,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    /// Where platforms reach us; empty if nobody said.
    pub public_url: String,
    #[serde(rename = "shutdown_seconds", deserialize_with = "seconds")]
    pub shutdown: Duration,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    pub connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    pub url: SecretString,
    pub partitions: u16,
    #[serde(rename = "confirm_seconds", deserialize_with = "seconds")]
    pub confirm: Duration,
    pub prefix: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    pub max_in_flight: usize,
    #[serde(rename = "timeout_seconds", deserialize_with = "seconds")]
    pub timeout: Duration,
    pub retry_after_seconds: u32,
    #[serde(rename = "max_megabytes_in_flight")]
    pub max_mebibytes: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    pub batch: usize,
    pub max_attempts: u32,
    pub dedup_days: u32,
    pub parked_days: u32,
    pub record_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    pub sends: usize,
    pub fetches: usize,
    #[serde(rename = "poll_milliseconds", deserialize_with = "milliseconds")]
    pub poll: Duration,
    #[serde(rename = "retry_base_seconds", deserialize_with = "seconds")]
    pub retry_base: Duration,
    #[serde(rename = "retry_cap_seconds", deserialize_with = "seconds")]
    pub retry_cap: Duration,
    #[serde(rename = "give_up_after_seconds", deserialize_with = "seconds")]
    pub give_up_after: Duration,
    pub resend_unknown: bool,
    #[serde(rename = "report_seconds", deserialize_with = "seconds")]
    pub report_wait: Duration,
    #[serde(rename = "trial_after_seconds", deserialize_with = "seconds")]
    pub trial_after: Duration,
    /// How long a dead process's work waits.
    #[serde(rename = "lease_seconds", deserialize_with = "seconds")]
    pub lease: Duration,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    #[serde(rename = "sweep_seconds", deserialize_with = "seconds")]
    pub sweep: Duration,
    /// How long an agent may be offline before unanswered tickets go to others.
    #[serde(rename = "offline_grace_seconds", deserialize_with = "seconds")]
    pub offline_grace: Duration,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    pub graph_url: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    pub api_url: String,
    #[serde(rename = "poll_seconds", deserialize_with = "seconds")]
    pub poll: Duration,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    #[serde(rename = "idle_seconds", deserialize_with = "seconds")]
    pub idle: Duration,
    #[serde(rename = "poll_seconds", deserialize_with = "seconds")]
    pub poll: Duration,
}

/// How large a stored file may be unless the settings say otherwise, in bytes.
pub const MEDIA_MAX_BYTES: u64 = 100 << 20;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    pub url: String,
    pub s3_endpoint: String,
    pub s3_region: String,
    pub s3_access_key: String,
    pub s3_secret_key: SecretString,
    pub s3_allow_http: bool,
    #[serde(rename = "max_megabytes", deserialize_with = "mebibytes")]
    pub max_bytes: u64,
    pub allow_private_addresses: bool,
}

impl Media {
    /// Bucket and prefix, unless files are in a folder.
    pub fn bucket(&self) -> Option<(&str, &str)> {
        self.url.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, "")))
    }

    /// What is wrong with it, if anything.
    fn rules(&self) -> [(&'static str, bool, &'static str); 6] {
        let secret = self.s3_secret_key.expose_secret();
        let endpoint = self.s3_endpoint.as_str();
        [
            (
                "media.url",
                self.url.is_empty()
                    || self.bucket().is_some_and(|(bucket, prefix)| is_bucket(bucket) && is_prefix(prefix)),
                "must be empty (a folder in data_dir) or s3://bucket/prefix",
            ),
            (
                "media.s3_endpoint",
                endpoint.is_empty() || endpoint.starts_with("http://") || endpoint.starts_with("https://"),
                "must be empty (Amazon) or an http or https URL",
            ),
            (
                "media.s3_endpoint",
                self.s3_allow_http || !endpoint.starts_with("http://"),
                "is not encrypted: use https, or set media.s3_allow_http = true",
            ),
            ("media.s3_region", !self.s3_region.trim().is_empty(), "must not be empty"),
            (
                "media.s3_secret_key",
                self.s3_access_key.is_empty() == secret.is_empty(),
                "goes with media.s3_access_key: give both, or neither (the machine's own role)",
            ),
            ("media.max_megabytes", (1..=4096).contains(&(self.max_bytes >> 20)), "must be from 1 to 4096"),
        ]
    }
}

/// Whether it is a place in a bucket: folders with names, none of them empty or leading back.
fn is_prefix(text: &str) -> bool {
    object_store::path::Path::parse(text).is_ok()
}

/// Whether it is a bucket's name: it becomes a part of a host name or a path.
fn is_bucket(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    pub allow_private_addresses: bool,
    #[serde(rename = "timeout_seconds", deserialize_with = "seconds")]
    pub timeout: Duration,
    #[serde(rename = "give_up_after_seconds", deserialize_with = "seconds")]
    pub give_up_after: Duration,
    pub keep_hours: u32,
}

impl Relay {
    /// How long events are kept.
    pub fn keep(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_hours) * 3600)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    pub master_key: SecretString,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub log: String,
    pub json: bool,
}

const NO_URL: &str = "is no URL: is every special character of the password percent-encoded, and the port a number?";

const NOT_WEB: &str = "must be an http or https URL";

fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// A setting that is wrong, with its key and, where known, where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    pub fn new(key: &str, what: impl fmt::Display) -> Self {
        Self(format!("{key}: {what}"))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// The defaults, then `file`, then `environment`.
    ///
    /// # Errors
    /// One message that names the first key that is unknown or wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut settings = parse(DEFAULTS, "the built-in defaults")?;
        if let Some(path) = file {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| ConfigError(format!("{name}: {error}")))?;
            merge(&mut settings, parse(&text, &name)?, "", &name)?;
        }
        for (name, text) in environment {
            if let Some(path) = name.strip_prefix(ENV_PREFIX) {
                set(&mut settings, &path.to_ascii_lowercase(), &name, text)?;
            }
        }
        let config: Self = serde_path_to_error::deserialize(Value::Table(settings)).map_err(|error| {
            let key = error.path().to_string();
            ConfigError::new(&key, first_line(error.inner()))
        })?;
        config.check()?;
        Ok(config)
    }

    /// The defaults alone.
    pub fn defaults() -> Self {
        #[expect(clippy::expect_used, reason = "the embedded file is checked by a test")]
        Self::load(None, []).expect("the embedded defaults are valid")
    }

    /// Settings that channels take from here unless they have their own: `(kind, setting)` → value.
    pub fn channel_defaults(&self) -> BTreeMap<(String, String), String> {
        let of = |kind: &str, setting: &str, value: &str| ((kind.to_owned(), setting.to_owned()), value.to_owned());
        [
            of("whatsapp", "graph_url", &self.whatsapp.graph_url),
            of("facebook", "graph_url", &self.facebook.graph_url),
            of("telegram", "api_url", &self.telegram.api_url),
        ]
        .into()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let database = self.database.url.expose_secret();
        let queue = self.queue.url.expose_secret();
        if !self.secrets.master_key.expose_secret().trim().is_empty() {
            MasterKey::from_base64(&self.secrets.master_key)
                .map_err(|error| ConfigError::new("secrets.master_key", error))?;
        }
        let rules = [
            (
                "database.url",
                database.is_empty() || database.starts_with("postgres://") || database.starts_with("postgresql://"),
                "must be empty (embedded SQLite) or postgres://user:password@host:port/name",
            ),
            (
                "server.public_url",
                is_public_url(&self.server.public_url),
                "must be empty or an http or https address without user, query or fragment: https://relevo.example.org",
            ),
            ("database.connections", self.database.connections >= 2, "must be at least 2"),
            (
                "queue.url",
                queue.is_empty() || queue.starts_with("amqp://") || queue.starts_with("amqps://"),
                "must be empty (a table in the database) or amqp://user:password@host:port/vhost",
            ),
            ("database.url", database.is_empty() || PgConnectOptions::from_str(database).is_ok(), NO_URL),
            ("queue.url", queue.is_empty() || AMQPUri::from_str(queue).is_ok(), NO_URL),
            ("queue.partitions", (1..=256).contains(&self.queue.partitions), "must be from 1 to 256"),
            ("queue.prefix", !self.queue.prefix.is_empty(), "must not be empty"),
            ("queue.confirm_seconds", !self.queue.confirm.is_zero(), "must be at least 1"),
            ("gateway.max_in_flight", self.gateway.max_in_flight > 0, "must be at least 1"),
            (
                "gateway.max_megabytes_in_flight",
                (112..=65_536).contains(&self.gateway.max_mebibytes),
                "must be from 112 (one large mail) to 65536",
            ),
            ("gateway.timeout_seconds", !self.gateway.timeout.is_zero(), "must be at least 1"),
            ("worker.batch", (1..=5000).contains(&self.worker.batch), "must be from 1 to 5000"),
            ("worker.max_attempts", self.worker.max_attempts > 0, "must be at least 1"),
            ("worker.record_days", self.worker.record_days >= 1, "must be at least 1"),
            ("worker.parked_days", self.worker.parked_days >= 1, "must be at least 1"),
            ("worker.dedup_days", self.worker.dedup_days >= 8, "must be at least 8: Meta retries for 7 days"),
            ("dispatch.sends", self.dispatch.sends >= 1, "must be at least 1"),
            ("dispatch.fetches", self.dispatch.fetches >= 1, "must be at least 1"),
            ("dispatch.poll_milliseconds", self.dispatch.poll.as_millis() >= 10, "must be at least 10"),
            ("dispatch.retry_base_seconds", !self.dispatch.retry_base.is_zero(), "must be at least 1"),
            ("dispatch.trial_after_seconds", !self.dispatch.trial_after.is_zero(), "must be at least 1"),
            ("dispatch.lease_seconds", !self.dispatch.lease.is_zero(), "must be at least 1"),
            (
                "dispatch.retry_cap_seconds",
                self.dispatch.retry_cap >= self.dispatch.retry_base,
                "must not be less than dispatch.retry_base_seconds",
            ),
            ("routing.sweep_seconds", !self.routing.sweep.is_zero(), "must be at least 1"),
            ("relay.timeout_seconds", (1..=60).contains(&self.relay.timeout.as_secs()), "must be from 1 to 60"),
            ("relay.give_up_after_seconds", !self.relay.give_up_after.is_zero(), "must be at least 1"),
            (
                "relay.keep_hours",
                self.relay.keep_hours >= 1 && self.relay.keep() >= self.relay.give_up_after,
                "must be at least 1, and no shorter than relay.give_up_after_seconds",
            ),
            ("whatsapp.graph_url", is_web(&self.whatsapp.graph_url), NOT_WEB),
            ("facebook.graph_url", is_web(&self.facebook.graph_url), NOT_WEB),
            ("telegram.api_url", is_web(&self.telegram.api_url), NOT_WEB),
            ("telegram.poll_seconds", self.telegram.poll.as_secs() <= 50, "must be at most 50, the server's own limit"),
            ("email.idle_seconds", (1..1740).contains(&self.email.idle.as_secs()), "must be from 1 to 1739"),
            ("email.poll_seconds", !self.email.poll.is_zero(), "must be at least 1"),
        ];
        match rules.iter().chain(&self.media.rules()).find(|(_, holds, _)| !holds) {
            Some((key, _, what)) => Err(ConfigError::new(key, what)),
            None => tracing_subscriber::EnvFilter::try_new(&self.telemetry.log)
                .map(drop)
                .map_err(|error| ConfigError::new("telemetry.log", error)),
        }
    }
}

fn is_public_url(text: &str) -> bool {
    let uri = text.parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(|uri| uri.authority()).is_some_and(|host| !host.as_str().contains('@'));
    let web = uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    text.is_empty() || host && web && !text.contains(['?', '#'])
}

/// An error names the line and does not show it: it may hold a password.
fn parse(text: &str, name: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigError(format!("{name}, line {line}: {}", first_line(error.message())))
    })
}

/// Lays `over` on `base`; every key must exist in `base`, which holds all there are.
fn merge(base: &mut Table, over: Table, section: &str, source: &str) -> Result<(), ConfigError> {
    for (key, value) in over {
        let path = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        match (base.get_mut(&key), value) {
            (None, _) => return Err(unknown(base, &path, source)),
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value, &path, source)?,
            (Some(Value::Table(_)), _) => return Err(ConfigError::new(&path, format!("is a section (in {source})"))),
            // Said here because whoever reads the value later would show it.
            (Some(slot), value) if !slot.same_type(&value) => {
                let (expected, found) = (slot.type_str(), value.type_str());
                return Err(ConfigError::new(&path, format!("must be of type {expected}, not {found} (in {source})")));
            }
            (Some(slot), value) => *slot = value,
        }
    }
    Ok(())
}

/// Sets one key from the environment; the default's type says how to read the text.
fn set(base: &mut Table, path: &str, name: &str, text: String) -> Result<(), ConfigError> {
    let mut table = base;
    let mut parts: Vec<&str> = path.split("__").collect();
    let key = parts.pop().unwrap_or_default();
    for part in parts {
        table = match table.get_mut(part) {
            Some(Value::Table(inner)) => inner,
            _ => return Err(ConfigError::new(&path.replace("__", "."), format!("there is no such setting ({name})"))),
        };
    }
    let value = match table.get(key) {
        None | Some(Value::Table(_)) => return Err(unknown(table, &path.replace("__", "."), name)),
        Some(Value::Integer(_)) => match text.trim().parse() {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                return Err(ConfigError::new(&path.replace("__", "."), format!("must be a whole number ({name})")));
            }
        },
        Some(Value::Boolean(_)) => match text.trim().parse() {
            Ok(flag) => Value::Boolean(flag),
            Err(_) => {
                return Err(ConfigError::new(&path.replace("__", "."), format!("must be true or false ({name})")));
            }
        },
        Some(_) => Value::String(text),
    };
    table.insert(key.to_owned(), value);
    Ok(())
}

fn unknown(table: &Table, path: &str, source: &str) -> ConfigError {
    let known: Vec<&str> = table.keys().map(String::as_str).collect();
    ConfigError::new(path, format!("there is no such setting ({source}); known here: {}", known.join(", ")))
}

fn first_line(error: impl fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|seconds| Duration::from_secs(seconds.into()))
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|milliseconds| Duration::from_millis(milliseconds.into()))
}

fn mebibytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    u32::deserialize(deserializer).map(|mebibytes| u64::from(mebibytes) << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_with(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(None, pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn the_embedded_file_and_the_production_file_are_whole() {
        let config = Config::defaults();
        assert_eq!(config.server.listen.port(), 8080);
        assert_eq!((config.media.max_bytes, config.media.bucket()), (MEDIA_MAX_BYTES, None));
        let production = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/production.toml");
        assert_eq!(Config::load(Some(&production), []).unwrap().queue.partitions, 16);
    }

    #[test]
    fn the_environment_overrides_and_other_variables_do_not_matter() {
        let config = load_with(&[
            ("RELEVO__SERVER__LISTEN", "127.0.0.1:0"),
            ("RELEVO__QUEUE__PARTITIONS", "3"),
            ("RELEVO__TELEMETRY__JSON", "true"),
            ("RELEVO__DATA_DIR", "/x"),
            ("PATH", "/bin"),
            ("RELEVO_TEST_POSTGRES_URL", "x"),
        ])
        .unwrap();
        assert_eq!((config.server.listen.port(), config.queue.partitions, config.telemetry.json), (0, 3, true));
        assert_eq!(config.data_dir, Path::new("/x"));
    }

    #[test]
    fn a_wrong_setting_is_named_in_one_line_without_its_value() {
        for (key, value, expected) in [
            ("RELEVO__SERVER__LISTEN", "nowhere", "server.listen: "),
            ("RELEVO__SERVER__PUBLIC_URL", "https://u:secret@host", "server.public_url: must be empty or"),
            ("RELEVO__SERVER__PUBLIC_URL", "relevo.example.org", "server.public_url: must be empty or"),
            ("RELEVO__QUEUE__PARTITIONS", "many", "queue.partitions: must be a whole number"),
            ("RELEVO__QUEUE__PARTITIONS", "0", "queue.partitions: must be from 1 to 256"),
            ("RELEVO__QUEUE__PARTITIONS", "-1", "queue.partitions: "),
            ("RELEVO__QUEUE__URL", "http://secret@x", "queue.url: must be empty"),
            ("RELEVO__DATABASE__URL", "mysql://secret@x", "database.url: must be empty"),
            ("RELEVO__SERVER__PORT", "1", "server.port: there is no such setting"),
            ("RELEVO__SERVR__LISTEN", "1", "servr.listen: there is no such setting"),
            ("RELEVO__MEDIA__URL", "/srv/media", "media.url: must be empty"),
            ("RELEVO__MEDIA__URL", "s3:///x", "media.url: must be empty"),
            ("RELEVO__MEDIA__URL", "s3://bucket/a//b", "media.url: must be empty"),
            ("RELEVO__MEDIA__S3_ENDPOINT", "minio:9000", "media.s3_endpoint: must be empty"),
            ("RELEVO__MEDIA__S3_ENDPOINT", "http://minio:9000", "media.s3_endpoint: is not encrypted"),
            ("RELEVO__MEDIA__S3_REGION", "", "media.s3_region: must not be empty"),
            ("RELEVO__MEDIA__MAX_MEGABYTES", "0", "media.max_megabytes: must be from 1 to 4096"),
            ("RELEVO__DISPATCH__LEASE_SECONDS", "0", "dispatch.lease_seconds: must be at least 1"),
            ("RELEVO__RELAY__TIMEOUT_SECONDS", "61", "relay.timeout_seconds: must be from 1 to 60"),
            ("RELEVO__RELAY__KEEP_HOURS", "23", "relay.keep_hours: must be at least 1, and no shorter"),
            ("RELEVO__TELEMETRY__LOG", "relevo=loud", "telemetry.log: "),
            ("RELEVO__TELEMETRY__JSON", "maybe", "telemetry.json: must be true or false"),
        ] {
            let message = load_with(&[(key, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("configuration: {expected}")), "{message}");
            assert_eq!(message.lines().count(), 1, "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_buckets_two_keys_come_together() {
        for key in ["RELEVO__MEDIA__S3_SECRET_KEY", "RELEVO__MEDIA__S3_ACCESS_KEY"] {
            let message = load_with(&[(key, "hunter2")]).unwrap_err().to_string();
            assert!(message.starts_with("configuration: media.s3_secret_key: goes with media.s3_access_key"));
            assert!(!message.contains("hunter2"), "{message}");
        }
        let url = ("RELEVO__MEDIA__URL", "s3://relevo-files/eu/media");
        let config = load_with(&[url]).unwrap();
        assert_eq!(config.media.bucket(), Some(("relevo-files", "eu/media")));
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let config = load_with(&[("RELEVO__DATABASE__URL", "postgres://u:hunter2@h/d")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
