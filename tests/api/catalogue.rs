//! MS: groups, who is in them, which channels they serve, and departments.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    house::{Credentials, House, START, Tenant},
    mundosocial::{ok, refused},
    seeds::same_shape,
};
use relevo::{
    desk::clients::Role,
    store::{Db, conversations, routing, tickets, users},
};

on_both_databases! {
    groups_are_made_changed_and_listed
    a_deleted_groups_tickets_go_on
    a_group_with_many_tickets_is_deleted
    a_group_is_deleted_while_its_customers_write
    a_call_that_another_transaction_was_before_is_made_again
    a_change_that_another_transaction_was_before_is_made_again
    people_are_put_into_groups
    the_seeds_channels_of_groups
    accounts_by_kind_of_channel
    the_seeds_departments
    what_is_wrong_is_said_and_nothing_is_done
}

pub(super) const MS: &str = "/api/mundosocial";

pub(super) async fn get(house: &House, client: &Credentials, path: &str) -> Value {
    ok(&house.get(client, &format!("{MS}/{path}")).await)
}

pub(super) async fn post(house: &House, client: &Credentials, path: &str, body: Value) -> Value {
    ok(&house.post(client, &format!("{MS}/{path}"), &body).await)
}

/// It was refused with 400; gives what was said.
pub(super) async fn wrong(house: &House, client: &Credentials, path: &str, body: Value) -> String {
    refused(&house.post(client, &format!("{MS}/{path}"), &body).await)
}

/// It was refused with 409; gives what was said.
pub(super) async fn taken(house: &House, client: &Credentials, path: &str, body: Value) -> String {
    let reply = house.post(client, &format!("{MS}/{path}"), &body).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["codigo"]), (409, &json!(409)), "{reply:?}");
    reply.json()["error"]["detalleRespuesta"]["mensaje"].as_str().unwrap().to_owned()
}

pub(super) async fn group(house: &House, client: &Credentials, name: &str) -> i64 {
    post(house, client, "grupo", json!({"grup_nombre": name})).await["grupo"]["grup_id"].as_i64().unwrap()
}

pub(super) async fn user(house: &House, tenant: &Tenant, name: &str) -> i64 {
    let user = users::User {
        company_id: tenant.id,
        email: format!("{name}@prueba.com"),
        name: name.to_owned(),
        role: "agent".to_owned(),
        capacity: 5,
        active: 1,
        presence_id: 7,
        presence_at: START,
        created_at: START,
        ..users::User::default()
    };
    house.write(async |tx| users::insert(tx, &user).await.unwrap()).await
}

/// The kinds of what was told of a company, in order.
async fn told(house: &House, company: i64) -> Vec<(String,)> {
    let sql = "SELECT kind FROM events WHERE company_id = $1 ORDER BY id";
    match &house.db {
        Db::Sqlite { readers, .. } => sqlx::query_as(sql).bind(company).fetch_all(readers).await,
        Db::Postgres(pool) => sqlx::query_as(sql).bind(company).fetch_all(pool).await,
    }
    .unwrap()
}

