//! The contract as a document: `GET /openapi.json`, shown at `/docs/`. The API's own routes describe themselves; here
//! is what they have in common, and the platforms' webhooks, whose handlers are the gateway's.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    extract::{Extension, State},
    http::header,
    response::IntoResponse,
    routing::get,
};
use bytes::Bytes;
use serde_json::{Value, json};
use utoipa::openapi::{OpenApi, OpenApiBuilder};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{Api, ap, health, mundosocial, stream, v2};

/// Every route that describes itself.
pub(super) fn collect(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(OpenApiBuilder::new().build())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .merge(v2::router(api))
        .merge(ap::router(api))
        .merge(mundosocial::router(api))
        .merge(stream::router(api))
}

/// `GET /openapi.json` and `GET /docs/`.
pub(super) fn pages() -> Router<Api> {
    let ui = SwaggerUi::new("/docs").config(Config::from("/openapi.json"));
    Router::new().route("/openapi.json", get(openapi_json)).layer(Extension(Document::default())).merge(ui)
}

/// Written when it is first asked for: it takes more memory than all else that an idle house needs.
#[derive(Debug, Clone, Default)]
struct Document(Arc<OnceLock<Bytes>>);

async fn openapi_json(State(api): State<Api>, Extension(Document(written)): Extension<Document>) -> impl IntoResponse {
    let write = || Bytes::from(complete(&collect(&api).split_for_parts().1).to_string());
    ([(header::CONTENT_TYPE, "application/json")], written.get_or_init(write).clone())
}

/// The routes' own descriptions, with everything else.
fn complete(routes: &OpenApi) -> Value {
    // Descriptions are text, numbers and lists: they are always JSON.
    let mut document = serde_json::to_value(routes).unwrap_or_default();
    document["info"] = info();
    document["tags"] = json!([
        {"name": "tickets", "description": "Tickets and their messages, for programs. Times are UTC."},
        {"name": "channels", "description": CHANNELS},
        {"name": "auth", "description": "People log in, and see who they are. No answer of these is to be stored."},
        {"name": "users", "description": "The people who work in the house."},
        {"name": "catalogue", "description": CATALOGUE},
        {"name": "webhooks", "description": WEBHOOKS},
        {"name": "broadcast", "description": "What people and programs tell each other in real time: heard by the streams that asked for the channel."},
        {"name": "stream", "description": "What happens, as it happens. A stream begins with how everything is, and goes on after an interruption."},
        {"name": "subscriptions", "description": SUBSCRIPTIONS},
        {"name": "operation", "description": "Probes, metrics and this document; without credentials."},
    ]);
    document["components"]["securitySchemes"] = security_schemes();
    document["components"]["headers"] = headers();
    document["components"]["responses"] = refusals();
    if let Some(responses) = document["components"]["responses"].as_object_mut() {
        responses.extend(ap_refusals());
        responses.extend(ms_refusals());
    }
    document["components"]["parameters"] = json!({"id_company": {
        "name": "id_company", "in": "query", "required": false, "schema": {"type": "integer", "format": "int64"},
        "description": "The company that the call is about. A super-admin must name it; for everybody else it is \
                        their own, and any other is answered with 404.",
    }});
    let mut bodies = Vec::new();
    let Some(paths) = document["paths"].as_object_mut() else { return document };
    paths.extend(pages_paths());
    paths.extend(webhook_paths());
    for (path, item) in paths.iter_mut() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if path.starts_with("/v2/") {
                add_common(operation);
            } else if path.starts_with("/api/") && operation.get("security").is_none() {
                let family = if path.starts_with(mundosocial::FAMILY) { "Ms" } else { "Ap" };
                // What people log in with is kept nowhere, and a ticket is good once: no answer is given again.
                let is_ticket = operation["operationId"] == "stream_ticket";
                add_common_ap(operation, method == "post" && !path.starts_with(AUTH) && !is_ticket, family);
                if ENTERING.iter().any(|entering| path.starts_with(entering)) {
                    operation["security"] = programs();
                }
            }
            if is_of_a_company(path) {
                match method.as_str() {
                    "get" => add_parameter(operation, json!({"$ref": "#/components/parameters/id_company"})),
                    _ => bodies.extend(bodies_of(operation)),
                }
            }
            describe_success(operation);
        }
    }
    bodies.iter().for_each(|body| add_company(&mut document["components"]["schemas"][body.as_str()]));
    document
}

