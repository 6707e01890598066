//! `hotframe bus echo`: the messages of one topic, as they come.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use shm_bus::schema::Fields;
use shm_bus::{Attachment, Bus, Delivery, From};

use super::EchoArgs;
use super::find::find;

/// Between two looks at a dry inbox.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks at a dry inbox between two questions whether anybody still lives.
const LOOKS_PER_CENSUS: u32 = 250;

/// Why a topic can't be shown.
#[derive(Debug, thiserror::Error)]
enum EchoError {
    #[error("bus `{bus}` has no topic `{topic}`; it has: {}", topics.join(", "))]
    Unknown { bus: String, topic: String, topics: Vec<String> },
}

pub(super) fn echo(args: &EchoArgs, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let bus = find(args.bus.as_deref())?;
    let fields = fields(&bus, &args.topic)?;
    let mut inbox = bus.inbox("hotframe bus echo", Attachment::Observer)?;
    inbox.subscribe_untyped(&args.topic, From::Now)?;
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = stopped.clone();
    ctrlc::set_handler(move || stop.store(true, Ordering::Relaxed))?;
    let (mut left, mut idle) = (args.count.unwrap_or(u64::MAX), 0);
    while left > 0 && !stopped.load(Ordering::Relaxed) {
        match inbox.receive()? {
            Some(delivery) => {
                idle = 0;
                left -= print(args.json, &fields, &delivery, left, out)?;
            }
            None if idle >= LOOKS_PER_CENSUS && is_alone(&bus) => {
                eprintln!("bus `{}` has ended", bus.name());
                break;
            }
            None => {
                idle = if idle >= LOOKS_PER_CENSUS { 0 } else { idle + 1 };
                std::thread::sleep(PAUSE);
            }
        }
    }
    Ok(())
}

fn fields(bus: &Bus, topic: &str) -> Result<Fields, Box<dyn Error>> {
    let snapshot = bus.snapshot();
    match snapshot.topics.iter().find(|found| found.name == topic) {
        Some(found) => Ok(Fields::parse(&found.schema)?),
        None => {
            let topics = snapshot.topics.into_iter().map(|topic| topic.name).collect();
            Err(EchoError::Unknown { bus: snapshot.bus, topic: topic.to_owned(), topics }.into())
        }
    }
}

/// Prints at most `most` of a record's messages, each in a line of its own; gives their number.
fn print(
    as_json: bool,
    fields: &Fields,
    delivery: &Delivery<'_>,
    most: u64,
    out: &mut impl Write,
) -> Result<u64, Box<dyn Error>> {
    let messages = match serde_json::from_str(&fields.to_json(delivery.payload))? {
        Value::Array(messages) => messages,
        message => vec![message],
    };
    let mut printed = 0;
    for message in messages.iter().take(usize::try_from(most).unwrap_or(usize::MAX)) {
        let (priority, Delivery { topic, publisher, sequence, lost, .. }) = (delivery.priority.name(), delivery);
        if as_json {
            let line = json!({
                "topic": topic, "priority": priority, "publisher": publisher, "sequence": sequence, "lost": lost,
                "message": message,
            });
            writeln!(out, "{line}")?;
        } else {
            let gap = if *lost > 0 { format!(" (after {lost} lost)") } else { String::new() };
            writeln!(out, "{topic} {priority} {publisher}#{sequence}{gap} {message}")?;
        }
        out.flush()?;
        printed += 1;
    }
    Ok(printed)
}

/// Whether nobody but this process lives on the bus.
fn is_alone(bus: &Bus) -> bool {
    bus.snapshot().participants.iter().all(|participant| !participant.alive || participant.pid == std::process::id())
}
