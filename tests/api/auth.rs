//! People log in, are who they are, and are let in no more.

use axum::{body::Body, http::Request};
use relevo::{
    desk::{
        clients::Role,
        users::{self, Change},
    },
    secrets::hash_secret,
    store::{Db, Tx},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    house::{Credentials, House, Reply, Tenant},
    people::{PASSWORD, Person},
    seeds::same_shape,
    sending::{CHAT, META, PNG, TELEGRAM, stage},
};
use crate::support::for_each_database;

on_both_databases! {
    logging_in_and_out_is_as_the_seed_shows
    logging_in_by_pin_is_as_the_seed_shows
    a_new_password_is_set_by_a_token_that_somebody_handed_over
    p9_whoever_is_not_let_in_is_not_told_why
    p9_guessing_passwords_is_slowed_down_by_person
    p9_a_token_is_good_for_every_family_and_a_wrong_one_for_none
    p9_a_program_beside_a_person_must_be_right_and_of_the_same_company
    p9_a_person_sees_and_does_what_its_role_may
    p9_an_agent_writes_only_as_itself
    p9_own_secrets_are_changed_by_whoever_knows_the_present_password
    p9_no_password_and_no_token_is_in_the_database
    p10_the_record_of_a_call_names_the_person
    what_is_wrong_with_a_login_is_said_at_once
}

for_each_database! {
    p9_whoever_is_let_in_no_more_is_refused_at_once_by_every_process: |backend| {
        let house = House::over(backend).await;
        let twin = House::at(backend.open().await, "https://relevo.example.org");
        let tenant = house.tenant().await;
        let admin = house.client(Some(tenant.id), Role::Admin).await;
        let changes = [
            json!({"password": "Secret456", "password_confirmation": "Secret456"}),
            json!({"pin": "123456", "device_id": 99}),
            json!({"type": "4"}),
            json!({"state": 0}),
        ];
        for (n, change) in changes.iter().enumerate() {
            let person = house.person(&tenant, &format!("p{n}@empresa.com"), Role::Agent).await;
            assert_eq!(me(&twin, &person.token).await.status, 200);
            let path = format!("/api/users/update/{}", person.id);
            assert_eq!(house.send(&admin, "PATCH", &path, change).await.status, 200);
            for house in [&house, &twin] {
                unauthenticated(&me(house, &person.token).await);
            }
        }
        let person = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
        assert_eq!(me(&twin, &person.token).await.status, 200);
        assert_eq!(house.call_as(&person.token, "DELETE", LOGOUT, &Value::Null).await.status, 200);
        unauthenticated(&me(&twin, &person.token).await);
        // What lets nobody out changes nothing for who is in.
        let person = house.person(&tenant, "ana@empresa.com", Role::Agent).await;
        let path = format!("/api/users/update/{}", person.id);
        assert_eq!(house.send(&admin, "PATCH", &path, &json!({"name": "Ana", "type": "3", "state": 1})).await.status, 200);
        assert_eq!(me(&twin, &person.token).await.status, 200);
    }
}

const LOGIN: &str = "/api/auth/login";
const PIN: &str = "/api/auth/login/pin";
const ME: &str = "/api/auth/getRequestUserData";
const REFRESH: &str = "/api/auth/refreshUserToken";
const LOGOUT: &str = "/api/auth/logout";
const FORGOT: &str = "/api/auth/password/forgot";
const RESET: &str = "/api/auth/password/reset";

async fn me(house: &House, token: &str) -> Reply {
    house.call_as(token, "GET", ME, &Value::Null).await
}

/// As it is said to whoever has no credentials.
#[track_caller]
fn unauthenticated(reply: &Reply) {
    assert_eq!((reply.status.as_u16(), reply.json()), (401, json!({"message": "Unauthenticated."})), "{reply:?}");
}

/// As it is said to whoever gives wrong ones, in the seed's words.
#[track_caller]
fn refused(reply: &Reply) {
    let seed = json!({
        "data": [], "status": "error", "message": "Credenciales invalidas.", "code": 401, "id_bitacora_log": reply.log(),
    });
    assert_eq!((reply.status.as_u16(), reply.json()), (401, seed));
}

