//! Comments on a Page's posts (`facebook-comments.md §4`).

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    super::{ask::Ask, ledger::Entry},
    Comment, Meta,
    refusal::{Answer, Refusal},
    state::State,
    success,
};

const LONGEST_COMMENT: usize = 8000;
const COMMENTS_PER_ANSWER: i64 = 25;

impl State {
    /// The Page to which a post or a comment belongs, if this token is the Page's.
    fn page_of(&self, object: &str, token: &str, trusting: bool) -> Option<String> {
        let known = self.posts.get(object).or_else(|| Some(&self.comments.get(object)?.page));
        let page = match (known, trusting) {
            (None, true) => self.pages.iter().find(|(_, page)| page.token == token).map(|(id, _)| id),
            (known, _) => known,
        }?;
        self.pages.get(page).filter(|own| own.token == token).map(|_| page.clone())
    }
}

impl Meta {
    /// # Errors
    /// If there is no such object for this token.
    fn page_of(&self, object: &str, token: &str, verb: &str) -> Result<String, Refusal> {
        // Who remembers nothing cannot know what exists.
        let trusting = self.rules.window_always_open;
        self.lock().page_of(object, token, trusting).ok_or_else(|| Refusal::unseen(verb, object))
    }

    /// A comment of the Page's on a post, or its answer to a comment.
    pub(super) fn comment(&self, ask: &Ask, on: &str, token: &str) -> Answer {
        let page = self.page_of(on, token, "post")?;
        let message = message(ask)?;
        let attachment = self.attachment(ask, &page)?;
        if message.is_empty() && attachment.is_none() {
            return Err(Refusal::parameter("Missing message or attachment"));
        }
        let created = self.rules.clock.now();
        let mut state = self.lock();
        let is_post = state.posts.contains_key(on);
        let id = format!("{}_{}", post_part(on, is_post), 909 + state.next());
        let post = state.comments.get(on).map_or_else(|| on.to_owned(), |comment| comment.post.clone());
        let comment = Comment {
            page: page.clone(),
            post,
            parent: (!is_post).then(|| on.to_owned()),
            from: (page.clone(), state.pages.get(&page).map(|page| page.name.clone()).unwrap_or_default()),
            message: message.clone(),
            attachment: attachment.as_ref().map(|(shown, _)| shown.clone()),
            created,
            hidden: false,
            liked: false,
            answered_privately: false,
        };
        if self.rules.remembers {
            state.order.push(id.clone());
            state.comments.insert(id.clone(), comment.clone());
        }
        drop(state);
        self.note(ask, &page, |entry| Entry {
            kind: if attachment.is_some() { "photo" } else { "text" }.to_owned(),
            text: Some(message),
            target: Some(on.to_owned()),
            id: Some(id.clone()),
            file: attachment.and_then(|(_, seen)| seen),
            ..entry
        });
        self.reports.echo(&id, &comment, "add");
        Ok(json!({ "id": id }))
    }

    /// New words for a comment of the Page's own, or hiding somebody else's.
    pub(super) fn edit(&self, ask: &Ask, id: &str, token: &str) -> Answer {
        let page = self.page_of(id, token, "post")?;
        match ask.flag("is_hidden") {
            Some(hidden) => self.hide(ask, id, &page, hidden),
            None => self.rewrite(ask, id, &page),
        }
    }

    fn hide(&self, ask: &Ask, id: &str, page: &str, hidden: bool) -> Answer {
        let changed = match self.lock().comments.get_mut(id) {
            Some(comment) if comment.from.0 == page => {
                return Err(Refusal::of(200).titled("You do not have sufficient permission to hide this comment"));
            }
            Some(comment) => {
                comment.hidden = hidden;
                Some(comment.clone())
            }
            None => None,
        };
        let verb = if hidden { "hide" } else { "unhide" };
        self.note(ask, page, |entry| Entry { kind: verb.to_owned(), target: Some(id.to_owned()), ..entry });
        if let Some(comment) = changed {
            self.reports.echo(id, &comment, verb);
        }
        Ok(success())
    }

    fn rewrite(&self, ask: &Ask, id: &str, page: &str) -> Answer {
        let message = message(ask)?;
        let attachment = self.attachment(ask, page)?;
        if message.is_empty() && attachment.is_none() {
            return Err(Refusal::parameter("Missing message or attachment"));
        }
        let changed = match self.lock().comments.get_mut(id) {
            Some(comment) if comment.from.0 != page => {
                return Err(Refusal::of(200).titled("You do not have permission to edit this comment"));
            }
            Some(comment) => {
                comment.message.clone_from(&message);
                // What is not named again is gone.
                comment.attachment = attachment.map(|(shown, _)| shown);
                Some(comment.clone())
            }
            None => None,
        };
        self.note(ask, page, |entry| Entry {
            kind: "edit".to_owned(),
            text: Some(message),
            target: Some(id.to_owned()),
            ..entry
        });
        if let Some(comment) = changed {
            self.reports.echo(id, &comment, "edited");
        }
        Ok(success())
    }

