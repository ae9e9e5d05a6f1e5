//! Relay jobs: which subscriptions hear of an event, and the lanes in which they do.
//!
//! A system's events go out in one lane, `relay:{subscription}`; a bot's in one per ticket, `relay:{subscription}:{ticket}`,
//! so that a bot which is slow about one customer keeps no other waiting. A system's lane is shared by every transaction
//! of its company, so those do not touch its row, which would make them wait for each other: [`open_lanes`] does, right
//! after them.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

#[derive(Serialize)]
struct Id {
    id: i64,
}

#[derive(Debug, FromRow, Serialize)]
struct Added {
    lane: String,
    topic: String,
    #[serde(skip)]
    company_lane: i64,
}

/// Adds a job for each of these events and each subscription that is switched on and wants it; gives how many. A bot
/// hears of the tickets that it has, and of those that were taken from it (`data.bot_id`).
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, events: &[i64], now: Millis) -> Result<usize> {
    let ids: Vec<Id> = events.iter().map(|id| Id { id: *id }).collect();
    let added = fetch_all!(
        tx,
        Added,
        Sql {
            sqlite: "INSERT INTO jobs (kind, lane, topic, company_id, payload, due_at, created_at, updated_at) \
                SELECT 'relay', 'relay:' || s.id || CASE s.kind WHEN 'bot' THEN ':' || e.ticket_id ELSE '' END, \
                'subscription:' || s.id, e.company_id, \
                '{\"event\":' || e.id || ',\"subscription\":' || s.id || '}', $2, $2, $2 \
                FROM (SELECT json_extract(value, '$.id') AS id FROM json_each($1)) AS r \
                JOIN events e ON e.id = r.id \
                JOIN subscriptions s ON s.company_id = e.company_id AND s.active = 1 \
                AND (s.events = '[]' OR s.events LIKE '%\"' || e.kind || '\"%') \
                LEFT JOIN tickets t ON t.id = e.ticket_id \
                WHERE s.kind <> 'bot' OR (t.bot_id = s.id AND e.kind <> 'ticket.bot_released') \
                OR (t.id IS NOT NULL AND e.kind IN ('ticket.bot_assigned', 'ticket.bot_released') \
                AND json_extract(e.data, '$.bot_id') = s.id) \
                ORDER BY e.id, s.id \
                RETURNING lane, topic, CASE WHEN lane = 'relay:' || substr(topic, 14) THEN 1 ELSE 0 END AS company_lane",
            postgres: "INSERT INTO jobs (kind, lane, topic, company_id, payload, due_at, created_at, updated_at) \
                SELECT 'relay', 'relay:' || s.id || CASE s.kind WHEN 'bot' THEN ':' || e.ticket_id ELSE '' END, \
                'subscription:' || s.id, e.company_id, \
                '{\"event\":' || e.id || ',\"subscription\":' || s.id || '}', $2, $2, $2 \
                FROM jsonb_to_recordset($1::jsonb) AS r(id bigint) \
                JOIN events e ON e.id = r.id \
                JOIN subscriptions s ON s.company_id = e.company_id AND s.active = 1 \
                AND (s.events = '[]' OR s.events LIKE '%\"' || e.kind || '\"%') \
                LEFT JOIN tickets t ON t.id = e.ticket_id \
                WHERE s.kind <> 'bot' OR (t.bot_id = s.id AND e.kind <> 'ticket.bot_released') \
                OR (t.id IS NOT NULL AND e.kind IN ('ticket.bot_assigned', 'ticket.bot_released') \
                AND e.data::jsonb ->> 'bot_id' = s.id::text) \
                ORDER BY e.id, s.id \
                RETURNING lane, topic, \
                CASE WHEN lane = 'relay:' || substr(topic, 14) THEN 1::bigint ELSE 0::bigint END AS company_lane",
        },
        json_rows(&ids),
        now
    )?;
    let of_tickets: Vec<&Added> = added.iter().filter(|added| added.company_lane == 0).collect();
    if !of_tickets.is_empty() {
        open(tx, &of_tickets, now).await?;
    }
    Ok(added.len())
}

async fn open(tx: &mut Tx, lanes: &[&Added], now: Millis) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO job_lanes (lane, kind, topic, due_at) SELECT lane, 'relay', min(topic), $2 FROM",
            [lane text, topic text],
            "WHERE true GROUP BY lane ORDER BY lane ON CONFLICT (lane) DO UPDATE \
             SET due_at = coalesce(job_lanes.due_at, excluded.due_at)"
        ),
        json_rows(lanes),
        now
    )
    .map(drop)
}

/// Opens the lanes of systems that have jobs and no lane; gives how many. A lane that is there keeps its time.
///
/// # Errors
/// Those of the database.
pub async fn open_lanes(tx: &mut Tx, now: Millis) -> Result<u64> {
    // Whoever settles such a lane holds its row until it is gone, and this waits for that.
    execute!(
        tx,
        "INSERT INTO job_lanes (lane, kind, topic, due_at) \
         SELECT 'relay:' || s.id, 'relay', 'subscription:' || s.id, (SELECT j.due_at FROM jobs j \
         WHERE j.lane = 'relay:' || s.id AND j.state = 'ready' ORDER BY j.id LIMIT 1) FROM subscriptions s \
         WHERE EXISTS (SELECT 1 FROM jobs j WHERE j.lane = 'relay:' || s.id AND j.state = 'ready') \
         AND NOT EXISTS (SELECT 1 FROM job_lanes l WHERE l.lane = 'relay:' || s.id AND l.due_at IS NOT NULL) \
         AND $1 >= 0 ORDER BY s.id ON CONFLICT (lane) DO UPDATE \
         SET due_at = coalesce(job_lanes.due_at, excluded.due_at)",
        now
    )
}

/// Gives up the jobs of a lane that were added before `before`; gives how many.
///
/// # Errors
/// Those of the database.
pub async fn bury_old(tx: &mut Tx, lane: &str, before: Millis, error: &str, now: Millis) -> Result<u64> {
    execute!(
        tx,
        "UPDATE jobs SET state = 'dead', last_error = $3, updated_at = $4 \
         WHERE lane = $1 AND state = 'ready' AND created_at < $2",
        lane,
        before,
        error,
        now
    )
}

/// Gives up the relay jobs of a subscription that nobody will relay any more; gives how many. Its lanes stay until
/// they are claimed.
///
/// # Errors
/// Those of the database.
pub async fn forget(tx: &mut Tx, before: Millis) -> Result<u64> {
    execute!(
        tx,
        "DELETE FROM job_tries WHERE job_id IN \
         (SELECT id FROM jobs WHERE state = 'dead' AND kind = 'relay' AND updated_at < $1)",
        before
    )?;
    execute!(tx, "DELETE FROM jobs WHERE state = 'dead' AND kind = 'relay' AND updated_at < $1", before)
}
