//! Relay jobs: which subscriptions hear of an event, and the lanes in which they do.
//!
//! A system's events go out in one lane, `relay:{subscription}`, one after the other. A bot has 16 lanes,
//! `relay:{subscription}:{digit}` by the last digit of the ticket's id: each ticket's events keep their order, and a
//! customer whom it is slow about does not keep all others waiting. These lanes are shared by every transaction of a
//! company, so those do not touch their rows, which would make them wait for each other: [`open_lanes`] does, right
//! after them.

use relevo_adapters::Millis;
use serde::Serialize;

use super::{Result, Sql, Tx, json_rows, macros::*};

#[derive(Serialize)]
struct Id {
    id: i64,
}

/// A statement over `events e`, `subscriptions s`, `tickets t`, which differs in how events come in and data is read.
macro_rules! relay_sql {
    ($ids:literal, $bot:literal) => {
        concat!(
            "INSERT INTO jobs (kind, lane, topic, company_id, payload, due_at, created_at, updated_at) \
             SELECT 'relay', 'relay:' || s.id || CASE WHEN s.kind <> 'bot' THEN '' \
             WHEN substr(e.ticket_id, length(e.ticket_id), 1) IN \
             ('1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f') \
             THEN ':' || substr(e.ticket_id, length(e.ticket_id), 1) ELSE ':0' END, \
             'subscription:' || s.id, e.company_id, \
             '{\"event\":' || e.id || ',\"subscription\":' || s.id || '}', $2, $2, $2 FROM events e \
             JOIN subscriptions s ON s.company_id = e.company_id AND s.active = 1 \
             AND (s.events = '[]' OR s.events LIKE '%\"' || e.kind || '\"%') \
             LEFT JOIN tickets t ON t.id = e.ticket_id WHERE ",
            $ids,
            " AND (s.kind <> 'bot' OR (t.bot_id = s.id AND e.kind <> 'ticket.bot_released') \
             OR (t.id IS NOT NULL AND e.kind IN ('ticket.bot_assigned', 'ticket.bot_released') AND ",
            $bot,
            ")) ORDER BY e.id, s.id"
        )
    };
}

/// Adds a job for each of these events and each subscription that is switched on and wants it; gives how many. A bot
/// hears of the tickets that it has, and of those that were taken from it (`data.bot_id`).
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, events: &[i64], now: Millis) -> Result<usize> {
    let ids: Vec<Id> = events.iter().map(|id| Id { id: *id }).collect();
    let added = execute!(
        tx,
        Sql {
            sqlite: relay_sql!(
                "e.id IN (SELECT json_extract(value, '$.id') FROM json_each($1))",
                "json_extract(e.data, '$.bot_id') = s.id"
            ),
            postgres: relay_sql!(
                // As an array: the planner takes a set for a hundred events, and would read all that there are.
                "e.id = ANY(ARRAY(SELECT id FROM jsonb_to_recordset($1::jsonb) AS r(id bigint)))",
                "e.data::jsonb ->> 'bot_id' = s.id::text"
            ),
        },
        json_rows(&ids),
        now
    )?;
    Ok(usize::try_from(added).unwrap_or(usize::MAX))
}

/// How the lanes of subscriptions end.
macro_rules! ends {
    () => {
        "WITH ends(part) AS (SELECT '' UNION ALL SELECT ':0' UNION ALL SELECT ':1' UNION ALL SELECT ':2' \
         UNION ALL SELECT ':3' UNION ALL SELECT ':4' UNION ALL SELECT ':5' UNION ALL SELECT ':6' UNION ALL SELECT ':7' \
         UNION ALL SELECT ':8' UNION ALL SELECT ':9' UNION ALL SELECT ':a' UNION ALL SELECT ':b' UNION ALL SELECT ':c' \
         UNION ALL SELECT ':d' UNION ALL SELECT ':e' UNION ALL SELECT ':f') "
    };
}

/// Opens the lanes that have jobs and are not open; gives how many. A lane that is open keeps its time.
///
/// # Errors
/// Those of the database.
pub async fn open_lanes(tx: &mut Tx) -> Result<u64> {
    // Whoever settles such a lane holds its row until it is gone, and this waits for that.
    execute!(
        tx,
        concat!(
            ends!(),
            "INSERT INTO job_lanes (lane, kind, topic, due_at) \
         SELECT w.lane, 'relay', w.topic, w.due_at FROM (SELECT 'relay:' || s.id || ends.part AS lane, \
         'subscription:' || s.id AS topic, (SELECT j.due_at FROM jobs j \
         WHERE j.lane = 'relay:' || s.id || ends.part AND j.state = 'ready' ORDER BY j.id LIMIT 1) AS due_at \
         FROM subscriptions s JOIN ends ON (ends.part = '') = (s.kind <> 'bot')) AS w \
         WHERE w.due_at IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM job_lanes l WHERE l.lane = w.lane AND l.due_at IS NOT NULL) \
         ORDER BY w.lane ON CONFLICT (lane) DO UPDATE SET due_at = coalesce(job_lanes.due_at, excluded.due_at)"
        )
    )
}

/// Whether there are jobs whose lane is not open. Reads only.
///
/// # Errors
/// Those of the database.
pub async fn has_waiting(tx: &mut Tx) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        concat!(
            ends!(),
            "SELECT s.id FROM subscriptions s JOIN ends ON (ends.part = '') = (s.kind <> 'bot') \
         WHERE EXISTS (SELECT 1 FROM jobs j WHERE j.lane = 'relay:' || s.id || ends.part AND j.state = 'ready') \
         AND NOT EXISTS (SELECT 1 FROM job_lanes l WHERE l.lane = 'relay:' || s.id || ends.part \
         AND l.due_at IS NOT NULL) LIMIT 1"
        )
    )?;
    Ok(row.is_some())
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

/// Forgets dead relay jobs that nobody touched since `before`, at most `limit`; gives how many.
///
/// # Errors
/// Those of the database.
pub async fn forget(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    let old = fetch_all!(
        tx,
        (i64,),
        "SELECT id FROM jobs WHERE state = 'dead' AND kind = 'relay' AND updated_at < $1 ORDER BY id LIMIT $2",
        before,
        limit
    )?;
    let old = json_rows(&old.into_iter().map(|(id,)| Id { id }).collect::<Vec<_>>());
    execute!(tx, rows!("DELETE FROM job_tries WHERE job_id IN (SELECT r.id FROM", [id bigint], ")"), &old)?;
    execute!(tx, rows!("DELETE FROM jobs WHERE state = 'dead' AND id IN (SELECT r.id FROM", [id bigint], ")"), &old)
}
