//! An answer of AP's in MS's words.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::http::ap::{BRIEF, Envelope};

/// The status and the body. What is wrong with a request is said in the nested form, under 400 as in the seed's
/// example; everything else in the short one. An answer without a message has no `mensaje`, as some of the seed's.
pub(in crate::http) fn said(envelope: Envelope) -> (StatusCode, Value) {
    let status = StatusCode::from_u16(envelope.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match envelope.code {
        ..400 => {
            let said = (!envelope.message.is_empty()).then(|| ("mensaje".to_owned(), json!("ok")));
            let mut body = Map::from_iter(said);
            if let Some(Value::Object(data)) = envelope.data {
                body.extend(data);
            }
            (status, Value::Object(body))
        }
        400 if envelope.status == BRIEF => (status, json!({"mensaje": envelope.message})),
        400 | 422 => (StatusCode::BAD_REQUEST, nested(400, &envelope)),
        409 => (status, nested(409, &envelope)),
        _ => (status, json!({"mensaje": envelope.message})),
    }
}

fn nested(code: u16, envelope: &Envelope) -> Value {
    let errors = envelope.data.as_ref().and_then(|data| data.get("errors")).and_then(Value::as_object);
    let complaints = errors.into_iter().flat_map(Map::values).filter_map(Value::as_array).flatten();
    let complaints: Vec<&str> = complaints.filter_map(Value::as_str).collect();
    let text = if complaints.is_empty() { envelope.message.clone() } else { complaints.join(" ") };
    json!({
        "error": {
            "codigoRespuesta": 0,
            "descripcionRespuesta": "Error",
            "detalleRespuesta": {"mensaje": text, "0": ""},
        },
        "codigo": code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(code: u16, data: Value) -> Envelope {
        Envelope { data: Some(data), status: String::new(), message: "no".to_owned(), code, id_bitacora_log: None }
    }

    #[test]
    fn what_is_wrong_is_said_as_the_seed_says_it() {
        let problems = json!({"errors": {"cuen_id": ["Falta."], "tick_id": ["Uno.", "Dos."]}});
        let (status, body) = said(envelope(422, problems));
        let detail = json!({"mensaje": "Falta. Uno. Dos.", "0": ""});
        let error = json!({"codigoRespuesta": 0, "descripcionRespuesta": "Error", "detalleRespuesta": detail});
        assert_eq!((status.as_u16(), body), (400, json!({"error": error, "codigo": 400})));
        assert_eq!(said(envelope(403, Value::Null)).1, json!({"mensaje": "no"}));
        assert_eq!(said(envelope(200, json!({"tick_id": 1}))).1, json!({"mensaje": "ok", "tick_id": 1}));
        let silent = Envelope { message: String::new(), ..envelope(200, json!({"cliente": null})) };
        assert_eq!(said(silent).1, json!({"cliente": null}));
    }
}
