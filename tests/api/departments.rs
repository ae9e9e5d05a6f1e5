//! AP "SuperAdmin Departamentos", "SuperAdmin FAQs" and `deptos/*`, example by example.

use serde_json::{Value, json};

use super::{
    house::{Credentials, House, Reply},
    seeds::same_shape,
};
use relevo::desk::clients::Role;

on_both_databases! {
    the_seeds_departments
    departments_that_cannot_be_are_refused
    agents_see_the_active_departments
    the_seeds_frequent_answers
    frequent_answers_that_cannot_be_are_refused
    p9_roles_and_companies
}

const DEPARTMENTS: &str = "/api/admin/departments";
const FAQS: &str = "/api/admin/faqs";

async fn call(house: &House, client: &Credentials, path: &str, body: Value) -> Reply {
    let is_change = path.contains("/update");
    house.send(client, if is_change { "PATCH" } else { "POST" }, path, &body).await
}

/// It answered as the seed does: the same names and types, the same status and message; gives the data.
#[track_caller]
fn as_the_seed(seed: &Value, reply: &Reply) -> Value {
    let ours = reply.json();
    same_shape(seed, &ours);
    assert_eq!(u64::from(reply.status.as_u16()), seed["code"], "{ours}");
    for name in ["status", "message", "code"] {
        assert_eq!(ours[name], seed[name], "{ours}");
    }
    ours["data"].clone()
}

