//! A Page's photos and private replies (`facebook-comments.md §4`).

use serde_json::{Value, json};

use super::{
    super::{
        ask::{Ask, as_text},
        ledger::{Entry, FileSeen},
    },
    Media, Meta,
    refusal::{Answer, Refusal},
};

const LONGEST_REPLY: usize = 2000;
/// For so long a comment can be answered privately.
const PRIVATE_REPLY: relevo_adapters::Millis = 7 * 24 * 3600 * 1000;
const PHOTOS: [&str; 5] = ["image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"];
const LARGEST_PHOTO: usize = 10 * 1024 * 1024;

/// The comment that a private reply answers.
pub(super) fn target(ask: &Ask) -> Option<String> {
    as_text(&ask.value("recipient")["comment_id"])
}

impl Meta {
    fn own_page(&self, page: &str, token: &str) -> Result<(), Refusal> {
        match self.lock().pages.get(page) {
            Some(own) if own.token == token => Ok(()),
            _ => Err(Refusal::unseen("post", page)),
        }
    }

    /// Takes a photo; unpublished, it can go with a comment.
    pub(super) fn photo(&self, ask: &Ask, page: &str, token: &str) -> Answer {
        self.own_page(page, token)?;
        let seen = match (ask.file("source"), ask.text("url")) {
            (Some(file), _) => {
                let seen = file.seen();
                check_photo(&seen)?;
                Some((seen, file.bytes.clone()))
            }
            (None, Some(url)) if url.starts_with("http") => None,
            (None, _) => return Err(Refusal::of(324).titled("Missing or invalid image file")),
        };
        let id = self.lock().next_id();
        let published = ask.flag("published").unwrap_or(true);
        if self.rules.remembers {
            let (mime, sha256, bytes) = match &seen {
                Some((seen, bytes)) => (seen.mime.clone(), seen.sha256.clone(), bytes.clone()),
                None => ("image/jpeg".to_owned(), "0".repeat(64), bytes::Bytes::new()),
            };
            let media = Media { owner: page.to_owned(), mime, sha256, bytes, expired: published };
            self.lock().media.insert(id.clone(), media);
        }
        self.note(ask, page, |entry| Entry {
            kind: if published { "published photo" } else { "photo" }.to_owned(),
            text: ask.text("url"),
            id: Some(id.clone()),
            file: seen.map(|(seen, _)| seen),
            ..entry
        });
        Ok(match published {
            true => json!({ "id": id, "post_id": format!("{page}_{id}") }),
            false => json!({ "id": id }),
        })
    }

    /// What goes with a comment, as the comment shows it, and the file if we have its bytes.
    pub(super) fn attachment(&self, ask: &Ask, page: &str) -> Result<Option<(Value, Option<FileSeen>)>, Refusal> {
        let photo = ask.text("attachment_id");
        let url = ask.text("attachment_url").or_else(|| ask.text("attachment_share_url"));
        match (photo, url, ask.file("source")) {
            (Some(id), ..) if self.rules.remembers => {
                let state = self.lock();
                let media = state.media.get(&id).filter(|media| media.owner == page && !media.expired);
                let media = media.ok_or_else(|| Refusal::parameter("Invalid parameter: attachment_id"))?;
                let seen = FileSeen {
                    sha256: media.sha256.clone(),
                    size: media.bytes.len() as u64,
                    mime: media.mime.clone(),
                    name: None,
                };
                Ok(Some((shown(&id, ""), Some(seen))))
            }
            (Some(id), ..) => Ok(Some((shown(&id, ""), None))),
            (None, Some(url), _) if url.starts_with("http") => Ok(Some((shown(&self.lock().next_id(), &url), None))),
            (None, Some(_), _) => Err(Refusal::parameter("Invalid parameter: attachment_url")),
            (None, None, Some(file)) => {
                let seen = file.seen();
                check_photo(&seen)?;
                let id = self.lock().next_id();
                Ok(Some((shown(&id, &format!("https://scontent.example/{id}")), Some(seen))))
            }
            (None, None, None) => Ok(None),
        }
    }

    /// An answer to a comment that only its author sees: one, and within seven days.
    pub(super) fn private_reply(&self, ask: &Ask, page: &str, token: &str) -> Answer {
        self.own_page(page, token)?;
        let target = target(ask).ok_or_else(|| Refusal::parameter("Param recipient must be non-empty."))?;
        let message = ask.value("message");
        let text = message["text"].as_str().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Refusal::parameter("Empty text"))?;
        if text.chars().count() > LONGEST_REPLY {
            return Err(Refusal::parameter("Length of param message[text] must be less than or equal to 2000"));
        }
        let now = self.rules.clock.now();
        let mut state = self.lock();
        let number = state.next();
        let recipient = match state.comments.get_mut(&target) {
            Some(comment) if comment.page != page => return Err(Refusal::unseen("post", &target)),
            Some(comment) if comment.answered_privately => return Err(Refusal::of(10_900)),
            Some(comment) if now - comment.created > PRIVATE_REPLY => return Err(Refusal::of(10_903)),
            Some(comment) => {
                comment.answered_privately = true;
                comment.from.0.clone()
            }
            None if self.rules.window_always_open => "777".to_owned(),
            None => return Err(Refusal::unseen("post", &target)),
        };
        drop(state);
        let id = format!("m_{number:032}");
        self.note(ask, page, |entry| Entry {
            kind: "private_reply".to_owned(),
            text: Some(text.to_owned()),
            target: Some(target),
            id: Some(id.clone()),
            ..entry
        });
        Ok(json!({ "recipient_id": recipient, "message_id": id }))
    }
}

/// A photo as a comment shows it.
pub(super) fn shown(id: &str, src: &str) -> Value {
    json!({
        "type": "photo",
        "media": { "image": { "src": src, "width": 1, "height": 1 } },
        "target": { "id": id, "url": format!("https://www.facebook.com/photo.php?fbid={id}") },
        "url": format!("https://www.facebook.com/photo.php?fbid={id}"),
    })
}

fn check_photo(seen: &FileSeen) -> Result<(), Refusal> {
    let too_large = seen.size > LARGEST_PHOTO as u64;
    match PHOTOS.contains(&seen.mime.as_str()) && !too_large {
        true => Ok(()),
        false => Err(Refusal::of(324).titled("Missing or invalid image file")),
    }
}
