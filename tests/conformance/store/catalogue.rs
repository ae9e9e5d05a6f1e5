//! Groups and who is in them, links, departments, holidays, questions, quick replies and posts.

use relevo::store::{
    Tx, channels,
    channels::ChannelRow,
    companies,
    departments::{self, Department},
    faqs::{self, Faq},
    groups::{self, Group},
    holidays::{self, HolidayRow},
    links::{self, LinkChange},
    publications::{self, Publication},
    quick_replies::{self, QuickReply},
    routing,
    tickets::{self, Ticket},
    users::{self, User},
};

use super::{NASTY, NOW, commit, is_duplicate, read, write};
use crate::support::for_each_database;

/// Two companies.
pub(super) async fn companies(tx: &mut Tx) -> (i64, i64) {
    let first = companies::insert(tx, "Uno", NOW).await.expect("added");
    (first, companies::insert(tx, "Dos", NOW).await.expect("added"))
}

pub(super) async fn group(tx: &mut Tx, company: i64, name: &str, position: i64) -> Group {
    let mut group = Group {
        company_id: company,
        name: name.to_owned(),
        policy: "auto".to_owned(),
        timezone: "America/Santiago".to_owned(),
        position,
        active: 1,
        created_at: NOW,
        updated_at: NOW,
        ..Group::default()
    };
    group.id = groups::insert(tx, &group).await.expect("added");
    group
}

pub(super) async fn user(tx: &mut Tx, company: i64, name: &str) -> i64 {
    let user = User {
        company_id: company,
        email: format!("{name}@luma.example"),
        name: name.to_owned(),
        role: "agent".to_owned(),
        capacity: 5,
        active: 1,
        presence_id: 7,
        presence_at: NOW,
        created_at: NOW,
        ..User::default()
    };
    users::insert(tx, &user).await.expect("added")
}

pub(super) async fn channel(tx: &mut Tx, company: i64, kind: &str, account: &str) -> i64 {
    let row = ChannelRow {
        id: 0,
        uuid: format!("{company}-{account}"),
        company_id: company,
        kind: kind.to_owned(),
        name: NASTY.to_owned(),
        account: account.to_owned(),
        settings: "{}".to_owned(),
        secrets: "{}".to_owned(),
        active: 1,
        reopen_within_ms: 0,
        version: 1,
        last_event_at: None,
        last_error: None,
        last_error_at: None,
        created_at: NOW,
    };
    channels::insert(tx, &row, &[format!("{company}-{account}")]).await.expect("added")
}

fn ids<T>(rows: &[T], id: impl Fn(&T) -> i64) -> Vec<i64> {
    rows.iter().map(id).collect()
}

