//! Durable jobs and their lanes; see `crate::jobs` for what they promise.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

/// A job to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewJob {
    pub kind: String,
    /// Jobs of one lane are done one after the other, in the order in which they were added.
    pub lane: String,
    /// Lanes that are held and woken together.
    pub topic: String,
    pub company_id: Option<i64>,
    /// JSON; the handler's business.
    pub payload: String,
    pub due_at: Millis,
    pub created_at: Millis,
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Job {
    pub id: i64,
    pub kind: String,
    pub lane: String,
    pub topic: String,
    pub company_id: Option<i64>,
    pub payload: String,
    /// `ready`, `dead` or `discarded`.
    pub state: String,
    /// Tries that were started.
    pub attempt: i64,
    pub due_at: Millis,
    /// How far the latest try had come, in the handler's words.
    pub phase: Option<String>,
    /// When it failed for the first time of those that count towards giving up.
    pub trying_since: Option<Millis>,
    pub last_error: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// A lane that was claimed, with its head.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Claimed {
    #[sqlx(flatten)]
    pub job: Job,
    /// Until when the lane's pace is used up.
    pub tat: Millis,
}

macro_rules! columns {
    () => {
        "j.id, j.kind, j.lane, j.topic, j.company_id, j.payload, j.state, j.attempt, j.due_at, j.phase, \
         j.trying_since, j.last_error, j.created_at, j.updated_at"
    };
}

/// Adds jobs, each at the end of its lane, in the given order.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, jobs: &[NewJob]) -> Result<()> {
    #[derive(Serialize)]
    struct Numbered<'a> {
        n: usize,
        #[serde(flatten)]
        job: &'a NewJob,
    }
    let rows: Vec<Numbered<'_>> = jobs.iter().enumerate().map(|(n, job)| Numbered { n, job }).collect();
    let rows = json_rows(&rows);
    execute!(
        tx,
        rows!(
            "INSERT INTO jobs (kind, lane, topic, company_id, payload, due_at, created_at, updated_at) \
             SELECT kind, lane, topic, company_id, payload, due_at, created_at, created_at FROM",
            [n bigint, kind text, lane text, topic text, company_id bigint, payload text, due_at bigint,
             created_at bigint],
            "ORDER BY n"
        ),
        &rows
    )?;
    // A lane that has a head keeps that one's time. Whoever settles a lane holds its row, so one of the two waits and
    // then sees the other's work.
    execute!(
        tx,
        rows!(
            "INSERT INTO job_lanes (lane, kind, topic, due_at) SELECT lane, min(kind), min(topic), min(due_at) FROM",
            [kind text, lane text, topic text, due_at bigint],
            "WHERE true GROUP BY lane ORDER BY lane ON CONFLICT (lane) DO UPDATE \
             SET due_at = coalesce(job_lanes.due_at, excluded.due_at)"
        ),
        &rows
    )
    .map(drop)
}

/// Claims up to `limit` lanes of a kind whose heads are due, until `until`; gives the heads, the longest due first.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    tx: &mut Tx,
    kind: &str,
    owner: &str,
    now: Millis,
    until: Millis,
    limit: i64,
) -> Result<Vec<Claimed>> {
    let lanes = fetch_all!(
        tx,
        (String,),
        Sql {
            sqlite: "UPDATE job_lanes SET owner = $2, lease_until = $4 WHERE lane IN (SELECT lane FROM job_lanes \
                     WHERE kind = $1 AND due_at <= $3 AND (lease_until IS NULL OR lease_until <= $3) \
                     ORDER BY due_at LIMIT $5) RETURNING lane",
            postgres: "UPDATE job_lanes SET owner = $2, lease_until = $4 WHERE lane IN (SELECT lane FROM job_lanes \
                       WHERE kind = $1 AND due_at <= $3 AND (lease_until IS NULL OR lease_until <= $3) \
                       ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED) RETURNING lane",
        },
        kind,
        owner,
        now,
        until,
        limit
    )?;
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    #[derive(Serialize)]
    struct Lane {
        l: String,
    }
    let lanes: Vec<Lane> = lanes.into_iter().map(|(l,)| Lane { l }).collect();
    fetch_all!(
        tx,
        Claimed,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                ", l.tat FROM job_lanes l JOIN jobs j ON j.id = (SELECT min(k.id) FROM jobs k \
                 WHERE k.lane = l.lane AND k.state = 'ready') \
                 WHERE l.lane IN (SELECT json_extract(value, '$.l') FROM json_each($1)) ORDER BY l.due_at, j.id"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                ", l.tat FROM job_lanes l JOIN jobs j ON j.id = (SELECT min(k.id) FROM jobs k \
                 WHERE k.lane = l.lane AND k.state = 'ready') \
                 WHERE l.lane IN (SELECT r.l FROM jsonb_to_recordset($1::jsonb) AS r(l text)) ORDER BY l.due_at, j.id"
            ),
        },
        json_rows(&lanes)
    )
}