async fn groups_are_made_changed_and_listed(house: &House) {
    let client = house.tenant().await.client;
    let made = post(house, &client, "grupo", json!({"grup_nombre": " Ventas Web "})).await;
    let id = made["grupo"]["grup_id"].as_i64().unwrap();
    let expected = json!({
        "grup_id": id, "grup_nombre": "Ventas Web", "depa_id": null, "grup_politica": "auto",
        "grup_autoasignacion": false, "grup_prioridad": 0, "grup_orden": 0, "grup_zona_horaria": "America/Santiago",
        "grup_mensaje_cerrado": null, "grup_mensaje_ocupado": null, "grup_activo": true,
    });
    assert_eq!(made["grupo"], expected);
    let depa = post(house, &client, "departamento", json!({"depa_descripcion": "Ventas"})).await;
    let depa = &depa["departamento"]["depa_id"];
    let changed = post(
        house,
        &client,
        "grupo/update",
        json!({
            "grup_id": id.to_string(), "depa_id": depa, "grup_politica": "MANUAL", "grup_autoasignacion": "S",
            "grup_prioridad": "10", "grup_orden": 3, "grup_zona_horaria": "america/new_york",
            "grup_mensaje_cerrado": "\"Cerrado\"", "grup_mensaje_ocupado": "Espere", "grup_activo": false,
        }),
    )
    .await;
    let expected = json!({
        "grup_id": id, "grup_nombre": "Ventas Web", "depa_id": depa, "grup_politica": "manual",
        "grup_autoasignacion": true, "grup_prioridad": 10, "grup_orden": 3, "grup_zona_horaria": "America/New_York",
        "grup_mensaje_cerrado": "\"Cerrado\"", "grup_mensaje_ocupado": "Espere", "grup_activo": false,
    });
    assert_eq!(changed["grupo"], expected);
    let cleared = json!({"grup_id": id, "depa_id": null, "grup_mensaje_cerrado": "", "grup_mensaje_ocupado": null});
    let cleared = &post(house, &client, "grupo/update", cleared).await["grupo"];
    assert_eq!(
        [&cleared["depa_id"], &cleared["grup_mensaje_cerrado"], &cleared["grup_mensaje_ocupado"]],
        [&Value::Null; 3]
    );
    assert_eq!(cleared["grup_politica"], "manual", "what is not named stays");
    let first = group(house, &client, "Primero").await;
    let listed = get(house, &client, "grupo").await;
    let ids: Vec<&Value> = listed["grupos"].as_array().unwrap().iter().map(|group| &group["grup_id"]).collect();
    assert_eq!(ids, [&json!(first), &json!(id)], "by their order");
    let one = get(house, &client, &format!("grupo?grup_id={id}")).await;
    assert_eq!(one["grupos"], json!([cleared]));
}

async fn a_deleted_groups_tickets_go_on(house: &House) {
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let channel = house.channel(&tenant, "telegram").await;
    let (old, new) = (group(house, client, "Viejo").await, group(house, client, "Nuevo").await);
    post(house, client, "grupo/update", json!({"grup_id": new, "grup_prioridad": 9})).await;
    let says = |thread: &str| tenant.says(channel, thread, START, "hola");
    house.apply(&[says("1"), says("2"), says("3")]).await;
    let set = async |number, group, agent: Option<i64>, bot| {
        house
            .write(async |tx| {
                let mut ticket = tickets::find_by_number(tx, tenant.id, number).await.unwrap().unwrap();
                ticket.group_id = Some(group);
                (ticket.agent_id, ticket.bot_id) = (agent, bot);
                ticket.state = if agent.is_some() { "inProgress" } else { "open" }.to_owned();
                tickets::save(tx, &[&ticket]).await.unwrap();
                ticket
            })
            .await
    };
    set(1, old, None, None).await;
    set(2, old, None, Some(5)).await;
    set(3, old, Some(77), None).await;
    let missing = wrong(house, client, "grupo/delete", json!({"grup_id": old, "grup_id_destino": 999_999})).await;
    let not_there = "El grup_id_destino no se encuentra registrado o está inactivo.";
    assert_eq!(missing, not_there);
    post(house, client, "grupo/update", json!({"grup_id": new, "grup_activo": false})).await;
    let inactive = wrong(house, client, "grupo/delete", json!({"grup_id": old, "grup_id_destino": new})).await;
    assert_eq!(inactive, not_there);
    post(house, client, "grupo/update", json!({"grup_id": new, "grup_activo": true})).await;
    let same = wrong(house, client, "grupo/delete", json!({"grup_id": old, "grup_id_destino": old})).await;
    assert_eq!(same, "El grupo de destino debe ser otro que el eliminado.");
    let deleted = post(house, client, "grupo/delete", json!({"grup_id": old, "grup_id_destino": new})).await;
    let expected = json!({"mensaje": "ok", "grup_id_destino": new, "tick_en_espera": 2, "tick_en_proceso": 1});
    assert_eq!(deleted, expected);
    let now = async |number| {
        let mut tx = house.db.read().await.unwrap();
        let ticket = tickets::find_by_number(&mut tx, tenant.id, number).await.unwrap().unwrap();
        (ticket.state, ticket.group_id, ticket.agent_id, ticket.bot_id, ticket.priority)
    };
    assert_eq!(now(1).await, ("open".to_owned(), Some(new), None, None, 9));
    assert_eq!(now(2).await, ("open".to_owned(), Some(new), None, None, 9));
    assert_eq!(now(3).await, ("inProgress".to_owned(), None, Some(77), None, 0));
    let told = told(house, tenant.id).await;
    let count = |kind: &str| told.iter().filter(|(told,)| told == kind).count();
    assert_eq!((count("ticket.group_changed"), count("ticket.bot_released")), (3, 1), "{told:?}");
    assert_eq!(
        wrong(house, client, "grupo/delete", json!({"grup_id": old})).await,
        "El grup_id no se encuentra registrado."
    );
    let deleted = post(house, client, "grupo/delete", json!({"grup_id": new})).await;
    assert_eq!((&deleted["grup_id_destino"], &deleted["tick_en_espera"]), (&Value::Null, &json!(2)));
    assert_eq!(now(1).await, ("open".to_owned(), None, None, None, 9), "it goes on waiting");
}

