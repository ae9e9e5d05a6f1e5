//! The rows behind the table queue, and the delayed items of both queues.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

/// An item to enqueue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewItem<'a> {
    pub p: i64,
    pub r: &'a str,
    pub b: &'a str,
    pub a: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Item {
    pub id: i64,
    pub route: String,
    pub body: String,
    pub attempt: i64,
}

/// Adds items, in order.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, items: &[NewItem<'_>], now: Millis) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "INSERT INTO queue_items (partition, route, body, attempt, enqueued_at) \
                     SELECT json_extract(value, '$.p'), json_extract(value, '$.r'), json_extract(value, '$.b'), json_extract(value, '$.a'), $2 \
                     FROM json_each($1) ORDER BY key",
            postgres: "INSERT INTO queue_items (partition, route, body, attempt, enqueued_at) \
                       SELECT (value ->> 'p')::bigint, value ->> 'r', value ->> 'b', (value ->> 'a')::bigint, $2 \
                       FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t(value, place) ORDER BY place",
        },
        json_rows(items),
        now
    )
    .map(drop)
}

/// The oldest items of a partition.
///
/// # Errors
/// Those of the database.
pub async fn head(tx: &mut Tx, partition: i64, limit: i64) -> Result<Vec<Item>> {
    fetch_all!(
        tx,
        Item,
        "SELECT id, route, body, attempt FROM queue_items WHERE partition = $1 ORDER BY id LIMIT $2",
        partition,
        limit
    )
}

/// Removes items.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, ids: &[i64]) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "DELETE FROM queue_items WHERE id IN (SELECT value FROM json_each($1))",
            postgres: "DELETE FROM queue_items WHERE id IN \
                       (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))",
        },
        json_rows(ids)
    )
    .map(drop)
}

/// How many items wait.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    let row = fetch_optional!(tx, (i64,), "SELECT count(*) FROM queue_items")?;
    Ok(row.map_or(0, |(count,)| count))
}

/// An item that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Delayed {
    pub id: String,
    pub due_at: Millis,
    pub route: String,
    pub body: String,
    pub attempt: i64,
    /// Why it waits.
    pub reason: String,
}

/// Keeps an item until its time. The same id twice is once.
///
/// # Errors
/// Those of the database.
pub async fn delay(tx: &mut Tx, item: &Delayed) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO queue_delayed (id, due_at, route, body, attempt, reason) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO NOTHING",
        &item.id,
        item.due_at,
        &item.route,
        &item.body,
        item.attempt,
        &item.reason
    )
    .map(drop)
}

/// Delayed items whose time has come, the longest due first.
///
/// # Errors
/// Those of the database.
pub async fn due(tx: &mut Tx, now: Millis, limit: i64) -> Result<Vec<Delayed>> {
    fetch_all!(
        tx,
        Delayed,
        "SELECT id, due_at, route, body, attempt, reason FROM queue_delayed WHERE due_at <= $1 \
         ORDER BY due_at, id LIMIT $2",
        now,
        limit
    )
}

/// Removes delayed items that went back to the queue.
///
/// # Errors
/// Those of the database.
pub async fn delete_delayed(tx: &mut Tx, ids: &[&str]) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "DELETE FROM queue_delayed WHERE id IN (SELECT value FROM json_each($1))",
            postgres: "DELETE FROM queue_delayed WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb))",
        },
        json_rows(ids)
    )
    .map(drop)
}

/// How many items are delayed.
///
/// # Errors
/// Those of the database.
pub async fn count_delayed(tx: &mut Tx) -> Result<i64> {
    let row = fetch_optional!(tx, (i64,), "SELECT count(*) FROM queue_delayed")?;
    Ok(row.map_or(0, |(count,)| count))
}
