//! Companies and the programs that may call the API for them.

use secrecy::{ExposeSecret, SecretString};

use crate::{
    clock::Clock,
    secrets::{hash_secret, random_secret},
    store::{
        StoreError, Tx,
        clients::{self, ApiClient},
        companies,
    },
};

/// What an API client or a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
    Operator,
    Agent,
    Integration,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Admin, Self::Operator, Self::Agent, Self::Integration];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Agent => "agent",
            Self::Integration => "integration",
        }
    }

    /// The role of this name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A client that was just made: the only time that its secret is seen.
#[derive(Debug)]
pub struct NewClient {
    pub id: i64,
    /// Value of `X-User-Consumo`.
    pub key: String,
    /// Value of `X-User-Secret`.
    pub secret: SecretString,
}

/// Makes a client of a company, or (`None`) a super-admin.
///
/// # Errors
/// Those of the database.
pub async fn add(
    tx: &mut Tx,
    clock: &Clock,
    company: Option<i64>,
    name: &str,
    role: Role,
) -> Result<NewClient, StoreError> {
    let secret = random_secret();
    let client = ApiClient {
        id: 0,
        company_id: company,
        name: name.to_owned(),
        client_key: format!("rc_{}", uuid::Uuid::new_v4().simple()),
        secret_hash: hash_secret(secret.expose_secret()),
        role: role.as_str().to_owned(),
    };
    let id = clients::insert(tx, &client, clock.now()).await?;
    Ok(NewClient { id, key: client.client_key, secret })
}

/// What a first start made.
#[derive(Debug)]
pub struct FirstStart {
    pub company: i64,
    pub client: NewClient,
}

/// Makes a company and an admin client if there is no company yet.
///
/// # Errors
/// Those of the database.
pub async fn first_start(tx: &mut Tx, clock: &Clock, name: &str) -> Result<Option<FirstStart>, StoreError> {
    if !companies::all(tx).await?.is_empty() {
        return Ok(None);
    }
    let company = companies::insert(tx, name, clock.now()).await?;
    let client = add(tx, clock, Some(company), "admin", Role::Admin).await?;
    Ok(Some(FirstStart { company, client }))
}
