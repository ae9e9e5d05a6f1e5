//! The people who work in a house, over AP's `users/…`.

use axum::{body::Body, http::Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use relevo::{
    desk::{
        clients::Role,
        users::{self, NewUser},
    },
    passwords::Passwords,
    store::users as rows,
};
use serde_json::{Value, json};

use super::{
    house::{House, Reply, START, Tenant},
    seeds::same_shape,
    sending::PNG,
};

on_both_databases! {
    people_are_made_and_shown_as_the_seed_shows
    people_are_changed_and_switched_as_the_seed_shows
    people_are_listed_by_page_and_by_filter
    pictures_come_and_go_as_the_seed_shows
    p9_a_link_to_a_picture_leads_to_it_for_an_hour_and_to_nothing_else
    everything_that_is_wrong_with_a_person_is_said_at_once
    p8_a_picture_that_is_none_or_too_large_is_refused
    p9_only_admins_change_people_and_everybody_what_is_their_own
    p9_another_companys_people_are_answered_exactly_as_missing_ones
    p6_a_person_is_made_once_under_a_key
}

const STORE: &str = "/api/users/store";
const LIST: &str = "/api/users/list";
pub(super) const PASSWORD: &str = "Secret123";

/// Somebody who works for a company, with [`PASSWORD`].
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) email: String,
    /// By which this person is logged in.
    pub(super) token: String,
}

impl House {
    /// Somebody new who logged in. The name is the address's beginning.
    pub(super) async fn person(&self, tenant: &Tenant, email: &str, role: Role) -> Person {
        let password_hash = Some(Passwords::default().hash(PASSWORD.into()).await.unwrap());
        let new = NewUser {
            company: tenant.id,
            email: email.to_owned(),
            name: email.split('@').next().unwrap().to_owned(),
            code: None,
            phone: None,
            role,
            password_hash,
            department: None,
            capacity: None,
            active: true,
            picture: None,
        };
        let (id, token) = self
            .write(async |tx| {
                let user = users::add(tx, &self.clock, new).await.unwrap();
                let token = users::let_in(tx, &self.clock, &user).await.unwrap().unwrap();
                (user.id, secrecy::ExposeSecret::expose_secret(&token.token).to_owned())
            })
            .await;
        Person { id, email: email.to_owned(), token }
    }

    /// A call of a person, without a program.
    pub(super) async fn call_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Reply {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let request = match body.is_null() {
            true => request.body(Body::empty()),
            false => {
                let body = body.to_string();
                let request = request.header("content-type", "application/json").header("content-length", body.len());
                request.body(body.into())
            }
        };
        self.call(request.unwrap()).await
    }
}

/// The seed's example of somebody new.
fn juan(company: i64) -> Value {
    json!({
        "name": "\"Juan Perez\"", "code": "\"USR-001\"", "email": "\"Juan@Empresa.com\"", "phone": "\"+50688888888\"",
        "type": "\"2\"", "password": "\"Secret123\"", "password_confirmation": "\"Secret123\"", "company": company,
        "state": 1, "id_bitacora_log": 736_014,
    })
}

async fn department(house: &House, tenant: &Tenant) -> i64 {
    let sql = "INSERT INTO departments (uuid, company_id, name, created_at, updated_at) VALUES ($1, $2, 'Ventas', 0, 0) \
               RETURNING id";
    let uuid = house.clock.id();
    house
        .write(async |tx| match tx {
            relevo::store::Tx::Sqlite(tx) => {
                sqlx::query_scalar(sql).bind(uuid).bind(tenant.id).fetch_one(&mut **tx).await.unwrap()
            }
            relevo::store::Tx::Postgres(tx) => {
                sqlx::query_scalar(sql).bind(uuid).bind(tenant.id).fetch_one(&mut **tx).await.unwrap()
            }
        })
        .await
}

async fn stored(house: &House, id: i64) -> rows::User {
    rows::find_anywhere(&mut house.db.read().await.unwrap(), id).await.unwrap().unwrap()
}

