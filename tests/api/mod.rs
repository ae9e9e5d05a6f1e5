//! The HTTP API, told through its router, beside the gateway's, on each database.

/// Stories of a house, each told once on each database.
macro_rules! on_both_databases {
    ($($story:ident)+) => {
        $crate::support::for_each_database! {
            $($story: |backend| {
                $story(&$crate::api::house::House::over(backend).await).await;
            })+
        }
    };
}

mod access;
mod ap;
mod catalogue;
mod catalogue_access;
mod catalogue_texts;
mod channels;
mod chats;
mod departments;
mod files;
mod hours;
mod house;
mod mundosocial;
mod openapi;
mod pages;
mod platform;
mod seeds;
mod sending;
mod set_webhook;
mod tickets;
mod trouble;
