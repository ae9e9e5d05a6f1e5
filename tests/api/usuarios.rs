//! Mundo Social's people.

use relevo::{desk::clients::Role, store::users as rows};
use serde_json::{Value, json};

use super::{
    house::{House, Reply},
    people::PASSWORD,
};

on_both_databases! {
    people_are_made_found_changed_and_switched_off
    people_are_listed_in_mundo_socials_words
    what_is_wrong_with_them_is_said_in_the_nested_form
    p9_mundo_social_lets_only_admins_change_people
    p9_foreign_people_are_as_missing_in_mundo_social
}

const ONE: &str = "/api/mundosocial/usuario";
const ALL: &str = "/api/mundosocial/usuarios";
const UPDATE: &str = "/api/mundosocial/usuario/update";
const DELETE: &str = "/api/mundosocial/usuario/delete";

#[track_caller]
fn ok(reply: &Reply) -> Value {
    let body = reply.json();
    assert_eq!((reply.status.as_u16(), &body["mensaje"]), (200, &json!("ok")), "{reply:?}");
    body
}

/// What was said in the nested form.
#[track_caller]
fn refused(reply: &Reply) -> String {
    let body = reply.json();
    assert_eq!((reply.status.as_u16(), &body["codigo"]), (400, &json!(400)), "{reply:?}");
    body["error"]["detalleRespuesta"]["mensaje"].as_str().unwrap().to_owned()
}

fn daniel() -> Value {
    json!({
        "usua_mail": "Daniel.Bustos@prueba.com", "usua_nombre": "Daniel Bustos", "usua_rol": "Ejecutivo",
        "usua_clave": PASSWORD, "usua_codigo": "D1", "usua_fono": "+56 9 1234 5678", "usua_capacidad": "7",
    })
}

async fn people_are_made_found_changed_and_switched_off(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let made = house.post_as(&admin, ONE, &daniel(), "k").await;
    assert_eq!(ok(&made), ok(&house.post_as(&admin, ONE, &daniel(), "k").await), "P6");
    let id = made.json()["usua_id"].as_i64().unwrap();
    let expected = json!({"mensaje": "ok", "usuario": {
        "usua_id": id, "usua_nombre": "Daniel Bustos", "usua_mail": "daniel.bustos@prueba.com", "usua_codigo": "D1",
        "usua_fono": "+56 9 1234 5678", "usua_rol": "agent", "usua_capacidad": 7, "usua_activo": true, "depa_id": null,
        "esta_id": 7,
    }});
    for query in [
        format!("usua_id={id}"),
        "usua_mail=DANIEL.bustos@prueba.com".to_owned(),
        "mail=Daniel.bustos@prueba.com".to_owned(),
    ] {
        assert_eq!(ok(&house.get(&tenant.client, &format!("{ONE}?{query}")).await), expected, "{query}");
    }
    let login = json!({"email": "daniel.bustos@prueba.com", "password": PASSWORD});
    let token = house.post(&tenant.client, "/api/auth/login", &login).await.json()["data"]["token"].clone();
    let token = token.as_str().unwrap();

    ok(&house.post(&admin, UPDATE, &json!({"usua_id": id, "usua_nombre": "Daniel", "usua_capacidad": 3})).await);
    let own = json!({"usua_id": id, "usua_fono": "123456"});
    ok(&house.call_as(token, "POST", UPDATE, &own).await);
    let row = house.body(&tenant.client, &format!("{ONE}?usua_id={id}")).await["usuario"].clone();
    assert_eq!(
        (&row["usua_nombre"], &row["usua_capacidad"], &row["usua_fono"]),
        (&json!("Daniel"), &json!(3), &json!("123456"))
    );

    let depa = house.post(&admin, "/api/mundosocial/departamento", &json!({"depa_descripcion": "Ventas"})).await;
    let depa = ok(&depa)["departamento"]["depa_id"].clone();
    ok(&house.post(&admin, UPDATE, &json!({"usua_id": id, "depa_id": depa})).await);
    let clear = json!({"usua_id": id, "depa_id": null, "usua_fono": "", "usua_codigo": " "});
    for (body, expected) in [(json!({"usua_id": id}), false), (clear, true)] {
        ok(&house.post(&admin, UPDATE, &body).await);
        let row = house.body(&tenant.client, &format!("{ONE}?usua_id={id}")).await["usuario"].clone();
        let cleared = ["depa_id", "usua_fono", "usua_codigo"].map(|name| row[name].is_null());
        assert_eq!(cleared, [expected; 3], "{body}");
    }

    for _ in 0..2 {
        assert_eq!(ok(&house.post(&admin, DELETE, &json!({"usua_id": id})).await), json!({"mensaje": "ok"}));
    }
    let row = house.body(&tenant.client, &format!("{ONE}?usua_id={id}")).await["usuario"].clone();
    assert_eq!((&row["usua_activo"], &row["usua_nombre"]), (&json!(false), &json!("Daniel")), "nothing is lost");
    assert_eq!(house.call_as(token, "GET", ALL, &Value::Null).await.status, 401);
    assert_eq!(house.post(&tenant.client, "/api/auth/login", &login).await.status, 401);
    ok(&house.post(&admin, UPDATE, &json!({"usua_id": id, "usua_activo": "S"})).await);
    assert_eq!(house.post(&tenant.client, "/api/auth/login", &login).await.status, 200);
}