#[track_caller]
fn fine(reply: &Reply) -> Value {
    assert!(reply.status.is_success(), "{reply:?}");
    let body = reply.json();
    assert_eq!(body["code"], reply.status.as_u16());
    body
}

/// The names, types and nesting are the seed's, and so are these values.
#[track_caller]
fn like(seed: &Value, ours: &Value, same: &[&str]) {
    same_shape(seed, ours);
    for pointer in same {
        assert_eq!(ours.pointer(pointer), seed.pointer(pointer), "{pointer}");
    }
}

async fn people_are_made_and_shown_as_the_seed_shows(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let department = department(house, &tenant).await;
    let mut body = juan(tenant.id);
    body["department"] = department.into();

    // AP "Crear usuario".
    let seed = json!({
        "data": {
            "id": 15, "name": "Juan Perez", "email": "juan@empresa.com", "company": tenant.id, "department": department,
            "type": "2", "state": 1
        },
        "status": "ok", "message": "Usuario creado correctamente.", "code": 201, "id_bitacora_log": 736_014
    });
    let made = fine(&house.post(&admin, STORE, &body).await);
    let all = ["/data/name", "/data/email", "/data/company", "/data/department", "/data/type", "/data/state"];
    let said = ["/status", "/message", "/code"];
    like(&seed, &made, &[&all[..], &said].concat());
    let id = made["data"]["id"].as_i64().unwrap();

    // AP "Crear usuario", the second example.
    let again = house.post(&admin, STORE, &body).await;
    let seed = json!({
        "data": {"errors": {"email": ["El correo indicado ya esta registrado."]}},
        "status": "error", "message": "Validacion fallida.", "code": 422, "id_bitacora_log": 736_014
    });
    like(&seed, &again.json(), &["/data/errors", "/status", "/message", "/code"]);

    // AP "Buscar usuario".
    let seed = json!({
        "data": {
            "id_user": 15, "name": "Juan Perez", "email": "juan@empresa.com", "company": tenant.id,
            "department": department, "type": "2", "state": 1
        },
        "status": "ok", "message": "", "code": 200, "id_bitacora_log": 736_014
    });
    let shown = fine(&house.get(&admin, &format!("/api/users/show/{id}")).await);
    like(&seed, &shown, &[&all[..], &said].concat());
    assert_eq!(shown["data"]["id_user"], id);
    house.get(&admin, "/api/users/show/9999").await.ap_refused_with(404, "El usuario indicado no existe.", &json!([]));

    let row = stored(house, id).await;
    assert_eq!((row.capacity, row.presence_id, row.presence_at), (5, 7, START), "not at work yet");
    assert_eq!((row.code.as_deref(), row.phone.as_deref()), (Some("USR-001"), Some("+50688888888")));
    assert!(row.password_hash.unwrap().starts_with("$argon2id$"), "P9");

    // A form says the same.
    let form = [("name", "Eva"), ("email", "eva@empresa.com"), ("type", "4"), ("password", PASSWORD)];
    let mut parts: Vec<u8> = form
        .iter()
        .chain(&[("password_confirmation", PASSWORD), ("company", &tenant.id.to_string())])
        .flat_map(|(name, value)| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
        })
        .collect();
    parts.extend(b"--x\r\nContent-Disposition: form-data; name=\"pic\"; filename=\"../eva.png\"\r\n\r\n");
    parts.extend(PNG);
    parts.extend(b"\r\n--x--\r\n");
    let headers = [("content-type", "multipart/form-data; boundary=x")];
    let made = fine(&house.call(admin.request_with("POST", STORE, &headers, parts)).await);
    assert_eq!((&made["data"]["type"], &made["data"]["department"]), (&json!("4"), &Value::Null));
    let row = stored(house, made["data"]["id"].as_i64().unwrap()).await;
    assert_eq!((row.role.as_str(), row.picture_mime.as_deref()), ("operator", Some("image/png")));
    assert_eq!(house.blobs.bytes(&row.picture_sha256.unwrap(), 1 << 20).await.unwrap(), PNG);
}

