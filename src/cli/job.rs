//! `relevo job`: what waits to be sent or fetched, and what is not tried again by itself.

use anyhow::bail;
use serde_json::{Value, json};

use super::{
    args::JobCommand,
    output::{Output, json_or_text, moment, table},
};
use crate::{
    app::Foundation,
    desk::outbox,
    store::jobs::{self, Job, Try},
};

pub(super) async fn run(base: &Foundation, command: JobCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        JobCommand::List { state, limit } => list(base, &state, limit, output).await,
        JobCommand::Show { id } => show(base, id, output).await,
        JobCommand::Requeue { id: Some(id), .. } => requeue(base, vec![id], output).await,
        JobCommand::Requeue { id: None, .. } => {
            let ids = jobs::dead_ids(&mut base.db.read().await?).await?;
            requeue(base, ids, output).await
        }
        JobCommand::Discard { id } => {
            let mut tx = base.db.write().await?;
            let discarded = jobs::discard(&mut tx, id, base.clock.now()).await?;
            tx.commit().await?;
            match discarded {
                true => output.result(&json!({"id": id, "state": "discarded"}), || format!("{id}: discarded")),
                false => bail!("there is no dead job {id}; see: relevo job list"),
            }
        }
    }
}

async fn list(base: &Foundation, state: &str, limit: u32, output: &Output) -> anyhow::Result<()> {
    let mut tx = base.db.read().await?;
    let listed = jobs::list(&mut tx, state, limit.into()).await?;
    let counts = jobs::counts(&mut tx).await?;
    let value = json!({
        "jobs": listed.iter().map(summary).collect::<Vec<_>>(),
        "counts": counts
            .iter()
            .map(|(kind, state, count)| json!({"kind": kind, "state": state, "count": count}))
            .collect::<Vec<_>>(),
    });
    output.result(&value, || {
        let counts: Vec<String> = counts.iter().map(|(kind, state, count)| format!("{kind} {state} {count}")).collect();
        let counts = if counts.is_empty() { "no jobs".to_owned() } else { counts.join(", ") };
        format!("{}\n\n{counts}", rows(&listed))
    })
}

async fn show(base: &Foundation, id: i64, output: &Output) -> anyhow::Result<()> {
    let mut tx = base.db.read().await?;
    let Some(job) = jobs::find(&mut tx, id).await? else {
        bail!("there is no job {id}: it is done, or never was; see: relevo job list")
    };
    let tries = jobs::tries(&mut tx, id).await?;
    let mut value = summary(&job);
    value["payload"] = json_or_text(Some(&job.payload));
    value["tries"] = json!(tries);
    output.result(&value, || format!("{}\n\n{}\n\n{}", rows(std::slice::from_ref(&job)), job.payload, tried(&tries)))
}

fn tried(tries: &[Try]) -> String {
    let rows = tries.iter().map(|tried| vec![tried.attempt.to_string(), moment(Some(tried.at)), tried.error.clone()]);
    table(&["TRY", "AT (UTC)", "ERROR"], &rows.collect::<Vec<_>>())
}

fn summary(job: &Job) -> Value {
    json!({
        "id": job.id, "kind": job.kind, "lane": job.lane, "topic": job.topic, "company": job.company_id,
        "state": job.state, "attempt": job.attempt, "due_at": job.due_at, "phase": job.phase,
        "last_error": job.last_error, "created_at": job.created_at, "updated_at": job.updated_at,
    })
}

fn rows(jobs: &[Job]) -> String {
    let rows = jobs.iter().map(|job| {
        vec![
            job.id.to_string(),
            moment(Some(job.created_at)),
            job.kind.clone(),
            job.topic.clone(),
            job.state.clone(),
            job.attempt.to_string(),
            moment(Some(job.due_at)),
            job.last_error.clone().unwrap_or_default(),
        ]
    });
    table(
        &["ID", "SINCE (UTC)", "KIND", "TOPIC", "STATE", "TRIES", "DUE (UTC)", "LAST ERROR"],
        &rows.collect::<Vec<_>>(),
    )
}

/// Each in a transaction of its own: one that cannot be requeued keeps no other back.
async fn requeue(base: &Foundation, ids: Vec<i64>, output: &Output) -> anyhow::Result<()> {
    let mut results = Vec::new();
    for id in ids {
        let mut tx = base.db.write().await?;
        let done = outbox::requeue(&mut tx, id, base.clock.now()).await?;
        tx.commit().await?;
        results.push((id, done));
    }
    base.ring().await;
    let value: Vec<Value> = results.iter().map(|(id, done)| json!({"id": id, "requeued": done})).collect();
    output.result(&value, || results.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    match results.iter().filter(|(_, done)| !done).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} could not be requeued", results.len()),
    }
}

fn line((id, done): &(i64, bool)) -> String {
    match done {
        true => format!("{id}: requeued"),
        false => format!("{id}: there is no such dead job"),
    }
}