async fn the_seeds_departments(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    // "Crear departamento".
    let hour = json!({
        "lunes_apertura": "08:00", "lunes_cierre": "17:00", "defecto": "Fuera de horario",
        "email": "soporte@empresa.com"
    });
    let body = json!({"company": tenant.id, "department_name": "\"Soporte Tecnico\"", "hour": hour, "id_bitacora_log": 736_014});
    let reply = call(house, &admin, &format!("{DEPARTMENTS}/store"), body.clone()).await;
    let seed = json!({
        "data": {
            "id_department": 12, "uuid": "3c4c8c0a-32e3-4d14-9a2a-6c4d8b8e4a50", "company": 3,
            "department_name": "Soporte Tecnico", "hour": hour
        },
        "status": "ok", "message": "Departamento creado correctamente.", "code": 201, "id_bitacora_log": 736_014
    });
    let made = as_the_seed(&seed, &reply);
    assert_eq!(
        (&made["department_name"], &made["hour"], &made["company"]),
        (&json!("Soporte Tecnico"), &hour, &json!(tenant.id))
    );
    let id = &made["id_department"];
    let taken = call(house, &admin, &format!("{DEPARTMENTS}/store"), body).await;
    taken.ap_refused_with(409, "Ya existe un departamento con ese nombre para esta compania.", &json!([]));

    // "Listar departamentos".
    let row = json!({
        "id_department": 7, "uuid": "c169c38d-a790-4a6f-8da0-6f5e3c2f9c0a", "company": 3, "department_name": "Soporte",
        "hour": ""
    });
    let list = format!("{DEPARTMENTS}/list");
    let filters = json!({"name": "soporte", "id_company": tenant.id, "hour": "\"08:00\""});
    let body = json!({"paginate": "\"S\"", "page": 1, "quantity_x_page": 10, "filters": filters});
    let page = json!({
        "current_page": 1, "data": [row], "from": 1, "last_page": 1, "per_page": 10, "to": 1, "total": 1
    });
    let envelope = |data: Value| json!({"data": data, "status": "success", "message": "Operacion exitosa", "code": 200, "id_bitacora_log": 1});
    let listed = as_the_seed(&envelope(page), &call(house, &admin, &list, body).await);
    assert_eq!((&listed["data"][0]["id_department"], &listed["total"]), (id, &json!(1)));
    let all = as_the_seed(&envelope(json!([row])), &call(house, &admin, &list, json!({"paginate": "N"})).await);
    assert_eq!(all[0]["hour"], hour.to_string(), "as text");
    for (filters, count) in
        [(json!({"name": "ventas"}), 0), (json!({"hour": "17:00"}), 1), (json!({"hour": "23:11"}), 0)]
    {
        let found = call(house, &admin, &list, json!({"paginate": "N", "filters": filters})).await.json();
        assert_eq!(found["data"].as_array().unwrap().len(), count, "{filters}");
    }
    let bare = call(house, &admin, &list, json!({})).await.json();
    assert_eq!((&bare["data"]["per_page"], &bare["data"]["total"]), (&json!(10), &json!(1)));
    let unsaid = call(house, &admin, &list, json!({"paginate": "S"})).await;
    unsaid.ap_refused(422, "Errores de validacion.", &["quantity_x_page"]);
    let said = &unsaid.json()["data"]["errors"]["quantity_x_page"];
    assert_eq!(*said, json!(["quantity_x_page es obligatorio cuando paginate es \"S\"."]));

    // "Actualizar departamento".
    let hour = json!({"lunes_apertura": "09:00", "lunes_cierre": "18:00"});
    let update = format!("{DEPARTMENTS}/update");
    let body = json!({"id_department": id, "department_name": "\"Soporte Nivel 2\"", "hour": hour});
    let seed = json!({
        "data": {"id_department": 7, "company": 3, "department_name": "Soporte Nivel 2", "hour": hour},
        "status": "ok", "message": "Departamento actualizado correctamente.", "code": 200, "id_bitacora_log": 736_014
    });
    let changed = as_the_seed(&seed, &call(house, &admin, &update, body).await);
    assert_eq!((&changed["hour"], &changed["department_name"]), (&hour, &json!("Soporte Nivel 2")));
    call(house, &admin, &update, json!({"id_department": 999_999, "department_name": "Ninguno"})).await.ap_refused(
        404,
        "El departamento indicado no existe.",
        &[],
    );
    let nothing = call(house, &admin, &update, json!({"id_department": id})).await;
    nothing.ap_refused(422, "Validacion de negocio.", &["payload"]);
    let said = &nothing.json()["data"]["errors"]["payload"];
    assert_eq!(*said, json!(["Debe enviar al menos un atributo a actualizar (department_name u hour)."]));
    call(house, &admin, &format!("{DEPARTMENTS}/store"), json!({"company": tenant.id, "department_name": "Ventas"}))
        .await;
    call(house, &admin, &update, json!({"id_department": id, "department_name": "ventas"})).await.ap_refused(
        409,
        "Ya existe un departamento con ese nombre en la empresa.",
        &[],
    );

    // "Actualizar estado del departamento".
    let status = format!("{DEPARTMENTS}/update-status");
    for (wanted, message) in [
        (0, "Estado del departamento actualizado correctamente."),
        (0, "El estado enviado es igual al actual. No se realizo ningun cambio."),
        (1, "Estado del departamento actualizado correctamente."),
    ] {
        let seed = json!({
            "data": {"id_department": 7, "status": wanted}, "status": "ok", "message": message, "code": 200,
            "id_bitacora_log": 736_014
        });
        let answer =
            as_the_seed(&seed, &call(house, &admin, &status, json!({"id_department": id, "status": wanted})).await);
        assert_eq!(answer["status"], wanted);
    }
    call(house, &admin, &status, json!({"id_department": 999_999, "status": 1})).await.ap_refused_with(
        404,
        "Departamento no encontrado.",
        &json!([]),
    );
    let wrong = call(house, &admin, &status, json!({"id_department": id, "status": 2})).await;
    wrong.ap_refused(422, "Validacion fallida.", &["status"]);
    let said = &wrong.json()["data"]["errors"]["status"];
    assert_eq!(*said, json!(["El estado debe ser 0 (Inactivo) o 1 (Activo)."]));

    // "admin/departments/search".
    let search = format!("{DEPARTMENTS}/search");
    let seed = json!({
        "data": {
            "id_department": 7, "department_name": "Soporte", "company": 3,
            "hour": "{\"lunes_apertura\":\"08:00\",\"lunes_cierre\":\"17:00\"}"
        },
        "status": "ok", "message": "", "code": 200, "id_bitacora_log": 736_014
    });
    let found = as_the_seed(&seed, &call(house, &admin, &search, json!({"id_department": id})).await);
    assert_eq!(found["hour"], hour.to_string());
    call(house, &admin, &search, json!({"id_department": 999_999})).await.ap_refused_with(
        404,
        "Departamento no encontrado.",
        &json!([]),
    );
    let unsaid = call(house, &admin, &search, json!({})).await;
    unsaid.ap_refused(422, "Errores de validacion.", &["id_department"]);
    let said = &unsaid.json()["data"]["errors"]["id_department"];
    assert_eq!(*said, json!(["El campo id_department es obligatorio."]));
}

