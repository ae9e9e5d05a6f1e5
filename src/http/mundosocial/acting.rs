//! From a call to an act of routing: one transaction, tried again when another one was first; and what routing refuses, in
//! MS's words.

use crate::{
    desk::routing::{Routed, RoutingError},
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::invalid},
        idempotency::{self, Keeper},
    },
    store::{Tries, Tx},
};

/// What a call does in its transaction; it may be done anew if another transaction was first.
pub(in crate::http) trait Act: Send + Sync {
    /// Does it.
    ///
    /// # Errors
    /// What the desk refuses.
    fn run(&self, api: &Api, tx: &mut Tx) -> impl Future<Output = Result<(Answer, Routed), RoutingError>> + Send;

    /// What is said if it is refused.
    fn refusal(&self, error: RoutingError) -> Error {
        refusal(error)
    }
}

/// Does `act` in one transaction and rings the bell if somebody is to be told.
///
/// # Errors
/// What the desk refuses; 409 as of [`idempotency::guarded`]; 503 if other transactions were first again and again.
pub(in crate::http) async fn act(api: &Api, asked: &Asked, act: &impl Act) -> Result<Answer, Error> {
    idempotency::guarded(api, asked, async |keeper: Keeper<'_>| {
        let mut tries = Tries::default();
        loop {
            let done = once(api, &keeper, act).await;
            if !tries.again(&done).await {
                return done;
            }
        }
    })
    .await
}

async fn once(api: &Api, keeper: &Keeper<'_>, act: &impl Act) -> Result<Answer, Error> {
    let mut tx = api.0.db.write().await?;
    let (answer, done) = act.run(api, &mut tx).await.map_err(|error| act.refusal(error))?;
    keeper.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    if done.jobs > 0 {
        api.0.bell.ring();
    }
    Ok(answer)
}

/// What routing refuses, under MS's field names.
pub(in crate::http) fn refusal(error: RoutingError) -> Error {
    let field = match &error {
        RoutingError::Store(_) => "",
        RoutingError::NotInYourGroups => return Error::Denied("El ticket no espera en ninguno de sus grupos."),
        RoutingError::NotYours => return Error::Denied("El ticket lo atiende otro ejecutivo."),
        RoutingError::NoAgent | RoutingError::Inactive | RoutingError::NotOnline | RoutingError::Full(..) => "usua_id",
        RoutingError::NotMember => "usua_id",
        RoutingError::NoGroup => "grup_id",
        RoutingError::Invalid(field, _) => field,
        _ => "tick_id",
    };
    match error {
        RoutingError::Store(error) => error.into(),
        RoutingError::NoTicket => invalid(field, "El tick_id no se encuentra registrado."),
        RoutingError::NoAgent => invalid(field, "El usuario no se encuentra registrado."),
        RoutingError::NoGroup => invalid(field, "El grup_id no se encuentra registrado o está inactivo."),
        error => invalid(field, error.to_string()),
    }
}

/// The same where the seed's example has the short form.
pub(in crate::http) fn brief(error: RoutingError) -> Error {
    short(refusal(error))
}

/// A refusal with all that is wrong in the seed's short form.
pub(in crate::http) fn short(error: Error) -> Error {
    match error {
        Error::Invalid(_, problems) => {
            let complaints: Vec<String> = problems.into_values().flatten().collect();
            Error::Brief(complaints.join(" "))
        }
        error => error,
    }
}
