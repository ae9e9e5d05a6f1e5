//! Files in and out (`telegram.md §6, §7`).

use std::collections::HashMap;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use relevo_adapters::Blob;
use serde_json::{Value, json};

use super::{
    super::{
        ask::{Ask, Upload},
        ledger::FileSeen,
    },
    Bot,
    answer::{Answer, Refusal},
};

const MB: u64 = 1024 * 1024;
/// What a bot can fetch.
const LARGEST_DOWNLOAD: u64 = 20 * MB;

#[derive(Debug, Default)]
pub(super) struct Files {
    known: HashMap<String, Stored>,
    made: u64,
    /// Paths of earlier generations no longer lead anywhere.
    pub(super) generation: u64,
}

#[derive(Debug, Clone)]
struct Stored {
    seen: FileSeen,
    bytes: Bytes,
}

/// A file that a message is to show.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) id: String,
    /// Unknown for a file that Telegram was told to fetch.
    pub(super) seen: Option<FileSeen>,
}

impl Files {
    fn next_id(&mut self) -> String {
        self.made += 1;
        format!("BQACAgIAAxkDAAI{:08}", self.made)
    }

    /// Keeps a file under a known or a new id. `size` may be more than the bytes that there are.
    pub(super) fn keep(&mut self, id: Option<&str>, name: &str, bytes: Bytes, size: u64) -> String {
        let id = id.map_or_else(|| self.next_id(), str::to_owned);
        let blob = Blob::new(bytes);
        let mime = "application/octet-stream".to_owned();
        let seen = FileSeen { sha256: blob.sha256, size, mime, name: Some(name.to_owned()) };
        self.known.insert(id.clone(), Stored { seen, bytes: blob.bytes });
        id
    }

    fn path(&self, id: &str) -> String {
        let name = self.known.get(id).and_then(|stored| stored.seen.name.as_deref()).unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let dot = if extension.is_empty() { "" } else { "." };
        format!("documents/g{}_{id}{dot}{extension}", self.generation)
    }
}

impl Bot {
    /// The file of a parameter: uploaded, or known by its id, or somewhere on the web.
    pub(super) fn given(&self, ask: &Ask, named: &str, kind: &str) -> Result<Given, Refusal> {
        let text = if named.is_empty() { ask.text(kind).unwrap_or_default() } else { named.to_owned() };
        let field = text.strip_prefix("attach://").unwrap_or(if named.is_empty() { kind } else { "" });
        match (ask.file(field), text.as_str()) {
            (Some(upload), _) => self.take(upload, kind),
            (None, "") => Err(Refusal::bad(format!("there is no {kind} in the request"))),
            (None, url) if url.starts_with("http://") || url.starts_with("https://") => match kind {
                "video_note" => Err(Refusal::bad("VIDEO_NOTE_URL_INVALID")),
                _ => Ok(Given { id: self.lock().files.next_id(), seen: None }),
            },
            (None, id) => match self.lock().files.known.get(id) {
                Some(stored) => Ok(Given { id: id.to_owned(), seen: Some(stored.seen.clone()) }),
                None if !self.rules.remembers => Ok(Given { id: id.to_owned(), seen: None }),
                None => Err(Refusal::bad("wrong file identifier/HTTP URL specified")),
            },
        }
    }

    fn take(&self, upload: &Upload, kind: &str) -> Result<Given, Refusal> {
        let size = upload.bytes.len() as u64;
        let most = if kind == "photo" { 10 * MB } else { 50 * MB };
        match size {
            0 => return Err(Refusal::bad("file must be non-empty")),
            size if size > 50 * MB => return Err(Refusal::too_large()),
            size if size > most => {
                let what =
                    format!("file of size {size} bytes is too big for a {kind}; the maximum size is {most} bytes");
                return Err(Refusal::bad(what));
            }
            _ => {}
        }
        if kind == "photo" && !is_picture(&upload.bytes) {
            return Err(Refusal::bad("IMAGE_PROCESS_FAILED"));
        }
        let seen = upload.seen();
        let mut state = self.lock();
        let id = state.files.next_id();
        if self.rules.remembers {
            let stored = Stored { seen: seen.clone(), bytes: upload.bytes.clone() };
            state.files.known.insert(id.clone(), stored);
        }
        Ok(Given { id, seen: Some(seen) })
    }

    pub(super) fn get_file(&self, ask: &Ask) -> Answer {
        let id = ask.text("file_id").unwrap_or_default();
        let state = self.lock();
        let stored = state.files.known.get(&id).ok_or_else(|| Refusal::bad("invalid file_id"))?;
        match stored.seen.size > LARGEST_DOWNLOAD {
            true => Err(Refusal::bad("file is too big")),
            false => Ok(json!({
                "file_id": id, "file_unique_id": format!("u{id}"), "file_size": stored.seen.size,
                "file_path": state.files.path(&id),
            })),
        }
    }

    /// `GET /file/bot<token>/<file_path>`.
    pub(super) fn download(&self, path: &str) -> Response {
        let state = self.lock();
        let found = state.files.known.iter().find(|(id, _)| state.files.path(id) == path);
        match found {
            Some((_, stored)) => Body::from(stored.bytes.clone()).into_response(),
            None => Refusal::of(404).into_response(),
        }
    }
}

/// The file as a message shows it: `(field, value)`.
pub(super) fn shown(kind: &str, given: &Given) -> Value {
    let size = given.seen.as_ref().map_or(0, |seen| seen.size);
    let mut file = json!({ "file_id": given.id, "file_unique_id": format!("u{}", given.id), "file_size": size });
    match kind {
        "photo" => {
            file["width"] = 800.into();
            file["height"] = 600.into();
            json!([file])
        }
        _ => {
            if let Some(seen) = &given.seen {
                file["mime_type"] = seen.mime.as_str().into();
                file["file_name"] = seen.name.clone().into();
            }
            file
        }
    }
}

/// Only its first bytes are looked at.
fn is_picture(bytes: &[u8]) -> bool {
    let riff = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    riff || bytes.starts_with(&[0xff, 0xd8, 0xff]) || bytes.starts_with(b"\x89PNG") || bytes.starts_with(b"GIF8")
}
