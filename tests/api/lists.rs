//! Lists of tickets (MS "Listar Tickets").

use relevo_adapters::Millis;
use serde_json::{Value, json};

use super::{
    customers::CLIENTE,
    house::{House, START, Tenant},
    mundosocial::{ok, refused},
};
use relevo::{
    desk::clients::Role,
    store::{
        groups::{self, Group},
        tickets::{self, Ticket},
        users::{self, User},
    },
};

on_both_databases! {
    a_row_says_everything_about_a_ticket
    every_filter_keeps_its_own
    pages_do_not_move_when_tickets_arrive
    the_queue_is_in_the_order_in_which_it_is_given_out
    an_agent_s_tickets_in_hand_and_closed
    dates_have_the_documented_forms_alone
    what_is_wrong_with_a_list_is_said_at_once
    p9_a_list_is_of_one_company
}

const LISTA: &str = "/api/mundosocial/ticket";
const COLA: &str = "/api/mundosocial/ticket/cola";
const PROCESO: &str = "/api/mundosocial/ticket/misproceso";
const CERRADOS: &str = "/api/mundosocial/ticket/miscerrados";
const DAY: Millis = 86_400_000;

/// A company with two channels, a group and an agent of it.
struct Desk {
    tenant: Tenant,
    telegram: i64,
    email: i64,
    group: i64,
    agent: i64,
}

impl Desk {
    async fn new(house: &House) -> Self {
        let tenant = house.tenant().await;
        let telegram = house.channel(&tenant, "telegram").await;
        let email = house.channel(&tenant, "email").await;
        let group = Group {
            company_id: tenant.id,
            name: "Ventas".to_owned(),
            policy: "manual".to_owned(),
            timezone: "UTC".to_owned(),
            active: 1,
            ..Group::default()
        };
        let agent = user(tenant.id, "daniel.bustos@prueba.com");
        let (group, agent) = house
            .write(async |tx| {
                let (group, agent) =
                    (groups::insert(tx, &group).await.unwrap(), users::insert(tx, &agent).await.unwrap());
                groups::add_member(tx, group, agent).await.unwrap();
                (group, agent)
            })
            .await;
        Self { tenant, telegram, email, group, agent }
    }

    /// One of the tickets of a thread of its own.
    fn ticket(&self, house: &House, number: i64) -> Ticket {
        Ticket {
            id: house.clock.id(),
            company_id: self.tenant.id,
            number,
            channel_id: self.telegram,
            kind: "telegram".to_owned(),
            conversation_id: house.clock.id(),
            state: "open".to_owned(),
            waiting_since: Some(START + number),
            created_at: START + number,
            updated_at: START + number,
            ..Ticket::default()
        }
    }

    fn in_hand(&self, house: &House, number: i64) -> Ticket {
        Ticket {
            state: "inProgress".to_owned(),
            agent_id: Some(self.agent),
            group_id: Some(self.group),
            waiting_since: None,
            ..self.ticket(house, number)
        }
    }

    fn closed(&self, house: &House, number: i64, at: Millis) -> Ticket {
        Ticket {
            state: "closed".to_owned(),
            closed_by: Some(self.agent),
            closed_at: Some(at),
            waiting_since: None,
            channel_id: self.email,
            kind: "email".to_owned(),
            ..self.ticket(house, number)
        }
    }

    async fn list(&self, house: &House, path: &str) -> Value {
        ok(&house.get(&self.tenant.client, path).await)
    }

    async fn numbers(&self, house: &House, path: &str) -> Vec<i64> {
        numbers(&self.list(house, path).await)
    }
}

fn user(company: i64, email: &str) -> User {
    User {
        company_id: company,
        email: email.to_owned(),
        name: "Daniel Bustos".to_owned(),
        role: "agent".to_owned(),
        capacity: 5,
        active: 1,
        presence_id: 1,
        ..User::default()
    }
}

fn numbers(list: &Value) -> Vec<i64> {
    list["tickets"].as_array().unwrap().iter().map(|row| row["tick_id"].as_i64().unwrap()).collect()
}

async fn save(house: &House, rows: &[Ticket]) {
    house.write(async |tx| tickets::save(tx, &rows.iter().collect::<Vec<_>>()).await.unwrap()).await;
}

