//! Whom a message goes to: a phone number, a business-scoped id, or a group (`whatsapp.md §4.1, §5`).

use serde_json::{Map, Value};

use crate::{
    Identity, Scheme, json,
    outbound::{Address, Destination, ErrorClass, Explained, SendError},
    whatsapp::inbound::people::{self, Names},
};

const NOBODY: Explained = Explained {
    es: "No se conoce ni el número ni el identificador de WhatsApp del cliente; agréguelo e intente de nuevo.",
    en: "Neither the customer's number nor WhatsApp id is known; add it and try again.",
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recipient<'a> {
    Group(&'a str),
    /// Digits, without `+`.
    Phone(&'a str),
    /// A business-scoped id.
    User(&'a str),
}

impl<'a> Recipient<'a> {
    /// The number reaches more kinds of message than the id does (error 131062); a thread that goes on under a new
    /// number keeps the old one among its names, the newest last.
    pub(super) fn of(to: &'a Address) -> Result<Self, SendError> {
        let last = |prefix| to.keys.iter().rev().find_map(move |key| key.strip_prefix(prefix));
        let identity = |scheme| to.identities.iter().find(|identity| identity.scheme == scheme);
        let group = last("g:").map(Self::Group);
        let number = to.keys.iter().rev().filter_map(|key| key.strip_prefix("p:")).find(|id| is_digits(id));
        let known = || identity(Identity::WA_ID).map(|id| id.value.as_str()).filter(|id| is_digits(id));
        group
            .or(number.map(Self::Phone))
            .or_else(|| last("u:").map(Self::User))
            .or_else(|| known().map(Self::Phone))
            .or_else(|| identity(Identity::BSUID).map(|id| Self::User(&id.value)))
            .ok_or_else(|| SendError::new(ErrorClass::Recipient, "nobody", "the thread names no recipient", NOBODY))
    }

    /// Puts it into a send's body. Without the `+`, Meta may put the business's own country code before the number.
    pub(super) fn write(self, body: &mut Map<String, Value>) {
        let (kind, key, value) = match self {
            Self::Group(id) => ("group", "to", id.to_owned()),
            Self::Phone(digits) => ("individual", "to", format!("+{digits}")),
            Self::User(id) => ("individual", "recipient", id.to_owned()),
        };
        body.insert("recipient_type".to_owned(), kind.into());
        body.insert(key.to_owned(), value.into());
    }
}

const FORMAT: &str = "Escriba el número de WhatsApp con código de país, de 8 a 15 dígitos (por ejemplo \
                      +56 9 1234 5678), o el identificador del cliente en WhatsApp (por ejemplo CL.1234567890).";

/// What a person wrote as an address: a number as people write it, or a business-scoped id.
///
/// # Errors
/// How it must look, in Spanish.
pub(super) fn destination(text: &str) -> Result<Destination, String> {
    let names = match (number(text.trim()), user_id(text.trim())) {
        (Some(digits), _) => Names { wa_id: Some(digits), ..Names::default() },
        (None, Some(id)) => Names { user_id: Some(id), ..Names::default() },
        (None, None) => return Err(FORMAT.to_owned()),
    };
    let account = names.wa_id.as_ref().map(|digits| format!("+{digits}")).or_else(|| names.user_id.clone());
    Ok(Destination { keys: names.aliases(), identities: names.identities(), account: account.unwrap_or_default() })
}

/// How people write the addresses of customers.
pub(in crate::whatsapp) const SCHEMES: &[Scheme] = &[
    Scheme { name: Identity::WA_ID, before: "+", read: |text, _| number(text) },
    Scheme { name: Identity::BSUID, before: "", read: |text, _| user_id(text) },
];

/// The digits of an international number; `00` says the same as `+`.
fn number(text: &str) -> Option<String> {
    let bare = text.strip_prefix('+').unwrap_or(text);
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let digits = match text.starts_with('+') {
        true => digits.as_str(),
        false => digits.strip_prefix("00").unwrap_or(&digits),
    };
    let well_formed = bare.chars().all(|c| c.is_ascii_digit() || " -()\u{a0}".contains(c));
    (well_formed && (8..=15).contains(&digits.len()) && !digits.starts_with('0')).then(|| digits.to_owned())
}

/// `CC.` and up to 128 letters and digits. One of a parent portfolio (`CC.ENT.…`) tells who somebody is, but no
/// thread is named by it.
fn user_id(text: &str) -> Option<String> {
    let (country, id) = text.split_once('.')?;
    let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_id = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_country && is_id).then(|| text.to_owned())
}

fn is_digits(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// The thread's names as the answer to a send gives them: the number as WhatsApp knows it need not be the one that
/// was dialled (Brazil's ninth digit, Mexico's 1).
pub(super) fn names(answer: &Value) -> Vec<String> {
    let contact = json::array(answer, "contacts").first().unwrap_or(&Value::Null);
    let names =
        Names { user_id: people::id(contact, "user_id"), wa_id: people::wa_id(contact, "wa_id"), parent_user_id: None };
    names.aliases()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for same in ["+56912345678", "56912345678", "+56 9 1234-5678", " (56) 9 1234 5678 ", "0056912345678"] {
            let found = destination(same).unwrap();
            assert_eq!(found.keys, ["p:56912345678"], "{same}");
            assert_eq!(found.identities, [Identity::new(Identity::WA_ID, "56912345678")]);
            assert_eq!(found.account, "+56912345678");
        }
        let by_id = destination("CL.99Ab7").unwrap();
        assert_eq!((by_id.keys, by_id.account.as_str()), (vec!["u:CL.99Ab7".to_owned()], "CL.99Ab7"));
        assert_eq!(by_id.identities, [Identity::new(Identity::BSUID, "CL.99Ab7")]);
        let long = format!("CL.{}", "9".repeat(129));
        let wrong = [
            "",
            "+",
            "1234567",
            "+1234567890123456",
            "+0123456789",
            "0912345678",
            "ana@example.com",
            "+56 9 1234x678",
            "56+912345678",
            "cl.99",
            "CL.",
            "CL.9_9",
            "CL.ENT.99",
            "@ana",
            &long,
        ];
        for wrong in wrong {
            assert!(destination(wrong).unwrap_err().contains("+56 9 1234 5678"), "{wrong}");
        }
    }

    #[test]
    fn the_number_comes_before_the_id_and_the_group_before_both() {
        let to =
            |keys: &[&str]| Address { keys: keys.iter().map(|&key| key.to_owned()).collect(), ..Address::default() };
        let all = to(&["g:G1", "p:491", "u:DE.1"]);
        assert_eq!(Recipient::of(&all), Ok(Recipient::Group("G1")));
        assert_eq!(Recipient::of(&to(&["u:DE.1", "p:491", "p:492"])), Ok(Recipient::Phone("492")));
        assert_eq!(Recipient::of(&to(&["p:odd", "u:DE.1"])), Ok(Recipient::User("DE.1")));
        assert_eq!(Recipient::of(&to(&[])).unwrap_err().class, ErrorClass::Recipient);
        let identities = vec![Identity::new(Identity::BSUID, "DE.1"), Identity::new(Identity::WA_ID, "491")];
        let known = Address { identities, ..Address::default() };
        assert_eq!(Recipient::of(&known), Ok(Recipient::Phone("491")));
    }
}
