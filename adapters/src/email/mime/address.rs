//! Address lists.

use super::words;

/// Addresses of one list past this number are ignored.
const MAX_ADDRESSES: usize = 500;

/// One mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The display name, decoded.
    pub(crate) name: Option<String>,
    /// The address, lower case; usually with an `@`, but `MAILER-DAEMON` exists.
    pub(crate) email: String,
}

impl Address {
    /// The part before the `@`.
    pub(crate) fn local(&self) -> &str {
        self.email.split('@').next().unwrap_or_default()
    }
}

/// One list element while it is being read.
#[derive(Default)]
struct Draft {
    /// Everything outside angle brackets and comments; quoted text included.
    outside: Vec<u8>,
    angle: Option<Vec<u8>>,
    comment: Vec<u8>,
    /// Whether `outside` has an `@`.
    has_at: bool,
    /// Whether `outside` may hold an encoded word.
    has_word: bool,
}

/// The mailboxes of a header value: names, comments, groups, routes, and unquoted commas in names.
pub(crate) fn addresses(value: &[u8]) -> Vec<Address> {
    let mut found = Vec::new();
    let mut draft = Draft::default();
    let mut state = State::default();
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        if found.len() >= MAX_ADDRESSES {
            break;
        }
        match byte {
            b'\\' if state.quoted || state.comment > 0 => {
                at += 1;
                state.take(&mut draft, value.get(at).copied().unwrap_or(b' '));
            }
            b'"' if state.comment == 0 && !state.angle => state.quoted = !state.quoted,
            b'(' if !state.quoted && !state.angle => state.comment += 1,
            b')' if !state.quoted && state.comment > 0 => state.comment -= 1,
            b'<' if state.is_open() => {
                state.angle = true;
                draft.angle = Some(Vec::new());
            }
            b'>' if state.angle => state.angle = false,
            b',' | b';' if state.is_open() && draft.is_complete() => {
                found.extend(std::mem::take(&mut draft).finish());
            }
            b':' if state.is_open() && !draft.has_at && !draft.has_word => {
                draft = Draft::default();
            }
            _ => state.take(&mut draft, byte),
        }
        at += 1;
    }
    found.extend(draft.finish());
    found
}

#[derive(Default)]
struct State {
    quoted: bool,
    angle: bool,
    comment: u32,
}

impl State {
    fn is_open(&self) -> bool {
        !self.quoted && !self.angle && self.comment == 0
    }

    fn take(&self, draft: &mut Draft, byte: u8) {
        match &mut draft.angle {
            _ if self.comment > 0 => draft.comment.push(byte),
            Some(angle) if self.angle => angle.push(byte),
            _ => {
                draft.has_at |= byte == b'@';
                draft.has_word |= byte == b'?';
                draft.outside.push(byte);
            }
        }
    }
}

impl Draft {
    /// Whether a separator ends this element; a name with a bare comma (`Doe, Ida <…>`) goes on.
    fn is_complete(&self) -> bool {
        self.angle.is_some() || self.has_at || self.outside.first().is_none_or(u8::is_ascii_whitespace)
    }

    fn finish(self) -> Option<Address> {
        let comment = named(&self.comment);
        match self.angle {
            Some(angle) => {
                let email = bare(&angle)?;
                Some(Address { name: named(&self.outside).or(comment).filter(|name| *name != email), email })
            }
            None => {
                let whole = words::decode(&self.outside);
                // Some encode the address together with the name.
                let encoded = whole.split_once('<').filter(|(_, email)| self.has_word && email.contains('@'));
                match encoded {
                    Some((name, email)) => {
                        Some(Address { name: named(name.as_bytes()).or(comment), email: bare(email.as_bytes())? })
                    }
                    None => Some(Address { name: comment, email: bare(&self.outside)? }),
                }
            }
        }
    }
}

fn named(bytes: &[u8]) -> Option<String> {
    let name = words::decode(bytes);
    let name = name.trim_matches(['"', '\'', ' ']);
    (!name.is_empty()).then(|| crate::text::truncate(name, 255).to_owned())
}

/// The address without blanks and source route, lower case; at most 320 bytes.
fn bare(bytes: &[u8]) -> Option<String> {
    let text: String = words::decode(bytes).chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let text = text.rsplit_once(':').map_or(text.as_str(), |(_, rest)| rest).trim_matches(['<', '>', '"', '\'']);
    (!text.is_empty()).then(|| crate::text::truncate(&text.to_lowercase(), 320).to_owned())
}

#[cfg(test)]
mod tests {
    use super::addresses;

    fn read(value: &str) -> Vec<(String, String)> {
        addresses(value.as_bytes()).into_iter().map(|a| (a.name.unwrap_or_default(), a.email)).collect()
    }

    fn one(name: &str, email: &str) -> (String, String) {
        (name.to_owned(), email.to_owned())
    }

    #[test]
    fn lists_are_read() {
        assert_eq!(
            read("Ida <Ida@Example.NET>, bob@example.org (Bob)"),
            [one("Ida", "ida@example.net"), one("Bob", "bob@example.org")]
        );
        assert_eq!(read("\"Doe, Ida\" <i@d.e>;"), [one("Doe, Ida", "i@d.e")]);
        assert_eq!(read("Doe, Ida <i@d.e>, x@y.z"), [one("Doe, Ida", "i@d.e"), one("", "x@y.z")]);
        assert_eq!(read("=?utf-8?Q?Do=C3=A9,_Ida?= <i@d.e>"), [one("Doé, Ida", "i@d.e")]);
        assert_eq!(read("Team: a@b.c, d@e.f; "), [one("", "a@b.c"), one("", "d@e.f")]);
        assert_eq!(read("undisclosed-recipients:;"), []);
        assert_eq!(read("<@relay.example:ida@example.net>"), [one("", "ida@example.net")]);
        assert_eq!(read("=?utf-8?Q?Jos=C3=A9_=3Cjose=40j.example=3E?="), [one("José", "jose@j.example")]);
        assert_eq!(read("=?utf-8?Q?José_=3Cjose=40j.example=3E?="), [one("José", "jose@j.example")]);
        assert_eq!(read("=?utf-8?Q?=3D=3F?="), [one("", "=?")]);
        assert_eq!(read("MAILER-DAEMON"), [one("", "mailer-daemon")]);
        assert_eq!(read("ñandú@correo.example"), [one("", "ñandú@correo.example")]);
        assert_eq!(read("<>"), []);
        assert_eq!(read(""), []);
        assert_eq!(read("\"open <a@b"), [one("", "open<a@b")]);
    }
}