async fn a_group_with_many_tickets_is_deleted(house: &House) {
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let channel = house.channel(&tenant, "telegram").await;
    let (old, new) = (group(house, client, "Viejo").await, group(house, client, "Nuevo").await);
    post(house, client, "canalgrupo", json!({"grup_id": old, "cuen_id": channel, "cagr_usa_bot": false})).await;
    // More than one transaction takes.
    let events: Vec<_> = (0..130).map(|n| tenant.says(channel, &format!("c{n}"), START, "hola")).collect();
    house.apply(&events).await;
    let busy = house
        .write(async |tx| {
            let mut ticket = tickets::find_by_number(tx, tenant.id, 7).await.unwrap().unwrap();
            (ticket.agent_id, ticket.state) = (Some(77), "inProgress".to_owned());
            tickets::save(tx, &[&ticket]).await.unwrap();
            ticket.id
        })
        .await;
    let deleted = post(house, client, "grupo/delete", json!({"grup_id": old, "grup_id_destino": new})).await;
    assert_eq!((&deleted["tick_en_espera"], &deleted["tick_en_proceso"]), (&json!(129), &json!(1)));
    let mut tx = house.db.read().await.unwrap();
    for number in 1..=130 {
        let ticket = tickets::find_by_number(&mut tx, tenant.id, number).await.unwrap().unwrap();
        assert_eq!(ticket.group_id, Some(new).filter(|_| ticket.id != busy), "{number}");
    }
    let told = told(house, tenant.id).await;
    assert_eq!(told.iter().filter(|(kind,)| kind == "ticket.group_changed").count(), 130);
    let last = routing::of_ticket(&mut tx, &busy).await.unwrap().pop().unwrap();
    assert_eq!((last.cause.as_str(), last.outcome.as_str(), last.agent_id), ("group", "assigned", Some(77)));
    assert!(last.explanation.contains("Viejo"), "{}", last.explanation);
}

async fn a_group_is_deleted_while_its_customers_write(house: &House) {
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let channel = house.channel(&tenant, "telegram").await;
    let old = group(house, client, "Viejo").await;
    post(house, client, "canalgrupo", json!({"grup_id": old, "cuen_id": channel, "cagr_usa_bot": false})).await;
    house.apply(&[tenant.says(channel, "1", START, "hola")]).await;
    let ticket = tickets::find_by_number(&mut house.db.read().await.unwrap(), tenant.id, 1).await.unwrap().unwrap();
    // As intake does: the conversation first, then its ticket.
    let mut tx = house.db.write().await.unwrap();
    conversations::load_for_update(&mut tx, &[&ticket.conversation_id]).await.unwrap();
    let writes = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tickets::load_for_update(&mut tx, &[&ticket.id]).await.expect("no deadlock");
        tx.commit().await.unwrap();
    };
    let body = json!({"grup_id": old});
    let (_, deleted) = futures_util::future::join(writes, post(house, client, "grupo/delete", body)).await;
    assert_eq!(deleted["tick_en_espera"], 1);
    let ticket = tickets::find_by_number(&mut house.db.read().await.unwrap(), tenant.id, 1).await.unwrap().unwrap();
    assert_eq!(ticket.group_id, None);
}

