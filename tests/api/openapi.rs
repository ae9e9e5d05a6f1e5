//! The document is complete and true.

use std::collections::HashSet;

use axum::{body::Body, http::Request};
use serde_json::Value;

use super::house::{Credentials, House, START};
use relevo::desk::clients::Role;

on_both_databases! {
    every_route_of_the_document_answers_as_it_says
    the_document_holds_together
    the_company_that_a_super_admin_must_name_is_described
    people_can_read_it
    metrics_count_calls
}

async fn document(house: &House) -> Value {
    house.call(Request::get("/openapi.json").body(Body::empty()).unwrap()).await.json()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        item.into_iter().map(|(method, operation)| (path.clone(), method, operation)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

/// The path with something in place of its parameters, and its required query.
fn fill(path: &str, operation: &Value, ticket: &str) -> String {
    let filled = [
        ("{ticket_id}", ticket),
        ("{agent_ticket_id}", "1"),
        ("{state}", "open"),
        ("{social_network}", "telegram"),
        ("{media_id}", "none"),
        ("{channel}", "none"),
        ("{idChannel}", "none"),
        ("{id}", "999"),
    ]
    .iter()
    .fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!filled.contains('{'), "{path} has a parameter that this test does not know");
    let query: Vec<String> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
        .map(|parameter| {
            let example = match &parameter["example"] {
                Value::String(text) => text.replace(' ', "%20"),
                Value::Number(number) => number.to_string(),
                _ => panic!("{path} lacks an example"),
            };
            format!("{}={example}", parameter["name"].as_str().unwrap())
        })
        .collect();
    if query.is_empty() { filled } else { format!("{filled}?{}", query.join("&")) }
}

/// The body of the document's own examples, with the company's id where one is asked for.
fn example_body(document: &Value, operation: &Value, company: i64) -> Value {
    // A webhook's body is the platform's business.
    let named = operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Value::as_str);
    let Some(name) = named else { return Value::Null };
    let schema = document.pointer(name.trim_start_matches('#')).expect("it is there");
    // One whose fields come from several places says all of them.
    let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
    let properties = parts.filter_map(|part| part["properties"].as_object()).flatten();
    let example = |(name, property): (&String, &Value)| match name.as_str() {
        "id_company" | "company" => Some((name.clone(), company.into())),
        // A list is exemplified by one of its items.
        _ => match property["items"]["examples"].get(0) {
            Some(item) => Some((name.clone(), Value::from(vec![item.clone()]))),
            None => property["examples"].get(0).map(|example| (name.clone(), example.clone())),
        },
    };
    properties.filter_map(example).collect()
}

async fn every_route_of_the_document_answers_as_it_says(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    house.apply(&[tenant.says(channel, "1", START, "hola")]).await;
    let ticket = house.body(&tenant.client, "/v2/ticket/1/by_agent_id/").await["ticket_id"].clone();
    let stranger = Credentials { key: "nobody".into(), secret: "x".into() };
    let (document, admin) = (document(house).await, house.client(Some(tenant.id), Role::Admin).await);
    let operations = operations(&document);
    assert!(operations.len() >= 20, "{}", operations.len());
    for (path, method, operation) in operations {
        let mut url = fill(&path, &operation, ticket.as_str().unwrap());
        if path.starts_with("/api/stream") && method == "get" {
            // Without it the answer has no end.
            url.push_str("?once=S");
        }
        let body = example_body(&document, &operation, tenant.id);
        let form = [("content-type", "application/json")];
        let request = |client: &Credentials| match body.is_null() {
            true => client.request(&method.to_uppercase(), &url),
            false => client.request_with(&method.to_uppercase(), &url, &form, body.to_string()),
        };
        if path == "/api/telegram/setWebhook" {
            house.platform.will_answer(200, &serde_json::json!({"ok": true, "result": true}));
        }
        let ours = if path.starts_with("/api/") { &admin } else { &tenant.client };
        let reply = house.call(request(ours)).await;
        let status = reply.status.as_str();
        assert!(operation["responses"].get(status).is_some(), "{method} {url} answers {status}: {reply:?}");
        assert!(!reply.bytes.starts_with(b"{\"message\":\"There is no such route"), "{method} {url}");
        let form = reply.headers["content-type"].to_str().unwrap().split(';').next().unwrap();
        if let Some(content) = operation["responses"][status]["content"].as_object() {
            assert!(content.keys().any(|stated| stated.starts_with(form)), "{method} {url} is {form}");
        }
        let expected = match path.as_str() {
            "/v2/media/{media_id}/" => 404,
            // The route before it has closed the ticket.
            "/v2/ticket/{ticket_id}/reassign/" => 409,
            _ => 200,
        };
        if path.starts_with("/v2/") {
            assert_eq!(reply.status, expected, "{method} {url}");
        }
        if operation["security"][0]["clientKey"].is_array() {
            // These are about messages, chats and departments that the document cannot know; their own stories have them.
            let unknown = [
                "/api/chat/",
                "/api/meta/",
                "/api/telegram/",
                "/api/mundosocial/",
                "/api/users/update/",
                "/api/stream/ws",
            ];
            let refusable = path != "/api/telegram/setWebhook" && unknown.iter().any(|family| path.starts_with(family));
            // Nobody is logged in, and nobody can be who is not known.
            let unknown = path.starts_with("/api/auth/") && ["401", "422"].contains(&status);
            let stated = path.starts_with("/v2/") && reply.status == expected;
            let fine = stated
                || ["200", "201", "404"].contains(&status)
                || unknown
                || (refusable && ["400", "422"].contains(&status));
            assert!(fine, "the example of {method} {url} is refused: {reply:?}");
            assert_eq!(house.call(request(&stranger)).await.status, 401, "{method} {url}");
        }
        house.clock.advance(60_000);
    }
}

