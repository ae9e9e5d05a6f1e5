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
mod auth;
mod broadcast;
mod catalogue;
mod catalogue_access;
mod catalogue_texts;
mod channels;
mod chats;
mod comentfb;
mod customers;
mod departments;
mod files;
mod hours;
mod house;
mod lists;
mod mundosocial;
mod omnichannel;
mod openapi;
mod pages;
mod people;
mod platform;
mod reports;
mod routing;
mod seeds;
mod sending;
mod set_webhook;
mod stream;
mod subscriptions;
mod tickets;
mod trouble;
mod usuarios;
