//! Webhooks as Meta sends them: escaped JSON, signed as it is written.

use std::fmt::Write;

use relevo_adapters::verify::sign_meta;
use serde_json::Value;

/// The path to which an app's numbers and Pages are pushed.
const PATH: &str = "/webhooks/meta";

/// An app of Meta's that pushes to us.
#[derive(Debug)]
pub(in crate::demo) struct App {
    secret: String,
}

/// Path, headers and body of one push.
pub(in crate::demo) type Push = (String, Vec<(String, String)>, Vec<u8>);

impl App {
    pub(in crate::demo) fn new(secret: &str) -> Self {
        Self { secret: secret.to_owned() }
    }

    pub(in crate::demo) fn push(&self, payload: &Value) -> Push {
        self.push_raw(escaped(payload).into_bytes())
    }

    /// Signs bytes that are no payload of Meta's.
    pub(super) fn push_raw(&self, body: Vec<u8>) -> Push {
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("user-agent", "facebookexternalua".to_owned()),
            ("x-hub-signature-256", sign_meta(&body, &self.secret)),
        ];
        (PATH.to_owned(), headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body)
    }
}

/// JSON with `\uXXXX` for whatever is not ASCII, and `\/` (`whatsapp.md §2`): the signature covers it so.
fn escaped(payload: &Value) -> String {
    let plain = payload.to_string();
    let mut out = String::with_capacity(plain.len() * 2);
    let mut units = [0; 2];
    for c in plain.chars() {
        match c {
            '/' => out.push_str("\\/"),
            c if c.is_ascii() => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_escaped_as_meta_does() {
        let payload = json!({"t": "a/ñ 👍 \"q\""});
        assert_eq!(escaped(&payload), r#"{"t":"a\/\u00f1 \ud83d\udc4d \"q\""}"#);
        assert_eq!(serde_json::from_str::<Value>(&escaped(&payload)).unwrap(), payload);
    }
}