/// Renews the claim of a lane; gives whether it is still the owner's.
///
/// # Errors
/// Those of the database.
pub async fn renew(tx: &mut Tx, lane: &str, owner: &str, until: Millis) -> Result<bool> {
    let rows =
        execute!(tx, "UPDATE job_lanes SET lease_until = $3 WHERE lane = $1 AND owner = $2", lane, owner, until)?;
    Ok(rows > 0)
}

/// Holds a claimed lane's row until the end of the transaction; gives whether it is still the owner's.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, lane: &str, owner: &str) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (String,),
        Sql {
            sqlite: "SELECT lane FROM job_lanes WHERE lane = $1 AND owner = $2",
            postgres: "SELECT lane FROM job_lanes WHERE lane = $1 AND owner = $2 FOR UPDATE",
        },
        lane,
        owner
    )?;
    Ok(row.is_some())
}

/// Notes that a try starts or how far it has come; `started` counts it.
///
/// # Errors
/// Those of the database.
pub async fn mark(tx: &mut Tx, id: i64, started: bool, phase: Option<&str>, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE jobs SET attempt = attempt + $2, phase = $3, updated_at = $4 WHERE id = $1",
        id,
        i64::from(started),
        phase,
        now
    )
    .map(drop)
}

/// A job is done.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<()> {
    execute!(tx, "DELETE FROM job_tries WHERE job_id = $1", id)?;
    execute!(tx, "DELETE FROM jobs WHERE id = $1", id).map(drop)
}

/// A job waits for another try at `due_at`. With an `error` the try counts, towards giving up too.
///
/// # Errors
/// Those of the database.
pub async fn postpone(
    tx: &mut Tx,
    id: i64,
    due_at: Millis,
    phase: Option<&str>,
    error: Option<&str>,
    now: Millis,
) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "UPDATE jobs SET due_at = $2, phase = $3, last_error = coalesce($4, last_error), updated_at = $5, \
                     trying_since = CASE WHEN $4 IS NULL THEN trying_since ELSE coalesce(trying_since, $5) END \
                     WHERE id = $1",
            postgres: "UPDATE jobs SET due_at = $2, phase = $3, last_error = coalesce($4::text, last_error), \
                       updated_at = $5, trying_since = CASE WHEN $4::text IS NULL THEN trying_since \
                       ELSE coalesce(trying_since, $5) END WHERE id = $1",
        },
        id,
        due_at,
        phase,
        error,
        now
    )?;
    match error {
        Some(error) => record_try(tx, id, error, now).await,
        None => Ok(()),
    }
}

async fn record_try(tx: &mut Tx, id: i64, error: &str, now: Millis) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO job_tries (job_id, attempt, at, error) SELECT id, attempt, $2, $3 FROM jobs WHERE id = $1",
        id,
        now,
        error
    )
    .map(drop)
}