async fn a_call_that_another_transaction_was_before_is_made_again(house: &House) {
    let client = house.tenant().await.client;
    if let Db::Postgres(pool) = &house.db {
        // A sequence is not rolled back: the first two transactions fail as if another had been first.
        let sql = "CREATE SEQUENCE tries; CREATE FUNCTION overtake() RETURNS trigger LANGUAGE plpgsql AS \
                   $$BEGIN IF nextval('tries') < 3 THEN RAISE EXCEPTION 'first' USING ERRCODE = '40001'; END IF; \
                   RETURN NEW; END$$; \
                   CREATE TRIGGER overtake BEFORE INSERT ON groups FOR EACH ROW EXECUTE FUNCTION overtake()";
        sqlx::raw_sql(sql).execute(pool).await.unwrap();
    }
    let body = json!({"grup_nombre": "Ventas"});
    let first = ok(&house.post_as(&client, &format!("{MS}/grupo"), &body, "k1").await);
    let again = ok(&house.post_as(&client, &format!("{MS}/grupo"), &body, "k1").await);
    assert_eq!(first, again);
    assert_eq!(get(house, &client, "grupo").await["grupos"].as_array().unwrap().len(), 1);
}

async fn a_change_that_another_transaction_was_before_is_made_again(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let depa = post(house, &admin, "departamento", json!({"depa_descripcion": "Ventas"})).await;
    let (depa, user) = (&depa["departamento"]["depa_id"], user(house, &tenant, "daniel").await);
    if let Db::Postgres(pool) = &house.db {
        // Of three transactions the third is let through.
        let sql = "CREATE SEQUENCE turns; CREATE FUNCTION overtake() RETURNS trigger LANGUAGE plpgsql AS \
                   $$BEGIN IF nextval('turns') % 3 <> 0 THEN RAISE EXCEPTION 'first' USING ERRCODE = '40001'; END IF; \
                   RETURN NEW; END$$; \
                   CREATE TRIGGER overtake BEFORE UPDATE ON departments FOR EACH ROW EXECUTE FUNCTION overtake(); \
                   CREATE TRIGGER overtake BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION overtake()";
        sqlx::raw_sql(sql).execute(pool).await.unwrap();
    }
    for (path, body) in [
        ("/api/admin/departments/update".to_owned(), json!({"id_department": depa, "department_name": "Ventas Sur"})),
        ("/api/admin/departments/update-status".to_owned(), json!({"id_department": depa, "status": 0})),
        (format!("/api/users/update/{user}"), json!({"name": "Daniel"})),
    ] {
        let reply = house.send(&admin, "PATCH", &path, &body).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }
}

