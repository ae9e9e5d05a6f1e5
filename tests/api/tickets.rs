//! Which tickets, messages and files are found, and by whom.

use relevo_adapters::{Attachment, Blob, Content, MediaKind, MediaSource};
use serde_json::{Value, json};

use super::{
    files::{anybody, local},
    house::{House, START, Tenant},
};
use relevo::store::{contacts, tickets};

on_both_databases! {
    p9_two_companies_see_nothing_of_each_other
    what_is_no_id_is_not_found
    a_customer_is_found_by_his_national_number_however_it_is_written
    lists_need_their_parameters
    states_are_the_four_documented_ones
    p9_a_deleted_message_shows_neither_text_nor_files
    a_file_comes_as_a_download
    p9_only_what_no_browser_runs_is_shown_in_place
    a_part_of_a_file_can_be_asked_for
}

async fn only_ticket(house: &House, tenant: &Tenant) -> String {
    let list = house.body(&tenant.client, "/v2/tickets/state/open").await;
    assert_eq!(list["tickets"].as_array().unwrap().len(), 1, "{list}");
    list["tickets"][0].as_str().unwrap().to_owned()
}

fn file(blob: &Blob, mime: &str, name: &str) -> Attachment {
    Attachment {
        kind: MediaKind::Document,
        source: MediaSource::Blob { sha256: blob.sha256.clone() },
        mime: Some(mime.into()),
        file_name: Some(name.into()),
        size: None,
        content_id: None,
        extra: None,
    }
}

async fn p9_two_companies_see_nothing_of_each_other(house: &House) {
    let (ours, theirs) = (house.tenant().await, house.tenant().await);
    let blob = Blob::new(&b"private"[..]);
    house.blobs.put(&blob).await.unwrap();
    for tenant in [&ours, &theirs] {
        let channel = house.channel(tenant, "facebook").await;
        house.apply(&[tenant.sends(channel, "1/2", "m", vec![file(&blob, "text/plain", "a.txt")])]).await;
    }
    let (id, foreign) = (only_ticket(house, &ours).await, only_ticket(house, &theirs).await);
    assert_ne!(id, foreign);
    house.get(&ours.client, &format!("/v2/ticket/{foreign}/")).await.refused(404, "Ticket not found");
    house.get(&ours.client, &format!("/v2/ticket/{foreign}/messages/")).await.refused(404, "Ticket not found");
    let number = house.body(&ours.client, "/v2/ticket/1/by_agent_id/").await;
    assert_eq!(number["ticket_id"], json!(id), "each company counts for itself");
    let list = house.body(&ours.client, "/v2/tickets/facebook/?page_id=1&uid=2").await;
    assert_eq!((list["tickets"].as_array().unwrap().len(), &list["tickets"][0]["id"]), (1, &json!(id)));
    let range = "/v2/tickets/paginated/facebook/?from=01-01-2016&to=01-01-2017";
    assert_eq!(house.body(&ours.client, range).await["number_of_tickets"], 1);
    house.get(&ours.client, &format!("{range}&next={foreign}")).await.refused(404, "Non-existent page");
    // PC's own template of the URL with nothing to go on from.
    assert_eq!(house.body(&ours.client, &format!("{range}&next=")).await["number_of_tickets"], 1);

    let messages = house.body(&theirs.client, &format!("/v2/ticket/{foreign}/messages/")).await;
    let media = media_path(&messages["messages"][0]["media"]);
    house.get(&ours.client, &media).await.refused(404, "Media not found");
    assert_eq!(house.get(&theirs.client, &media).await.bytes.as_ref(), b"private");
}

async fn what_is_no_id_is_not_found(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    house.apply(&[tenant.says(channel, "1", START, "hola")]).await;
    let id = only_ticket(house, &tenant).await;
    for path in ["", "/messages"] {
        assert_eq!(house.get(&tenant.client, &format!("/v2/ticket/{id}{path}")).await.status, 200, "without a slash");
        for wrong in ["0", "x", "%00", "%FF", "%27%20OR%201=1", "583dcb2855d0a46e438d0206", &id.to_uppercase()] {
            let reply = house.get(&tenant.client, &format!("/v2/ticket/{wrong}{path}/")).await;
            reply.refused(404, "Ticket not found");
        }
    }
    for wrong in ["0", "2", "-1", "+1", "1.0", "1e0", "%201", "99999999999999999999", "%D9%A1", "%00", &id] {
        let reply = house.get(&tenant.client, &format!("/v2/ticket/{wrong}/by_agent_id/")).await;
        reply.refused(404, "Ticket not found");
    }
    for wrong in ["x", "%00", "%FF", &id] {
        house.get(&tenant.client, &format!("/v2/media/{wrong}/")).await.refused(404, "Media not found");
    }
    assert_eq!(house.get(&tenant.client, "/v2/ticket/1/by_agent_id").await.status, 200);
}