async fn people_are_changed_and_switched_as_the_seed_shows(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let department = department(house, &tenant).await;
    let id = fine(&house.post(&admin, STORE, &juan(tenant.id)).await)["data"]["id"].as_i64().unwrap();

    // AP "Actualizar usuario": the path says who.
    let body = json!({
        "id": 14, "code": "\"USR-002\"", "name": "\"Juan P. Actualizado\"", "email": "\"juan.actualizado@empresa.com\"",
        "phone": "\"+50677777777\"", "password": "\"Secret456\"", "password_confirmation": "\"Secret456\"",
        "type": "\"2\"", "online": 1, "state": true, "company": tenant.id, "department": department,
    });
    let seed = json!({
        "data": {
            "id": id, "name": "Juan P. Actualizado", "email": "juan.actualizado@empresa.com", "company": tenant.id,
            "department": department, "type": "2", "state": 1
        },
        "status": "ok", "message": "Usuario actualizado correctamente.", "code": 200, "id_bitacora_log": 736_014
    });
    let path = format!("/api/users/update/{id}");
    let before = stored(house, id).await;
    let changed = fine(&house.send(&admin, "PATCH", &path, &body).await);
    like(&seed, &changed, &["/data", "/status", "/message", "/code"]);
    let after = stored(house, id).await;
    assert_ne!(before.password_hash, after.password_hash);
    assert_eq!((after.presence_id, after.code.as_deref()), (1, Some("USR-002")));
    let nothing = fine(&house.send(&admin, "PATCH", &path, &json!({})).await);
    assert_eq!(nothing["data"], changed["data"], "what is not given stays");
    assert_eq!(stored(house, id).await, after);

    // AP "Actualizar usuario", the further examples.
    let reply = house.send(&admin, "PATCH", &path, &json!({"company": tenant.id})).await;
    reply.ap_refused(422, "Validacion fallida.", &["department"]);
    assert_eq!(
        reply.json()["data"]["errors"]["department"],
        json!(["El campo department es obligatorio cuando se envia company."])
    );
    let missing = house.send(&admin, "PATCH", "/api/users/update/9999", &json!({"name": "x"})).await;
    missing.ap_refused_with(404, "El usuario indicado no existe.", &json!([]));

    // AP "Actualizar estado de usuario".
    let named = format!("/api/users/status/{id}");
    for (path, body, message) in [
        (named.as_str(), json!({"id_user": id, "status": 0}), "Estado actualizado correctamente."),
        ("/api/users/status", json!({"id_user": id, "status": 0}), "Sin cambios: el usuario ya estaba en ese estado."),
        (&named, json!({"status": 1}), "Estado actualizado correctamente."),
        (
            "/api/users/status/9999",
            json!({"id_user": id, "status": 1}),
            "Sin cambios: el usuario ya estaba en ese estado.",
        ),
    ] {
        let seed = json!({
            "data": {"id_user": id, "status": body["status"]},
            "status": "ok", "message": message, "code": 200, "id_bitacora_log": 736_014
        });
        let reply = fine(&house.send(&admin, "PATCH", path, &body).await);
        like(&seed, &reply, &["/data", "/status", "/message", "/code"]);
        assert_eq!(stored(house, id).await.active, body["status"].as_i64().unwrap());
    }
    assert_eq!(stored(house, id).await.presence_id, 7, "whoever was deactivated is not at work");
    let missing = house.send(&admin, "PATCH", "/api/users/status/9999", &json!({"status": 1})).await;
    missing.ap_refused_with(404, "El usuario especificado no existe.", &json!([]));
    let wrong = house.send(&admin, "PATCH", "/api/users/status", &json!({"status": 2})).await;
    wrong.ap_refused(422, "Validacion fallida.", &["id_user", "status"]);
}

