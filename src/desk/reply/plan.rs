//! What a reply becomes on its channel: checked against what the channel can send, and split into messages.

use relevo_adapters::{
    Body, MediaKind,
    outbound::{Act, Button, OutboundFile, Sending},
};

use super::ReplyError;
use crate::domain::split;

/// The longest text that is taken at all, in bytes; a longer one would be dozens of messages.
const LONGEST: usize = 64 << 10;

/// The messages that an act becomes on a channel of this kind, in order; never none.
///
/// # Errors
/// What is wrong with it, for whoever wrote it.
pub(super) fn plan(act: Act, sending: &Sending) -> Result<Vec<Act>, ReplyError> {
    if !sending.knows(act.name()) {
        return Err(ReplyError::Unsupported(act.name()));
    }
    for file in act.files() {
        check_file(file, sending)?;
    }
    match act {
        Act::Text { text, html, subject, files, buttons } => {
            let texts = Texts { html, subject, buttons };
            texts.plan(text, files, sending)
        }
        Act::File { file, caption } => Ok(with_caption(file, caption.unwrap_or_default(), sending)),
        Act::List { text, button, header, footer, sections } => {
            let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
            match (text.trim().is_empty(), rows) {
                (true, _) => Err(ReplyError::Empty),
                (false, 0) => Err(ReplyError::Invalid("sections", "La lista debe tener al menos una fila.".to_owned())),
                (false, _) => Ok(vec![Act::List { text, button, header, footer, sections }]),
            }
        }
        Act::Edit { target, text } | Act::PrivateReply { target, text } if text.trim().is_empty() => {
            _ = (target, text);
            Err(ReplyError::Empty)
        }
        Act::Edit { ref text, .. } | Act::PrivateReply { ref text, .. } if !sending.max_text.holds(text) => {
            Err(ReplyError::TooLong(sending.max_text.most()))
        }
        Act::Location { latitude, longitude, .. }
            if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) =>
        {
            Err(ReplyError::Invalid("location", "La latitud o la longitud no es válida.".to_owned()))
        }
        Act::Contacts { cards } if cards.is_empty() => Err(ReplyError::Empty),
        act => Ok(vec![act]),
    }
}

struct Texts {
    html: Option<String>,
    subject: Option<String>,
    buttons: Vec<Button>,
}

impl Texts {
    fn plan(self, text: String, files: Vec<OutboundFile>, sending: &Sending) -> Result<Vec<Act>, ReplyError> {
        if text.trim().is_empty() && files.is_empty() {
            return Err(ReplyError::Empty);
        }
        if text.len() > LONGEST && sending.files_with_text == 0 {
            return Err(ReplyError::TooLong(LONGEST));
        }
        if files.len() > sending.files_with_text && sending.files_with_text > 0 {
            let most = sending.files_with_text;
            return Err(ReplyError::Invalid("file", format!("Se permiten hasta {most} archivos por mensaje.")));
        }
        check_buttons(&self.buttons, sending)?;
        match sending.files_with_text {
            0 => Ok(self.apart(&text, files, sending)),
            _ if !sending.max_text.holds(&text) => Err(ReplyError::TooLong(sending.max_text.most())),
            _ => Ok(vec![Act::Text { text, html: self.html, subject: self.subject, files, buttons: self.buttons }]),
        }
    }

    /// Each file is a message of its own, the first with the text as its caption if that fits; else the text comes
    /// first. Buttons stand under the last text.
    fn apart(self, text: &str, files: Vec<OutboundFile>, sending: &Sending) -> Vec<Act> {
        let mut files = files.into_iter();
        let mut acts = Vec::new();
        let captioned = self.buttons.is_empty() && !text.trim().is_empty();
        match files.next() {
            Some(first) if captioned => acts.extend(with_caption(first, text.to_owned(), sending)),
            first => {
                acts.extend(self.texts(text, sending));
                acts.extend(first.map(|file| Act::File { file, caption: None }));
            }
        }
        acts.extend(files.map(|file| Act::File { file, caption: None }));
        acts
    }

    fn texts(&self, text: &str, sending: &Sending) -> Vec<Act> {
        let mut parts = split(text, sending.max_text);
        if !self.buttons.is_empty()
            && let Some(last) = parts.pop()
        {
            parts.extend(split(&last, sending.max_button_text));
        }
        let last = parts.len().saturating_sub(1);
        let buttons = |n| if n == last { self.buttons.clone() } else { Vec::new() };
        parts.into_iter().enumerate().map(|(n, text)| plain(text, buttons(n))).collect()
    }
}