    pub(super) fn remove(&self, ask: &Ask, id: &str, token: &str) -> Answer {
        let page = self.page_of(id, token, "delete")?;
        let gone = self.lock().comments.remove(id);
        self.note(ask, &page, |entry| Entry { kind: "delete".to_owned(), target: Some(id.to_owned()), ..entry });
        if let Some(comment) = gone {
            self.reports.echo(id, &comment, "remove");
        }
        Ok(success())
    }

    pub(super) fn like(&self, ask: &Ask, id: &str, token: &str) -> Answer {
        let page = self.page_of(id, token, "post")?;
        let liked = ask.method == Method::POST;
        if let Some(comment) = self.lock().comments.get_mut(id) {
            comment.liked = liked;
        }
        let kind = if liked { "like" } else { "unlike" };
        self.note(ask, &page, |entry| Entry { kind: kind.to_owned(), target: Some(id.to_owned()), ..entry });
        Ok(success())
    }

    /// What is under a post or a comment.
    pub(super) fn comments(&self, ask: &Ask, on: &str, token: &str) -> Answer {
        self.page_of(on, token, "get")?;
        let state = self.lock();
        let stream = ask.text("filter").as_deref() == Some("stream");
        let since = ask.number("since").map_or(0, |seconds| seconds * 1000);
        let under = |comment: &Comment| match comment.parent.as_deref() {
            None => comment.post == on,
            Some(parent) => parent == on || (stream && comment.post == on),
        };
        let all = state.order.iter().filter_map(|id| Some((id, state.comments.get(id)?)));
        let mut found: Vec<_> = all.filter(|(_, comment)| under(comment) && comment.created >= since).collect();
        if ask.text("order").as_deref() == Some("reverse_chronological") {
            found.reverse();
        }
        let most = usize::try_from(ask.number("limit").unwrap_or(COMMENTS_PER_ANSWER)).unwrap_or(1).max(1);
        let from = ask.number("after").and_then(|after| usize::try_from(after).ok()).unwrap_or(0).min(found.len());
        let to = (from + most).min(found.len());
        let mut paging = json!({ "cursors": { "before": from.to_string(), "after": to.to_string() } });
        if to < found.len() {
            let base = self.url.get().map_or("", String::as_str);
            let fields = ask.text("fields").unwrap_or_default();
            paging["next"] = format!("{base}/v23.0/{on}/comments?limit={most}&after={to}&fields={fields}").into();
        }
        let data: Vec<Value> =
            found[from..to].iter().map(|(id, comment)| self.shown(&state, ask, id, comment)).collect();
        Ok(json!({ "data": data, "paging": paging }))
    }

    /// A comment or a post itself.
    pub(super) fn show(&self, ask: &Ask, id: &str, token: &str) -> Answer {
        self.page_of(id, token, "get")?;
        let state = self.lock();
        Ok(match state.comments.get(id) {
            Some(comment) => self.shown(&state, ask, id, comment),
            None => json!({ "id": id, "created_time": "2026-05-28T10:00:00+0000" }),
        })
    }

    /// The fields that were asked for.
    fn shown(&self, state: &State, ask: &Ask, id: &str, comment: &Comment) -> Value {
        let others = comment.from.0 != comment.page;
        let whole = json!({
            "id": id,
            "message": comment.message,
            "from": { "id": comment.from.0, "name": comment.from.1 },
            "created_time": graph_time(comment.created),
            "parent": comment.parent.as_ref().map(|parent| json!({ "id": parent })),
            "attachment": comment.attachment.clone().map(|attachment| self.with_fresh_url(state, attachment)),
            "is_hidden": comment.hidden,
            "user_likes": comment.liked,
            "can_hide": others,
            "can_comment": true,
            "can_remove": true,
            "can_reply_privately": others && !comment.answered_privately,
            "permalink_url": format!("https://www.facebook.com/{}?comment_id={id}", comment.post),
        });
        let fields = ask.text("fields").unwrap_or_else(|| "created_time,from,message".to_owned());
        // `parent{id}`: what is asked of a part is all that there is of it.
        let wanted = |key: &str| fields.split(',').any(|field| field.split('{').next() == Some(key));
        let all = whole.as_object().into_iter().flatten();
        all.filter(|(key, value)| (*key == "id" || wanted(key)) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// # Errors
/// If it is too long.
fn message(ask: &Ask) -> Result<String, Refusal> {
    let message = ask.text("message").unwrap_or_default();
    match message.chars().count() > LONGEST_COMMENT {
        true => Err(Refusal::parameter(format!("message must be at most {LONGEST_COMMENT} characters long."))),
        false => Ok(message),
    }
}

/// What the id of a comment begins with: a post is called page_post, a comment post_comment.
fn post_part(on: &str, is_post: bool) -> &str {
    on.split('_').nth(usize::from(is_post)).unwrap_or(on)
}

/// `2026-05-28T10:00:00+0000`.
fn graph_time(at: relevo_adapters::Millis) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second) = at.to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}+0000", at.date())
}
