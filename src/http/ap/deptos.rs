//! AP `deptos/*`: the departments as agents see them.

use axum::extract::State;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Asked, Envelope, Error,
    departments::{DepartmentFilters, DepartmentRow, matching},
    paging::Page,
};
use crate::http::{Api, extract::Segment};

const MISSING: Error = Error::NotFound("Departamento no encontrado.");

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(index)).routes(routes!(show))
}

#[derive(Debug, ToSchema)]
#[schema(as = ApDeptosRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct Body {
    /// `N` (default): all; `S`: the first `quantity_x_page`, as a page.
    #[schema(examples("N"))]
    page: Option<String>,
    filters: Option<DepartmentFilters>,
    /// 1 to 100; must be said with `S`.
    #[schema(examples(13))]
    quantity_x_page: Option<i64>,
}

/// The company's active departments: `data` is the list itself, or a page of it as in `admin/departments/list`.
#[utoipa::path(
    post, path = "/api/deptos/index", tag = "catalogue", operation_id = "ap_deptos_index",
    request_body = Body,
    responses((status = 200, body = Envelope<Vec<DepartmentRow>>, description = "`Operacion exitosa`"))
)]
async fn index(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let page = Page::first(&mut asked.fields, "page");
    let rows = matching(&api, &mut asked, |department| department.active != 0).await?;
    let answer = Answer::success("Operacion exitosa");
    Ok(match page {
        Some(page) => answer.with(page.of(rows)),
        None => answer.with(rows),
    })
}

/// One active department.
#[utoipa::path(
    get, path = "/api/deptos/show/{id}", tag = "catalogue", operation_id = "ap_deptos_show",
    params(("id" = String, Path, description = "`id_department`, or its uuid.")),
    responses((status = 200, body = Envelope<DepartmentRow>, description = "The department."))
)]
async fn show(State(api): State<Api>, Segment(named): Segment, mut asked: Asked) -> Result<Answer, Error> {
    let rows = matching(&api, &mut asked, |department| {
        department.active != 0 && (department.id.to_string() == named || department.uuid == named)
    });
    let row = rows.await?.into_iter().next().ok_or(MISSING)?;
    Ok(Answer::success("Operacion exitosa").with(row))
}