async fn a_row_says_everything_about_a_ticket(house: &House) {
    let desk = Desk::new(house).await;
    house.apply(&[desk.tenant.says(desk.telegram, "1", START, "Hola")]).await;
    house.clock.advance(61_500);
    let row = desk.list(house, LISTA).await["tickets"][0].clone();
    let customer = house.body(&desk.tenant.client, &format!("{CLIENTE}/cliente?tick_id=1")).await["cliente"].clone();
    let expected = json!({
        "tick_id": 1, "tick_identificador": row["tick_identificador"], "tick_estado": "Abierto",
        "tick_fecha_creacion": "2016-11-29T18:38:32.000Z", "tick_fecha_actualizacion": "2016-11-29T18:38:32.000Z",
        "tick_asunto": null, "cuen_id": desk.telegram, "cana_id": 5, "grup_id": null, "grup_nombre": null,
        "usua_id": null, "usua_nombre": null, "clie_id": customer["clie_id"], "clie_nombre": "Jhon Doe",
        "tick_ultimo_mensaje": "Hola", "tick_ultimo_autor": "Jhon Doe", "tick_espera_segundos": 61,
        "tick_prioridad": 0, "tick_no_leidos": 1,
    });
    assert_eq!(row, expected);
    save(house, &[desk.in_hand(house, 50)]).await;
    let row = desk.list(house, LISTA).await["tickets"][0].clone();
    assert_eq!((&row["grup_nombre"], &row["usua_nombre"]), (&json!("Ventas"), &json!("Daniel Bustos")));
    assert_eq!((&row["tick_estado"], &row["tick_espera_segundos"]), (&json!("En Progreso"), &Value::Null));
}

async fn every_filter_keeps_its_own(house: &House) {
    let desk = Desk::new(house).await;
    house.apply(&[desk.tenant.says(desk.telegram, "1", START, "¿Cuánto cuesta el 100%?")]).await;
    let subject = Ticket { subject: Some("Reclamo_1".to_owned()), ..desk.closed(house, 53, START + DAY) };
    save(house, &[desk.ticket(house, 51), desk.in_hand(house, 52), subject]).await;
    let customer = house.body(&desk.tenant.client, &format!("{CLIENTE}/cliente?tick_id=1")).await["cliente"].clone();
    for (query, expected) in [
        (String::new(), vec![53, 52, 51, 1]),
        ("tick_estado=open".to_owned(), vec![51, 1]),
        ("tick_estado=en%20progreso".to_owned(), vec![52]),
        ("tick_estado=closed".to_owned(), vec![53]),
        (format!("cuen_id={}", desk.email), vec![53]),
        (format!("cuen_id={}&tick_estado=open", desk.email), vec![]),
        ("cana_id=5".to_owned(), vec![52, 51, 1]),
        ("cana_id=email".to_owned(), vec![53]),
        (format!("grup_id={}", desk.group), vec![52]),
        (format!("usua_id={}", desk.agent), vec![53, 52]),
        ("mail=Daniel.Bustos@prueba.com&tick_estado=closed".to_owned(), vec![53]),
        (format!("clie_id={}", customer["clie_id"]), vec![1]),
        ("texto=100%25".to_owned(), vec![1]),
        ("texto=reclamo_".to_owned(), vec![53]),
        ("texto=jhon".to_owned(), vec![1]),
        ("texto=nada".to_owned(), vec![]),
        ("desde=30-11-2016".to_owned(), vec![]),
        ("desde=29-11-2016&hasta=29-11-2016".to_owned(), vec![53, 52, 51, 1]),
        ("hasta=28-11-2016".to_owned(), vec![]),
        ("hasta=29-11-2016%2015:38:32".to_owned(), vec![]),
        ("desde=29-11-2016%2015:38:32&hasta=29-11-2016%2015:38:33".to_owned(), vec![53, 52, 51, 1]),
        ("desde=29-11-2016%2018:38:32&hasta=29-11-2016%2018:38:33&zona=UTC".to_owned(), vec![53, 52, 51, 1]),
        ("desde=30-11-2016&zona=Asia/Tokyo".to_owned(), vec![53, 52, 51, 1]),
    ] {
        assert_eq!(desk.numbers(house, &format!("{LISTA}?{query}")).await, expected, "{query}");
    }
}

