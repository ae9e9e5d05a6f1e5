//! `relevo channel` and `relevo simulate`.

use anyhow::{Context, bail};
use relevo_adapters::outbound::Finding;
use serde_json::json;

use super::{
    args::{ChannelCommand, Simulate},
    output::{Output, json_or_text, moment, table},
};
use crate::{
    app::Foundation,
    demo::{self, Target},
    desk::channels::{self, Change, ChannelView, Health, NewChannel, Replaced, Work},
    directory,
    store::{Tx, channels as rows},
};

/// News that `channel show` gives.
const NEWS: i64 = 20;

pub(super) async fn run(base: &Foundation, command: ChannelCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        ChannelCommand::Add { kind, company, name, settings, reopen_within } => {
            let reopen_within_ms = reopen_within.map(|seconds| i64::from(seconds) * 1000);
            let new = NewChannel { company, kind: &kind, name: &name, settings, reopen_within_ms };
            let mut tx = base.db.write().await?;
            let view = channels::add(&mut tx, &base.clock, &base.key, new).await?;
            tx.commit().await?;
            output.result(&view, || describe(&view))
        }
        ChannelCommand::List { company } => {
            let mut tx = base.db.read().await?;
            let views: Vec<ChannelView> = rows::all(&mut tx, company).await?.iter().map(channels::view).collect();
            output.result(&views, || list(&views))
        }
        ChannelCommand::Show { channel } => show(base, &channel, output).await,
        ChannelCommand::Test { channel } => test(base, &channel, output).await,
        ChannelCommand::Pause { channel } => switch(base, &channel, false, output).await,
        ChannelCommand::Resume { channel } => switch(base, &channel, true, output).await,
        ChannelCommand::Set { channel, name, settings, reopen_within } => {
            let reopen_within_ms = reopen_within.map(|seconds| i64::from(seconds) * 1000);
            let change = Change { name: name.as_deref(), settings, reopen_within_ms };
            set(base, &channel, change, output).await
        }
        ChannelCommand::Rotate { channel, secrets, previous } => {
            let id = find(base, &channel).await?.id;
            let replaced = if previous { Replaced::Accepted } else { Replaced::Forgotten };
            let mut tx = base.db.write().await?;
            let view = channels::rotate(&mut tx, &base.clock, &base.key, id, secrets, replaced).await?;
            done(base, tx, &view, output).await
        }
        ChannelCommand::Kinds => kinds(output),
        ChannelCommand::Unknown => unknown(base, output).await,
    }
}

async fn find(base: &Foundation, name: &str) -> anyhow::Result<rows::ChannelRow> {
    let mut tx = base.db.read().await?;
    let found = match name.parse() {
        Ok(id) => rows::find(&mut tx, id).await?,
        Err(_) => rows::find_by_uuid(&mut tx, name).await?,
    };
    found.with_context(|| format!("there is no channel {name}; see: relevo channel list"))
}

async fn show(base: &Foundation, name: &str, output: &Output) -> anyhow::Result<()> {
    let row = find(base, name).await?;
    let mut tx = base.db.read().await?;
    let news = rows::events(&mut tx, row.id, NEWS).await?;
    let health = channels::health(&mut tx, &row).await?;
    drop(tx);
    let view = channels::view(&row);
    let mut value = serde_json::to_value(&view)?;
    value["health"] = serde_json::to_value(&health)?;
    value["events"] = news
        .iter()
        .map(|event| {
            json!({"kind": event.kind, "text": event.text, "at": event.at, "raw": json_or_text(event.raw.as_deref()),
                   "id_bitacora_log": event.log_id})
        })
        .collect();
    output.result(&value, || {
        let news = news
            .iter()
            .map(|event| vec![moment(Some(event.at)), event.kind.clone(), event.text.clone().unwrap_or_default()]);
        let news = table(&["NEWS (UTC)", "KIND", "TEXT"], &news.collect::<Vec<_>>());
        format!("{}\n{}\n\n{news}", describe(&view), healthy(&health))
    })
}

async fn set(base: &Foundation, name: &str, change: Change<'_>, output: &Output) -> anyhow::Result<()> {
    if change.name.is_none() && change.settings.is_empty() && change.reopen_within_ms.is_none() {
        bail!("nothing to change: give --set KEY=VALUE, --name or --reopen-within");
    }
    let id = find(base, name).await?.id;
    let mut tx = base.db.write().await?;
    let view = channels::update(&mut tx, &base.clock, &base.key, id, change).await?;
    done(base, tx, &view, output).await
}

async fn switch(base: &Foundation, name: &str, active: bool, output: &Output) -> anyhow::Result<()> {
    let id = find(base, name).await?.id;
    let mut tx = base.db.write().await?;
    channels::set_active(&mut tx, &base.clock, id, active).await?;
    tx.commit().await?;
    base.ring().await;
    let view = channels::view(&find(base, &id.to_string()).await?);
    output.result(&view, || format!("channel {id}: {}", status(&view)))
}

async fn done(base: &Foundation, tx: Tx, view: &ChannelView, output: &Output) -> anyhow::Result<()> {
    tx.commit().await?;
    base.ring().await;
    output.result(view, || describe(view))
}