for_each_database! {
    a_group_keeps_every_field_until_it_is_deleted: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let second = group(&mut tx, ours, "Segundo", 2).await;
        let first = group(&mut tx, ours, NASTY, 1).await;
        group(&mut tx, theirs, "Ajeno", 0).await;
        assert_eq!(groups::list(&mut tx, ours, 10).await.expect("asked"), [first.clone(), second.clone()]);
        assert_eq!(groups::list(&mut tx, ours, 1).await.expect("asked"), std::slice::from_ref(&first));
        let changed = Group {
            name: "Otro".to_owned(),
            department_id: Some(9),
            policy: "manual".to_owned(),
            self_assign: 1,
            priority: 7,
            position: 3,
            timezone: "UTC".to_owned(),
            hours: Some("{}".to_owned()),
            closed_message: Some(NASTY.to_owned()),
            busy_message: Some("Espere".to_owned()),
            active: 0,
            updated_at: NOW + 5,
            ..first.clone()
        };
        let changed_name = changed.name.clone();
        groups::update(&mut tx, &changed, NOW + 5).await.expect("updated");
        assert_eq!(groups::lock(&mut tx, ours, first.id).await.expect("asked"), Some(changed));
        assert_eq!(groups::lock(&mut tx, theirs, first.id).await.expect("asked"), None, "P9");
        let person = user(&mut tx, ours, "ana").await;
        groups::add_member(&mut tx, first.id, person).await.expect("added");
        let wire = channel(&mut tx, ours, "telegram", "1").await;
        groups::link_channel(&mut tx, ours, wire, first.id, true, 0).await.expect("linked");
        groups::delete(&mut tx, first.id, Some(second.id), NOW + 6).await.expect("deleted");
        let of = (changed_name, Some(second.id));
        assert_eq!(groups::successor(&mut tx, first.id).await.expect("asked"), Some(of));
        assert_eq!(routing::groups_to_empty(&mut tx, None).await.expect("asked"), [first.id]);
        assert_eq!(routing::groups_to_empty(&mut tx, Some(theirs)).await.expect("asked"), [] as [i64; 0]);
        groups::emptied(&mut tx, first.id).await.expect("noted");
        assert_eq!(routing::groups_to_empty(&mut tx, Some(ours)).await.expect("asked"), [] as [i64; 0]);
        assert_eq!(groups::find(&mut tx, ours, first.id).await.expect("asked"), None);
        assert_eq!(groups::lock(&mut tx, ours, first.id).await.expect("asked"), None);
        assert_eq!(groups::list(&mut tx, ours, 10).await.expect("asked"), [second]);
        assert_eq!(groups::of_user(&mut tx, ours, person).await.expect("asked"), []);
        assert_eq!(links::of_group(&mut tx, ours, first.id).await.expect("asked"), []);
    }

    people_are_members_of_exactly_the_groups_they_were_given: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let (one, two) = (group(&mut tx, ours, "Uno", 1).await.id, group(&mut tx, ours, "Dos", 2).await.id);
        let foreign = group(&mut tx, theirs, "Ajeno", 0).await.id;
        let (ana, eva) = (user(&mut tx, ours, "ana").await, user(&mut tx, ours, "eva").await);
        groups::add_member(&mut tx, one, eva).await.expect("added");
        groups::set_memberships(&mut tx, ours, ana, &[two, one, foreign]).await.expect("set");
        let of = groups::of_user(&mut tx, ours, ana).await.expect("asked");
        assert_eq!(ids(&of, |group| group.id), [one, two], "only the company's, in order");
        let members = groups::members(&mut tx, ours, one).await.expect("asked");
        assert_eq!(ids(&members, |member| member.id), [ana, eva]);
        assert_eq!(members[0].email, "ana@luma.example");
        assert_eq!(groups::members(&mut tx, theirs, one).await.expect("asked"), []);
        groups::set_memberships(&mut tx, ours, ana, &[two]).await.expect("set");
        assert!(!groups::remove_member(&mut tx, one, ana).await.expect("asked"));
        assert!(groups::remove_member(&mut tx, two, ana).await.expect("removed"));
        groups::set_memberships(&mut tx, ours, eva, &[]).await.expect("set");
        assert_eq!(groups::members(&mut tx, ours, one).await.expect("asked"), []);
    }

    a_groups_tickets_are_counted_and_found: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let ticket = |number: i64, company: i64, state: &str, agent: Option<i64>, bot: Option<i64>| Ticket {
            id: format!("t{number}"),
            company_id: company,
            number,
            channel_id: 7,
            kind: "whatsapp".to_owned(),
            conversation_id: format!("c{number}"),
            state: state.to_owned(),
            group_id: Some(5),
            agent_id: agent,
            bot_id: bot,
            bot_until: bot.map(|_| NOW + 9),
            waiting_since: (agent.is_none() && bot.is_none()).then_some(NOW - 50),
            created_at: NOW,
            updated_at: NOW,
            ..Ticket::default()
        };
        let all = [
            ticket(1, ours, "open", None, None),
            ticket(2, ours, "open", None, Some(3)),
            ticket(3, ours, "inProgress", Some(8), None),
            ticket(4, ours, "closed", None, None),
            Ticket { group_id: Some(6), ..ticket(5, theirs, "open", None, None) },
        ];
        tickets::save(&mut tx, &all.iter().collect::<Vec<_>>()).await.expect("saved");
        assert_eq!(groups::count_tickets(&mut tx, 5).await.expect("asked"), (2, 1));
        assert_eq!(routing::orphans(&mut tx, 5, 9).await.expect("asked"), ["t2", "t3", "t1"]);
        assert_eq!(routing::orphans(&mut tx, 5, 1).await.expect("asked"), ["t2"]);
        assert_eq!(routing::orphans(&mut tx, 6, 9).await.expect("asked"), ["t5"]);
    }

    links_and_accounts_are_a_companys: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let (one, two) = (group(&mut tx, ours, "Uno", 1).await.id, group(&mut tx, ours, "Dos", 2).await.id);
        let (mail, bot) = (channel(&mut tx, ours, "email", "a").await, channel(&mut tx, ours, "telegram", "b").await);
        let foreign = channel(&mut tx, theirs, "email", "c").await;
        let second = groups::link_channel(&mut tx, ours, mail, one, false, 2).await.expect("linked");
        let first = groups::link_channel(&mut tx, ours, bot, one, true, 1).await.expect("linked");
        let found = links::of_group(&mut tx, ours, one).await.expect("asked");
        assert_eq!(ids(&found, |link| link.id), [first, second]);
        assert_eq!((found[0].kind.as_str(), found[0].name.as_str(), found[0].uses_bot), ("telegram", NASTY, 1));
        let change = LinkChange { channel: mail, group: two, uses_bot: true, position: None };
        assert!(!links::lock(&mut tx, theirs, second).await.expect("asked"), "P9");
        links::update(&mut tx, theirs, second, change).await.expect("asked");
        assert_eq!(links::of_group(&mut tx, ours, two).await.expect("asked"), [], "P9");
        assert!(links::lock(&mut tx, ours, second).await.expect("held"));
        links::update(&mut tx, ours, second, change).await.expect("updated");
        let found = links::of_group(&mut tx, ours, two).await.expect("asked");
        assert_eq!((found[0].id, found[0].uses_bot, found[0].position), (second, 1, 2));
        let accounts = links::accounts_of_group(&mut tx, ours, one).await.expect("asked");
        assert_eq!(ids(&accounts, |account| account.id), [bot]);
        assert_eq!(ids(&links::accounts(&mut tx, ours, 10).await.expect("asked"), |account| account.id), [mail, bot]);
        assert_eq!(links::account(&mut tx, ours, foreign).await.expect("asked"), None);
        assert!(!links::set_uses_bot(&mut tx, ours, foreign, true, NOW).await.expect("asked"));
        assert!(links::set_uses_bot(&mut tx, ours, mail, true, NOW).await.expect("set"));
        let account = links::account(&mut tx, ours, mail).await.expect("asked").expect("found");
        assert_eq!((account.uses_bot, account.account.as_str()), (1, "a"));
        assert!(!links::delete(&mut tx, theirs, first).await.expect("asked"));
        assert!(links::delete(&mut tx, ours, first).await.expect("deleted"));
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        groups::link_channel(&mut tx, ours, mail, one, false, 0).await.expect("linked");
        let both = LinkChange { channel: mail, group: one, uses_bot: true, position: Some(1) };
        assert!(is_duplicate(&links::update(&mut tx, ours, second, both).await));
    }

    departments_are_kept_changed_and_deleted: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let mut soporte = Department {
            id: 0,
            uuid: "d1".to_owned(),
            company_id: ours,
            name: NASTY.to_owned(),
            hours: None,
            active: 1,
            created_at: NOW,
            updated_at: NOW,
        };
        soporte.id = departments::insert(&mut tx, &soporte).await.expect("added");
        for (company, there) in [(Some(ours), true), (None, true), (Some(theirs), false)] {
            let found = departments::find(&mut tx, company, soporte.id).await.expect("asked");
            assert_eq!(found, there.then(|| soporte.clone()), "{company:?}");
        }
        let hours = Some(r#"{"lunes_apertura":"08:00"}"#.to_owned());
        let changed = Department { name: "Ventas".to_owned(), hours, active: 0, updated_at: NOW + 1, ..soporte.clone() };
        departments::update(&mut tx, &changed, NOW + 1).await.expect("updated");
        assert_eq!(departments::list(&mut tx, ours, 10).await.expect("asked"), std::slice::from_ref(&changed));
        assert_eq!(departments::list(&mut tx, theirs, 10).await.expect("asked"), []);
        let of = group(&mut tx, ours, "Uno", 1).await;
        groups::update(&mut tx, &Group { department_id: Some(soporte.id), ..of.clone() }, NOW).await.expect("updated");
        assert_eq!(departments::uses(&mut tx, ours, soporte.id).await.expect("asked"), (1, 0));
        groups::delete(&mut tx, of.id, None, NOW).await.expect("deleted");
        assert_eq!(departments::uses(&mut tx, ours, soporte.id).await.expect("asked"), (0, 0));
        departments::delete(&mut tx, soporte.id, NOW + 2).await.expect("deleted");
        assert_eq!(departments::find(&mut tx, None, soporte.id).await.expect("asked"), None);
        assert_eq!(departments::list(&mut tx, ours, 10).await.expect("asked"), []);
    }

    holidays_are_a_groups_or_the_whole_companys: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let row = |group, day: &str, name: &str| HolidayRow {
            group_id: group,
            day: day.to_owned(),
            name: name.to_owned(),
            hours: "[]".to_owned(),
        };
        let own = [row(Some(4), "2026-09-18", NASTY)];
        let common = [row(None, "2026-01-01", "Año Nuevo"), row(None, "2026-12-25", "Navidad")];
        holidays::replace(&mut tx, ours, Some(4), &own).await.expect("set");
        holidays::replace(&mut tx, ours, None, &common).await.expect("set");
        holidays::replace(&mut tx, theirs, None, &common).await.expect("set");
        assert_eq!(holidays::list(&mut tx, ours, Some(4)).await.expect("asked"), own);
        assert_eq!(holidays::list(&mut tx, ours, None).await.expect("asked"), common);
        let found = routing::holidays(&mut tx, &[ours], "2026-01-02", "2026-12-25").await.expect("asked");
        let mut days: Vec<_> = found.iter().map(|day| (day.company_id, day.group_id, day.day.as_str())).collect();
        days.sort_by_key(|day| day.2);
        assert_eq!(days, [(ours, Some(4), "2026-09-18"), (ours, None, "2026-12-25")]);
        holidays::replace(&mut tx, ours, None, &[]).await.expect("set");
        assert_eq!(holidays::list(&mut tx, ours, None).await.expect("asked"), []);
        assert_eq!(holidays::list(&mut tx, ours, Some(4)).await.expect("asked"), own);
        assert_eq!(holidays::list(&mut tx, theirs, None).await.expect("asked"), common);
    }

    questions_and_their_alternatives: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let mut faq = Faq {
            id: 0,
            uuid: "f1".to_owned(),
            company_id: ours,
            question: Some(NASTY.to_owned()),
            answer: NASTY.to_owned(),
            departments: "[]".to_owned(),
            active: 1,
            created_at: NOW,
            updated_at: NOW,
        };
        faq.id = faqs::insert(&mut tx, &faq).await.expect("added");
        let changed = Faq {
            question: None,
            answer: "Otra".to_owned(),
            departments: "[7]".to_owned(),
            active: 0,
            updated_at: NOW + 1,
            ..faq.clone()
        };
        assert_eq!(faqs::find(&mut tx, Some(ours), faq.id).await.expect("asked"), Some(faq.clone()));
        faqs::update(&mut tx, &changed, NOW + 1).await.expect("updated");
        assert_eq!(faqs::find(&mut tx, None, faq.id).await.expect("asked"), Some(changed.clone()));
        assert_eq!(faqs::find(&mut tx, Some(theirs), faq.id).await.expect("asked"), None);
        assert_eq!(faqs::list(&mut tx, ours, 10).await.expect("asked"), [changed]);
        let one = faqs::insert_alternative(&mut tx, faq.id, NASTY).await.expect("added");
        let two = faqs::insert_alternative(&mut tx, faq.id, "¿Y?").await.expect("added");
        let found = faqs::alternatives(&mut tx, ours, None).await.expect("asked");
        assert_eq!((ids(&found, |row| row.id), found[0].question.as_str()), (vec![one, two], NASTY));
        assert_eq!(faqs::alternatives(&mut tx, ours, Some(faq.id)).await.expect("asked"), found);
        assert_eq!(faqs::alternatives(&mut tx, theirs, Some(faq.id)).await.expect("asked"), []);
        assert!(!faqs::update_alternative(&mut tx, theirs, one, "x").await.expect("asked"));
        assert!(faqs::update_alternative(&mut tx, ours, one, "x").await.expect("updated"));
        assert!(!faqs::delete_alternative(&mut tx, theirs, two).await.expect("asked"));
        assert!(faqs::delete_alternative(&mut tx, ours, two).await.expect("deleted"));
        assert_eq!(faqs::alternatives(&mut tx, ours, None).await.expect("asked")[0].question, "x");
        assert!(!faqs::delete(&mut tx, theirs, faq.id).await.expect("asked"));
        assert_eq!(faqs::alternatives(&mut tx, ours, None).await.expect("asked").len(), 1, "nothing was deleted");
        assert!(faqs::delete(&mut tx, ours, faq.id).await.expect("deleted"));
        assert_eq!(faqs::list(&mut tx, ours, 10).await.expect("asked"), []);
    }

    quick_replies_are_a_groups_or_everybodys: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let reply = |group| QuickReply {
            company_id: ours,
            group_id: group,
            title: "Saludo".to_owned(),
            text: NASTY.to_owned(),
            created_at: NOW,
            updated_at: NOW,
            ..QuickReply::default()
        };
        let mut added = Vec::new();
        for group in [None, Some(4), Some(5)] {
            let id = quick_replies::insert(&mut tx, &reply(group)).await.expect("added");
            added.push(QuickReply { id, ..reply(group) });
        }
        assert_eq!(quick_replies::list(&mut tx, ours, None, 10).await.expect("asked"), added);
        assert_eq!(quick_replies::list(&mut tx, ours, Some(4), 10).await.expect("asked"), added[..2]);
        assert_eq!(quick_replies::list(&mut tx, theirs, None, 10).await.expect("asked"), []);
        let changed =
            QuickReply { group_id: None, title: "T".to_owned(), text: "t".to_owned(), updated_at: NOW + 1, ..added[2].clone() };
        quick_replies::update(&mut tx, &changed, NOW + 1).await.expect("updated");
        assert_eq!(quick_replies::find(&mut tx, ours, changed.id).await.expect("asked"), Some(changed.clone()));
        assert_eq!(quick_replies::find(&mut tx, theirs, changed.id).await.expect("asked"), None);
        assert!(!quick_replies::delete(&mut tx, theirs, changed.id).await.expect("asked"));
        assert!(quick_replies::delete(&mut tx, ours, changed.id).await.expect("deleted"));
        assert_eq!(quick_replies::find(&mut tx, ours, changed.id).await.expect("asked"), None);
    }

    posts_are_listed_page_by_page_newest_first: |backend| {
        let mut tx = write(&backend.db).await;
        let (ours, theirs) = companies(&mut tx).await;
        let post = |channel: i64, reference: &str| Publication {
            company_id: ours,
            channel_id: channel,
            reference: reference.to_owned(),
            text: Some(NASTY.to_owned()),
            created_at: NOW,
            updated_at: NOW,
            ..Publication::default()
        };
        let mut added = Vec::new();
        for (channel, reference) in [(1, "a"), (2, "a"), (1, "b")] {
            let id = publications::insert(&mut tx, &post(channel, reference)).await.expect("added");
            added.insert(0, Publication { id, ..post(channel, reference) });
        }
        commit(tx).await;
        let mut tx = read(&backend.db).await;
        assert_eq!(publications::list(&mut tx, ours, None, None, 10).await.expect("asked"), added);
        let second = publications::list(&mut tx, ours, None, Some(added[0].id), 1).await.expect("asked");
        assert_eq!(second, added[1..2]);
        let of_channel = publications::list(&mut tx, ours, Some(1), None, 10).await.expect("asked");
        assert_eq!(of_channel, [added[0].clone(), added[2].clone()]);
        assert_eq!(publications::list(&mut tx, theirs, None, None, 10).await.expect("asked"), []);
        assert_eq!(publications::find(&mut tx, theirs, added[0].id).await.expect("asked"), None);
        drop(tx);
        let mut tx = write(&backend.db).await;
        let changed = Publication { channel_id: 3, text: None, url: Some("https://x.example".to_owned()), updated_at: NOW + 1, ..added[0].clone() };
        publications::update(&mut tx, &changed, NOW + 1).await.expect("updated");
        assert_eq!(publications::find(&mut tx, ours, changed.id).await.expect("asked"), Some(changed.clone()));
        assert!(!publications::delete(&mut tx, theirs, changed.id).await.expect("asked"));
        assert!(publications::delete(&mut tx, ours, changed.id).await.expect("deleted"));
        assert!(is_duplicate(&publications::insert(&mut tx, &post(1, "a")).await));
    }
}