#[track_caller]
fn like(seed: &Value, reply: &Reply) -> Value {
    let ours = reply.json();
    same_shape(seed, &ours);
    for name in ["status", "message", "code"] {
        assert_eq!(ours[name], seed[name], "{name}");
    }
    assert_eq!(reply.headers["cache-control"], "no-store");
    ours
}

async fn login(house: &House, client: &Credentials, email: &str, password: &str) -> Reply {
    house.post(client, LOGIN, &json!({"email": email, "password": password})).await
}

/// Changes somebody in passing.
async fn change(house: &House, id: i64, change: Change) {
    house.write(async |tx| users::update(tx, &house.clock, None, id, change).await.map(drop).unwrap()).await;
}

async fn logging_in_and_out_is_as_the_seed_shows(house: &House) {
    let tenant = house.tenant().await;
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;

    // AP "Login".
    let seed = json!({
        "data": {
            "token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
            "user": {"id": 15, "name": "Juan Perez", "email": "juan@empresa.com"}
        },
        "status": "ok", "message": "Login exitoso.", "code": 200, "id_bitacora_log": 736_014
    });
    let body = json!({"email": "\"Juan@Empresa.com\"", "password": "\"Secret123\"", "id_bitacora_log": 736_014});
    let ours = like(&seed, &house.post(&tenant.client, LOGIN, &body).await);
    assert_eq!(ours["data"]["user"], json!({"id": juan.id, "name": "juan", "email": "juan@empresa.com"}));
    let token = ours["data"]["token"].as_str().unwrap();
    assert!(token.len() >= 43, "256 bits");

    // AP "Datos del usuario autenticado".
    let seed = json!({
        "data": {
            "id": 15, "name": "Juan Perez", "email": "juan@empresa.com",
            "pic_url": "https://app.test/storage/users/15.png"
        },
        "status": "ok", "message": "", "code": 200, "id_bitacora_log": 736_014
    });
    let picture = json!({"pic": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, PNG)});
    house.call_as(token, "PATCH", &format!("/api/users/uploadUserPic/{}", juan.id), &picture).await;
    let named = house.call_as(token, "GET", &format!("{ME}?include=%22pic_url%22"), &Value::Null).await;
    let ours = like(&seed, &named);
    assert_eq!((&ours["data"]["id"], ours["data"]["pic_url"].is_string()), (&json!(juan.id), true));
    like(&seed, &house.call_as(token, "GET", ME, &json!({"include": "pic_url"})).await);
    let plain = me(house, token).await.json();
    assert_eq!(plain["data"], json!({"id": juan.id, "name": "juan", "email": "juan@empresa.com"}));
    house.call_as(token, "GET", &format!("{ME}?include=x"), &Value::Null).await.ap_refused(
        422,
        "Validacion fallida.",
        &["include"],
    );
    unauthenticated(&house.get(&tenant.client, ME).await);

    // AP "Refrescar token".
    let seed = json!({
        "data": {"token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9..."},
        "status": "ok", "message": "Token refrescado.", "code": 200, "id_bitacora_log": 736_014
    });
    let fresh = like(&seed, &house.call_as(token, "GET", REFRESH, &Value::Null).await);
    let fresh = fresh["data"]["token"].as_str().unwrap();
    assert_ne!(fresh, token);
    unauthenticated(&me(house, token).await);
    unauthenticated(&house.call_as(token, "GET", REFRESH, &Value::Null).await);
    assert_eq!(me(house, fresh).await.status, 200);
    assert_eq!(me(house, &juan.token).await.status, 200, "another session goes on");

    // AP "Logout".
    let seed =
        json!({"data": [], "status": "ok", "message": "Logout exitoso.", "code": 200, "id_bitacora_log": 736_014});
    like(&seed, &house.call_as(fresh, "DELETE", LOGOUT, &json!({"id_bitacora_log": 736_014})).await);
    unauthenticated(&me(house, fresh).await);
    unauthenticated(&house.call_as(fresh, "DELETE", LOGOUT, &Value::Null).await);

    house.clock.advance(12 * 3_600_000 - 1);
    assert_eq!(me(house, &juan.token).await.status, 200);
    house.clock.advance(1);
    unauthenticated(&me(house, &juan.token).await);
}

