//! Moments as AP's additions show them: RFC 3339, UTC.

use relevo_adapters::Millis;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const FORM: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// `2016-11-29T18:38:32.000Z`: always to the millisecond, as V3 has them, so that texts are in the order of moments.
pub(in crate::http) fn moment(at: Millis) -> String {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    // A time outside the calendar is not stored by anybody; it is shown as none.
    moment.ok().and_then(|moment| moment.format(FORM).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_one_form() {
        // V3 "Interactions": `2021-06-15T01:24:08.193Z`.
        assert_eq!(moment(1_623_720_248_193), "2021-06-15T01:24:08.193Z");
        assert_eq!(moment(1_480_444_712_000), "2016-11-29T18:38:32.000Z");
        assert_eq!(moment(1_480_444_712_590), "2016-11-29T18:38:32.590Z");
        assert_eq!(moment(i64::MAX), "");
    }
}
