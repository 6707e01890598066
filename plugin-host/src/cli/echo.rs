//! `hotframe bus echo`: the messages of one topic, as they come.

use std::error::Error;
use std::io::Write;

use serde_json::{Value, json};
use shm_bus::schema::Fields;
use shm_bus::{Attachment, Delivery, Shown, Start, TopicInfo};

use super::exchange;
use super::find::find;
use super::topic::topic;
use super::watch::Watch;

/// Prints the messages of a topic as they come, until Ctrl-C or the game's end.
///
/// Example: hotframe bus echo physics/contact --json --count 5 | jq .message.speed
///
/// Requests and responses of a service (NAME/request, NAME/response/CLIENT) show kind, sender, correlation, method, deadline
/// (of the machine's monotonic clock) or status, and their bytes as hexadecimal digits. Floats that JSON has no number for are
/// "Infinity", "-Infinity", "NaN", or "NaN(0x7fc00001)" with the bits of any other NaN; `pub` reads all of it back exactly.
///
/// What it is too slow for is lost to it alone, and counted in `lost`.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// Which topic, such as physics/contact
    topic: String,
    /// Which bus [default: the one that lives]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// One flushed line of JSON per message
    #[arg(long)]
    json: bool,
    /// End after N messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

pub(super) fn echo(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let bus = find(args.bus.as_deref())?;
    let topic = topic(&bus, &args.topic)?;
    // A service's topics have no messages of one size.
    let fields = if topic.message_size == 0 { None } else { Some(Fields::parse(&topic.schema)?) };
    let mut inbox = bus.inbox("hotframe bus echo", Attachment::Observer)?;
    inbox.subscribe_untyped(&args.topic, Start::Now)?;
    let mut watch = Watch::start()?;
    let mut left = args.count.unwrap_or(u64::MAX);
    while left > 0 && watch.wait(&bus, &mut inbox, None)? {
        if let Some(delivery) = inbox.receive()? {
            left -= print(args.json, (&topic, fields.as_ref()), &delivery, left, out)?;
        }
    }
    Ok(())
}

/// Prints at most `most` of a record's messages, each in a line of its own; gives their number.
fn print(
    as_json: bool,
    (topic, fields): (&TopicInfo, Option<&Fields>),
    delivery: &Delivery<'_>,
    most: u64,
    out: &mut impl Write,
) -> Result<u64, Box<dyn Error>> {
    let message = match fields {
        Some(fields) => serde_json::from_str(&fields.to_json(delivery.payload))?,
        None => exchange::json(delivery, &topic.schema),
    };
    let messages = if let Value::Array(messages) = message { messages } else { vec![message] };
    let mut printed = 0;
    for message in messages.iter().take(usize::try_from(most).unwrap_or(usize::MAX)) {
        let (priority, Delivery { topic, publisher, sequence, .. }) = (delivery.priority.name(), delivery);
        // Lost before the record, hence before its first message.
        let lost = if printed == 0 { delivery.lost } else { 0 };
        if as_json {
            let line = json!({
                "topic": topic, "priority": priority, "publisher": publisher, "sequence": sequence, "lost": lost,
                "message": message,
            });
            writeln!(out, "{line}")?;
        } else {
            let gap = if lost > 0 { format!(" (after {lost} lost)") } else { String::new() };
            let (topic, publisher) = (Shown(topic), Shown(publisher));
            writeln!(out, "{topic} {priority} {publisher}#{sequence}{gap} {message}")?;
        }
        out.flush()?;
        printed += 1;
    }
    Ok(printed)
}
