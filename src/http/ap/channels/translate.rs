//! AP's field names and types, and our settings: both ways.

use relevo_adapters::{Kind, SettingsError};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::spanish;
use crate::{
    desk::channels::{self, ChannelError},
    http::ap::{Error, Fields},
    secrets::random_secret,
};

/// The types that channels can have, by their names on the wire. A plain `whatsapp` is not the seed's
/// `whatsappfb`, which is Meta's Cloud API.
const TYPES: [Words; 4] = [
    Words { name: "whatsappfb", kind: "whatsapp" },
    Words { name: "telegram", kind: "telegram" },
    Words { name: "facebook", kind: "facebook" },
    Words { name: "email", kind: "email" },
];

/// What a field of AP means among a kind's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::ap) enum Role {
    App,
    Token,
    SecretKey,
    AdditionalAppId,
}

const ROLES: [(Role, &str); 4] = [
    (Role::App, "app"),
    (Role::Token, "token"),
    (Role::SecretKey, "secret_key"),
    (Role::AdditionalAppId, "additional_app_id"),
];

/// A type, and the kind that it is here.
#[derive(Debug, Clone, Copy)]
pub(in crate::http::ap) struct Words {
    pub(in crate::http::ap) name: &'static str,
    kind: &'static str,
}

impl Words {
    /// The type of a stored channel.
    pub(in crate::http::ap) fn of_stored(kind: &str) -> Option<Self> {
        TYPES.into_iter().find(|words| words.kind == kind)
    }

    /// The type that a request names; notes the complaint if there is none.
    pub(in crate::http::ap) fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let named = fields.text(name)?.to_lowercase();
        let known = TYPES.into_iter().find(|words| words.name == named);
        if known.is_none() {
            let types = TYPES.map(|words| words.name).join(", ");
            fields.complain(name, format!("El tipo {named} no está disponible; los tipos disponibles son: {types}."));
        }
        known
    }

    pub(in crate::http::ap) fn kind(self) -> Option<&'static Kind> {
        relevo_adapters::kind(self.kind)
    }

    /// The key of the setting that a field stands for.
    pub(in crate::http::ap) fn key(self, role: Role) -> Option<&'static str> {
        let names: &[&str] = match role {
            Role::App => &["app"],
            Role::Token => &["token"],
            Role::SecretKey => &["app_secret", "secret_token", "webhook_token"],
            Role::AdditionalAppId => &["waba_id"],
        };
        let settings = self.kind()?.settings;
        let found = settings
            .iter()
            .find(|setting| names.contains(&setting.key) || setting.aliases.iter().any(|alias| names.contains(alias)));
        found.map(|setting| setting.key)
    }

    /// Whether the type's `token` is what the seed means by it: needed, and not the same as `app`.
    pub(in crate::http::ap) fn needs_token(self) -> bool {
        self.key(Role::Token).is_some_and(|key| key.ends_with("access_token"))
    }

    /// Whether a setting of this name says where the platform is.
    fn is_address(self, name: &str) -> bool {
        const ADDRESSES: [&str; 2] = ["graph_url", "api_url"];
        let settings = self.kind().map_or(&[][..], |kind| kind.settings);
        let named = settings.iter().find(|setting| setting.key == name || setting.aliases.contains(&name));
        named.is_some_and(|setting| ADDRESSES.contains(&setting.key))
    }

    /// Whether the type's account is the name of a secret, so that `app` is given as the secret and answered as the
    /// account.
    fn app_is_secret(self) -> bool {
        let key = self.key(Role::App);
        self.kind().is_some_and(|kind| kind.settings.iter().any(|setting| Some(setting.key) == key && setting.secret))
    }

    /// The settings that a request gives, by key. Where a platform is belongs to those who run the house (`of_house`):
    /// a tenant could let it ask addresses that only the house reaches (P9).
    pub(in crate::http::ap) fn settings(self, fields: &mut Fields, of_house: bool) -> Vec<(String, String)> {
        let mut settings = Vec::new();
        for (role, field) in ROLES {
            let Some(value) = fields.text(field) else { continue };
            match self.key(role) {
                // Whoever gives back what was answered changes nothing.
                Some(_) if role == Role::App && self.app_is_secret() && value.bytes().all(|b| b.is_ascii_digit()) => {}
                // The seed's `app` of a bot is its token; a second one beside it says nothing more.
                Some(key) if settings.iter().any(|(given, _)| given == key) => {}
                Some(key) => settings.push((key.to_owned(), value)),
                None => fields.complain(field, format!("El tipo {} no usa el campo {field}.", self.name)),
            }
        }
        for (name, value) in fields.object("settings") {
            match setting_text(&value) {
                Some(_) if !of_house && self.is_address(&name) => fields.complain(
                    &format!("settings.{name}"),
                    "Solo un super-administrador puede cambiar la dirección de la plataforma.",
                ),
                Some(value) => settings.push((name, value)),
                None => fields.complain(&format!("settings.{name}"), "El valor debe ser un texto."),
            }
        }
        settings
    }

    /// A secret for webhooks, if the kind takes one and nobody chose it: nobody needs to know it.
    pub(in crate::http::ap) fn made_up(self, settings: &[(String, String)]) -> Option<(String, String)> {
        const SECRET: &str = "secret_token";
        let setting = self.kind()?.settings.iter().find(|setting| setting.key == SECRET)?;
        let given = settings.iter().any(|(name, _)| name == SECRET || setting.aliases.contains(&name.as_str()));
        (!given).then(|| (SECRET.to_owned(), random_secret().expose_secret().to_owned()))
    }

    fn field(self, key: &str) -> String {
        let role = ROLES.iter().find(|(role, _)| self.key(*role) == Some(key));
        role.map_or_else(|| format!("settings.{key}"), |(_, field)| (*field).to_owned())
    }
}

impl Words {
    /// Notes what is wrong with the settings of a new channel.
    pub(in crate::http::ap) fn check(self, fields: &mut Fields, settings: &[(String, String)]) {
        if let Some(kind) = self.kind()
            && let Err(wrong) = channels::check(kind, settings.to_vec())
        {
            self.complain(fields, wrong);
        }
    }

    /// A field that was complained about already is not complained about twice.
    fn complain(self, fields: &mut Fields, SettingsError(problems): SettingsError) {
        for (key, what) in problems {
            let field = self.field(&key);
            if fields.is_fine(&field) {
                fields.complain(&field, spanish::complaint(&field, &what));
            }
        }
    }
}

/// A desk's refusal in AP's words.
pub(in crate::http::ap) fn refusal(error: ChannelError, words: Words, message: &'static str, missing: Error) -> Error {
    let mut fields = Fields::default();
    match error {
        ChannelError::Settings(wrong) => words.complain(&mut fields, wrong),
        ChannelError::AccountTaken(..) => fields.complain("app", "Otro canal ya usa esta cuenta."),
        ChannelError::NoName => fields.complain("name", "El campo name es obligatorio."),
        ChannelError::UnknownKind(_) => fields.complain("type", "El tipo no está disponible."),
        ChannelError::UnknownCompany(_) | ChannelError::UnknownChannel(_) => return missing,
        ChannelError::Unreadable(why) => {
            tracing::error!(error = why, "a channel's settings cannot be read");
            fields.complain(
                "general",
                "La configuración guardada del canal no se puede leer; envíe de nuevo sus claves.",
            );
        }
        ChannelError::Store(error) => return error.into(),
    }
    fields.check(message).err().unwrap_or(missing)
}

/// A value as the text that settings are; `null` takes one away.
fn setting_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
