//! AP "Listar FAQs".

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, json};
use utoipa::ToSchema;

use super::{INVALID, departments_text};
use crate::{
    desk::catalogue::{LIST, faqs},
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error, Fields,
            paging::{Page, Paged},
        },
    },
    store::{
        Tx, departments,
        faqs::{Faq, list as all},
    },
};

#[derive(Debug, ToSchema)]
#[schema(as = ApFaqListRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// `S` (default): a page; `N`: all, as `data.data`.
    #[schema(examples("S"))]
    paginate: Option<String>,
    #[schema(examples(1))]
    page: Option<i64>,
    /// 1 to 100; 10 unless said otherwise.
    #[schema(examples(10))]
    quantity_x_page: Option<i64>,
    filters: Option<Filters>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApFaqFilters)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Filters {
    /// A part of the answer.
    replay: Option<String>,
    /// A super-admin must name the company.
    company: Option<i64>,
    /// A department's id, or a part of its name: the answers that are for it. `0` stands for all.
    department: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApFaq)]
pub(super) struct Row {
    #[schema(examples(5))]
    id_faq: i64,
    #[schema(examples("Hola, esta es la respuesta."))]
    replay: String,
    company: i64,
    /// A list as JSON in a text; `"0"` in it stands for all.
    #[schema(examples("[\"0\",\"7\"]"))]
    departament: String,
    /// 1 active, 0 inactive.
    #[schema(examples(1))]
    status: i64,
}

impl From<Faq> for Row {
    fn from(faq: Faq) -> Self {
        let departament = departments_text(&faq);
        Self { id_faq: faq.id, replay: faq.answer, company: faq.company_id, departament, status: faq.active }
    }
}

/// A company's frequent answers, page by page or all.
#[utoipa::path(
    post, path = "/api/admin/faqs/list", tag = "catalogue", operation_id = "ap_faqs_list",
    request_body = Body,
    responses((status = 200, body = Envelope<Paged<Row>>, description = "`Operacion exitosa`"))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let page = Page::read(&mut asked.fields, "paginate");
    let mut filters: Fields = asked.fields.object("filters").into();
    let replay = filters.text("replay").unwrap_or_default().to_lowercase();
    let department = filters.text("department").filter(|named| *named != faqs::EVERY.to_string());
    let named = filters.int("company");
    asked.fields.take_problems(filters, "filters");
    asked.fields.give(Map::from_iter(named.map(|id| ("company".to_owned(), id.into()))));
    let company = asked.company(&api, "company").await?;
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let wanted = match department {
        None => None,
        Some(named) => Some(named_departments(&mut tx, company, &named).await?),
    };
    let mut rows = all(&mut tx, company, LIST).await?;
    rows.retain(|faq| {
        let is_wanted = |wanted: &BTreeSet<i64>| wanted.iter().any(|id| faqs::is_for(faq, *id));
        faq.answer.to_lowercase().contains(&replay) && wanted.as_ref().is_none_or(is_wanted)
    });
    let rows: Vec<Row> = rows.into_iter().map(Row::from).collect();
    let answer = Answer::success("Operacion exitosa");
    Ok(match page {
        Some(page) => answer.with(page.of(rows)),
        None => answer.with(json!({"data": rows})),
    })
}

/// The company's departments of this id, or with this in their name.
async fn named_departments(tx: &mut Tx, company: i64, named: &str) -> Result<BTreeSet<i64>, Error> {
    let known = departments::list(tx, company, LIST).await?;
    let part = named.to_lowercase();
    let found = known
        .iter()
        .filter(|department| department.id.to_string() == named || department.name.to_lowercase().contains(&part));
    Ok(found.map(|department| department.id).collect())
}
