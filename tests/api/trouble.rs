//! When something fails: nothing internal is said, everything is recorded.

use axum::{body::Body, http::Request};

use super::house::{House, Reply};

on_both_databases! {
    unknown_routes_and_methods_are_answered_in_json
    p8_a_database_that_is_away_is_503_and_readiness_names_it
}

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[track_caller]
fn asks_to_wait(reply: &Reply) {
    assert_eq!((reply.status.as_u16(), &reply.headers["retry-after"]), (503, "5".parse().as_ref().unwrap()));
}

async fn unknown_routes_and_methods_are_answered_in_json(house: &House) {
    for path in ["/", "/v2", "/v2/", "/v2/ticket/", "/v2/ticket/1/2/3", "/wp-admin.php"] {
        house.call(request(path)).await.refused(404, "There is no such route");
    }
    for (method, path) in [("POST", "/v2/ticket/1/"), ("DELETE", "/v2/tickets"), ("PUT", "/healthz")] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        house.call(request).await.refused(405, "This route does not take this method");
    }
    house.call(request("/api/none")).await.ap_refused(404, "La ruta no existe.", &[]);
    house.call(request("/api/admin/channels/list")).await.ap_refused(405, "La ruta no admite este método.", &[]);
}

async fn p8_a_database_that_is_away_is_503_and_readiness_names_it(house: &House) {
    let tenant = house.tenant().await;
    assert_eq!(house.call(request("/readyz")).await.json(), serde_json::json!({"status": "ok"}));
    house.db.close().await;

    let reply = house.get(&tenant.client, "/v2/tickets/state/open").await;
    reply.refused(503, "Service unavailable, try again later");
    asks_to_wait(&reply);
    let reply = house.call(request("/readyz")).await;
    asks_to_wait(&reply);
    let expected = serde_json::json!({"status": "unavailable", "not_ready": ["the database does not answer"]});
    assert_eq!(reply.json(), expected);
    assert_eq!(house.call(request("/healthz")).await.json(), serde_json::json!({"status": "ok"}));
}
