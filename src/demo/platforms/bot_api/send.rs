//! Messages (`telegram.md §6`).

use serde_json::{Map, Value, json};

use super::{
    super::{
        ask::{Ask, as_text},
        ledger::{Entry, FileSeen},
    },
    Bot,
    answer::{Answer, Refusal},
    chats::{Message, State},
    files, text,
};

/// What a message is to show.
#[derive(Debug, Default)]
struct Piece {
    kind: String,
    text: Option<String>,
    file: Option<FileSeen>,
    /// The fields of the message that the answer shows.
    fields: Map<String, Value>,
}

impl Piece {
    fn of(kind: &str, text: Option<String>, shown: Value) -> Self {
        let mut fields = Map::new();
        fields.insert(kind.to_owned(), shown);
        Self { kind: kind.to_owned(), text, file: None, fields }
    }
}

impl Bot {
    pub(super) fn send(&self, ask: &Ask, method: &str) -> Answer {
        // Before the file is kept: who cannot be written to is told so at once.
        self.reachable(&self.lock(), ask)?;
        let pieces = match method {
            "sendmessage" => {
                let text = text::text(ask)?;
                vec![Piece::of("text", Some(text.clone()), text.into())]
            }
            "sendlocation" => vec![location(ask)?],
            "sendvenue" => vec![venue(ask)?],
            "sendcontact" => vec![contact(ask)?],
            "sendmediagroup" => self.album(ask)?,
            _ => vec![self.file(ask, method)?],
        };
        let markup = text::markup(ask)?;
        let mut state = self.lock();
        let chat = self.reachable(&state, ask)?;
        let target = self.quoted(&state, ask, chat)?;
        let count = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
        self.hurry(&mut state, chat, count)?;
        // Unique within the chat, as its first message is.
        let album = (pieces.len() > 1).then(|| format!("139{}", state.chat(chat).last_message + 1));
        let sent: Vec<Value> = pieces
            .into_iter()
            .map(|piece| self.post(&mut state, ask, chat, piece, target.clone(), &markup, album.as_deref()))
            .collect();
        Ok(match method {
            "sendmediagroup" => sent.into(),
            _ => sent.into_iter().next().unwrap_or_default(),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "one call, and each is a thing of its own")]
    fn post(
        &self,
        state: &mut State,
        ask: &Ask,
        chat: i64,
        piece: Piece,
        target: Option<String>,
        markup: &Value,
        album: Option<&str>,
    ) -> Value {
        let now = self.rules.clock.now();
        let id = state.chat(chat).next_message();
        if self.rules.remembers {
            let message = Message {
                ours: true,
                text: piece.text.clone(),
                is_file: matches!(
                    piece.kind.as_str(),
                    "photo" | "document" | "video" | "audio" | "voice" | "animation" | "video_note" | "sticker"
                ),
                markup: markup.clone(),
                sent: now,
            };
            state.chat(chat).messages.insert(id, message);
        }
        let mut message = Map::new();
        message.insert("message_id".to_owned(), id.into());
        message.insert("date".to_owned(), (now / 1000).into());
        message.insert("chat".to_owned(), shown_chat(chat));
        message.insert("from".to_owned(), self.me());
        if let Some(album) = album {
            message.insert("media_group_id".to_owned(), album.into());
        }
        if let (Some(caption), true) = (&piece.text, piece.file.is_some()) {
            message.insert("caption".to_owned(), caption.as_str().into());
        }
        message.extend(piece.fields);
        self.note(ask, |entry| Entry {
            kind: piece.kind,
            text: piece.text,
            target,
            id: Some(id.to_string()),
            file: piece.file,
            ..entry
        });
        message.into()
    }

    fn file(&self, ask: &Ask, method: &str) -> Result<Piece, Refusal> {
        let kind = match method.trim_start_matches("send") {
            "videonote" => "video_note",
            other => other,
        };
        let caption = match kind {
            "video_note" | "sticker" => None,
            _ => text::caption(ask, ask.text("caption"))?,
        };
        let given = self.given(ask, "", kind)?;
        Ok(Piece { file: given.seen.clone(), ..Piece::of(kind, caption, files::shown(kind, &given)) })
    }

    fn album(&self, ask: &Ask) -> Result<Vec<Piece>, Refusal> {
        let media = ask.value("media");
        let items = media.as_array().map(Vec::as_slice).unwrap_or_default();
        let kinds: Vec<&str> = items.iter().filter_map(|item| item["type"].as_str()).collect();
        match items.len() {
            2..=10 => {}
            0 => return Err(Refusal::bad("there are no media specified to send")),
            1 => return Err(Refusal::bad("message group must include 2-10 items")),
            _ => return Err(Refusal::bad("too many messages to send as an album")),
        }
        let alone = |kind: &str| kinds.contains(&kind) && kinds.iter().any(|other| *other != kind);
        if alone("document") || alone("audio") {
            return Err(Refusal::bad("document can't be mixed with other media types"));
        }
        items
            .iter()
            .map(|item| {
                let kind = item["type"].as_str().unwrap_or("photo");
                let caption = text::caption(ask, as_text(&item["caption"]))?;
                let given = self.given(ask, item["media"].as_str().unwrap_or("none"), kind)?;
                Ok(Piece { file: given.seen.clone(), ..Piece::of(kind, caption, files::shown(kind, &given)) })
            })
            .collect()
    }

    /// The message that is answered.
    fn quoted(&self, state: &State, ask: &Ask, chat: i64) -> Result<Option<String>, Refusal> {
        if ask.number("message_thread_id") == Some(1) {
            return Err(Refusal::bad("message thread not found"));
        }
        let reply = ask.value("reply_parameters");
        let Some(target) = reply["message_id"].as_i64().or_else(|| ask.number("reply_to_message_id")) else {
            return Ok(None);
        };
        let there = state.known(chat).is_some_and(|chat| chat.messages.contains_key(&target));
        let lenient = reply["allow_sending_without_reply"].as_bool() == Some(true) || self.rules.window_always_open;
        match there || lenient {
            true => Ok(Some(target.to_string())),
            false => Err(Refusal::bad("message to be replied not found")),
        }
    }
}

fn degrees(ask: &Ask) -> Result<(f64, f64), Refusal> {
    let degrees = |key: &str| ask.text(key).and_then(|text| text.parse::<f64>().ok());
    let (latitude, longitude) = (degrees("latitude"), degrees("longitude"));
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 => {
            Ok((latitude, longitude))
        }
        (None, _) => Err(Refusal::bad("latitude is empty")),
        (_, None) => Err(Refusal::bad("longitude is empty")),
        _ => Err(Refusal::bad("wrong location specified")),
    }
}

