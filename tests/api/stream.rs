//! `/api/stream`: a snapshot, and then everything that happens, once and in order, however often it is opened anew.

use std::{collections::BTreeMap, time::Duration};

use axum::{body::Body, http::Request};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    house::{Credentials, House, START, Tenant},
    people::Person,
    routing::scene::{OFFLINE, ONLINE, Scene},
};
use crate::support::{PATIENCE, until};
use relevo::{
    desk::{clients::Role, events::tell, routing},
    domain::{Event, EventKind},
    store::{
        Tx, events,
        groups::{self, Group},
        tickets::{self, Ticket},
        users::{self, User},
    },
};
use relevo_adapters::{Attachment, Content, MediaKind, MediaSource, Message};
use secrecy::ExposeSecret;
use tower::ServiceExt;

on_both_databases! {
    a_stream_begins_with_how_everything_is_and_goes_on_with_what_happens
    p1_who_comes_back_misses_nothing_and_hears_nothing_twice_while_writers_overtake_each_other
    what_is_told_late_by_a_slow_transaction_is_not_missed
    p9_nobody_hears_of_another_company
    p9_agents_hear_what_is_theirs_and_nothing_else
    p9_a_stream_ends_before_anything_is_told_to_who_is_let_in_no_more
    p9_who_leaves_a_group_hears_no_more_of_it
    an_agent_hears_that_a_ticket_leaves_it
    what_staff_wrote_elsewhere_and_an_albums_further_pictures_are_told
    what_is_sent_to_a_channel_is_heard_by_who_asked_for_it
    a_place_that_is_no_longer_kept_is_answered_by_a_new_snapshot
    a_place_that_cannot_be_one_is_refused
    p9_a_ticket_opens_one_stream_within_a_minute
    p8_nobody_has_more_than_twenty_streams
    streams_end_when_the_house_stops
    a_web_socket_says_the_same
}

/// An open stream, read message by message.
struct Listener {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Listener {
    async fn open(house: &House, client: &Credentials, query: &str) -> Self {
        Self::of(house, client.request("GET", &format!("/api/stream{query}"))).await
    }

    /// As a person who is logged in.
    async fn open_as(house: &House, person: &Person, query: &str) -> Self {
        let request = Request::get(format!("/api/stream{query}"));
        let request = request.header("authorization", format!("Bearer {}", person.token));
        Self::of(house, request.body(Body::empty()).unwrap()).await
    }

    async fn of(house: &House, request: Request<Body>) -> Self {
        let response = house.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message; `None` at the end. Each says its place and its name twice.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let fields: BTreeMap<&str, &str> = message.lines().filter_map(|line| line.split_once(": ")).collect();
                let data = fields.get("data").map(|data| serde_json::from_str::<Value>(data).unwrap());
                if let Some(data) = &data {
                    assert_eq!((&data["message"], &data["cursor"]), (&json!(fields["event"]), &json!(fields["id"])));
                }
                self.text = rest.to_owned();
                match data {
                    Some(data) => return Some(data),
                    None => continue,
                }
            }
            let chunk = timeout(PATIENCE, self.body.next()).await.expect("something was said")?.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event of a ticket: its kind and the ticket.
    async fn of_ticket(&mut self) -> (String, String) {
        loop {
            let message = self.next().await.expect("not the end");
            if let (Some(kind), Some(ticket)) = (message["type"].as_str(), message["data"]["id_ticket"].as_str()) {
                return (kind.to_owned(), ticket.to_owned());
            }
        }
    }

    /// The numbers of the next events.
    async fn numbers(&mut self, count: usize) -> Vec<(i64, String)> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let message = self.next().await.expect("not the end");
            if message["message"] == "event" {
                let n = message["data"]["n"].as_i64().unwrap();
                numbers.push((n, message["cursor"].as_str().unwrap().to_owned()));
            }
        }
        numbers
    }
}

fn event(company: i64, n: i64) -> Event {
    Event {
        company,
        kind: EventKind::TicketNoted,
        ticket: Some("t".into()),
        group: None,
        agent: None,
        data: json!({"n": n}),
    }
}

async fn say(house: &House, tenant: &Tenant, n: i64) {
    house.write(async |tx| tell(tx, START, &[event(tenant.id, n)]).await.unwrap()).await;
}

