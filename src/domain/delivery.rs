//! What is on its way out, and when it is tried again.

use std::time::Duration;

use relevo_adapters::{
    Millis,
    outbound::{Act, ErrorClass, Explained, Scope, SendError},
};
use serde::{Deserialize, Serialize};

use super::retry_delay;

/// The job kind that brings messages out; its lane is the conversation's, so that replies leave in order (P4).
pub const SEND: &str = "send";
/// The job kind that fetches customers' files.
pub const FETCH: &str = "fetch";

/// The lane of a conversation's sends.
pub fn send_lane(conversation: &str) -> String {
    format!("send:{conversation}")
}

/// The topic of a channel's sends.
pub fn send_topic(channel: i64) -> String {
    format!("channel:{channel}")
}

/// The lane of a file: each has its own.
pub fn fetch_lane(attachment: &str) -> String {
    format!("fetch:{attachment}")
}

/// The topic of a channel's files.
pub fn fetch_topic(channel: i64) -> String {
    format!("files:{channel}")
}

/// A send that is to happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendJob {
    /// The message that it brings out; `None` for an act without one (a button that is to stop spinning).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    pub channel: i64,
    pub conversation: String,
    pub act: Act,
    /// The customer's latest message when it was written, by its platform name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The message that it quotes, by our id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// After this moment it is of no use any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    /// Whether the house says it by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
}

/// A file that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchJob {
    pub attachment: String,
    pub channel: i64,
}

/// The state of an outbound message, as the API shows it (DESIGN §4, P5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutState {
    /// Durable; it waits for its turn.
    Queued,
    /// It is being brought out.
    Sending,
    /// Nobody knows yet whether the last try succeeded.
    Unknown,
    /// The platform took it and will report what becomes of it.
    Accepted,
    Sent,
    Failed,
}

impl OutState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// Whether a message in this state has certainly reached its platform.
pub fn has_left(status: Option<&str>) -> bool {
    matches!(status, Some("accepted" | "sent" | "delivered" | "read" | "played" | "failed"))
}

/// Why a message was not delivered, as it is kept and shown (P10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureReason {
    pub class: String,
    pub code: String,
    /// For agents, in Spanish.
    pub es: String,
    /// For agents, in English.
    pub en: String,
    /// The platform's own words.
    pub detail: String,
}

impl FailureReason {
    pub fn of(error: &SendError) -> Self {
        Self {
            class: error.class.as_str().to_owned(),
            code: error.code.clone(),
            es: error.reason.es.to_owned(),
            en: error.reason.en.to_owned(),
            detail: error.detail.clone(),
        }
    }

    pub fn new(class: ErrorClass, code: &str, reason: Explained, detail: impl Into<String>) -> Self {
        Self::of(&SendError::new(class, code, detail, reason))
    }
}

/// How failing sends are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    pub base: Duration,
    pub cap: Duration,
    /// How long a message that fails again and again is tried, from its first failure.
    pub total: Duration,
}

/// What happens to a send that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Again at this moment.
    Retry(Millis),
    /// Everything of the channel waits until this moment, and then it is tried again; its credentials are fine.
    HoldChannel(Millis),
    /// The channel is broken: everything of it waits until it is mended, and one message tries at this moment.
    PauseChannel(Millis),
    /// Never again.
    Fail,
    /// Never again, because it was tried long enough.
    GiveUp,
}

/// What a platform may ask us to wait at the most.
const LONGEST_WAIT: Duration = Duration::from_secs(7 * 86_400);

/// What happens after a failure (DESIGN §7). `failures` counts those before this one, `trying_since` is the first of
/// them; `chance` in `[0, 1)` is the jitter, drawn by the caller.
pub fn verdict(
    error: &SendError,
    policy: RetryPolicy,
    failures: u32,
    trying_since: Option<Millis>,
    now: Millis,
    chance: f64,
) -> Verdict {
    let wait = || {
        let own = retry_delay(policy.base, policy.cap, failures.saturating_add(1), chance);
        // What the platform says is honoured exactly; our own guess never comes before it.
        now + millis(error.retry_after.unwrap_or(own.max(Duration::from_millis(200))).min(LONGEST_WAIT))
    };
    match (error.class, error.scope) {
        (class, _) if class.is_final() => Verdict::Fail,
        (ErrorClass::Auth, _) => Verdict::PauseChannel(wait()),
        (ErrorClass::RateLimited, Scope::Channel) => Verdict::HoldChannel(wait()),
        // A platform that says when it has room again keeps nobody waiting in vain.
        (ErrorClass::RateLimited, Scope::Chat) if error.retry_after.is_some() => Verdict::Retry(wait()),
        _ if trying_since.is_some_and(|since| now - since >= millis(policy.total)) => Verdict::GiveUp,
        _ => Verdict::Retry(wait()),
    }
}