async fn people_are_put_into_groups(house: &House) {
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let (one, two) = (group(house, client, "Grupo A").await, group(house, client, "Grupo B").await);
    let daniel = user(house, &tenant, "daniel").await;
    let eva = user(house, &tenant, "eva").await;
    let ids = |answer: &Value| -> Vec<i64> {
        answer["grupos"].as_array().unwrap().iter().map(|group| group["grup_id"].as_i64().unwrap()).collect()
    };
    let body = json!({"mail": "Daniel@Prueba.com", "grupos": [one, two.to_string()]});
    assert_eq!(ids(&post(house, client, "grupousuario", body).await), [one, two]);
    assert_eq!(ids(&get(house, client, &format!("grupousuario?usua_id={daniel}")).await), [one, two]);
    assert_eq!(ids(&post(house, client, "grupousuario", json!({"usua_id": daniel, "grupos": [two]})).await), [two]);
    assert_eq!(ids(&post(house, client, "grupousuario", json!({"usua_id": daniel, "grup_id": one})).await), [one, two]);
    let members = get(house, client, &format!("grupousuario/usuarios?grup_id={one}")).await;
    let expected = json!([
        {"usua_id": daniel, "usua_nombre": "daniel", "usua_mail": "daniel@prueba.com", "usua_activo": true}
    ]);
    assert_eq!(members["usuarios"], expected);
    let body = json!({"mail": "daniel@prueba.com", "grup_id": one});
    assert_eq!(ids(&post(house, client, "grupousuario/delete", body).await), [two]);
    assert_eq!(ids(&post(house, client, "grupousuario", json!({"usua_id": daniel, "grupos": []})).await), [0; 0]);
    for (body, said) in [
        (json!({"usua_id": daniel}), "Indique grupos o grup_id, uno de los dos."),
        (json!({"usua_id": daniel, "grup_id": one, "grupos": [one]}), "Indique grupos o grup_id, uno de los dos."),
        (json!({"grupos": [one]}), "El campo usua_id es obligatorio."),
        (json!({"usua_id": 999_999, "grupos": []}), "El usua_id no se encuentra registrado."),
        (json!({"mail": "nadie@prueba.com", "grupos": []}), "El usua_id no se encuentra registrado."),
        (
            json!({"usua_id": eva, "mail": "daniel@prueba.com", "grup_id": one}),
            "El usua_id no se encuentra registrado.",
        ),
        (json!({"usua_id": daniel, "grupos": [one, 999_999]}), "El grup_id no se encuentra registrado."),
        (
            json!({"usua_id": daniel, "grupos": ["x"]}),
            "El campo grupos debe ser una lista de hasta 1000 números enteros.",
        ),
    ] {
        assert_eq!(wrong(house, client, "grupousuario", body).await, said);
    }
    assert_eq!(ids(&get(house, client, "grupousuario?mail=daniel@prueba.com").await), [0; 0], "nothing was done");
}

async fn the_seeds_channels_of_groups(house: &House) {
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let channel = house.channel(&tenant, "email").await;
    let (one, two) = (group(house, client, "Grupo A").await, group(house, client, "Grupo B").await);
    // MS 5.1, 5.5: nothing is there yet.
    assert_eq!(get(house, client, &format!("canalgrupo?grup_id={one}")).await, json!({"mensaje": "ok", "data": []}));
    let none = json!({"mensaje": "ok", "cuentas": []});
    assert_eq!(get(house, client, &format!("cuentabycanal?grup_id={one}")).await, none);
    // MS 5.2.
    let body = json!({"grup_id": one, "cuen_id": channel, "cagr_usa_bot": true});
    assert_eq!(post(house, client, "canalgrupo", body.clone()).await, json!({"mensaje": "ok"}));
    assert_eq!(taken(house, client, "canalgrupo", body).await, "La cuenta ya está asignada a ese grupo.");
    let link = get(house, client, &format!("canalgrupo?grup_id={one}")).await["data"][0].clone();
    let expected = json!({
        "cagr_id": link["cagr_id"], "grup_id": one, "cuen_id": channel, "cagr_usa_bot": true, "cagr_orden": 0,
        "cuen_identificador": "1", "cuen_descripcion": "Super Empresa", "cana_id": 4,
    });
    assert_eq!(link, expected);
    let accounts = get(house, client, &format!("cuentabycanal?grup_id={one}")).await;
    let account =
        json!({"cuen_id": channel, "cuen_identificador": "1", "cuen_bot": false, "cuen_descripcion": "Super Empresa"});
    assert_eq!(accounts["cuentas"], json!([account]));
    // MS 5.3, by a GET's body as the seed shows it.
    let change = json!({"cagr_id": link["cagr_id"], "grup_id": two, "cuen_id": channel, "cagr_usa_bot": false});
    assert_eq!(post(house, client, "canalgrupo/update", change).await, json!({"mensaje": "ok"}));
    let moved = ok(&house.send(client, "GET", &format!("{MS}/canalgrupo"), &json!({"grup_id": two})).await);
    assert_eq!((&moved["data"][0]["cagr_id"], &moved["data"][0]["cagr_usa_bot"]), (&link["cagr_id"], &json!(false)));
    // MS 5.4.
    let gone = json!({"cagr_id": link["cagr_id"]});
    assert_eq!(post(house, client, "canalgrupo/delete", gone.clone()).await, json!({"mensaje": "ok"}));
    assert_eq!(wrong(house, client, "canalgrupo/delete", gone).await, "El cagr_id no se encuentra registrado.");
    let said =
        wrong(house, client, "canalgrupo", json!({"grup_id": 999_999, "cuen_id": 999_999, "cagr_usa_bot": 1})).await;
    assert_eq!(said, "El cuen_id no se encuentra registrado. El grup_id no se encuentra registrado.");
    let nothing = json!({"cagr_id": 999_999, "grup_id": 999_999, "cuen_id": 999_999, "cagr_usa_bot": 1});
    let said = wrong(house, client, "canalgrupo/update", nothing).await;
    assert_eq!(
        said,
        "El cagr_id no se encuentra registrado. El cuen_id no se encuentra registrado. El grup_id no se encuentra \
         registrado."
    );
    let said = wrong(house, client, "canalgrupo", json!({"cagr_usa_bot": "quizás"})).await;
    assert_eq!(
        said,
        "El campo cagr_usa_bot debe ser true o false, o \"S\" o \"N\". El campo cuen_id es obligatorio. El campo grup_id es obligatorio."
    );
}

