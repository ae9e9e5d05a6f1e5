//! Whether a webhook comes from the configured mail provider (`email.md §1`).

use base64::Engine;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use secrecy::SecretString;

use super::{
    config::Config,
    form::{self, Form},
};
use crate::{Millis, VerifyError, WebhookRequest, json, text, verify};

/// Mailgun retries for eight hours; an older timestamp is a replay.
const MAX_AGE: Millis = 12 * 3_600_000;
/// How far Mailgun's clock may be ahead of ours.
const MAX_AHEAD: Millis = 5 * 60_000;

const SENDGRID_SIGNATURE: &str = "X-Twilio-Email-Event-Webhook-Signature";
const SENDGRID_TIMESTAMP: &str = "X-Twilio-Email-Event-Webhook-Timestamp";

/// Mailgun's proof, wherever the request carries it.
struct MailgunProof {
    timestamp: String,
    token: String,
    signature: String,
}

/// Checks whichever proof the request carries against the secret configured for it. A signature that is present is
/// decisive; without one, credentials or a token must do.
///
/// # Errors
/// Why nothing proves the request.
pub(crate) fn verify(config: &Config, request: &WebhookRequest<'_>, now: Millis) -> Result<(), VerifyError> {
    if let Some(key) = &config.mailgun_key
        && let Some(proof) = mailgun_proof(request)
    {
        return mailgun(key, &proof, now);
    }
    let signature = request.header(SENDGRID_SIGNATURE);
    if let (Some(key), Some(signature)) = (&config.sendgrid_key, signature) {
        return sendgrid(key, signature, request);
    }
    match (basic(config, request), token(config, request)) {
        (Some(Ok(())), _) | (_, Some(Ok(()))) => Ok(()),
        (Some(Err(error)), _) | (None, Some(Err(error))) => Err(error),
        (None, None) if config.mailgun_key.is_some() || config.sendgrid_key.is_some() => Err(VerifyError::Missing),
        (None, None) => Err(VerifyError::NotAccepted),
    }
}

fn basic(config: &Config, request: &WebhookRequest<'_>) -> Option<Result<(), VerifyError>> {
    let (our_user, our_password) = config.basic.as_ref()?;
    Some(verify::basic_credentials(request.header("Authorization")).and_then(|(user, password)| {
        let user_matches = verify::same_secret(user.as_bytes(), our_user);
        let password_matches = verify::same_secret(password.as_bytes(), our_password);
        if user_matches & password_matches { Ok(()) } else { Err(VerifyError::Mismatch) }
    }))
}

fn token(config: &Config, request: &WebhookRequest<'_>) -> Option<Result<(), VerifyError>> {
    let ours = config.token.as_ref()?;
    let given =
        request.header("X-Relevo-Token").map(str::to_owned).or_else(|| text::query_value(request.query, "token"));
    Some(match given {
        Some(given) if verify::same_secret(given.as_bytes(), ours) => Ok(()),
        Some(_) => Err(VerifyError::Mismatch),
        None => Err(VerifyError::Missing),
    })
}

/// The last of duplicate fields counts: another party may have put its own before them.
fn mailgun_proof(request: &WebhookRequest<'_>) -> Option<MailgunProof> {
    match form::Kind::of(request) {
        form::Kind::Json => {
            let body = json::parse(request.body).ok()?;
            let signature = body.get("signature")?;
            let field = |key| signature.get(key).and_then(json::id);
            Some(MailgunProof {
                timestamp: field("timestamp")?,
                token: field("token")?,
                signature: field("signature")?,
            })
        }
        form::Kind::UrlEncoded | form::Kind::Multipart => {
            let form = Form::read(request)?;
            let field = |key| form.last(key).map(|field| field.utf8());
            Some(MailgunProof {
                timestamp: field("timestamp")?,
                token: field("token")?,
                signature: field("signature")?,
            })
        }
        form::Kind::Raw => None,
    }
}

fn mailgun(key: &SecretString, proof: &MailgunProof, now: Millis) -> Result<(), VerifyError> {
    let seconds: i64 = proof.timestamp.trim().parse().map_err(|_| VerifyError::Malformed)?;
    let given = verify::unhex(proof.signature.trim()).filter(|mac| mac.len() == 32).ok_or(VerifyError::Malformed)?;
    verify::mac_matches(key, &[proof.timestamp.as_bytes(), proof.token.as_bytes()], &given)?;
    let age = now.saturating_sub(seconds.saturating_mul(1_000));
    if (-MAX_AHEAD..=MAX_AGE).contains(&age) { Ok(()) } else { Err(VerifyError::Expired) }
}

fn sendgrid(key: &[u8], signature: &str, request: &WebhookRequest<'_>) -> Result<(), VerifyError> {
    let timestamp = request.header(SENDGRID_TIMESTAMP).ok_or(VerifyError::Missing)?;
    let given =
        base64::engine::general_purpose::STANDARD.decode(signature.trim()).map_err(|_| VerifyError::Malformed)?;
    let signed = [timestamp.as_bytes(), request.body.as_ref()].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(&signed, &given).map_err(|_| VerifyError::Mismatch)
}

#[cfg(test)]
mod tests;
