//! Comments, and what can be done with them (`facebook-comments.md §4`).

use serde_json::{Map, Value, json};

use super::{SENDING, Sender};
use crate::{
    json,
    meta::{
        graph::{discreet, done, made, refused},
        limits::{count, file, said, short, uploaded},
    },
    outbound::{
        Act, Address, Call, CallBody, ErrorClass, Explained, Io, Length, Outbound, OutboundFile, SendError, Sent,
        unsupported,
    },
};

/// The longest text that Messenger takes.
const MAX_PRIVATE: Length = Length::Chars(2000);

const NO_COMMENT: Explained = Explained {
    es: "No hay ningún comentario al que se pueda responder; en Facebook no se puede iniciar una conversación.",
    en: "There is no comment that could be answered; on Facebook a conversation cannot begin with us.",
};
const NOT_ON_THIS_COMMENT: Explained = Explained {
    es: "Facebook no permite esta acción en este comentario (por ejemplo, si es de la propia página o una reseña), o \
         falta un permiso; revíselo en Facebook.",
    en: "Facebook does not allow this on this comment (one of the Page itself, a review), or a permission is missing; \
         look at it in Facebook.",
};
const BUTTONS: Explained = Explained {
    es: "Los comentarios de Facebook no admiten botones; envíe solo el texto.",
    en: "Comments on Facebook take no buttons; send the text alone.",
};

impl Sender {
    pub(super) async fn bring(&self, io: &dyn Io, message: &Outbound) -> Result<Sent, SendError> {
        let outcome = match &message.act {
            Act::Text { buttons, .. } if !buttons.is_empty() => Err(refused("buttons", "buttons", BUTTONS)),
            Act::Text { text, files, .. } => self.comment(io, message, text, files).await,
            Act::File { file, caption } => {
                let caption = caption.as_deref().unwrap_or_default();
                self.comment(io, message, caption, std::slice::from_ref(file)).await
            }
            // Only this reply needs the permission for Messenger: the Page's comments go on without it.
            Act::PrivateReply { target, text } => self.private_reply(io, target, text).await.map_err(of_this_comment),
            Act::Edit { target, text } => self.edit(io, target, text).await.map_err(of_this_comment),
            Act::Hide { target, hidden } => {
                let call = self.graph.post(&[target], CallBody::Json(json!({ "is_hidden": hidden })));
                self.moderate(io, call).await
            }
            Act::Delete { target } => match self.moderate(io, self.graph.delete(&[target])).await {
                // It is gone, by us or by somebody else.
                Err(error) if error.class == ErrorClass::Recipient => Ok(Sent::default()),
                done => done,
            },
            Act::Reaction { target, emoji } => {
                let likes = [target.as_str(), "likes"];
                let call = match emoji.as_deref() {
                    Some(emoji) if !emoji.is_empty() => self.graph.post(&likes, CallBody::Empty),
                    _ => self.graph.delete(&likes),
                };
                self.like(io, call).await
            }
            other => Err(unsupported(other.name())),
        };
        outcome.map_err(|error| discreet(error, &message.act))
    }

    /// An answer to a comment: a text, an image, or both. Its success is final.
    async fn comment(
        &self,
        io: &dyn Io,
        message: &Outbound,
        text: &str,
        files: &[OutboundFile],
    ) -> Result<Sent, SendError> {
        let mut body = Map::new();
        match files {
            [] => said("the text", text, SENDING.max_text)?,
            files => {
                short("the text", text, SENDING.max_text)?;
                count("files", files.len(), SENDING.files_with_text)?;
            }
        }
        if !text.trim().is_empty() {
            body.insert("message".to_owned(), text.into());
        }
        for image in files {
            file(&SENDING, image)?;
            body.insert("attachment_id".to_owned(), uploaded(image)?.into());
        }
        let call = self.graph.post(&[target(message)?, "comments"], CallBody::Json(body.into()));
        let answer = self.graph.change(io, call).await?;
        Ok(Sent { refs: vec![made(&answer, "id")?], ..Sent::default() })
    }

    /// A message that only the comment's author sees: one per comment, within seven days of it.
    async fn private_reply(&self, io: &dyn Io, target: &str, text: &str) -> Result<Sent, SendError> {
        said("the text", text, MAX_PRIVATE)?;
        let body = json!({ "recipient": { "comment_id": target }, "message": { "text": text } });
        let call = self.graph.post(&[&self.page_id, "messages"], CallBody::Json(body));
        let answer = self.graph.change(io, call).await?;
        Ok(Sent { refs: vec![made(&answer, "message_id")?], ..Sent::default() })
    }

    /// What an edit leaves out, Facebook removes: a comment's photo goes along with its new text.
    async fn edit(&self, io: &dyn Io, target: &str, text: &str) -> Result<Sent, SendError> {
        said("the text", text, SENDING.max_text)?;
        let known = self.graph.look(io, self.graph.get(&[target], &[("fields", "attachment")])).await?;
        let mut body = json!({ "message": text });
        if let Some(photo) = photo(&known) {
            body["attachment_id"] = photo.into();
        }
        let answer = self.graph.change(io, self.graph.post(&[target], CallBody::Json(body))).await?;
        done(&answer).map(|()| Sent::default())
    }

    async fn moderate(&self, io: &dyn Io, call: Call) -> Result<Sent, SendError> {
        let answer = self.graph.change(io, call).await.map_err(of_this_comment)?;
        done(&answer).map(|()| Sent::default())
    }

    /// What a like answers is not documented: anything that does not deny it will do.
    async fn like(&self, io: &dyn Io, call: Call) -> Result<Sent, SendError> {
        let answer = self.graph.change(io, call).await.map_err(of_this_comment)?;
        match answer.get("success") {
            None if answer.is_object() => Ok(Sent::default()),
            _ => done(&answer).map(|()| Sent::default()),
        }
    }
}

/// The photo that a comment shows, by the id under which it was uploaded.
pub(super) fn photo(comment: &Value) -> Option<String> {
    let attachment = comment.get("attachment").filter(|it| json::str(it, "type") == Some("photo"))?;
    attachment.get("target")?.get("id").and_then(json::id)
}

/// The comment that a message answers: the one that it quotes, the customer's latest, or the latest of the thread.
pub(super) fn target(message: &Outbound) -> Result<&str, SendError> {
    let known = message.reply_to.as_deref().or(message.to.last_inbound.as_deref());
    let known = known.or_else(|| latest(&message.to)).filter(|id| !id.is_empty());
    known.ok_or_else(|| SendError::new(ErrorClass::Recipient, "no_comment", "nothing to answer to", NO_COMMENT))
}

/// The latest comment among the thread's names; they are in no order, its history is.
fn latest(to: &Address) -> Option<&str> {
    let comments = || to.keys.iter().filter_map(|key| key.strip_prefix("m:"));
    let is_comment = |id: &&String| comments().any(|comment| comment == id.as_str());
    to.history.iter().rev().find(is_comment).map(String::as_str).or_else(|| comments().next_back())
}

/// Some comments cannot be hidden, changed or deleted by the Page, and Facebook says so as if a permission were
/// missing. One comment must not stop the whole Page (P7); a permission that is truly missing shows when answering.
fn of_this_comment(error: SendError) -> SendError {
    let code = error.code.parse().unwrap_or(-1);
    match error.class {
        ErrorClass::Auth if code == 10 || (200..300).contains(&code) => {
            SendError::new(ErrorClass::Content, error.code, error.detail, NOT_ON_THIS_COMMENT)
        }
        _ => error,
    }
}
