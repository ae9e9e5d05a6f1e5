//! Meta's shared webhook: one URL, one envelope and one signature for all products of an app.
//!
//! What WhatsApp and Facebook Pages have in common lives here; what the pieces mean is theirs
//! (`whatsapp.md §1–§4`, `facebook-comments.md §1–§3`). What goes out goes through `graph`.

pub(crate) mod graph;
pub(crate) mod limits;
pub(crate) mod refusal;

use std::{borrow::Cow, collections::HashSet};

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Fault, Millis, ParseError, Settings, VerifyError, WebhookRequest, json, text, verify};

const SIGNATURE_HEADER: &str = "x-hub-signature-256";
/// Meta's `object` for WhatsApp.
pub(crate) const WHATSAPP_OBJECT: &str = "whatsapp_business_account";
/// Meta's `object` for Facebook Pages.
pub(crate) const PAGE_OBJECT: &str = "page";
/// The longest text that is kept of one message, in bytes. Meta's own limits are far below.
pub(crate) const MAX_TEXT: usize = 1 << 20;
/// The longest word of a stranger that becomes a machine name, in bytes.
const MAX_KIND: usize = 100;

/// One account that a shared webhook names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The channel kind (`whatsapp`, `facebook`), or Meta's `object` if no kind of ours speaks it.
    pub kind: String,
    /// As in [`crate::Channel::accounts`]: for WhatsApp `metadata.phone_number_id`, else `waba:` and the WABA id
    /// (`entry[].id`); for everything else `entry[].id`, for Pages the Page id.
    pub account: String,
}

/// The accounts that a shared webhook addresses, each once, in order of appearance.
///
/// It runs before anything is verified and on every webhook, so it reads the routing keys only and copies nothing
/// else; payloads of an odd shape take the slower way over [`json::parse`].
///
/// # Errors
/// If the body is no JSON object.
pub fn addressees(body: &[u8]) -> Result<Vec<Addressee>, ParseError> {
    let is_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    match serde_json::from_slice::<Envelope<'_>>(body) {
        Ok(envelope) if is_object => Ok(collect(envelope.object.as_deref(), envelope.keys())),
        _ => slow_addressees(body),
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    object: Option<Text<'a>>,
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    value: Option<ChangeValue<'a>>,
}

#[derive(Deserialize)]
struct ChangeValue<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    phone_number_id: Option<Text<'a>>,
}

/// A text that borrows from the body where it has no escapes (a bare `Option<Cow>` would always copy).
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// The routing keys of one entry: its id, and the phone number id of each of its changes.
struct Keys<'a> {
    entry: Option<Cow<'a, str>>,
    phones: Vec<Option<Cow<'a, str>>>,
}

impl Envelope<'_> {
    fn keys(&self) -> impl Iterator<Item = Keys<'_>> {
        self.entry.iter().map(|entry| Keys {
            entry: present(&entry.id),
            phones: entry
                .changes
                .iter()
                .map(|change| present(&change.value.as_ref()?.metadata.as_ref()?.phone_number_id))
                .collect(),
        })
    }
}

fn present<'a>(text: &'a Option<Text<'_>>) -> Option<Cow<'a, str>> {
    text.as_deref().filter(|text| !text.is_empty()).map(Cow::Borrowed)
}

fn slow_addressees(body: &[u8]) -> Result<Vec<Addressee>, ParseError> {
    let payload = json::parse(body)?;
    if !payload.is_object() {
        return Err(ParseError("the webhook is no JSON object".to_owned()));
    }
    let keys = json::array(&payload, "entry").iter().map(|entry| Keys {
        entry: entry.get("id").and_then(json::id).map(Cow::Owned),
        phones: json::array(entry, "changes").iter().map(|change| phone_number_id(change).map(Cow::Owned)).collect(),
    });
    Ok(collect(json::str(&payload, "object"), keys))
}

fn collect<'a>(object: Option<&str>, entries: impl Iterator<Item = Keys<'a>>) -> Vec<Addressee> {
    let kind = match object {
        Some(WHATSAPP_OBJECT) => "whatsapp",
        Some(PAGE_OBJECT) => "facebook",
        Some(other) => text::truncate(other, MAX_KIND),
        None => "unknown",
    };
    let mut accounts = Vec::new();
    for Keys { entry, phones } in entries {
        match (object, entry) {
            (Some(WHATSAPP_OBJECT), entry) => {
                let waba = entry.map(|id| waba_account(&id));
                if phones.is_empty() {
                    accounts.extend(waba.clone());
                }
                accounts
                    .extend(phones.into_iter().filter_map(|phone| phone.map(Cow::into_owned).or_else(|| waba.clone())));
            }
            (_, entry) => accounts.extend(entry.map(Cow::into_owned)),
        }
    }
    let mut seen = HashSet::with_capacity(accounts.len());
    accounts
        .into_iter()
        .filter(|account| seen.insert(account.clone()))
        .map(|account| Addressee { kind: kind.to_owned(), account })
        .collect()
}

