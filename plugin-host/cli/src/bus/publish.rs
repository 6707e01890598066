//! `hotframe bus pub`: publishes messages given as JSON.

use std::error::Error;
use std::io::BufRead as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use shm_bus::schema::{EncodeError, Fields};
use shm_bus::wire::Priority;
use shm_bus::{Bus, Publisher, PublisherError, TopicInfo};

use crate::bus::session::outgoing::{capacity, linger, send};
use crate::bus::session::pace::Pace;
use crate::bus::session::watch::Watch;
use crate::bus::target::find::find;
use crate::bus::target::topic::{spec, topic};
use crate::output::figures::several;
use crate::output::print::tell;

/// Publishes messages given as JSON objects with all fields of the topic's type; an array of objects becomes one record.
/// Without MESSAGE, or with `-`, each line of the standard input is one message.
///
/// Examples:
///   hotframe bus pub game/event '{"kind":3,"value":7,"x":0.0,"y":0.0,"variant":0,"reserved":0}'
///   hotframe bus pub physics/contact "$(cat contact.json)" --rate 60
///   hotframe bus echo physics/contact --json | jq -c --unbuffered .message | hotframe bus pub physics/contact --bus other
///
/// Floats that JSON has no number for are "Infinity", "-Infinity", "NaN", or "NaN(0x7fc00001)" with the bits of any other NaN, as
/// `echo` prints them; null is NaN, too. A line that is null holds no message and is left out: `echo` prints it for lost messages.
/// With --rate, a command that was stopped (Ctrl-Z) continues at that rate and does not catch up.
///
/// `hotframe bus ls` shows the fields. The messages have a lane of their own, beside the game's lanes.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Topic, such as physics/contact
    topic: String,
    /// Message as JSON [default: the lines of the standard input]
    message: Option<String>,
    /// Bus [default: the only live one]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Messages a second; a given MESSAGE is repeated
    #[arg(long, value_name = "HZ", value_parser = rate)]
    rate: Option<f64>,
    /// End after N messages; a given MESSAGE is repeated
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Priority [default: that of the topic's publishers, else normal]
    #[arg(long, value_name = "PRIORITY", value_parser = priority)]
    priority: Option<Priority>,
}

/// A line of the input is not a message.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("line {line}")]
    Message { line: u64, source: EncodeError },
    #[error("line {line} cannot be read")]
    Read { line: u64, source: std::io::Error },
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (1e-4..=1e6).contains(&rate) => Ok(rate),
        _ => Err("a rate from 0.0001 to 1000000 is needed".to_owned()),
    }
}

fn priority(text: &str) -> Result<Priority, String> {
    let found = Priority::ALL.into_iter().find(|level| level.name() == text);
    found.ok_or_else(|| format!("one of {} is needed", Priority::ALL.map(Priority::name).join(", ")))
}

/// The source of the messages.
enum Source {
    /// One message, and how often it is still to be sent.
    Given { payload: Vec<u8>, left: u64 },
    /// Lines of the standard input.
    Lines { lines: Receiver<std::io::Result<String>>, line: u64, left: u64, nulls: u64 },
}

pub(super) fn publish(args: &Args) -> Result<(), Box<dyn Error>> {
    let bus = find(args.bus.as_deref())?;
    let topic = topic(&bus, &args.topic)?;
    let fields = Fields::parse(&topic.schema)?;
    let mut watch = Watch::start()?;
    let mut source = Source::of(args, &fields)?;
    let priority = args.priority.unwrap_or_else(|| usual_priority(&topic));
    let longest = match &source {
        Source::Given { payload, .. } => payload.len(),
        Source::Lines { .. } => fields.size() * 64,
    };
    let mut lane = Lane::open(&bus, &topic, priority, longest)?;
    let sent = send_all(args, (&bus, &mut watch), &mut lane, (&fields, &mut source))?;
    linger(&bus);
    tell(format_args!("sent {sent} to {} at priority {}", topic.name, priority.name()));
    if let Source::Lines { nulls: nulls @ 1.., .. } = source {
        tell(format_args!(
            "left out {} without a message (null), which `echo` prints for lost messages",
            several(nulls, "line")
        ));
    }
    Ok(())
}

