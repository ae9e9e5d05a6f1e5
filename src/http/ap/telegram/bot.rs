//! Which bot a call means.

use relevo_adapters::verify::same_secret;
use secrecy::SecretString;

use crate::{
    http::{
        Api,
        ap::{Error, Fields},
    },
    store::{
        Tx,
        channels::{self, ChannelRow},
    },
};

const KIND: &str = "telegram";
const UNKNOWN: &str = "El bot_token no se encuentra registrado.";
const NONE: &str = "La empresa no tiene un canal de Telegram activo.";
const SEVERAL: &str = "La empresa tiene varios canales de Telegram activos; indique el bot_token.";

/// The company's channel of the bot with the token in `bot_token`, or its only active one; notes it if there is none.
///
/// # Errors
/// Those of the database.
pub(super) async fn find(api: &Api, fields: &mut Fields, company: i64) -> Result<Option<ChannelRow>, Error> {
    let mut tx = api.0.db.read().await?;
    let found = match fields.text("bot_token") {
        Some(token) => by_token(api, &mut tx, company, &token).await?.ok_or(UNKNOWN),
        None => {
            let rows = channels::all(&mut tx, Some(company)).await?;
            let mut active = rows.into_iter().filter(|row| row.kind == KIND && row.active != 0);
            match (active.next(), active.next()) {
                (Some(only), None) => Ok(only),
                (None, _) => Err(NONE),
                (Some(_), Some(_)) => Err(SEVERAL),
            }
        }
    };
    match found {
        Ok(row) => Ok(Some(row)),
        Err(why) => {
            fields.complain("bot_token", why);
            Ok(None)
        }
    }
}

/// The number before the colon says which bot; that it is the token is seen in constant time.
async fn by_token(api: &Api, tx: &mut Tx, company: i64, token: &str) -> Result<Option<ChannelRow>, Error> {
    let bot = token.split(':').next().unwrap_or_default();
    let rows = channels::find_by_account(tx, KIND, bot).await?;
    Ok(rows.into_iter().filter(|row| row.company_id == company).find(|row| is_token(api, row, token)))
}

fn is_token(api: &Api, row: &ChannelRow, token: &str) -> bool {
    let settings = relevo_adapters::kind(KIND).and_then(|kind| api.0.directory.settings(row, kind).ok());
    let stored: Option<SecretString> = settings.and_then(|settings| settings.secret("bot_token"));
    stored.is_some_and(|stored| same_secret(token.as_bytes(), &stored))
}
