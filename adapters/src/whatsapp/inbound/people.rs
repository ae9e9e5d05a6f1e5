//! Who a piece is from or for: a user has a phone-based id, a business-scoped id, or both (`whatsapp.md §4.1`).

use serde_json::Value;

use crate::{Identity, Party, ThreadRef, json};

/// The names of one user. Since 2026 the phone-based one may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::whatsapp) struct Names {
    pub(in crate::whatsapp) user_id: Option<String>,
    pub(in crate::whatsapp) wa_id: Option<String>,
    /// The business-scoped id in the parent portfolio (`DE.ENT.…`): it tells who somebody is, not which thread.
    pub(in crate::whatsapp) parent_user_id: Option<String>,
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.user_id.is_none() && self.wa_id.is_none()
    }

    pub(in crate::whatsapp) fn aliases(&self) -> Vec<String> {
        let user_id = self.user_id.as_ref().map(|id| format!("u:{id}"));
        let wa_id = self.wa_id.as_deref().map(number_alias);
        user_id.into_iter().chain(wa_id).collect()
    }

    pub(in crate::whatsapp) fn identities(&self) -> Vec<Identity> {
        let named = |scheme, id: &Option<String>| id.as_deref().map(|id| Identity::new(scheme, id));
        [
            named(Identity::BSUID, &self.user_id),
            named(Identity::BSUID, &self.parent_user_id),
            named(Identity::WA_ID, &self.wa_id),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The thread of this user; `None` if nothing names it.
    pub(super) fn thread(&self) -> Option<ThreadRef> {
        thread(self.aliases())
    }

    pub(super) fn party(&self, contact: Option<&Value>) -> Option<Party> {
        let profile = contact.and_then(|contact| contact.get("profile"));
        let said = |key| profile.and_then(|profile| json::str(profile, key)).map(str::to_owned);
        let party = Party {
            identities: self.identities(),
            name: said("name"),
            account: self.wa_id.as_deref().map(international).or_else(|| said("username")),
            language: None,
        };
        (party != Party::default()).then_some(party)
    }
}

/// A thread with these names, the most stable first; `None` without any.
pub(super) fn thread(aliases: Vec<String>) -> Option<ThreadRef> {
    let partition = aliases.first()?.clone();
    Some(ThreadRef { partition, aliases, ..ThreadRef::default() })
}

/// How a number names its user's thread.
pub(super) fn number_alias(wa_id: &str) -> String {
    format!("p:{wa_id}")
}

/// The thread of a group.
pub(super) fn group_thread(group_id: &str) -> Option<ThreadRef> {
    thread(vec![format!("g:{group_id}")])
}

/// Where news about the channel itself belong: to no thread.
pub(super) fn channel_thread() -> ThreadRef {
    ThreadRef { partition: "channel".to_owned(), ..ThreadRef::default() }
}

/// The id under `key`, whether written as text or number.
pub(in crate::whatsapp) fn id(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(json::id)
}

/// The phone-based id under `key`, as bare digits.
pub(in crate::whatsapp) fn wa_id(value: &Value, key: &str) -> Option<String> {
    let text = id(value, key)?;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_number = !digits.is_empty() && text.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
    Some(if is_number { digits } else { text })
}

fn international(wa_id: &str) -> String {
    match wa_id.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("+{wa_id}"),
        false => wa_id.to_owned(),
    }
}

/// The `contacts[]` of one change.
pub(super) struct People<'a> {
    contacts: Vec<Contact<'a>>,
    /// All pieces of the change are of one user and there is one contact: it is theirs unless an id says otherwise.
    of_one_user: bool,
}

struct Contact<'a> {
    names: Names,
    card: &'a Value,
}

impl<'a> People<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        let contact = |card| Contact {
            names: Names {
                user_id: id(card, "user_id"),
                wa_id: wa_id(card, "wa_id"),
                parent_user_id: id(card, "parent_user_id"),
            },
            card,
        };
        let contacts: Vec<Contact<'a>> = json::array(value, "contacts").iter().map(contact).collect();
        let mut users = ["messages", "statuses", "message_echoes"]
            .into_iter()
            .flat_map(|list| json::array(value, list))
            .map(|piece| USER_KEYS.map(|key| piece.get(key)));
        let first = users.next();
        let of_one_user = contacts.len() == 1 && users.all(|user| Some(user) == first);
        Self { contacts, of_one_user }
    }

    /// Completes `names` from the contact that is theirs, and returns its card.
    pub(super) fn complete(&self, names: Names) -> (Names, Option<&'a Value>) {
        match self.find(&names) {
            Some(Contact { names: known, card }) => {
                let names = Names {
                    user_id: names.user_id.or_else(|| known.user_id.clone()),
                    wa_id: known.wa_id.clone().or(names.wa_id),
                    parent_user_id: names.parent_user_id.or_else(|| known.parent_user_id.clone()),
                };
                (names, Some(card))
            }
            None => (names, None),
        }
    }

    /// By an equal id; a sole contact also without one.
    fn find(&self, names: &Names) -> Option<&Contact<'a>> {
        let equal = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        let differ = |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
        let matches = |known: &Names| equal(&names.user_id, &known.user_id) || equal(&names.wa_id, &known.wa_id);
        let may_be = |known: &Names| !differ(&names.user_id, &known.user_id) && !differ(&names.wa_id, &known.wa_id);
        let sole = || self.contacts.first().filter(|contact| self.of_one_user && may_be(&contact.names));
        self.contacts.iter().find(|contact| matches(&contact.names)).or_else(sole)
    }
}

/// Where pieces name their user.
const USER_KEYS: [&str; 6] = ["from", "from_user_id", "to", "to_user_id", "recipient_id", "recipient_user_id"];