async fn a_stream_begins_with_how_everything_is_and_goes_on_with_what_happens(house: &House) {
    let tenant = house.tenant().await;
    let group = Group {
        company_id: tenant.id,
        name: "Ventas".into(),
        policy: "auto".into(),
        timezone: "UTC".into(),
        active: 1,
        ..Group::default()
    };
    let user = User {
        company_id: tenant.id,
        email: "a@x.org".into(),
        name: "Ana".into(),
        role: "agent".into(),
        capacity: 5,
        active: 1,
        presence_id: 1,
        presence_at: START,
        ..User::default()
    };
    let (group, user) = house
        .write(async |tx| (groups::insert(tx, &group).await.unwrap(), users::insert(tx, &user).await.unwrap()))
        .await;
    let ticket = |n: i64, state: &str, agent, bot| Ticket {
        id: format!("t{n}"),
        company_id: tenant.id,
        number: n,
        kind: "telegram".into(),
        conversation_id: format!("c{n}"),
        state: state.into(),
        group_id: Some(group),
        agent_id: agent,
        bot_id: bot,
        ..Ticket::default()
    };
    let rows = [
        ticket(1, "open", None, None),
        ticket(2, "open", None, None),
        ticket(3, "open", None, Some(5)),
        ticket(4, "inProgress", Some(user), None),
        ticket(5, "closed", None, None),
    ];
    house.write(async |tx| tickets::save(tx, &rows.iter().collect::<Vec<_>>()).await.unwrap()).await;
    let mut stream = Listener::open(house, &tenant.client, "").await;
    let snapshot = stream.next().await.unwrap();
    assert_eq!(snapshot["message"], "snapshot");
    assert_eq!(
        snapshot["grupos"],
        json!([{"grup_id": group, "grup_nombre": "Ventas", "en_cola": 2, "con_bot": 1, "en_proceso": 1}])
    );
    assert_eq!(
        snapshot["ejecutivos"],
        json!([{
            "usua_id": user, "usua_nombre": "Ana", "esta_id": 1, "esta_nombre": "En línea", "esta_tipo": "online",
            "esta_desde": "2016-11-29T18:38:32.000Z", "en_proceso": 1, "usua_capacidad": 5,
        }])
    );
    assert_eq!(snapshot.get("tickets"), None, "only an agent has tickets of its own");
    say(house, &tenant, 7).await;
    let said = stream.next().await.unwrap();
    assert_eq!(
        (&said["message"], &said["type"], &said["data"]),
        (&json!("event"), &json!("ticket.noted"), &json!({"n": 7}))
    );
    assert!(said["timestamp"].as_str().unwrap().starts_with("2016-11-2"), "{said}");
    let once =
        house.get(&tenant.client, &format!("/api/stream?once=S&cursor={}", snapshot["cursor"].as_str().unwrap())).await;
    assert_eq!(std::str::from_utf8(&once.bytes).unwrap().matches("event: event").count(), 1);
}

