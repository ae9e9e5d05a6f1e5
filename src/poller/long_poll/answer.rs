//! What the platform answered (`telegram.md §6, §9`).

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::hush::Hush;
use crate::poller::trouble::Trouble;

/// What to wait if the platform says that we ask too often, but not for how long.
const COME_LATER: Duration = Duration::from_secs(30);

/// An answer as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    /// The header of this name, in seconds.
    pub(super) retry_after: Option<u64>,
    pub(super) body: &'a [u8],
}

/// One update, byte for byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Update {
    /// `None`: it has no number.
    pub(super) id: Option<i64>,
    pub(super) payload: Bytes,
}

#[derive(Debug, Default, Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    ok: bool,
    #[serde(borrow)]
    result: Option<Vec<&'a RawValue>>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Numbered {
    update_id: i64,
}

impl Answer<'_> {
    /// The updates in it.
    ///
    /// # Errors
    /// Why there are none to be had.
    pub(super) fn read(&self, hush: &Hush) -> Result<Vec<Update>, Trouble> {
        // One customer's bytes that are no UTF-8 must not make the whole answer unreadable.
        let text = String::from_utf8_lossy(self.body);
        let envelope = serde_json::from_str::<Envelope<'_>>(&text);
        match (self.status, envelope) {
            (200..=299, Ok(Envelope { ok: true, result: Some(updates), .. })) => {
                Ok(updates.into_iter().map(update).collect())
            }
            (_, Ok(envelope)) => Err(self.refusal(&envelope, hush)),
            (200..=299, Err(_)) => Err(hush.passing("answers something that is no list of updates")),
            (_, Err(_)) => Err(self.refusal(&Envelope::default(), hush)),
        }
    }

    fn refusal(&self, envelope: &Envelope<'_>, hush: &Hush) -> Trouble {
        let code = envelope.error_code.unwrap_or(self.status);
        let words = hush.words(envelope.description.as_deref().unwrap_or_default());
        match code {
            401 | 403 | 404 => hush.setup(format!("refuses the token ({code}): enter the current one")),
            409 if words.to_ascii_lowercase().contains("webhook") => Trouble::Setup(
                "a webhook is set for this bot (409): remove it (deleteWebhook), or use mode=webhook".to_owned(),
            ),
            409 => Trouble::Passing(
                "another program fetches with the same token (409), and only one can: stop the other one".to_owned(),
            ),
            429 => {
                let asked = envelope.parameters.as_ref().and_then(|parameters| parameters.retry_after);
                let wait = asked.or(self.retry_after).map_or(COME_LATER, Duration::from_secs);
                let seconds = wait.as_secs();
                Trouble::Wait(wait, format!("we ask too often (429) and are told to wait {seconds} seconds"))
            }
            300..=399 => hush.setup(format!("sends us elsewhere ({code}): check the server's address")),
            400..=499 => hush.setup(format!("refuses the request ({code}): {words}")),
            500..=599 => hush.passing(format!("answers {code} {words}").trim_end()),
            _ => hush.passing("answers something that is no list of updates"),
        }
    }
}

fn update(raw: &RawValue) -> Update {
    let id = serde_json::from_str::<Numbered>(raw.get()).ok().map(|numbered| numbered.update_id);
    Update { id, payload: Bytes::copy_from_slice(raw.get().as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &[u8]) -> Result<Vec<Update>, Trouble> {
        Answer { status, retry_after: None, body }
            .read(&Hush::of("https://api.example.org/bot1:secret-secret/getUpdates"))
    }

    fn setup(status: u16, body: &str) -> String {
        match read(status, body.as_bytes()) {
            Err(Trouble::Setup(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    fn passing(status: u16, body: &str) -> String {
        match read(status, body.as_bytes()) {
            Err(Trouble::Passing(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn updates_are_kept_byte_for_byte() {
        let body = br#"{"ok":true,"result":[{"update_id":7, "x":1.10,"s":"\ud83d"},{"update_id":"odd"},5]}"#;
        let updates = read(200, body).unwrap();
        let ids: Vec<_> = updates.iter().map(|update| update.id).collect();
        assert_eq!(ids, [Some(7), None, None]);
        assert_eq!(updates[0].payload, &br#"{"update_id":7, "x":1.10,"s":"\ud83d"}"#[..]);
        assert_eq!(read(200, br#"{"ok":true,"result":[]}"#).unwrap(), []);
    }

    #[test]
    fn p7_one_broken_character_does_not_hide_the_other_updates() {
        let updates =
            read(200, b"{\"ok\":true,\"result\":[{\"update_id\":1,\"t\":\"\xff\"},{\"update_id\":2}]}").unwrap();
        assert_eq!((updates[0].id, updates[1].id), (Some(1), Some(2)));
    }

    #[test]
    fn p10_refusals_are_explained() {
        assert_eq!(
            setup(401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#),
            "api.example.org refuses the token (401): enter the current one"
        );
        assert_eq!(setup(404, "<html>"), "api.example.org refuses the token (404): enter the current one");
        let webhook = r#"{"ok":false,"error_code":409,"description":"Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}"#;
        assert!(setup(409, webhook).starts_with("a webhook is set for this bot (409): remove it"));
        let other = r#"{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}"#;
        assert!(passing(409, other).starts_with("another program fetches with the same token"));
        assert_eq!(
            setup(400, r#"{"ok":false,"error_code":400,"description":"Bad: secret-secret"}"#),
            "api.example.org refuses the request (400): Bad: ****"
        );
        assert!(setup(302, "").contains("check the server's address"));
    }

    #[test]
    fn what_passes_by_itself_is_tried_again() {
        assert_eq!(passing(502, "<html>"), "api.example.org answers 502");
        assert_eq!(
            passing(200, r#"{"ok":false,"error_code":500,"description":"Internal Server Error: restart"}"#),
            "api.example.org answers 500 Internal Server Error: restart"
        );
        for garbage in
            ["", "garbage", "[]", r#"{"ok":true}"#, r#"{"ok":true,"result":{}}"#, r#"{"ok":true,"result":[{}"#]
        {
            assert_eq!(
                passing(200, garbage),
                "api.example.org answers something that is no list of updates",
                "{garbage}"
            );
        }
    }

    #[test]
    fn the_platform_says_how_long_to_wait() {
        let wait = |retry_after, body: &str| {
            let hush = Hush::of("https://api.example.org/bot1:x/getUpdates");
            match (Answer { status: 429, retry_after, body: body.as_bytes() }).read(&hush) {
                Err(Trouble::Wait(wait, _)) => wait.as_secs(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(wait(Some(3), r#"{"ok":false,"error_code":429,"parameters":{"retry_after":9}}"#), 9);
        assert_eq!(wait(Some(3), "no JSON"), 3);
        assert_eq!(wait(None, "{}"), 30);
    }
}