async fn people_are_listed_by_page_and_by_filter(house: &House) {
    let tenant = house.tenant().await;
    let other = house.tenant().await;
    house.person(&other, "juan@otra.com", Role::Admin).await;
    for (email, role) in [
        ("juan@empresa.com", Role::Admin),
        ("ana_maria@empresa.com", Role::Agent),
        ("anaXmaria@empresa.com", Role::Agent),
        ("luis@empresa.com", Role::Operator),
    ] {
        house.person(&tenant, email, role).await;
    }
    let client = &tenant.client;

    // AP "Listar usuarios".
    let seed = json!({
        "data": {
            "current_page": 1,
            "data": [{
                "id": 15, "name": "juan", "email": "juan@empresa.com", "company": tenant.id, "department": null,
                "type": "2", "state": 1
            }],
            "from": 1, "last_page": 1, "per_page": 20, "to": 1, "total": 1
        },
        "status": "success", "message": "Operacion exitosa", "code": 200, "id_bitacora_log": 736_014
    });
    let body = json!({
        "paginate": "\"S\"", "page": 1, "quantity_x_page": 20,
        "filters": {"name": "Jua", "email": "JUAN@empresa.com", "id_company": tenant.id, "company_name": "empr", "type_user": "2"},
    });
    let reply = fine(&house.post(client, LIST, &body).await);
    let same = ["/data/current_page", "/data/per_page", "/data/total", "/data/data/0/email", "/status", "/message"];
    like(&seed, &reply, &same);

    for (filters, names) in [
        (json!({}), &["anaXmaria", "ana_maria", "juan", "luis"][..]),
        (json!({"name": "ana_"}), &["ana_maria"]),
        (json!({"name": "%"}), &[]),
        (json!({"type_user": "3"}), &["anaXmaria", "ana_maria"]),
        (json!({"type_user": 4}), &["luis"]),
        (json!({"type_user": "1"}), &[]),
        (json!({"phone": "506"}), &[]),
        (json!({"company_name": "nadie"}), &[]),
    ] {
        let reply = fine(&house.post(client, LIST, &json!({"paginate": "N", "filters": filters})).await);
        let mut found: Vec<_> =
            reply["data"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, names, "{filters}");
    }
    let page = fine(&house.post(client, LIST, &json!({"page": 2, "quantity_x_page": 3})).await);
    assert_eq!(
        (&page["data"]["from"], &page["data"]["to"], &page["data"]["last_page"]),
        (&json!(4), &json!(4), &json!(2))
    );
    let beyond = fine(&house.post(client, LIST, &json!({"page": 9})).await);
    assert_eq!((&beyond["data"]["from"], &beyond["data"]["data"]), (&Value::Null, &json!([])));

    let foreign = house.post(client, LIST, &json!({"filters": {"id_company": other.id}})).await;
    foreign.ap_refused(404, "La empresa indicada no existe.", &[]);
    let everywhere = house.client(None, Role::Admin).await;
    for (filters, count) in [(json!({"email": "juan@"}), 2), (json!({"id_company": other.id}), 1)] {
        let reply = fine(&house.post(&everywhere, LIST, &json!({"filters": filters})).await);
        assert_eq!(reply["data"]["total"], count, "{filters}");
    }
    let wrong =
        json!({"paginate": "x", "page": 0, "quantity_x_page": 101, "filters": {"id_company": "x", "name": [1]}});
    let reply = house.post(client, LIST, &wrong).await;
    let fields = ["filters.id_company", "filters.name", "page", "paginate", "quantity_x_page"];
    reply.ap_refused(422, "Validacion fallida.", &fields);
    assert_eq!(
        reply.json()["data"]["errors"]["paginate"],
        json!(["El campo paginate debe ser true o false, o \"S\" o \"N\"."])
    );

    // AP "Analizar usuarios por empresa".
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let id = reply_id(&house.post(client, LIST, &json!({"filters": {"name": "luis"}})).await);
    fine(&house.send(&admin, "PATCH", "/api/users/status", &json!({"id_user": id, "status": 0})).await);
    let seed = json!({
        "data": {"total": 4, "activos": 3, "inactivos": 1},
        "status": "ok", "message": "", "code": 200, "id_bitacora_log": 736_014
    });
    let reply = fine(&house.get(client, "/api/users/analizeUsersCompany").await);
    like(&seed, &reply, &["/data", "/status", "/message", "/code"]);
}

