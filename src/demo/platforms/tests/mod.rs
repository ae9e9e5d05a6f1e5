//! The pretend platforms, asked as the adapters ask.

mod bot_api;
mod graph;
mod pages;
mod smtp;
mod trouble;

use serde_json::Value;

/// As `main` does.
fn install_tls() {
    // Another test may have been first.
    _ = rustls::crypto::ring::default_provider().install_default();
}

fn client() -> reqwest::Client {
    install_tls();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Status and body of an answer.
async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
