//! What the adapters say about settings, in Spanish.

/// What is missing, after "is required".
const MISSING: [(&str, &str); 9] = [
    ("", ""),
    (" in mode imap", " en el modo imap"),
    (
        " in webhook mode: without it anybody could send us messages",
        " en el modo webhook: sin él cualquiera podría enviarnos mensajes",
    ),
    (", unless the server runs on this very machine", ", salvo que el servidor esté en esta misma máquina"),
    (
        ": Meta app dashboard > WhatsApp > API Setup > Phone number ID (digits; not the phone number itself)",
        ": es el Phone number ID de la app de Meta, en WhatsApp > API Setup (dígitos; no es el número de teléfono)",
    ),
    (
        ": Meta app dashboard > App settings > Basic > App secret: webhooks are signed with it",
        ": es el App secret de la app de Meta, en App settings > Basic; con él se firman los webhooks",
    ),
    (
        ": the Page's own page > About > Page transparency > Page ID (digits; not the Page's name)",
        ": es el identificador de la página, en su Page transparency (dígitos; no es su nombre)",
    ),
    (
        ": the bot's token, <bot id>:<secret>, as @BotFather shows it (/mybots, the bot, API Token)",
        ": es el token del bot, <id>:<secreto>, como lo muestra @BotFather (/mybots, el bot, API Token)",
    ),
    (": the mailbox's address, such as support@example.org", ": es la dirección del buzón, como soporte@example.org"),
];

/// What is wrong with a value.
const WRONG: [(&str, &str); 19] = [
    ("must be true or false", "debe ser true o false"),
    ("must be a whole number in range", "debe ser un número entero dentro de su rango"),
    ("must be a mail address, such as support@example.org", "debe ser un correo, como soporte@example.org"),
    ("must be mail addresses, separated by commas", "deben ser correos separados por comas"),
    ("must be webhook or imap", "debe ser webhook o imap"),
    ("must be webhook or polling", "debe ser webhook o polling"),
    ("must be starttls, implicit or none", "debe ser starttls, implicit o none"),
    ("must be a port between 1 and 65535", "debe ser un puerto entre 1 y 65535"),
    ("must be one line of at most 200 bytes", "debe ser una sola línea de hasta 200 bytes"),
    (
        "must be a server's name, such as smtp.example.org, without port or path",
        "debe ser el nombre de un servidor, como smtp.example.org, sin puerto ni ruta",
    ),
    (
        "may be false only for a server on this very machine (localhost)",
        "solo puede ser false para un servidor en esta misma máquina (localhost)",
    ),
    (
        "may be none only for a server on this very machine (localhost)",
        "solo puede ser none para un servidor en esta misma máquina (localhost)",
    ),
    (
        "must be the base64 public key that SendGrid shows (ECDSA P-256)",
        "debe ser la clave pública en base64 que muestra SendGrid (ECDSA P-256)",
    ),
    (
        "must look like 123456789:AbC-dEf_1, exactly as @BotFather shows it",
        "debe tener la forma 123456789:AbC-dEf_1, tal como lo muestra @BotFather",
    ),
    ("takes 1 to 256 of the characters A-Z a-z 0-9 _ -", "admite de 1 a 256 de los caracteres A-Z a-z 0-9 _ -"),
    (
        "must be an http or https address without user, query or fragment",
        "debe ser una dirección http o https sin usuario, consulta ni fragmento",
    ),
    (
        "must be Meta's id, a row of digits: neither a name nor a +number",
        "debe ser el identificador de Meta, solo dígitos: ni un nombre ni un +número",
    ),
    ("must be a whole number from 1 to 1000", "debe ser un número entero de 1 a 1000"),
    ("must be a whole number from 1 to 6000", "debe ser un número entero de 1 a 6000"),
];

/// The mailbox's proofs, of which a webhook needs one.
const PROOFS: (&str, &str) = (
    "in mode webhook one of these is required, so that nobody else can post mails: ",
    "En el modo webhook es obligatorio uno de estos, para que nadie más pueda enviar correos: ",
);

/// A complaint about a field. What is not known here is left out rather than said in another language.
pub(super) fn complaint(field: &str, what: &str) -> String {
    let found = |words: &[(&str, &'static str)], what: &str| {
        words.iter().find(|(english, _)| *english == what).map(|(_, spanish)| *spanish)
    };
    if let Some((kind, known)) = what.split_once(" has no such setting; it takes ") {
        return format!("El tipo {kind} no tiene el campo {field}; sus configuraciones son: {known}.");
    }
    if let Some(names) = what.strip_prefix(PROOFS.0) {
        return format!("{}{}.", PROOFS.1, names.replace(" with ", " con "));
    }
    if let Some(other) = what.strip_prefix("is required together with ") {
        return format!("El campo {field} es obligatorio junto con {other}.");
    }
    if let Some(when) = what.strip_prefix("is required") {
        return format!("El campo {field} es obligatorio{}.", found(&MISSING, when).unwrap_or_default());
    }
    match found(&WRONG, what) {
        Some(why) => format!("El valor de {field} no es válido: {why}."),
        None => format!("El valor de {field} no es válido."),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use relevo_adapters::{Setting, SettingsError};

    use super::*;
    use crate::desk::channels::check;

    #[test]
    fn everything_that_is_wrong_with_a_setting_is_said_in_spanish() {
        let modes = ["webhook", "imap"];
        let mut said = BTreeSet::new();
        for kind in relevo_adapters::KINDS {
            for (junk, mode) in
                ["", "¿?", "\u{7} /", "0", "false", "none"].iter().flat_map(|it| modes.map(|mode| (it, mode)))
            {
                let given = |setting: &Setting| match setting.key {
                    "mode" => mode.to_owned(),
                    _ => (*junk).to_owned(),
                };
                let of = |settings: &[Setting]| {
                    let pairs = settings.iter().map(|setting| (setting.key.to_owned(), given(setting))).collect();
                    check(kind, pairs).err().map_or_else(Vec::new, |SettingsError(problems)| problems)
                };
                said.extend(of(kind.settings));
                // Alone, each lacks those that it needs beside it.
                said.extend(kind.settings.iter().flat_map(|setting| of(std::slice::from_ref(setting))));
            }
        }
        assert!(said.len() > 30, "{said:?}");
        for (key, what) in said {
            let complaint = complaint(&key, &what);
            let lost =
                complaint.ends_with("no es válido.") || complaint.ends_with("es obligatorio.") && what != "is required";
            assert!(!lost, "{key}: {what}");
        }
    }
}