/// A job will not be tried again by itself; it stays, with its history.
///
/// # Errors
/// Those of the database.
pub async fn bury(tx: &mut Tx, id: i64, error: &str, now: Millis) -> Result<()> {
    execute!(tx, "UPDATE jobs SET state = 'dead', last_error = $2, updated_at = $3 WHERE id = $1", id, error, now)?;
    record_try(tx, id, error, now).await
}

/// Gives a claimed lane back: its next head decides when it is due again, at the earliest at `not_before`, and an
/// empty lane whose pace is not used up goes. To be called after [`lock`], with the job settled.
///
/// # Errors
/// Those of the database.
pub async fn release(tx: &mut Tx, lane: &str, tat: Millis, not_before: Millis, now: Millis) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "UPDATE job_lanes SET owner = NULL, lease_until = NULL, tat = $2, due_at = (SELECT max(j.due_at, $3) \
                     FROM jobs j WHERE j.lane = $1 AND j.state = 'ready' ORDER BY j.id LIMIT 1) WHERE lane = $1",
            postgres: "UPDATE job_lanes SET owner = NULL, lease_until = NULL, tat = $2, due_at = \
                       (SELECT greatest(j.due_at, $3) FROM jobs j WHERE j.lane = $1 AND j.state = 'ready' \
                       ORDER BY j.id LIMIT 1) WHERE lane = $1",
        },
        lane,
        tat,
        not_before
    )?;
    execute!(tx, "DELETE FROM job_lanes WHERE lane = $1 AND due_at IS NULL AND tat <= $2", lane, now).map(drop)
}

/// Lets no lane of a topic begin before `until`.
///
/// # Errors
/// Those of the database.
pub async fn hold(tx: &mut Tx, topic: &str, until: Millis) -> Result<()> {
    execute!(tx, "UPDATE job_lanes SET due_at = $2 WHERE topic = $1 AND due_at < $2", topic, until).map(drop)
}

/// Lets every lane of a topic begin at `now`, whatever they wait for; gives how many there are.
///
/// # Errors
/// Those of the database.
pub async fn wake(tx: &mut Tx, topic: &str, now: Millis) -> Result<u64> {
    execute!(tx, "UPDATE job_lanes SET due_at = $2 WHERE topic = $1 AND due_at > $2", topic, now)
}

/// Lets these lanes begin at `now`, whatever they wait for.
///
/// # Errors
/// Those of the database.
pub async fn wake_lanes(tx: &mut Tx, lanes: &[String], now: Millis) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "UPDATE job_lanes SET due_at = $2 WHERE due_at > $2 \
                     AND lane IN (SELECT value FROM json_each($1))",
            postgres: "UPDATE job_lanes SET due_at = $2 WHERE due_at > $2 \
                       AND lane IN (SELECT jsonb_array_elements_text($1::jsonb))",
        },
        json_rows(lanes),
        now
    )
    .map(drop)
}

/// When the next lane of a kind is due that nobody holds.
///
/// # Errors
/// Those of the database.
pub async fn next_due(tx: &mut Tx, kind: &str, now: Millis) -> Result<Option<Millis>> {
    let row = fetch_optional!(
        tx,
        (Option<i64>,),
        "SELECT min(due_at) FROM job_lanes WHERE kind = $1 AND due_at IS NOT NULL AND (lease_until IS NULL OR lease_until <= $2)",
        kind,
        now
    )?;
    Ok(row.and_then(|(due,)| due))
}

/// The job with this id, whatever its state.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<Job>> {
    fetch_optional!(tx, Job, concat!("SELECT ", columns!(), " FROM jobs j WHERE j.id = $1"), id)
}

/// Jobs in a state (`dead`, `discarded`, `ready`), newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, state: &str, limit: i64) -> Result<Vec<Job>> {
    fetch_all!(
        tx,
        Job,
        concat!("SELECT ", columns!(), " FROM jobs j WHERE j.state = $1 ORDER BY j.id DESC LIMIT $2"),
        state,
        limit
    )
}

/// A try that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Try {
    pub attempt: i64,
    pub at: Millis,
    pub error: String,
}

