//! What Meta knows.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use bytes::Bytes;
use relevo_adapters::Millis;
use serde_json::Value;

use super::{
    super::pace::{Bucket, Window},
    refusal::Refusal,
};

/// `whatsapp.md §8`.
const PER_SECOND: usize = 80;
/// `whatsapp.md §8`: one per so long to the same user, and bursts.
const PAIR_INTERVAL: Duration = Duration::from_secs(6);
const PAIR_BURST: u32 = 45;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) numbers: HashMap<String, Number>,
    pub(super) businesses: HashMap<String, Business>,
    pub(super) pages: HashMap<String, Page>,
    /// Tokens that are no longer good, with the subcode that says why.
    pub(super) dead_tokens: HashMap<String, i64>,
    /// When a user last wrote; by digits.
    pub(super) wrote: HashMap<String, Millis>,
    /// Users that cannot be reached at all, refused at once.
    pub(super) strangers: HashSet<String>,
    /// Users whose messages are accepted and fail later, with the code.
    pub(super) fates: HashMap<String, i64>,
    pub(super) media: HashMap<String, Media>,
    /// URLs of earlier generations no longer lead anywhere.
    pub(super) generation: u64,
    /// Messages that were accepted, by wamid.
    pub(super) sent: HashMap<String, Outgoing>,
    /// Posts with their Page.
    pub(super) posts: HashMap<String, String>,
    pub(super) comments: BTreeMap<String, Comment>,
    /// Ids of comments in the order in which they were made.
    pub(super) order: Vec<String>,
    made: u64,
}

/// A phone number of a business.
#[derive(Debug)]
pub(super) struct Number {
    pub(super) business: String,
    pub(super) token: String,
    pub(super) pace: Window,
    pub(super) pairs: HashMap<String, Bucket>,
    /// Where events of this number go instead, and the token that proves it.
    pub(super) callback: Option<Value>,
}

impl Number {
    pub(super) fn new(business: &str, token: &str) -> Self {
        Self {
            business: business.to_owned(),
            token: token.to_owned(),
            pace: Window::new(PER_SECOND, Duration::from_secs(1)),
            pairs: HashMap::new(),
            callback: None,
        }
    }

    pub(super) fn pair(&mut self, user: &str) -> &mut Bucket {
        self.pairs.entry(user.to_owned()).or_insert_with(|| Bucket::new(PAIR_INTERVAL, PAIR_BURST))
    }
}

/// A WhatsApp Business Account.
#[derive(Debug, Default)]
pub(super) struct Business {
    pub(super) token: String,
    pub(super) subscribed: bool,
    pub(super) templates: Vec<super::Template>,
}

#[derive(Debug)]
pub(super) struct Page {
    pub(super) name: String,
    pub(super) token: String,
    /// Fields of the subscription; `None` without one.
    pub(super) subscribed: Option<Vec<String>>,
}

/// A file that Meta keeps.
#[derive(Debug, Clone)]
pub(super) struct Media {
    /// The number or Page that uploaded it, or that was sent it.
    pub(super) owner: String,
    pub(super) mime: String,
    pub(super) sha256: String,
    pub(super) bytes: Bytes,
    pub(super) expired: bool,
}

/// A WhatsApp message of ours.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) number: String,
    pub(super) user: String,
    pub(super) mark: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) page: String,
    pub(super) post: String,
    /// The comment that it answers.
    pub(super) parent: Option<String>,
    /// Id and name of its author.
    pub(super) from: (String, String),
    pub(super) message: String,
    pub(super) attachment: Option<Value>,
    pub(super) created: Millis,
    pub(super) hidden: bool,
    pub(super) liked: bool,
    /// Its one private reply is used.
    pub(super) answered_privately: bool,
}

impl State {
    /// A new number for an id.
    pub(super) fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// A new id that looks like one of Meta's.
    pub(super) fn next_id(&mut self) -> String {
        (1_220_100_000_000_000 + self.next()).to_string()
    }

    /// # Errors
    /// If the token is not one that Meta gave, or is dead.
    pub(super) fn check_token(&self, token: Option<&str>) -> Result<(), Refusal> {
        let known = |token: &&str| {
            self.numbers.values().any(|number| number.token == *token)
                || self.pages.values().any(|page| page.token == *token)
                || self.businesses.values().any(|business| business.token == *token)
        };
        match token {
            None => Err(Refusal::of(190).titled("An access token is required to request this resource.")),
            Some(token) if self.dead_tokens.contains_key(token) => {
                Err(Refusal::of(190).subcode(self.dead_tokens[token]))
            }
            Some(token) if known(&token) => Ok(()),
            Some(_) => Err(Refusal::of(190).titled("Invalid OAuth access token - Cannot parse access token")),
        }
    }
}