/// Routes whose own descriptions leave out the field by which a super-admin names the company: of these families all but
/// some.
const OF_A_COMPANY: [&str; 6] =
    [mundosocial::FAMILY, "/api/broadcast/", "/api/chat/", "/api/deptos/show/", "/api/meta/", "/api/telegram/"];
const OF_NO_COMPANY: [&str; 8] = [
    "/api/broadcast/channels-info",
    "/api/meta/getMediaFile",
    "/api/meta/readMessagesWAP",
    "/api/mundosocial/usuario/delete",
    "/api/mundosocial/usuario/roles",
    "/api/mundosocial/usuario/update",
    "/api/telegram/getMediaFile",
    "/api/telegram/setWebhook",
];
const STREAMS: [&str; 2] = ["/api/stream", "/api/stream/ws"];

fn is_of_a_company(path: &str) -> bool {
    let is_family = OF_A_COMPANY.iter().any(|family| path.starts_with(family));
    let is_webhook = path.starts_with("/api/telegram/receive/");
    STREAMS.contains(&path) || (is_family && !is_webhook && !OF_NO_COMPANY.contains(&path))
}

/// The names of the schemas of a request's body.
fn bodies_of(operation: &Value) -> Vec<String> {
    let forms = operation["requestBody"]["content"].as_object().into_iter().flatten();
    let names = forms.filter_map(|(_, form)| form["schema"]["$ref"].as_str()?.rsplit('/').next());
    names.map(str::to_owned).collect()
}

/// Adds to a body the field by which a super-admin names the company.
fn add_company(body: &mut Value) {
    let own = match body.get("allOf") {
        Some(_) => body["allOf"].as_array_mut().into_iter().flatten().find(|part| part.get("properties").is_some()),
        None => Some(body),
    };
    if let Some(fields) = own.and_then(|own| own["properties"].as_object_mut()) {
        let field = json!({
            "type": ["integer", "null"], "format": "int64",
            "description": "A super-admin must name the company; for everybody else it is their own.",
        });
        fields.entry("id_company").or_insert(field);
    }
}

fn add_parameter(operation: &mut Value, parameter: Value) {
    match operation.get_mut("parameters").and_then(Value::as_array_mut) {
        Some(parameters) => parameters.push(parameter),
        None => operation["parameters"] = json!([parameter]),
    }
}

