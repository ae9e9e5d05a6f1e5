//! A person in MS's words.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::users::User;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsUsuario)]
pub(super) struct Usuario {
    #[schema(examples(15))]
    usua_id: i64,
    #[schema(examples("Daniel Bustos"))]
    usua_nombre: String,
    #[schema(examples("daniel.bustos@prueba.com"))]
    usua_mail: String,
    usua_codigo: Option<String>,
    usua_fono: Option<String>,
    /// `admin`, `operator` or `agent`.
    #[schema(examples("agent"))]
    usua_rol: String,
    /// Tickets that the person may own at once.
    #[schema(examples(5))]
    usua_capacidad: i64,
    usua_activo: bool,
    depa_id: Option<i64>,
    /// How the person is now: an "estado de conexión".
    #[schema(examples(7))]
    esta_id: i64,
}

impl From<User> for Usuario {
    fn from(user: User) -> Self {
        Self {
            usua_id: user.id,
            usua_nombre: user.name,
            usua_mail: user.email,
            usua_codigo: user.code,
            usua_fono: user.phone,
            usua_rol: user.role,
            usua_capacidad: user.capacity,
            usua_activo: user.active == 1,
            depa_id: user.department_id,
            esta_id: user.presence_id,
        }
    }
}
