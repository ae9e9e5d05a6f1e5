//! Names in URLs from outside lead to addresses of the public internet only (P9).

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::is_public;

/// A host that a URL from outside must not lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the host has no public address")]
pub(crate) struct NotPublic;

/// Resolves names for URLs from outside. Connections are made to exactly the addresses that were looked at, so a name
/// cannot change its meaning in between.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One private address among public ones is no accident.
            match found.iter().all(|address| is_public(address.ip())) {
                true => Ok(Box::new(found.into_iter()) as Addrs),
                false => Err(Box::new(NotPublic) as Box<dyn std::error::Error + Send + Sync>),
            }
        })
    }
}