async fn the_document_holds_together(house: &House) {
    let document = document(house).await;
    let mut pending = vec![&document];
    while let Some(value) = pending.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        match value {
            Value::Array(items) => pending.extend(items),
            Value::Object(items) => pending.extend(items.values()),
            _ => {}
        }
    }
    let mut ids = HashSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].clone()), "{path} {method}: {}", operation["operationId"]);
        let declared = operation["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "path").count();
        assert_eq!(declared, path.matches('{').count(), "{path} {method}");
        assert!(operation["summary"].is_string(), "{path} {method}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let described = response["description"].is_string() || response["$ref"].is_string();
            assert!(described, "{path} {method} {status}");
        }
    }
}

/// Whether a field stands in this part of the document, or in what it refers to.
fn mentions(document: &Value, part: &Value, field: &str) -> bool {
    match part {
        Value::String(text) => text == field,
        Value::Array(items) => items.iter().any(|item| mentions(document, item, field)),
        Value::Object(items) => items.iter().any(|(name, item)| match (name.as_str(), item.as_str()) {
            ("$ref", Some(path)) => {
                document.pointer(path.trim_start_matches('#')).is_some_and(|part| mentions(document, part, field))
            }
            _ => name == field || mentions(document, item, field),
        }),
        _ => false,
    }
}

async fn the_company_that_a_super_admin_must_name_is_described(house: &House) {
    let (document, admin) = (document(house).await, house.client(None, Role::Admin).await);
    let mut asked = 0;
    for (path, method, operation) in operations(&document) {
        let (url, mut body) = (fill(&path, &operation, "none"), example_body(&document, &operation, 0));
        _ = body.as_object_mut().and_then(|body| body.remove("id_company"));
        let form = [("content-type", "application/json")];
        let request = match body.is_null() {
            true => admin.request(&method.to_uppercase(), &url),
            false => admin.request_with(&method.to_uppercase(), &url, &form, body.to_string()),
        };
        let reply = house.call(request).await;
        let refused = [400, 422].contains(&reply.status.as_u16());
        if refused && String::from_utf8_lossy(&reply.bytes).contains("id_company") {
            asked += 1;
            let parts = ["parameters", "requestBody"];
            let described = parts.iter().any(|part| mentions(&document, &operation[*part], "id_company"));
            assert!(described, "{method} {path}: {reply:?}");
        }
    }
    assert!(asked > 40, "{asked}");
}

async fn people_can_read_it(house: &House) {
    let redirect = house.call(Request::get("/docs").body(Body::empty()).unwrap()).await;
    assert_eq!(redirect.headers["location"], "/docs/");
    for (path, form) in [("/docs/", "text/html"), ("/docs/swagger-initializer.js", "javascript")] {
        let reply = house.call(Request::get(path).body(Body::empty()).unwrap()).await;
        assert!(reply.headers["content-type"].to_str().unwrap().contains(form), "{path}: {reply:?}");
    }
    let script = house.call(Request::get("/docs/swagger-initializer.js").body(Body::empty()).unwrap()).await;
    assert!(String::from_utf8_lossy(&script.bytes).contains("/openapi.json"));
}

async fn metrics_count_calls(house: &House) {
    let client = house.tenant().await.client;
    house.body(&client, "/v2/tickets/state/ignored").await;
    let reply = house.call(Request::get("/metrics").body(Body::empty()).unwrap()).await;
    assert_eq!(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = String::from_utf8_lossy(&reply.bytes).into_owned();
    assert!(text.contains("route=\"/v2/tickets/state/{state}\",status=\"200\""), "by route, not by path: {text}");
}
