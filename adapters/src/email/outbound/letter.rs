//! A mail as it goes over the wire (`email.md §4, §8`). The same message makes the same bytes on every try.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use mail_builder::{
    MessageBuilder,
    headers::{address::Address as Mailbox, content_type::ContentType, date::Date, text::Text},
    mime::MimePart,
};

use super::{MAX_FILES, MAX_MAIL, MAX_TEXT, Objection, Outgoing, names};
use crate::{
    email::{LOOP_HEADER, files, html, token},
    outbound::{Act, ErrorClass, Explained, Failure, Io, Letter, Outbound, OutboundFile, SendError, unsupported},
};

/// Bytes of one line of base64, and of what it encodes.
const LINE: (usize, usize) = (76, 57);

/// The mail. What a program says by itself comes from the null sender, so that no bounce or answer comes back (RFC 3834
/// §3.3).
///
/// # Errors
/// If it is empty, too large, or cannot be dated; or if a file cannot be read.
pub(super) async fn write(outgoing: &Outgoing, io: &dyn Io, message: &Outbound, to: &str) -> Result<Letter, SendError> {
    let (text, html) = words(&message.act)?;
    let files = message.act.files();
    if text.is_empty() && html.is_none() && files.is_empty() {
        return Err(EMPTY.error("a mail without words and files"));
    }
    check_size(&text, html.as_deref(), files)?;
    let mut parts = body(&text, html.as_deref(), &message.id);
    for file in files {
        parts.push(attachment(file, io.blob(&file.sha256).await.map_err(unread)?));
    }
    let id = names::message_id(message, &outgoing.address);
    let mut data = Vec::new();
    headed(outgoing, message, to, &id)?.body(one(parts, &message.id)).serialize(&mut data);
    let from = (!message.automatic).then(|| outgoing.address.clone());
    match data.len() <= MAX_MAIL {
        true => Ok(Letter { from, to: vec![to.to_owned()], data: Bytes::from(data) }),
        false => Err(TOO_LARGE.error(&format!("{} bytes of at most {MAX_MAIL}", data.len()))),
    }
}

/// Reading a file changes nothing, so that can always be done again.
fn unread(failure: Failure) -> SendError {
    let error = SendError::from(failure);
    match error.class {
        ErrorClass::Unknown => SendError { class: ErrorClass::Transient, reason: UNREAD, ..error },
        _ => error,
    }
}

/// The words as text and, if there is anything to see in it, as HTML.
fn words(act: &Act) -> Result<(String, Option<String>), SendError> {
    let (text, html) = match act {
        Act::Text { buttons, .. } if !buttons.is_empty() => return Err(unsupported("buttons in a mail")),
        Act::Text { text, html, .. } => (text.as_str(), html.as_deref()),
        Act::File { caption, .. } => (caption.as_deref().unwrap_or_default(), None),
        other => return Err(unsupported(other.name())),
    };
    if text.len() > MAX_TEXT || html.is_some_and(|html| html.len() > html::MAX_HTML) {
        return Err(TOO_LONG.error("a text of more than 1 MiB, or HTML of more than 2 MiB"));
    }
    let html = html.and_then(html::sanitise_outgoing);
    let text = match (text.trim(), &html) {
        ("", Some(html)) => html::to_text(html),
        _ => text.to_owned(),
    };
    Ok((plain(&text), html))
}

/// A text without characters that no text has, its lines ended as the wire wants them.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    match text.trim() {
        "" => String::new(),
        _ => format!("{}\r\n", text.trim_end().replace('\n', "\r\n")),
    }
}

/// Whether it can fit at all, before any file is read.
fn check_size(text: &str, html: Option<&str>, files: &[OutboundFile]) -> Result<(), SendError> {
    let encoded = |size: u64| size.div_ceil(LINE.1 as u64).saturating_mul(LINE.0 as u64 + 2);
    let words = (text.len() + html.map_or(0, str::len)) as u64;
    let total = files.iter().fold(words, |total, file| total.saturating_add(encoded(file.size)));
    match (total <= MAX_MAIL as u64, files.len() <= MAX_FILES) {
        (true, true) => Ok(()),
        (false, _) => Err(TOO_LARGE.error(&format!("about {total} bytes of at most {MAX_MAIL}"))),
        (_, false) => Err(TOO_MANY.error(&format!("{} files of at most {MAX_FILES}", files.len()))),
    }
}

/// The part of the words; none if there are none.
fn body<'a>(text: &'a str, html: Option<&'a str>, id: &str) -> Vec<MimePart<'a>> {
    let plain = (!text.is_empty()).then(|| MimePart::new("text/plain", text));
    let html = html.map(|html| MimePart::new("text/html", html));
    match (plain, html) {
        (Some(plain), Some(html)) => vec![several("multipart/alternative", vec![plain, html], id)],
        (plain, html) => plain.into_iter().chain(html).collect(),
    }
}

/// One part of several.
fn one<'a>(mut parts: Vec<MimePart<'a>>, id: &str) -> MimePart<'a> {
    match parts.pop() {
        Some(only) if parts.is_empty() && !is_attachment(&only) => only,
        last => {
            parts.extend(last);
            several("multipart/mixed", parts, id)
        }
    }
}

fn is_attachment(part: &MimePart<'_>) -> bool {
    part.headers.iter().any(|(name, _)| name == "Content-Disposition")
}