async fn a_customer_is_found_by_his_national_number_however_it_is_written(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    house.apply(&[tenant.says(channel, "1", START, "hola"), tenant.says(channel, "2", START, "hola")]).await;
    let ticket = house.body(&tenant.client, "/v2/ticket/1/by_agent_id/").await["ticket_id"].clone();
    let contact = tickets::find(&mut house.db.read().await.unwrap(), tenant.id, ticket.as_str().unwrap()).await;
    let contact = contact.unwrap().unwrap().contact_id.unwrap();
    house.write(async |tx| contacts::set_country_id(tx, &contact, "12345678K").await.unwrap()).await;
    for written in ["12345678K", "12.345.678-k", "12345678-K", "%2012.345.678-K%20"] {
        let list = house.body(&tenant.client, &format!("/v2/tickets/?country_id={written}")).await;
        assert_eq!(list["tickets"].as_array().unwrap().len(), 1, "{written}");
        assert_eq!(list["tickets"][0]["id"], ticket);
    }
    let unknown = house.body(&tenant.client, "/v2/tickets/?country_id=1-9").await;
    assert_eq!(unknown, json!({"status": 200, "tickets": []}));
}

async fn lists_need_their_parameters(house: &House) {
    let client = house.tenant().await.client;
    for path in ["/v2/tickets/", "/v2/tickets", "/v2/tickets/?country_id=", "/v2/tickets/?country_id=.-"] {
        house.get(&client, path).await.refused(400, "country_id is required");
    }
    for query in ["", "?page_id=1", "?uid=1", "?page_id=&uid=1"] {
        let reply = house.get(&client, &format!("/v2/tickets/facebook/{query}")).await;
        reply.refused(400, "page_id and uid are required");
    }
    let unknown = house.body(&client, "/v2/tickets/facebook/?page_id=1&uid=404").await;
    assert_eq!(unknown, json!({"status": 200, "tickets": []}));
    for twice in ["/v2/tickets/?country_id=1&country_id=2", "/v2/tickets/facebook/?page_id=1&uid=1&uid=2"] {
        let reply = house.get(&client, twice).await;
        reply.refused(400, "The query string cannot be read: is a parameter given twice?");
    }
    let reply = house.get(&client, "/v2/tickets/facebook/?page_id=1&uid=a%00b").await;
    reply.refused(400, "The query string must not hold NUL");
}

async fn states_are_the_four_documented_ones(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    house.apply(&[tenant.says(channel, "1", START, "one"), tenant.says(channel, "2", START + 5, "two")]).await;
    for (state, count) in [("open", 2), ("inProgress", 0), ("closed", 0), ("ignored", 0)] {
        let list = house.body(&tenant.client, &format!("/v2/tickets/state/{state}/")).await;
        assert_eq!(list["tickets"].as_array().unwrap().len(), count, "{state}");
    }
    let first = house.body(&tenant.client, "/v2/tickets/state/open").await["tickets"][0].clone();
    let newest = house.body(&tenant.client, "/v2/ticket/2/by_agent_id/").await["ticket_id"].clone();
    assert_eq!(first, newest, "newest first");
    // PC "Tickets filtrados por estado", the second example.
    for wrong in ["Open", "inprogress", "Abierto", "all", "%00"] {
        let reply = house.get(&tenant.client, &format!("/v2/tickets/state/{wrong}")).await;
        reply.refused(404, "Non-existent status");
    }
}

async fn p9_a_deleted_message_shows_neither_text_nor_files(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    let blob = Blob::new(&b"regretted"[..]);
    house.blobs.put(&blob).await.unwrap();
    house.apply(&[tenant.sends(channel, "1", "m1", vec![file(&blob, "text/plain", "a.txt")])]).await;
    let path = format!("/v2/ticket/{}/messages/", only_ticket(house, &tenant).await);
    let link = house.body(&tenant.client, &path).await["messages"][0]["media"].clone();
    let media = media_path(&link);
    assert_eq!(house.get(&tenant.client, &media).await.status, 200);
    assert_eq!(anybody(house, &local(&link)).await.bytes.as_ref(), b"regretted", "a link needs no credentials");

    house.apply(&[tenant.event(channel, "1", START + 9, Content::Tombstone { target: "m1".into() })]).await;
    let message = house.body(&tenant.client, &path).await["messages"][0].clone();
    assert_eq!((&message["content"], message.get("media")), (&json!("[mensaje eliminado]"), None));
    house.get(&tenant.client, &media).await.refused(404, "Media not found");
    assert_eq!(anybody(house, &local(&link)).await.status, 400);
}

