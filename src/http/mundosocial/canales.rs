//! Channel kinds by number (`cana_id`), and customers' addresses as MS writes them: `whatsapp:+56900000001`.

use relevo_adapters::{Identity, KINDS, Kind, Scheme};

use crate::http::ap::Fields;

/// Characters of an address.
const LONGEST: usize = 320;

/// The number of a channel kind; 0 if it has none.
pub(super) fn number(kind: &str) -> i64 {
    relevo_adapters::kind(kind).map_or(0, |kind| kind.number)
}

/// The channel kind of a number or name.
pub(super) fn kind(named: &str) -> Option<&'static str> {
    match named.parse::<i64>() {
        Ok(named) => KINDS.iter().find(|kind| kind.number == named).map(|kind| kind.name),
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
    relevo_adapters::kind(kind).into_iter().flat_map(|kind| kind.schemes).map(|scheme| scheme.name).collect()
}

/// The channel kind of an address.
pub(super) fn kind_of(scheme: &str) -> &'static str {
    known(scheme).map_or("", |(kind, _)| kind.name)
}

fn known(scheme: &str) -> Option<(&'static Kind, &'static Scheme)> {
    let mut all = KINDS.iter().flat_map(|kind| kind.schemes.iter().map(move |known| (*kind, known)));
    all.find(|(_, known)| known.name == scheme)
}

/// An address as `cacl_identificador`.
pub(super) fn identifier(scheme: &str, value: &str) -> String {
    let (kind, before) = known(scheme).map_or(("", ""), |(kind, known)| (kind.name, known.before));
    format!("{kind}:{before}{value}")
}

/// The address that a `cacl_identificador` is on channels of this kind, with or without the kind's name before it.
/// `account` is that of the channel, if one is named.
pub(super) fn address(kind: &str, text: &str, account: Option<&str>) -> Option<Identity> {
    let text = text.strip_prefix(kind).and_then(|text| text.strip_prefix(':')).unwrap_or(text).trim();
    if text.len() > LONGEST {
        return None;
    }
    let schemes = relevo_adapters::kind(kind)?.schemes;
    schemes.iter().find_map(|scheme| Some(Identity::new(scheme.name, (scheme.read)(text, account)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_the_seed_does_and_read_back() {
        for (scheme, value, written) in [
            // MS "ClienteTicket".
            ("wa_id", "56900000001", "whatsapp:+56900000001"),
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
        let number = Some(Identity::new("wa_id", "56900000001"));
        for written in ["+56 9 0000 0001", "56900000001", "(56) 9-0000-0001", "whatsapp: +56900000001"] {
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
        for kind in KINDS {
            assert!(number(kind.name) > 0 && !schemes(kind.name).is_empty(), "{}", kind.name);
        }
    }
}