/// Parts between boundaries that are the same on every try, and in no text: nobody knows the id beforehand.
fn several<'a>(kind: &'static str, parts: Vec<MimePart<'a>>, id: &str) -> MimePart<'a> {
    let mark = kind.trim_start_matches("multipart/");
    MimePart::new(ContentType::new(kind).attribute("boundary", format!("=_{mark}_{id}")), parts)
}

/// A file, always as base64: line ends and stray bytes of a text file stay as they are.
fn attachment(file: &OutboundFile, bytes: Bytes) -> MimePart<'static> {
    let encoded = STANDARD.encode(&bytes);
    let mut lines = Vec::with_capacity(encoded.len() / LINE.0 * (LINE.0 + 2) + LINE.0 + 2);
    for line in encoded.as_bytes().chunks(LINE.0) {
        lines.extend_from_slice(line);
        lines.extend_from_slice(b"\r\n");
    }
    let name = files::clean_name(&file.file_name).unwrap_or_else(|| "archivo".to_owned());
    MimePart::new(ContentType::new(content_type(&file.mime).to_owned()), lines)
        .attachment(name)
        .transfer_encoding("base64")
}

/// A type as headers may state it. Mails and multiparts within must not be base64 (RFC 2046 §5.2.1).
fn content_type(mime: &str) -> &str {
    let token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_' | b'!' | b'#' | b'$' | b'&')
            })
    };
    match mime.split_once('/') {
        Some(("message" | "multipart", _)) => "application/octet-stream",
        Some((main, sub)) if token(main) && token(sub) => mime,
        _ => "application/octet-stream",
    }
}

fn headed<'a>(outgoing: &Outgoing, message: &Outbound, to: &str, id: &str) -> Result<MessageBuilder<'a>, SendError> {
    let written = names::written_at(&message.id).ok_or_else(|| NO_DATE.error("the message's id is no UUIDv7"))?;
    let (parent, references) = names::references(message, id);
    let sender = outgoing.smtp.from_name.as_deref().map(names::line);
    let named = |email: &str| Mailbox::new_address(sender.clone(), email.to_owned());
    let shown = sender.as_deref().unwrap_or(&outgoing.address);
    let mut mail = MessageBuilder::new()
        .from(named(&outgoing.address))
        .to(Mailbox::new_address(None::<String>, to.to_owned()))
        .subject(Text::new(names::subject(message, parent.is_some(), shown)))
        .date(Date::new(written / 1_000))
        .message_id(id.to_owned());
    if let Some(parent) = parent {
        mail = mail.in_reply_to(parent).references(references);
    }
    if message.automatic {
        mail = mail.header("Auto-Submitted", Text::new("auto-replied"));
        mail = mail.header("X-Auto-Response-Suppress", Text::new("All"));
    }
    let conversation = &message.to.conversation;
    let key = outgoing.reply_key.as_ref();
    if let Some(back) = key.and_then(|key| token::reply_address(conversation, &outgoing.address, key)) {
        mail = mail.reply_to(named(&back));
    }
    Ok(mail.header(LOOP_HEADER, Text::new(outgoing.address.clone())))
}

const EMPTY: Objection = Objection(
    ErrorClass::Content,
    "empty",
    Explained {
        es: "El correo está vacío. Escriba un texto o adjunte un archivo.",
        en: "The mail is empty. Write a text or attach a file.",
    },
);
const TOO_LONG: Objection = Objection(
    ErrorClass::Content,
    "too_long",
    Explained {
        es: "El texto es demasiado largo para un correo. Envíelo como archivo adjunto.",
        en: "The text is too long for a mail. Send it as an attachment.",
    },
);
const TOO_LARGE: Objection = Objection(
    ErrorClass::Content,
    "too_large",
    Explained {
        es: "Los adjuntos superan los 25 MB que admite un correo (unos 18 MB en archivos). Envíe menos, o comparta \
             un enlace.",
        en: "The attachments are over the 25 MB that a mail may have (about 18 MB of files). Send fewer, or share a \
             link.",
    },
);
const TOO_MANY: Objection = Objection(
    ErrorClass::Content,
    "too_many_files",
    Explained {
        es: "El correo tiene demasiados adjuntos (máximo 50). Repártalos en varios correos.",
        en: "The mail has too many attachments (50 at most). Spread them over several mails.",
    },
);
const NO_DATE: Objection = Objection(
    ErrorClass::Content,
    "no_date",
    Explained {
        es: "El correo no se pudo preparar. Envíelo de nuevo; si se repite, avise al administrador.",
        en: "The mail could not be prepared. Send it again; if that happens again, tell your administrator.",
    },
);
const UNREAD: Explained = Explained {
    es: "Un archivo adjunto no se pudo leer en este momento; se volverá a intentar automáticamente.",
    en: "An attached file could not be read just now; it will be tried again automatically.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_types() {
        assert_eq!(content_type("application/pdf"), "application/pdf");
        for strange in ["", "pdf", "text/", "a/b\r\nX: y", "message/rfc822", "multipart/mixed", "text/plain; x=y"] {
            assert_eq!(content_type(strange), "application/octet-stream", "{strange}");
        }
    }

    #[test]
    fn a_text_has_lines_and_nothing_strange() {
        assert_eq!(plain("a\nb\r\nc\rd\0\u{7}\te  \n\n"), "a\r\nb\r\nc\r\nd\te\r\n");
        assert_eq!(plain(" \r\n "), "");
    }
}
