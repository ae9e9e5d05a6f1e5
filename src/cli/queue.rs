//! `relevo queue`.

use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};

use super::{
    args::{DeadCommand, QueueCommand},
    output::{Output, moment, table},
};
use crate::{
    app::Foundation,
    inbound::Requeued,
    store::dead_letters::{self, DeadLetter},
};

/// How long `requeue` waits for its connection to the broker.
const BROKER_WAIT: Duration = Duration::from_secs(10);
/// Ids that `requeue --all` fetches at once.
const ROUND: i64 = 1_000;

pub(super) async fn run(base: &Foundation, command: QueueCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        QueueCommand::Depth => {
            let queue = base.queue();
            let depth = queue.depth().await;
            queue.close().await;
            let depth = depth?;
            output.result(&depth, || format!("ready {}\ndelayed {}\ndead {}", depth.ready, depth.delayed, depth.dead))
        }
        QueueCommand::Dead { command } => dead(base, command, output).await,
    }
}

async fn dead(base: &Foundation, command: DeadCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        DeadCommand::List { limit } => {
            let letters = dead_letters::list(&mut base.db.read().await?, limit.into()).await?;
            let value: Vec<Value> = letters.iter().map(summary).collect();
            output.result(&value, || list(&letters))
        }
        DeadCommand::Show { id } => match dead_letters::find(&mut base.db.read().await?, &id).await? {
            Some(letter) => show(&letter, output),
            None => bail!("there is no dead letter {id}; see: relevo queue dead list"),
        },
        DeadCommand::Requeue { id: Some(id), .. } => requeue(base, vec![id], output).await,
        DeadCommand::Requeue { id: None, .. } => requeue_all(base, output).await,
        DeadCommand::Discard { id } => {
            let mut tx = base.db.write().await?;
            let settled = dead_letters::settle(&mut tx, &id, "discarded", base.clock.now()).await?;
            tx.commit().await?;
            match settled {
                true => output.result(&json!({"id": id, "state": "discarded"}), || format!("{id}: discarded")),
                false => bail!("there is no dead letter {id}, or it was settled before"),
            }
        }
    }
}

fn summary(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id, "kind": letter.kind, "channel": letter.channel_id, "reason": letter.reason,
        "attempt": letter.attempt, "state": letter.state, "bytes": letter.body.len(), "created_at": letter.created_at,
        "settled_at": letter.settled_at,
    })
}

fn list(letters: &[DeadLetter]) -> String {
    let rows = letters.iter().map(|letter| {
        vec![
            letter.id.clone(),
            moment(Some(letter.created_at)),
            letter.kind.clone(),
            letter.channel_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
            letter.attempt.to_string(),
            letter.reason.clone(),
        ]
    });
    table(&["ID", "SINCE (UTC)", "KIND", "CHANNEL", "ATTEMPTS", "REASON"], &rows.collect::<Vec<_>>())
}

fn show(letter: &DeadLetter, output: &Output) -> anyhow::Result<()> {
    let body = String::from_utf8_lossy(&letter.body);
    let mut value = summary(letter);
    value["content_type"] = json!(letter.content_type);
    value["body"] = serde_json::from_str(&body).unwrap_or_else(|_| Value::String(body.clone().into_owned()));
    output.result(&value, || format!("{}\n\n{body}", list(std::slice::from_ref(letter))))
}

/// Every letter that is dead now, oldest first; one that dies again meanwhile waits for the next call.
async fn requeue_all(base: &Foundation, output: &Output) -> anyhow::Result<()> {
    let mut ids: Vec<String> = Vec::new();
    loop {
        let after = ids.last().cloned().unwrap_or_default();
        let round = dead_letters::ids_after(&mut base.db.read().await?, &after, ROUND).await?;
        match round.is_empty() {
            true => return requeue(base, ids, output).await,
            false => ids.extend(round),
        }
    }
}

async fn requeue(base: &Foundation, ids: Vec<String>, output: &Output) -> anyhow::Result<()> {
    let (queue, directory) = (base.queue(), base.directory());
    let inbound = base.inbound(queue.clone());
    // If it does not come up, publishing says why.
    queue.connected(BROKER_WAIT).await;
    let mut results = Vec::new();
    for id in ids {
        results.push(inbound.requeue(&directory, &id).await?);
    }
    queue.close().await;
    let failed = results.iter().filter(|result| !matches!(result, Requeued::Requeued { .. })).count();
    output.result(&results, || results.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    if failed > 0 {
        bail!("{failed} of {} could not be requeued", results.len());
    }
    Ok(())
}

fn line(result: &Requeued) -> String {
    match result {
        Requeued::Requeued { id, events } => format!("{id}: requeued ({events} events)"),
        Requeued::StillDead { id, reason } => format!("{id}: still dead: {reason}"),
        Requeued::NotFound { id } => format!("{id}: there is no such dead letter, or it was settled before"),
    }
}
