//! Channel kinds by number (`cana_id`), and customers' addresses as MS writes them: `whatsapp:+56961877547`.

use relevo_adapters::Identity;

use crate::http::ap::Fields;

/// A name space of addresses.
struct Scheme {
    name: &'static str,
    /// The channel kind whose addresses they are.
    kind: &'static str,
    /// What stands before the value.
    before: &'static str,
    /// What a value looks like.
    fits: fn(&str) -> bool,
}

const fn scheme(name: &'static str, kind: &'static str, before: &'static str, fits: fn(&str) -> bool) -> Scheme {
    Scheme { name, kind, before, fits }
}

/// The first one of a kind is the one that people know best.
const SCHEMES: &[Scheme] = &[
    scheme(Identity::WA_ID, "whatsapp", "+", |value| is_number(value, 8..=15)),
    scheme(Identity::BSUID, "whatsapp", "", is_business_scoped),
    scheme(Identity::TELEGRAM, "telegram", "", |value| is_number(value, 1..=20)),
    scheme(Identity::TELEGRAM_CHAT, "telegram", "-", |value| is_number(value, 1..=20)),
    scheme(Identity::PSID, "facebook", "", is_page_scoped),
    scheme(Identity::EMAIL, "email", "", is_mail),
];

/// Characters of an address.
const LONGEST: usize = 320;

/// The number of a channel kind; 0 if it has none.
pub(super) fn number(kind: &str) -> i64 {
    relevo_adapters::kind(kind).map_or(0, |kind| kind.number)
}

/// The channel kind of a number or name.
pub(super) fn kind(named: &str) -> Option<&'static str> {
    match named.parse::<i64>() {
        Ok(named) => relevo_adapters::KINDS.iter().find(|kind| kind.number == named).map(|kind| kind.name),
        Err(_) => relevo_adapters::kind(named).map(|kind| kind.name),
    }
}

/// The channel kind that `cana_id` names, by number or name; notes it if there is none.
pub(super) fn read(fields: &mut Fields) -> Option<&'static str> {
    let named = fields.text("cana_id")?;
    let found = kind(&named);
    if found.is_none() {
        fields.complain("cana_id", "El cana_id no se encuentra registrado.");
    }
    found
}

/// The name spaces of a channel kind's addresses, the one that people know best first.
pub(super) fn schemes(kind: &str) -> Vec<&'static str> {
    SCHEMES.iter().filter(|scheme| scheme.kind == kind).map(|scheme| scheme.name).collect()
}

/// The channel kind of an address.
pub(super) fn kind_of(scheme: &str) -> &'static str {
    SCHEMES.iter().find(|known| known.name == scheme).map_or("", |known| known.kind)
}

/// An address as `cacl_identificador`.
pub(super) fn identifier(scheme: &str, value: &str) -> String {
    let before = SCHEMES.iter().find(|known| known.name == scheme).map_or("", |known| known.before);
    // A chat's id has its sign already.
    let before = if value.starts_with(before) { "" } else { before };
    format!("{}:{before}{value}", kind_of(scheme))
}

/// The address that a `cacl_identificador` is on channels of this kind, with or without the kind's name before it;
/// telephone numbers may have spaces, dashes and brackets. `account` is that of the channel, if one is named: people of
/// a Page are named by their id on that Page.
pub(super) fn address(kind: &str, text: &str, account: Option<&str>) -> Option<Identity> {
    let text = text.strip_prefix(kind).and_then(|text| text.strip_prefix(':')).unwrap_or(text).trim();
    if text.len() > LONGEST {
        return None;
    }
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && !"()-".contains(*c)).collect();
    let scoped = account.map(|account| format!("{account}/{text}"));
    SCHEMES.iter().filter(|scheme| scheme.kind == kind).find_map(|scheme| {
        let (signed, bare) = match scheme.before {
            "-" => (text.starts_with('-'), plain.as_str()),
            "+" => (true, plain.trim_start_matches('+')),
            _ => (true, text),
        };
        let fits = |value: &&str| signed && (scheme.fits)(value);
        let scoped = scoped.as_deref().filter(|_| scheme.name == Identity::PSID);
        let value = [Some(bare), scoped].into_iter().flatten().find(fits)?;
        let value = if scheme.name == Identity::EMAIL { value.to_lowercase() } else { value.to_owned() };
        let sign = if scheme.before == "-" { "-" } else { "" };
        Some(Identity::new(scheme.name, format!("{sign}{value}")))
    })
}

fn is_number(value: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_business_scoped(value: &str) -> bool {
    value.split_once('.').is_some_and(|(country, id)| {
        country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (1..=128).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn is_page_scoped(value: &str) -> bool {
    value.split_once('/').is_some_and(|(page, person)| is_number(page, 1..=32) && is_number(person, 1..=32))
}

fn is_mail(value: &str) -> bool {
    let is_host = |host: &str| {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        host.contains('.') && host.split('.').all(|label| !label.is_empty() && label.bytes().all(fine))
    };
    let is_local = |local: &str| !local.is_empty() && local.bytes().all(|byte| byte.is_ascii_graphic());
    value.split_once('@').is_some_and(|(local, host)| is_local(local) && is_host(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_the_seed_does_and_read_back() {
        for (scheme, value, written) in [
            // MS "ClienteTicket".
            ("wa_id", "56961877547", "whatsapp:+56961877547"),
            ("bsuid", "CL.998A7", "whatsapp:CL.998A7"),
            ("telegram", "123456789", "telegram:123456789"),
            ("telegram_chat", "-100200", "telegram:-100200"),
            ("psid", "1001/777", "facebook:1001/777"),
            ("email", "ana@prueba.cl", "email:ana@prueba.cl"),
        ] {
            assert_eq!(identifier(scheme, value), written);
            assert_eq!(address(kind_of(scheme), written, None), Some(Identity::new(scheme, value)), "{written}");
        }
    }

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        let number = Some(Identity::new("wa_id", "56961877547"));
        for written in ["+56 9 6187 7547", "56961877547", "(56) 9-6187-7547", "whatsapp: +56961877547"] {
            assert_eq!(address("whatsapp", written, None), number, "{written}");
        }
        assert_eq!(address("email", "Ana@Prueba.CL", None), Some(Identity::new("email", "ana@prueba.cl")));
        assert_eq!(address("facebook", "777", Some("1001")), Some(Identity::new("psid", "1001/777")));
        assert_eq!(address("email", "ana", Some("ventas@prueba.cl")), None);
        for (kind, wrong) in [
            ("email", "ana@prueba.cl/b"),
            ("email", "ana@.cl"),
            ("whatsapp", "123"),
            ("whatsapp", "ana@prueba.cl"),
            ("whatsapp", ""),
            ("facebook", "777"),
            ("telegram", "@ana"),
            ("email", "ana"),
            ("email", "ana@prueba"),
            ("email", "a na@prueba.cl"),
            ("nothing", "1"),
        ] {
            assert_eq!(address(kind, wrong, None), None, "{kind} {wrong}");
        }
    }

    #[test]
    fn kinds_have_the_seeds_numbers() {
        assert_eq!((number("whatsapp"), number("email"), number("fax")), (1, 4, 0));
        assert_eq!(
            (kind("5"), kind("facebook"), kind("3"), kind("fax")),
            (Some("telegram"), Some("facebook"), None, None)
        );
        assert_eq!(schemes("whatsapp"), ["wa_id", "bsuid"]);
        for kind in relevo_adapters::KINDS {
            assert!(number(kind.name) > 0 && !schemes(kind.name).is_empty(), "{}", kind.name);
        }
    }
}
