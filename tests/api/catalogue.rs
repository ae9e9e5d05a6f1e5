//! MS: groups, who is in them, which channels they serve, questions, quick replies and posts.

use serde_json::{Value, json};

use super::{
    house::{Credentials, House, START, Tenant},
    mundosocial::{ok, refused},
    seeds::same_shape,
};
use relevo::{
    desk::clients::Role,
    store::{Db, tickets, users},
};

on_both_databases! {
    groups_are_made_changed_and_listed
    a_deleted_groups_tickets_go_on
    people_are_put_into_groups
    the_seeds_channels_of_groups
    accounts_by_kind_of_channel
    the_seeds_departments
    questions_with_alternatives
    quick_replies_of_groups
    posts_page_by_page
    p9_agents_read_and_change_nothing
    p9_what_is_another_companys_is_not_there
    p6_a_repeated_call_has_one_effect
    what_is_wrong_is_said_and_nothing_is_done
}

const MS: &str = "/api/mundosocial";

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
async fn taken(house: &House, client: &Credentials, path: &str, body: Value) -> String {
    let reply = house.post(client, &format!("{MS}/{path}"), &body).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["codigo"]), (409, &json!(409)), "{reply:?}");
    reply.json()["error"]["detalleRespuesta"]["mensaje"].as_str().unwrap().to_owned()
}

pub(super) async fn group(house: &House, client: &Credentials, name: &str) -> i64 {
    post(house, client, "grupo", json!({"grup_nombre": name})).await["grupo"]["grup_id"].as_i64().unwrap()
}

async fn user(house: &House, tenant: &Tenant, name: &str) -> i64 {
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
    assert_eq!(missing, "El grup_id_destino no se encuentra registrado.");
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
    assert_eq!((count("ticket.group_changed"), count("ticket.bot_released")), (2, 1), "{told:?}");
    assert_eq!(
        wrong(house, client, "grupo/delete", json!({"grup_id": old})).await,
        "El grup_id no se encuentra registrado."
    );
    let deleted = post(house, client, "grupo/delete", json!({"grup_id": new})).await;
    assert_eq!((&deleted["grup_id_destino"], &deleted["tick_en_espera"]), (&Value::Null, &json!(2)));
    assert_eq!(now(1).await, ("open".to_owned(), None, None, None, 9), "it goes on waiting");
}

async fn people_are_put_into_groups(house: &House) {
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let (one, two) = (group(house, client, "Grupo A").await, group(house, client, "Grupo B").await);
    let daniel = user(house, &tenant, "daniel").await;
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
    let said = wrong(house, client, "canalgrupo", json!({"cagr_usa_bot": "quizás"})).await;
    assert_eq!(
        said,
        "El campo cagr_usa_bot debe ser \"S\" o \"N\". El campo cuen_id es obligatorio. El campo grup_id es obligatorio."
    );
}

