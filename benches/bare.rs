//! The bare counterparts: the least that could be called accepting a webhook, or applying an event.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use relevo_adapters::verify::meta_signature;
use secrecy::SecretString;
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::load::SECRET;

const QUEUE: &str = "bare";

/// Checks the HMAC and publishes the body, persistent and confirmed, to a quorum queue.
pub(crate) async fn serve(broker: &str) -> SocketAddr {
    let connection = Connection::connect(broker, ConnectionProperties::default()).await.expect("the broker");
    let channel = connection.create_channel().await.expect("a channel");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(QUEUE.into(), options, arguments).await.expect("a queue");
    let state = Arc::new((channel, SecretString::from(SECRET), connection));
    let router = Router::new().route("/bare", post(accept)).with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

type Bare = Arc<(Channel, SecretString, Connection)>;

async fn accept(State(bare): State<Bare>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    if meta_signature(signature, &body, &bare.1).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let properties = BasicProperties::default().with_delivery_mode(2);
    let published = bare
        .0
        .basic_publish("".into(), QUEUE.into(), BasicPublishOptions::default(), &body, properties)
        .await
        .expect("published");
    match published.await {
        Ok(Confirmation::Ack(_)) => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Three statements in a transaction per event, over eight connections; gives events per second.
pub(crate) async fn transactions(url: &str, events: usize) -> f64 {
    const WORKERS: usize = 8;
    let pool = PgPoolOptions::new()
        .max_connections(WORKERS as u32)
        .test_before_acquire(false)
        .connect(url)
        .await
        .expect("the database");
    for statement in [
        "CREATE TABLE IF NOT EXISTS bare_dedup (key TEXT PRIMARY KEY, at BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS bare_ticket (id BIGINT PRIMARY KEY, content TEXT, updated_at BIGINT)",
        "CREATE TABLE IF NOT EXISTS bare_message (id BIGINT PRIMARY KEY, ticket BIGINT, content TEXT, at BIGINT)",
        "TRUNCATE bare_dedup, bare_ticket, bare_message",
        "INSERT INTO bare_ticket SELECT n, '', 0 FROM generate_series(0, 4999) AS n",
    ] {
        sqlx::query(statement).execute(&pool).await.expect("the bare tables");
    }
    let start = Instant::now();
    let tasks: Vec<_> = (0..WORKERS)
        .map(|worker| tokio::spawn(apply(pool.clone(), (worker..events).step_by(WORKERS).collect())))
        .collect();
    for task in tasks {
        task.await.expect("a worker's work");
    }
    let per_second = events as f64 / start.elapsed().as_secs_f64();
    pool.close().await;
    per_second
}

async fn apply(pool: PgPool, events: Vec<usize>) {
    let content = "hola, necesito ayuda con mi pedido. ".repeat(27);
    for event in events {
        let id = event as i64;
        let mut tx = pool.begin().await.expect("a transaction");
        sqlx::query("INSERT INTO bare_dedup (key, at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(format!("msg:{event}"))
            .bind(id)
            .execute(&mut *tx)
            .await
            .expect("a marker");
        sqlx::query("INSERT INTO bare_message (id, ticket, content, at) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(id % 5000)
            .bind(&content)
            .bind(id)
            .execute(&mut *tx)
            .await
            .expect("a message");
        sqlx::query("UPDATE bare_ticket SET content = $2, updated_at = $3 WHERE id = $1")
            .bind(id % 5000)
            .bind(&content)
            .bind(id)
            .execute(&mut *tx)
            .await
            .expect("a ticket");
        tx.commit().await.expect("committed");
    }
}