fn info() -> Value {
    json!({
        "title": "Relevo",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Channel integration and webhook relay for customer service.\n\n\
            **Credentials.** `X-User-Consumo` (client key) and `X-User-Secret` with every call. A client belongs to one \
            company and sees nothing of others: a foreign id is answered exactly as one that does not exist. A \
            super-admin belongs to none and names the company with each call: as `?id_company=`, and below `/api/` as a \
            field of the request (`id_company`, `company` where the route says so), which a POST has in its body. A \
            revoked client is refused within five seconds. After 20 wrong secrets within a minute a client key is answered 429 until the minute is \
            over.\n\n\
            **People** log in by `POST /api/auth/login`, through a program of their company, and send the token that it \
            answers with each call as `Authorization: Bearer`, with or without the program's headers. Such a call is the \
            person's: in its role, for its company. A token holds for 12 hours and ends at once by logging out, with \
            another password, PIN or role, and when the person is deactivated. After 10 wrong passwords within 10 minutes \
            an address is answered 429 until these are over.\n\n\
            **Roles.** `admin`: everything of the company. `operator`: everything but configuring channels and \
            subscriptions and changing people. `agent`: what an operator may, but neither changes departments, groups, \
            hours, answers and publications nor asks for reports; and a person who is an agent writes and takes tickets \
            only as itself, and acts only on its own tickets and on those that wait in its groups. `integration` \
            (programs only): the same as an operator. Everybody may change the own name, phone, password, PIN and \
            picture. What the role may not is 403.\n\n\
            | | admin | operator | agent | integration |\n|---|---|---|---|---|\n\
            | configure channels, webhooks and subscriptions | yes | no | no | no |\n\
            | add, change, (de)activate people | yes | no | no | no |\n\
            | change what is one's own | yes | yes | yes | – |\n\
            | list and show people | yes | yes | yes | yes |\n\
            | change departments, groups, hours, answers, publications | yes | yes | no | yes |\n\
            | read them | yes | yes | yes | yes |\n\
            | reports, and telling all who wait (`diferencia`) | yes | yes | no | yes |\n\
            | read chats, messages, tickets, templates | yes | yes | yes | yes |\n\
            | act on tickets | all | all | a person: its own, and what waits in its groups | all |\n\
            | send, and act on messages | as anybody | as anybody | a person: as itself | as anybody |\n\n\
            **Record.** Every call, also a refused one, gets a number (`id_bitacora_log`) that stands in the header \
            `X-Bitacora-Log` of its answer. Quote it when you ask about a call.\n\n\
            **Errors** are `{\"message\": …, \"status\": …}`. 503 comes with `Retry-After`.\n\n\
            **Limits.** A call's answer begins within 30 seconds. At most 1,024 calls are in hand at once; more wait, \
            and are answered 503 after five seconds. Lists without pages show the newest 10,000. No call of the \
            tickets family reads a body. Bodies below `/api/` may have 16 MiB unless the route says otherwise, and all \
            that are in hand together 256 MiB: more are answered 503.\n\n\
            **Below `/api/`** answers and refusals have the envelope `data`, `status`, `message`, `code`, \
            `id_bitacora_log`; a refused request is told everything that is wrong with it at once, field by field, in \
            `data.errors`. Numbers may come as text and text as numbers; unknown fields are ignored. A GET takes its \
            fields from the query string and from a JSON body. `Idempotency-Key` on a POST: the same call made again \
            within 24 hours gets the first one's answer, with its `id_bitacora_log`, and has no second effect; while the \
            first one is not done it is 409 with `Retry-After`, with another body 409. A refused call may be made again \
            under its key.\n\n\
            Every path of the tickets family is taken with and without the slash at its end.",
    })
}

const CHANNELS: &str = "Channels, for those who configure: role `admin`. A company's admin names the own company; a \
    super-admin any. No secret is ever answered: `****` stands for one that is there.";

const SUBSCRIPTIONS: &str = "Bots, CRMs and other systems that events are relayed to: role `admin`. An event that is not \
    taken (2xx within ten seconds) is sent again, later and later, for a day; `Retry-After` of a 429 or 503 is honoured, a \
    410 switches the subscription off, redirects are not followed. One subscription's failures hold nobody else's \
    events. A bot that gets no tickets because it failed is sent `subscription.test` after a minute, later and later, at \
    the latest every quarter of an hour; once it answers it gets tickets again. Events: `ticket.opened`, `ticket.reopened`, `ticket.queued`, `ticket.assigned`, `ticket.unassigned`, \
    `ticket.group_changed`, `ticket.bot_assigned`, `ticket.bot_released`, `ticket.closed`, `ticket.ignored`, \
    `ticket.noted`, `ticket.linked`, `message.received`, `message.updated` (further pictures of an album, named \
    in `adjuntos`), `message.sent`, `message.status`, `presence.changed`.";
const CATALOGUE: &str = "Departments and frequent answers. Every role reads them; role `agent` changes nothing.";

const WEBHOOKS: &str = "What platforms push. They are authenticated by the platform's own signature or secret over the \
    raw bytes, not by client credentials. 200 is answered only when everything in the webhook is durable; 503 with \
    `Retry-After` asks the platform to send it again, which is always safe.";