async fn logging_in_by_pin_is_as_the_seed_shows(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let path = format!("/api/users/update/{}", juan.id);
    let pin = json!({"pin": "123456", "device_id": 99});
    assert_eq!(house.send(&admin, "PATCH", &path, &pin).await.status, 200);

    // AP "Login con PIN".
    let seed = json!({
        "data": {"token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...", "user": {"id": 15, "name": "Juan Perez"}},
        "status": "ok", "message": "Login exitoso.", "code": 200, "id_bitacora_log": 736_014
    });
    let body = json!({"email": "\"juan@empresa.com\"", "pin": "\"123456\"", "device_id": 99});
    let ours = like(&seed, &house.post(&tenant.client, PIN, &body).await);
    assert_eq!(ours["data"]["user"], json!({"id": juan.id, "name": "juan"}));
    assert_eq!(me(house, ours["data"]["token"].as_str().unwrap()).await.status, 200);
    like(
        &seed,
        &house.post(&tenant.client, PIN, &json!({"email": juan.email, "pin": 123_456, "device_id": "99"})).await,
    );
    for (pin, device) in [("123457", 99), ("123456", 98), (PASSWORD, 99)] {
        refused(&house.post(&tenant.client, PIN, &json!({"email": juan.email, "pin": pin, "device_id": device})).await);
    }
    refused(&login(house, &tenant.client, &juan.email, "123456").await);
    let ana = house.person(&tenant, "ana@empresa.com", Role::Agent).await;
    refused(&house.post(&tenant.client, PIN, &json!({"email": ana.email, "pin": "123456", "device_id": 99})).await);
    let nothing = house.post(&tenant.client, PIN, &json!({})).await;
    nothing.ap_refused(422, "Validacion fallida.", &["device_id", "email", "pin"]);
}

async fn a_new_password_is_set_by_a_token_that_somebody_handed_over(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let asked = async |email: &str| {
        let reply = house.post(&tenant.client, FORGOT, &json!({"email": email, "domain": "nxgjcplqttfhhi"})).await;
        let mut body = reply.json();
        body["id_bitacora_log"].take();
        (reply.status.as_u16(), body)
    };
    // AP "Solicitar reset de password"; but nobody is told who is there, nor that a mail was sent.
    let known = asked("juan@empresa.com").await;
    assert_eq!(known, asked("nadie@empresa.com").await);
    assert_eq!((known.0, &known.1["data"], &known.1["status"]), (200, &json!([]), &json!("ok")));
    let wrong = house.post(&tenant.client, FORGOT, &json!({"email": "x", "domain": "x".repeat(256)})).await;
    wrong.ap_refused(422, "Validacion fallida.", &["domain", "email"]);

    let allow = async || {
        let allow = async |tx: &mut Tx| users::allow_reset(tx, &house.clock, tenant.id, &juan.email).await.unwrap().1;
        house.write(allow).await.expose_secret().to_owned()
    };
    let reset = async |client: &Credentials, token: &str, email: &str| {
        let body = json!({
            "id": "yknji", "token": format!("\"{token}\""), "password": "\"Nueva123\"",
            "password_confirmation": "\"Nueva123\"", "email": format!("\"{email}\""),
        });
        house.post(client, RESET, &body).await
    };
    let (old, token) = (allow().await, allow().await);
    for (client, token, email) in [
        (&tenant.client, "abc123", "juan@empresa.com"),
        (&tenant.client, &*old, "juan@empresa.com"),
        (&tenant.client, &token, "ana@empresa.com"),
        (&other.client, &token, "juan@empresa.com"),
    ] {
        // AP "Reset de password", the second example.
        let reply = reset(client, token, email).await;
        reply.ap_refused(422, "Validacion fallida.", &["token"]);
        assert_eq!(reply.json()["data"]["errors"]["token"], json!(["Token invalido."]));
    }
    // AP "Reset de password".
    let seed = json!({
        "data": [], "status": "ok", "message": "Contrasena restablecida correctamente.", "code": 200,
        "id_bitacora_log": 736_014
    });
    like(&seed, &reset(&tenant.client, &token, "Juan@empresa.com").await);
    unauthenticated(&me(house, &juan.token).await);
    refused(&login(house, &tenant.client, &juan.email, PASSWORD).await);
    assert_eq!(login(house, &tenant.client, &juan.email, "Nueva123").await.status, 200);
    assert_eq!(reset(&tenant.client, &token, "juan@empresa.com").await.status, 422, "once");

    let late = allow().await;
    house.clock.advance(24 * 3_600_000);
    assert_eq!(reset(&tenant.client, &late, "juan@empresa.com").await.status, 422, "in time");
    let inactive = allow().await;
    change(house, juan.id, Change { active: Some(false), ..Change::default() }).await;
    assert_eq!(reset(&tenant.client, &inactive, "juan@empresa.com").await.status, 422);
    let nothing = house.post(&tenant.client, RESET, &json!({"password": "corta", "id": "x".repeat(1001)})).await;
    let fields = ["email", "id", "password", "password_confirmation", "token"];
    nothing.ap_refused(422, "Validacion fallida.", &fields);
}

