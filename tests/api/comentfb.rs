//! Whose comment it was (MS "Cambia Face").

use bytes::Bytes;
use relevo_adapters::{Settings, facebook};
use serde_json::{Value, json};
use sqlx::Row;

use super::{
    house::{House, START, Tenant},
    mundosocial::{ok, refused},
};
use relevo::{
    desk::clients::Role,
    domain::Envelope,
    store::{
        Db,
        tickets::{self, Ticket},
    },
};

on_both_databases! {
    a_comment_gets_its_author_and_the_next_one_goes_to_the_same_ticket
    p3_who_has_a_ticket_there_already_keeps_it_and_both_are_linked
    said_again_it_changes_nothing_and_another_author_is_refused
    a_reply_s_thread_is_named_by_any_of_its_comments_or_by_its_id
    what_is_refused_has_the_seed_s_form
    p9_another_company_s_comment_is_a_missing_one
    p9_an_agent_says_it_only_of_what_is_in_his_hand
}

const COMENTFB: &str = "/api/mundosocial/comentfb";
const POST: &str = "1001_555";

struct Page {
    tenant: Tenant,
    channel: i64,
    id: String,
}

impl Page {
    async fn new(house: &House) -> Self {
        let tenant = house.tenant().await;
        let id = format!("1001{}", tenant.id);
        let settings = [("page_id", id.as_str()), ("app_secret", "x")];
        let channel = house.open_channel(&tenant, "facebook", &settings).await;
        Self { tenant, channel, id }
    }

    /// Somebody comments; Facebook says who only if `from` is given.
    async fn comment(&self, house: &House, comment: &str, parent: &str, from: Option<&str>) {
        let mut value = json!({
            "item": "comment", "verb": "add", "comment_id": comment, "post_id": POST, "parent_id": parent,
            "created_time": START / 1000, "message": "¿Precio?",
        });
        if let Some(from) = from {
            value["from"] = json!({"id": from, "name": "Ida K"});
        }
        let body = json!({
            "object": "page",
            "entry": [{"id": self.id, "time": START / 1000, "changes": [{"field": "feed", "value": value}]}],
        });
        let settings = Settings::of(&facebook::KIND, [("page_id", self.id.as_str()), ("app_secret", "x")]).unwrap();
        let channel = (facebook::KIND.open)(&settings).unwrap();
        let parsed = channel.decode(&Bytes::from(body.to_string()), START).unwrap();
        let envelope =
            |event| Envelope { channel: self.channel, company: self.tenant.id, received_at: START, log: 1, event };
        let events: Vec<Envelope> = parsed.events.into_iter().map(envelope).collect();
        assert_eq!(events.len(), 1);
        house.apply(&events).await;
    }

    async fn ticket(&self, house: &House, number: i64) -> Option<Ticket> {
        tickets::find_by_number(&mut house.db.read().await.unwrap(), self.tenant.id, number).await.unwrap()
    }

    async fn says(&self, house: &House, original: &str, person: &str) -> super::house::Reply {
        let body = json!({"remitenteOriginal": original, "nuevoRemitente": person});
        house.post(&self.tenant.client, COMENTFB, &body).await
    }

    async fn customer(&self, house: &House, ticket: i64) -> Value {
        let path = format!("/api/mundosocial/cliente/cliente?tick_id={ticket}");
        house.body(&self.tenant.client, &path).await["cliente"].clone()
    }
}

