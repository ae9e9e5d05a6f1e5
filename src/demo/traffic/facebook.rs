//! Comments on a Facebook Page (`facebook-comments.md §2, §3`).

use std::collections::{HashMap, VecDeque};

use relevo_adapters::Millis;
use serde_json::{Map, Value, json};

use super::{
    Call, Effect, Piece, Platform, Target,
    cast::{Cast, Deck},
    meta::App,
    people::Person,
    said, seconds,
    words::{ANSWERS, COMMENTS, POSTS, REPLIES, SHOP},
};
use crate::demo::random::Random;

/// What visitors and the Page do.
#[derive(Debug, Clone, Copy)]
enum Act {
    Comment,
    Photo,
    Anonymous,
    Reply,
    Edit,
    Hide,
    Remove,
    Echo,
    Reaction,
}

const ACTS: [Act; 13] = [
    Act::Comment,
    Act::Comment,
    Act::Comment,
    Act::Comment,
    Act::Reply,
    Act::Reply,
    Act::Photo,
    Act::Anonymous,
    Act::Edit,
    Act::Hide,
    Act::Remove,
    Act::Echo,
    Act::Reaction,
];

/// A comment that is there.
#[derive(Debug, Clone)]
struct Comment {
    id: String,
    /// At the top of its thread.
    root: String,
    words: String,
    created: i64,
    hidden: bool,
}

/// The Page, seen from Meta's side.
#[derive(Debug)]
pub(in crate::demo) struct Facebook {
    app: App,
    page: String,
    page_name: String,
    /// What photos' URLs begin and end with.
    photos: (String, &'static str),
    random: Random,
    cast: Cast,
    deck: Deck<Act>,
    comments: HashMap<Person, Vec<Comment>>,
}

impl Facebook {
    pub(in crate::demo) fn new(target: &Target, seed: u64) -> Option<Self> {
        let setting = |key: &str| target.settings.get(key);
        let mut random = Random::new(seed);
        Some(Self {
            app: App::new(setting("app_secret")?),
            page: setting("page_id")?.to_owned(),
            page_name: setting("page_name").unwrap_or(SHOP).to_owned(),
            photos: photos(setting("graph_url").unwrap_or_default()),
            cast: Cast::new(&mut random),
            deck: Deck::of(&ACTS),
            comments: HashMap::new(),
            random,
        })
    }

    fn comment(&mut self, now: Millis) -> Call {
        let person = self.cast.line(&mut self.random).person;
        let words = *self.random.pick(&COMMENTS);
        self.add(person, None, json!({ "message": words }), ("text", said(person, words)), now)
    }

    fn photo(&mut self, now: Millis) -> Call {
        let person = self.cast.line(&mut self.random).person;
        let photo = format!("{}{}{}", self.photos.0, self.random.hex(), self.photos.1);
        let words = "Así se ve en mi casa 😍";
        let about = format!("{} comments with a photo: «{words}»", person.name());
        self.add(person, None, json!({ "message": words, "photo": photo }), ("image", about), now)
    }

    fn reply(&mut self, person: Person, to: &Comment, now: Millis) -> Call {
        let words = *self.random.pick(&REPLIES);
        let about = format!("{} (in the same thread)", said(person, words));
        self.add(person, Some(to.root.clone()), json!({ "message": words }), ("text", about), now)
    }