/// When the next one may start, for a pace of one per `interval` with up to `burst` at once: the generic cell rate
/// algorithm. `tat` is the theoretical arrival time; gives the new one and the moment from which one more fits.
pub fn next_slot(tat: Millis, now: Millis, interval: Duration, burst: u32) -> (Millis, Millis) {
    let interval = millis(interval);
    let tat = tat.max(now) + interval;
    (tat, tat - interval.saturating_mul(Millis::from(burst.max(1)) - 1))
}

/// A duration in the unit of all times.
pub fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        base: Duration::from_secs(5),
        cap: Duration::from_secs(3600),
        total: Duration::from_secs(86_400),
    };
    const NOW: Millis = 1_000_000_000;

    fn error(class: ErrorClass) -> SendError {
        SendError::new(class, "x", "x", Explained { es: "a", en: "b" })
    }

    fn judge(error: &SendError, failures: u32, since: Option<Millis>) -> Verdict {
        verdict(error, POLICY, failures, since, NOW, 0.999_999)
    }

    #[test]
    fn every_class_has_its_consequence() {
        for class in [ErrorClass::Content, ErrorClass::Recipient, ErrorClass::NeedsTemplate] {
            assert_eq!(judge(&error(class), 0, None), Verdict::Fail);
        }
        assert!(matches!(judge(&error(ErrorClass::Transient), 0, None), Verdict::Retry(at) if at <= NOW + 5_000));
        assert!(matches!(judge(&error(ErrorClass::Unknown), 2, Some(NOW)), Verdict::Retry(at) if at > NOW + 19_000));
        assert!(matches!(judge(&error(ErrorClass::Auth), 0, None), Verdict::PauseChannel(_)));
        assert_eq!(judge(&error(ErrorClass::Transient), 40, Some(NOW - 86_400_000)), Verdict::GiveUp);
    }

    #[test]
    fn what_the_platform_says_is_honoured_exactly_and_for_ever() {
        let asked = error(ErrorClass::RateLimited).after(Some(Duration::from_secs(7_200)));
        assert_eq!(judge(&asked, 0, Some(0)), Verdict::Retry(NOW + 7_200_000));
        assert_eq!(judge(&asked.of_channel(), 0, Some(0)), Verdict::HoldChannel(NOW + 7_200_000));
    }

    #[test]
    fn a_broken_channel_never_costs_a_message() {
        assert!(matches!(judge(&error(ErrorClass::Auth), 900, Some(0)), Verdict::PauseChannel(_)));
    }

    #[test]
    fn a_pace_lets_a_burst_through_and_then_one_per_interval() {
        let (mut tat, mut at, mut slots) = (0, 0, Vec::new());
        for _ in 0..6 {
            slots.push(at);
            (tat, at) = next_slot(tat, 0, Duration::from_millis(1000), 3);
        }
        assert_eq!(slots.iter().map(|at| (*at).max(0)).collect::<Vec<_>>(), [0, 0, 0, 1000, 2000, 3000]);
        assert_eq!(next_slot(tat, 60_000, Duration::from_millis(1000), 1), (61_000, 61_000), "a silence refills it");
    }

    #[test]
    fn a_send_job_survives_its_storage() {
        let job = SendJob {
            message: Some("m".into()),
            channel: 1,
            conversation: "c".into(),
            act: Act::Read { target: "t".into() },
            answers: Some("in".into()),
            reply_to: None,
            expires_at: Some(5),
            automatic: true,
        };
        let text = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<SendJob>(&text).unwrap(), job);
    }
}