async fn a_file_comes_as_a_download(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    let stored = Blob::new(&b"<script>alert(1)</script>"[..]);
    house.blobs.put(&stored).await.unwrap();
    let lost = Blob::new(&b"never stored"[..]);
    let pending = Attachment { source: MediaSource::Platform { id: "7".into() }, ..file(&lost, "image/png", "b.png") };
    let album = vec![pending, file(&stored, "text/html", "año.html"), file(&lost, "image/png", "c.png")];
    house.apply(&[tenant.sends(channel, "1", "m1", album)]).await;
    let path = format!("/v2/ticket/{}/messages/", only_ticket(house, &tenant).await);
    let message = house.body(&tenant.client, &path).await["messages"][0].clone();
    assert_eq!(message["media"], message["media_list"][0], "the first of them");
    let list: Vec<String> = message["media_list"].as_array().unwrap().iter().map(media_path).collect();
    assert_eq!(list.len(), 2, "a file whose bytes are still with the platform is not shown");

    let reply = house.get(&tenant.client, &list[0]).await;
    assert_eq!((reply.status.as_u16(), reply.bytes.as_ref()), (200, &b"<script>alert(1)</script>"[..]));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename*=UTF-8''a%C3%B1o.html"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("content-length", "25"),
    ] {
        assert_eq!(reply.headers[name], value, "{name}");
    }
    house.get(&tenant.client, &list[1]).await.refused(404, "Media not found");
}

/// The path of the file that a link leads to, for callers with credentials.
fn media_path(link: &Value) -> String {
    let link = link.as_str().unwrap();
    let id = link.split_once("?filename=").unwrap().1.split(['.', '&']).next().unwrap();
    format!("/v2/media/{id}/")
}

/// The paths of a message's files.
async fn paths(house: &House, tenant: &Tenant, files: Vec<Attachment>) -> Vec<String> {
    let channel = house.channel(tenant, "telegram").await;
    house.apply(&[tenant.sends(channel, "1", "m1", files)]).await;
    let path = format!("/v2/ticket/{}/messages/", only_ticket(house, tenant).await);
    let message = house.body(&tenant.client, &path).await["messages"][0].clone();
    let list = message["media_list"].as_array().cloned().unwrap_or_else(|| vec![message["media"].clone()]);
    list.iter().map(media_path).collect()
}

async fn p9_only_what_no_browser_runs_is_shown_in_place(house: &House) {
    let tenant = house.tenant().await;
    let blob = Blob::new(&b"bytes"[..]);
    house.blobs.put(&blob).await.unwrap();
    let cases = [
        ("image/jpeg", "inline", "image/jpeg"),
        ("audio/ogg; codecs=opus", "inline", "audio/ogg"),
        ("application/pdf", "inline", "application/pdf"),
        ("image/svg+xml", "attachment", "application/octet-stream"),
        ("text/html", "attachment", "application/octet-stream"),
        ("Image/SVG+XML", "attachment", "application/octet-stream"),
    ];
    let files = cases.iter().map(|(mime, _, _)| file(&blob, mime, "a")).collect();
    for (path, (mime, how, form)) in paths(house, &tenant, files).await.iter().zip(cases) {
        let reply = house.get(&tenant.client, path).await;
        assert_eq!(reply.headers["content-type"], form, "{mime}");
        assert_eq!(reply.bytes.as_ref(), b"bytes");
        assert_eq!(reply.headers["content-disposition"], format!("{how}; filename*=UTF-8''a"), "{mime}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    }
}

async fn a_part_of_a_file_can_be_asked_for(house: &House) {
    let tenant = house.tenant().await;
    let blob = Blob::new(&b"0123456789"[..]);
    house.blobs.put(&blob).await.unwrap();
    let path = &paths(house, &tenant, vec![file(&blob, "video/mp4", "a.mp4")]).await[0];
    for (range, status, content_range, bytes) in [
        ("bytes=2-4", 206, Some("bytes 2-4/10"), "234"),
        ("bytes=7-", 206, Some("bytes 7-9/10"), "789"),
        ("bytes=-2", 206, Some("bytes 8-9/10"), "89"),
        ("bytes=10-", 416, Some("bytes */10"), ""),
        ("bytes=0-1,4-5", 200, None, "0123456789"),
    ] {
        let mut request = tenant.client.request("GET", path);
        request.headers_mut().insert("range", range.parse().unwrap());
        request.headers_mut().insert("if-range", "\"other\"".parse().unwrap());
        let reply = house.call(request).await;
        assert_eq!((reply.status.as_u16(), reply.bytes.as_ref()), (status, bytes.as_bytes()), "{range}");
        let found = reply.headers.get("content-range").map(|value| value.to_str().unwrap());
        assert_eq!(found, content_range, "{range}");
        if status != 416 {
            assert_eq!(reply.headers["content-length"], bytes.len().to_string(), "{range}");
            assert_eq!(reply.headers["accept-ranges"], "bytes");
        }
    }
}
