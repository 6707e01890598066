//! `hotframe bus echo`: prints the messages of one topic as they arrive.

mod exchange;

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use serde_json::{Value, json};
use shm_bus::schema::Fields;
use shm_bus::{Declaration, Delivery, Inbox, Shown};

use crate::bus::session::news::{missed, told};
use crate::bus::session::watch::Watch;
use crate::bus::target::topic::TopicArgs;
use crate::output::figures::several;

/// Prints the messages of a topic as they arrive, until Ctrl-C or the game's end.
///
/// Example: hotframe bus echo physics/contact --json --count 5 | jq .message.speed
///
/// Requests and responses of a service (NAME/request, NAME/response/CLIENT) show kind, sender, correlation, method, deadline
/// (of the machine's monotonic clock) or status, and their bytes as hexadecimal digits. Floats that JSON has no number for are
/// "Infinity", "-Infinity", "NaN", or "NaN(0x7fc00001)" with the bits of any other NaN; `pub` reads all of it back exactly.
///
/// Messages that this command is too slow for are lost to it alone, and counted in `lost`. Messages whose publisher ended before
/// this command read them are counted in a line of their own, without a message. If the topic is declared again with another
/// layout or policy, the command reports that and continues with the new declaration.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: TopicArgs,
    /// One flushed line of JSON per message
    #[arg(long)]
    json: bool,
    /// End after N messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

pub(super) fn echo(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (bus, mut inbox) = args.target.observe("hotframe bus echo")?;
    let mut watch = Watch::start()?;
    let mut left = args.count.unwrap_or(u64::MAX);
    let mut reading = None;
    // Missed messages are reported soon, even if no message follows.
    while left > 0 && watch.wait(&bus, &mut inbox, Some(Instant::now() + Watch::SLICE))? {
        if let Some(delivery) = told(inbox.receive())?.flatten() {
            let reading = Reading::of(delivery.declaration, &mut reading)?;
            left -= print(args.json, reading, &delivery, left, out)?;
        }
        print_missed(args, missed(&mut inbox), out)?;
    }
    print_rest(args, (&mut inbox, &mut reading), left, out)
}

/// Prints the messages that wait when the command ends, at most `most`; then reports what it missed.
fn print_rest(
    args: &Args,
    (inbox, reading): (&mut Inbox, &mut Option<Reading>),
    most: u64,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let (mut left, mut printed) = (most, Ok(()));
    let mut each = |delivery: Delivery<'_>| {
        if left > 0 && printed.is_ok() {
            let reading = Reading::of(delivery.declaration, reading);
            let lines = reading.and_then(|reading| print(args.json, reading, &delivery, left, out));
            printed = lines.map(|lines| left -= lines);
        }
    };
    // Each round reports one topic that was declared again.
    while told(inbox.drain(&mut each))?.is_none() {}
    printed?;
    print_missed(args, missed(inbox), out)
}

/// A declaration and the data for printing its messages.
struct Reading {
    declaration: Declaration,
    /// `None` for a service's topics, whose messages differ in size.
    fields: Option<Fields>,
}

impl Reading {
    /// Returns `last`, or a new one if the topic has been declared again since.
    fn of<'a>(declaration: &Declaration, last: &'a mut Option<Self>) -> Result<&'a Self, Box<dyn Error>> {
        if last.as_ref().is_none_or(|last| last.declaration != *declaration) {
            let is_plain = declaration.message_size != 0;
            let fields = if is_plain { Some(Fields::parse(&declaration.schema)?) } else { None };
            *last = Some(Self { declaration: declaration.clone(), fields });
        }
        Ok(last.as_ref().expect("just made"))
    }
}

/// Reports messages of publishers that came and went between two looks.
fn print_missed(args: &Args, lost: u64, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if lost == 0 {
        return Ok(());
    }
    if args.json {
        let line = json!({ "topic": args.target.topic, "lost": lost, "message": null });
        writeln!(out, "{line}")?;
    } else {
        let messages = several(lost, "message");
        writeln!(out, "{} ({messages} lost: their publisher ended before this command read them)", args.target.topic)?;
    }
    Ok(out.flush()?)
}

/// Prints at most `most` of a record's messages, one per line; returns their number.
fn print(
    as_json: bool,
    Reading { declaration, fields }: &Reading,
    delivery: &Delivery<'_>,
    most: u64,
    out: &mut impl Write,
) -> Result<u64, Box<dyn Error>> {
    let message = match fields {
        Some(fields) => serde_json::from_str(&fields.to_json(delivery.payload))?,
        None => exchange::json(delivery, &declaration.schema),
    };
    let messages = if let Value::Array(messages) = message { messages } else { vec![message] };
    let mut printed = 0;
    for message in messages.iter().take(usize::try_from(most).unwrap_or(usize::MAX)) {
        let (priority, Delivery { topic, publisher, sequence, .. }) = (delivery.priority.name(), delivery);
        // They were lost before the record, hence before its first message.
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