async fn pages_do_not_move_when_tickets_arrive(house: &House) {
    let desk = Desk::new(house).await;
    // All of one moment: the id decides.
    let same = |number| Ticket { created_at: START, ..desk.ticket(house, number) };
    save(house, &(1..=5).map(same).collect::<Vec<_>>()).await;
    let (mut seen, mut next) = (Vec::new(), String::new());
    for arriving in 100.. {
        let page = desk.list(house, &format!("{LISTA}?cantidad=2{next}")).await;
        seen.extend(numbers(&page));
        save(house, &[desk.ticket(house, arriving)]).await;
        match page["siguiente"].as_str() {
            Some(after) => next = format!("&siguiente={after}"),
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let exactly = desk.list(house, &format!("{LISTA}?cantidad=8")).await;
    assert_eq!((numbers(&exactly).len(), &exactly["siguiente"]), (8, &Value::Null), "there is no empty last page");
}

async fn the_queue_is_in_the_order_in_which_it_is_given_out(house: &House) {
    let desk = Desk::new(house).await;
    let urgent = |number, waiting| Ticket { priority: 2, waiting_since: Some(waiting), ..desk.ticket(house, number) };
    let bot = Ticket { bot_id: Some(1), ..desk.ticket(house, 6) };
    let grouped = Ticket { group_id: Some(desk.group), ..desk.ticket(house, 7) };
    let rows = [
        desk.ticket(house, 1),
        urgent(2, START + 90),
        urgent(3, START + 80),
        desk.in_hand(house, 4),
        desk.closed(house, 5, START),
        bot,
        grouped,
        Ticket {
            waiting_since: Some(START),
            channel_id: desk.email,
            kind: "email".to_owned(),
            ..desk.ticket(house, 8)
        },
    ];
    save(house, &rows).await;
    assert_eq!(desk.numbers(house, COLA).await, [3, 2, 8, 1, 7]);
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = desk.list(house, &format!("{COLA}?cantidad=2{next}")).await;
        seen.extend(numbers(&page));
        match page["siguiente"].as_str() {
            Some(after) => next = format!("&siguiente={after}"),
            None => break,
        }
    }
    assert_eq!(seen, [3, 2, 8, 1, 7]);
    for (query, expected) in [
        (format!("grup_id={}", desk.group), vec![7]),
        (format!("cuen_id={}", desk.email), vec![8]),
        ("mail=daniel.bustos@prueba.com".to_owned(), vec![7]),
        ("grup_id=99999".to_owned(), vec![]),
    ] {
        assert_eq!(desk.numbers(house, &format!("{COLA}?{query}")).await, expected, "{query}");
    }
    let inactive = json!({"grup_id": desk.group, "grup_activo": false});
    ok(&house.post(&desk.tenant.client, "/api/mundosocial/grupo/update", &inactive).await);
    assert_eq!(desk.numbers(house, &format!("{COLA}?usua_id={}", desk.agent)).await, [0; 0], "none is given from it");
}

async fn an_agent_s_tickets_in_hand_and_closed(house: &House) {
    let desk = Desk::new(house).await;
    let other =
        house.write(async |tx| users::insert(tx, &user(desk.tenant.id, "otra@prueba.com")).await.unwrap()).await;
    let rows = [
        desk.in_hand(house, 1),
        desk.in_hand(house, 2),
        Ticket { agent_id: Some(other), ..desk.in_hand(house, 3) },
        desk.closed(house, 4, START + 9),
        desk.closed(house, 5, START + 7),
        desk.closed(house, 6, START + 8),
        Ticket { closed_by: Some(other), ..desk.closed(house, 7, START) },
        desk.ticket(house, 8),
        Ticket { agent_id: Some(desk.agent), closed_by: Some(other), ..desk.closed(house, 9, START + 6) },
        Ticket { state: "ignored".to_owned(), ..desk.in_hand(house, 10) },
    ];
    save(house, &rows).await;
    let who = "mail=Daniel.Bustos@prueba.com";
    assert_eq!(desk.numbers(house, &format!("{PROCESO}?{who}")).await, [2, 1]);
    assert_eq!(desk.numbers(house, &format!("{PROCESO}?usua_id={other}")).await, [3]);
    assert_eq!(desk.numbers(house, &format!("{CERRADOS}?{who}")).await, [4, 6, 5, 9], "the latest closed first");
    let first = desk.list(house, &format!("{CERRADOS}?{who}&cantidad=2")).await;
    let rest = format!("{CERRADOS}?{who}&cantidad=2&siguiente={}", first["siguiente"].as_str().unwrap());
    assert_eq!((numbers(&first), desk.numbers(house, &rest).await), (vec![4, 6], vec![5, 9]));
    assert_eq!(desk.numbers(house, &format!("{LISTA}?{who}")).await, [10, 9, 6, 5, 4, 2, 1], "however they ended");
    assert_eq!(desk.numbers(house, &format!("{LISTA}?usua_id={other}")).await, [7, 3]);
    for path in [PROCESO, CERRADOS] {
        let said = refused(&house.get(&desk.tenant.client, path).await);
        assert_eq!(said, "El campo mail es obligatorio.");
        let said = refused(&house.get(&desk.tenant.client, &format!("{path}?mail=nadie@prueba.com")).await);
        assert_eq!(said, "El mail no corresponde a un usuario de la empresa.");
    }
}

async fn dates_have_the_documented_forms_alone(house: &House) {
    let client = house.tenant().await.client;
    // PC "Tickets filtrados por canal y rango de fechas", and a day that there is not.
    for wrong in
        ["12/12/2012", "12-12-12", "10-12", "03-16-2014", "12-10-2018%2010:23", "2018-10-12", "29-02-2019", "x"]
    {
        for field in ["desde", "hasta"] {
            let said = refused(&house.get(&client, &format!("{LISTA}?{field}={wrong}")).await);
            let expected = format!("El campo {field} debe ser una fecha real: DD-MM-AAAA o DD-MM-AAAA hh:mm:ss.");
            assert_eq!(said, expected, "{wrong}");
        }
    }
    for wrong in ["desde=02-01-2019&hasta=31-12-2018", "desde=02-01-2019&hasta=01-01-2019"] {
        let said = refused(&house.get(&client, &format!("{LISTA}?{wrong}")).await);
        assert_eq!(said, "El campo hasta debe ser posterior a desde.");
    }
    let said = refused(&house.get(&client, &format!("{LISTA}?zona=Marte")).await);
    assert_eq!(said, "El campo zona debe ser una zona horaria IANA, como America/Santiago.");
}

async fn what_is_wrong_with_a_list_is_said_at_once(house: &House) {
    let client = house.tenant().await.client;
    let query = "tick_estado=x&cana_id=x&cuen_id=x&grup_id=0&cantidad=101&siguiente=x&clie_id=x&mail=x&desde=x";
    let said = refused(&house.get(&client, &format!("{LISTA}?{query}")).await);
    for field in ["tick_estado", "cana_id", "cuen_id", "grup_id", "cantidad", "siguiente", "clie_id", "mail", "desde"] {
        assert!(said.contains(field), "{field}: {said}");
    }
    let said = refused(&house.get(&client, &format!("{COLA}?cantidad=0&siguiente=1.2&mail=x")).await);
    assert!(said.contains("cantidad") && said.contains("siguiente"), "{said}");
}

async fn p9_a_list_is_of_one_company(house: &House) {
    let (ours, theirs) = (Desk::new(house).await, Desk::new(house).await);
    save(house, &[theirs.ticket(house, 1), theirs.in_hand(house, 2), theirs.closed(house, 3, START)]).await;
    for path in [
        LISTA.to_owned(),
        COLA.to_owned(),
        format!("{LISTA}?cuen_id={}", theirs.telegram),
        format!("{LISTA}?grup_id={}", theirs.group),
        format!("{LISTA}?usua_id={}", theirs.agent),
        format!("{COLA}?grup_id={}", theirs.group),
        format!("{PROCESO}?mail=daniel.bustos@prueba.com"),
        format!("{CERRADOS}?mail=daniel.bustos@prueba.com"),
    ] {
        assert_eq!(ours.numbers(house, &path).await, [] as [i64; 0], "{path}");
    }
    let said = refused(&house.get(&ours.tenant.client, &format!("{PROCESO}?usua_id={}", theirs.agent)).await);
    assert_eq!(said, "El usua_id no corresponde a un usuario de la empresa.");
    for role in Role::ALL {
        let client = house.client(Some(theirs.tenant.id), role).await;
        assert_eq!(numbers(&ok(&house.get(&client, LISTA).await)), [3, 2, 1], "{role:?}");
    }
}