/// Whether a request carries a well-formed signature of Meta's, whoever made it.
pub fn is_signed(request: &WebhookRequest<'_>) -> bool {
    let digits = request.header(SIGNATURE_HEADER).and_then(|header| header.trim().strip_prefix("sha256="));
    digits.and_then(verify::unhex).is_some_and(|bytes| bytes.len() == 32)
}

/// The account name of a WhatsApp Business Account, distinct from phone number ids.
pub(crate) fn waba_account(waba_id: &str) -> String {
    format!("waba:{waba_id}")
}

/// `value.metadata.phone_number_id` of a change.
pub(crate) fn phone_number_id(change: &Value) -> Option<String> {
    change.get("value")?.get("metadata")?.get("phone_number_id").and_then(json::id)
}

/// The Meta app whose webhooks a channel receives.
#[derive(Debug)]
pub(crate) struct App {
    secret: SecretString,
    verify_token: Option<SecretString>,
}

impl App {
    /// Reads `app_secret` and `verify_token`; what is wrong with them is added to `problems`.
    pub(crate) fn open(settings: &Settings, problems: &mut Vec<(String, String)>) -> Option<Self> {
        match settings.secret("app_secret") {
            Some(secret) => Some(Self { secret, verify_token: settings.secret("verify_token") }),
            None => {
                problems.push(("app_secret".to_owned(), "is required".to_owned()));
                None
            }
        }
    }

    /// Answers Meta's GET check with the bare challenge (`whatsapp.md §1`).
    pub(crate) fn handshake(&self, query: &str) -> Result<String, VerifyError> {
        let ours = self.verify_token.as_ref().ok_or(VerifyError::NotAccepted)?;
        let token = text::query_value(query, "hub.verify_token").ok_or(VerifyError::Missing)?;
        match (text::query_value(query, "hub.mode").as_deref(), text::query_value(query, "hub.challenge")) {
            _ if !verify::same_secret(token.as_bytes(), ours) => Err(VerifyError::Mismatch),
            (Some("subscribe"), Some(challenge)) if !challenge.is_empty() => Ok(challenge),
            _ => Err(VerifyError::Malformed),
        }
    }

    /// Checks `X-Hub-Signature-256` over the raw body; the legacy SHA-1 header counts for nothing.
    pub(crate) fn verify(&self, request: &WebhookRequest<'_>) -> Result<(), VerifyError> {
        verify::meta_signature(request.header(SIGNATURE_HEADER), request.body, &self.secret)
    }
}

/// The setting `key`, which is one of Meta's ids; anything else is added to `problems`.
pub(crate) fn id_setting(settings: &Settings, key: &str, problems: &mut Vec<(String, String)>) -> Option<String> {
    let id = settings.get(key)?;
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        problems.push((key.to_owned(), "must be Meta's id, a row of digits: neither a name nor a +number".to_owned()));
    }
    Some(id.to_owned())
}

/// Parses a webhook and returns it if it is about `object`, or `None` if it is about something else.
///
/// # Errors
/// If it is no JSON object, does not say what it is about, or has no list of entries.
pub(crate) fn payload(body: &[u8], object: &str) -> Result<Option<Value>, ParseError> {
    let payload = json::parse(body)?;
    match (json::str(&payload, "object"), payload.get("entry")) {
        (Some(about), _) if about != object => Ok(None),
        (Some(_), Some(Value::Array(_))) => Ok(Some(payload)),
        (Some(_), _) => Err(ParseError("the webhook has no list of entries".to_owned())),
        (None, _) => Err(ParseError("the webhook does not say what it is about".to_owned())),
    }
}

/// The elements of the list `value[key]`; something else under that key is a fault of its own.
pub(crate) fn list<'a>(value: &'a Value, key: &str, faults: &mut Vec<Fault>) -> &'a [Value] {
    match value.get(key) {
        Some(Value::Array(items)) => items,
        None | Some(Value::Null) => &[],
        Some(_) => {
            faults.push(fault(&format!("{key} is no list"), value));
            &[]
        }
    }
}

/// A piece that could not be understood, for the dead letters (P7).
pub(crate) fn fault(reason: &str, piece: &Value) -> Fault {
    Fault { reason: reason.to_owned(), raw: piece.to_string().into() }
}

/// A time of Meta in milliseconds. It sends seconds, as text or number; Messenger entries have milliseconds already.
pub(crate) fn millis(value: &Value, key: &str) -> Option<Millis> {
    /// Seconds beyond the year 5000: no webhook means that.
    const MILLISECONDS_FROM: i64 = 100_000_000_000;
    match json::int(value, key)? {
        time if time >= MILLISECONDS_FROM => Some(time),
        time if time > 0 => Some(time * 1000),
        _ => None,
    }
}

/// A stranger's word as a machine name.
pub(crate) fn kind(word: &str) -> String {
    text::truncate(word, MAX_KIND).to_owned()
}