    /// A visitor's comment, at top level or below `parent`.
    fn add(
        &mut self,
        person: Person,
        parent: Option<String>,
        content: Value,
        (kind, about): (&'static str, String),
        now: Millis,
    ) -> Call {
        let id = self.comment_id(person);
        let comment = Comment {
            root: parent.clone().unwrap_or_else(|| id.clone()),
            words: content["message"].as_str().unwrap_or_default().to_owned(),
            created: seconds(now),
            hidden: false,
            id: id.clone(),
        };
        self.comments.entry(person).or_default().push(comment);
        let mut value = self.value(person, "comment", "add", seconds(now));
        value["comment_id"] = json!(id);
        value["from"] = visitor(person);
        if let Some(parent) = parent {
            value["parent_id"] = json!(parent);
        }
        extend(&mut value, content);
        let conversation = self.conversation(person);
        self.push(person, value, about, Piece { id, conversation, effect: Effect::Message(kind) }, now)
    }

    /// Of some commenters Facebook says nothing.
    fn anonymous(&mut self, now: Millis) -> Call {
        let person = self.cast.line(&mut self.random).person;
        let words = *self.random.pick(&COMMENTS);
        let id = self.comment_id(person);
        let mut value = self.value(person, "comment", "add", seconds(now));
        extend(&mut value, json!({ "comment_id": &id, "message": words }));
        let piece = Piece { conversation: format!("anonymous {id}"), id, effect: Effect::Message("text") };
        self.push(person, value, format!("somebody unnamed: «{words}»"), piece, now)
    }

    fn edit(&mut self, person: Person, comment: &Comment, now: Millis) -> Call {
        let words = format!("{} (editado)", comment.words);
        self.keep(person, Comment { words: words.clone(), ..comment.clone() });
        let about = format!("{} edits a comment: «{words}»", person.name());
        let change = json!({ "from": visitor(person), "message": words, "created_time": comment.created });
        self.change(person, comment, "edited", change, about, now)
    }

    fn hide(&mut self, person: Person, comment: &Comment, now: Millis) -> Call {
        self.keep(person, Comment { hidden: true, ..comment.clone() });
        let about = format!("{} hides a comment of {}", self.page_name, person.name());
        let change = json!({ "from": self.author(), "message": comment.words, "created_time": comment.created });
        self.change(person, comment, "hide", change, about, now)
    }

    fn remove(&mut self, person: Person, comment: &Comment, now: Millis) -> Call {
        self.comments.entry(person).or_default().retain(|kept| kept.id != comment.id);
        let about = format!("{} deletes a comment", person.name());
        self.change(person, comment, "remove", json!({ "from": visitor(person) }), about, now)
    }

    fn reaction(&mut self, person: Person, comment: &Comment, now: Millis) -> Call {
        let fan = Person::at(self.random.below(Person::COUNT));
        let mut value = self.value(person, "reaction", "add", seconds(now));
        let change = json!({ "comment_id": comment.id, "from": visitor(fan), "reaction_type": "love" });
        extend(&mut value, change);
        let about = format!("{} loves a comment of {}", fan.name(), person.name());
        let piece = self.unseen(person);
        self.push(person, value, about, piece, now)
    }

    /// The Page answers in Facebook itself.
    fn echo(&mut self, person: Person, comment: &Comment, now: Millis) -> Call {
        let words = *self.random.pick(&ANSWERS);
        let id = self.comment_id(person);
        let mut value = self.value(person, "comment", "add", seconds(now));
        let change = json!({ "comment_id": &id, "parent_id": comment.root, "from": self.author(), "message": words });
        extend(&mut value, change);
        let about = format!("{} answers {} in Facebook: «{words}»", self.page_name, person.name());
        let conversation = self.conversation(person);
        self.push(person, value, about, Piece { id, conversation, effect: Effect::Aside("text") }, now)
    }

    fn change(
        &mut self,
        person: Person,
        comment: &Comment,
        verb: &str,
        content: Value,
        about: String,
        now: Millis,
    ) -> Call {
        let mut value = self.value(person, "comment", verb, seconds(now));
        value["comment_id"] = json!(comment.id);
        if comment.root != comment.id {
            value["parent_id"] = json!(comment.root);
        }
        extend(&mut value, content);
        let piece = self.unseen(person);
        self.push(person, value, about, piece, now)
    }

    fn keep(&mut self, person: Person, comment: Comment) {
        let kept = self.comments.entry(person).or_default().iter_mut().find(|kept| kept.id == comment.id);
        if let Some(kept) = kept {
            *kept = comment;
        }
    }

    fn unseen(&mut self, person: Person) -> Piece {
        Piece { id: self.random.hex(), conversation: self.conversation(person), effect: Effect::Change }
    }

    /// What every `value` of the feed has in common; below the post unless the caller says otherwise.
    fn value(&self, person: Person, item: &str, verb: &str, created: i64) -> Value {
        let post = self.post(person);
        json!({ "item": item, "verb": verb, "post_id": &post, "parent_id": &post, "created_time": created,
            "post": { "id": &post, "status_type": "added_photos", "is_published": true,
                "promotion_status": "inactive", "message": POSTS[place(person)],
                "permalink_url": format!("https://www.example.com/{post}") } })
    }

    fn push(&self, person: Person, value: Value, about: String, piece: Piece, now: Millis) -> Call {
        let payload = json!({ "object": "page", "entry": [{ "id": self.page, "time": seconds(now),
            "changes": [{ "field": "feed", "value": value }] }] });
        let (path, headers, body) = self.app.push(&payload);
        Call { path, headers, body, about, lane: self.post(person), pieces: vec![piece] }
    }

    fn author(&self) -> Value {
        json!({ "id": self.page, "name": self.page_name })
    }

    fn post(&self, person: Person) -> String {
        format!("{}_99000000000055{}", self.page, place(person))
    }

    /// One person under one post is one conversation.
    fn conversation(&self, person: Person) -> String {
        format!("{}:{}", self.post(person), person.page_scoped_id())
    }

    fn comment_id(&mut self, person: Person) -> String {
        format!("99000000000055{}_{}{:010}", place(person), 1 + self.random.below(9), self.random.id())
    }

    /// Acts about a comment that is there.
    fn follow(&mut self, act: Act, now: Millis) -> Option<Call> {
        let comments = &self.comments;
        let has = |person| comments.get(&person).is_some_and(|comments| !comments.is_empty());
        let person = self.cast.person(&mut self.random, has)?;
        let comment = self.comments.get(&person)?.last()?.clone();
        Some(match act {
            Act::Edit => self.edit(person, &comment, now),
            Act::Hide if comment.hidden => return None,
            Act::Hide => self.hide(person, &comment, now),
            Act::Remove => self.remove(person, &comment, now),
            Act::Echo => self.echo(person, &comment, now),
            Act::Reaction => self.reaction(person, &comment, now),
            _ => self.reply(person, &comment, now),
        })
    }
}

impl Platform for Facebook {
    fn perform(&mut self, now: Millis, _: &mut VecDeque<Call>) -> Call {
        match self.deck.draw(&mut self.random).unwrap_or(Act::Comment) {
            Act::Comment => self.comment(now),
            Act::Photo => self.photo(now),
            Act::Anonymous => self.anonymous(now),
            act @ (Act::Reply | Act::Edit | Act::Hide | Act::Remove | Act::Echo | Act::Reaction) => {
                self.follow(act, now).unwrap_or_else(|| self.comment(now))
            }
        }
    }
}

fn visitor(person: Person) -> Value {
    json!({ "id": person.page_scoped_id(), "name": person.name() })
}

/// Where photos are: with a pretend platform, as only those are asked without TLS, or nowhere.
fn photos(graph: &str) -> (String, &'static str) {
    match graph.strip_prefix("http://").and_then(|rest| rest.split('/').next()) {
        Some(host) => (format!("http://{host}/scontent/"), "?oe=0"),
        None => ("https://scontent.example.net/v/".to_owned(), ".jpg?oh=00&oe=6A000000"),
    }
}

/// Everybody comments on one post.
fn place(person: Person) -> usize {
    usize::try_from(person.number()).unwrap_or_default() % POSTS.len()
}

fn extend(value: &mut Value, more: Value) {
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        let more: Map<String, Value> = more;
        value.extend(more);
    }
}
