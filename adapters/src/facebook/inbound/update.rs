//! One `value` of the field `feed`: all of it is optional (`facebook-comments.md §3.1`).

use serde_json::Value;

use crate::{Identity, Millis, Party, ThreadRef, json, meta, text};

/// The longest text of a post that serves as a conversation's subject, in bytes.
const MAX_SUBJECT: usize = 200;

pub(super) struct Update<'a> {
    pub(super) page_id: &'a str,
    pub(super) entry: &'a Value,
    pub(super) value: &'a Value,
}

/// What was done; Meta spells some of it in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Edit,
    Remove,
    Hide,
    Unhide,
    Other,
}

impl Verb {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Edit => "edit",
            Self::Remove => "remove",
            Self::Hide => "hide",
            Self::Unhide => "unhide",
            Self::Other => "other",
        }
    }
}

impl Update<'_> {
    /// What it is about; a comment or reaction that does not say so is told by its fields.
    pub(super) fn item(&self) -> &str {
        match (json::str(self.value, "item"), self.comment_id()) {
            (Some(item), _) => item,
            (None, Some(_)) if self.value.get("reaction_type").is_some() => "reaction",
            (None, Some(_)) => "comment",
            (None, None) => "unknown",
        }
    }

    /// Something without a verb is new.
    pub(super) fn verb(&self) -> Verb {
        match json::str(self.value, "verb") {
            None | Some("add") => Verb::Add,
            Some("edit" | "edited" | "update") => Verb::Edit,
            Some("remove" | "delete") => Verb::Remove,
            Some("hide") => Verb::Hide,
            Some("unhide") => Verb::Unhide,
            Some(_) => Verb::Other,
        }
    }

    pub(super) fn id(&self, key: &str) -> Option<String> {
        self.value.get(key).and_then(json::id)
    }

    pub(super) fn comment_id(&self) -> Option<String> {
        self.id("comment_id")
    }

    pub(super) fn post_id(&self) -> Option<String> {
        self.id("post_id").or_else(|| self.value.get("post")?.get("id").and_then(json::id))
    }

    /// The comment that this one answers; `None` at top level, where the parent is the post.
    pub(super) fn parent_comment(&self) -> Option<String> {
        self.id("parent_id").filter(|parent| Some(parent) != self.post_id().as_ref())
    }

    /// The Page-scoped id of who did it; `sender_id` before v2.11.
    pub(super) fn actor_id(&self) -> Option<String> {
        let from = self.value.get("from").and_then(|from| from.get("id")).and_then(json::id);
        from.or_else(|| self.id("sender_id"))
    }

    fn actor_name(&self) -> Option<&str> {
        let from = self.value.get("from").and_then(|from| json::str(from, "name"));
        from.or_else(|| json::str(self.value, "sender_name"))
    }

    pub(super) fn is_by_page(&self) -> bool {
        self.actor_id().as_deref() == Some(self.page_id)
    }

    /// The visitor who did it; `None` for the Page itself and for people of whom Facebook says nothing.
    pub(super) fn visitor(&self) -> Option<Party> {
        let identity = |id| Identity::new(Identity::PSID, format!("{}/{id}", self.page_id));
        let party = Party {
            identities: self.actor_id().map(identity).into_iter().collect(),
            name: self.actor_name().map(str::to_owned),
            account: None,
            language: None,
        };
        (party != Party::default() && !self.is_by_page()).then_some(party)
    }

    /// The Page itself, if it did it.
    pub(super) fn page(&self) -> Option<Party> {
        let identity = Identity::new(Identity::PSID, format!("{0}/{0}", self.page_id));
        self.is_by_page().then(|| Party { identities: vec![identity], ..Party::default() })
    }

    /// When the thing was made.
    pub(super) fn created(&self) -> Option<Millis> {
        meta::millis(self.value, "created_time").or_else(|| self.sent())
    }

    /// When the webhook was sent: of a change to something older, the better guess.
    pub(super) fn sent(&self) -> Option<Millis> {
        meta::millis(self.entry, "time")
    }

    /// A thread with no names yet: all events of a post are applied in order.
    pub(super) fn thread(&self) -> ThreadRef {
        let post = self.post_id().or_else(|| self.id("parent_id")).or_else(|| self.comment_id());
        ThreadRef {
            partition: post.unwrap_or_else(|| "channel".to_owned()),
            subject: self
                .value
                .get("post")
                .and_then(|post| json::str(post, "message"))
                .map(|message| text::clean(message, MAX_SUBJECT)),
            ..ThreadRef::default()
        }
    }

    /// Names an event that changes something: verb, target, person, time and content (`facebook-comments.md §2`).
    /// What can be undone and done again is named by the time of sending too, where all else of it stays the same: a
    /// change to something older, and whatever does not say when it was done.
    pub(super) fn dedup(&self, item: &str, target: &str) -> String {
        let part = |key: &str| self.value.get(key).unwrap_or(&Value::Null);
        let content = ["message", "photo", "photos", "video", "link", "reaction_type"].map(part);
        let hash = meta::fingerprint(&content);
        let from = self.actor_id().unwrap_or_default();
        let created = self.id("created_time").unwrap_or_default();
        let name = format!("{item}:{}:{target}:{from}:{created}:{}", self.verb().as_str(), text::truncate(&hash, 16));
        let stays = created.is_empty() || matches!(self.verb(), Verb::Edit | Verb::Hide | Verb::Unhide);
        match self.entry.get("time").and_then(json::id) {
            Some(sent) if stays => format!("{name}:{sent}"),
            _ => name,
        }
    }
}
