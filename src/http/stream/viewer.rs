//! Who looks on, and what he may see.

use std::collections::HashSet;

use serde_json::Value;

use crate::{desk::clients::Role, http::access::Caller, store::events::EventRow};

/// Channels that one stream may listen to, and bytes of a name (P8).
const MOST: usize = 50;
const LONGEST: usize = 200;

/// Somebody who looks on.
#[derive(Debug, Clone)]
pub(super) struct Viewer {
    pub(super) company: i64,
    pub(super) caller: Caller,
    /// An agent's groups.
    pub(super) groups: HashSet<i64>,
    /// Realtime channels that he listens to.
    pub(super) channels: HashSet<String>,
}

/// Why somebody may not listen to what he asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unheard {
    /// The names cannot be channels.
    Names,
    /// One is another person's.
    Private,
}

impl Viewer {
    /// The agent who sees only what is his: a person with that role. Everybody else sees all of the company.
    pub(super) fn agent(&self) -> Option<i64> {
        self.caller.user.filter(|_| self.caller.role == Role::Agent)
    }

    /// What stands for him where streams are counted: the person, or the program.
    pub(super) fn key(&self) -> (Option<i64>, i64) {
        (self.caller.user, if self.caller.user.is_some() { 0 } else { self.caller.client_id })
    }

    /// Whether he sees an event.
    pub(super) fn sees(&self, event: &EventRow) -> bool {
        if event.company_id != self.company {
            return false;
        }
        match (&event.channel, self.agent()) {
            (Some(channel), _) => self.channels.contains(channel),
            (None, None) => true,
            (None, Some(agent)) => {
                let own = event.agent_id == Some(agent);
                own || (event.ticket_id.is_some()
                    && (event.group_id.is_some_and(|group| self.groups.contains(&group)) || self.loses(event, agent)))
            }
        }
    }

    /// Whether a ticket leaves him or one of his groups by it.
    fn loses(&self, event: &EventRow, agent: i64) -> bool {
        if !event.data.contains("_anterior\"") {
            return false;
        }
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        data["usua_anterior"].as_i64() == Some(agent)
            || data["grup_anterior"].as_i64().is_some_and(|group| self.groups.contains(&group))
    }
}

/// The realtime channels of `?channels=a,b`, if the caller may listen to all of them. A person's channel is for that
/// person, admins and programs.
pub(super) fn channels(caller: Caller, asked: &str) -> Result<HashSet<String>, Unheard> {
    let names: HashSet<String> =
        asked.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if names.len() > MOST || names.iter().any(|name| name.len() > LONGEST) {
        return Err(Unheard::Names);
    }
    let allowed = |name: &String| match (caller.user, caller.role, owner(name)) {
        (None, ..) | (_, Role::Admin, _) | (.., Owner::Nobody) => true,
        (Some(user), _, Owner::Person(owner)) => user == owner,
        (Some(_), _, Owner::Customer) => false,
    };
    match names.iter().all(allowed) {
        true => Ok(names),
        false => Err(Unheard::Private),
    }
}

/// Whose a channel is.
enum Owner {
    Nobody,
    Person(i64),
    /// A customer's, or one that cannot be told.
    Customer,
}

fn owner(channel: &str) -> Owner {
    let person = |id: &str| id.parse().map_or(Owner::Customer, Owner::Person);
    match channel.split_once('.') {
        Some(("privateuser", id)) => person(id),
        // `client.{customer}.{user}`.
        Some(("client", rest)) => rest.split_once('.').map_or(Owner::Customer, |(_, user)| person(user)),
        Some((kind, _)) if kind.starts_with("private") => Owner::Customer,
        _ => Owner::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(user: Option<i64>, role: Role) -> Caller {
        Caller { client_id: 1, user, token: None, company: Some(1), role }
    }

    fn viewer(user: Option<i64>, role: Role) -> Viewer {
        let channels = ["publicchat.general".to_owned()].into();
        Viewer { company: 1, caller: caller(user, role), groups: [10, 11].into(), channels }
    }

    fn event(group: Option<i64>, agent: Option<i64>, data: &str) -> EventRow {
        EventRow {
            id: 1,
            tx: 0,
            company_id: 1,
            kind: "ticket.assigned".into(),
            ticket_id: Some("t".into()),
            group_id: group,
            agent_id: agent,
            channel: None,
            data: data.into(),
            at: 0,
        }
    }

    #[test]
    fn p9_an_agent_sees_its_groups_its_own_tickets_and_what_leaves_them() {
        let agent = viewer(Some(7), Role::Agent);
        assert!(agent.sees(&event(Some(10), None, "{}")) && agent.sees(&event(Some(99), Some(7), "{}")));
        assert!(agent.sees(&event(Some(99), Some(8), r#"{"grup_anterior":11}"#)), "it left the agent's group");
        assert!(agent.sees(&event(None, None, r#"{"usua_anterior":7}"#)), "it left the agent");
        assert!(!agent.sees(&event(Some(99), Some(8), r#"{"grup_anterior":98}"#)));
        assert!(!agent.sees(&event(None, None, "{}")));
        let presence = |of| EventRow { ticket_id: None, ..event(Some(10), Some(of), "{}") };
        assert!(agent.sees(&presence(7)) && !agent.sees(&presence(8)), "its own presence alone");
    }

    #[test]
    fn p9_nobody_sees_another_company_and_all_others_see_the_whole_of_their_own() {
        for role in Role::ALL {
            let foreign = EventRow { company_id: 2, ..event(Some(10), Some(7), "{}") };
            assert!(!viewer(Some(7), role).sees(&foreign) && !viewer(None, role).sees(&foreign));
            assert!(viewer(None, role).sees(&event(Some(99), Some(8), "{}")), "a program");
        }
        assert!(viewer(Some(7), Role::Operator).sees(&event(Some(99), Some(8), "{}")));
    }

    #[test]
    fn what_was_sent_to_a_channel_is_heard_by_who_asked_for_it() {
        let sent = |channel: &str| EventRow { channel: Some(channel.into()), ..event(Some(10), Some(7), "{}") };
        for viewer in [viewer(Some(7), Role::Agent), viewer(Some(7), Role::Admin), viewer(None, Role::Integration)] {
            assert!(viewer.sees(&sent("publicchat.general")) && !viewer.sees(&sent("publicchat.support")));
        }
    }

    #[test]
    fn p9_a_persons_channel_is_heard_by_that_person_admins_and_programs() {
        let agent = caller(Some(7), Role::Agent);
        let ask = |caller, names: &str| channels(caller, names).map(|names| names.len());
        assert_eq!(ask(agent, " privateuser.7, presencechat.1 ,client.9.7,,publicchat.x"), Ok(4));
        for name in ["privateuser.8", "privateuser.x", "client.9.8", "client.7", "privateclient.7"] {
            assert_eq!(ask(agent, name), Err(Unheard::Private), "{name}");
            assert_eq!(ask(caller(Some(7), Role::Operator), name), Err(Unheard::Private), "{name}");
            assert_eq!(ask(caller(Some(7), Role::Admin), name), Ok(1), "{name}");
            assert_eq!(ask(caller(None, Role::Integration), name), Ok(1), "{name}");
        }
        assert_eq!(ask(agent, &"x".repeat(201)), Err(Unheard::Names));
        let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
        assert_eq!(ask(agent, &many.join(",")), Err(Unheard::Names));
    }
}