async fn p1_who_comes_back_misses_nothing_and_hears_nothing_twice_while_writers_overtake_each_other(house: &House) {
    const WRITERS: i64 = 4;
    const EACH: i64 = 40;
    let tenant = house.tenant().await;
    let mut stream = Listener::open(house, &tenant.client, "").await;
    let mut cursor = stream.next().await.unwrap()["cursor"].as_str().unwrap().to_owned();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (db, company) = (house.db.clone(), tenant.id);
            tokio::spawn(async move {
                for n in 0..EACH {
                    let mut tx = db.write().await.unwrap();
                    tell(&mut tx, START, &[event(company, writer * EACH + n)]).await.unwrap();
                    // Each holds what it told back for another time.
                    tokio::time::sleep(Duration::from_millis(((writer * 7 + n * 3) % 11).unsigned_abs())).await;
                    tell(&mut tx, START, &[event(company, 1_000 + writer * EACH + n)]).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    let all = usize::try_from(2 * WRITERS * EACH).unwrap();
    let mut heard = Vec::new();
    while heard.len() < all {
        // It comes back after a few, by either word.
        let count = (all - heard.len()).min(9);
        for (n, place) in stream.numbers(count).await {
            heard.push(n);
            cursor = place;
        }
        stream = Listener::open(house, &tenant.client, &format!("?cursor={cursor}")).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut sorted = heard.clone();
    sorted.sort_unstable();
    let expected: Vec<i64> = (0..WRITERS * EACH).chain(1_000..1_000 + WRITERS * EACH).collect();
    assert_eq!(sorted, expected, "nothing is missed, nothing comes twice");
    for writer in 0..WRITERS {
        let own: Vec<i64> =
            heard.iter().copied().filter(|n| (writer * EACH..(writer + 1) * EACH).contains(n)).collect();
        assert!(own.is_sorted(), "what one told comes in its order: {own:?}");
    }
    let rest = house.get(&tenant.client, &format!("/api/stream?once=S&cursor={cursor}")).await;
    assert!(rest.bytes.is_empty(), "{rest:?}");
}

async fn what_is_told_late_by_a_slow_transaction_is_not_missed(house: &House) {
    let tenant = house.tenant().await;
    let mut stream = Listener::open(house, &tenant.client, "").await;
    let cursor = stream.next().await.unwrap()["cursor"].as_str().unwrap().to_owned();
    let mut slow = house.db.write().await.unwrap();
    tell(&mut slow, START, &[event(tenant.id, 1)]).await.unwrap();
    // On SQLite nobody writes beside it. Here its events have the lower ids and come last.
    let overtaken = house.db.can_notify();
    if overtaken {
        say(house, &tenant, 2).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    let meanwhile = house.get(&tenant.client, &format!("/api/stream?once=S&cursor={cursor}")).await;
    assert!(meanwhile.bytes.is_empty(), "nobody reads beyond what is still open: {meanwhile:?}");
    slow.commit().await.unwrap();
    if !overtaken {
        say(house, &tenant, 2).await;
    }
    let heard: Vec<i64> = stream.numbers(2).await.into_iter().map(|(n, _)| n).collect();
    assert_eq!(heard, [1, 2]);
}

async fn p9_nobody_hears_of_another_company(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let mut stream = Listener::open(house, &tenant.client, "").await;
    stream.next().await.unwrap();
    say(house, &other, 1).await;
    say(house, &tenant, 2).await;
    assert_eq!(stream.numbers(1).await[0].0, 2);
    let foreign = house.get(&tenant.client, &format!("/api/stream?id_company={}", other.id)).await;
    foreign.ap_refused(404, "Company not found", &[]);
    let super_admin = house.client(None, Role::Admin).await;
    assert_eq!(house.get(&super_admin, "/api/stream?once=S").await.status, 422);
    assert_eq!(house.get(&super_admin, &format!("/api/stream?once=S&id_company={}", other.id)).await.status, 200);
}

/// Two groups, each with an agent who is logged in.
async fn two_agents(house: &House, tenant: &Tenant) -> [(i64, Person); 2] {
    let agent = async |group: &str, email: &str| {
        let group = Group {
            company_id: tenant.id,
            name: group.into(),
            policy: "manual".into(),
            timezone: "UTC".into(),
            active: 1,
            ..Group::default()
        };
        let person = house.person(tenant, email, Role::Agent).await;
        let add = async |tx: &mut Tx| {
            let id = groups::insert(tx, &group).await.unwrap();
            groups::add_member(tx, id, person.id).await.unwrap();
            id
        };
        (house.write(add).await, person)
    };
    [agent("Ventas", "ana@empresa.com").await, agent("Cobranza", "leo@empresa.com").await]
}

fn of(company: i64, n: i64, group: Option<i64>, agent: Option<i64>) -> Event {
    Event { group, agent, ..event(company, n) }
}

async fn p9_agents_hear_what_is_theirs_and_nothing_else(house: &House) {
    let tenant = house.tenant().await;
    let [(sales, ana), (debts, leo)] = two_agents(house, &tenant).await;
    let mut anas = Listener::open_as(house, &ana, &format!("?channels=privateuser.{}", ana.id)).await;
    let mut leos = Listener::open_as(house, &leo, "").await;
    let ids = |list: &Value, id: &str| -> Vec<i64> {
        list.as_array().unwrap().iter().map(|one| one[id].as_i64().unwrap()).collect()
    };
    for (stream, group, person) in [(&mut anas, sales, &ana), (&mut leos, debts, &leo)] {
        let snapshot = stream.next().await.unwrap();
        assert_eq!(ids(&snapshot["grupos"], "grup_id"), [group]);
        assert_eq!(ids(&snapshot["ejecutivos"], "usua_id"), [person.id], "the others' presences are not told either");
        assert_eq!(snapshot["tickets"], json!([]));
    }
    let told = [
        of(tenant.id, 1, Some(sales), None),
        of(tenant.id, 2, Some(debts), None),
        of(tenant.id, 3, None, Some(ana.id)),
        of(tenant.id, 4, None, None),
        of(tenant.id, 5, Some(sales), Some(leo.id)),
        of(tenant.id, 6, Some(debts), None),
        of(tenant.id, 7, Some(sales), None),
    ];
    house.write(async |tx| tell(tx, START, &told).await.unwrap()).await;
    let numbers = |heard: Vec<(i64, String)>| heard.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    assert_eq!(numbers(anas.numbers(4).await), [1, 3, 5, 7]);
    assert_eq!(numbers(leos.numbers(3).await), [2, 5, 6]);
    let path = format!("/api/stream?once=S&channels=privateuser.{}", leo.id);
    assert_eq!(house.call_as(&ana.token, "GET", &path, &Value::Null).await.status, 403);
    assert_eq!(house.call_as(&leo.token, "GET", &path, &Value::Null).await.status, 200);
    // A ticket shows what who asked for it sees.
    let ticket = house.call_as(&ana.token, "POST", "/api/stream/ticket", &json!({})).await.json();
    let path = format!("/api/stream?ticket={}", ticket["data"]["ticket"].as_str().unwrap());
    let mut shown = Listener::of(house, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(ids(&shown.next().await.unwrap()["grupos"], "grup_id"), [sales]);
    house.write(async |tx| tell(tx, START, &told).await.unwrap()).await;
    assert_eq!(numbers(shown.numbers(4).await), [1, 3, 5, 7]);
}

async fn p9_a_stream_ends_before_anything_is_told_to_who_is_let_in_no_more(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let changes = [
        None,
        Some(json!({"password": "Secret456", "password_confirmation": "Secret456"})),
        Some(json!({"type": "4"})),
        Some(json!({"state": 0})),
    ];
    for (n, change) in changes.iter().enumerate() {
        let person = house.person(&tenant, &format!("p{n}@empresa.com"), Role::Agent).await;
        let mut stream = Listener::open_as(house, &person, "").await;
        stream.next().await.unwrap();
        let reply = match change {
            None => house.call_as(&person.token, "DELETE", "/api/auth/logout", &Value::Null).await,
            Some(change) => house.send(&admin, "PATCH", &format!("/api/users/update/{}", person.id), change).await,
        };
        assert_eq!(reply.status, 200, "{change:?}");
        house.write(async |tx| tell(tx, START, &[of(tenant.id, 1, None, Some(person.id))]).await.unwrap()).await;
        assert_eq!(stream.next().await, None, "{change:?}");
    }
}

async fn p9_who_leaves_a_group_hears_no_more_of_it(house: &House) {
    let tenant = house.tenant().await;
    let [(sales, ana), (debts, _)] = two_agents(house, &tenant).await;
    let mut stream = Listener::open_as(house, &ana, "").await;
    stream.next().await.unwrap();
    house.write(async |tx| groups::set_memberships(tx, tenant.id, ana.id, &[debts]).await.map(drop).unwrap()).await;
    let told = [of(tenant.id, 1, Some(sales), None), of(tenant.id, 2, Some(debts), None)];
    house.write(async |tx| tell(tx, START, &told).await.unwrap()).await;
    assert_eq!(stream.numbers(1).await[0].0, 2);
}

async fn an_agent_hears_that_a_ticket_leaves_it(house: &House) {
    let scene = Scene::open(house).await;
    let (sales, debts) = (scene.group("Ventas", "manual").await, scene.group("Cobranza", "manual").await);
    let leo = scene.online("Leo", &[sales], 9).await;
    let ana = house.person(&scene.tenant, "ana@empresa.com", Role::Agent).await;
    let (clock, company) = (&house.clock, scene.tenant.id);
    let mut stream = Listener::open_as(house, &ana, "").await;
    for how in ["reassign", "move", "assign", "gone"] {
        let join = async |tx: &mut Tx| groups::add_member(tx, sales, ana.id).await.map(drop).unwrap();
        house.write(join).await;
        scene.is(ana.id, ONLINE).await;
        let ticket = scene.writes(how).await.id;
        house
            .write(async |tx| {
                routing::assign(tx, clock, company, &ticket, ana.id).await.map(drop).unwrap();
                // From now on it is hers, and not her group's.
                groups::set_memberships(tx, company, ana.id, &[]).await.map(drop).unwrap();
            })
            .await;
        match how {
            "reassign" => {
                house.write(async |tx| routing::reassign(tx, clock, company, &ticket).await.map(drop).unwrap()).await;
            }
            "move" => {
                let move_it = async |tx: &mut Tx| routing::move_to_group(tx, clock, company, &ticket, debts).await;
                house.write(move_it).await.unwrap();
            }
            "assign" => {
                house
                    .write(async |tx| routing::assign(tx, clock, company, &ticket, leo).await.map(drop).unwrap())
                    .await;
            }
            _ => {
                scene.is(ana.id, OFFLINE).await;
                house.clock.advance(121_000);
                assert_eq!(scene.sweep().await.given_back, 1);
            }
        }
        let left = ("ticket.unassigned".to_owned(), ticket);
        while stream.of_ticket().await != left {}
    }
}

async fn what_staff_wrote_elsewhere_and_an_albums_further_pictures_are_told(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    let mut stream = Listener::open(house, &tenant.client, "").await;
    let picture = |n: i64, text: &str| {
        let file = Attachment {
            kind: MediaKind::Image,
            source: MediaSource::unavailable("x"),
            mime: None,
            file_name: None,
            size: None,
            content_id: None,
            extra: None,
        };
        let message = Message {
            id: Some(format!("m{n}")),
            group: Some("album".into()),
            attachments: vec![file],
            ..Message::text(text)
        };
        tenant.event(channel, "a", START, Content::Message(Box::new(message)))
    };
    let echo = tenant.event(channel, "a", START, Content::Echo(Box::new(Message::text("Ya le llamamos"))));
    house.apply(&[picture(1, "mis fotos"), picture(2, "")]).await;
    house.apply(&[picture(3, "la tercera"), picture(4, ""), echo, tenant.says(channel, "a", START, "Gracias")]).await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|(_, words, _): &(String, String, usize)| words != "Gracias") {
        let message = stream.next().await.unwrap();
        let kind = message["type"].as_str().unwrap_or_default();
        if kind.starts_with("message.") {
            let data = &message["data"];
            let files = data["adjuntos"].as_array().map_or(0, Vec::len);
            heard.push((kind.to_owned(), data["contenido"].as_str().unwrap().to_owned(), files));
        }
    }
    let told = |kind: &str, words: &str, files| (kind.to_owned(), words.to_owned(), files);
    assert_eq!(
        heard,
        [
            told("message.received", "mis fotos", 2),
            told("message.updated", "mis fotos\nla tercera", 2),
            told("message.sent", "Ya le llamamos", 0),
            told("message.received", "Gracias", 0),
        ]
    );
}

async fn what_is_sent_to_a_channel_is_heard_by_who_asked_for_it(house: &House) {
    let tenant = house.tenant().await;
    let mut asked = Listener::open(house, &tenant.client, "?channels=publicchat.general,presencechat.1").await;
    let mut others = Listener::open(house, &tenant.client, "?channels=publicchat.support").await;
    asked.next().await.unwrap();
    others.next().await.unwrap();
    let body = json!({"message": "hola", "channel": "general"});
    assert_eq!(house.post(&tenant.client, "/api/broadcast/public-message", &body).await.status, 200);
    say(house, &tenant, 1).await;
    let heard = asked.next().await.unwrap();
    assert_eq!((&heard["type"], &heard["channel"]), (&json!("MessageSent"), &json!("publicchat.general")));
    assert_eq!(heard["data"]["message"], "hola");
    assert_eq!(others.numbers(1).await[0].0, 1, "the first that the other hears is not of that channel");
    let many = format!("/api/stream?once=S&channels={}", "x,".repeat(10) + &"y".repeat(201));
    house.get(&tenant.client, &many).await.ap_refused(
        400,
        "El parámetro channels admite hasta 50 nombres de 200 bytes.",
        &[],
    );
}

async fn a_place_that_is_no_longer_kept_is_answered_by_a_new_snapshot(house: &House) {
    let tenant = house.tenant().await;
    let mut stream = Listener::open(house, &tenant.client, "").await;
    let old = stream.next().await.unwrap()["cursor"].as_str().unwrap().to_owned();
    say(house, &tenant, 1).await;
    say(house, &tenant, 2).await;
    let places = stream.numbers(2).await;
    house.write(async |tx| assert_eq!(events::prune(tx, START + 1, 1).await.unwrap(), 1)).await;
    let mut reset = Listener::open(house, &tenant.client, &format!("?cursor={old}")).await;
    let message = reset.next().await.unwrap();
    assert_eq!((&message["message"], &message["grupos"]), (&json!("reset"), &json!([])));
    let mut good = Listener::open(house, &tenant.client, &format!("?cursor={}", places[0].1)).await;
    assert_eq!(good.numbers(1).await[0].0, 2, "the place of what was forgotten last is still good");
    let mut future = Listener::open(house, &tenant.client, &format!("?cursor={}.1", i64::MAX)).await;
    assert_eq!(future.next().await.unwrap()["message"], "reset", "a place of another database");
}

async fn a_place_that_cannot_be_one_is_refused(house: &House) {
    let tenant = house.tenant().await;
    for cursor in ["x", "1", "1.x", "1.2.3", "99999999999999999999.1"] {
        let reply = house.get(&tenant.client, &format!("/api/stream?once=S&cursor={cursor}")).await;
        reply.ap_refused(400, "El cursor no es uno de los que entrega el stream.", &[]);
    }
}

async fn p9_a_ticket_opens_one_stream_within_a_minute(house: &House) {
    let tenant = house.tenant().await;
    let ask = async || {
        let reply = house.post(&tenant.client, "/api/stream/ticket", &json!({})).await.json();
        assert_eq!(reply["data"]["expires_in"], 60);
        reply["data"]["ticket"].as_str().unwrap().to_owned()
    };
    let open = async |ticket: &str| {
        let request =
            axum::http::Request::get(format!("/api/stream?once=S&ticket={ticket}")).body(Body::empty()).unwrap();
        house.call(request).await.status.as_u16()
    };
    let ticket = ask().await;
    assert_eq!([open(&ticket).await, open(&ticket).await], [200, 401], "once");
    let late = ask().await;
    house.clock.advance(60_000);
    assert_eq!(open(&late).await, 401);
    assert_eq!(open("none").await, 401);
}

async fn p8_nobody_has_more_than_twenty_streams(house: &House) {
    let tenant = house.tenant().await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(Listener::open(house, &tenant.client, "").await);
    }
    let reply = house.get(&tenant.client, "/api/stream").await;
    reply.ap_refused(429, "Hay demasiadas conexiones abiertas; cierre alguna.", &[]);
    assert_eq!(reply.headers["retry-after"], "30");
    streams.pop();
    until("a place is free", async || house.get(&tenant.client, "/api/stream?once=S").await.status == 200).await;
}

async fn streams_end_when_the_house_stops(house: &House) {
    let tenant = house.tenant().await;
    let mut stream = Listener::open(house, &tenant.client, "").await;
    stream.next().await.unwrap();
    house.api.end_streams();
    assert_eq!(stream.next().await, None);
    let mut late = Listener::open(house, &tenant.client, "").await;
    while late.next().await.is_some() {}
}

async fn a_web_socket_says_the_same(house: &House) {
    let tenant = house.tenant().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = house.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut socket = TcpStream::connect(address).await.unwrap();
    let hello = format!(
        "GET /api/stream/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-User-Consumo: {}\r\nX-User-Secret: {}\r\n\r\n",
        tenant.client.key,
        tenant.client.secret.expose_secret()
    );
    socket.write_all(hello.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, socket.read_u8()).await.unwrap().unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    let snapshot = frame(&mut socket).await;
    assert_eq!((&snapshot["message"], &snapshot["grupos"]), (&json!("snapshot"), &json!([])));
    say(house, &tenant, 5).await;
    let said = frame(&mut socket).await;
    assert_eq!((&said["message"], &said["data"]), (&json!("event"), &json!({"n": 5})));
    assert!(said["cursor"].is_string());
    house.api.end_streams();
    assert_eq!(timeout(PATIENCE, socket.read_u8()).await.unwrap().unwrap(), 0x88, "it is closed in form");
    let plain = house.get(&tenant.client, "/api/stream/ws").await;
    plain.ap_refused(400, "Se esperaba una conexión WebSocket.", &[]);
}

/// A text that the server sends in one frame.
async fn frame(socket: &mut TcpStream) -> Value {
    let read = async {
        assert_eq!(socket.read_u8().await.unwrap(), 0x81, "a whole text");
        let length = match socket.read_u8().await.unwrap() {
            126 => usize::from(socket.read_u16().await.unwrap()),
            short => usize::from(short),
        };
        let mut text = vec![0; length];
        socket.read_exact(&mut text).await.unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    timeout(PATIENCE, read).await.expect("a frame came")
}
