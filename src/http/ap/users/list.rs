//! AP "Listar usuarios".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{to_role, view::Person};
use crate::{
    desk::chats::LIST,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, Fields, sending::INVALID},
    },
    store::users::{self, Filter},
};

/// Rows of a page unless the call says otherwise, and at the most.
const PAGE: i64 = 20;
const LARGEST_PAGE: i64 = 100;

#[derive(Debug, ToSchema)]
#[schema(as = ApUserListRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// `S` (default): a page; `N`: all, at most 10,000.
    #[schema(examples("S"))]
    paginate: Option<String>,
    #[schema(examples(1))]
    page: Option<i64>,
    /// 1 to 100; 20 unless said otherwise.
    #[schema(examples(20))]
    quantity_x_page: Option<i64>,
    filters: Option<Filters>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApUserFilters)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Filters {
    /// The name or a part of it; so it is with `email`, `company_name` and `phone`.
    name: Option<String>,
    email: Option<String>,
    /// A super-admin who names none is given everybody.
    id_company: Option<i64>,
    company_name: Option<String>,
    /// 2, 3 or 4; nobody is of type 1.
    type_user: Option<String>,
    phone: Option<String>,
}

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApUserPage)]
pub(super) struct Paged {
    current_page: i64,
    data: Vec<Person>,
    /// The place of the first of these among all, counted from 1; `null` if there are none.
    from: Option<i64>,
    last_page: i64,
    per_page: i64,
    to: Option<i64>,
    total: i64,
}

/// A company's people by name, page by page (`paginate: "S"`, the default) or all (`"N"`: `data` is then the list
/// itself).
#[utoipa::path(
    post, path = "/api/users/list", tag = "users", operation_id = "ap_users_list",
    request_body = Body,
    responses((status = 200, body = Envelope<Paged>, description = "`Operacion exitosa`"))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let paginate = fields.flag("paginate").unwrap_or(true);
    let number = fields.int_within("page", 1, i64::MAX / LARGEST_PAGE).unwrap_or(1);
    let size = fields.int_within("quantity_x_page", 1, LARGEST_PAGE).unwrap_or(PAGE);
    let mut filter = filter(fields);
    fields.check(INVALID)?;
    match (asked.caller.company, filter.company) {
        (Some(own), 0) => filter.company = own,
        (Some(own), named) if own != named => return Err(Error::NotFound("La empresa indicada no existe.")),
        _ => {}
    }
    let mut tx = api.0.db.read().await?;
    let answer = Answer::success("Operacion exitosa");
    if !paginate {
        let people = users::list(&mut tx, &filter, LIST, 0).await?;
        return Ok(answer.with(people.into_iter().map(Person::from).collect::<Vec<_>>()));
    }
    let people = users::list(&mut tx, &filter, size, (number - 1) * size).await?;
    let total = users::count(&mut tx, &filter).await?;
    Ok(answer.with(paged(people.into_iter().map(Person::from).collect(), total, (number, size))))
}

fn filter(fields: &mut Fields) -> Filter {
    let mut filters: Fields = fields.object("filters").into();
    let text = |filters: &mut Fields, name| filters.text(name).unwrap_or_default();
    let named = filters.text("type_user");
    let filter = Filter {
        company: filters.int_within("id_company", 1, i64::MAX).unwrap_or_default(),
        name: text(&mut filters, "name").to_lowercase(),
        email: text(&mut filters, "email").to_lowercase(),
        phone: text(&mut filters, "phone"),
        company_name: text(&mut filters, "company_name").to_lowercase(),
        role: match named.as_deref() {
            None => String::new(),
            // Of a type that nobody has there is nobody.
            Some(named) => to_role(named).map_or_else(|_| named.to_owned(), |role| role.as_str().to_owned()),
        },
        active: None,
    };
    fields.take_problems(filters, "filters");
    filter
}

fn paged(data: Vec<Person>, total: i64, (number, size): (i64, i64)) -> Paged {
    let count = i64::try_from(data.len()).unwrap_or(i64::MAX);
    let first = (count > 0).then(|| (number - 1) * size + 1);
    Paged {
        current_page: number,
        from: first,
        last_page: ((total + size - 1) / size).max(1),
        per_page: size,
        to: first.map(|first| first + count - 1),
        total,
        data,
    }
}
