//! `relevo subscription`.

use anyhow::{Context, bail};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    args::SubscriptionCommand,
    output::{Output, moment, table},
};
use crate::{
    app::Foundation,
    desk::subscriptions::{self, Added, Wanted},
    domain::{bot, relay_topic},
    post::test_subscription,
    store::{
        Tx, jobs,
        subscriptions::{self as rows, Subscription},
    },
};

pub(super) async fn run(base: &Foundation, command: SubscriptionCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        SubscriptionCommand::Add { kind, company, name, url, events, timeout_ms } => {
            let url = base.poster()?.vet(&url).map_err(|why| anyhow::anyhow!("the URL is not allowed: {why}"))?;
            let wanted = Wanted { name: Some(name), url: Some(url), events: Some(events), timeout_ms };
            let mut tx = base.db.write().await?;
            let added = subscriptions::add(&mut tx, &base.clock, &base.key, company, &kind, wanted).await?;
            tx.commit().await?;
            with_secret(&added, output)
        }
        SubscriptionCommand::List { company } => list(base, company, output).await,
        SubscriptionCommand::Pause { id } => switch(base, id, false, output).await,
        SubscriptionCommand::Resume { id } => switch(base, id, true, output).await,
        SubscriptionCommand::Rotate { id } => {
            let mut tx = base.db.write().await?;
            let company = find(&mut tx, id).await?.company_id;
            let rotated = subscriptions::rotate(&mut tx, &base.clock, &base.key, company, id).await?;
            tx.commit().await?;
            with_secret(&rotated, output)
        }
        SubscriptionCommand::Test { id } => test(base, id, output).await,
    }
}

async fn find(tx: &mut Tx, id: i64) -> anyhow::Result<Subscription> {
    let row = rows::by_id(tx, id).await?;
    row.with_context(|| format!("there is no subscription {id}; see: relevo subscription list"))
}

fn with_secret(Added { subscription, secret }: &Added, output: &Output) -> anyhow::Result<()> {
    let secret = secret.expose_secret();
    let value = json!({
        "id": subscription.id, "company": subscription.company_id, "kind": subscription.kind, "name": subscription.name,
        "url": subscription.url, "secret": secret,
    });
    output.result(&value, || {
        format!("subscription {}; keep the secret, it is not shown again\n{secret}", subscription.id)
    })
}

async fn list(base: &Foundation, company: Option<i64>, output: &Output) -> anyhow::Result<()> {
    let mut tx = base.db.read().await?;
    let mut listed: Vec<(Subscription, i64, i64)> = Vec::new();
    for row in rows::all(&mut tx, company).await? {
        let topic = relay_topic(row.id);
        let (waiting, dead) = (jobs::waiting(&mut tx, &topic).await?, jobs::dead(&mut tx, &topic).await?);
        listed.push((row, waiting, dead));
    }
    let now = base.clock.now();
    let healthy = |row: &Subscription| bot::is_healthy(row.active == 1, row.failing_since, row.failures, now);
    let value: Vec<Value> = listed
        .iter()
        .map(|(row, waiting, dead)| {
            let mut value = serde_json::to_value(row).unwrap_or_default();
            value["events"] = serde_json::from_str(&row.events).unwrap_or_default();
            value["healthy"] = json!(healthy(row));
            value["waiting"] = json!(waiting);
            value["dead"] = json!(dead);
            value
        })
        .collect();
    output.result(&value, || {
        let rows = listed.iter().map(|(row, waiting, dead)| {
            let state = match (row.active, row.failing_since) {
                (0, _) => "paused".to_owned(),
                (_, None) => "active".to_owned(),
                (_, since) => format!("failing since {}", moment(since)),
            };
            vec![
                row.id.to_string(),
                row.company_id.to_string(),
                row.kind.clone(),
                row.name.clone(),
                state,
                waiting.to_string(),
                dead.to_string(),
                row.url.clone(),
                row.last_error.clone().unwrap_or_default(),
            ]
        });
        table(
            &["ID", "COMPANY", "KIND", "NAME", "STATE", "WAITING", "DEAD", "URL", "LAST ERROR"],
            &rows.collect::<Vec<_>>(),
        )
    })
}

async fn switch(base: &Foundation, id: i64, active: bool, output: &Output) -> anyhow::Result<()> {
    let mut tx = base.db.write().await?;
    let company = find(&mut tx, id).await?.company_id;
    subscriptions::set_active(&mut tx, &base.clock, company, id, active).await?;
    tx.commit().await?;
    base.ring().await;
    let word = if active { "active" } else { "paused" };
    output.result(&json!({"id": id, "active": active}), || format!("subscription {id}: {word}"))
}

async fn test(base: &Foundation, id: i64, output: &Output) -> anyhow::Result<()> {
    let row = find(&mut base.db.read().await?, id).await?;
    let secret = subscriptions::open_secret(&base.key, &row)?;
    let tested = test_subscription(&base.db, &base.clock, &base.poster()?, &row, &secret).await?;
    base.ring().await;
    match tested.complaint() {
        None => {
            output.result(&json!({"id": id, "delivered": true}), || format!("subscription {id}: the test got through"))
        }
        Some(why) => bail!("subscription {id} did not take the test: {why}"),
    }
}
