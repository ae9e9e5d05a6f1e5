//! Pages as AP's lists have them: `paginate`, `page`, `quantity_x_page` in, `current_page`, `data`, `total` … out.

use serde::Serialize;
use utoipa::ToSchema;

use super::Fields;

/// Rows of a page unless the call says otherwise, and at the most.
const PAGE: i64 = 10;
const LARGEST_PAGE: i64 = 100;

/// A page, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    /// The page that a request asks for: the field `word` says `S` (default), or `N` for everything (`None`).
    pub(super) fn read(fields: &mut Fields, word: &str) -> Option<Self> {
        let said = fields.flag(word);
        let number = fields.int_within("page", 1, i64::MAX).unwrap_or(1);
        let size = fields.int_within("quantity_x_page", 1, LARGEST_PAGE);
        let whole = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        said.unwrap_or(true).then(|| Self { number: whole(number), size: whole(size.unwrap_or(PAGE)) })
    }

    /// The same where who says `S` must say how many rows, too.
    pub(super) fn read_sized(fields: &mut Fields, word: &str) -> Option<Self> {
        need_size(fields, word);
        Self::read(fields, word)
    }

    /// The first page, if the field `word` says `S`; everything (`None`) if it says `N` or nothing.
    pub(super) fn first(fields: &mut Fields, word: &str) -> Option<Self> {
        need_size(fields, word);
        let is_paged = fields.flag(word).unwrap_or(false);
        let size = fields.int_within("quantity_x_page", 1, LARGEST_PAGE);
        is_paged.then(|| Self { number: 1, size: usize::try_from(size.unwrap_or(PAGE)).unwrap_or(usize::MAX) })
    }

    /// The page's part of a list.
    pub(super) fn of<T>(self, items: Vec<T>) -> Paged<T> {
        let total = items.len();
        let offset = (self.number - 1).saturating_mul(self.size);
        let data: Vec<T> = items.into_iter().skip(offset).take(self.size).collect();
        let from = (!data.is_empty()).then(|| offset + 1);
        Paged {
            current_page: self.number,
            from,
            last_page: total.div_ceil(self.size).max(1),
            per_page: self.size,
            to: from.map(|from| from + data.len() - 1),
            total,
            data,
        }
    }
}

fn need_size(fields: &mut Fields, word: &str) {
    if fields.flag(word) == Some(true) && !fields.is_given("quantity_x_page") {
        fields.missing("quantity_x_page", &format!("quantity_x_page es obligatorio cuando {word} es \"S\"."));
    }
}

/// A part of a list.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ApPage)]
pub(super) struct Paged<T> {
    current_page: usize,
    data: Vec<T>,
    /// The place of the first of these among all, counted from 1; `null` if there are none.
    from: Option<usize>,
    last_page: usize,
    per_page: usize,
    to: Option<usize>,
    total: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_part_of_the_list() {
        let page = |number, size| Page { number, size }.of(vec!['a', 'b', 'c', 'd', 'e']);
        let second = page(2, 2);
        assert_eq!((second.data, second.from, second.to), (vec!['c', 'd'], Some(3), Some(4)));
        assert_eq!((second.last_page, second.total), (3, 5));
        let beyond = page(usize::MAX, 2);
        assert_eq!((beyond.data, beyond.from, beyond.to, beyond.total), (vec![], None, None, 5));
        assert_eq!(Page { number: 1, size: 2 }.of(Vec::<char>::new()).last_page, 1);
    }
}
