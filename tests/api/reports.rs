//! Reports (MS "Reportes").

use relevo_adapters::Millis;
use serde_json::{Value, json};
use sqlx::query;

use super::{
    house::{House, Tenant},
    mundosocial::{ok, refused},
};
use relevo::{
    desk::clients::Role,
    store::{
        Db,
        groups::{self, Group},
        tickets::{self, Ticket},
        users::{self, User},
    },
};

on_both_databases! {
    a_day_s_figures_add_up
    days_are_those_of_the_time_zone
    a_table_of_the_same_figures
    what_is_wrong_with_a_report_is_said_at_once
    agents_get_no_report_and_nobody_another_company_s
}

const REPORTE: &str = "/api/mundosocial/reporte";
/// 2026-05-28 12:00:00 UTC, 08:00 in Santiago.
const NOON: Millis = 1_779_969_600_000;
const MINUTE: Millis = 60_000;

struct Day {
    tenant: Tenant,
    channels: [i64; 2],
    groups: [i64; 2],
    agents: [i64; 2],
}

/// A made-up day: ticket n of 1 to 20 is opened n minutes past noon. Every fifth waits still, every fourth is in hand, the
/// others were closed. Those that were assigned waited n minutes, were answered a minute later, and closed n minutes
/// after the assignment.
async fn day(house: &House) -> Day {
    let tenant = house.tenant().await;
    let channels = [house.channel(&tenant, "telegram").await, house.channel(&tenant, "email").await];
    let group = |name: &str| Group {
        company_id: tenant.id,
        name: name.to_owned(),
        policy: "auto".to_owned(),
        timezone: "UTC".to_owned(),
        active: 1,
        ..Group::default()
    };
    let agent = |name: &str| User {
        company_id: tenant.id,
        email: format!("{name}@prueba.com").to_lowercase(),
        name: name.to_owned(),
        role: "agent".to_owned(),
        capacity: 5,
        active: 1,
        presence_id: 1,
        ..User::default()
    };
    let made = async |tx: &mut relevo::store::Tx| {
        let groups = [
            groups::insert(tx, &group("=Ventas, \"Norte\"")).await.unwrap(),
            groups::insert(tx, &group("Cobranza")).await.unwrap(),
        ];
        (groups, [users::insert(tx, &agent("Ana")).await.unwrap(), users::insert(tx, &agent("Eva")).await.unwrap()])
    };
    let (groups, agents) = house.write(made).await;
    let day = Day { tenant, channels, groups, agents };
    let rows: Vec<Ticket> = (1..=20).map(|n| ticket(house, &day, n)).collect();
    house.write(async |tx| tickets::save(tx, &rows.iter().collect::<Vec<_>>()).await.unwrap()).await;
    for row in rows.iter().filter(|row| row.assigned_at.is_some()) {
        // It was queued before, and is assigned once more later: neither is the first assignment.
        routed(house, row, "queued", row.created_at).await;
        routed(house, row, "assigned", row.created_at + row.number * MINUTE).await;
        routed(house, row, "assigned", row.created_at + row.number * 2 * MINUTE).await;
    }
    day
}

fn ticket(house: &House, day: &Day, n: i64) -> Ticket {
    let created_at = NOON + n * MINUTE;
    let of = |two: [i64; 2], n: i64| two[usize::try_from(n % 2).unwrap()];
    let assigned = created_at + n * MINUTE;
    let plain = Ticket {
        id: house.clock.id(),
        company_id: day.tenant.id,
        number: n,
        channel_id: of(day.channels, n),
        kind: "telegram".to_owned(),
        conversation_id: house.clock.id(),
        state: "open".to_owned(),
        group_id: (n % 3 > 0).then(|| of(day.groups, n % 3)),
        created_at,
        updated_at: created_at,
        ..Ticket::default()
    };
    let taken = Ticket {
        assigned_at: Some(assigned),
        answered_at: Some(assigned + MINUTE),
        waiting_since: None,
        ..plain.clone()
    };
    match n {
        _ if n % 5 == 0 => plain,
        _ if n % 4 == 0 => Ticket { state: "inProgress".to_owned(), agent_id: Some(of(day.agents, n / 4)), ..taken },
        _ => Ticket {
            state: "closed".to_owned(),
            closed_by: Some(of(day.agents, n)),
            closed_at: Some(assigned + n * MINUTE),
            ..taken
        },
    }
}

