//! Who is let in, and what is kept of the call.

use axum::{body::Body, http::Request};
use secrecy::ExposeSecret;

use super::house::{Credentials, House, START};
use relevo::desk::clients::Role;

on_both_databases! {
    p9_without_the_right_secret_nobody_is_let_in
    p9_guessing_is_slowed_down
    every_role_may_read
    a_super_admin_names_the_company
    p10_every_call_leaves_its_record
}

async fn p9_without_the_right_secret_nobody_is_let_in(house: &House) {
    let (client, other) = (house.tenant().await.client, house.tenant().await.client);
    let secret = client.secret.expose_secret();
    let request = |headers: &[(&str, &str)]| {
        let request = Request::builder().uri("/v2/tickets/state/open");
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value))
            .body(Body::empty())
            .unwrap()
    };
    for headers in [
        &[][..],
        &[("X-User-Consumo", client.key.as_str())],
        &[("X-User-Secret", secret)],
        &[("X-User-Consumo", &client.key), ("X-User-Secret", "")],
        &[("X-User-Consumo", ""), ("X-User-Secret", "")],
        &[("X-User-Consumo", &client.key), ("X-User-Secret", other.secret.expose_secret())],
        &[("X-User-Consumo", "rc_nobody"), ("X-User-Secret", secret)],
        &[("X-User-Consumo", "rc_nobody"), ("X-User-Secret", "")],
    ] {
        house.call(request(headers)).await.refused(401, "Unauthenticated.");
    }
    assert_eq!(house.get(&client, "/v2/tickets/state/open").await.status, 200);
    house.get(&client.guess("x"), "/v2/tickets/state/open").await.refused(401, "Unauthenticated.");
    house.get(&client.guess("x"), "/v2/nothing").await.refused(404, "There is no such route");
}

async fn p9_guessing_is_slowed_down(house: &House) {
    let (client, other) = (house.tenant().await.client, house.tenant().await.client);
    let path = "/v2/tickets/state/open";
    for i in 0..20 {
        house.get(&client.guess(&format!("guess {i}")), path).await.refused(401, "Unauthenticated.");
    }
    for credentials in [&client.guess("guess 21"), &client] {
        let reply = house.get(credentials, path).await;
        reply.refused(429, "Too many failed attempts, try again later");
        assert_eq!(reply.headers["retry-after"], "60");
    }
    assert_eq!(house.get(&other, path).await.status, 200, "others are not troubled");
    house.clock.advance(60_000);
    assert_eq!(house.get(&client, path).await.status, 200);
}

async fn every_role_may_read(house: &House) {
    let tenant = house.tenant().await;
    for role in Role::ALL {
        let client = house.client(Some(tenant.id), role).await;
        assert_eq!(house.get(&client, "/v2/tickets/state/open").await.status, 200, "{role:?}");
    }
}

async fn a_super_admin_names_the_company(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let channel = house.channel(&tenant, "telegram").await;
    house.apply(&[tenant.says(channel, "1", START, "hola")]).await;
    let admin = house.client(None, Role::Admin).await;
    let get = async |client: &Credentials, company: &str| {
        house.get(client, &format!("/v2/tickets/state/open?id_company={company}")).await
    };
    for (company, count) in [(tenant.id, 1), (other.id, 0)] {
        let list = get(&admin, &company.to_string()).await.json();
        assert_eq!(list["tickets"].as_array().unwrap().len(), count);
    }
    get(&admin, "999999").await.refused(404, "Company not found");
    get(&admin, "x").await.refused(422, "id_company must be a number");
    let without = house.get(&admin, "/v2/tickets/state/open").await;
    without.refused(422, "id_company is required: a super-admin names the company");

    assert_eq!(get(&tenant.client, &tenant.id.to_string()).await.status, 200, "one's own may be named");
    for foreign in [other.id.to_string(), "999999".to_owned()] {
        get(&tenant.client, &foreign).await.refused(404, "Company not found");
    }
}

async fn p10_every_call_leaves_its_record(house: &House) {
    let tenant = house.tenant().await;
    let path = "/v2/tickets/state/open";
    let served = house.get(&tenant.client, &format!("{path}?secret=x")).await;
    let refused = house.get(&tenant.client.guess("wrong"), path).await;
    let missing = house.call(tenant.client.request("GET", "/v2/nothing")).await;
    let wrong = house.call(tenant.client.request("DELETE", path)).await;
    for (reply, known, path, status) in [
        (&served, true, path, 200),
        (&refused, false, path, 401),
        (&missing, false, "/v2/nothing", 404),
        (&wrong, false, path, 405),
    ] {
        let record = house.record(reply.log()).await.unwrap();
        assert_eq!((record.path.as_str(), record.status), (path, status));
        assert_eq!(record.company_id, known.then_some(tenant.id), "{path} {status}");
        assert_eq!((record.client_id.is_some(), record.at), (known, house.clock.now()));
    }
    let probe = house.get(&tenant.client, "/healthz").await;
    assert!(house.record(probe.log()).await.is_none(), "a probe has a number, but nothing is kept of it");
}