/// The lane of the messages.
struct Lane<'a> {
    bus: &'a Bus,
    topic: &'a TopicInfo,
    priority: Priority,
    publisher: Publisher,
}

impl<'a> Lane<'a> {
    /// A lane for messages of up to `longest` bytes.
    fn open(bus: &'a Bus, topic: &'a TopicInfo, priority: Priority, longest: usize) -> Result<Self, PublisherError> {
        let publisher = bus.publisher(&spec(topic), "hotframe bus pub", &[(priority, capacity(longest))])?;
        Ok(Self { bus, topic, priority, publisher })
    }

    /// Replaces the lane by a longer one if it has no room for a message of `len` bytes. Readers first see what is in the present one, so
    /// that the order of the messages is kept.
    fn make_long_enough(&mut self, len: usize) -> Result<(), PublisherError> {
        if len > self.publisher.payload_max(self.priority) {
            linger(self.bus);
            *self = Self::open(self.bus, self.topic, self.priority, len)?;
        }
        Ok(())
    }
}

/// Sends until the source is empty or the command has to end; returns the number of records.
fn send_all(
    args: &Args,
    (bus, watch): (&Bus, &mut Watch),
    lane: &mut Lane<'_>,
    (fields, source): (&Fields, &mut Source),
) -> Result<u64, Box<dyn Error>> {
    let mut pace = Pace::start(Instant::now());
    let mut sent = 0_u64;
    while let Some(payload) = source.next(fields, bus, watch)? {
        if let Some(rate) = args.rate {
            // Computed from the start, so that no error adds up.
            let offset = Duration::from_secs_f64(sent as f64 / rate);
            if !watch.sleep_until(bus, pace.due(offset))? {
                break;
            }
            // After a stop, or without input, the sender does not catch up.
            pace.sends(offset, Instant::now());
        } else if watch.is_over(bus)? {
            break;
        }
        lane.make_long_enough(payload.len())?;
        if !send((bus, watch), (&mut lane.publisher, &args.topic), lane.priority, &payload)? {
            break;
        }
        sent += 1;
    }
    Ok(sent)
}

impl Source {
    fn of(args: &Args, fields: &Fields) -> Result<Self, EncodeError> {
        match args.message.as_deref().filter(|message| *message != "-") {
            Some(message) => {
                let once = if args.rate.is_some() { u64::MAX } else { 1 };
                Ok(Self::Given { payload: fields.from_json(message)?, left: args.count.unwrap_or(once) })
            }
            None => {
                // A read can't be interrupted, so it runs on a thread of its own, which ends with the process.
                let (sender, lines) = sync_channel(64);
                std::thread::spawn(move || std::io::stdin().lock().lines().try_for_each(|line| sender.send(line)));
                Ok(Self::Lines { lines, line: 0, left: args.count.unwrap_or(u64::MAX), nulls: 0 })
            }
        }
    }

    /// The next message; `None` after the last one, or if the command has to end.
    fn next(&mut self, fields: &Fields, bus: &Bus, watch: &mut Watch) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
        match self {
            Self::Given { left: 0, .. } | Self::Lines { left: 0, .. } => Ok(None),
            Self::Given { payload, left } => {
                *left -= 1;
                Ok(Some(payload.clone()))
            }
            Self::Lines { lines, line, left, nulls } => loop {
                match lines.recv_timeout(Watch::SLICE) {
                    Ok(text) => {
                        *line += 1;
                        let text = text.map_err(|source| LineError::Read { line: *line, source })?;
                        if matches!(text.trim(), "" | "null") {
                            *nulls += u64::from(text.trim() == "null");
                            continue;
                        }
                        *left -= 1;
                        let payload = fields.from_json(&text);
                        return Ok(Some(payload.map_err(|source| LineError::Message { line: *line, source })?));
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        if watch.is_over(bus)? {
                            return Ok(None);
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return Ok(None),
                }
            },
        }
    }
}

/// The priority at which the topic is published, if there is only one.
fn usual_priority(topic: &TopicInfo) -> Priority {
    let mut priorities = topic.lanes.iter().filter(|lane| lane.open).map(|lane| lane.priority);
    let first = priorities.next().unwrap_or(Priority::Normal);
    if priorities.all(|priority| priority == first) { first } else { Priority::Normal }
}
