//! AP "Actualizar usuario".

use axum::extract::State;
use utoipa::ToSchema;

use super::{NAMES, id_of, view::Person};
use crate::{
    desk::users,
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error,
            person::{self, Given},
            sending::INVALID,
        },
        extract::Segment,
    },
    store::Tx,
};

#[derive(Debug, ToSchema)]
#[schema(as = ApUserUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples("USR-002"))]
    code: Option<String>,
    #[schema(examples("Juan P. Actualizado"))]
    name: Option<String>,
    #[schema(examples("juan.actualizado@empresa.com"))]
    email: Option<String>,
    #[schema(examples("+50677777777"))]
    phone: Option<String>,
    /// 8 to 128 characters. Everything that let the person in until now ends; so it is with another PIN or type.
    #[schema(examples("Secret456"))]
    password: Option<String>,
    #[schema(examples("Secret456"))]
    password_confirmation: Option<String>,
    /// The password until now: needed from a person who changes its own password or PIN.
    current_password: Option<String>,
    /// 6 to 12 digits, for `auth/login/pin` on the device `device_id`, which must come with it.
    pin: Option<String>,
    device_id: Option<i64>,
    /// 2 admin, 3 chat (agent) or 4 operator.
    #[serde(rename = "type")]
    #[schema(examples("2"))]
    kind: Option<String>,
    /// 1: at work ("En línea"), 0: not ("Desconectado").
    #[schema(examples(1))]
    online: Option<i64>,
    /// 1 active, 0 inactive.
    #[schema(examples(true))]
    state: Option<bool>,
    /// The person's company: nobody changes it. `department` must come with it.
    company: Option<i64>,
    /// One of the company's departments.
    department: Option<i64>,
    /// Tickets that the person may own at once.
    capacity: Option<i64>,
}

/// Changes what is given of a person. For admins; and for everybody of themselves: name, phone, password and PIN. The
/// person is the one of the path, whatever `id` says.
#[utoipa::path(
    patch, path = "/api/users/update/{id}", tag = "users", operation_id = "ap_users_update",
    params(("id" = i64, Path, description = "The person.", example = 15)),
    request_body = Body,
    responses((status = 200, body = Envelope<Person>, description = "`Usuario actualizado correctamente.`"))
)]
pub(super) async fn update(State(api): State<Api>, Segment(id): Segment, mut asked: Asked) -> Result<Answer, Error> {
    let (id, caller) = (id_of(&id), asked.caller);
    let fields = &mut asked.fields;
    let mut given = Given::read(fields, &NAMES);
    given.read_pin(fields);
    given.read_online(fields);
    given.allowed(caller, id)?;
    if let Some(password) = fields.secret(NAMES.password) {
        person::confirm(fields, NAMES.password, &password);
    }
    let company = fields.int("company");
    if company.is_some() && given.department().is_none() && fields.is_fine("department") {
        fields.missing("department", "El campo department es obligatorio cuando se envia company.");
    }
    if caller.user == Some(id) {
        given.confirm_own(&api, caller, fields).await?;
    }
    fields.check(INVALID)?;
    let user = person::find(&api, caller, id).await?;
    if company.is_some_and(|company| company != user.company_id) {
        return Err(Error::NotFound("La empresa indicada no existe."));
    }
    let change = given.change(&api).await?;
    let work = async |tx: &mut Tx| {
        let done = users::update(tx, &api.0.clock, caller.company, id, change.clone()).await;
        done.map_err(|error| person::refusal(error, &NAMES))
    };
    let (user, done) = api.0.db.transact(work).await?;
    if done.jobs > 0 {
        api.0.bell.ring();
    }
    Ok(Answer::ok("Usuario actualizado correctamente.").with(Person::from(user)))
}
