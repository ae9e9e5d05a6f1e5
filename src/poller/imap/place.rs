//! Where a mailbox is read from: the cursor, and the dates and names in IMAP's own spelling (RFC 3501 §9, §5.1.3).

use std::{fmt, str::FromStr};

use base64::{
    Engine,
    alphabet::IMAP_MUTF7,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};
use relevo_adapters::Millis;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none]-[month repr:short]-[year]");
const DATE_TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[day padding:none]-[month repr:short]-[year] [hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
);

/// The last mail that was taken. A UID means something only together with its UIDVALIDITY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) validity: u32,
    pub(super) uid: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.validity, self.uid)
    }
}

impl FromStr for Place {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (validity, uid) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { validity: validity.parse()?, uid: uid.parse()? })
    }
}

/// The UTC day of a moment, as SEARCH wants it.
pub(super) fn search_date(at: Millis) -> String {
    let day = OffsetDateTime::from_unix_timestamp(at.max(0) / 1000).ok();
    day.and_then(|day| day.format(DATE).ok()).unwrap_or_else(|| "1-Jan-1970".to_owned())
}

/// An INTERNALDATE; `None` if it is none.
pub(super) fn internal_date(text: &str) -> Option<Millis> {
    OffsetDateTime::parse(text.trim(), DATE_TIME).ok().map(|at| at.unix_timestamp() * 1000)
}

/// A folder's name as the argument of a command. One with other than ASCII characters is encoded (modified UTF-7); an
/// ASCII one is taken to be in the server's own spelling.
pub(super) fn folder_argument(name: &str) -> String {
    let name = match name.is_ascii() {
        true => name.chars().filter(|c| !c.is_control()).collect(),
        false => modified_utf7(name),
    };
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn modified_utf7(name: &str) -> String {
    const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);
    let mut out = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let plain = is_plain(first);
        let end = rest.find(|c| is_plain(c) != plain).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        match plain {
            true => out.push_str(&run.replace('&', "&-")),
            false => {
                let bytes: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
                out.push_str(&format!("&{}-", BASE64.encode(bytes)));
            }
        }
        rest = after;
    }
    out
}

fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let place = Place { validity: 1_780_000_000, uid: 42 };
        assert_eq!(place.to_string(), "1780000000:42");
        assert_eq!(place.to_string().parse(), Ok(place));
        assert!("42".parse::<Place>().is_err() && "a:b".parse::<Place>().is_err());
    }

    #[test]
    fn dates_are_spelled_as_the_protocol_wants_them() {
        assert_eq!(search_date(1_780_000_000_000), "28-May-2026");
        assert_eq!(search_date(-5), "1-Jan-1970");
        assert_eq!(internal_date(" 1-Feb-2026 10:00:00 +0100"), Some(1_769_936_400_000));
        assert_eq!(internal_date("28-May-2026 20:26:40 +0000"), Some(1_780_000_000_000));
        assert_eq!(internal_date("yesterday"), None);
    }

    #[test]
    fn folder_names_in_any_language() {
        for (name, argument) in [
            ("INBOX", "\"INBOX\""),
            ("Atención", "\"Atenci&APM-n\""),
            ("Ventas & Año", "\"Ventas &- A&APE-o\""),
            ("~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""),
            ("Atenci&APM-n", "\"Atenci&APM-n\""),
            ("a\"b\\c\r\nd", "\"a\\\"b\\\\cd\""),
        ] {
            assert_eq!(folder_argument(name), argument, "{name}");
        }
    }
}
