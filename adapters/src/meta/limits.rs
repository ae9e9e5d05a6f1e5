//! What is refused before it is sent, because the platform is known to refuse it.

use super::graph::refused;
use crate::outbound::{Explained, FileRule, Length, OutboundFile, SendError, Sending};

const EMPTY: Explained = Explained {
    es: "El mensaje está vacío o le falta un texto obligatorio; complételo.",
    en: "The message is empty or lacks a text that it needs; complete it.",
};
const TOO_LONG: Explained = Explained {
    es: "El mensaje o una de sus partes es más largo de lo que admite el canal; acórtelo.",
    en: "The message or a part of it is longer than the channel takes; shorten it.",
};
const FILE_TYPE: Explained = Explained {
    es: "El canal no admite este tipo de archivo; conviértalo a otro formato.",
    en: "The channel does not take this type of file; convert it to another format.",
};
const FILE_SIZE: Explained = Explained {
    es: "El archivo es más grande de lo que admite el canal; redúzcalo.",
    en: "The file is larger than the channel takes; make it smaller.",
};
const NO_CAPTION: Explained = Explained {
    es: "Este tipo de archivo no puede llevar texto; envíe el texto aparte.",
    en: "This type of file cannot carry a text; send the text by itself.",
};
const NOT_UPLOADED: Explained = Explained {
    es: "El archivo todavía no se había subido a la plataforma; envíelo de nuevo.",
    en: "The file had not been uploaded to the platform yet; send it again.",
};
const TOO_MANY: Explained = Explained {
    es: "El mensaje tiene más elementos de los que admite el canal; quite algunos.",
    en: "The message has more parts than the channel takes; remove some.",
};

/// That `text` is no longer than `limit`; `what` names it for operators.
pub(crate) fn short(what: &str, text: &str, limit: Length) -> Result<(), SendError> {
    match limit.holds(text) {
        true => Ok(()),
        false => {
            let detail = format!("{what} has {} characters, the most is {}", limit.of(text), limit.most());
            Err(refused("too_long", detail, TOO_LONG))
        }
    }
}

/// That `text` says something, and is no longer than `limit`.
pub(crate) fn said(what: &str, text: &str, limit: Length) -> Result<(), SendError> {
    match text.trim().is_empty() {
        true => Err(refused("empty", format!("{what} is empty"), EMPTY)),
        false => short(what, text, limit),
    }
}

/// That there are 1 to `most` of something.
pub(crate) fn count(what: &str, number: usize, most: usize) -> Result<(), SendError> {
    match number {
        0 => Err(refused("empty", format!("there is no {what}"), EMPTY)),
        number if number > most => {
            Err(refused("too_many", format!("{number} of {what}, the most is {most}"), TOO_MANY))
        }
        _ => Ok(()),
    }
}

/// The rule for `file`, if the file keeps to it.
pub(crate) fn file(sending: &Sending, file: &OutboundFile) -> Result<&'static FileRule, SendError> {
    match sending.rule(file.kind, &file.mime) {
        None => Err(refused("file_type", format!("{} as {}", file.mime, file.kind.as_str()), FILE_TYPE)),
        Some(rule) if file.size > rule.max_bytes => {
            let detail = format!("{} bytes, the most is {}", file.size, rule.max_bytes);
            Err(refused("file_size", detail, FILE_SIZE))
        }
        Some(rule) => Ok(rule),
    }
}

/// The caption of a file under `rule`; a blank one is none.
pub(crate) fn caption<'a>(
    sending: &Sending,
    rule: &FileRule,
    caption: Option<&'a str>,
) -> Result<Option<&'a str>, SendError> {
    match caption.filter(|caption| !caption.trim().is_empty()) {
        None => Ok(None),
        Some(_) if !rule.caption => Err(refused("caption", "this kind of file takes no caption", NO_CAPTION)),
        Some(caption) => short("the caption", caption, sending.max_caption).map(|()| Some(caption)),
    }
}

/// The id under which the platform has the file.
pub(crate) fn uploaded(file: &OutboundFile) -> Result<&str, SendError> {
    let id = file.platform_id.as_deref().filter(|id| !id.is_empty());
    id.ok_or_else(|| refused("not_uploaded", "the file has no platform id: upload it first", NOT_UPLOADED))
}
