//! `paginate`, `quantity_x_page` and `page`: which part of a list is wanted, and how it is answered.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{desk::chats::LIST, http::ap::Fields};

const SIZE: i64 = 10;
const LARGEST: i64 = 100;

/// The part that is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Page {
    /// The first [`LIST`].
    All,
    Of {
        number: i64,
        size: i64,
    },
}

impl Page {
    /// Reads it; what is wrong is noted.
    pub(super) fn read(fields: &mut Fields) -> Self {
        if !fields.is_given("paginate") {
            fields.missing("paginate", "El campo paginate debe ser true o false, o \"S\" o \"N\".");
        }
        let paginate = fields.flag("paginate").unwrap_or_default();
        let number = fields.int_within("page", 1, i64::MAX / LARGEST).unwrap_or(1);
        let size = fields.int_within("quantity_x_page", 1, LARGEST).unwrap_or(SIZE);
        if paginate { Self::Of { number, size } } else { Self::All }
    }

    pub(super) fn limit(self) -> i64 {
        match self {
            Self::All => LIST,
            Self::Of { size, .. } => size,
        }
    }

    pub(super) fn offset(self) -> i64 {
        match self {
            Self::All => 0,
            Self::Of { number, size } => (number - 1) * size,
        }
    }

    /// The seed's `{"data": […]}`, with the page's place among all.
    pub(super) fn of<T: Serialize>(self, items: &[T], total: i64) -> Value {
        let Self::Of { number, size } = self else { return json!({"data": items}) };
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let first = (count > 0).then(|| self.offset() + 1);
        json!({
            "data": items,
            "current_page": number,
            "per_page": size,
            "from": first,
            "to": first.map(|first| first + count - 1),
            "last_page": ((total + size - 1) / size).max(1),
            "total": total,
        })
    }
}
