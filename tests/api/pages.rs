//! Going through tickets page by page.

use serde_json::Value;

use super::house::{House, START};

on_both_databases! {
    pages_stand_still_while_tickets_arrive
    the_range_begins_with_from_and_ends_before_to
    what_cannot_be_a_range_is_refused
}

const RANGE: &str = "/v2/tickets/paginated/whatsapp/?from=29-11-2016&to=30-11-2016";

fn ids(page: &Value) -> Vec<String> {
    page["tickets"].as_array().unwrap().iter().map(|ticket| ticket["id"].as_str().unwrap().to_owned()).collect()
}

async fn pages_stand_still_while_tickets_arrive(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "whatsapp").await;
    let other = house.channel(&tenant, "telegram").await;
    // Ten in each second, so that many share their time with others.
    let mut events: Vec<_> =
        (0..250).map(|i| tenant.says(channel, &format!("{i}"), START + i / 10 * 1000, "hola")).collect();
    events.push(tenant.says(other, "other", START, "another kind"));
    house.apply(&events).await;

    let first = house.body(&tenant.client, RANGE).await;
    assert_eq!((&first["number_of_tickets"], &first["status"]), (&Value::from(100), &Value::from(200)));
    let late: Vec<_> = (0..7).map(|i| tenant.says(channel, &format!("late {i}"), START + 60_000, "hola")).collect();
    house.apply(&late).await;

    let mut seen = ids(&first);
    let mut page = first;
    let mut sizes = Vec::new();
    while let Some(next) = page["next_page"].as_str().map(str::to_owned) {
        page = house.body(&tenant.client, &format!("{RANGE}&next={next}")).await;
        assert_eq!(page["tickets"][0]["id"], next, "next_page is the first ticket of the next page");
        sizes.push(page["number_of_tickets"].as_u64().unwrap());
        seen.extend(ids(&page));
    }
    assert_eq!(sizes, [100, 50]);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first, none twice");
    assert_eq!(seen.len(), 250, "none left out");
    assert_eq!(house.body(&tenant.client, RANGE).await["tickets"][0]["identifier"], 258, "who starts anew sees them");
}

async fn the_range_begins_with_from_and_ends_before_to(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "whatsapp").await;
    let midnight = 1_480_464_000_000; // 30-11-2016 00:00:00
    let times = [midnight - 1000, midnight, midnight + 1000];
    house.apply(&times.map(|at| tenant.says(channel, &at.to_string(), at, "hola"))).await;
    for (range, numbers) in [
        ("from=30-11-2016&to=01-12-2016", vec![3, 2]),
        ("from=30-11-2016&to=30-11-2016%2000:00:01", vec![2]),
        ("from=29-11-2016&to=30-11-2016", vec![1]),
        ("from=29-11-2016+23:59:59&to=30-11-2016+00:00:02", vec![3, 2, 1]),
        ("from=30-11-2016&to=30-11-2016", vec![]),
    ] {
        let page = house.body(&tenant.client, &format!("/v2/tickets/paginated/whatsapp/?{range}")).await;
        let found: Vec<i64> =
            page["tickets"].as_array().unwrap().iter().map(|ticket| ticket["identifier"].as_i64().unwrap()).collect();
        assert_eq!(found, numbers, "{range}");
    }
}

async fn what_cannot_be_a_range_is_refused(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "whatsapp").await;
    house.apply(&[tenant.says(channel, "1", START, "hola")]).await;
    let get = async |path: &str| house.get(&tenant.client, path).await;
    for (query, message) in [
        ("to=30-11-2016", "from is required: DD-MM-AAAA or DD-MM-AAAA hh:mm:ss"),
        ("from=30-11-2016", "to is required: DD-MM-AAAA or DD-MM-AAAA hh:mm:ss"),
        ("from=30-11-2016&to=29-11-2016", "from must not be later than to"),
        ("from=&to=29-11-2016", "from must be a real date: DD-MM-AAAA or DD-MM-AAAA hh:mm:ss"),
    ] {
        get(&format!("/v2/tickets/paginated/whatsapp/?{query}")).await.refused(400, message);
    }
    // PC: "NO otros formatos como".
    for wrong in ["12/12/2012", "12-12-12", "10-12", "03-16-2014", "12-10-2018%2010:23"] {
        let reply = get(&format!("/v2/tickets/paginated/whatsapp/?from=01-01-2010&to={wrong}")).await;
        reply.refused(400, "to must be a real date: DD-MM-AAAA or DD-MM-AAAA hh:mm:ss");
    }
    for wrong in ["twitter", "WhatsApp", "%00", "whatsapp%20"] {
        let reply = get(&format!("/v2/tickets/paginated/{wrong}/?from=29-11-2016&to=30-11-2016")).await;
        reply.refused(404, "Non-existent social network");
    }
    let id = house.body(&tenant.client, RANGE).await["tickets"][0]["id"].as_str().unwrap().to_owned();
    for next in ["", &id] {
        assert_eq!(get(&format!("{RANGE}&next={next}")).await.status, 200, "{next:?}");
    }
    for (path, next) in [
        (RANGE, "583dcb2855d0a46e438d0206"),
        ("/v2/tickets/paginated/whatsapp?from=28-11-2016&to=29-11-2016", &id),
        ("/v2/tickets/paginated/telegram/?from=29-11-2016&to=30-11-2016", &id),
    ] {
        get(&format!("{path}&next={next}")).await.refused(404, "Non-existent page");
    }
}
