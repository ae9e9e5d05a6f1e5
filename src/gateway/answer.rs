//! What a webhook is answered. Platforms read the status; the bodies are for people.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// The outcome of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Everything in it is durable.
    Accepted,
    /// The text that a platform wants back from a GET.
    Challenge(String),
    /// The verify token of a GET is not ours.
    WrongToken,
    /// The signature is missing or wrong; nothing was stored.
    Refused,
    TooLarge(usize),
    /// The sender stopped half-way.
    Incomplete,
    WrongMethod,
    /// Too much in hand.
    Busy,
    /// Not certain to be durable.
    NotDurable,
}

/// The form of the answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `{"status":"ok"}` (AP "Webhook de recepcion de Telegram"). Never a `method`: Telegram would execute it.
    Short,
    /// AP "Webhook de mensajes WAP (Meta)".
    Ap,
}

impl Answer {
    fn status(&self) -> StatusCode {
        match self {
            Self::Accepted | Self::Challenge(_) => StatusCode::OK,
            Self::WrongToken => StatusCode::FORBIDDEN,
            // 401 and not 403: Postmark stops its retries at a 403, and a wrong secret can be mended.
            Self::Refused => StatusCode::UNAUTHORIZED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::BAD_REQUEST,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy | Self::NotDurable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Accepted | Self::Challenge(_) => "Mensaje Meta Recibido".to_owned(),
            Self::WrongToken => "El token de verificacion no coincide.".to_owned(),
            Self::Refused => "Firma ausente o invalida.".to_owned(),
            Self::TooLarge(limit) => format!("El cuerpo supera el maximo de {limit} bytes."),
            Self::Incomplete => "El cuerpo llego incompleto.".to_owned(),
            Self::WrongMethod => "Metodo no permitido.".to_owned(),
            Self::Busy | Self::NotDurable => "Servicio no disponible, intente de nuevo.".to_owned(),
        }
    }

    pub(super) fn render(self, style: Style, log: i64, retry_after: u32) -> Response {
        metrics::counter!("relevo_webhooks_total", "status" => self.status().as_str().to_owned()).increment(1);
        let status = self.status();
        let mut response = match (&self, style) {
            // Plain text, so that an echoed challenge can never be HTML.
            (Self::Challenge(challenge), _) => {
                ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], challenge.clone()).into_response()
            }
            (Self::Accepted, Style::Short) => Json(json!({"status": "ok"})).into_response(),
            (Self::Accepted, Style::Ap) => Json(json!({
                "data": {"guest": {}, "file": null},
                "status": "ok",
                "message": self.message(),
                "code": status.as_u16(),
                "id_bitacora_log": log,
            }))
            .into_response(),
            (_, Style::Short) => Json(json!({"status": "error", "message": self.message()})).into_response(),
            (_, Style::Ap) => Json(json!({
                "data": [],
                "status": "error",
                "message": self.message(),
                "code": status.as_u16(),
                "id_bitacora_log": log,
            }))
            .into_response(),
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert("x-bitacora-log", log.into());
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, retry_after.into());
        }
        response
    }
}