async fn departments_that_cannot_be_are_refused(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let store = format!("{DEPARTMENTS}/store");
    let unsaid = call(house, &admin, &store, json!({})).await;
    unsaid.ap_refused(422, "Validacion fallida.", &["company", "department_name"]);
    let said = &unsaid.json()["data"]["errors"]["department_name"];
    assert_eq!(*said, json!(["El nombre del departamento es obligatorio."]));
    let errors = async |name: &str, hour: Value| {
        let body = json!({"company": tenant.id, "department_name": name, "hour": hour});
        let reply = call(house, &admin, &store, body).await;
        assert_eq!(reply.json()["message"], "Validacion fallida.", "{reply:?}");
        assert_eq!(reply.status, 422);
        reply.json()["data"]["errors"].clone()
    };
    for name in ["TI", &"x".repeat(101)] {
        let said = json!({"department_name": ["El nombre del departamento debe tener entre 5 y 100 caracteres."]});
        assert_eq!(errors(name, Value::Null).await, said);
    }
    // The seed's own made-up times are no times.
    for (hour, count) in [
        (json!({"martes_apertura": ":03:45", "martes_cierre": ":14:28"}), 1),
        (json!({"lunes_apertura": "08:00"}), 1),
        (json!({"lunes_apertura": "08:00", "lunes_cierre": "24:00"}), 1),
        (json!({"lunes_apertura": 8, "lunes_cierre": "17:00"}), 1),
        (json!({"feriado_apertura": "08:00"}), 1),
        (json!({"defecto": "x".repeat(256), "email": "no"}), 2),
        (json!("ocho a seis"), 1),
        (json!(["08:00"]), 1),
    ] {
        let said = errors("Soporte", hour.clone()).await;
        assert_eq!(said["hour"].as_array().map(Vec::len), Some(count), "{hour}: {said}");
    }
    let list = call(house, &admin, &format!("{DEPARTMENTS}/list"), json!({"paginate": "N"})).await.json();
    assert_eq!(list["data"], json!([]), "nothing was done");
}

async fn agents_see_the_active_departments(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let agent = house.client(Some(tenant.id), Role::Agent).await;
    let mut ids = Vec::new();
    for name in ["Soporte", "Ventas", "Cobranza"] {
        let body = json!({"company": tenant.id, "department_name": name});
        let made = call(house, &admin, &format!("{DEPARTMENTS}/store"), body).await.json()["data"].clone();
        ids.push((made["id_department"].clone(), made["uuid"].as_str().unwrap().to_owned()));
    }
    call(house, &admin, &format!("{DEPARTMENTS}/update-status"), json!({"id_department": ids[1].0, "status": 0})).await;
    let index = house.post(&agent, "/api/deptos/index", &json!({"page": "N"})).await.json();
    let named: Vec<&Value> = index["data"].as_array().unwrap().iter().map(|row| &row["department_name"]).collect();
    assert_eq!(named, ["Soporte", "Cobranza"]);
    let page = house.post(&agent, "/api/deptos/index", &json!({"page": "S", "quantity_x_page": 1})).await.json();
    assert_eq!((&page["data"]["total"], &page["data"]["data"][0]), (&json!(2), &index["data"][0]));
    let wrong = house.post(&agent, "/api/deptos/index", &json!({"page": "x", "quantity_x_page": 0})).await;
    wrong.ap_refused(422, "Errores de validacion.", &["page", "quantity_x_page"]);
    for named in [ids[0].0.to_string(), ids[0].1.clone()] {
        let shown = house.get(&agent, &format!("/api/deptos/show/{named}")).await.json();
        assert_eq!(shown["data"], index["data"][0], "{named}");
    }
    for named in [ids[1].0.to_string(), "dignissimos".to_owned(), "%00".to_owned()] {
        let reply = house.get(&agent, &format!("/api/deptos/show/{named}")).await;
        reply.ap_refused(404, "Departamento no encontrado.", &[]);
    }
}

