//! What things are called on the broker, and how an item travels.
//!
//! A durable direct exchange `<prefix>.inbound` and, per partition, a durable quorum queue `<prefix>.inbound.<p>` with
//! a single active consumer, bound by the partition's number. Whoever connects declares them; that changes nothing
//! where they exist.

use lapin::{
    BasicProperties, Channel, ExchangeKind,
    message::Delivery,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

use super::RabbitSettings;
use crate::queue::{Item, QueueError};

const ROUTE: &str = "x-relevo-route";
const ATTEMPT: &str = "x-relevo-attempt";
const PERSISTENT: u8 = 2;

/// Declares everything.
pub(super) async fn declare(channel: &Channel, settings: &RabbitSettings) -> Result<(), QueueError> {
    let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
    channel
        .exchange_declare(exchange(settings), ExchangeKind::Direct, options, FieldTable::default())
        .await
        .map_err(broken)?;
    for partition in 0..settings.partitions {
        declare_partition(channel, settings, partition).await?;
    }
    Ok(())
}

/// Declares one partition's queue and binds it.
pub(super) async fn declare_partition(
    channel: &Channel,
    settings: &RabbitSettings,
    partition: u16,
) -> Result<(), QueueError> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    // RabbitMQ 4 drops a message that was redelivered 20 times unless told otherwise; a worker that crashes again and
    // again must not lose anything (P1).
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(i32::MAX));
    let queue = queue(settings, partition);
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(queue.clone(), options, arguments).await.map_err(broken)?;
    channel
        .queue_bind(queue, exchange(settings), key(partition), QueueBindOptions::default(), FieldTable::default())
        .await
        .map_err(broken)
}

/// How many messages are ready for delivery in all partitions.
pub(super) async fn count(channel: &Channel, settings: &RabbitSettings) -> Result<i64, QueueError> {
    let mut sum = 0;
    for partition in 0..settings.partitions {
        let options = QueueDeclareOptions { passive: true, ..Default::default() };
        let declared =
            channel.queue_declare(queue(settings, partition), options, FieldTable::default()).await.map_err(broken)?;
        sum += i64::from(declared.message_count());
    }
    Ok(sum)
}

pub(super) fn exchange(settings: &RabbitSettings) -> ShortString {
    format!("{}.inbound", settings.prefix).into()
}

pub(super) fn queue(settings: &RabbitSettings, partition: u16) -> ShortString {
    format!("{}.inbound.{partition}", settings.prefix).into()
}

/// The routing key of a partition.
pub(super) fn key(partition: u16) -> ShortString {
    partition.to_string().into()
}

/// What travels beside an item's body.
pub(super) fn properties(item: &Item) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert(ROUTE.into(), AMQPValue::LongString(item.route.as_str().into()));
    headers.insert(ATTEMPT.into(), AMQPValue::LongLongInt(item.attempt));
    BasicProperties::default().with_delivery_mode(PERSISTENT).with_headers(headers)
}

/// The item in a message. Of a message that somebody else put there, it makes what it can: whoever works on it will
/// see that it is none of ours.
pub(super) fn item(delivery: Delivery) -> Item {
    let headers = delivery.properties.headers().as_ref().map(FieldTable::inner);
    let header = |name: &str| headers.and_then(|headers| headers.get(name));
    let route = match header(ROUTE) {
        Some(AMQPValue::LongString(route)) => text(route.as_bytes().to_vec()),
        Some(AMQPValue::ShortString(route)) => text(route.as_str().as_bytes().to_vec()),
        _ => String::new(),
    };
    let attempt = header(ATTEMPT).and_then(whole_number).unwrap_or_default().max(0);
    Item { route, body: text(delivery.data), attempt }
}

/// UTF-8 without NUL, which PostgreSQL does not take.
fn text(bytes: Vec<u8>) -> String {
    let text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

fn whole_number(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::ShortShortInt(n) => Some((*n).into()),
        AMQPValue::ShortShortUInt(n) => Some((*n).into()),
        AMQPValue::ShortInt(n) => Some((*n).into()),
        AMQPValue::ShortUInt(n) => Some((*n).into()),
        AMQPValue::LongInt(n) => Some((*n).into()),
        AMQPValue::LongUInt(n) => Some((*n).into()),
        AMQPValue::LongLongInt(n) => Some(*n),
        _ => None,
    }
}

/// The client's errors name no credentials.
pub(super) fn broken(error: lapin::Error) -> QueueError {
    QueueError::Broker(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(properties: BasicProperties, body: &[u8]) -> Delivery {
        let mut delivery = Delivery::mock(1, "x".into(), "0".into(), false, body.to_vec());
        delivery.properties = properties;
        delivery
    }

    #[test]
    fn an_item_travels_whole() {
        let sent = Item { route: "7:u:España".to_owned(), body: "{\"é\":1}".to_owned(), attempt: 3 };
        assert_eq!(item(delivery(properties(&sent), sent.body.as_bytes())), sent);
    }

    #[test]
    fn p7_a_stranger_s_message_becomes_an_item_all_the_same() {
        let bare = item(delivery(BasicProperties::default(), b"\xff\0x"));
        assert_eq!(bare, Item { route: String::new(), body: "\u{fffd}\u{fffd}x".to_owned(), attempt: 0 });
        let mut odd = FieldTable::default();
        odd.insert(ROUTE.into(), AMQPValue::Boolean(true));
        odd.insert(ATTEMPT.into(), AMQPValue::LongLongInt(-5));
        let odd = item(delivery(BasicProperties::default().with_headers(odd), b"x"));
        assert_eq!((odd.route.as_str(), odd.attempt), ("", 0));
    }
}
