//! What routing asks: queues and who serves them, what waits and who had it, and where tickets are.

use relevo::store::{
    Tx, groups,
    holidays::{self, HolidayRow},
    messages::{self, MessageRow},
    presence::{self, Change},
    routing::{self as store, Waiting},
    tickets::{self, Ticket},
    users,
};

use super::{
    NASTY, NOW,
    catalogue::{channel, companies, group, user},
    commit,
    messages::message,
    write,
};
use crate::support::for_each_database;

const ONLINE: i64 = 1;
const OFFLINE: i64 = 7;

/// One that waits in a group's queue since `since`.
fn waiting(number: i64, company: i64, group: Option<i64>, since: i64) -> Ticket {
    Ticket {
        id: format!("t{number:02}"),
        company_id: company,
        number,
        channel_id: 1,
        kind: "telegram".to_owned(),
        conversation_id: format!("c{number}"),
        state: "open".to_owned(),
        last_content: Some(NASTY.to_owned()),
        waiting_since: Some(since),
        group_id: group,
        created_at: since,
        updated_at: since,
        ..Ticket::default()
    }
}

fn owned(number: i64, company: i64, agent: i64) -> Ticket {
    Ticket {
        state: "inProgress".to_owned(),
        agent_id: Some(agent),
        waiting_since: None,
        assigned_at: Some(NOW),
        ..waiting(number, company, None, NOW)
    }
}

async fn save(tx: &mut Tx, rows: &[Ticket]) {
    tickets::save(tx, &rows.iter().collect::<Vec<_>>()).await.expect("saved");
}

fn numbers(rows: &[Ticket]) -> Vec<i64> {
    rows.iter().map(|row| row.number).collect()
}

async fn is(tx: &mut Tx, company: i64, user: i64, state: i64, at: i64) {
    let kind = if state == ONLINE { "online" } else { "offline" };
    presence::set(tx, Change { company, user, state, kind, by: None, at }).await.expect("set");
}

/// A message of a ticket.
async fn says(tx: &mut Tx, ticket: &Ticket, n: i64, origin: &str, at: i64) {
    let row = MessageRow {
        company_id: ticket.company_id,
        conversation_id: ticket.conversation_id.clone(),
        ticket_id: Some(ticket.id.clone()),
        direction: if origin == "contact" { "in" } else { "out" }.to_owned(),
        origin: origin.to_owned(),
        ..message(&format!("m{n}"), at)
    };
    messages::insert(tx, &[&row]).await.expect("inserted");
}

