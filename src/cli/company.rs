//! `relevo company` and `relevo client`.

use anyhow::bail;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{
    args::{ClientCommand, CompanyCommand},
    output::{Output, moment, table},
};
use crate::{
    app::Foundation,
    desk::clients::{self, Role},
    store::{clients as rows, companies},
};

pub(super) async fn company(base: &Foundation, command: CompanyCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        CompanyCommand::Add { name } => {
            if name.trim().is_empty() {
                bail!("a company needs a name");
            }
            let mut tx = base.db.write().await?;
            let id = companies::insert(&mut tx, name.trim(), base.clock.now()).await?;
            tx.commit().await?;
            output.result(&json!({"id": id, "name": name.trim()}), || format!("company {id}: {}", name.trim()))
        }
        CompanyCommand::List => {
            let companies = companies::all(&mut base.db.read().await?).await?;
            output.result(&companies, || {
                let rows = companies.iter().map(|company| {
                    vec![company.id.to_string(), company.name.clone(), moment(Some(company.created_at))]
                });
                table(&["ID", "NAME", "SINCE (UTC)"], &rows.collect::<Vec<_>>())
            })
        }
    }
}

pub(super) async fn client(base: &Foundation, command: ClientCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        ClientCommand::Add { company, role, name, super_admin: _ } => add(base, (company, role), &name, output).await,
        ClientCommand::List => list(base, output).await,
        ClientCommand::Revoke { id } => revoke(base, id, output).await,
    }
}

async fn list(base: &Foundation, output: &Output) -> anyhow::Result<()> {
    let clients = rows::all(&mut base.db.read().await?).await?;
    output.result(&clients, || {
        let rows = clients.iter().map(|client| {
            vec![
                client.id.to_string(),
                client.company_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
                client.role.clone(),
                client.name.clone(),
                client.client_key.clone(),
                moment(Some(client.created_at)),
                moment(client.revoked_at),
            ]
        });
        table(&["ID", "COMPANY", "ROLE", "NAME", "KEY", "SINCE (UTC)", "REVOKED (UTC)"], &rows.collect::<Vec<_>>())
    })
}

async fn revoke(base: &Foundation, id: i64, output: &Output) -> anyhow::Result<()> {
    let mut tx = base.db.write().await?;
    let revoked = rows::revoke(&mut tx, id, base.clock.now()).await?;
    tx.commit().await?;
    match revoked {
        true => output.result(&json!({"id": id, "revoked": true}), || format!("client {id}: revoked")),
        false => bail!("there is no client {id}, or it was revoked before; see: relevo client list"),
    }
}

async fn add(
    base: &Foundation,
    (company, role): (Option<i64>, Role),
    name: &str,
    output: &Output,
) -> anyhow::Result<()> {
    let mut tx = base.db.write().await?;
    if let Some(company) = company
        && companies::find(&mut tx, company).await?.is_none()
    {
        bail!("there is no company {company}; see: relevo company list");
    }
    let client = clients::add(&mut tx, &base.clock, company, name, role).await?;
    tx.commit().await?;
    let secret = client.secret.expose_secret();
    let value = json!({
        "id": client.id, "company": company, "role": role.as_str(),
        "client_key": client.key, "client_secret": secret,
        "headers": {"X-User-Consumo": client.key, "X-User-Secret": secret},
    });
    output.result(&value, || {
        format!(
            "client {} ({}); keep the secret, it is not shown again\nX-User-Consumo: {}\nX-User-Secret: {secret}",
            client.id,
            role.as_str(),
            client.key
        )
    })
}