async fn people_are_listed_in_mundo_socials_words(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    for (email, role) in
        [("ana@empresa.com", Role::Agent), ("eva@empresa.com", Role::Operator), ("luz@empresa.com", Role::Admin)]
    {
        house.person(&tenant, email, role).await;
    }
    let list = async |query: &str| {
        let body = ok(&house.get(&tenant.client, &format!("{ALL}?{query}")).await);
        let names =
            body["usuarios"].as_array().unwrap().iter().map(|it| it["usua_nombre"].as_str().unwrap().to_owned());
        (body["total"].as_i64().unwrap(), names.collect::<Vec<_>>())
    };
    for (query, total, names) in [
        ("", 3, &["ana", "eva", "luz"][..]),
        ("usua_nombre=AN", 1, &["ana"]),
        ("usua_mail=@empresa", 3, &["ana", "eva", "luz"]),
        ("usua_rol=operator", 1, &["eva"]),
        ("usua_rol=administrador", 1, &["luz"]),
        ("usua_activo=N", 0, &[]),
        ("cantidad=2&pagina=2", 3, &["luz"]),
    ] {
        let (found, listed) = list(query).await;
        assert_eq!(
            (found, listed.as_slice()),
            (total, &names.iter().map(|&it| it.to_owned()).collect::<Vec<_>>()[..]),
            "{query}"
        );
    }
    let said = refused(&house.get(&admin, &format!("{ALL}?usua_rol=jefe&pagina=0&usua_activo=x")).await);
    for word in ["usua_rol", "pagina", "usua_activo"] {
        assert!(said.contains(word), "{said}");
    }
    let roles = ok(&house.get(&tenant.client, &format!("{ONE}/roles")).await);
    let expected = json!([
        {"usua_rol": "admin", "rol_nombre": "Administrador"},
        {"usua_rol": "operator", "rol_nombre": "Operador"},
        {"usua_rol": "agent", "rol_nombre": "Ejecutivo"},
    ]);
    assert_eq!(roles["roles"], expected);
}

async fn what_is_wrong_with_them_is_said_in_the_nested_form(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let said = refused(&house.post(&admin, ONE, &json!({})).await);
    for field in ["usua_mail", "usua_nombre", "usua_rol"] {
        assert!(said.contains(&format!("El campo {field} es obligatorio.")), "{said}");
    }
    assert!(!said.contains("usua_clave"), "without a password the person cannot log in yet: {said}");
    let wrong = json!({
        "usua_mail": "x", "usua_nombre": [], "usua_rol": "jefe", "usua_clave": "corta", "usua_fono": "x",
        "usua_capacidad": "x", "usua_activo": "x", "depa_id": 0,
    });
    let said = refused(&house.post(&admin, ONE, &wrong).await);
    for word in
        ["correo", "usua_nombre", "usua_rol", "contraseña", "teléfono", "usua_capacidad", "usua_activo", "depa_id"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
    ok(&house.post(&admin, ONE, &daniel()).await);
    let taken = refused(&house.post(&admin, ONE, &daniel()).await);
    assert_eq!(taken, "El correo indicado ya esta registrado.");
    for (path, body) in [(UPDATE, json!({"usua_nombre": "x"})), (DELETE, json!({}))] {
        assert_eq!(refused(&house.post(&admin, path, &body).await), "El campo usua_id es obligatorio.");
    }
    assert_eq!(refused(&house.get(&admin, ONE).await), "El campo usua_id es obligatorio.");
    assert_eq!(
        refused(&house.get(&admin, &format!("{ONE}?usua_mail=x@y.cl")).await),
        "El usua_id no se encuentra registrado."
    );
}

async fn p9_mundo_social_lets_only_admins_change_people(house: &House) {
    let tenant = house.tenant().await;
    let victim = house.person(&tenant, "victim@empresa.com", Role::Agent).await;
    let calls = |id: i64| {
        [(ONE, daniel()), (UPDATE, json!({"usua_id": id, "usua_rol": "admin"})), (DELETE, json!({"usua_id": id}))]
    };
    for role in [Role::Operator, Role::Agent] {
        let person = house.person(&tenant, &format!("{}@empresa.com", role.as_str()), role).await;
        for (path, body) in calls(person.id).into_iter().chain(calls(victim.id)) {
            let reply = house.call_as(&person.token, "POST", path, &body).await;
            assert_eq!(
                (reply.status.as_u16(), reply.json()),
                (403, json!({"mensaje": "No tiene permisos para esta acción."})),
                "{path}"
            );
        }
    }
    assert_eq!(house.post(&tenant.client, DELETE, &json!({"usua_id": victim.id})).await.status, 403);
    let same = rows::find_anywhere(&mut house.db.read().await.unwrap(), victim.id).await.unwrap().unwrap();
    assert_eq!((same.active, same.role.as_str()), (1, "agent"));
}

async fn p9_foreign_people_are_as_missing_in_mundo_social(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let foreign = house.person(&other, "juan@otra.com", Role::Agent).await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    for id in [foreign.id, 999_999] {
        let said = "El usua_id no se encuentra registrado.";
        assert_eq!(refused(&house.get(&admin, &format!("{ONE}?usua_id={id}")).await), said);
        assert_eq!(refused(&house.post(&admin, UPDATE, &json!({"usua_id": id, "usua_nombre": "x"})).await), said);
        assert_eq!(refused(&house.post(&admin, DELETE, &json!({"usua_id": id})).await), said);
    }
    assert_eq!(
        refused(&house.get(&admin, &format!("{ONE}?usua_mail={}", foreign.email)).await),
        "El usua_id no se encuentra registrado."
    );
    assert_eq!(ok(&house.get(&admin, ALL).await)["total"], 0);
}