/// SHA-256 of `pieces` in lower-case hex: what names an event that has no id. Equal JSON gives an equal name, however
/// it was written.
pub(crate) fn fingerprint(pieces: &[&Value]) -> String {
    let mut canonical = String::new();
    pieces.iter().for_each(|piece| write_canonical(piece, &mut canonical));
    verify::hex(&Sha256::digest(canonical.as_bytes()))
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (key, value) in fields {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        other => {
            out.push_str(&other.to_string());
            out.push(';');
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(body: &Value) -> Vec<(String, String)> {
        let fast = addressees(body.to_string().as_bytes()).unwrap();
        let slow = slow_addressees(body.to_string().as_bytes()).unwrap();
        assert_eq!(fast, slow, "{body}");
        fast.into_iter().map(|addressee| (addressee.kind, addressee.account)).collect()
    }

    fn pair(kind: &str, account: &str) -> (String, String) {
        (kind.to_owned(), account.to_owned())
    }

    #[test]
    fn every_account_is_named_once_in_order() {
        let phone = |id: &str| json!({"field": "messages", "value": {"metadata": {"phone_number_id": id}}});
        let body = json!({"object": "whatsapp_business_account", "entry": [
            {"id": "W1", "changes": [phone("1"), phone("2"), phone("1"), {"field": "security", "value": {}}]},
            {"id": "W1", "changes": [{"field": "flows"}, {"field": "messages", "value": {"metadata": {}}}]},
            {"id": "W2", "changes": [phone("3")]},
            {"id": "W3"},
        ]});
        assert_eq!(named(&body), ["1", "2", "waba:W1", "3", "waba:W3"].map(|account| pair("whatsapp", account)));
        let body = json!({"object": "page", "entry": [{"id": "9", "changes": [{"field": "parking"}]},
            {"id": "8", "messaging": [{}]}, {"id": "9"}]});
        assert_eq!(named(&body), [pair("facebook", "9"), pair("facebook", "8")]);
        assert_eq!(named(&json!({"object": "instagram", "entry": [{"id": "7"}]})), [pair("instagram", "7")]);
        assert_eq!(named(&json!({"entry": [{"id": "7"}]})), [pair("unknown", "7")]);
        assert_eq!(named(&json!({"object": "page"})), []);
    }

    #[test]
    fn p7_odd_shapes_are_read_the_slow_way() {
        let body =
            json!({"object": "page", "entry": [7, {"id": 12, "changes": ["x", {"value": "text"}]}, {"id": null}]});
        assert_eq!(named(&body), [pair("facebook", "12")]);
        let body = json!({"object": "whatsapp_business_account", "entry": [
            {"id": 5, "changes": [null, {"value": {"metadata": {"phone_number_id": 6}}}]}]});
        assert_eq!(named(&body), [pair("whatsapp", "waba:5"), pair("whatsapp", "6")]);
        assert_eq!(named(&json!({"object": 3, "entry": null})), []);
        let lone_surrogate = br#"{"object":"page","entry":[{"id":"1","changes":[{"value":{"message":"\ud83d"}}]}]}"#;
        assert_eq!(addressees(lone_surrogate).unwrap().len(), 1);
        for broken in [&b"[\"page\",[]]"[..], b"", b"{", b"7", b"null", b"\xff"] {
            assert!(addressees(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn the_fingerprint_ignores_the_order_of_keys_and_nothing_else() {
        let print = |text: &str| fingerprint(&[&serde_json::from_str(text).unwrap()]);
        assert_eq!(print(r#"{"a":1,"b":[2,{"c":3}]}"#), print(r#"{"b":[2,{"c":3}],"a":1}"#));
        for other in [r#"{"a":1,"b":[2,{"c":"3"}]}"#, r#"{"a":1,"b":[{"c":3},2]}"#, r#"{"a":1}"#] {
            assert_ne!(print(r#"{"a":1,"b":[2,{"c":3}]}"#), print(other));
        }
    }

    #[test]
    fn the_handshake_gives_the_challenge_only_for_our_token() {
        let app = App { secret: "s".into(), verify_token: Some("tok+en".into()) };
        let ask = |query: &str| app.handshake(query);
        assert_eq!(
            ask("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=tok%2Ben").as_deref(),
            Ok("1158201444")
        );
        assert_eq!(ask("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other"), Err(VerifyError::Mismatch));
        assert_eq!(ask("hub.mode=subscribe&hub.challenge=1"), Err(VerifyError::Missing));
        assert_eq!(ask(""), Err(VerifyError::Missing));
        assert_eq!(ask("hub.mode=delete&hub.challenge=1&hub.verify_token=tok%2Ben"), Err(VerifyError::Malformed));
        assert_eq!(ask("hub.mode=subscribe&hub.verify_token=tok%2Ben"), Err(VerifyError::Malformed));
        let silent = App { secret: "s".into(), verify_token: None };
        assert_eq!(
            silent.handshake("hub.mode=subscribe&hub.challenge=1&hub.verify_token="),
            Err(VerifyError::NotAccepted)
        );
    }

    #[test]
    fn times_come_as_seconds_or_milliseconds_text_or_number() {
        let times = json!({"a": "1780000000", "b": 1780000000, "c": 1780000000123i64, "d": 0, "e": "soon", "f": -5});
        let read: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].map(|key| millis(&times, key)).into();
        assert_eq!(
            read,
            [Some(1780000000000), Some(1780000000000), Some(1780000000123), None, None, None, None] as [Option<i64>; 7]
        );
    }
}
