//! AP "Crear usuario".

use axum::extract::State;
use utoipa::ToSchema;

use super::{NAMES, form::Form, view::Person};
use crate::{
    desk::users,
    http::{
        Api,
        ap::{
            Answer, Envelope, Error,
            person::{self, Given},
            required,
            sending::INVALID,
        },
        idempotency::{Keeper, guarded},
    },
};

#[derive(Debug, ToSchema)]
#[schema(as = ApUserStoreRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// At most 200 characters.
    #[schema(examples("Juan Perez"))]
    name: String,
    #[schema(examples("USR-001"))]
    code: Option<String>,
    /// Nobody else of the company may have it. Upper case and lower case are the same.
    #[schema(examples("juan@empresa.com"))]
    email: String,
    /// With the country's code.
    #[schema(examples("+50688888888"))]
    phone: Option<String>,
    /// 2 admin, 3 chat (agent) or 4 operator. 1 (super) cannot be made here.
    #[serde(rename = "type")]
    #[schema(examples("2"))]
    kind: String,
    /// 8 to 128 characters.
    #[schema(examples("Secret123"))]
    password: String,
    #[schema(examples("Secret123"))]
    password_confirmation: String,
    /// jpg, jpeg, png, webp or avif, at most 2 MB: base64, or a part of a form.
    pic: Option<String>,
    /// The company; a super-admin must name it.
    #[schema(examples(3))]
    company: Option<i64>,
    /// One of the company's departments.
    department: Option<i64>,
    /// 1 (unless said otherwise) active, 0 inactive.
    #[schema(examples(1))]
    state: Option<i64>,
    /// Tickets that the person may own at once; 5 unless said otherwise.
    capacity: Option<i64>,
}

/// Adds a person, who can log in from now on. For admins.
#[utoipa::path(
    post, path = "/api/users/store", tag = "users", operation_id = "ap_users_store",
    request_body(content(
        (Body = "application/json"),
        (Body = "multipart/form-data"),
    )),
    responses((status = 201, body = Envelope<Person>, description = "`Usuario creado correctamente.`"))
)]
pub(super) async fn store(State(api): State<Api>, mut form: Form) -> Result<Answer, Error> {
    if !form.asked.caller.manages_people() {
        return Err(Error::Forbidden);
    }
    let company = form.asked.company(&api, "company").await?;
    let picture = form.picture();
    let fields = &mut form.asked.fields;
    let mut given = Given::read(fields, &NAMES);
    for name in [NAMES.email, NAMES.name, NAMES.role, NAMES.password] {
        if !fields.is_given(name) {
            fields.missing(name, &required(name));
        }
    }
    let password = fields.secret(NAMES.password).unwrap_or_default();
    person::confirm(fields, NAMES.password, &password);
    fields.check(INVALID)?;
    guarded(&api, &form.asked, async |keeper: Keeper<'_>| {
        if let Some(picture) = picture {
            given.set_picture(Some(picture.store(&api).await?));
        }
        let new = given.new_user(&api, company).await?;
        let mut tx = api.0.db.write().await?;
        let user = users::add(&mut tx, &api.0.clock, new).await.map_err(|error| person::refusal(error, &NAMES))?;
        let answer = Answer::ok("Usuario creado correctamente.").with(Person::from(user)).created();
        keeper.keep(&mut tx, &answer).await?;
        tx.commit().await?;
        Ok(answer)
    })
    .await
}