async fn p9_whoever_is_not_let_in_is_not_told_why(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let gone = house.person(&tenant, "gone@empresa.com", Role::Agent).await;
    change(house, gone.id, Change { active: Some(false), ..Change::default() }).await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let body = json!({"usua_mail": "nunca@empresa.com", "usua_nombre": "Nunca", "usua_rol": "agent"});
    assert_eq!(house.post(&admin, "/api/mundosocial/usuario", &body).await.status, 200);
    for (client, email, password) in [
        (&tenant.client, "nadie@empresa.com", PASSWORD),
        (&tenant.client, "nadie", PASSWORD),
        (&tenant.client, &*juan.email, "secret123"),
        (&tenant.client, &juan.email, &juan.token),
        (&tenant.client, "gone@empresa.com", PASSWORD),
        (&tenant.client, "nunca@empresa.com", PASSWORD),
        (&other.client, &juan.email, PASSWORD),
    ] {
        refused(&login(house, client, email, password).await);
    }
    unauthenticated(&login(house, &tenant.client.guess("x"), &juan.email, PASSWORD).await);
    let bare = Request::post(LOGIN).body(json!({"email": juan.email, "password": PASSWORD}).to_string().into());
    unauthenticated(&house.call(bare.unwrap()).await);
    // A super-admin names the company.
    let everywhere = house.client(None, Role::Admin).await;
    login(house, &everywhere, &juan.email, PASSWORD).await.ap_refused(422, "Validacion fallida.", &["id_company"]);
    for (company, status) in [(tenant.id, 200), (other.id, 401), (999_999, 404)] {
        let body = json!({"email": juan.email, "password": PASSWORD, "id_company": company});
        assert_eq!(house.post(&everywhere, LOGIN, &body).await.status, status, "{company}");
    }
}

