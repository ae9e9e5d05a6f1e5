//! MS "Horarios": when groups attend.

use serde_json::{Value, json};

use super::{
    catalogue::{get, group, post, wrong},
    house::House,
};
use relevo::desk::clients::Role;

on_both_databases! {
    the_week_of_a_group
    holidays_of_groups_and_of_the_company
    a_group_without_hours_uses_its_departments
    hours_that_cannot_be_are_refused
}

/// Tuesday 29 November 2016, 18:38:32 UTC: 15:38:32 in Santiago.
async fn the_week_of_a_group(house: &House) {
    let client = house.tenant().await.client;
    let id = group(house, &client, "Soporte").await;
    let empty = json!({
        "grup_id": id, "grup_zona_horaria": "America/Santiago", "grup_mensaje_cerrado": null, "hora_semana": null,
        "hora_origen": "ninguno", "hora_descripcion": "siempre abierto", "hora_abierto": true,
        "hora_proximo_cambio": null, "feriados": [],
    });
    assert_eq!(get(house, &client, &format!("horario?grup_id={id}")).await["horario"], empty);
    let body = json!({
        "grup_id": id,
        "hora_semana": {
            "Lunes": ["09:00-18:00"], "martes": [{"desde": "09:00", "hasta": "13:00"}, "14:00-18:00"],
            "miércoles": ["22:00-06:00"],
        },
        "grup_mensaje_cerrado": "Atendemos de 9 a 18.",
    });
    let stored = post(house, &client, "horario", body).await["horario"].clone();
    let span = |from: &str, to: &str| json!({"desde": from, "hasta": to});
    let week = json!({
        "lunes": [span("09:00", "18:00")], "martes": [span("09:00", "13:00"), span("14:00", "18:00")],
        "miercoles": [span("22:00", "06:00")], "jueves": [], "viernes": [], "sabado": [], "domingo": [],
    });
    assert_eq!((&stored["hora_semana"], &stored["hora_origen"]), (&week, &json!("grupo")));
    assert_eq!(
        stored["hora_descripcion"],
        "lunes de 09:00 a 18:00; martes de 09:00 a 13:00 y de 14:00 a 18:00; miércoles de 22:00 a 06:00 del día \
         siguiente (America/Santiago)"
    );
    assert_eq!(
        (&stored["hora_abierto"], &stored["hora_proximo_cambio"]),
        (&json!(true), &json!("2016-11-29T21:00:00.000Z"))
    );
    house.clock.advance(3 * 3_600_000);
    let later = get(house, &client, &format!("horario?grup_id={id}")).await["horario"].clone();
    assert_eq!(
        (&later["hora_abierto"], &later["hora_proximo_cambio"]),
        (&json!(false), &json!("2016-12-01T01:00:00.000Z"))
    );
    assert_eq!(later["grup_mensaje_cerrado"], "Atendemos de 9 a 18.");
    let zone = post(house, &client, "horario", json!({"grup_id": id, "grup_zona_horaria": "europe/madrid"})).await;
    assert_eq!(
        (&zone["horario"]["grup_zona_horaria"], &zone["horario"]["hora_semana"]),
        (&json!("Europe/Madrid"), &week)
    );
    let cleared = json!({"grup_id": id, "hora_semana": null, "grup_mensaje_cerrado": ""});
    let cleared = post(house, &client, "horario", cleared).await["horario"].clone();
    assert_eq!(
        (&cleared["hora_semana"], &cleared["hora_abierto"], &cleared["grup_mensaje_cerrado"]),
        (&Value::Null, &json!(true), &Value::Null)
    );
}

async fn holidays_of_groups_and_of_the_company(house: &House) {
    let client = house.tenant().await.client;
    let (id, other) = (group(house, &client, "Soporte").await, group(house, &client, "Ventas").await);
    let body = json!({"feriados": [{"fecha": "29-11-2016", "nombre": "Aniversario"}]});
    let common = json!([{"fecha": "2016-11-29", "nombre": "Aniversario", "tramos": []}]);
    let stored = post(house, &client, "horario", body).await["horario"].clone();
    assert_eq!((&stored["grup_id"], &stored["feriados"]), (&Value::Null, &common));
    assert_eq!(get(house, &client, "horario").await["horario"]["feriados"], common);
    for group in [id, other] {
        let hours = get(house, &client, &format!("horario?grup_id={group}")).await["horario"].clone();
        assert_eq!((&hours["hora_abierto"], &hours["feriados"]), (&json!(false), &json!([])), "it is the company's");
        assert_eq!(hours["hora_proximo_cambio"], "2016-11-30T03:00:00.000Z");
    }
    let own =
        json!({"grup_id": id, "feriados": [{"fecha": "2016-11-29", "nombre": "Turno", "tramos": ["15:00-24:00"]}]});
    let own = post(house, &client, "horario", own).await["horario"].clone();
    assert_eq!(own["feriados"][0]["tramos"], json!([{"desde": "15:00", "hasta": "24:00"}]));
    assert_eq!(own["hora_abierto"], true, "the group's own day wins");
    let closed = get(house, &client, &format!("horario?grup_id={other}")).await;
    assert_eq!(closed["horario"]["hora_abierto"], false);
    post(house, &client, "horario", json!({"feriados": []})).await;
    let open = get(house, &client, &format!("horario?grup_id={other}")).await;
    assert_eq!(open["horario"]["hora_abierto"], true);
}