fn security_schemes() -> Value {
    let key = |name: &str, description: &str| json!({"type": "apiKey", "in": "header", "name": name, "description": description});
    json!({
        "clientKey": key("X-User-Consumo", "The client's key."),
        "clientSecret": key("X-User-Secret", "The client's secret, shown once when the client was made."),
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "A person's token, from `auth/login`. Alone, or beside a program's credentials, which then \
                            must be right and of the same company.",
        },
        "metaSignature": key("X-Hub-Signature-256", "`sha256=` and the HMAC of the raw body with the app's secret."),
        "telegramSecret": key("X-Telegram-Bot-Api-Secret-Token", "The secret that was given to setWebhook."),
        "mailProvider": {
            "type": "http", "scheme": "basic",
            "description": "What the channel is configured for: credentials in the URL, or the provider's signature.",
        },
    })
}

fn headers() -> Value {
    json!({
        "X-Bitacora-Log": {
            "description": "The call's `id_bitacora_log`.", "schema": {"type": "integer", "format": "int64"},
        },
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    })
}

fn refusals() -> Value {
    let refusal = |status: u16, message: &str, description: &str| {
        json!({
            "description": description,
            "headers": match status {
                429 | 503 => json!({"Retry-After": {"$ref": "#/components/headers/Retry-After"}}),
                _ => json!({}),
            },
            "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Error"},
                "example": {"message": message, "status": status},
            }},
        })
    };
    json!({
        "400": refusal(400, "The query string must not hold NUL", "The query string cannot be understood."),
        "401": refusal(401, "Unauthenticated.", "The credentials are missing or wrong."),
        "404": refusal(404, "Company not found", "`id_company` is not the caller's company, or no company at all."),
        "422": refusal(422, "id_company must be a number", "`id_company` is no number, or a super-admin named none."),
        "429": refusal(429, "Too many failed attempts, try again later", "This client key failed too often."),
        "500": refusal(500, "Something went wrong on our side; quote the X-Bitacora-Log of this answer", "A defect."),
        "503": refusal(503, "Service unavailable, try again later", "Nothing was done; worth another try."),
    })
}

/// The refusals below `/api/`, in their own form.
fn ap_refusals() -> Paths {
    let refusal = |status: u16, message: &str, description: &str| {
        let answer = json!({
            "description": description,
            "headers": match status {
                429 | 503 => json!({"Retry-After": {"$ref": "#/components/headers/Retry-After"}}),
                _ => json!({}),
            },
            "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Envelope_Value"},
                "example": {
                    "data": null, "status": "error", "message": message, "code": status, "id_bitacora_log": 736_014,
                },
            }},
        });
        (format!("Ap{status}"), answer)
    };
    let mut refusals: Paths = [
        refusal(400, "El cuerpo no es JSON válido (línea 1, columna 2).", "The request cannot be understood."),
        refusal(403, "No tiene permisos para esta acción.", "The caller's role may not."),
        refusal(404, "La empresa indicada no existe.", "There is none, or none for this caller."),
        refusal(
            409,
            "La Idempotency-Key ya se usó con otra solicitud.",
            "It contradicts what is there, or `Idempotency-Key`: see the introduction.",
        ),
        refusal(413, "El cuerpo de la solicitud supera el máximo de 16 MiB.", "The body is too large."),
        refusal(
            415,
            "El cuerpo debe ser JSON (Content-Type: application/json).",
            "The body is no JSON by its own word.",
        ),
        refusal(422, "Validacion fallida.", "Something is missing or wrong: all of it, by field, in `data.errors`."),
        refusal(429, "Demasiados intentos fallidos; intente de nuevo más tarde.", "This client key failed too often."),
        refusal(500, "Ocurrió un error interno; al consultar, indique el id_bitacora_log.", "A defect."),
        refusal(503, "Servicio no disponible; intente de nuevo más tarde.", "Nothing was done; worth another try."),
    ]
    .into_iter()
    .collect();
    refusals["Ap422"]["content"]["application/json"]["example"]["data"] =
        json!({"errors": {"id_company": ["El id de la empresa es obligatorio."]}});
    let unauthenticated = json!({
        "description": "The credentials are missing or wrong.",
        "content": {"application/json": {
            "schema": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
            "example": {"message": "Unauthenticated."},
        }},
    });
    refusals.insert("Ap401".to_owned(), unauthenticated);
    refusals
}

