//! When something fails: nothing internal is said, everything is recorded.

use std::sync::Arc;

use axum::{Router, body::Body, http::Request, routing::get};
use tokio::sync::Notify;
use tower::ServiceExt;

use super::house::{self, House, Reply};
use crate::http::around;

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[track_caller]
fn asks_to_wait(reply: &Reply) {
    assert_eq!((reply.status.as_u16(), &reply.headers["retry-after"]), (503, "5".parse().as_ref().unwrap()));
}

#[tokio::test]
async fn unknown_routes_and_methods_are_answered_in_json() {
    let (folder, db) = house::sqlite().await;
    let house = House::over(db).await;
    for path in ["/", "/v2", "/v2/", "/v2/ticket/", "/v2/ticket/1/2/3", "/wp-admin.php", "/api/none"] {
        house.call(request(path)).await.refused(404, "There is no such route");
    }
    for (method, path) in [("POST", "/v2/ticket/1/"), ("DELETE", "/v2/tickets"), ("PUT", "/healthz")] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        house.call(request).await.refused(405, "This route does not take this method");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn p10_a_panic_is_an_answer_and_a_record() {
    let (folder, db) = house::sqlite().await;
    let house = House::over(db).await;
    let routes = Router::new().route(
        "/v2/panic",
        get(async || {
            if true {
                panic!("the cause")
            }
        }),
    );
    let reply = house::call(&around(routes, house.api.clone()), request("/v2/panic")).await;
    reply.refused(500, "Something went wrong on our side; quote the X-Bitacora-Log of this answer");
    assert_eq!(house.record(reply.log()).await.unwrap().status, 500);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn p10_a_caller_who_leaves_is_recorded_all_the_same() {
    let (folder, db) = house::sqlite().await;
    let house = House::over(db).await;
    let started = Arc::new(Notify::new());
    let tell = started.clone();
    let slow = async move || {
        tell.notify_one();
        std::future::pending::<()>().await;
    };
    let router = around(Router::new().route("/v2/slow", get(slow)), house.api.clone());
    let before = house.clock.log_id();
    // The last twelve bits count up, and start again at 0.
    let log = before & !0xfff | (before + 1) & 0xfff;
    tokio::select! {
        _ = router.oneshot(request("/v2/slow")) => panic!("it never answers"),
        () = started.notified() => {}
    }
    assert_eq!(house.record(log).await.unwrap().status, 499);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn p8_a_database_that_is_away_is_503_and_readiness_names_it() {
    let (folder, db) = house::sqlite().await;
    let house = House::over(db).await;
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
    std::fs::remove_dir_all(folder).unwrap();
}