async fn the_seeds_frequent_answers(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let depa = json!({"company": tenant.id, "department_name": "Ventas"});
    let depa =
        call(house, &admin, &format!("{DEPARTMENTS}/store"), depa).await.json()["data"]["id_department"].to_string();
    // "Crear FAQ".
    let body = json!({
        "company": tenant.id, "replay": "\"Hola, ¿en que puedo ayudarte?\"", "departament": ["0", depa]
    });
    let seed = json!({
        "data": {
            "id_faq": 5, "company": 3, "replay": "Hola, ¿en que puedo ayudarte?", "departament": ["0", "7"], "status": 1
        },
        "status": "ok", "message": "FAQ creada exitosamente.", "code": 201, "id_bitacora_log": 736_014
    });
    let made = as_the_seed(&seed, &call(house, &admin, &format!("{FAQS}/store"), body).await);
    assert_eq!((&made["replay"], &made["departament"]), (&seed["data"]["replay"], &json!(["0", depa])));
    let id = &made["id_faq"];

    // "Listar FAQs".
    let row = json!({
        "id_faq": 5, "replay": "Hola, esta es la respuesta.", "company": 3, "departament": "[\"0\",\"7\"]", "status": 1
    });
    let envelope = |data: Value| json!({"data": data, "status": "success", "message": "Operacion exitosa", "code": 200, "id_bitacora_log": 1});
    let filters = json!({"replay": "hola", "company": tenant.id, "department": "Ventas"});
    let body = json!({"paginate": "\"S\"", "page": 1, "quantity_x_page": 10, "filters": filters});
    let page = json!({
        "current_page": 1, "data": [row], "from": 1, "last_page": 1, "per_page": 10, "to": 1, "total": 1
    });
    let listed = as_the_seed(&envelope(page), &call(house, &admin, &format!("{FAQS}/list"), body).await);
    assert_eq!(listed["data"][0]["departament"], json!(format!("[\"0\",\"{depa}\"]")));
    let all = call(house, &admin, &format!("{FAQS}/list"), json!({"paginate": "N"})).await;
    as_the_seed(&envelope(json!({"data": [row]})), &all);
    let wrong = call(house, &admin, &format!("{FAQS}/list"), json!({"paginate": "X"})).await;
    wrong.ap_refused(422, "Validacion fallida.", &["paginate"]);
    let said = &wrong.json()["data"]["errors"]["paginate"];
    assert_eq!(*said, json!(["El campo paginate debe ser true o false, o \"S\" o \"N\"."]));

    // "Actualizar FAQ".
    let body = json!({"id_faq": id, "replay": "\"Respuesta actualizada\"", "department": [depa]});
    let seed = json!({
        "data": {"id_faq": 5, "replay": "Respuesta actualizada", "department": ["8"]},
        "status": "ok", "message": "FAQ actualizado correctamente.", "code": 200, "id_bitacora_log": 736_014
    });
    let changed = as_the_seed(&seed, &call(house, &admin, &format!("{FAQS}/update"), body).await);
    assert_eq!((&changed["replay"], &changed["department"]), (&json!("Respuesta actualizada"), &json!([depa])));
    for (department, count) in [("ventas", 1), ("cobranza", 0)] {
        let body = json!({"paginate": "N", "filters": {"department": department}});
        let found = call(house, &admin, &format!("{FAQS}/list"), body).await.json();
        assert_eq!(found["data"]["data"].as_array().unwrap().len(), count, "{department}");
    }

    // "Actualizar estado de FAQ".
    let status = format!("{FAQS}/update-status");
    let seed = json!({
        "data": {"id_faq": 5, "status": 0}, "status": "ok", "message": "Estado de la FAQ actualizado correctamente.",
        "code": 200, "id_bitacora_log": 736_014
    });
    let body = json!({"id_faq": id, "status": 0});
    as_the_seed(&seed, &call(house, &admin, &status, body.clone()).await);
    let seed = json!({
        "data": {
            "id_faq": 5, "status": 1,
            "note": "El estado solicitado coincide con el actual. No se realizaron cambios."
        },
        "status": "ok", "message": "Solicitud idempotente: sin cambios.", "code": 200, "id_bitacora_log": 736_014
    });
    let same = as_the_seed(&seed, &call(house, &admin, &status, body).await);
    assert_eq!((&same["status"], &same["note"]), (&json!(0), &seed["data"]["note"]));

    // "admin/faqs/search".
    let seed = json!({
        "data": {
            "id_faq": 5, "replay": "Hola, esta es la respuesta.", "id_company": 3, "department": "[\"0\",\"7\"]"
        },
        "status": "ok", "message": "FAQ encontrado.", "code": 200, "id_bitacora_log": 736_014
    });
    let found = as_the_seed(&seed, &call(house, &admin, &format!("{FAQS}/search"), json!({"id_faq": id})).await);
    assert_eq!(found["department"], json!(format!("[\"{depa}\"]")));
}