async fn accounts_by_kind_of_channel(house: &House) {
    // The numbers that Mundo Social's programs know; MS 4.1 has 4 for mail, 6.3 has 1 for WhatsApp.
    for (name, number) in [("whatsapp", 1), ("facebook", 2), ("email", 4), ("telegram", 5)] {
        let of: Vec<&str> =
            relevo_adapters::KINDS.iter().filter(|kind| kind.number == number).map(|kind| kind.name).collect();
        assert_eq!(of, [name]);
    }
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let (mail, bot) = (house.channel(&tenant, "email").await, house.channel(&tenant, "telegram").await);
    // MS 4.1 and 8.1.
    let seed = json!({
        "mensaje": "ok",
        "cuentas": [{
            "cuen_id": 12,
            "cuen_identificador": "contencion@example.com",
            "cuen_bot": false,
            "cuen_descripcion": "Mail Contención"
        }]
    });
    let answer = get(house, client, "cuentacanales?cana_id=4").await;
    same_shape(&seed, &answer);
    assert_eq!(answer["cuentas"][0]["cuen_id"], mail);
    assert_eq!(get(house, client, "cuentacanales?cana_id=5").await["cuentas"][0]["cuen_id"], bot);
    for empty in [1, 2, 3, 99, -1] {
        assert_eq!(get(house, client, &format!("cuentacanales?cana_id={empty}")).await["cuentas"], json!([]));
    }
    // MS 8.2.
    let changed = post(house, client, "cuentainterna/update", json!({"cuen_id": mail, "cuen_bot": true})).await;
    assert_eq!((&changed["cuenta"]["cuen_id"], &changed["cuenta"]["cuen_bot"]), (&json!(mail), &json!(true)));
    assert_eq!(get(house, client, "cuentacanales?cana_id=4").await["cuentas"][0]["cuen_bot"], true);
    let said = wrong(house, client, "cuentainterna/update", json!({"cuen_bot": "x"})).await;
    assert_eq!(said, "El campo cuen_bot debe ser true o false, o \"S\" o \"N\". El campo cuen_id es obligatorio.");
    let said = wrong(house, client, "cuentainterna/update", json!({"cuen_id": 999_999, "cuen_bot": true})).await;
    assert_eq!(said, "El cuen_id no se encuentra registrado.");
    // MS 8.2.1: where there is one account, it is meant.
    let small = house.tenant().await;
    let only = house.channel(&small, "email").await;
    let changed = post(house, &small.client, "cuentainterna/update", json!({"cuen_bot": true})).await;
    assert_eq!((&changed["cuenta"]["cuen_id"], &changed["cuenta"]["cuen_bot"]), (&json!(only), &json!(true)));
}