fn plain(text: String, buttons: Vec<Button>) -> Act {
    Act::Text { text, html: None, subject: None, files: Vec::new(), buttons }
}

/// A file with its caption; one that does not fit, or that this kind of file does not take, follows as text.
fn with_caption(file: OutboundFile, caption: String, sending: &Sending) -> Vec<Act> {
    let takes = sending.rule(file.kind, &file.mime).is_some_and(|rule| rule.caption);
    match caption.trim().is_empty() {
        true => vec![Act::File { file, caption: None }],
        false if takes && sending.max_caption.holds(&caption) => vec![Act::File { file, caption: Some(caption) }],
        false => {
            let texts = split(&caption, sending.max_text).into_iter().map(|text| plain(text, Vec::new()));
            std::iter::once(Act::File { file, caption: None }).chain(texts).collect()
        }
    }
}

fn check_file(file: &OutboundFile, sending: &Sending) -> Result<(), ReplyError> {
    match sending.rule(file.kind, &file.mime) {
        None => Err(ReplyError::FileType(file.mime.clone())),
        Some(rule) if file.size > rule.max_bytes => Err(ReplyError::FileSize(rule.max_bytes)),
        Some(_) if file.size == 0 => Err(ReplyError::Invalid("file", "El archivo está vacío.".to_owned())),
        Some(_) => Ok(()),
    }
}

fn check_buttons(buttons: &[Button], sending: &Sending) -> Result<(), ReplyError> {
    let invalid = |why: String| Err(ReplyError::Invalid("buttons", why));
    let most = sending.max_buttons;
    if buttons.len() > most {
        return invalid(format!("El canal permite hasta {most} botones."));
    }
    let length = sending.max_button_title;
    match buttons.iter().find(|button| button.title.trim().is_empty() || !length.holds(&button.title)) {
        Some(_) => invalid(format!("El texto de cada botón debe tener entre 1 y {} caracteres.", length.most())),
        None => Ok(()),
    }
}

/// An act as a stored message shows it: the body, and what lists show.
pub(super) fn shown(act: &Act) -> (Body, &'static str) {
    let text = |text: &str| Body::Text { text: text.to_owned() };
    match act {
        Act::Text { text: said, html, subject, .. } if html.is_some() || subject.is_some() => (
            Body::Mail { subject: subject.clone(), text: said.clone(), visible: said.clone(), html: html.clone() },
            "mail",
        ),
        Act::Text { text: said, .. } => (text(said), "text"),
        Act::File { caption, file } => (caption.as_deref().map_or(Body::Empty, text), kind_name(file.kind)),
        Act::Location { latitude, longitude, name, address } => (
            Body::Location {
                latitude: *latitude,
                longitude: *longitude,
                name: name.clone(),
                address: address.clone(),
                url: None,
            },
            "location",
        ),
        Act::Contacts { cards } => (Body::Contacts { cards: cards.clone() }, "contacts"),
        Act::List { text: said, .. } => (text(said), "list"),
        Act::Template { name, parameters, .. } => {
            let with = if parameters.is_empty() { String::new() } else { format!(": {}", parameters.join(", ")) };
            (text(&format!("[plantilla {name}]{with}")), "template")
        }
        Act::PrivateReply { text: said, .. } => (text(said), "private_reply"),
        _ => (Body::Empty, act.name()),
    }
}

fn kind_name(kind: MediaKind) -> &'static str {
    kind.as_str()
}

/// Whether an act is a message that stands in the thread, and not something done to another one.
pub(super) fn is_message(act: &Act) -> bool {
    !matches!(
        act,
        Act::Reaction { .. }
            | Act::Edit { .. }
            | Act::Delete { .. }
            | Act::Hide { .. }
            | Act::Read { .. }
            | Act::Typing { .. }
            | Act::AnswerCallback { .. }
    )
}

#[cfg(test)]
mod tests {
    use relevo_adapters::{
        ContactCard,
        outbound::{FileRule, Length, UnknownOutcome},
    };

    use super::*;

    static RULES: &[FileRule] = &[
        FileRule { kind: MediaKind::Image, mimes: &["image/png"], max_bytes: 100, caption: true },
        FileRule { kind: MediaKind::Voice, mimes: &["audio/ogg"], max_bytes: 100, caption: false },
    ];

