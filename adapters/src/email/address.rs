//! How people write the addresses of customers.

use crate::{Identity, Scheme};

pub(super) const SCHEMES: &[Scheme] = &[Scheme { name: Identity::EMAIL, before: "", read }];

fn read(text: &str, _: Option<&str>) -> Option<String> {
    let (local, host) = text.split_once('@')?;
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_host = host.contains('.') && host.split('.').all(|label| !label.is_empty() && label.bytes().all(fine));
    let is_local = !local.is_empty() && local.bytes().all(|byte| byte.is_ascii_graphic());
    (is_host && is_local).then(|| text.to_lowercase())
}
