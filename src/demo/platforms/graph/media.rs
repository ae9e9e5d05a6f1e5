//! Files in and out (`whatsapp.md §7`).

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    super::{ask::Ask, ledger::Entry},
    Media, Meta,
    refusal::{Answer, Refusal},
    state::State,
    success,
};

const MB: usize = 1024 * 1024;

const AUDIO: &[&str] = &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"];
const IMAGE: &[&str] = &["image/jpeg", "image/png"];
const VIDEO: &[&str] = &["video/mp4", "video/3gp", "video/3gpp"];
const STICKER: &[&str] = &["image/webp"];
const DOCUMENT: &[&str] = &[
    "application/pdf",
    "text/plain",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
];

/// Types and largest size of a kind of message.
fn limits(kind: &str) -> (&'static [&'static str], usize) {
    match kind {
        "audio" => (AUDIO, 16 * MB),
        "image" => (IMAGE, 5 * MB),
        "video" => (VIDEO, 16 * MB),
        // The larger limit of the two: only whoever decodes it knows whether it moves.
        "sticker" => (STICKER, 500 * 1024),
        _ => (DOCUMENT, 100 * MB),
    }
}

/// # Errors
/// If a file of this type and size cannot be a message of this kind.
pub(super) fn check(kind: &str, mime: &str, size: usize) -> Result<(), Refusal> {
    let plain = mime.split(';').next().unwrap_or_default().trim();
    let (mimes, most) = limits(kind);
    // Whatever can be sent by itself can be sent as a document as well.
    let fits = mimes.contains(&plain) || (kind == "document" && kind_of(plain).is_some());
    match (fits, size > most) {
        (false, _) => {
            let why = format!("Unsupported {kind} mime type {mime}. Please use one of {}.", mimes.join(", "));
            Err(Refusal::of(131_053).because(why))
        }
        (true, true) => {
            let why = format!("{kind} file size {size} bytes is too large. Max size is {most} bytes.");
            Err(Refusal::of(131_053).because(why))
        }
        (true, false) => Ok(()),
    }
}

fn kind_of(mime: &str) -> Option<&'static str> {
    let kinds = ["audio", "image", "video", "sticker", "document"];
    kinds.into_iter().find(|kind| limits(kind).0.contains(&mime))
}

impl Meta {
    /// Takes a file for later messages; gives its id.
    pub(super) fn upload(&self, ask: &Ask, number: &str, token: &str) -> Answer {
        self.own_number(number, token)?;
        if ask.text("messaging_product").as_deref() != Some("whatsapp") {
            return Err(Refusal::parameter("The parameter messaging_product is required."));
        }
        let file = ask.file("file").ok_or_else(|| Refusal::parameter("The parameter file is required."))?;
        let mime = ask.text("type").unwrap_or_else(|| file.mime.clone());
        let plain = mime.split(';').next().unwrap_or_default().trim().to_owned();
        let Some(kind) = kind_of(&plain) else {
            let listed = [AUDIO, IMAGE, VIDEO, STICKER, DOCUMENT].concat().join(", ");
            let what = format!(
                "Param file must be a file with one of the following types: {listed}. Received file of type '{mime}'."
            );
            return Err(Refusal::of(131_053).because(what));
        };
        check(kind, &plain, file.bytes.len())?;
        let id = self.lock().next_id();
        let seen = file.seen();
        if self.rules.remembers {
            let media = Media {
                owner: number.to_owned(),
                mime,
                sha256: seen.sha256.clone(),
                bytes: file.bytes.clone(),
                expired: false,
            };
            self.lock().media.insert(id.clone(), media);
        }
        self.note(ask, number, |entry| Entry {
            kind: kind.to_owned(),
            id: Some(id.clone()),
            file: Some(seen),
            ..entry
        });
        Ok(json!({ "id": id }))
    }

    /// Where a file's bytes are for the next five minutes.
    pub(super) fn media_url(&self, ask: &Ask, id: &str, token: &str) -> Answer {
        let state = self.lock();
        let media = state.media.get(id).filter(|media| {
            let named = ask.text("phone_number_id").is_none_or(|number| number == media.owner);
            let owner = state.numbers.get(&media.owner).is_some_and(|number| number.token == token);
            named && owner && !media.expired
        });
        let media = media.ok_or_else(|| Refusal::unseen("get", id))?;
        let url = format!(
            "{}/whatsapp_business/attachments/?mid={id}&source=getMedia&ext={}&hash={}",
            self.url.get().map_or("", String::as_str),
            state.generation,
            &media.sha256[..16],
        );
        Ok(json!({
            "url": url, "mime_type": media.mime, "sha256": media.sha256, "file_size": media.bytes.len(), "id": id,
            "messaging_product": "whatsapp",
        }))
    }

    /// The bytes behind a URL that was given out.
    pub(super) fn download(&self, ask: &Ask) -> Response {
        let state = self.lock();
        let fresh = ask.number("ext").and_then(|at| u64::try_from(at).ok()) == Some(state.generation);
        let media = ask
            .text("mid")
            .and_then(|id| state.media.get(&id))
            .filter(|media| fresh && !media.expired && ask.text("hash").as_deref() == media.sha256.get(..16));
        match media {
            Some(media) => {
                ([(header::CONTENT_TYPE, media.mime.clone())], Body::from(media.bytes.clone())).into_response()
            }
            None => (StatusCode::NOT_FOUND, "URL signature expired").into_response(),
        }
    }

    /// Where a picture is shown to whoever has the URL, for a while.
    pub(super) fn picture_url(&self, state: &State, id: &str) -> String {
        format!("{}/scontent/{id}?oe={}", self.url.get().map_or("", String::as_str), state.generation)
    }

    /// An attachment whose picture is kept here, with a URL that still leads to it.
    pub(super) fn with_fresh_url(&self, state: &State, mut attachment: Value) -> Value {
        if let Some(id) = attachment["target"]["id"].as_str().filter(|id| state.media.contains_key(*id)) {
            attachment["media"]["image"]["src"] = self.picture_url(state, id).into();
        }
        attachment
    }

    /// The picture behind such a URL.
    pub(super) fn picture(&self, ask: &Ask) -> Response {
        let state = self.lock();
        let fresh = ask.number("oe").and_then(|at| u64::try_from(at).ok()) == Some(state.generation);
        match state.media.get(ask.segment(1)).filter(|_| fresh) {
            Some(media) => {
                ([(header::CONTENT_TYPE, media.mime.clone())], Body::from(media.bytes.clone())).into_response()
            }
            None => (StatusCode::FORBIDDEN, "URL signature expired").into_response(),
        }
    }

    pub(super) fn delete_media(&self, ask: &Ask, id: &str, token: &str) -> Answer {
        let owner = self.lock().media.get(id).map(|media| media.owner.clone()).unwrap_or_default();
        self.own_number(&owner, token)?;
        self.lock().media.remove(id);
        self.note(ask, &owner, |entry| Entry { kind: "media".to_owned(), ..entry });
        Ok(success())
    }
}
