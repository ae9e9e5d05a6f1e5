//! MS "Clientes › Buscar Cliente".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    desk::customers::{self, PARTICULAR},
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
    store::customers::Customer,
};

/// What stands for what nobody said yet.
const PENDING: &str = "Pendiente";

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// With or without dots, dash and check digit; numbers of other countries as they are.
    #[param(example = "123456785")]
    rut: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCliente)]
pub(super) struct Cliente {
    #[schema(examples(75))]
    clie_id: i64,
    #[schema(examples("123456785"))]
    clie_rut: String,
    clie_nombre: String,
    clie_apellido1: String,
    clie_apellido2: String,
    /// `Pendiente` until somebody says it; so are those below.
    clie_telefono: String,
    ticl_id_tipos_clientes: i64,
    clie_genero: String,
    clie_telefono2: String,
    clie_avatar: String,
}

impl From<Customer> for Cliente {
    fn from(customer: Customer) -> Self {
        let (clie_nombre, clie_apellido1) = customers::names(&customer);
        let pending = |said: Option<String>| said.unwrap_or_else(|| PENDING.to_owned());
        Self {
            clie_id: customer.number,
            clie_rut: customer.country_id.unwrap_or_default(),
            clie_nombre,
            clie_apellido1,
            clie_apellido2: customer.family_name2.unwrap_or_default(),
            clie_telefono: pending(customer.phone),
            ticl_id_tipos_clientes: customer.kind.unwrap_or(PARTICULAR),
            clie_genero: pending(customer.gender),
            clie_telefono2: pending(customer.phone2),
            clie_avatar: pending(customer.avatar),
        }
    }
}

/// The state of a customer in a business directory: none is connected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsInfoBeyond)]
pub(super) struct InfoBeyond {
    #[serde(rename = "dataBu")]
    data_bu: Vec<String>,
    #[serde(rename = "EsClienteBU")]
    es_cliente_bu: bool,
    #[serde(rename = "Tipo")]
    #[schema(examples("Particular"))]
    tipo: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsClienteBuscado)]
pub(super) struct Buscado {
    /// `null` if nobody has this RUT.
    #[schema(required)]
    cliente: Option<Cliente>,
    #[serde(rename = "InfoBeyond")]
    info_beyond: InfoBeyond,
}

/// Finds a customer by RUT, or by another country's number.
#[utoipa::path(
    get, path = "/api/mundosocial/cliente", tag = "mundosocial", operation_id = "ms_cliente_buscar",
    params(Query),
    responses((status = 200, body = Buscado))
)]
pub(super) async fn buscar(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let rut = asked.fields.need_text("rut");
    asked.fields.check(INVALID)?;
    let found = customers::of_country_id(&mut api.0.db.read().await?, company, &rut).await?;
    let info_beyond = InfoBeyond { data_bu: Vec::new(), es_cliente_bu: false, tipo: "Particular" };
    Ok(Answer::ok("").with(Buscado { cliente: found.map(Cliente::from), info_beyond }))
}