async fn p9_guessing_passwords_is_slowed_down_by_person(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    for company in [&tenant, &other] {
        house.person(company, "juan@empresa.com", Role::Agent).await;
    }
    house.person(&tenant, "ana@empresa.com", Role::Agent).await;
    let guess = |i: usize| login(house, &tenant.client, "Juan@empresa.com", if i == 4 { PASSWORD } else { "guess" });
    for i in 0..4 {
        refused(&guess(i).await);
    }
    assert_eq!(guess(4).await.status, 200, "it counts from the start again");
    let guesses = futures_util::future::join_all((0..4).chain(5..17).map(guess)).await;
    let heard = guesses.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(heard, 10, "also where many are made at once");
    for path in [LOGIN, PIN] {
        let body = json!({"email": "juan@empresa.com", "password": PASSWORD, "pin": "123456", "device_id": 1});
        let reply = house.post(&tenant.client, path, &body).await;
        reply.ap_refused(429, "Demasiados intentos fallidos; intente de nuevo más tarde.", &[]);
        assert_eq!(reply.headers["retry-after"], "600");
    }
    for (client, email) in [(&tenant.client, "ana@empresa.com"), (&other.client, "juan@empresa.com")] {
        assert_eq!(login(house, client, email, PASSWORD).await.status, 200, "others are not troubled");
    }
    house.clock.advance(600_000);
    assert_eq!(guess(4).await.status, 200);
}

async fn p9_a_token_is_good_for_every_family_and_a_wrong_one_for_none(house: &House) {
    let stage = stage(house).await;
    let juan = house.person(&stage.tenant, "juan@empresa.com", Role::Agent).await;
    let client = &stage.tenant.client;
    for path in [
        "/v2/tickets/state/open",
        ME,
        "/api/users/analizeUsersCompany",
        "/api/mundosocial/usuarios",
        &format!("/api/users/showUserPic/{}?mode=url", juan.id),
    ] {
        assert_eq!(house.call_as(&juan.token, "GET", path, &Value::Null).await.status, 200, "{path}");
        for token in ["", "null", &juan.token[1..], &hash_secret(&juan.token), "a b"] {
            assert_eq!(house.call_as(token, "GET", path, &Value::Null).await.status, 401, "{path} {token}");
            let request = client.request_with("GET", path, &[("authorization", &format!("Bearer {token}"))], "");
            assert_eq!(house.call(request).await.status, 401, "{path}: a right program does not make up for it");
        }
        let basic = client.request_with("GET", path, &[("authorization", "Basic eDp5")], "");
        let expected = if path == ME { 401 } else { 200 };
        assert_eq!(house.call(basic).await.status, expected, "{path}: other schemes are for others");
    }
    let file = house.call_as(&juan.token, "GET", "/api/meta/getMediaFile?filename=x", &Value::Null).await;
    assert_eq!(file.status, 400, "there is none, but the person was let in");
    // Whoever logs in may have an old token about.
    let old = [("authorization", "Bearer old"), ("content-type", "application/json")];
    let body = json!({"email": juan.email, "password": PASSWORD}).to_string();
    assert_eq!(house.call(client.request_with("POST", LOGIN, &old, body)).await.status, 200);
}

async fn p9_a_program_beside_a_person_must_be_right_and_of_the_same_company(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let everywhere = house.client(None, Role::Admin).await;
    let bearer = format!("Bearer {}", juan.token);
    let call = async |client: &Credentials, path: &str| {
        house.call(client.request_with("GET", path, &[("authorization", &bearer)], "")).await
    };
    for (client, status) in [
        (&tenant.client, 200),
        (&everywhere, 200),
        (&other.client, 401),
        (&tenant.client.guess("x"), 401),
        (&Credentials { key: "rc_nobody".into(), secret: "x".into() }, 401),
    ] {
        assert_eq!(call(client, ME).await.status, status, "{}", client.key);
    }
    let half = Request::get(ME).header("authorization", &bearer).header("X-User-Consumo", &tenant.client.key);
    assert_eq!(house.call(half.body(Body::empty()).unwrap()).await.status, 401);
    // The call is the person's, whatever the program may.
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    let body = json!({"id_company": tenant.id}).to_string();
    let request =
        |client: &Credentials| client.request_with("POST", "/api/admin/channels/list", &headers, body.clone());
    for client in [&admin, &everywhere] {
        house.call(request(client)).await.ap_refused(403, "No tiene permisos para esta acción.", &[]);
    }
    let named = format!("/v2/tickets/state/open?id_company={}", other.id);
    call(&everywhere, &named).await.refused(404, "Company not found");
}