async fn frequent_answers_that_cannot_be_are_refused(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let company = tenant.id;
    for (path, body, status, message, fields) in [
        ("store", json!({"company": company, "replay": "x"}), 422, "Validacion fallida.", &["departament"][..]),
        ("store", json!({}), 422, "Validacion fallida.", &["company", "departament", "replay"]),
        (
            "store",
            json!({"company": company, "replay": "x", "departament": ["999999", "x"]}),
            422,
            "Validacion fallida.",
            &["departament"],
        ),
        (
            "store",
            json!({"company": company, "replay": "x", "departament": ["999999"]}),
            422,
            "Validacion fallida.",
            &["departament"],
        ),
        ("update", json!({"id_faq": 5}), 422, "Validacion fallida.", &["payload"]),
        ("update-status", json!({"id_faq": 5, "status": 7}), 422, "Validacion fallida.", &["status"]),
        ("search", json!({}), 422, "Validacion fallida.", &["id_faq"]),
    ] {
        call(house, &admin, &format!("{FAQS}/{path}"), body).await.ap_refused(status, message, fields);
    }
    for (path, body, message, data) in [
        ("update", json!({"id_faq": 999_999, "replay": "x"}), "FAQ no encontrado.", json!([])),
        ("update-status", json!({"id_faq": 999_999, "status": 1}), "FAQ no encontrada.", json!({"id_faq": 999_999})),
        ("search", json!({"id_faq": 999_999}), "FAQ no encontrado.", json!([])),
    ] {
        call(house, &admin, &format!("{FAQS}/{path}"), body).await.ap_refused_with(404, message, &data);
    }
}

async fn p9_roles_and_companies(house: &House) {
    let (ours, theirs) = (house.tenant().await, house.tenant().await);
    let theirs_admin = house.client(Some(theirs.id), Role::Admin).await;
    let depa = json!({"company": theirs.id, "department_name": "Ajeno"});
    let depa = &call(house, &theirs_admin, &format!("{DEPARTMENTS}/store"), depa).await.json()["data"]["id_department"];
    let faq = json!({"company": theirs.id, "replay": "x", "departament": ["0"]});
    let faq = &call(house, &theirs_admin, &format!("{FAQS}/store"), faq).await.json()["data"]["id_faq"];
    let admin = house.client(Some(ours.id), Role::Admin).await;
    for (path, body) in [
        (format!("{DEPARTMENTS}/search"), json!({"id_department": depa})),
        (format!("{DEPARTMENTS}/update"), json!({"id_department": depa, "department_name": "Robado"})),
        (format!("{DEPARTMENTS}/update-status"), json!({"id_department": depa, "status": 0})),
        (format!("{DEPARTMENTS}/store"), json!({"company": theirs.id, "department_name": "Intruso"})),
        (format!("{DEPARTMENTS}/list"), json!({"filters": {"id_company": theirs.id}})),
        (format!("{FAQS}/search"), json!({"id_faq": faq})),
        (format!("{FAQS}/update"), json!({"id_faq": faq, "replay": "x"})),
        (format!("{FAQS}/update-status"), json!({"id_faq": faq, "status": 0})),
        (format!("{FAQS}/list"), json!({"filters": {"company": theirs.id}})),
    ] {
        assert_eq!(call(house, &admin, &path, body).await.status, 404, "{path}");
    }
    // A super-admin names the company, or the thing.
    let root = house.client(None, Role::Admin).await;
    let found = call(house, &root, &format!("{DEPARTMENTS}/search"), json!({"id_department": depa})).await;
    assert_eq!(found.json()["data"]["company"], theirs.id);
    let list = format!("{DEPARTMENTS}/list");
    let listed = call(house, &root, &list, json!({"filters": {"id_company": theirs.id}})).await.json();
    assert_eq!(listed["data"]["total"], 1);
    call(house, &root, &list, json!({})).await.ap_refused(422, "Errores de validacion.", &["id_company"]);
    // Agents read only.
    let agent = house.client(Some(theirs.id), Role::Agent).await;
    for path in ["store", "update", "update-status"] {
        for family in [DEPARTMENTS, FAQS] {
            let reply = call(house, &agent, &format!("{family}/{path}"), json!({})).await;
            reply.ap_refused(403, "No tiene permisos para esta acción.", &[]);
        }
    }
    assert_eq!(call(house, &agent, &list, json!({"paginate": "N"})).await.status, 200);
    assert_eq!(call(house, &agent, &format!("{FAQS}/search"), json!({"id_faq": faq})).await.status, 200);
    for role in [Role::Operator, Role::Integration] {
        let client = house.client(Some(theirs.id), role).await;
        let body = json!({"id_department": depa, "status": 1});
        assert_eq!(call(house, &client, &format!("{DEPARTMENTS}/update-status"), body).await.status, 200, "{role:?}");
    }
}