    fn sending(files_with_text: usize) -> Sending {
        Sending {
            acts: &["text", "file", "list", "contacts", "location"],
            max_text: Length::Chars(10),
            max_caption: Length::Chars(5),
            max_button_text: Length::Chars(6),
            max_buttons: 2,
            max_button_title: Length::Chars(3),
            files_with_text,
            files: RULES,
            window_ms: None,
            may_begin: false,
            needs: None,
            unknown: UnknownOutcome::Flag,
        }
    }

    fn file(kind: MediaKind, mime: &str, size: u64) -> OutboundFile {
        OutboundFile {
            sha256: "0".repeat(64),
            size,
            mime: mime.to_owned(),
            file_name: "a".to_owned(),
            kind,
            platform_id: None,
        }
    }

    fn text(text: &str, files: Vec<OutboundFile>) -> Act {
        Act::Text { text: text.to_owned(), html: None, subject: None, files, buttons: Vec::new() }
    }

    fn words(acts: &[Act]) -> Vec<String> {
        acts.iter()
            .map(|act| match act {
                Act::Text { text, buttons, .. } => format!("{text}{}", "#".repeat(buttons.len())),
                Act::File { caption, .. } => format!("file:{}", caption.as_deref().unwrap_or_default()),
                other => other.name().to_owned(),
            })
            .collect()
    }

    #[test]
    fn a_long_text_becomes_several_and_the_buttons_stand_under_the_last() {
        let buttons = vec![Button { id: "1".into(), title: "Sí".into() }];
        let act = Act::Text { text: "hola mundo adios".into(), html: None, subject: None, files: vec![], buttons };
        assert_eq!(words(&plan(act, &sending(0)).unwrap()), ["hola mundo", "adios#"]);
    }

    #[test]
    fn a_text_is_its_files_caption_if_that_fits() {
        let image = || file(MediaKind::Image, "image/png", 9);
        assert_eq!(words(&plan(text("corto", vec![image(), image()]), &sending(0)).unwrap()), ["file:corto", "file:"]);
        assert_eq!(words(&plan(text("muy largo", vec![image()]), &sending(0)).unwrap()), ["file:", "muy largo"]);
        let voice = file(MediaKind::Voice, "audio/ogg", 9);
        assert_eq!(words(&plan(text("voz", vec![voice]), &sending(0)).unwrap()), ["file:", "voz"]);
        assert_eq!(plan(text("x", vec![image()]), &sending(5)).unwrap().len(), 1, "a mail carries its files");
        assert!(matches!(plan(text("demasiado largo", vec![]), &sending(5)), Err(ReplyError::TooLong(10))));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_at_once() {
        let refused = |act| plan(act, &sending(0)).unwrap_err();
        assert!(matches!(refused(text("  ", vec![])), ReplyError::Empty));
        assert!(matches!(refused(Act::Typing { target: None }), ReplyError::Unsupported("typing")));
        let odd = file(MediaKind::Document, "application/x-sh", 1);
        assert!(matches!(refused(text("x", vec![odd])), ReplyError::FileType(_)));
        let large = file(MediaKind::Image, "image/png", 101);
        assert!(matches!(refused(text("x", vec![large])), ReplyError::FileSize(100)));
        let empty = file(MediaKind::Image, "image/png", 0);
        assert!(matches!(refused(text("x", vec![empty])), ReplyError::Invalid("file", _)));
        assert!(matches!(refused(text(&"x".repeat(LONGEST + 1), vec![])), ReplyError::TooLong(_)));
        let button = |title: &str| Button { id: title.into(), title: title.into() };
        for buttons in [vec![button("larga")], vec![button("a"), button("b"), button("c")], vec![button(" ")]] {
            let act = Act::Text { text: "x".into(), html: None, subject: None, files: vec![], buttons };
            assert!(matches!(refused(act), ReplyError::Invalid("buttons", _)));
        }
    }

    #[test]
    fn cards_and_places_are_checked() {
        let refused = |act| plan(act, &sending(0)).unwrap_err();
        assert!(matches!(refused(Act::Contacts { cards: Vec::<ContactCard>::new() }), ReplyError::Empty));
        let place = Act::Location { latitude: 91.0, longitude: 0.0, name: None, address: None };
        assert!(matches!(refused(place), ReplyError::Invalid("location", _)));
    }
}