fn reply_id(reply: &Reply) -> i64 {
    reply.json()["data"]["data"][0]["id"].as_i64().unwrap()
}

async fn pictures_come_and_go_as_the_seed_shows(house: &House) {
    let tenant = house.tenant().await;
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let path = |what: &str| format!("/api/users/{what}/{}", juan.id);
    house.get(&admin, &path("showUserPic")).await.ap_refused_with(
        404,
        "El usuario indicado no tiene foto.",
        &json!([]),
    );

    // AP "Subir foto de usuario".
    let seed = json!({
        "data": {"id": juan.id, "pic_url": "https://app.test/storage/users/15.png"},
        "status": "ok", "message": "Imagen cargada correctamente.", "code": 200, "id_bitacora_log": 736_014
    });
    let body = json!({"id": 44, "pic": format!("\"data:image/png;base64,{}\"", STANDARD.encode(PNG))});
    let reply = fine(&house.send(&admin, "PATCH", &path("uploadUserPic"), &body).await);
    like(&seed, &reply, &["/data/id", "/status", "/message", "/code"]);

    // AP "Ver foto de usuario", in its three ways.
    let mut seed = seed;
    seed["message"] = "".into();
    let shown = fine(&house.send(&admin, "GET", &path("showUserPic"), &json!({"mode": "url"})).await);
    like(&seed, &shown, &["/data/id", "/status", "/message", "/code"]);
    let meta = fine(&house.get(&admin, &format!("{}?mode=meta", path("showUserPic"))).await);
    assert_eq!((&meta["data"]["mime"], &meta["data"]["size"]), (&json!("image/png"), &json!(PNG.len())));
    for mode in ["", "?mode=binary", "?mode=%22binary%22"] {
        let reply = house.get(&tenant.client, &format!("{}{mode}", path("showUserPic"))).await;
        assert_eq!((reply.status.as_u16(), reply.bytes.as_ref()), (200, PNG), "{mode}");
        assert_eq!(reply.headers["content-type"], "image/png");
        assert_eq!(reply.headers["content-security-policy"], "default-src 'none'; sandbox");
    }
    let wrong = house.get(&admin, &format!("{}?mode=x", path("showUserPic"))).await;
    wrong.ap_refused(422, "Validacion fallida.", &["mode"]);
    house.get(&admin, "/api/users/showUserPic/9999").await.ap_refused_with(
        404,
        "El usuario indicado no existe.",
        &json!([]),
    );

    // AP "Eliminar foto de usuario".
    let seed = json!({
        "data": {"id": juan.id}, "status": "ok", "message": "Foto eliminada correctamente.", "code": 200,
        "id_bitacora_log": 736_014
    });
    for _ in 0..2 {
        let reply =
            fine(&house.send(&admin, "DELETE", &path("deleteUserPic"), &json!({"id": 79, "force": true})).await);
        like(&seed, &reply, &["/data", "/status", "/message", "/code"]);
    }
    house.get(&admin, &path("showUserPic")).await.ap_refused_with(
        404,
        "El usuario indicado no tiene foto.",
        &json!([]),
    );
    for (method, what) in [("PATCH", "uploadUserPic"), ("DELETE", "deleteUserPic")] {
        let reply = house.send(&admin, method, &format!("/api/users/{what}/9999"), &body).await;
        reply.ap_refused_with(404, "El usuario indicado no existe.", &json!([]));
    }
}

