//! AP "Listar departamentos".

use axum::extract::State;
use serde::Serialize;
use serde_json::Map;
use utoipa::ToSchema;

use crate::{
    desk::catalogue::LIST,
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error, Fields,
            paging::{Page, Paged},
        },
    },
    store::departments::{Department, list as all},
};

const INVALID: &str = "Errores de validacion.";

#[derive(Debug, ToSchema)]
#[schema(as = ApDepartmentListRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(in crate::http::ap) struct Body {
    /// `S` (default): a page; `N`: all.
    #[schema(examples("S"))]
    paginate: Option<String>,
    #[schema(examples(1))]
    page: Option<i64>,
    /// 1 to 100; 10 unless `paginate` is said: then it must be said, too.
    #[schema(examples(10))]
    quantity_x_page: Option<i64>,
    filters: Option<Filters>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApDepartmentFilters)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(in crate::http::ap) struct Filters {
    /// The name or a part of it.
    name: Option<String>,
    /// A super-admin must name the company.
    id_company: Option<i64>,
    /// A part of the stored hours.
    hour: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApDepartment)]
pub(in crate::http::ap) struct Row {
    #[schema(examples(7))]
    id_department: i64,
    #[schema(examples("c169c38d-a790-4a6f-8da0-6f5e3c2f9c0a"))]
    uuid: String,
    #[schema(examples(3))]
    company: i64,
    #[schema(examples("Soporte"))]
    department_name: String,
    /// The hours as JSON in a text; empty without any.
    #[schema(examples("{\"lunes_apertura\":\"08:00\",\"lunes_cierre\":\"17:00\"}"))]
    hour: String,
}

impl From<Department> for Row {
    fn from(department: Department) -> Self {
        Self {
            id_department: department.id,
            uuid: department.uuid,
            company: department.company_id,
            department_name: department.name,
            hour: department.hours.unwrap_or_default(),
        }
    }
}

/// A company's departments, page by page, or all (`"N"`: `data` is then the list itself).
#[utoipa::path(
    post, path = "/api/admin/departments/list", tag = "catalogue", operation_id = "ap_departments_list",
    request_body = Body,
    responses((status = 200, body = Envelope<Paged<Row>>, description = "`Operacion exitosa`"))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let page = Page::read_sized(&mut asked.fields, "paginate");
    let rows = matching(&api, &mut asked, |_| true).await?;
    let answer = Answer::success("Operacion exitosa");
    Ok(match page {
        Some(page) => answer.with(page.of(rows)),
        None => answer.with(rows),
    })
}

/// The departments that the request's filters admit, and `admits`; refuses what is wrong with the request.
pub(in crate::http::ap) async fn matching(
    api: &Api,
    asked: &mut Asked,
    admits: impl Fn(&Department) -> bool,
) -> Result<Vec<Row>, Error> {
    let mut filters: Fields = asked.fields.object("filters").into();
    let (name, hour) = (filters.text("name"), filters.text("hour"));
    let named = filters.int("id_company");
    asked.fields.take_problems(filters, "filters");
    asked.fields.give(Map::from_iter(named.map(|id| ("id_company".to_owned(), id.into()))));
    let company = asked.company(api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let lower = |text: Option<String>| text.unwrap_or_default().to_lowercase();
    let (name, hour) = (lower(name), lower(hour));
    // A company has few, and the two databases do not agree on what lower case is.
    let found = all(&mut api.0.db.read().await?, company, LIST).await?.into_iter().filter(|department| {
        department.name.to_lowercase().contains(&name)
            && department.hours.as_deref().unwrap_or_default().to_lowercase().contains(&hour)
            && admits(department)
    });
    Ok(found.map(Row::from).collect())
}
