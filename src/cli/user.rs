//! `relevo user`.

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    args::UserCommand,
    output::{Output, moment, table},
};
use crate::{
    app::Foundation,
    desk::{
        clients::Role,
        users::{self, NewUser, UserError},
    },
    domain,
    passwords::Passwords,
    secrets::random_secret,
    store::{
        companies,
        users::{self as rows, Filter},
    },
};

pub(super) async fn run(base: &Foundation, command: UserCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { email, company, role, name, capacity, password_stdin } => {
            let password = if password_stdin { Some(from_stdin()?) } else { None };
            add(base, (&email, &name, role), (company, capacity.map(i64::from)), password, output).await
        }
        UserCommand::List { company } => list(base, company, output).await,
        UserCommand::Reset { email, company } => reset(base, &email, company, output).await,
    }
}

/// The first line of standard input, without its end.
fn from_stdin() -> anyhow::Result<SecretString> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("no password can be read from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

fn address(email: &str) -> anyhow::Result<String> {
    domain::email(email).with_context(|| format!("{email:?} is no e-mail address"))
}

async fn add(
    base: &Foundation,
    (email, name, role): (&str, &str, Role),
    (company, capacity): (i64, Option<i64>),
    given: Option<SecretString>,
    output: &Output,
) -> anyhow::Result<()> {
    let (email, name) = (address(email)?, name.trim());
    if !(1..=200).contains(&name.chars().count()) {
        bail!("a person needs a name of 1 to 200 characters");
    }
    let made = given.is_none().then(random_secret);
    let password = given.or_else(|| made.clone()).unwrap_or_default();
    domain::check_password(password.expose_secret())?;
    let password_hash = Some(Passwords::default().hash(password).await?);
    let new = NewUser {
        company,
        email: email.clone(),
        name: name.to_owned(),
        code: None,
        phone: None,
        role,
        password_hash,
        department: None,
        capacity,
        active: true,
        picture: None,
    };
    let mut tx = base.db.write().await?;
    let user = match users::add(&mut tx, &base.clock, new).await {
        Err(UserError::Taken) => bail!("company {company} has somebody of the address {email}; see: relevo user list"),
        added => added?,
    };
    tx.commit().await?;
    let mut value = json!({
        "id": user.id, "company": company, "email": email, "name": name, "role": role.as_str(),
        "capacity": user.capacity,
    });
    if let Some(made) = &made {
        value["password"] = made.expose_secret().into();
    }
    output.result(&value, || match &made {
        None => format!("user {} ({}): {email}", user.id, role.as_str()),
        Some(made) => format!(
            "user {} ({}): {email}; keep the password, it is not shown again\npassword: {}",
            user.id,
            role.as_str(),
            made.expose_secret()
        ),
    })
}

async fn list(base: &Foundation, company: Option<i64>, output: &Output) -> anyhow::Result<()> {
    let filter = Filter { company: company.unwrap_or_default(), ..Filter::default() };
    let mut tx = base.db.read().await?;
    if let Some(company) = company
        && companies::find(&mut tx, company).await?.is_none()
    {
        bail!("there is no company {company}; see: relevo company list");
    }
    let people = rows::list(&mut tx, &filter, i64::MAX, 0).await?;
    output.result(&people, || {
        let rows = people.iter().map(|user| {
            vec![
                user.id.to_string(),
                user.company_id.to_string(),
                user.role.clone(),
                user.email.clone(),
                user.name.clone(),
                user.capacity.to_string(),
                if user.active == 1 { "yes" } else { "no" }.to_owned(),
                moment(Some(user.created_at)),
            ]
        });
        table(
            &["ID", "COMPANY", "ROLE", "E-MAIL", "NAME", "CAPACITY", "ACTIVE", "SINCE (UTC)"],
            &rows.collect::<Vec<_>>(),
        )
    })
}

async fn reset(base: &Foundation, email: &str, company: i64, output: &Output) -> anyhow::Result<()> {
    let email = address(email)?;
    let mut tx = base.db.write().await?;
    let (user, token) = match users::allow_reset(&mut tx, &base.clock, company, &email).await {
        Err(UserError::NoUser) => {
            bail!("company {company} has no active person of the address {email}; see: relevo user list")
        }
        allowed => allowed?,
    };
    tx.commit().await?;
    let token = token.expose_secret();
    let value = json!({"id": user.id, "company": company, "email": email, "token": token, "hours": 24});
    output.result(&value, || {
        format!(
            "user {}: {email}; hand over this token, it is not shown again, and holds once, for 24 hours\ntoken: {token}",
            user.id
        )
    })
}