async fn a_group_without_hours_uses_its_departments(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let hour = json!({"martes_apertura": "08:00", "martes_cierre": "12:00", "defecto": "Fuera de horario"});
    let body = json!({"company": tenant.id, "department_name": "Soporte", "hour": hour});
    let depa = house.post(&admin, "/api/admin/departments/store", &body).await.json()["data"]["id_department"].clone();
    let id = group(house, &admin, "Soporte").await;
    post(house, &admin, "grupo/update", json!({"grup_id": id, "depa_id": depa})).await;
    let path = format!("horario?grup_id={id}");
    let hours = get(house, &admin, &path).await["horario"].clone();
    assert_eq!((&hours["hora_origen"], &hours["hora_abierto"]), (&json!("departamento"), &json!(false)));
    assert_eq!(hours["hora_descripcion"], "martes de 08:00 a 12:00 (America/Santiago)");
    assert_eq!((&hours["grup_mensaje_cerrado"], &hours["hora_semana"]), (&json!("Fuera de horario"), &Value::Null));
    let own = json!({"grup_id": id, "hora_semana": {"martes": "15:00-16:00"}});
    let own = post(house, &admin, "horario", own).await["horario"].clone();
    assert_eq!((&own["hora_origen"], &own["hora_abierto"]), (&json!("grupo"), &json!(true)));
    assert_eq!(own["grup_mensaje_cerrado"], "Fuera de horario", "its own words are still its department's");
    post(house, &admin, "horario", json!({"grup_id": id, "hora_semana": null})).await;
    let off = json!({"id_department": depa, "status": 0});
    house.send(&admin, "PATCH", "/api/admin/departments/update-status", &off).await;
    assert_eq!(get(house, &admin, &path).await["horario"]["hora_origen"], "ninguno");
}

async fn hours_that_cannot_be_are_refused(house: &House) {
    let client = house.tenant().await.client;
    let id = group(house, &client, "Soporte").await;
    post(house, &client, "horario", json!({"grup_id": id, "hora_semana": {"lunes": ["09:00-18:00"]}})).await;
    let before = get(house, &client, &format!("horario?grup_id={id}")).await;
    let holiday = |day: &str| json!([{"fecha": day, "nombre": "X", "tramos": []}]);
    for (body, said) in [
        (json!({}), "El campo grup_id es obligatorio, salvo para los feriados de la empresa."),
        (json!({"hora_semana": null}), "El campo grup_id es obligatorio, salvo para los feriados de la empresa."),
        (json!({"grup_id": id, "hora_semana": []}), "El horario debe ser un objeto JSON con los días de la semana."),
        (
            json!({"grup_id": id, "hora_semana": {}}),
            "El horario no tiene ningún tramo: use null para atender siempre, o desactive el grupo.",
        ),
        (
            json!({"grup_id": id, "hora_semana": {"lunes": ["25:00-26:00", "9-18"], "feriado": []}}),
            "El día feriado no existe: use lunes a domingo. La hora 25:00 no es válida: use HH:MM, de 00:00 a 23:59 \
             (24:00 solo como cierre). La hora 9 no es válida: use HH:MM, de 00:00 a 23:59 (24:00 solo como cierre).",
        ),
        (
            json!({"grup_id": id, "hora_semana": {"domingo": ["22:00-06:00"], "lunes": ["05:00-09:00"]}}),
            "Los tramos 22:00-06:00 y 05:00-09:00 de lunes se superponen.",
        ),
        (
            json!({"grup_id": id, "grup_zona_horaria": "Chile/Sur", "feriados": holiday("31-02-2026")}),
            "La zona horaria Chile/Sur no existe: use un nombre como America/Santiago. La fecha 31-02-2026 no existe: use \
             DD-MM-AAAA o AAAA-MM-DD.",
        ),
        (
            json!({"grup_id": id, "feriados": [
                {"fecha": "01-01-2027", "nombre": "Año Nuevo"}, {"fecha": "2027-01-01", "nombre": "Año Nuevo"},
            ]}),
            "El feriado 2027-01-01 está repetido.",
        ),
        (
            json!({"grup_id": id, "feriados": [{"fecha": "01-01-2027", "nombre": "A", "tramos": ["09:00-12:00", "11:00-13:00"]}]}),
            "Los tramos 09:00-12:00 y 11:00-13:00 de 01-01-2027 se superponen.",
        ),
        (json!({"feriados": [{"fecha": "01-01-2027"}]}), "El campo nombre es obligatorio."),
        (json!({"feriados": ["01-01-2027"]}), "Cada feriado debe ser un objeto con fecha, nombre y tramos."),
        (json!({"feriados": "no"}), "El campo feriados debe ser una lista."),
        (
            json!({"feriados": vec![json!({"fecha": "01-01-2027", "nombre": "A"}); 401]}),
            "Puede haber hasta 400 feriados.",
        ),
    ] {
        assert_eq!(wrong(house, &client, "horario", body).await, said);
    }
    assert_eq!(get(house, &client, &format!("horario?grup_id={id}")).await, before, "nothing was done");
}
