//! AP "Listar canales".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{INVALID, NO_COMPANY, view::Channel};
use crate::{
    desk::channels::{self, Filter, Page},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, Fields},
    },
};

/// Rows of a page unless the call says otherwise, and at the most.
const PAGE: i64 = 10;
const LARGEST_PAGE: i64 = 100;

#[derive(Debug, ToSchema)]
#[schema(as = ApChannelListRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The company whose channels are meant.
    #[schema(examples(3))]
    id_company: i64,
    /// `S` (default): a page; `N`: all.
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
#[schema(as = ApChannelFilters)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Filters {
    /// The name or a part of it.
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    uuid: Option<String>,
    /// The account.
    app_id: Option<String>,
}

/// A page of channels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChannelPage)]
pub(super) struct Paged {
    current_page: usize,
    data: Vec<Channel>,
    /// The place of the first of these among all, counted from 1; `null` if there are none.
    from: Option<usize>,
    last_page: usize,
    per_page: usize,
    to: Option<usize>,
    total: usize,
}

/// A company's channels, page by page (`paginate: "S"`, the default) or all (`"N"`: `data` is then the list itself).
#[utoipa::path(
    post, path = "/api/admin/channels/list", tag = "channels", operation_id = "ap_channels_list",
    request_body = Body,
    responses(
        (status = 200, body = Envelope<Paged>, description = "`Canales listados correctamente.`"),
    )
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    fields.need_int_or("id_company", NO_COMPANY);
    let paginate = fields.flag("paginate").unwrap_or(true);
    let number = fields.int_within("page", 1, i64::MAX).unwrap_or(1);
    let size = fields.int_within("quantity_x_page", 1, LARGEST_PAGE).unwrap_or(PAGE);
    let filter = filter(fields);
    fields.check(INVALID)?;
    let company = asked.company(&api, "id_company").await?;
    let page = paginate.then(|| (whole(number), whole(size)));
    let found = channels::list(&mut api.0.db.read().await?, company, &filter, page).await?;
    let answer = Answer::ok("Canales listados correctamente.");
    Ok(match page {
        Some((number, size)) => answer.with(paged(found, number, size)),
        None => answer.with(found.items.into_iter().map(Channel::from).collect::<Vec<_>>()),
    })
}

fn filter(fields: &mut Fields) -> Filter {
    let mut filters: Fields = fields.object("filters").into();
    let filter = Filter {
        name: filters.text("name"),
        kind: filters.text("type").map(|name| name.to_lowercase()),
        uuid: filters.text("uuid"),
        app: filters.text("app_id"),
    };
    fields.take_problems(filters, "filters");
    filter
}

fn paged(found: Page<channels::ChannelView>, number: usize, size: usize) -> Paged {
    let first = (!found.items.is_empty()).then(|| found.offset + 1);
    Paged {
        current_page: number,
        from: first,
        last_page: found.total.div_ceil(size).max(1),
        per_page: size,
        to: first.map(|first| first + found.items.len() - 1),
        total: found.total,
        data: found.items.into_iter().map(Channel::from).collect(),
    }
}

fn whole(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