async fn p9_a_link_to_a_picture_leads_to_it_for_an_hour_and_to_nothing_else(house: &House) {
    let tenant = house.tenant().await;
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let ana = house.person(&tenant, "ana@empresa.com", Role::Agent).await;
    let upload = async |person: &super::people::Person, bytes: &[u8]| {
        let path = format!("/api/users/uploadUserPic/{}", person.id);
        let reply = house.call_as(&person.token, "PATCH", &path, &json!({"pic": STANDARD.encode(bytes)})).await;
        let url = fine(&reply)["data"]["pic_url"].as_str().unwrap().to_owned();
        url.strip_prefix("https://relevo.example.org").unwrap().to_owned()
    };
    let (link, _) = (upload(&juan, PNG).await, upload(&ana, PNG).await);
    let get = async |path: &str| house.call(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(get(&link).await.bytes.as_ref(), PNG, "without credentials");
    let (bare, _) = link.split_once('?').unwrap();
    let other = link.replace(&format!("/{}?", juan.id), &format!("/{}?", ana.id));
    let longer = link.replace("expires=1", "expires=2");
    for bad in [bare, &other, &longer, &link[..link.len() - 1], &format!("{bare}?signature=&expires=")] {
        assert_eq!(get(bad).await.status, 401, "{bad}");
    }
    let newer = upload(&juan, &[PNG, b"newer"].concat()).await;
    assert_eq!(get(&link).await.status, 401, "it was to another picture");
    assert_eq!(get(&newer).await.status, 200);
    house.clock.advance(3_600_000);
    assert_eq!(get(&newer).await.status, 401, "the hour is over");
}

async fn everything_that_is_wrong_with_a_person_is_said_at_once(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let nothing = house.post(&admin, STORE, &json!({})).await;
    let fields = ["email", "name", "password", "password_confirmation", "type"];
    nothing.ap_refused(422, "Validacion fallida.", &fields);
    let errors = nothing.json()["data"]["errors"].clone();
    assert!(errors.as_object().unwrap().values().all(|whys| whys.as_array().unwrap().len() == 1), "{errors}");

    let wrong = json!({
        "email": "juan", "name": "x".repeat(201), "code": "x".repeat(61), "phone": "llame", "type": "1",
        "password": "corta", "password_confirmation": "otra", "department": "x", "capacity": 1001, "state": "quizás",
        "pic": "*",
    });
    let reply = house.post(&admin, STORE, &wrong).await;
    let fields = [
        "capacity",
        "code",
        "department",
        "email",
        "name",
        "password",
        "password_confirmation",
        "phone",
        "pic",
        "state",
        "type",
    ];
    reply.ap_refused(422, "Validacion fallida.", &fields);
    let type_1 = reply.json()["data"]["errors"]["type"][0].as_str().unwrap().to_owned();
    assert!(type_1.contains("super-administrador"), "{type_1}");

    let path = format!("/api/users/update/{}", juan.id);
    for (body, field) in [
        (json!({"type": "5"}), "type"),
        (json!({"email": "a@b"}), "email"),
        (json!({"password": PASSWORD}), "password_confirmation"),
        (json!({"password": PASSWORD, "password_confirmation": "Secret124"}), "password_confirmation"),
        (json!({"password": "x".repeat(129), "password_confirmation": "x".repeat(129)}), "password"),
        (json!({"pin": "123456"}), "device_id"),
        (json!({"device_id": 99}), "pin"),
        (json!({"pin": "12345", "device_id": 99}), "pin"),
        (json!({"online": "quizás"}), "online"),
        (json!({"department": 9999}), "department"),
        (json!({"capacity": -1}), "capacity"),
        (json!({"name": {"a": 1}}), "name"),
    ] {
        house.send(&admin, "PATCH", &path, &body).await.ap_refused(422, "Validacion fallida.", &[field]);
    }
    house.person(&tenant, "ana@empresa.com", Role::Agent).await;
    let taken = house.send(&admin, "PATCH", &path, &json!({"email": "ANA@empresa.com"})).await;
    taken.ap_refused(422, "Validacion fallida.", &["email"]);
    let malformed = house.call(admin.request_with("PATCH", &path, &[], "{")).await;
    assert_eq!(malformed.status, 400);
}

async fn p8_a_picture_that_is_none_or_too_large_is_refused(house: &House) {
    let tenant = house.tenant().await;
    let juan = house.person(&tenant, "juan@empresa.com", Role::Agent).await;
    let path = format!("/api/users/uploadUserPic/{}", juan.id);
    let upload = async |body: Value| house.call_as(&juan.token, "PATCH", &path, &body).await;
    // AP "Subir foto de usuario", the second example.
    let none = upload(json!({})).await;
    none.ap_refused(422, "Validacion fallida.", &["pic"]);
    let said = json!(["Debe enviar la imagen en base64 en el campo pic."]);
    assert_eq!(none.json()["data"]["errors"]["pic"], said);
    let large = [PNG, &vec![0; 2 << 20]].concat();
    for (bytes, why) in [
        (
            &b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"[..],
            "La imagen debe ser jpg, jpeg, png, webp o avif.",
        ),
        (b"GIF89a\x01\0\x01\0\0\0\0", "La imagen debe ser jpg, jpeg, png, webp o avif."),
        (b"MZ\x90\0\x03", "La imagen debe ser jpg, jpeg, png, webp o avif."),
        (&large, "La imagen no debe superar 2 MB."),
    ] {
        let reply = upload(json!({"pic": format!("data:image/png;base64,{}", STANDARD.encode(bytes))})).await;
        reply.ap_refused(422, "Validacion fallida.", &["pic"]);
        assert_eq!(reply.json()["data"]["errors"]["pic"], json!([why]));
    }
    let avif = b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B";
    fine(&upload(json!({"pic": STANDARD.encode(avif)})).await);
    assert_eq!(upload(json!({"pic": "A".repeat(5 << 20)})).await.status, 413);
    assert_eq!(stored(house, juan.id).await.picture_mime.as_deref(), Some("image/avif"));
}

async fn p9_only_admins_change_people_and_everybody_what_is_their_own(house: &House) {
    let tenant = house.tenant().await;
    let victim = house.person(&tenant, "victim@empresa.com", Role::Agent).await;
    let picture = json!({"pic": STANDARD.encode(PNG)});
    let store = {
        let mut body = juan(tenant.id);
        body["email"] = "nuevo@empresa.com".into();
        body
    };
    let all = |id: i64| {
        [
            ("POST", STORE.to_owned(), store.clone()),
            ("PATCH", format!("/api/users/update/{id}"), json!({"type": "2"})),
            ("PATCH", format!("/api/users/status/{id}"), json!({"status": 0})),
        ]
    };
    let own = |id: i64| {
        [
            ("PATCH", format!("/api/users/update/{id}"), json!({"name": "Otra", "phone": "+506 8888 8888"})),
            ("PATCH", format!("/api/users/uploadUserPic/{id}"), picture.clone()),
            ("DELETE", format!("/api/users/deleteUserPic/{id}"), Value::Null),
        ]
    };
    for role in [Role::Operator, Role::Agent] {
        let person = house.person(&tenant, &format!("{}@empresa.com", role.as_str()), role).await;
        for (method, path, body) in all(person.id).into_iter().chain(all(victim.id)).chain(own(victim.id)) {
            let reply = house.call_as(&person.token, method, &path, &body).await;
            reply.ap_refused(403, "No tiene permisos para esta acción.", &[]);
        }
        for (method, path, body) in own(person.id) {
            fine(&house.call_as(&person.token, method, &path, &body).await);
        }
        for path in [format!("/api/users/show/{}", victim.id), "/api/users/analizeUsersCompany".to_owned()] {
            fine(&house.call_as(&person.token, "GET", &path, &Value::Null).await);
        }
    }
    for role in [Role::Operator, Role::Agent, Role::Integration] {
        let client = house.client(Some(tenant.id), role).await;
        for (method, path, body) in all(victim.id).into_iter().chain(own(victim.id)) {
            let reply = house.send(&client, method, &path, &if body.is_null() { json!({}) } else { body }).await;
            reply.ap_refused(403, "No tiene permisos para esta acción.", &[]);
        }
    }
    let admin = house.person(&tenant, "admin@empresa.com", Role::Admin).await;
    for (method, path, body) in all(victim.id) {
        fine(&house.call_as(&admin.token, method, &path, &body).await);
    }
}

async fn p9_another_companys_people_are_answered_exactly_as_missing_ones(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let foreign = house.person(&other, "juan@otra.com", Role::Agent).await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let anna = house.person(&tenant, "ana@empresa.com", Role::Admin).await;
    let picture = json!({"pic": STANDARD.encode(PNG)});
    for (method, what, body) in [
        ("GET", "show", Value::Null),
        ("PATCH", "update", json!({"name": "x"})),
        ("PATCH", "status", json!({"status": 0})),
        ("PATCH", "uploadUserPic", picture),
        ("GET", "showUserPic", Value::Null),
        ("DELETE", "deleteUserPic", Value::Null),
    ] {
        let answers = async |id: i64| {
            let path = format!("/api/users/{what}/{id}");
            let mut bodies = Vec::new();
            for reply in [
                house.send(&admin, method, &path, &if body.is_null() { json!({}) } else { body.clone() }).await,
                house.call_as(&anna.token, method, &path, &body).await,
            ] {
                assert_eq!(reply.status, 404, "{method} {path}");
                let mut json = reply.json();
                json["id_bitacora_log"].take();
                bodies.push(json);
            }
            bodies
        };
        assert_eq!(answers(foreign.id).await, answers(999_999).await, "{what}");
    }
    let same = stored(house, foreign.id).await;
    assert_eq!((same.name.as_str(), same.active, same.picture_sha256), ("juan", 1, None));
    let named = json!({"company": other.id, "department": 1});
    let reply = house.send(&admin, "PATCH", &format!("/api/users/update/{}", anna.id), &named).await;
    reply.ap_refused(404, "La empresa indicada no existe.", &[]);
    house.post(&admin, STORE, &juan(other.id)).await.ap_refused(404, "La empresa indicada no existe.", &[]);
    let everywhere = house.client(None, Role::Admin).await;
    fine(&house.get(&everywhere, &format!("/api/users/show/{}", foreign.id)).await);
    fine(&house.post(&everywhere, STORE, &juan(other.id)).await);
}

async fn p6_a_person_is_made_once_under_a_key(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.person(&tenant, "admin@empresa.com", Role::Admin).await;
    let other = house.person(&tenant, "otra@empresa.com", Role::Admin).await;
    let call = async |token: &str, body: Value| {
        let request = Request::post(STORE)
            .header("authorization", format!("bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", "k");
        house.call(request.body(body.to_string().into()).unwrap()).await
    };
    let first = call(&admin.token, juan(tenant.id)).await;
    assert_eq!(fine(&first), fine(&call(&admin.token, juan(tenant.id)).await));
    let mut changed = juan(tenant.id);
    changed["password"] = "Secret124".into();
    changed["password_confirmation"] = "Secret124".into();
    assert_eq!(call(&admin.token, changed).await.status, 409, "the password is a part of the request");
    let same = call(&other.token, juan(tenant.id)).await;
    same.ap_refused(422, "Validacion fallida.", &["email"]);
    let total = fine(&house.get(&tenant.client, "/api/users/analizeUsersCompany").await)["data"]["total"].clone();
    assert_eq!(total, 3);
}
