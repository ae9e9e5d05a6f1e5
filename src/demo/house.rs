//! A whole house in a temporary folder: an invented shop with five channels.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use relevo_adapters::Settings;
use secrecy::ExposeSecret;

use super::{
    api::ApiClient,
    platforms::{BotApi, Rules},
    traffic::{SHOP, Target},
};
use crate::{
    app::{App, Foundation, Role},
    config::Config,
    desk::{
        channels::{self, NewChannel},
        clients,
    },
    secrets::random_secret,
    store::companies,
};

/// How long the house may take to stop.
const STOP: Duration = Duration::from_secs(5);

/// A folder that is gone when this is dropped, whatever happened.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// # Errors
    /// If it cannot be made.
    pub(super) fn new_in(parent: &Path) -> io::Result<Self> {
        let path = parent.join(format!("relevo-demo-{}", uuid::Uuid::new_v4()));
        // For nobody else: the master key will be in it.
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the demo's folder could not be removed");
        }
    }
}

/// A channel of the shop, and the keys by which its platform knows it.
#[derive(Debug)]
pub(super) struct Opened {
    /// For people.
    pub(super) name: &'static str,
    pub(super) target: Target,
}

/// The running house, and what stands around it.
#[derive(Debug)]
pub(super) struct House {
    pub(super) app: App,
    pub(super) company: i64,
    pub(super) api: ApiClient,
    pub(super) channels: Channels,
    /// Where the polling bot's updates are fetched from.
    pub(super) bot_api: BotApi,
}

#[derive(Debug)]
pub(super) struct Channels {
    pub(super) whatsapp: Opened,
    pub(super) telegram: Opened,
    pub(super) email: Opened,
    pub(super) facebook: Opened,
    pub(super) fetched: Opened,
}

impl Channels {
    pub(super) fn all(&self) -> [&Opened; 5] {
        [&self.whatsapp, &self.telegram, &self.email, &self.facebook, &self.fetched]
    }
}

impl House {
    /// Starts all roles on a free port of loopback, with an embedded database in `folder`.
    ///
    /// # Errors
    /// What could not be started.
    pub(super) async fn start(folder: &Folder) -> anyhow::Result<Self> {
        let mut config = Config::defaults();
        config.data_dir = folder.path().to_owned();
        config.server.listen = ([127, 0, 0, 1], 0).into();
        config.server.shutdown = STOP;
        let foundation = Foundation::open(config).await?;
        let app = App::start(foundation, &Role::ALL.into()).await?;
        match Self::furnish(&app).await {
            Ok((company, api, channels, bot_api)) => Ok(Self { app, company, api, channels, bot_api }),
            Err(error) => {
                app.shutdown().await;
                Err(error)
            }
        }
    }

    async fn furnish(app: &App) -> anyhow::Result<(i64, ApiClient, Channels, BotApi)> {
        let address = app.address().context("the house has no address")?;
        let base_url = format!("http://{address}");
        let Foundation { clock, db, .. } = app.foundation();
        let mut tx = db.write().await?;
        let company = companies::insert(&mut tx, SHOP, clock.now()).await?;
        let client = clients::add(&mut tx, clock, Some(company), "demo", clients::Role::Integration).await?;
        tx.commit().await?;
        let api = ApiClient::new(&base_url, client.key, client.secret)?;
        let token = format!("7100000002:{}", random_secret().expose_secret());
        let bot_api = BotApi::start(&token, Rules::open()).await?;
        let channels = Channels {
            whatsapp: open(app, &base_url, company, ("Casa Luma en WhatsApp", "whatsapp"), whatsapp()).await?,
            telegram: open(app, &base_url, company, ("Bot de Casa Luma", "telegram"), telegram()).await?,
            email: open(app, &base_url, company, ("Correo de Casa Luma", "email"), email()).await?,
            facebook: open(app, &base_url, company, ("Página de Casa Luma", "facebook"), facebook()).await?,
            fetched: open(
                app,
                &base_url,
                company,
                ("Bot sin dirección pública", "telegram"),
                vec![("bot_token", token), ("mode", "polling".to_owned()), ("api_url", bot_api.url())],
            )
            .await?,
        };
        Ok((company, api, channels, bot_api))
    }

    pub(super) async fn shutdown(self) {
        self.app.shutdown().await;
    }
}

type Pairs = Vec<(&'static str, String)>;

fn whatsapp() -> Pairs {
    vec![("phone_number_id", "990000000000201".to_owned()), ("app_secret", secret())]
}

fn telegram() -> Pairs {
    vec![("bot_token", format!("7100000001:{}", secret())), ("secret_token", secret())]
}

fn email() -> Pairs {
    let address = "soporte@casaluma.example".to_owned();
    vec![("address", address), ("webhook_user", "proveedor".to_owned()), ("webhook_password", secret())]
}

fn facebook() -> Pairs {
    vec![("page_id", "990000000000301".to_owned()), ("app_secret", secret()), ("page_name", SHOP.to_owned())]
}

/// Letters, digits, `-` and `_`: every platform takes that.
fn secret() -> String {
    random_secret().expose_secret().to_owned()
}

async fn open(
    app: &App,
    base_url: &str,
    company: i64,
    (name, kind): (&'static str, &'static str),
    settings: Pairs,
) -> anyhow::Result<Opened> {
    let Foundation { clock, db, key, .. } = app.foundation();
    let pairs: Vec<(String, String)> = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let known = relevo_adapters::kind(kind).with_context(|| format!("there is no channel kind {kind}"))?;
    let unsealed = Settings::of(known, pairs.clone())?;
    let new = NewChannel { company, kind, name, settings: pairs, reopen_within_ms: None };
    let mut tx = db.write().await?;
    let view = channels::add(&mut tx, clock, key, new).await?;
    tx.commit().await?;
    let target = Target { base_url: base_url.to_owned(), kind: kind.to_owned(), uuid: view.uuid, settings: unsealed };
    Ok(Opened { name, target })
}