async fn p9_a_person_sees_and_does_what_its_role_may(house: &House) {
    let (ours, theirs) = (stage(house).await, stage(house).await);
    let forbidden = "No tiene permisos para esta acción.";
    let list = json!({"id_company": ours.tenant.id});
    for role in [Role::Operator, Role::Agent] {
        let person = house.person(&ours.tenant, &format!("{}@empresa.com", role.as_str()), role).await;
        let post = async |path: &str, body: &Value| house.call_as(&person.token, "POST", path, body).await;
        assert_eq!(post("/api/chat/list", &json!({"paginate": "N"})).await.status, 200);
        assert_eq!(post("/api/chat/getChatMessages", &json!({"id_chat": ours.chat})).await.status, 200);
        assert_eq!(post(CHAT, &json!({"id_chat": ours.chat, "message": "x"})).await.status, 200);
        post("/api/admin/channels/list", &list).await.ap_refused(403, forbidden, &[]);
        post("/api/telegram/setWebhook", &json!({})).await.ap_refused(403, forbidden, &[]);
        // Another company is as if it were not.
        let foreign = post(CHAT, &json!({"id_chat": theirs.chat, "message": "x"})).await;
        let missing = post(CHAT, &json!({"id_chat": "none", "message": "x"})).await;
        assert_eq!(foreign.json()["data"], missing.json()["data"]);
        assert_eq!(post("/api/chat/list", &json!({"paginate": "N", "id_company": theirs.tenant.id})).await.status, 404);
    }
    let admin = house.person(&ours.tenant, "admin@empresa.com", Role::Admin).await;
    assert_eq!(house.call_as(&admin.token, "POST", "/api/admin/channels/list", &list).await.status, 200);
    let foreign = json!({"id_company": theirs.tenant.id});
    let reply = house.call_as(&admin.token, "POST", "/api/admin/channels/list", &foreign).await;
    reply.ap_refused(404, "La empresa indicada no existe.", &[]);
}

