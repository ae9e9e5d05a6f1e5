//! MS: who may read and change what operators configure.

use serde_json::json;

use super::{
    catalogue::{MS, get, group, post, user, wrong},
    house::House,
    mundosocial::refused,
};
use relevo::desk::clients::Role;

on_both_databases! {
    p9_agents_read_and_change_nothing
    p9_what_is_another_companys_is_not_there
}

const WRITES: [&str; 25] = [
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
    "publicacion/update",
    "publicacion/delete",
    "respuestarapida/update",
    "respuestarapida/delete",
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
        let or = if field == "grup_id_destino" { " o está inactivo" } else { "" };
        let said = wrong(house, client, path, body).await;
        assert_eq!(said, format!("El {field} no se encuentra registrado{or}."), "{path}");
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