async fn accounts_by_kind_of_channel(house: &House) {
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let (mail, bot) = (house.channel(&tenant, "email").await, house.channel(&tenant, "telegram").await);
    // MS 4.1 and 8.1.
    let seed = json!({
        "mensaje": "ok",
        "cuentas": [{
            "cuen_id": 12,
            "cuen_identificador": "contencion.general.dev@mundopacifico.cl",
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
    assert_eq!(said, "El campo cuen_bot debe ser \"S\" o \"N\". El campo cuen_id es obligatorio.");
    let said = wrong(house, client, "cuentainterna/update", json!({"cuen_id": 999_999, "cuen_bot": true})).await;
    assert_eq!(said, "El cuen_id no se encuentra registrado.");
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

async fn questions_with_alternatives(house: &House) {
    let client = house.tenant().await.client;
    let depa = post(house, &client, "departamento", json!({"depa_descripcion": "Ventas"})).await;
    let depa = depa["departamento"]["depa_id"].as_i64().unwrap();
    let body = json!({"faq_pregunta": "¿Abren?", "faq_respuesta": " \"Sí\"\n", "faq_departamentos": [depa]});
    let made = post(house, &client, "faq", body).await["faq"].clone();
    let id = made["faq_id"].as_i64().unwrap();
    let expected = json!({
        "faq_id": id, "faq_pregunta": "¿Abren?", "faq_respuesta": " \"Sí\"\n", "faq_departamentos": [depa],
        "faq_activo": true, "faq_alternativas": [],
    });
    assert_eq!(made, expected);
    let added = post(house, &client, "faq/alternativa", json!({"faq_id": id, "faal_pregunta": "¿Atienden?"})).await;
    let faal = added["alternativa"]["faal_id"].clone();
    assert_eq!(added["alternativa"], json!({"faal_id": faal, "faq_id": id, "faal_pregunta": "¿Atienden?"}));
    post(house, &client, "faq/alternativa/update", json!({"faal_id": faal, "faal_pregunta": "¿Cuándo?"})).await;
    let alternatives = json!([{"faal_id": faal, "faq_id": id, "faal_pregunta": "¿Cuándo?"}]);
    assert_eq!(get(house, &client, &format!("faq/alternativa?faq_id={id}")).await["alternativas"], alternatives);
    assert_eq!(get(house, &client, "faq").await["faqs"][0]["faq_alternativas"], alternatives);
    for (query, count) in
        [(format!("depa_id={depa}"), 1), ("depa_id=999999".to_owned(), 0), (format!("faq_id={id}"), 1)]
    {
        let found = get(house, &client, &format!("faq?{query}")).await;
        assert_eq!(found["faqs"].as_array().unwrap().len(), count, "{query}");
    }
    let change = json!({"faq_id": id, "faq_pregunta": null, "faq_departamentos": [0], "faq_activo": "N"});
    let changed = post(house, &client, "faq/update", change).await["faq"].clone();
    assert_eq!((&changed["faq_pregunta"], &changed["faq_activo"]), (&Value::Null, &json!(false)));
    assert_eq!(changed["faq_alternativas"], alternatives);
    assert_eq!(get(house, &client, "faq?depa_id=999999").await["faqs"].as_array().unwrap().len(), 1, "0 is all");
    post(house, &client, "faq/alternativa/delete", json!({"faal_id": faal})).await;
    post(house, &client, "faq/delete", json!({"faq_id": id})).await;
    for (path, body, said) in [
        ("faq/delete", json!({"faq_id": id}), "El faq_id no se encuentra registrado."),
        ("faq/alternativa/delete", json!({"faal_id": faal}), "El faal_id no se encuentra registrado."),
        ("faq/alternativa", json!({"faq_id": id, "faal_pregunta": "x"}), "El faq_id no se encuentra registrado."),
        (
            "faq",
            json!({"faq_pregunta": " "}),
            "El campo faq_pregunta es obligatorio. El campo faq_respuesta es obligatorio.",
        ),
        (
            "faq",
            json!({"faq_pregunta": "y".repeat(501), "faq_respuesta": "x".repeat(4097), "faq_departamentos": [999_999]}),
            "El texto de la respuesta no debe superar 4096 caracteres. El departamento 999999 no existe. La pregunta no \
             debe superar 500 caracteres.",
        ),
    ] {
        assert_eq!(wrong(house, &client, path, body).await, said);
    }
}

async fn quick_replies_of_groups(house: &House) {
    let client = house.tenant().await.client;
    let (one, two) = (group(house, &client, "Grupo A").await, group(house, &client, "Grupo B").await);
    let add = async |title: &str, group: Value| {
        let body = json!({"rera_titulo": title, "rera_texto": "Hola,\n¿qué tal?", "grup_id": group});
        post(house, &client, "respuestarapida", body).await["respuesta"].clone()
    };
    let (common, own) = (add("Saludo", Value::Null).await, add("Propia", json!(one)).await);
    let expected = json!({
        "rera_id": own["rera_id"], "rera_titulo": "Propia", "rera_texto": "Hola,\n¿qué tal?", "grup_id": one,
    });
    assert_eq!(own, expected);
    assert_eq!(get(house, &client, "respuestarapida").await["respuestas"], json!([common, own]));
    let of_two = get(house, &client, &format!("respuestarapida?grup_id={two}")).await;
    assert_eq!(of_two["respuestas"], json!([common]));
    let change = json!({"rera_id": own["rera_id"], "rera_titulo": "De todos", "grup_id": null});
    let changed = post(house, &client, "respuestarapida/update", change).await;
    assert_eq!(
        (&changed["respuesta"]["grup_id"], &changed["respuesta"]["rera_titulo"]),
        (&Value::Null, &json!("De todos"))
    );
    post(house, &client, "respuestarapida/delete", json!({"rera_id": own["rera_id"]})).await;
    for (path, body, said) in [
        ("respuestarapida/delete", json!({"rera_id": own["rera_id"]}), "El rera_id no se encuentra registrado."),
        ("respuestarapida/update", json!({"rera_id": own["rera_id"]}), "El rera_id no se encuentra registrado."),
        ("respuestarapida", json!({}), "El campo rera_texto es obligatorio. El campo rera_titulo es obligatorio."),
        (
            "respuestarapida",
            json!({"rera_titulo": "x".repeat(101), "rera_texto": "a\0b"}),
            "El campo rera_texto contiene un carácter no permitido. El campo rera_texto contiene un carácter no permitido.",
        ),
        (
            "respuestarapida",
            json!({"rera_titulo": "x", "rera_texto": "y", "grup_id": 999_999}),
            "El grup_id no se encuentra registrado.",
        ),
    ] {
        assert_eq!(wrong(house, &client, path, body).await, said);
    }
}

async fn posts_page_by_page(house: &House) {
    let tenant = house.tenant().await;
    let client = &tenant.client;
    let channel = house.channel(&tenant, "facebook").await;
    let mut made = Vec::new();
    for reference in ["1001_1", "1001_2", "1001_3"] {
        let body = json!({"cuen_id": channel, "publ_referencia": reference, "publ_url": "https://facebook.com/x"});
        made.insert(0, post(house, client, "publicacion", body).await["publicacion"].clone());
    }
    let expected = json!({
        "publ_id": made[0]["publ_id"], "cuen_id": channel, "publ_referencia": "1001_3", "publ_texto": null,
        "publ_url": "https://facebook.com/x", "publ_fecha": "2016-11-29T18:38:32Z",
    });
    assert_eq!(made[0], expected);
    let first = get(house, client, "publicaciones?cantidad=2").await;
    assert_eq!(first["publicaciones"], json!(made[..2]));
    let second = get(house, client, &format!("publicaciones?cantidad=2&siguiente={}", first["siguiente"])).await;
    assert_eq!((&second["publicaciones"], &second["siguiente"]), (&json!(made[2..]), &Value::Null));
    let of_other = get(house, client, "publicaciones?cuen_id=999999").await;
    assert_eq!(of_other["publicaciones"], json!([]));
    let one = get(house, client, &format!("publicacion?publ_id={}", made[1]["publ_id"])).await;
    assert_eq!(one["publicacion"], made[1]);
    let change = json!({"publ_id": made[1]["publ_id"], "publ_texto": "Oferta", "publ_url": null});
    let changed = post(house, client, "publicacion/update", change).await;
    assert_eq!(
        (&changed["publicacion"]["publ_texto"], &changed["publicacion"]["publ_url"]),
        (&json!("Oferta"), &Value::Null)
    );
    let again = json!({"cuen_id": channel, "publ_referencia": "1001_1"});
    let said = taken(house, client, "publicacion", again).await;
    assert_eq!(said, "Ya existe una publicación con esa referencia en la cuenta.");
    post(house, client, "publicacion/delete", json!({"publ_id": made[1]["publ_id"]})).await;
    for (path, body, said) in [
        ("publicacion/delete", json!({"publ_id": made[1]["publ_id"]}), "El publ_id no se encuentra registrado."),
        ("publicacion", json!({}), "El campo cuen_id es obligatorio. El campo publ_referencia es obligatorio."),
        ("publicacion", json!({"cuen_id": 999_999, "publ_referencia": "a"}), "El cuen_id no se encuentra registrado."),
        (
            "publicacion",
            json!({"cuen_id": channel, "publ_referencia": "a", "publ_url": "javascript:alert(1)"}),
            "La URL debe ser http o https, de hasta 2048 caracteres.",
        ),
    ] {
        assert_eq!(wrong(house, client, path, body).await, said);
    }
}

const WRITES: [&str; 22] = [
    "canalgrupo",
    "canalgrupo/update",
    "canalgrupo/delete",
    "cuentainterna/update",
    "departamento",
    "departamento/update",
    "departamento/delete",
    "grupo",
    "grupo/update",
    "grupo/delete",
    "grupousuario",
    "grupousuario/delete",
    "horario",
    "faq",
    "faq/update",
    "faq/delete",
    "faq/alternativa",
    "faq/alternativa/update",
    "faq/alternativa/delete",
    "respuestarapida",
    "publicacion",
    "publicacion/delete",
];

async fn p9_agents_read_and_change_nothing(house: &House) {
    let tenant = house.tenant().await;
    for role in Role::ALL {
        let client = house.client(Some(tenant.id), role).await;
        for path in
            ["grupo", "departamento", "faq", "respuestarapida", "publicaciones", "horario", "cuentacanales?cana_id=1"]
        {
            get(house, &client, path).await;
        }
        for path in WRITES {
            let reply = house.post(&client, &format!("{MS}/{path}"), &json!({})).await;
            if role == Role::Agent {
                assert_eq!(reply.status, 403, "{path}");
                assert_eq!(reply.json(), json!({"mensaje": "No tiene permisos para esta acción."}));
            } else {
                assert_eq!(reply.status, 400, "{role:?} {path}: it is read, and lacks everything");
            }
        }
    }
}

async fn p9_what_is_another_companys_is_not_there(house: &House) {
    let (ours, theirs) = (house.tenant().await, house.tenant().await);
    let client = &ours.client;
    let foreign = &theirs.client;
    let grup = group(house, foreign, "Ajeno").await;
    let own = group(house, client, "Propio").await;
    let cuen = house.channel(&theirs, "telegram").await;
    let depa =
        &post(house, foreign, "departamento", json!({"depa_descripcion": "Ajeno"})).await["departamento"]["depa_id"];
    let body = json!({"faq_pregunta": "¿?", "faq_respuesta": "!"});
    let faq = &post(house, foreign, "faq", body).await["faq"]["faq_id"];
    let body = json!({"rera_titulo": "a", "rera_texto": "b"});
    let rera = &post(house, foreign, "respuestarapida", body).await["respuesta"]["rera_id"];
    let body = json!({"cuen_id": cuen, "publ_referencia": "1"});
    let publ = &post(house, foreign, "publicacion", body).await["publicacion"]["publ_id"];
    let usua = user(house, &theirs, "ajena").await;
    for (path, body, field) in [
        ("grupo/update", json!({"grup_id": grup, "grup_nombre": "x"}), "grup_id"),
        ("grupo/delete", json!({"grup_id": grup}), "grup_id"),
        ("grupo/delete", json!({"grup_id": own, "grup_id_destino": grup}), "grup_id_destino"),
        ("grupo", json!({"grup_nombre": "x", "depa_id": depa}), "depa_id"),
        (
            "canalgrupo",
            json!({"grup_id": grup, "cuen_id": house.channel(&ours, "email").await, "cagr_usa_bot": true}),
            "grup_id",
        ),
        ("canalgrupo", json!({"grup_id": own, "cuen_id": cuen, "cagr_usa_bot": true}), "cuen_id"),
        ("cuentainterna/update", json!({"cuen_id": cuen, "cuen_bot": true}), "cuen_id"),
        ("departamento/update", json!({"depa_id": depa, "depa_descripcion": "Robado"}), "depa_id"),
        ("departamento/delete", json!({"depa_id": depa}), "depa_id"),
        ("faq/update", json!({"faq_id": faq, "faq_respuesta": "x"}), "faq_id"),
        ("faq/delete", json!({"faq_id": faq}), "faq_id"),
        ("faq/alternativa", json!({"faq_id": faq, "faal_pregunta": "x"}), "faq_id"),
        ("respuestarapida/update", json!({"rera_id": rera, "rera_texto": "x"}), "rera_id"),
        ("respuestarapida/delete", json!({"rera_id": rera}), "rera_id"),
        ("publicacion/update", json!({"publ_id": publ, "publ_texto": "x"}), "publ_id"),
        ("publicacion/delete", json!({"publ_id": publ}), "publ_id"),
        ("grupousuario", json!({"usua_id": usua, "grupos": []}), "usua_id"),
        ("grupousuario", json!({"mail": "ajena@prueba.com", "grup_id": own}), "usua_id"),
        ("horario", json!({"grup_id": grup, "hora_semana": null}), "grup_id"),
    ] {
        assert_eq!(wrong(house, client, path, body).await, format!("El {field} no se encuentra registrado."), "{path}");
    }
    for (path, field) in [
        (format!("grupo?grup_id={grup}"), "grup_id"),
        (format!("canalgrupo?grup_id={grup}"), "grup_id"),
        (format!("cuentabycanal?grup_id={grup}"), "grup_id"),
        (format!("grupousuario?usua_id={usua}"), "usua_id"),
        (format!("grupousuario/usuarios?grup_id={grup}"), "grup_id"),
        (format!("horario?grup_id={grup}"), "grup_id"),
        (format!("faq?faq_id={faq}"), "faq_id"),
        (format!("faq/alternativa?faq_id={faq}"), "faq_id"),
        (format!("respuestarapida?grup_id={grup}"), "grup_id"),
        (format!("publicacion?publ_id={publ}"), "publ_id"),
    ] {
        let said = refused(&house.get(client, &format!("{MS}/{path}")).await);
        assert_eq!(said, format!("El {field} no se encuentra registrado."), "{path}");
    }
    assert_eq!(get(house, client, "grupo").await["grupos"].as_array().unwrap().len(), 1);
    assert_eq!(get(house, foreign, "grupo").await["grupos"][0]["grup_nombre"], "Ajeno");
}

async fn p6_a_repeated_call_has_one_effect(house: &House) {
    let client = house.tenant().await.client;
    let body = json!({"rera_titulo": "Saludo", "rera_texto": "Hola"});
    let path = format!("{MS}/respuestarapida");
    let first = ok(&house.post_as(&client, &path, &body, "k").await);
    assert_eq!(ok(&house.post_as(&client, &path, &body, "k").await), first);
    assert_eq!(get(house, &client, "respuestarapida").await["respuestas"].as_array().unwrap().len(), 1);
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
            "El campo depa_id debe ser un número entero. El campo grup_activo debe ser \"S\" o \"N\". El campo \
             grup_nombre debe ser un texto. El campo grup_nombre debe ser un texto.",
        ),
        (json!({"grup_nombre": "B", "depa_id": 999_999}), "El depa_id no se encuentra registrado."),
    ] {
        assert_eq!(wrong(house, &client, "grupo", body).await, said);
    }
    assert_eq!(
        taken(house, &client, "grupo", json!({"grup_nombre": "ventas"})).await,
        "Ya existe un grupo con ese nombre."
    );
    assert_eq!(get(house, &client, "grupo").await["grupos"].as_array().unwrap().len(), 1);
}