/// Looks, through the platform's eyes, whether everything is set up as it should be.
async fn test(base: &Foundation, name: &str, output: &Output) -> anyhow::Result<()> {
    let row = find(base, name).await?;
    let open = base.directory().open(&row)?;
    let Some(outlet) = open.channel.outlet() else { bail!("a {} channel cannot be tested", row.kind) };
    let (public, io) = (base.public_url(), base.io());
    let webhook = |path: String| (!public.is_empty()).then(|| format!("{public}{path}"));
    let mut findings = outlet.probe(&*io, webhook(channels::webhook_path(&row)).as_deref()).await;
    if findings.iter().any(|finding| !finding.ok) {
        // The platform may have been told the other address, which serves as well.
        let others = outlet.probe(&*io, webhook(channels::common_path(&row)).as_deref()).await;
        findings = if others.iter().all(|finding| finding.ok) { others } else { findings };
    }
    output.result(&findings, || findings.iter().map(finding).collect::<Vec<_>>().join("\n"))?;
    match findings.iter().filter(|finding| !finding.ok).count() {
        0 => Ok(()),
        bad => bail!("{bad} of {} checks failed", findings.len()),
    }
}

fn finding(finding: &Finding) -> String {
    let mark = if finding.ok { '✓' } else { '✗' };
    let remedy = finding.remedy.as_ref().map(|remedy| format!("\n    → {remedy}")).unwrap_or_default();
    format!("{mark} {}: {}{remedy}", finding.check, finding.found)
}

fn status(view: &ChannelView) -> &'static str {
    if view.channel_status == 1 { "active" } else { "paused" }
}

fn healthy(health: &Health) -> String {
    let mut lines = vec![format!("  health        {}", health.state)];
    if let Some(hold) = &health.hold {
        lines.push(format!("  held          {}: {} (next try {})", hold.code, hold.en, moment(Some(hold.until))));
    }
    for (what, work) in [("sends", health.sends), ("files", health.files)] {
        if work != Work::default() {
            lines.push(format!("  {what:<12}  {} waiting, {} dead", work.waiting, work.dead));
        }
    }
    lines.join("\n")
}

fn describe(view: &ChannelView) -> String {
    let mut lines = vec![
        format!("channel {}: {} ({}), company {}", view.id_channel, view.name, view.kind, view.company),
        format!("  uuid          {}", view.uuid),
        format!("  webhook path  {}", view.webhook_path),
        format!("  status        {}", status(view)),
        format!("  last event    {}", moment(view.last_event_at)),
    ];
    if let Some(error) = &view.last_error {
        lines.push(format!("  last error    {error} ({})", moment(view.last_error_at)));
    }
    lines.extend(view.settings.iter().map(|(key, value)| format!("  {key} = {value}")));
    lines.join("\n")
}

fn list(views: &[ChannelView]) -> String {
    let rows = views.iter().map(|view| {
        vec![
            view.id_channel.to_string(),
            view.company.to_string(),
            view.kind.clone(),
            view.name.clone(),
            view.app.clone(),
            status(view).to_owned(),
            moment(view.last_event_at),
            view.last_error.clone().unwrap_or_default(),
        ]
    });
    table(
        &["ID", "COMPANY", "TYPE", "NAME", "ACCOUNT", "STATUS", "LAST EVENT (UTC)", "LAST ERROR"],
        &rows.collect::<Vec<_>>(),
    )
}

fn kinds(output: &Output) -> anyhow::Result<()> {
    let value: Vec<_> = relevo_adapters::KINDS
        .iter()
        .map(|kind| {
            let settings: Vec<_> = kind
                .settings
                .iter()
                .map(|setting| {
                    json!({"key": setting.key, "aliases": setting.aliases, "required": setting.required,
                           "secret": setting.secret, "help": setting.help})
                })
                .collect();
            json!({"kind": kind.name, "aliases": kind.aliases, "settings": settings})
        })
        .collect();
    output.result(&value, || {
        let lines = relevo_adapters::KINDS.iter().flat_map(|kind| {
            let settings = kind.settings.iter().map(|setting| {
                let mark = match (setting.required, setting.secret) {
                    (true, true) => " (required, secret)",
                    (true, false) => " (required)",
                    (false, true) => " (secret)",
                    (false, false) => "",
                };
                format!("  {}{mark}: {}", setting.key, setting.help)
            });
            std::iter::once(kind.name.to_owned()).chain(settings)
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

async fn unknown(base: &Foundation, output: &Output) -> anyhow::Result<()> {
    let accounts = rows::unknown(&mut base.db.read().await?, 1_000).await?;
    output.result(&accounts, || {
        let rows = accounts
            .iter()
            .map(|seen| vec![seen.day.clone(), seen.kind.clone(), seen.account.clone(), moment(Some(seen.first_at))]);
        table(&["DAY", "KIND", "ACCOUNT", "FIRST SEEN (UTC)"], &rows.collect::<Vec<_>>())
    })
}

pub(super) async fn simulate(base: &Foundation, simulate: Simulate, output: &Output) -> anyhow::Result<()> {
    let row = find(base, &simulate.channel).await?;
    let kind =
        relevo_adapters::kind(&simulate.kind).with_context(|| format!("there is no channel kind {}", simulate.kind))?;
    if kind.name != row.kind {
        bail!("channel {} is a {} channel, not {}", row.id, row.kind, kind.name);
    }
    if !(simulate.rate.is_finite() && simulate.rate > 0.0) {
        bail!("--rate must be above 0");
    }
    let target = Target {
        base_url: simulate.url.unwrap_or_else(|| format!("http://{}", base.config.server.listen)),
        kind: row.kind.clone(),
        uuid: row.uuid.clone(),
        settings: directory::settings(&row, kind, &base.key, &base.config.channel_defaults())?,
    };
    let seed = simulate.seed.unwrap_or_else(|| base.clock.now().unsigned_abs());
    let report = demo::simulate(&target, simulate.count, simulate.rate, seed, &base.clock, |_, _, _| {}).await?;
    output.result(&report, || report.to_string())
}