async fn p9_an_agent_writes_only_as_itself(house: &House) {
    let stage = stage(house).await;
    let ana = house.person(&stage.tenant, "ana@empresa.com", Role::Agent).await;
    let boss = house.person(&stage.tenant, "boss@empresa.com", Role::Operator).await;
    let (chat, bot_chat) = (&stage.chat, &stage.bot_chat);
    let with = |more: Value| {
        let mut body = json!({
            "id_chat": chat, "message": "Hola", "whatsapp_channel": stage.whatsapp, "to": "50688888888", "tick_id": 1,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let thread = house.post(&stage.tenant.client, "/api/chat/getChatMessages", &json!({"id_chat": chat})).await.json();
    let heard = &thread["data"]["messages"][0]["id_message"];
    let bot = |id: i64| json!({"id_chat": bot_chat, "message": "Hola", "id_user": id, "name_user": "Ana M."});
    let others = [
        (CHAT, with(json!({"author": {"id": boss.id}}))),
        (CHAT, with(json!({"author": {"id": "77", "name": "ana"}}))),
        (CHAT, with(json!({"author": {"name": "Boss"}}))),
        // Her own number, written otherwise, under another name.
        (CHAT, with(json!({"author": {"id": format!("+{}", ana.id), "name": "Gerencia"}}))),
        (META, with(json!({"author": {"id": format!("0{}", ana.id), "name": "Gerencia"}}))),
        (
            "/api/chat/reactMessage",
            json!({"id_message": heard, "emoji": "👍", "author": {"id": format!("+{}", ana.id), "name": "Gerencia"}}),
        ),
        (META, with(json!({"author": {"id": boss.id}}))),
        (TELEGRAM, bot(boss.id)),
        ("/api/mundosocial/mensajes/sale", json!({"tick_id": 1, "mensaje": "Hola", "mail": boss.email})),
        ("/api/mundosocial/mensajes/sale", json!({"tick_id": 1, "mensaje": "Hola", "author": {"id": boss.id}})),
    ];
    for (path, body) in &others {
        let reply = house.call_as(&ana.token, "POST", path, body).await;
        assert_eq!(reply.status, 403, "{path} {body}: {reply:?}");
        let reply = house.call_as(&boss.token, "POST", path, body).await;
        assert_eq!(reply.status, 200, "{path} {body}: {reply:?}");
    }
    let own = [
        (CHAT, with(json!({}))),
        (CHAT, with(json!({"author": {"id": ana.id, "name": "Otro nombre"}}))),
        (TELEGRAM, bot(ana.id)),
        ("/api/mundosocial/mensajes/sale", json!({"tick_id": 1, "mensaje": "Hola", "mail": "ANA@empresa.com"})),
    ];
    for (path, body) in &own {
        let reply = house.call_as(&ana.token, "POST", path, body).await;
        assert_eq!(reply.status, 200, "{path} {body}: {reply:?}");
    }
    let mut said = Vec::new();
    for chat in [chat, bot_chat] {
        let thread =
            house.post(&stage.tenant.client, "/api/chat/getChatMessages", &json!({"id_chat": chat})).await.json();
        said.extend(thread["data"]["messages"].as_array().unwrap().clone());
    }
    let by_ana = said.iter().filter(|message| message["sender_id"] == ana.id && message["sender_name"] == "ana");
    assert_eq!(by_ana.count(), own.len(), "under her own name: {said:?}");
}

async fn p9_own_secrets_are_changed_by_whoever_knows_the_present_password(house: &House) {
    let tenant = house.tenant().await;
    for role in [Role::Agent, Role::Admin] {
        let Person { id, email, token } = house.person(&tenant, &format!("{}@empresa.com", role.as_str()), role).await;
        let path = format!("/api/users/update/{id}");
        let update = async |body: Value| house.call_as(&token, "PATCH", &path, &body).await;
        let new = json!({"password": "Secret456", "password_confirmation": "Secret456"});
        let with = |current: &str| {
            let mut body = new.clone();
            body["current_password"] = current.into();
            body
        };
        update(new.clone()).await.ap_refused(422, "Validacion fallida.", &["current_password"]);
        update(with("guess")).await.ap_refused(422, "Validacion fallida.", &["current_password"]);
        let pin = update(json!({"pin": "123456", "device_id": 1})).await;
        pin.ap_refused(422, "Validacion fallida.", &["current_password"]);
        assert_eq!(me(house, &token).await.status, 200);
        assert_eq!(update(with(PASSWORD)).await.status, 200);
        unauthenticated(&me(house, &token).await);
        assert_eq!(login(house, &tenant.client, &email, "Secret456").await.status, 200);
    }
}

/// All that the database keeps of people and of secrets, as text.
async fn kept(db: &Db) -> String {
    const TABLES: [&str; 8] = [
        "users",
        "user_tokens",
        "password_resets",
        "stream_tickets",
        "subscriptions",
        "jobs",
        "idempotency_keys",
        "audit",
    ];
    let mut all = String::new();
    let mut tx = db.read().await.unwrap();
    for table in TABLES {
        match &mut tx {
            Tx::Sqlite(tx) => {
                let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
                    .bind(table)
                    .fetch_all(&mut **tx)
                    .await
                    .unwrap();
                for column in columns {
                    let sql = format!("SELECT coalesce(CAST({column} AS TEXT), '') FROM {table}");
                    let rows: Vec<String> =
                        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut **tx).await.unwrap();
                    all.extend(rows);
                }
            }
            Tx::Postgres(tx) => {
                let sql = format!("SELECT coalesce(string_agg({table}::text, ' '), '') FROM {table}");
                let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut **tx).await.unwrap();
                all.push_str(&rows);
            }
        }
    }
    all
}

async fn p9_no_password_and_no_token_is_in_the_database(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let body_of_store = json!({
        "name": "Juan", "email": "juan@empresa.com", "type": "3", "password": PASSWORD, "password_confirmation": PASSWORD,
    });
    let made = house.post_as(&admin, "/api/users/store", &body_of_store, "k").await;
    let id = made.json()["data"]["id"].as_i64().unwrap();
    let pin = json!({"pin": "987654321", "device_id": 1});
    assert_eq!(house.send(&admin, "PATCH", &format!("/api/users/update/{id}"), &pin).await.status, 200);
    let body = json!({"email": "juan@empresa.com", "password": PASSWORD});
    let (first, second) = (
        house.post_as(&tenant.client, LOGIN, &body, "k").await.json(),
        house.post_as(&tenant.client, LOGIN, &body, "k").await.json(),
    );
    assert_ne!(first["data"]["token"], second["data"]["token"], "no answer with a token is kept");
    let allow =
        async |tx: &mut Tx| users::allow_reset(tx, &house.clock, tenant.id, "juan@empresa.com").await.unwrap().1;
    let reset = house.write(allow).await;
    let token = first["data"]["token"].as_str().unwrap();
    let opens = house.call_as(token, "POST", "/api/stream/ticket", &json!({})).await.json();
    let ticket = opens["data"]["ticket"].as_str().unwrap();
    let crm = json!({"kind": "relay", "name": "CRM", "url": "https://crm.example.org/relevo"});
    let stored = house.post_as(&admin, "/api/admin/subscriptions/store", &crm, "k2").await.json();
    let signing = stored["data"]["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap();
    house.api.flush().await;

    let kept = kept(&house.db).await;
    assert_eq!(kept.matches("$argon2id$v=19$m=19456,t=2,p=1$").count(), 2, "of the password and the PIN");
    for secret in [token, ticket, reset.expose_secret()] {
        assert!(kept.contains(&hash_secret(secret)), "it is known by its hash alone");
    }
    for secret in [PASSWORD, "987654321", token, reset.expose_secret(), ticket, signing] {
        assert!(!kept.contains(secret), "{secret}");
    }
    // A request is known again by a hash that whoever has the database alone cannot compute.
    let said = Sha256::digest(body_of_store.to_string());
    let plain = Sha256::new().chain_update("POST /api/users/store\n").chain_update(said).finalize();
    assert!(!kept.contains(&relevo_adapters::verify::hex(&plain)));
    let shown = house.get(&admin, &format!("/api/users/show/{id}")).await;
    assert!(!String::from_utf8_lossy(&shown.bytes).contains("argon2"), "nothing internal is answered");
}

async fn p10_the_record_of_a_call_names_the_person(house: &House) {
    let tenant = house.tenant().await;
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let bearer = format!("Bearer {}", juan.token);
    let alone = me(house, &juan.token).await;
    let both = house.call(tenant.client.request_with("GET", ME, &[("authorization", &bearer)], "")).await;
    let program = house.get(&tenant.client, "/v2/tickets/state/open").await;
    for (reply, person, client) in [(&alone, true, false), (&both, true, true), (&program, false, true)] {
        let record = house.record(reply.log()).await.unwrap();
        assert_eq!(record.user_id, person.then_some(juan.id));
        assert_eq!((record.client_id.is_some(), record.company_id), (client, Some(tenant.id)));
    }
}

async fn what_is_wrong_with_a_login_is_said_at_once(house: &House) {
    let tenant: Tenant = house.tenant().await;
    house.post(&tenant.client, LOGIN, &json!({})).await.ap_refused(422, "Validacion fallida.", &["email", "password"]);
    let body = json!({"email": [1], "password": "x".repeat(4097)});
    house.post(&tenant.client, LOGIN, &body).await.ap_refused(422, "Validacion fallida.", &["email", "password"]);
    let body = json!({"email": "a\0b@empresa.com", "password": "a\0b"});
    house.post(&tenant.client, LOGIN, &body).await.ap_refused(422, "Validacion fallida.", &["email", "password"]);
    let malformed = house.call(tenant.client.request_with("POST", LOGIN, &[], "{")).await;
    assert_eq!(malformed.status, 400);
}
