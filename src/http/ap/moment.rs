//! Moments as AP's additions show them: RFC 3339, UTC.

use relevo_adapters::Millis;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// `2016-11-29T18:38:32Z`, to the millisecond where there is one.
pub(in crate::http) fn moment(at: Millis) -> String {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    // A time outside the calendar is not stored by anybody; it is shown as none.
    moment.ok().and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
}
