//! `relevo channel` and `relevo simulate`.

use anyhow::{Context, bail};
use serde_json::json;

use super::{
    args::{ChannelCommand, Simulate},
    output::{Output, json_or_text, moment, table},
};
use crate::{
    app::Foundation,
    demo::{self, Target},
    desk::channels::{self, ChannelView, NewChannel},
    directory,
    store::channels as rows,
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
    let news = rows::events(&mut base.db.read().await?, row.id, NEWS).await?;
    let view = channels::view(&row);
    let mut value = serde_json::to_value(&view)?;
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
        format!("{}\n\n{}", describe(&view), table(&["NEWS (UTC)", "KIND", "TEXT"], &news.collect::<Vec<_>>()))
    })
}

fn describe(view: &ChannelView) -> String {
    let mut lines = vec![
        format!("channel {}: {} ({}), company {}", view.id_channel, view.name, view.kind, view.company),
        format!("  uuid          {}", view.uuid),
        format!("  webhook path  {}", view.webhook_path),
        format!("  status        {}", if view.channel_status == 1 { "active" } else { "paused" }),
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
            if view.channel_status == 1 { "active" } else { "paused" }.to_owned(),
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