async fn routed(house: &House, ticket: &Ticket, outcome: &str, at: Millis) {
    const SQL: &str = "INSERT INTO ticket_routings (id, ticket_id, cause, outcome, explanation, at) \
                       VALUES ($1, $2, 'opened', $3, '{}', $4)";
    let id = house.clock.id();
    match &house.db {
        Db::Sqlite { writer, .. } => {
            query(SQL).bind(id).bind(&ticket.id).bind(outcome).bind(at).execute(writer).await.map(drop).unwrap();
        }
        Db::Postgres(pool) => {
            query(SQL).bind(id).bind(&ticket.id).bind(outcome).bind(at).execute(pool).await.map(drop).unwrap();
        }
    }
}

fn sum(all: &Value, pointer: &str) -> i64 {
    all.as_array().unwrap().iter().map(|one| one.pointer(pointer).unwrap().as_i64().unwrap()).sum()
}

async fn a_day_s_figures_add_up(house: &House) {
    let day = day(house).await;
    let path = format!("{REPORTE}?desde=28-05-2026&hasta=28-05-2026");
    let report = ok(&house.get(&day.tenant.client, &path).await);
    assert_eq!((&report["desde"], &report["zona"]), (&json!("28-05-2026"), &json!("America/Santiago")));
    // 5, 10, 15, 20 wait; 4, 8, 12, 16 are in hand; twelve were closed.
    let total = &report["total"];
    let states = ["tickets", "abiertos", "en_progreso", "cerrados", "ignorados"];
    assert_eq!(states.map(|state| total[state].as_i64().unwrap()), [20, 4, 4, 12, 0]);
    assert_eq!(
        total["dias"],
        json!([{
            "dia": "28-05-2026", "tickets": 20, "abiertos": 4, "en_progreso": 4, "cerrados": 12, "ignorados": 0,
        }])
    );
    // The minutes waited: 1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19: 160 of them in 16 tickets.
    assert_eq!(total["espera"], json!({"cantidad": 16, "promedio": 600, "mediana": 540, "p90": 1080}));
    assert_eq!(total["primera_respuesta"], json!({"cantidad": 16, "promedio": 660, "mediana": 600, "p90": 1140}));
    // Closed: 1, 2, 3, 6, 7, 9, 11, 13, 14, 17, 18, 19: 120 of 12.
    assert_eq!(total["atencion"], json!({"cantidad": 12, "promedio": 600, "mediana": 540, "p90": 1080}));
    for (of, names) in [("canales", "cuen_descripcion"), ("grupos", "grup_nombre"), ("ejecutivos", "usua_nombre")] {
        let all = &report[of];
        for state in states {
            assert_eq!(sum(all, &format!("/{state}")), total[state].as_i64().unwrap(), "{of} {state}");
            assert_eq!(sum(all, &format!("/dias/0/{state}")), total[state].as_i64().unwrap(), "{of} {state}");
        }
        for time in ["espera", "primera_respuesta", "atencion"] {
            let path = format!("/{time}/cantidad");
            assert_eq!(sum(all, &path), total[time]["cantidad"].as_i64().unwrap(), "{of} {time}");
        }
        assert!(all.as_array().unwrap().iter().all(|one| one[names] != ""), "{all}");
    }
    let names: Vec<&Value> = report["ejecutivos"].as_array().unwrap().iter().map(|one| &one["usua_nombre"]).collect();
    assert_eq!(names, [&json!("Sin ejecutivo"), &json!("Ana"), &json!("Eva")]);
    assert_eq!(report["ejecutivos"][0]["abiertos"], 4, "what waits is nobody's");
}

async fn days_are_those_of_the_time_zone(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    // 2026-05-29 03:59:59 UTC is still the 28th in Santiago.
    let late = 1_780_027_199_000;
    house.apply(&[tenant.says(channel, "1", late, "hola"), tenant.says(channel, "2", late + 1000, "hola")]).await;
    let tickets = async |query: &str| {
        let report = ok(&house.get(&tenant.client, &format!("{REPORTE}?{query}")).await);
        report["total"]["tickets"].as_i64().unwrap()
    };
    assert_eq!(tickets("desde=28-05-2026&hasta=28-05-2026").await, 1);
    assert_eq!(tickets("desde=29-05-2026&hasta=29-05-2026").await, 1);
    assert_eq!(tickets("desde=28-05-2026&hasta=29-05-2026").await, 2);
    assert_eq!(tickets("desde=29-05-2026&hasta=29-05-2026&zona=UTC").await, 2);
    assert_eq!(tickets("desde=28-05-2026&hasta=28-05-2026&zona=America/Mexico_City").await, 2);
    assert_eq!(tickets("desde=01-01-2024&hasta=31-12-2024").await, 0, "366 days, none of which has any");
}

