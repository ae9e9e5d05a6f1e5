//! `relevo serve`, `demo`, `migrate`, `check-config`.

use std::{collections::BTreeSet, io::Write};

use anyhow::bail;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::output::Output;
use crate::{
    app::{App, Foundation, Role},
    config::Config,
    demo,
    desk::clients,
};

pub(super) async fn serve(base: Foundation, roles: &[Role], output: &Output) -> anyhow::Result<()> {
    let roles: BTreeSet<Role> = roles.iter().copied().collect();
    if base.config.database.url.expose_secret().is_empty() {
        greet(&base, output).await?;
    }
    // Listening for signals starts before anything that must be stopped.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let app = App::start(base, &roles).await?;
    if let Some(address) = app.address() {
        output.result(&json!({"listening": address.to_string()}), || format!("listening on http://{address}"))?;
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    app.shutdown().await;
    Ok(())
}

/// The first start with an embedded database: a company, an admin client, and what a newcomer needs to know.
async fn greet(base: &Foundation, output: &Output) -> anyhow::Result<()> {
    let mut tx = base.db.write().await?;
    let first = clients::first_start(&mut tx, &base.clock, "Mi empresa").await?;
    tx.commit().await?;
    let Some(first) = first else { return Ok(()) };
    let (key, secret) = (&first.client.key, first.client.secret.expose_secret());
    let value = json!({
        "first_start": true, "company": first.company, "client_key": key, "client_secret": secret,
        "data_dir": base.config.data_dir,
    });
    output.result(&value, || {
        format!(
            "This is Relevo's first start here: company {company} and an admin client were made.\n\
             \n  X-User-Consumo: {key}\n  X-User-Secret:  {secret}\n\n\
             Keep the secret: it is not shown again. Everything lives in {folder} (database, master key, files):\n\
             back it up as a whole, and keep master.key away from others.\n\
             Add a channel:  relevo channel kinds; relevo channel add telegram --company {company} --name … --set …\n\
             Try it:         relevo simulate telegram --channel ID\n\
             API:            /docs, /v2/tickets/state/open\n",
            company = first.company,
            folder = base.config.data_dir.display(),
        )
    })
}

pub(super) async fn demo(output: &Output) -> anyhow::Result<()> {
    let options = demo::DemoOptions { json: output.is_json() };
    let mut out = std::io::stdout();
    let report = demo::demo(options, &mut out).await?;
    out.flush()?;
    match report.mismatches.is_empty() {
        true => Ok(()),
        false => bail!("the demo did not see what it expected: {}", report.mismatches.join("; ")),
    }
}

pub(super) fn migrate(base: Foundation, output: &Output) -> anyhow::Result<()> {
    let database = base.db.describe();
    output.result(&json!({"database": database, "migrated": true}), || format!("{database}: the tables are up to date"))
}

pub(super) fn check_config(config: &Config, output: &Output) -> anyhow::Result<()> {
    let word = |url: &secrecy::SecretString, embedded, outside| {
        if url.expose_secret().is_empty() { embedded } else { outside }
    };
    let database = word(&config.database.url, "sqlite", "postgres");
    let queue = word(&config.queue.url, "table", "rabbitmq");
    let value = json!({
        "ok": true, "database": database, "queue": queue, "data_dir": config.data_dir,
        "listen": config.server.listen.to_string(),
    });
    output.result(&value, || {
        format!(
            "the settings are valid: database {database}, queue {queue}, data in {}, listening on {}",
            config.data_dir.display(),
            config.server.listen
        )
    })
}
