//! MS: frequent questions, quick replies and posts.

use serde_json::{Value, json};

use super::{
    catalogue::{MS, get, group, post, taken, wrong},
    house::House,
    mundosocial::ok,
};

on_both_databases! {
    questions_with_alternatives
    quick_replies_of_groups
    posts_page_by_page
    p6_a_repeated_call_has_one_effect
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
            "El campo rera_texto contiene un carácter no permitido.",
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
        "publ_url": "https://facebook.com/x", "publ_fecha": "2016-11-29T18:38:32.000Z",
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

async fn p6_a_repeated_call_has_one_effect(house: &House) {
    let client = house.tenant().await.client;
    let body = json!({"rera_titulo": "Saludo", "rera_texto": "Hola"});
    let path = format!("{MS}/respuestarapida");
    let first = ok(&house.post_as(&client, &path, &body, "k").await);
    assert_eq!(ok(&house.post_as(&client, &path, &body, "k").await), first);
    assert_eq!(get(house, &client, "respuestarapida").await["respuestas"].as_array().unwrap().len(), 1);
}
