//! Every kind of reply that we know (`email.md §8`).

use std::time::Duration;

use ErrorClass::{Auth, Content, RateLimited, Recipient, Transient};

use super::{OTHER, Said};
use crate::outbound::{ErrorClass, Explained, SmtpStage};

/// A kind of reply that we know. Each condition that is not empty must hold.
pub(super) struct Row {
    /// How the reply code begins: `550`, or `5` for all.
    replies: &'static [&'static str],
    /// Enhanced codes; those that end in a dot are beginnings.
    enhanced: &'static [&'static str],
    stages: &'static [SmtpStage],
    /// Words of the reply, lower case, without punctuation.
    words: &'static [&'static str],
    pub(super) class: ErrorClass,
    /// Whether the whole channel is concerned.
    pub(super) channel: bool,
    pub(super) wait: Option<Duration>,
    pub(super) reason: Explained,
}

const fn say(es: &'static str, en: &'static str) -> Explained {
    Explained { es, en }
}

const fn row(class: ErrorClass, reason: Explained) -> Row {
    Row { replies: &[], enhanced: &[], stages: &[], words: &[], class, channel: false, wait: None, reason }
}

impl Row {
    const fn reply(self, replies: &'static [&'static str]) -> Self {
        Self { replies, ..self }
    }

    const fn code(self, enhanced: &'static [&'static str]) -> Self {
        Self { enhanced, ..self }
    }

    const fn at(self, stages: &'static [SmtpStage]) -> Self {
        Self { stages, ..self }
    }

    const fn says(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    const fn of_channel(self) -> Self {
        Self { channel: true, ..self }
    }

    const fn after(self, wait: Duration) -> Self {
        Self { wait: Some(wait), ..self }
    }

    pub(super) fn fits(&self, said: &Said<'_>) -> bool {
        let begins =
            |code: Option<&str>, with: &[&str]| code.is_some_and(|code| with.iter().any(|w| code.starts_with(w)));
        let is_coded = |code: &str| {
            self.enhanced.iter().any(|with| if with.ends_with('.') { code.starts_with(with) } else { code == *with })
        };
        (self.replies.is_empty() || begins(said.reply, self.replies))
            && (self.enhanced.is_empty() || said.enhanced.is_some_and(is_coded))
            && (self.stages.is_empty() || said.stage.is_some_and(|stage| self.stages.contains(&stage)))
            && (self.words.is_empty() || self.words.iter().any(|words| said.words.contains(&format!(" {words} "))))
    }
}

// Reasons that several rows share.
const APP_PASSWORD: Explained = say(
    "El servidor de correo exige una contraseña de aplicación. Avise al administrador; los correos esperan.",
    "The mail server wants an app password. Tell your administrator; the mails wait.",
);
const CREDENTIALS: Explained = say(
    "El servidor de correo rechazó el usuario o la contraseña. Avise al administrador; los correos esperan.",
    "The mail server refused the user name or password. Tell your administrator; the mails wait.",
);
const SLOWER: Explained = say(
    "El servidor de correo pide enviar más despacio; el correo saldrá automáticamente.",
    "The mail server asks us to send more slowly; the mail will go out automatically.",
);
const LIMIT: Explained = say(
    "Se alcanzó el límite de envíos de la cuenta de correo; el correo saldrá cuando se renueve.",
    "The mail account's sending limit is reached; the mail will go out when it is renewed.",
);
const FULL: Explained = say(
    "El buzón del cliente está lleno; se volverá a intentar automáticamente. Si es urgente, use otro canal.",
    "The customer's mailbox is full; it will be tried again automatically. If it is urgent, use another channel.",
);
const MOMENTARY: Explained = say(
    "El servidor de correo tiene un problema momentáneo; se volverá a intentar automáticamente.",
    "The mail server has a momentary problem; it will be tried again automatically.",
);
const TOO_LARGE: Explained = say(
    "El correo es demasiado grande para el servidor. Quite adjuntos o comparta un enlace.",
    "The mail is too large for the server. Remove attachments, or share a link.",
);
const LETTERS: Explained = say(
    "La dirección tiene letras que el servidor de correo no admite (tildes, ñ). Use otra dirección del cliente.",
    "The address has letters that the mail server does not take (accents, ñ). Use another address of the customer.",
);
const OWN_ADDRESS: Explained = say(
    "El servidor no permite enviar con la dirección de este canal. Avise al administrador; los correos esperan.",
    "The server does not let us send from this channel's address. Tell your administrator; the mails wait.",
);
const UNTAKEN: Explained = say(
    "El servidor no acepta esta dirección de correo. Verifíquela con el cliente.",
    "The server does not take this mail address. Check it with the customer.",
);

