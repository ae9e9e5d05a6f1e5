//! What holds of the people who work in the house: their addresses, passwords and tokens.

use relevo_adapters::Millis;

/// Tickets that a new person may own at once.
pub const NEW_CAPACITY: i64 = 5;
/// The largest capacity that somebody can be given.
pub const MOST_CAPACITY: i64 = 1_000;
/// The presence "En línea".
pub const ONLINE: i64 = 1;
/// The presence "Desconectado", in which everybody begins.
pub const OFFLINE: i64 = 7;

/// How long a token lets its person in.
pub const TOKEN_MS: Millis = 12 * 3_600_000;
/// How long a token for a new password can be used.
pub const RESET_MS: Millis = 24 * 3_600_000;

/// Characters of a password.
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=128;
/// Digits of a PIN.
const PIN: std::ops::RangeInclusive<usize> = 6..=12;
/// Bytes of an address, of its part before the `@` and of a phone number.
const ADDRESS: usize = 254;
const LOCAL: usize = 64;
const PHONE: usize = 30;

/// Why a password is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    #[error("a password needs at least 8 characters")]
    Short,
    #[error("a password has at most 128 characters")]
    Long,
    /// The API takes a value out of quotes of its own: such a password could never be given there.
    #[error("a password does not stand in quotation marks")]
    Quoted,
}

/// Whether somebody may have this password.
///
/// # Errors
/// What is wrong with it.
pub fn check_password(password: &str) -> Result<(), PasswordProblem> {
    match password.chars().count() {
        ..8 => Err(PasswordProblem::Short),
        count if !PASSWORD.contains(&count) => Err(PasswordProblem::Long),
        _ if password.starts_with('"') && password.ends_with('"') => Err(PasswordProblem::Quoted),
        _ => Ok(()),
    }
}

/// The one form in which an address is kept, lower case; `None` if it is no address.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let fits = text.len() <= ADDRESS && local.len() <= LOCAL && plain(local) && plain(domain) && domain.contains('.');
    let odd = |c: char| c.is_whitespace() || c.is_control() || "@\"(),:;<>[]\\".contains(c);
    (fits && !local.contains(odd) && !domain.contains(odd)).then_some(text)
}

/// Whether this is a PIN: 6 to 12 digits.
pub fn is_pin(text: &str) -> bool {
    PIN.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this is a phone number as people write it.
pub fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() <= PHONE && digits >= 4 && text.bytes().all(|byte| byte.is_ascii_digit() || b" +-().".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        assert_eq!(email(" Juan@Empresa.COM ").as_deref(), Some("juan@empresa.com"));
        assert_eq!(email("josé.pérez+x@correo.empresa.cl").as_deref(), Some("josé.pérez+x@correo.empresa.cl"));
        let long = format!("a@{}.com", "x".repeat(250));
        for bad in [
            "",
            "juan",
            "@empresa.com",
            "juan@",
            "juan@empresa",
            "a b@empresa.com",
            "a@b@c.com",
            "a\0@b.com",
            ".a@b.com",
            "a..b@c.com",
            "a@.com",
            "a@b.com.",
            "<a@b.com>",
            "a@b.com,c@d.com",
            "\"a\"@b.com",
            &long,
        ] {
            assert_eq!(email(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_password_is_neither_short_nor_endless() {
        for good in ["Secret12", "ocho ñññ", &"x".repeat(128), "\"Secret12"] {
            assert_eq!(check_password(good), Ok(()), "{good}");
        }
        for (bad, problem) in [
            ("", PasswordProblem::Short),
            ("ñññññññ", PasswordProblem::Short),
            (&"x".repeat(129), PasswordProblem::Long),
            ("\"Secret12\"", PasswordProblem::Quoted),
        ] {
            assert_eq!(check_password(bad), Err(problem), "{bad}");
        }
    }

    #[test]
    fn pins_are_digits_and_phones_nearly() {
        assert!(is_pin("123456") && is_pin("123456789012"));
        assert!(["", "12345", "1234567890123", "12345a", "１２３４５６"].iter().all(|bad| !is_pin(bad)));
        assert!(is_phone("+506 8888-8888") && is_phone("(2) 123.456") && is_phone("1234"));
        assert!(["", "123", "+++++", "123456x", &"1".repeat(31)].iter().all(|bad| !is_phone(bad)));
    }
}