fn location(ask: &Ask) -> Result<Piece, Refusal> {
    let (latitude, longitude) = degrees(ask)?;
    let place = json!({ "latitude": latitude, "longitude": longitude });
    Ok(Piece::of("location", Some(format!("{latitude},{longitude}")), place))
}

fn venue(ask: &Ask) -> Result<Piece, Refusal> {
    let (title, address) = (ask.text("title"), ask.text("address"));
    let (Some(title), Some(address)) = (title, address) else { return Err(Refusal::bad("venue title is empty")) };
    let mut piece = location(ask)?;
    let place = piece.fields["location"].clone();
    piece.fields.insert("venue".to_owned(), json!({ "location": place, "title": title, "address": address }));
    Ok(Piece { kind: "venue".to_owned(), text: Some(title), ..piece })
}

fn contact(ask: &Ask) -> Result<Piece, Refusal> {
    let phone = ask.text("phone_number").filter(|phone| !phone.is_empty());
    let phone = phone.ok_or_else(|| Refusal::bad("phone number is empty"))?;
    let name = ask.text("first_name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::bad("first name is empty"))?;
    if ask.text("vcard").is_some_and(|vcard| vcard.len() > 2048) {
        return Err(Refusal::bad("vCard is too long"));
    }
    let card = json!({ "phone_number": phone, "first_name": name });
    Ok(Piece::of("contact", Some(name), card))
}

fn shown_chat(chat: i64) -> Value {
    match chat {
        chat if chat <= -1_000_000_000_000 => json!({ "id": chat, "type": "supergroup", "title": "Casa Luma" }),
        chat if chat < 0 => json!({ "id": chat, "type": "group", "title": "Casa Luma" }),
        chat => json!({ "id": chat, "type": "private", "first_name": "Ida" }),
    }
}
