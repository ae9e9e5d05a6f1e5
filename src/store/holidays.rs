//! Days on which other hours hold than the week's.

use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

/// A day of a group, or of the whole company.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct HolidayRow {
    pub group_id: Option<i64>,
    /// `YYYY-MM-DD`.
    pub day: String,
    pub name: String,
    /// JSON: spans, none if it is closed.
    pub hours: String,
}

/// A group's own days, or (`None`) the whole company's, by day.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, company: i64, group: Option<i64>) -> Result<Vec<HolidayRow>> {
    fetch_all!(
        tx,
        HolidayRow,
        Sql {
            sqlite: "SELECT group_id, day, name, hours FROM holidays \
                     WHERE company_id = $1 AND (group_id = $2 OR ($2 IS NULL AND group_id IS NULL)) ORDER BY day, id",
            postgres: "SELECT group_id, day, name, hours FROM holidays \
                       WHERE company_id = $1 AND (group_id = $2 OR ($2::bigint IS NULL AND group_id IS NULL)) \
                       ORDER BY day, id",
        },
        company,
        group
    )
}

/// Puts these days in the place of a group's own, or (`None`) of the whole company's.
///
/// # Errors
/// Those of the database.
pub async fn replace(tx: &mut Tx, company: i64, group: Option<i64>, days: &[HolidayRow]) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "DELETE FROM holidays \
                     WHERE company_id = $1 AND (group_id = $2 OR ($2 IS NULL AND group_id IS NULL))",
            postgres: "DELETE FROM holidays \
                       WHERE company_id = $1 AND (group_id = $2 OR ($2::bigint IS NULL AND group_id IS NULL))",
        },
        company,
        group
    )?;
    execute!(
        tx,
        rows!(
            "INSERT INTO holidays (company_id, group_id, day, name, hours) SELECT $2, $3, day, name, hours FROM",
            [day text, name text, hours text],
            "ORDER BY day"
        ),
        json_rows(days),
        company,
        group
    )
    .map(drop)
}