/// A daily or hourly limit is over when it is over, and no server says when (email.md §8).
const QUOTA: Duration = Duration::from_secs(3_600);

/// The first row that fits decides.
pub(super) static ROWS: &[Row] = &[
    // Credentials.
    row(Auth, APP_PASSWORD).reply(&["534"]).of_channel(),
    row(
        Auth,
        say(
            "El servidor de correo exige una conexión cifrada o iniciar sesión. Avise al administrador; los correos \
             esperan.",
            "The mail server wants an encrypted connection or a login. Tell your administrator; the mails wait.",
        ),
    )
    .reply(&["530", "538"])
    .of_channel(),
    row(Auth, CREDENTIALS).reply(&["535"]).of_channel(),
    row(Auth, APP_PASSWORD).code(&["5.7.9"]).of_channel(),
    row(Auth, CREDENTIALS).code(&["5.7.3", "5.7.8", "5.7.57"]).of_channel(),
    row(
        Auth,
        say(
            "El servidor de correo no permite iniciar sesión. Avise al administrador; los correos esperan.",
            "The mail server does not let us log in. Tell your administrator; the mails wait.",
        ),
    )
    .reply(&["5"])
    .at(&[SmtpStage::Login])
    .of_channel(),
    // Before anything was said about a mail: often a blocklist, and soon over. Never the recipient's fault.
    row(
        Transient,
        say(
            "El servidor de correo rechaza la conexión, quizá por una lista de bloqueo. Avise al administrador; se \
             volverá a intentar.",
            "The mail server refuses the connection, perhaps because of a blocklist. Tell your administrator; it \
             will be tried again.",
        ),
    )
    .reply(&["5"])
    .at(&[SmtpStage::Connect])
    .of_channel(),
    row(
        Auth,
        say(
            "El dominio del remitente no supera SPF, DKIM o DMARC. Avise al administrador para que corrija el DNS.",
            "The sender's domain fails SPF, DKIM or DMARC. Tell your administrator, who has to correct its DNS.",
        ),
    )
    .code(&["5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25", "5.7.26", "5.7.27"])
    .of_channel(),
    // Too fast, or too many.
    row(RateLimited, SLOWER).reply(&["421", "450", "451"]).code(&["4.7.0", "4.7.28"]).of_channel(),
    row(RateLimited, SLOWER).reply(&["421", "450", "451"]).says(&["too many", "rate"]).of_channel(),
    row(
        RateLimited,
        say(
            "El servidor no acepta más destinatarios por ahora; el correo saldrá automáticamente.",
            "The server takes no more recipients for now; the mail will go out automatically.",
        ),
    )
    .code(&["4.5.3"]),
    row(RateLimited, LIMIT).code(&["5.4.5", "5.4.6"]).after(QUOTA).of_channel(),
    row(RateLimited, LIMIT)
        .reply(&["5"])
        .code(&["5.7."])
        .says(&["daily", "hourly", "quota", "sending limit", "limit exceeded", "rate limit", "too many"])
        .after(QUOTA)
        .of_channel(),
    // What passes by itself.
    row(Transient, FULL).code(&["4.2.2", "5.2.2"]),
    row(
        Transient,
        say(
            "El servidor del cliente pide esperar antes de aceptar el correo; se volverá a intentar automáticamente.",
            "The customer's server wants us to wait before it takes the mail; it will be tried again automatically.",
        ),
    )
    .code(&["4.2.0", "4.7.1"]),
    row(
        Transient,
        say(
            "El servidor de correo no tiene espacio en este momento; se volverá a intentar automáticamente.",
            "The mail server has no room just now; it will be tried again automatically.",
        ),
    )
    .code(&["4.3.1"]),
    row(Transient, MOMENTARY).code(&["4."]),
    // Too large, and what the wire cannot carry.
    row(Content, TOO_LARGE).code(&["5.2.3", "5.3.4"]),
    row(Content, LETTERS).code(&["5.6.7"]),
    row(Content, LETTERS).reply(&["555"]),
    // Our own address.
    row(Auth, OWN_ADDRESS).code(&["5.1.7", "5.1.8", "5.7.60"]).of_channel(),
    row(
        Auth,
        say(
            "El servidor de correo no acepta reenviar nuestros correos: falta iniciar sesión. Avise al \
             administrador.",
            "The mail server does not relay our mails: it wants a login. Tell your administrator.",
        ),
    )
    .reply(&["5"])
    .says(&["relay", "relaying"])
    .of_channel(),
    row(Auth, OWN_ADDRESS).reply(&["50", "550", "551", "553", "554"]).at(&[SmtpStage::Sender]).of_channel(),
    // The customer's address.
    row(
        Recipient,
        say(
            "La dirección de correo no existe. Verifíquela con el cliente.",
            "The mail address does not exist. Check it with the customer.",
        ),
    )
    .code(&["5.1.0", "5.1.1", "5.1.6", "5.1.10"]),
    row(
        Recipient,
        say(
            "El dominio de la dirección no existe o no recibe correo. Verifique que esté bien escrita.",
            "The address's domain does not exist or takes no mail. Check its spelling.",
        ),
    )
    .code(&["5.1.2", "5.4."]),
    row(
        Recipient,
        say(
            "La dirección de correo no está bien escrita. Corríjala y envíe de nuevo.",
            "The mail address is not spelt correctly. Correct it and send again.",
        ),
    )
    .code(&["5.1.3"]),
    row(Recipient, UNTAKEN).code(&["5.1."]),
    row(
        Recipient,
        say(
            "El buzón del cliente está desactivado. Contáctelo por otro canal.",
            "The customer's mailbox is disabled. Use another channel.",
        ),
    )
    .code(&["5.2.1"]),
    row(
        Recipient,
        say(
            "El buzón del cliente no recibe correos. Contáctelo por otro canal.",
            "The customer's mailbox takes no mails. Use another channel.",
        ),
    )
    .code(&["5.2."]),
    // What is in it.
    row(
        Content,
        say(
            "El servidor no acepta el formato del correo o de un adjunto. Envíelo sin adjuntos o en otro formato.",
            "The server does not take the mail's or an attachment's format. Send it without attachments, or in \
             another format.",
        ),
    )
    .code(&["5.6."]),
    row(
        Content,
        say(
            "El servidor del cliente rechazó el correo por sus políticas o como spam. Cambie el texto, los enlaces o \
             los adjuntos.",
            "The customer's server refused the mail by its policy or as spam. Change its text, links or attachments.",
        ),
    )
    .code(&["5.7."]),
    // Without a telling code: where it was said, then how it begins.
    row(Transient, FULL).reply(&["552"]).at(&[SmtpStage::Recipient]),
    row(Content, TOO_LARGE).reply(&["552"]),
    row(Recipient, UNTAKEN).reply(&["5"]).at(&[SmtpStage::Recipient]),
    row(
        Content,
        say(
            "El servidor de correo rechazó el mensaje. Cambie el texto, los enlaces o los adjuntos y envíe de nuevo.",
            "The mail server refused the message. Change its text, links or attachments and send again.",
        ),
    )
    .reply(&["5"])
    .at(&[SmtpStage::Data]),
    row(Recipient, UNTAKEN).reply(&["550", "551", "553"]),
    row(Transient, MOMENTARY).reply(&["4"]),
    row(OTHER.0, OTHER.1).reply(&["5"]),
    row(OTHER.0, OTHER.1).code(&["5."]),
];
