//! What takes too long, or too much, to be told from outside.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Request},
};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::{
    sync::{broadcast, mpsc},
    time::timeout,
};
use tower::ServiceExt;

use super::{
    feed::{End, Feed, Message, Opening, start},
    hub::BEHIND,
    ticket::credentials,
    viewer::Viewer,
};
use crate::{
    desk::{clients, events::tell},
    domain::{Event, EventKind},
    http::{
        access::{KEY_HEADER, SECRET_HEADER},
        router,
        tests::House,
    },
    store::{clients as rows, companies, events},
};

/// A program that may listen, its id and its credentials.
async fn listener(house: &House) -> (Viewer, i64, HeaderMap) {
    let mut tx = house.db.write().await.unwrap();
    let company = companies::insert(&mut tx, "Uno", 1).await.unwrap();
    let client = clients::add(&mut tx, &house.clock, Some(company), "x", clients::Role::Integration).await.unwrap();
    tx.commit().await.unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(KEY_HEADER, HeaderValue::from_str(&client.key).unwrap());
    headers.insert(SECRET_HEADER, HeaderValue::from_str(client.secret.expose_secret()).unwrap());
    headers.insert("cookie", HeaderValue::from_static("x"));
    let caller = house.api.0.access.authenticate(&headers).await.unwrap();
    (Viewer { company, caller, groups: [].into(), channels: [].into() }, client.id, credentials(&headers))
}

#[tokio::test]
async fn p9_a_stream_ends_when_its_credentials_do() {
    let house = House::new().await;
    let (viewer, client, credentials) = listener(&house).await;
    assert_eq!(credentials.len(), 2, "nothing else is kept");
    let (sender, _messages) = mpsc::channel(1);
    let mut feed = Feed { api: house.api.clone(), viewer, credentials, sender, checked: None };
    assert!(feed.check().await.is_ok());
    let mut tx = house.db.write().await.unwrap();
    assert!(rows::revoke(&mut tx, client, house.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
    house.clock.advance(5_000);
    assert!(matches!(feed.check().await, Err(End::House("the caller may listen no longer"))));
    house.end().await;
}

#[tokio::test]
async fn p1_p8_who_falls_behind_is_cut_off_and_comes_back_to_all_of_it() {
    let house = House::new().await;
    let (viewer, _, credentials) = listener(&house).await;
    let told = |n: usize| Event {
        company: viewer.company,
        kind: EventKind::TicketNoted,
        ticket: Some("t".into()),
        group: None,
        agent: None,
        data: json!({"n": n}),
    };
    let told: Vec<Event> = (0..=BEHIND).map(told).collect();
    let mut tx = house.db.write().await.unwrap();
    let place = events::now(&mut tx).await.unwrap();
    tell(&mut tx, 1, &told).await.unwrap();
    tx.commit().await.unwrap();
    let rows = events::after(&mut house.db.read().await.unwrap(), place, 1_000).await.unwrap();
    let (news, heard) = broadcast::channel(BEHIND);
    for row in rows {
        news.send(Arc::new(vec![row])).unwrap();
    }
    let (sender, _messages) = mpsc::channel(1);
    let (api, proof) = (house.api.clone(), credentials.clone());
    let mut feed = Feed { api, viewer: viewer.clone(), credentials: proof, sender, checked: None };
    assert!(matches!(feed.follow(heard, place).await, Err(End::House("it fell behind"))));
    let seat = house.api.0.hub.seat(viewer.key()).ok().unwrap();
    let opening = Opening { viewer, credentials, cursor: Some(place), once: true };
    let mut messages = start(house.api.clone(), seat, opening);
    let mut numbers = Vec::new();
    while let Some(Message::News { name, body, .. }) = messages.recv().await {
        assert_eq!(name, "event");
        numbers.push(body["data"]["n"].as_u64().unwrap());
    }
    assert_eq!(numbers, (0..=BEHIND as u64).collect::<Vec<_>>());
    house.end().await;
}

#[tokio::test]
async fn p8_a_ticket_that_somebody_made_up_does_not_wait_for_those_who_write() {
    let house = House::new().await;
    let writing = house.db.write().await.unwrap();
    let request = Request::get("/api/stream?ticket=none").body(Body::empty()).unwrap();
    let answer = timeout(Duration::from_secs(5), router(house.api.clone()).oneshot(request)).await;
    assert_eq!(answer.expect("an answer").unwrap().status(), 401);
    drop(writing);
    house.api.flush().await;
    house.end().await;
}