async fn a_table_of_the_same_figures(house: &House) {
    let day = day(house).await;
    let path = format!("{REPORTE}?desde=28-05-2026&hasta=28-05-2026&formato=CSV");
    let reply = house.get(&day.tenant.client, &path).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    let name = "attachment; filename=\"reporte_28-05-2026_28-05-2026.csv\"";
    assert_eq!(reply.headers["content-disposition"], name);
    let text = std::str::from_utf8(&reply.bytes).unwrap().strip_prefix('\u{feff}').expect("a byte order mark");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(lines[0].starts_with("agrupacion,id,nombre,dia,tickets,abiertos,"), "{}", lines[0]);
    assert_eq!(lines[1], "total,,,,20,4,4,12,0,16,600,540,1080,16,660,600,1140,12,600,540,1080");
    assert_eq!(lines[2], "total,,,28-05-2026,20,4,4,12,0,,,,,,,,,,,,");
    let group = format!("grupo,{},\"'=Ventas, \"\"Norte\"\"\",,", day.groups[0]);
    assert!(lines.iter().any(|line| line.starts_with(&group)), "{text}");
    assert_eq!(lines.last(), Some(&""), "every line ends");
    // The total, two channels, three groups and three agents, each with its day.
    assert_eq!(lines.len(), 1 + 2 * (1 + 2 + 3 + 3) + 1);
}

async fn what_is_wrong_with_a_report_is_said_at_once(house: &House) {
    let client = house.tenant().await.client;
    let said = refused(&house.get(&client, &format!("{REPORTE}?desde=2026-05-28&zona=Marte&formato=pdf")).await);
    for part in
        ["desde debe ser una fecha real", "hasta es obligatorio", "zona debe ser", "formato debe ser json o csv"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    for (query, said) in [
        ("desde=02-01-2026&hasta=01-01-2026", "El campo hasta no debe ser anterior a desde."),
        ("desde=01-01-2025&hasta=02-01-2026", "El reporte abarca a lo más 366 días."),
        ("desde=31-02-2026&hasta=01-03-2026", "El campo desde debe ser una fecha real: DD-MM-AAAA."),
        ("desde=01-01-2026%2010:00:00&hasta=01-03-2026", "El campo desde debe ser una fecha real: DD-MM-AAAA."),
        ("desde=31-12-9999&hasta=31-12-9999", "El campo desde debe ser una fecha real: DD-MM-AAAA."),
    ] {
        assert!(refused(&house.get(&client, &format!("{REPORTE}?{query}")).await).starts_with(said), "{query}");
    }
    // PC's wrong dates.
    for wrong in ["12/12/2012", "12-12-12", "10-12", "03-16-2014", "12-10-2018%2010:23"] {
        for (field, query) in
            [("desde", format!("desde={wrong}&hasta=01-03-2019")), ("hasta", format!("desde=01-03-2012&hasta={wrong}"))]
        {
            let said = refused(&house.get(&client, &format!("{REPORTE}?{query}")).await);
            assert_eq!(said, format!("El campo {field} debe ser una fecha real: DD-MM-AAAA."), "{query}");
        }
    }
}

async fn agents_get_no_report_and_nobody_another_company_s(house: &House) {
    let (day, other) = (day(house).await, house.tenant().await);
    let path = format!("{REPORTE}?desde=28-05-2026&hasta=28-05-2026");
    for role in Role::ALL {
        let reply = house.get(&house.client(Some(day.tenant.id), role).await, &path).await;
        match role {
            Role::Agent => {
                let said = json!({"mensaje": "No tiene permisos para esta acción."});
                assert_eq!((reply.status.as_u16(), reply.json()), (403, said));
            }
            Role::Admin | Role::Operator | Role::Integration => assert_eq!(ok(&reply)["total"]["tickets"], 20),
        }
    }
    assert_eq!(ok(&house.get(&other.client, &path).await)["total"]["tickets"], 0);
    assert_eq!(house.get(&other.client, &format!("{path}&id_company={}", day.tenant.id)).await.status, 404);
}