async fn the_seeds_departments(house: &House) {
    let client = house.tenant().await.client;
    let make = async |name: &str| {
        let made = post(house, &client, "departamento", json!({"depa_descripcion": name})).await;
        made["departamento"]["depa_id"].as_i64().unwrap()
    };
    let (ventas, cobranza) = (make("Ventas").await, make("Cobranza").await);
    // MS 9.1.
    let seed = json!({
        "mensaje": "ok",
        "departamentos": [
            {"depa_id": 2, "depa_descripcion": "Ventas"},
            {"depa_id": 3, "depa_descripcion": "Cobranza"}
        ]
    });
    let answer = get(house, &client, "departamento").await;
    same_shape(&seed, &answer);
    assert_eq!(answer["departamentos"][1], json!({"depa_id": cobranza, "depa_descripcion": "Cobranza"}));
    let said = taken(house, &client, "departamento", json!({"depa_descripcion": "VENTAS"})).await;
    assert_eq!(said, "Ya existe un departamento con ese nombre en la empresa.");
    let same = json!({"depa_id": ventas, "depa_descripcion": "ventas"});
    let renamed = post(house, &client, "departamento/update", same).await;
    assert_eq!(renamed["departamento"]["depa_descripcion"], "ventas", "its own name is not taken");
    let used = json!({"grup_nombre": "Con departamento", "depa_id": ventas});
    let used = post(house, &client, "grupo", used).await["grupo"]["grup_id"].clone();
    let said = taken(house, &client, "departamento/delete", json!({"depa_id": ventas})).await;
    assert_eq!(said, "El departamento está en uso por 1 grupos y 0 usuarios: asígneles otro antes de eliminarlo.");
    post(house, &client, "grupo/update", json!({"grup_id": used, "depa_id": null})).await;
    assert_eq!(post(house, &client, "departamento/delete", json!({"depa_id": ventas})).await, json!({"mensaje": "ok"}));
    let said = wrong(house, &client, "departamento/delete", json!({"depa_id": ventas})).await;
    assert_eq!(said, "El depa_id no se encuentra registrado.");
    let said = wrong(house, &client, "departamento", json!({"depa_descripcion": "TI"})).await;
    assert_eq!(said, "El nombre del departamento debe tener entre 5 y 100 caracteres.");
}

async fn what_is_wrong_is_said_and_nothing_is_done(house: &House) {
    let client = house.tenant().await.client;
    group(house, &client, "Ventas").await;
    for (body, said) in [
        (json!({}), "El campo grup_nombre es obligatorio."),
        (json!({"grup_nombre": "x".repeat(101)}), "El nombre del grupo no debe superar 100 caracteres."),
        (json!({"grup_nombre": "B", "grup_politica": "azar"}), "La política del grupo debe ser auto o manual."),
        (json!({"grup_nombre": "B", "grup_prioridad": 1001}), "La prioridad del grupo debe estar entre 0 y 1000."),
        (json!({"grup_nombre": "B", "grup_orden": -1}), "El campo grup_orden debe estar entre 0 y 1000000."),
        (
            json!({"grup_nombre": "B", "grup_zona_horaria": "America/Valparaiso"}),
            "La zona horaria America/Valparaiso no existe: use un nombre como America/Santiago.",
        ),
        (
            json!({"grup_nombre": "B", "grup_mensaje_cerrado": "x".repeat(4097)}),
            "El mensaje de cerrado no debe superar 4096 caracteres.",
        ),
        (
            json!({"grup_nombre": ["B"], "depa_id": "x", "grup_activo": "quizás"}),
            "El campo depa_id debe ser un número entero. El campo grup_activo debe ser true o false, o \"S\" o \"N\". El campo \
             grup_nombre debe ser un texto.",
        ),
        (json!({"grup_nombre": "B", "depa_id": 999_999}), "El depa_id no se encuentra registrado."),
        (
            json!({"grup_nombre": "B", "depa_id": 999_999, "grup_prioridad": 1001}),
            "La prioridad del grupo debe estar entre 0 y 1000. El depa_id no se encuentra registrado.",
        ),
    ] {
        assert_eq!(wrong(house, &client, "grupo", body).await, said);
    }
    assert_eq!(
        taken(house, &client, "grupo", json!({"grup_nombre": "ventas"})).await,
        "Ya existe un grupo con ese nombre."
    );
    assert_eq!(get(house, &client, "grupo").await["grupos"].as_array().unwrap().len(), 1);
}