/// Forgets since when a job has been failing: what it waits for now is not its own failure.
///
/// # Errors
/// Those of the database.
pub async fn forgive(tx: &mut Tx, id: i64) -> Result<()> {
    execute!(tx, "UPDATE jobs SET trying_since = NULL WHERE id = $1", id).map(drop)
}

/// The tries of a job that did not succeed, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn tries(tx: &mut Tx, id: i64) -> Result<Vec<Try>> {
    fetch_all!(tx, Try, "SELECT attempt, at, error FROM job_tries WHERE job_id = $1 ORDER BY id", id)
}

/// Lets a dead job be tried again, at the place in its lane that it had; gives whether it was dead.
///
/// # Errors
/// Those of the database.
pub async fn requeue(tx: &mut Tx, id: i64, now: Millis) -> Result<bool> {
    let Some(job) = find(tx, id).await?.filter(|job| job.state == "dead") else { return Ok(false) };
    let rows = execute!(
        tx,
        "UPDATE jobs SET state = 'ready', due_at = $2, phase = NULL, trying_since = NULL, updated_at = $2 \
         WHERE id = $1 AND state = 'dead'",
        id,
        now
    )?;
    if rows == 0 {
        return Ok(false);
    }
    execute!(
        tx,
        "INSERT INTO job_lanes (lane, kind, topic, due_at) VALUES ($1, $2, $3, $4) ON CONFLICT (lane) DO UPDATE \
         SET due_at = CASE WHEN job_lanes.due_at < excluded.due_at THEN job_lanes.due_at ELSE excluded.due_at END",
        job.lane,
        job.kind,
        job.topic,
        now
    )?;
    Ok(rows > 0)
}

/// Gives a dead job up for good; gives whether it was dead.
///
/// # Errors
/// Those of the database.
pub async fn discard(tx: &mut Tx, id: i64, now: Millis) -> Result<bool> {
    let rows =
        execute!(tx, "UPDATE jobs SET state = 'discarded', updated_at = $2 WHERE id = $1 AND state = 'dead'", id, now)?;
    Ok(rows > 0)
}

/// How many jobs of each kind are in each state: `(kind, state, count)`.
///
/// # Errors
/// Those of the database.
pub async fn counts(tx: &mut Tx) -> Result<Vec<(String, String, i64)>> {
    fetch_all!(
        tx,
        (String, String, i64),
        "SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state"
    )
}

/// How many jobs of a topic are dead.
///
/// # Errors
/// Those of the database.
pub async fn dead(tx: &mut Tx, topic: &str) -> Result<i64> {
    let row = fetch_optional!(tx, (i64,), "SELECT count(*) FROM jobs WHERE state = 'dead' AND topic = $1", topic)?;
    Ok(row.map_or(0, |(count,)| count))
}

/// The ids of all dead jobs, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn dead_ids(tx: &mut Tx) -> Result<Vec<i64>> {
    let ids = fetch_all!(tx, (i64,), "SELECT id FROM jobs WHERE state = 'dead' ORDER BY id")?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Forgets empty lanes whose pace is not used up any more, and settled jobs older than `before`.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut Tx, now: Millis, before: Millis) -> Result<()> {
    execute!(tx, "DELETE FROM job_lanes WHERE due_at IS NULL AND lease_until IS NULL AND tat <= $1", now)?;
    execute!(
        tx,
        "DELETE FROM job_tries WHERE job_id IN (SELECT id FROM jobs WHERE state = 'discarded' AND updated_at < $1)",
        before
    )?;
    execute!(tx, "DELETE FROM jobs WHERE state = 'discarded' AND updated_at < $1", before).map(drop)
}

/// How many jobs of a topic wait.
///
/// # Errors
/// Those of the database.
pub async fn waiting(tx: &mut Tx, topic: &str) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT count(*) FROM job_lanes l JOIN jobs j ON j.lane = l.lane WHERE l.topic = $1 AND j.state = 'ready'",
        topic
    )?;
    Ok(row.map_or(0, |(count,)| count))
}
