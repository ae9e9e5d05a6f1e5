//! What takes too long to be told from outside.

use axum::http::HeaderValue;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;

use super::{
    feed::{End, Feed},
    ticket::credentials,
    viewer::Viewer,
};
use crate::{
    desk::clients,
    http::{
        access::{KEY_HEADER, SECRET_HEADER},
        tests::House,
    },
    store::{clients as rows, companies},
};

#[tokio::test]
async fn p9_a_stream_ends_when_its_credentials_do() {
    let house = House::new().await;
    let mut tx = house.db.write().await.unwrap();
    let company = companies::insert(&mut tx, "Uno", 1).await.unwrap();
    let client = clients::add(&mut tx, &house.clock, Some(company), "x", clients::Role::Integration).await.unwrap();
    tx.commit().await.unwrap();
    let mut headers = axum::http::HeaderMap::new();
    headers.insert(KEY_HEADER, HeaderValue::from_str(&client.key).unwrap());
    headers.insert(SECRET_HEADER, HeaderValue::from_str(client.secret.expose_secret()).unwrap());
    headers.insert("cookie", HeaderValue::from_static("x"));
    assert_eq!(credentials(&headers).len(), 2, "nothing else is kept");
    let caller = house.api.0.access.authenticate(&headers).await.unwrap();
    let viewer = Viewer { company, caller, groups: [].into(), channels: [].into() };
    let (sender, _messages) = mpsc::channel(1);
    let mut feed = Feed { api: house.api.clone(), viewer, credentials: credentials(&headers), sender };
    assert!(feed.check().await.is_ok());
    let mut tx = house.db.write().await.unwrap();
    assert!(rows::revoke(&mut tx, client.id, house.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
    house.clock.advance(5_000);
    assert!(matches!(feed.check().await, Err(End::House("the caller may listen no longer"))));
    house.end().await;
}