/// The refusals below `/api/mundosocial/`: what is wrong with a request is always 400, in the nested form.
fn ms_refusals() -> Paths {
    let short = |message: &str| json!({"mensaje": message});
    let nested = |code: u16, message: &str| {
        let error = json!({
            "codigoRespuesta": 0, "descripcionRespuesta": "Error", "detalleRespuesta": {"mensaje": message, "0": ""},
        });
        json!({"error": error, "codigo": code})
    };
    [
        ("400", "Something is missing or wrong: all of it.", nested(400, "El campo tick_id es obligatorio.")),
        ("401", "The credentials are missing or wrong.", short("Unauthenticated.")),
        ("403", "The caller's role may not.", short("No tiene permisos para esta acción.")),
        ("404", "`id_company` is not the caller's company.", short("La empresa indicada no existe.")),
        (
            "409",
            "It contradicts what is there (a name that is taken, something in use), or `Idempotency-Key`: see the introduction.",
            nested(409, "La Idempotency-Key ya se usó con otra solicitud."),
        ),
        ("413", "The body is too large.", short("El cuerpo de la solicitud supera el máximo de 16 MiB.")),
        ("415", "The body is no JSON by its own word.", short("El cuerpo debe ser JSON.")),
        ("429", "This client key failed too often; see Retry-After.", short("Demasiados intentos fallidos.")),
        ("500", "A defect.", short("Ocurrió un error interno.")),
        ("503", "Nothing was done; worth another try: see Retry-After.", short("Servicio no disponible.")),
    ]
    .into_iter()
    .map(|(status, description, example)| {
        let content = json!({"application/json": {"schema": {"type": "object"}, "example": example}});
        (format!("Ms{status}"), json!({"description": description, "content": content}))
    })
    .collect()
}

/// Routes by which people log in; only a program calls those that are for somebody who is not.
const AUTH: &str = "/api/auth/";
const ENTERING: [&str; 2] = ["/api/auth/login", "/api/auth/password/"];

/// A program's credentials.
fn programs() -> Value {
    json!([{"clientKey": [], "clientSecret": []}])
}

/// These, a person's token, or both.
fn callers() -> Value {
    json!([{"clientKey": [], "clientSecret": []}, {"bearer": []}, {"clientKey": [], "clientSecret": [], "bearer": []}])
}

/// What every operation below `/api/` has.
fn add_common_ap(operation: &mut Value, keyed: bool, family: &str) {
    for status in ["400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503"] {
        let responses = &mut operation["responses"];
        let never = (status == "409" && !keyed) || (status == "422" && family == "Ms");
        if responses.get(status).is_none() && !never {
            responses[status] = json!({"$ref": format!("#/components/responses/{family}{status}")});
        }
    }
    operation["security"] = callers();
    if keyed {
        let key = json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "Makes it safe to make the same call again; see the introduction.",
        });
        add_parameter(operation, key);
    }
}

/// What every operation of an authenticated family has.
fn add_common(operation: &mut Value) {
    for status in ["400", "401", "404", "422", "429", "500", "503"] {
        let responses = &mut operation["responses"];
        if responses.get(status).is_none() {
            responses[status] = json!({"$ref": format!("#/components/responses/{status}")});
        }
    }
    operation["security"] = callers();
    add_parameter(operation, json!({"$ref": "#/components/parameters/id_company"}));
}

/// Successful answers say that they carry the call's number; refusals do so in the introduction.
fn describe_success(operation: &mut Value) {
    for status in ["200", "201"] {
        let Some(answer) = operation["responses"].get_mut(status) else { continue };
        if answer.get("description").is_none() {
            answer["description"] = json!("Success.");
        }
        answer["headers"]["X-Bitacora-Log"] = json!({"$ref": "#/components/headers/X-Bitacora-Log"});
    }
}

type Paths = serde_json::Map<String, Value>;