for_each_database! {
    a_channels_ways_are_those_to_groups_that_work_in_their_order: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, _) = companies(&mut tx).await;
        let chat = channel(&mut tx, ours, "telegram", "a").await;
        let mail = channel(&mut tx, ours, "email", "b").await;
        let (first, second, gone, idle) = (
            group(&mut tx, ours, NASTY, 1).await,
            group(&mut tx, ours, "Segundo", 2).await,
            group(&mut tx, ours, "Borrado", 0).await,
            group(&mut tx, ours, "Inactivo", 0).await,
        );
        for (place, of) in [(1, &first), (0, &second), (0, &gone), (0, &idle)] {
            groups::link_channel(&mut tx, ours, chat, of.id, true, place).await.expect("linked");
        }
        groups::delete(&mut tx, gone.id, None, NOW).await.expect("deleted");
        groups::update(&mut tx, &groups::Group { active: 0, ..idle.clone() }, NOW).await.expect("updated");
        let links = store::links(&mut tx, &[chat, mail, 999]).await.expect("asked");
        let seen: Vec<_> = links.iter().map(|link| (link.channel_id, link.queue.id, link.uses_bot)).collect();
        assert_eq!(seen, [(chat, second.id, 0), (chat, first.id, 0)], "the channel itself does not use its bot");
        relevo::store::links::set_uses_bot(&mut tx, ours, chat, true, NOW).await.expect("set");
        let links = store::links(&mut tx, &[chat]).await.expect("asked");
        assert!(links.iter().all(|link| link.uses_bot == 1), "{links:?}");
        let queue = &links[1].queue;
        assert_eq!((queue.company_id, queue.name.as_str(), queue.policy.as_str()), (ours, NASTY, "auto"));
        let known = store::queues(&mut tx, &[first.id, gone.id, idle.id, second.id]).await.expect("asked");
        assert_eq!(known.iter().map(|queue| queue.id).collect::<Vec<_>>(), [first.id, second.id]);
        assert_eq!(&known[0], queue);
        let eva = user(&mut tx, ours, "Eva").await;
        for of in [&second, &first, &gone] {
            groups::add_member(&mut tx, of.id, eva).await.expect("added");
        }
        assert_eq!(store::queues_of(&mut tx, eva).await.expect("asked"), known);
        assert!(store::is_member(&mut tx, first.id, eva).await.expect("asked"));
        assert!(!store::is_member(&mut tx, idle.id, eva).await.expect("asked"));
        commit(tx).await;
    }

    holidays_are_those_of_the_companies_between_two_days: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let own = group(&mut tx, ours, "Ventas", 1).await;
        let day = |day: &str, of: Option<i64>| HolidayRow {
            group_id: of,
            day: day.to_owned(),
            name: NASTY.to_owned(),
            hours: "[]".to_owned(),
        };
        let all = [day("2026-09-17", None), day("2026-09-18", None), day("2026-09-20", None)];
        holidays::replace(&mut tx, ours, None, &all).await.expect("set");
        holidays::replace(&mut tx, ours, Some(own.id), &[day("2026-09-19", Some(own.id))]).await.expect("set");
        holidays::replace(&mut tx, theirs, None, &[day("2026-09-18", None)]).await.expect("set");
        let found = store::holidays(&mut tx, &[ours], "2026-09-18", "2026-09-19").await.expect("asked");
        let seen: Vec<_> = found.iter().map(|it| (it.company_id, it.group_id, it.day.as_str(), it.name.as_str())).collect();
        assert_eq!(seen, [(ours, None, "2026-09-18", NASTY), (ours, Some(own.id), "2026-09-19", NASTY)]);
        commit(tx).await;
    }

    who_is_online_is_held_and_counted: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let (one, other) = (group(&mut tx, ours, "Uno", 1).await.id, group(&mut tx, ours, "Otro", 2).await.id);
        let (eva, leo, mia) =
            (user(&mut tx, ours, "Eva").await, user(&mut tx, ours, "Leo").await, user(&mut tx, ours, "Mia").await);
        for (of, who) in [(one, eva), (one, leo), (other, mia), (other, eva)] {
            groups::add_member(&mut tx, of, who).await.expect("added");
        }
        for who in [eva, mia] {
            is(&mut tx, ours, who, ONLINE, NOW).await;
        }
        save(&mut tx, &[owned(1, ours, eva), owned(2, ours, eva), owned(3, ours, leo)]).await;
        store::note_assigned(&mut tx, &[eva, mia], NOW + 7).await.expect("noted");
        store::note_assigned(&mut tx, &[], NOW + 9).await.expect("nothing to note");
        let mut held = store::lock_online(&mut tx, &[one]).await.expect("held");
        held.sort_unstable();
        assert_eq!(held, [eva], "who is not there, or in another group, is not held");
        let members = store::members(&mut tx, &[one, other]).await.expect("asked");
        let seen: Vec<_> = members
            .iter()
            .map(|it| (it.group_id, it.id, it.presence.as_str(), it.load, it.capacity, it.last_assigned_at))
            .collect();
        let last = Some(NOW + 7);
        let wanted = [
            (one, eva, "online", 2, 5, last),
            (one, leo, "offline", 0, 5, None),
            (other, eva, "online", 2, 5, last),
            (other, mia, "online", 0, 5, last),
        ];
        assert_eq!(seen, wanted);
        let agent = store::lock_agent(&mut tx, ours, eva).await.expect("held").expect("she is there");
        assert_eq!((agent.id, agent.name.as_str(), agent.presence.as_str(), agent.last_assigned_at), (eva, "Eva", "online", last));
        assert_eq!(store::lock_agent(&mut tx, theirs, eva).await.expect("asked"), None, "P9");
        assert_eq!(store::load(&mut tx, eva).await.expect("asked"), 2);
        commit(tx).await;
    }

    what_waits_is_given_by_priority_and_then_by_age: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, _) = companies(&mut tx).await;
        let (one, other) = (group(&mut tx, ours, "Uno", 1).await.id, group(&mut tx, ours, "Otro", 2).await.id);
        let eva = user(&mut tx, ours, "Eva").await;
        let leo = user(&mut tx, ours, "Leo").await;
        groups::add_member(&mut tx, one, eva).await.expect("added");
        groups::add_member(&mut tx, other, eva).await.expect("added");
        groups::add_member(&mut tx, other, leo).await.expect("added");
        assert_eq!(store::next(&mut tx, eva, 4).await.expect("asked"), None);
        assert_eq!(store::count_waiting(&mut tx, eva, 5).await.expect("asked"), 0);
        let rows = [
            waiting(1, ours, Some(one), NOW + 3),
            waiting(2, ours, Some(one), NOW + 1),
            Ticket { priority: 5, ..waiting(3, ours, Some(other), NOW + 9) },
            Ticket { excluded_agent_id: Some(eva), ..waiting(4, ours, Some(one), NOW) },
            Ticket { bot_id: Some(1), ..waiting(5, ours, Some(one), NOW) },
            owned(6, ours, leo),
            waiting(7, ours, None, NOW),
        ];
        save(&mut tx, &rows).await;
        let of_one = store::waiting(&mut tx, one, 0, 10).await.expect("asked");
        assert_eq!(numbers(&of_one), [4, 2, 1], "nobody is left out, least of all everything");
        assert_eq!(of_one[1], rows[1]);
        assert_eq!(numbers(&store::waiting(&mut tx, one, eva, 10).await.expect("asked")), [2, 1]);
        assert_eq!(numbers(&store::waiting(&mut tx, one, 0, 1).await.expect("asked")), [4]);
        for depth in [1, 64] {
            let next = store::next(&mut tx, eva, depth).await.expect("asked");
            assert_eq!(next.as_ref(), Some(&rows[2]), "the most urgent of all her queues");
        }
        assert_eq!(store::count_waiting(&mut tx, eva, 10).await.expect("asked"), 4);
        assert_eq!(store::count_waiting(&mut tx, eva, 2).await.expect("asked"), 2);
        assert_eq!(store::count_waiting(&mut tx, leo, 10).await.expect("asked"), 1);
        let found = groups::find(&mut tx, ours, other).await.expect("asked").expect("it is there");
        groups::update(&mut tx, &groups::Group { active: 0, ..found }, NOW).await.expect("updated");
        let next = store::next(&mut tx, eva, 4).await.expect("asked");
        assert_eq!(next.map(|ticket| ticket.number), Some(4), "a group that rests gives none");
        commit(tx).await;
    }

    where_a_ticket_is_is_written_alone: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, _) = companies(&mut tx).await;
        let before = waiting(1, ours, Some(3), NOW);
        let beside = waiting(2, ours, Some(3), NOW);
        save(&mut tx, &[before.clone(), beside.clone()]).await;
        let placed = Ticket {
            state: "inProgress".to_owned(),
            waiting_since: None,
            close_reason: Some(NASTY.to_owned()),
            closed_at: Some(NOW + 1),
            reopened: 2,
            group_id: Some(4),
            agent_id: Some(5),
            previous_agent_id: Some(6),
            excluded_agent_id: Some(7),
            assigned_at: Some(NOW + 2),
            priority: 8,
            bot_id: Some(9),
            bot_until: Some(NOW + 3),
            answered_at: Some(NOW + 4),
            closed_by: Some(10),
            closed_told: 1,
            busy_told: Some(NOW + 5),
            updated_at: NOW + 6,
            ..before.clone()
        };
        let said = Ticket { last_content: None, subject: Some("Otro".to_owned()), ..placed.clone() };
        tickets::place(&mut tx, &[&said]).await.expect("written");
        assert_eq!(tickets::find(&mut tx, ours, &before.id).await.expect("asked"), Some(placed), "what was said stays");
        assert_eq!(tickets::find(&mut tx, ours, &beside.id).await.expect("asked"), Some(beside));
        commit(tx).await;
    }

    who_is_gone_gives_back_what_nobody_answered_since: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, _) = companies(&mut tx).await;
        let (eva, leo) = (user(&mut tx, ours, "Eva").await, user(&mut tx, ours, "Leo").await);
        is(&mut tx, ours, leo, ONLINE, NOW).await;
        is(&mut tx, ours, eva, OFFLINE, NOW).await;
        let rows: Vec<Ticket> = (1..=5).map(|n| owned(n, ours, if n == 5 { leo } else { eva })).collect();
        save(&mut tx, &rows).await;
        // 1: nothing was said. 2: answered since. 3: told by the house before she had it. 4: wrote again.
        says(&mut tx, &rows[1], 1, "contact", NOW - 9).await;
        says(&mut tx, &rows[1], 2, "agent", NOW + 1).await;
        says(&mut tx, &rows[2], 3, "contact", NOW - 9).await;
        says(&mut tx, &rows[2], 4, "agent", NOW - 5).await;
        says(&mut tx, &rows[3], 5, "agent", NOW + 1).await;
        says(&mut tx, &rows[3], 6, "contact", NOW + 2).await;
        let mut gone = store::unanswered_of_gone(&mut tx, NOW + 1, 10).await.expect("asked");
        gone.sort_unstable();
        assert_eq!(gone, ["t01", "t03", "t04"]);
        assert_eq!(store::unanswered_of_gone(&mut tx, NOW + 1, 1).await.expect("asked").len(), 1);
        assert_eq!(store::unanswered_of_gone(&mut tx, NOW, 10).await.expect("asked"), [""; 0], "not for long enough");
        for row in &rows {
            let is = store::is_unanswered_of_gone(&mut tx, NOW + 1, &row.id).await.expect("asked");
            assert_eq!(is, gone.contains(&row.id), "{}", row.id);
        }
        let boss = users::find(&mut tx, ours, leo).await.expect("asked").expect("he is there");
        users::update(&mut tx, &users::User { active: 0, ..boss }).await.expect("updated");
        assert!(store::is_unanswered_of_gone(&mut tx, NOW + 1, "t05").await.expect("asked"), "may no longer work");
        commit(tx).await;
    }

    who_waits_and_was_not_told_is_found: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let own = group(&mut tx, ours, "Uno", 1).await;
        groups::update(&mut tx, &groups::Group { busy_message: Some(NASTY.to_owned()), ..own.clone() }, NOW).await.expect("updated");
        let rows = [
            waiting(1, ours, Some(own.id), NOW + 2),
            waiting(2, ours, None, NOW + 1),
            Ticket { busy_told: Some(NOW), ..waiting(3, ours, None, NOW) },
            Ticket { busy_told: Some(NOW - 1), ..waiting(4, ours, None, NOW + 3) },
            Ticket { bot_id: Some(1), ..waiting(5, ours, None, NOW) },
            waiting(6, theirs, None, NOW),
        ];
        save(&mut tx, &rows).await;
        let found = store::not_told(&mut tx, ours, 10).await.expect("asked");
        let row = |id: &str, busy_message: Option<&str>| Waiting { id: id.to_owned(), busy_message: busy_message.map(str::to_owned) };
        assert_eq!(found, [row("t02", None), row("t01", Some(NASTY)), row("t04", None)]);
        assert_eq!(store::not_told(&mut tx, ours, 1).await.expect("asked").len(), 1);
        commit(tx).await;
    }

    what_presence_was_is_kept_in_spans: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let eva = user(&mut tx, ours, "Eva").await;
        let own = presence::insert(&mut tx, ours, NASTY, "away").await.expect("added");
        let states = presence::states(&mut tx, ours).await.expect("asked");
        assert_eq!(states.last().map(|state| (state.id, state.name.as_str(), state.kind.as_str())), Some((own, NASTY, "away")));
        assert!(presence::states(&mut tx, theirs).await.expect("asked").iter().all(|state| state.id != own), "P9");
        is(&mut tx, ours, eva, ONLINE, NOW).await;
        presence::set(&mut tx, Change { company: ours, user: eva, state: own, kind: "away", by: Some(eva), at: NOW + 5 }).await.expect("set");
        let spans = presence::history(&mut tx, ours, 0, (NOW, NOW + 9), 10).await.expect("asked");
        let seen: Vec<_> = spans.iter().map(|it| (it.user_id, it.name.as_str(), it.at, it.until, it.changed_by)).collect();
        assert_eq!(seen[0], (eva, NASTY, NOW + 5, None, Some(eva)));
        assert_eq!((seen[1].0, seen[1].2, seen[1].3, seen[1].4), (eva, NOW, Some(NOW + 5), None));
        assert_eq!(spans.len(), 2);
        let early = presence::history(&mut tx, ours, eva, (NOW, NOW + 5), 10).await.expect("asked");
        assert_eq!(early.len(), 1, "what began at the end is not in it");
        assert!(presence::history(&mut tx, theirs, 0, (NOW, NOW + 9), 10).await.expect("asked").is_empty(), "P9");
        commit(tx).await;
    }

    automatic_groups_that_can_be_filled_are_found: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, _) = companies(&mut tx).await;
        let chat = channel(&mut tx, ours, "telegram", "a").await;
        let (auto, pulled) = (group(&mut tx, ours, "Auto", 1).await, group(&mut tx, ours, "Manual", 2).await);
        groups::update(&mut tx, &groups::Group { policy: "manual".to_owned(), ..pulled.clone() }, NOW).await.expect("updated");
        let eva = user(&mut tx, ours, "Eva").await;
        for of in [&auto, &pulled] {
            groups::add_member(&mut tx, of.id, eva).await.expect("added");
        }
        save(&mut tx, &[waiting(1, ours, Some(auto.id), NOW), waiting(2, ours, Some(pulled.id), NOW)]).await;
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        assert_eq!(store::groups_to_fill(&mut tx, None).await.expect("asked"), [], "nobody is there");
        is(&mut tx, ours, eva, ONLINE, NOW).await;
        assert_eq!(store::groups_to_fill(&mut tx, None).await.expect("asked"), [(ours, auto.id)]);
        save(&mut tx, &(10..15).map(|n| owned(n, ours, eva)).collect::<Vec<_>>()).await;
        assert_eq!(store::groups_to_fill(&mut tx, None).await.expect("asked"), [], "she has as many as may be");
        let lost = Ticket { channel_id: chat, ..waiting(3, ours, Some(999), NOW) };
        save(&mut tx, &[lost, Ticket { channel_id: chat, ..waiting(4, ours, Some(auto.id), NOW) }]).await;
        assert_eq!(store::ungrouped(&mut tx, None, 10).await.expect("asked"), [""; 0], "the channel has no group either");
        groups::link_channel(&mut tx, ours, chat, auto.id, false, 1).await.expect("linked");
        assert_eq!(store::ungrouped(&mut tx, None, 10).await.expect("asked"), ["t03"]);
        commit(tx).await;
    }
}