pub(super) async fn told(house: &House, company: i64, kind: &str) -> Vec<Value> {
    const SQL: &str = "SELECT data FROM events WHERE company_id = $1 AND kind = $2 ORDER BY id";
    let rows: Vec<String> = match &house.db {
        Db::Sqlite { readers, .. } => {
            let rows = sqlx::query(SQL).bind(company).bind(kind).fetch_all(readers).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
        Db::Postgres(pool) => {
            let rows = sqlx::query(SQL).bind(company).bind(kind).fetch_all(pool).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
    };
    rows.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

async fn a_comment_gets_its_author_and_the_next_one_goes_to_the_same_ticket(house: &House) {
    let page = Page::new(house).await;
    page.comment(house, "555_906", POST, None).await;
    assert_eq!(page.customer(house, 1).await, Value::Null);
    // MS 3.1.2.2.
    let reply = page.says(house, "555_906", "122222224").await;
    assert_eq!((reply.status.as_u16(), reply.json()), (200, json!({"mensaje": "ok"})));
    let customer = page.customer(house, 1).await;
    assert_eq!(customer["cacl_identificador"], format!("facebook:{}/122222224", page.id));
    page.comment(house, "555_910", POST, Some("122222224")).await;
    assert_eq!(page.ticket(house, 2).await, None, "it is the same thread");
    let path = "/api/mundosocial/mensajes/recibe?tick_id=1";
    let messages = ok(&house.get(&page.tenant.client, path).await);
    let authors: Vec<&Value> =
        messages["mensajes"].as_array().unwrap().iter().map(|message| &message["clie_id"]).collect();
    assert_eq!((authors.len(), authors[0]), (2, authors[1]), "nothing is lost, and both are the customer's");
    assert_eq!(authors[0], &customer["clie_id"]);
    let pc = format!("/v2/tickets/facebook/?page_id={}&uid=122222224", page.id);
    assert_eq!(house.body(&page.tenant.client, &pc).await["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(page.customer(house, 1).await["clie_nombre"], "Ida", "Facebook said the name meanwhile");
}

async fn p3_who_has_a_ticket_there_already_keeps_it_and_both_are_linked(house: &House) {
    let page = Page::new(house).await;
    page.comment(house, "555_901", POST, Some("777")).await;
    page.comment(house, "555_906", POST, None).await;
    let (first, second) = (page.ticket(house, 1).await.unwrap(), page.ticket(house, 2).await.unwrap());
    ok(&page.says(house, "555_906", "777").await);
    assert_eq!(page.customer(house, 1).await["clie_id"], page.customer(house, 2).await["clie_id"]);
    let path = "/api/mundosocial/omnicanalidad/relacionados?tick_id=2";
    let related = ok(&house.get(&page.tenant.client, path).await);
    assert_eq!(
        (&related["tickets"][0]["tick_id"], &related["tickets"][0]["tick_vinculado"]),
        (&json!(1), &json!(true))
    );
    page.comment(house, "555_911", POST, Some("777")).await;
    assert_eq!(page.ticket(house, 3).await, None, "one open ticket per thread");
    for before in [first, second] {
        let now = page.ticket(house, before.number).await.unwrap();
        assert_eq!((now.conversation_id, now.state), (before.conversation_id, before.state));
    }
    let told = told(house, page.tenant.id, "ticket.linked").await;
    assert_eq!((told.len(), &told[0]["linked"][0]["number"]), (1, &json!(1)));
    ok(&page.says(house, "555_906", "777").await);
    assert_eq!(self::told(house, page.tenant.id, "ticket.linked").await.len(), 1, "they are linked already");
}

async fn p9_an_agent_says_it_only_of_what_is_in_his_hand(house: &House) {
    let page = Page::new(house).await;
    page.comment(house, "555_906", POST, None).await;
    let (eva, leo) = (
        house.person(&page.tenant, "eva@prueba.com", Role::Agent).await,
        house.person(&page.tenant, "leo@prueba.com", Role::Agent).await,
    );
    let ticket =
        Ticket { state: "inProgress".to_owned(), agent_id: Some(eva.id), ..page.ticket(house, 1).await.unwrap() };
    house.write(async |tx| tickets::save(tx, &[&ticket]).await.unwrap()).await;
    let body = json!({"remitenteOriginal": "555_906", "nuevoRemitente": "777"});
    let reply = house.call_as(&leo.token, "POST", COMENTFB, &body).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["mensaje"]),
        (403, &json!("El ticket lo atiende otro ejecutivo."))
    );
    assert_eq!(page.customer(house, 1).await, Value::Null);
    ok(&house.call_as(&eva.token, "POST", COMENTFB, &body).await);
    assert_ne!(page.customer(house, 1).await, Value::Null);
}

async fn said_again_it_changes_nothing_and_another_author_is_refused(house: &House) {
    let page = Page::new(house).await;
    page.comment(house, "555_906", POST, None).await;
    ok(&page.says(house, "555_906", "777").await);
    let (ticket, customer) = (page.ticket(house, 1).await, page.customer(house, 1).await);
    ok(&page.says(house, "555_906", "777").await);
    assert_eq!((page.ticket(house, 1).await, page.customer(house, 1).await), (ticket.clone(), customer.clone()));
    let said = refused(&page.says(house, "555_906", "888").await);
    assert_eq!(
        said,
        format!("El remitenteOriginal ya está identificado como el cliente con clie_id {}.", customer["clie_id"])
    );
    assert_eq!(page.ticket(house, 1).await, ticket);
    let other = Page::new(house).await;
    other.comment(house, "555_901", POST, Some("777")).await;
    assert!(refused(&other.says(house, "555_901", "888").await).contains("ya está identificado"));
}

async fn a_reply_s_thread_is_named_by_any_of_its_comments_or_by_its_id(house: &House) {
    for original in ["555_907", "id"] {
        let page = Page::new(house).await;
        page.comment(house, "555_906", POST, None).await;
        page.comment(house, "555_907", "555_906", None).await;
        let ticket = page.ticket(house, 1).await.unwrap();
        assert_eq!(page.ticket(house, 2).await, None);
        let original = if original == "id" { &ticket.conversation_id } else { original };
        let body = json!({"remitenteOriginal": original, "nuevoRemitente": 777});
        ok(&house.post(&page.tenant.client, COMENTFB, &body).await);
        assert_eq!(page.customer(house, 1).await["cacl_identificador"], format!("facebook:{}/777", page.id));
    }
}

async fn what_is_refused_has_the_seed_s_form(house: &House) {
    let page = Page::new(house).await;
    page.comment(house, "555_906", POST, None).await;
    let client = &page.tenant.client;
    let said = refused(&house.post(client, COMENTFB, &json!({})).await);
    assert_eq!(said, "El campo nuevoRemitente es obligatorio. El campo remitenteOriginal es obligatorio.");
    // MS 3.1.1 before anybody commented.
    let unknown = refused(&page.says(house, "155555_15522", "122222224").await);
    assert_eq!(unknown, "El remitenteOriginal no se encuentra registrado.");
    for nobody in ["ana", "7 7", "-7", &page.id] {
        let said = refused(&page.says(house, "555_906", nobody).await);
        assert_eq!(said, "El campo nuevoRemitente debe ser el id numérico de una persona en Facebook.", "{nobody}");
    }
    assert_eq!(page.customer(house, 1).await, Value::Null);
    let telegram = house.channel(&page.tenant, "telegram").await;
    house.apply(&[page.tenant.says(telegram, "m:5", START, "hola")]).await;
    let ticket = page.ticket(house, 2).await.unwrap();
    for original in ["5", &ticket.conversation_id] {
        assert_eq!(refused(&page.says(house, original, "777").await), unknown, "its author is known always");
    }
}

async fn p9_another_company_s_comment_is_a_missing_one(house: &House) {
    let (ours, theirs) = (Page::new(house).await, Page::new(house).await);
    theirs.comment(house, "555_906", POST, None).await;
    let conversation = theirs.ticket(house, 1).await.unwrap().conversation_id;
    for original in ["555_906", &conversation] {
        let said = refused(&ours.says(house, original, "777").await);
        assert_eq!(said, "El remitenteOriginal no se encuentra registrado.");
    }
    assert_eq!(theirs.customer(house, 1).await, Value::Null);
}