fn paths(items: impl IntoIterator<Item = (&'static str, Value)>) -> Paths {
    items.into_iter().map(|(path, item)| (path.to_owned(), item)).collect()
}

fn pages_paths() -> Paths {
    let page = |id: &str, summary: &str, form: &str| {
        let mut content = Paths::new();
        content.insert(form.to_owned(), json!({}));
        json!({"get": {
            "tags": ["operation"], "operationId": id, "summary": summary,
            "responses": {"200": {"description": summary, "content": content}},
        }})
    };
    paths([
        ("/openapi.json", page("openapi_json", "This document.", "application/json")),
        ("/docs/", page("docs", "This document, for people.", "text/html")),
    ])
}

fn webhook_paths() -> Paths {
    let meta = json!([{"metaSignature": []}]);
    let any = json!([{"metaSignature": []}, {"telegramSecret": []}, {"mailProvider": []}]);
    let json_body = json!({"application/json": {"schema": {"type": "object"}}});
    let mail_body = json!({
        "message/rfc822": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {"schema": {"type": "object"}},
        "multipart/form-data": {"schema": {"type": "object"}},
        "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
    });
    paths([
        (
            "/webhooks/meta",
            json!({
                "get": handshake("meta_handshake", None),
                "post": event("meta_webhook", "WhatsApp and Facebook Page events of every channel", &meta, &json_body, None),
            }),
        ),
        (
            "/api/meta/readMessagesWAP",
            json!({
                "get": handshake("meta_handshake_ap", None),
                "post": event("meta_webhook_ap", "The same as /webhooks/meta, answered as AP documents it", &meta, &json_body, None),
            }),
        ),
        (
            "/webhooks/{channel}",
            json!({
                "get": handshake("channel_handshake", Some("channel")),
                "post": event("channel_webhook", "Events of one channel of any kind", &any, &json_body, Some("channel")),
            }),
        ),
        (
            "/api/telegram/receive/{idChannel}",
            json!({"post": event(
                "telegram_webhook", "Telegram updates of one channel", &json!([{"telegramSecret": []}]), &json_body,
                Some("idChannel"),
            )}),
        ),
        (
            "/webhooks/email/{channel}",
            json!({"post": event(
                "email_webhook", "A mail, raw (RFC 5322) or as Postmark, Mailgun or SendGrid push it",
                &json!([{"mailProvider": []}]), &mail_body, Some("channel"),
            )}),
        ),
    ])
}

/// A platform's check of the URL.
fn handshake(id: &str, channel: Option<&str>) -> Value {
    let mut parameters = channel_parameter(channel);
    parameters.extend(
        ["hub.mode", "hub.verify_token", "hub.challenge"]
            .map(|name| json!({"name": name, "in": "query", "required": false, "schema": {"type": "string"}})),
    );
    json!({
        "tags": ["webhooks"], "operationId": id, "security": [], "parameters": parameters,
        "summary": "The platform checks the URL: the challenge comes back if the verify token is a channel's",
        "responses": {
            "200": {"description": "The challenge.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            "403": {"description": "The verify token is not ours."},
            "503": {"description": "Worth another try."},
        },
    })
}

fn event(id: &str, summary: &str, security: &Value, body: &Value, channel: Option<&str>) -> Value {
    json!({
        "tags": ["webhooks"], "operationId": id, "summary": summary, "security": security,
        "parameters": channel_parameter(channel),
        "requestBody": {"required": true, "content": body},
        "responses": {
            "200": {
                "description": "Everything in it is durable, or was known already, or is for an account that nobody configured.",
                "content": {"application/json": {"schema": {"type": "object"}, "example": {"status": "ok"}}},
            },
            "400": {"description": "The body came incomplete."},
            "401": {"description": "The signature or secret is missing or wrong; nothing was stored."},
            "413": {"description": "The body is larger than the platform's largest."},
            "503": {
                "description": "Not certain to be durable, or too much in hand: send it again.",
                "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}},
            },
        },
    })
}

fn channel_parameter(name: Option<&str>) -> Vec<Value> {
    let parameter = |name| {
        json!({
            "name": name, "in": "path", "required": true, "schema": {"type": "string"},
            "description": "The channel's uuid, or its number.",
        })
    };
    name.map(parameter).into_iter().collect()
}
