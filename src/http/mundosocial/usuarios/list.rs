//! MS "Usuarios › Get Usuarios", "Get Usuario" and "Roles".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{ID, NAMES, ROLES, find, to_role, unknown, view::Usuario};
use crate::{
    domain,
    http::{
        Api,
        ap::{Answer, Asked, Error, required, sending::INVALID},
    },
    store::users::{self, Filter},
};

/// Rows of a page.
const PAGE: i64 = 100;

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The name or a part of it.
    usua_nombre: Option<String>,
    /// The address or a part of it.
    usua_mail: Option<String>,
    /// `admin`, `operator` or `agent`.
    usua_rol: Option<String>,
    /// `S`: those who may work; `N`: the others.
    usua_activo: Option<String>,
    /// From 1 on.
    pagina: Option<i64>,
    /// 1 to 100; 100 unless said otherwise.
    cantidad: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsUsuarios)]
pub(super) struct Usuarios {
    total: i64,
    pagina: i64,
    usuarios: Vec<Usuario>,
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct One {
    /// Needed unless `usua_mail` is given.
    usua_id: Option<i64>,
    /// The whole address; `mail` says the same.
    usua_mail: Option<String>,
    mail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsUnUsuario)]
pub(super) struct Found {
    usuario: Usuario,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsRoles)]
pub(super) struct Roles {
    roles: Vec<Rol>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsRol)]
struct Rol {
    #[schema(examples("agent"))]
    usua_rol: &'static str,
    #[schema(examples("Ejecutivo"))]
    rol_nombre: &'static str,
}

/// The company's people, by name.
#[utoipa::path(
    get, path = "/api/mundosocial/usuarios", tag = "mundosocial", operation_id = "ms_usuarios",
    params(Query),
    responses((status = 200, body = Usuarios))
)]
pub(super) async fn usuarios(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let role = fields.text(NAMES.role).map(|named| to_role(&named));
    if let Some(Err(why)) = &role {
        fields.complain(NAMES.role, why.clone());
    }
    let filter = Filter {
        company,
        name: fields.text(NAMES.name).unwrap_or_default().to_lowercase(),
        email: fields.text(NAMES.email).unwrap_or_default().to_lowercase(),
        role: role.and_then(Result::ok).map(|role| role.as_str().to_owned()).unwrap_or_default(),
        active: fields.flag(NAMES.active),
        ..Filter::default()
    };
    let pagina = fields.int_within("pagina", 1, i64::MAX / PAGE).unwrap_or(1);
    let size = fields.int_within("cantidad", 1, PAGE).unwrap_or(PAGE);
    fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let rows = users::list(&mut tx, &filter, size, (pagina - 1) * size).await?;
    let total = users::count(&mut tx, &filter).await?;
    let usuarios = rows.into_iter().map(Usuario::from).collect();
    Ok(Answer::ok("ok").with(Usuarios { total, pagina, usuarios }))
}

/// One person, by number or by address.
#[utoipa::path(
    get, path = "/api/mundosocial/usuario", tag = "mundosocial", operation_id = "ms_usuario",
    params(One),
    responses((status = 200, body = Found))
)]
pub(super) async fn usuario(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let (id, mail) = (fields.int(ID), fields.text(NAMES.email).or_else(|| fields.text("mail")));
    if !fields.is_given(ID) && mail.is_none() && fields.is_fine(NAMES.email) && fields.is_fine("mail") {
        fields.missing(ID, &required(ID));
    }
    fields.check(INVALID)?;
    let user = match (id, mail) {
        (Some(id), _) => Some(find(&api, &asked, id).await?).filter(|user| user.company_id == company),
        (None, mail) => {
            let email = mail.as_deref().and_then(domain::email).unwrap_or_default();
            users::find_by_email(&mut api.0.db.read().await?, company, &email).await?
        }
    };
    Ok(Answer::ok("ok").with(Found { usuario: user.ok_or_else(unknown)?.into() }))
}

/// The roles that people can have.
#[utoipa::path(
    get, path = "/api/mundosocial/usuario/roles", tag = "mundosocial", operation_id = "ms_usuario_roles",
    responses((status = 200, body = Roles))
)]
pub(super) async fn roles(_: State<Api>, _: Asked) -> Result<Answer, Error> {
    let roles = ROLES.map(|(role, rol_nombre)| Rol { usua_rol: role.as_str(), rol_nombre });
    Ok(Answer::ok("ok").with(Roles { roles: roles.into() }))
}
