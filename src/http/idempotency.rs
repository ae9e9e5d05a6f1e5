//! `Idempotency-Key`: the same call, made again within 24 hours, gets the first one's answer and has no second effect
//! (P6). The answer is kept in the transaction of the effect, so that there is never one without the other.
//!
//! A refused call keeps nothing and may be made again under its key.

use axum::http::request::Parts;
use bytes::Bytes;
use relevo_adapters::{Millis, verify::hex};
use sha2::{Digest, Sha256};

use super::{
    Api,
    access::Caller,
    ap::{Answer, Asked, Envelope, Error},
};
use crate::{
    secrets::MasterKey,
    store::{StoreError, Tries, Tx, idempotency},
};

const HEADER: &str = "idempotency-key";
/// Characters of a key.
const LONGEST: usize = 255;
/// How long an answer is given again.
const KEPT_MS: Millis = 86_400_000;
/// A call that has not ended after this long never will: its process died. Twice what a call may take.
const ABANDONED_MS: Millis = 60_000;
/// Seconds that a call waits for its twin.
const WAIT: u32 = 2;

/// A call's key, and what it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Whose it is: a client's id, or a person's, negative.
    client: i64,
    key: String,
    /// Over method, path and body; under the master key, because a body may hold a password.
    fingerprint: String,
}

impl Key {
    /// The key of this request, if it has one.
    ///
    /// # Errors
    /// 400 if it is empty, too long or no plain text.
    pub(super) fn of(parts: &Parts, caller: Caller, body: &Bytes, secret: &MasterKey) -> Result<Option<Self>, Error> {
        let Some(value) = parts.headers.get(HEADER) else { return Ok(None) };
        let key = value.to_str().ok().map(str::trim).filter(|key| (1..=LONGEST).contains(&key.len()));
        let key =
            key.ok_or_else(|| Error::Bad(format!("Idempotency-Key debe tener de 1 a {LONGEST} caracteres ASCII.")))?;
        let body = Sha256::digest(body);
        let asked = Sha256::new()
            .chain_update(format!("{} {}\n", parts.method, parts.uri.path()))
            .chain_update(body)
            .finalize();
        let fingerprint = secret.sign(&hex(&asked), "idempotency");
        Ok(Some(Self { client: caller.owner(), key: key.to_owned(), fingerprint }))
    }
}

/// The right to be the call that has the effect.
#[derive(Debug)]
struct Claim {
    key: Key,
    at: Millis,
}

/// Does `work` in one transaction, together with keeping its answer, and again if another transaction was first; a call
/// that was made before gets its answer.
///
/// # Errors
/// Those of `work`; 409 if the key was used for another request, or its first call is not yet done; 503 if other
/// transactions were first again and again.
pub(super) async fn once<const LIMIT: usize>(
    api: &Api,
    asked: &Asked<LIMIT>,
    work: impl AsyncFnOnce(&mut Tx) -> Result<Answer, Error> + Clone,
) -> Result<Answer, Error> {
    guarded(api, asked, async |keeper: Keeper<'_>| {
        let mut tries = Tries::default();
        loop {
            let done = attempt(api, &keeper, work.clone()).await;
            if !tries.again(&done).await {
                return done;
            }
        }
    })
    .await
}

async fn attempt(
    api: &Api,
    keeper: &Keeper<'_>,
    work: impl AsyncFnOnce(&mut Tx) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    let mut tx = api.0.db.write().await?;
    let answer = work(&mut tx).await?;
    keeper.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Does `work` unless the call was made before. For work that is more than one transaction: it gives its answer to the
/// [`Keeper`] in the last of them.
///
/// # Errors
/// As of [`once`].
pub(super) async fn guarded<const LIMIT: usize>(
    api: &Api,
    asked: &Asked<LIMIT>,
    work: impl AsyncFnOnce(Keeper<'_>) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    let claim = match &asked.key {
        None => None,
        Some(key) => match begin(api, key).await? {
            Begun::New(claim) => Some(claim),
            Begun::Again(answer) => return Ok(answer),
        },
    };
    let done = work(Keeper { claim: claim.as_ref(), log: asked.log }).await;
    if let (Err(_), Some(claim)) = (&done, &claim) {
        claim.free(api).await;
    }
    done
}

enum Begun {
    New(Claim),
    Again(Answer),
}

/// Takes the key, in a transaction of its own: a twin that comes meanwhile sees it.
async fn begin(api: &Api, key: &Key) -> Result<Begun, Error> {
    let now = api.0.clock.now();
    let mut tx = api.0.db.write().await?;
    let times = (now, now - KEPT_MS, now - ABANDONED_MS);
    let before = idempotency::take(&mut tx, key.client, &key.key, &key.fingerprint, times).await?;
    tx.commit().await?;
    match before {
        None => Ok(Begun::New(Claim { key: key.clone(), at: now })),
        Some(kept) if kept.fingerprint != key.fingerprint => {
            Err(Error::Conflict("La Idempotency-Key ya se usó con otra solicitud.".to_owned(), None))
        }
        Some(kept) => match kept.answer.and_then(|answer| serde_json::from_str::<Envelope>(&answer).ok()) {
            Some(answer) => Ok(Begun::Again(Answer(answer))),
            None => Err(in_hand()),
        },
    }
}

fn in_hand() -> Error {
    Error::Conflict("La misma solicitud todavía se está procesando.".to_owned(), Some(WAIT))
}

impl Claim {
    /// Lets the call be made again. Best effort: a claim that stays is over after a minute.
    async fn free(&self, api: &Api) {
        let freed: Result<(), StoreError> = async {
            let mut tx = api.0.db.write().await?;
            idempotency::free(&mut tx, self.key.client, &self.key.key, self.at).await?;
            tx.commit().await
        }
        .await;
        if let Err(error) = freed {
            tracing::warn!(error = %error, "an idempotency key could not be freed");
        }
    }
}

/// Keeps the answer, beside the effect.
#[derive(Debug)]
pub(super) struct Keeper<'a> {
    claim: Option<&'a Claim>,
    log: i64,
}

impl Keeper<'_> {
    /// Keeps `answer` in the transaction of the effect, if the call has a key.
    ///
    /// # Errors
    /// 409 if the call took so long that another one has its key now; those of the database.
    pub(super) async fn keep(&self, tx: &mut Tx, answer: &Answer) -> Result<(), Error> {
        let Some(Claim { key, at }) = self.claim else { return Ok(()) };
        let kept = Envelope { id_bitacora_log: Some(self.log), ..answer.0.clone() };
        // An envelope is always JSON.
        let text = serde_json::to_string(&kept).unwrap_or_default();
        match idempotency::keep(tx, key.client, &key.key, *at, kept.code.into(), &text).await? {
            true => Ok(()),
            false => Err(in_hand()),
        }
    }
}
