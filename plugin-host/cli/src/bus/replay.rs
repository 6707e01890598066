//! `hotframe bus replay`: publishes a recording again.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use shm_bus::record::{Damage, RecordedChannel, RecordedMessage, Recording};
use shm_bus::wire::{Policy, Priority};
use shm_bus::{Bus, Publisher, TopicSpec};

use crate::bus::session::outgoing::{capacity, linger, send};
use crate::bus::session::pace::Pace;
use crate::bus::session::watch::Watch;
use crate::bus::target::find::{FindError, find};
use crate::output::figures::{nanoseconds, plural, several, sum};
use crate::output::print::tell;

/// Publishes a recording again, with its timing, priorities and publishers' names.
///
/// Examples:
///   hotframe bus replay game.mcap --topic physics/contact --speed 0.25
///   hotframe bus replay game.mcap --bus lab --create --loop           on a bus of its own, repeatedly
///   hotframe bus replay game.mcap --speed inf                         as fast as it is read
///
/// A topic that has another schema on the bus is refused before anything is sent; the error shows both schemas. Requests and
/// responses are not replayed. Damaged parts of the file are left out and reported with their places. A replay that was stopped
/// (Ctrl-Z) or delayed continues from there with the recorded timing.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Recording made by `hotframe bus record`
    file: PathBuf,
    /// Bus [default: the only live one]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Create the bus if it is not live
    #[arg(long, requires = "bus")]
    create: bool,
    /// Only this topic; may be given several times
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// Speed, as a multiple of the recorded one
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Start again at the end, until Ctrl-C
    #[arg(long = "loop")]
    again: bool,
}

/// Why nothing is replayed.
#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error("{} holds nothing to replay; it has: {}", file.display(), if topics.is_empty() { "no recorded topic".to_owned() } else { topics.join(", ") })]
    Nothing { file: PathBuf, topics: Vec<String> },
    #[error(
        "topic `{topic}` carries `{on_the_bus}` on bus `{bus}`, but `{recorded}` in the recording; leave it out with --topic, or replay to another bus with --bus NAME --create"
    )]
    Schema { bus: String, topic: String, on_the_bus: String, recorded: String },
    #[error("topic `{topic}` was recorded with two schemas, `{one}` and `{other}`; record it again")]
    TwoSchemas { topic: String, one: String, other: String },
    #[error("{0}; --create makes it")]
    NoBus(FindError),
    #[error(transparent)]
    Find(FindError),
    #[error("topic `{0}` has no plain messages; only plain messages can be replayed")]
    NotPlain(String),
}

impl ReplayError {
    fn of(error: FindError) -> Self {
        if matches!(error, FindError::Missing { .. }) { Self::NoBus(error) } else { Self::Find(error) }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if speed >= 1e-3 => Ok(speed),
        _ => Err("a number from 0.001, or `inf`, is needed".to_owned()),
    }
}

/// The publishers of the recording's messages.
struct Outgoing {
    publishers: Vec<(Publisher, String)>,
    /// Publisher and priority of each channel of the recording, if it is replayed.
    channels: Vec<Option<(usize, Priority)>>,
}

pub(super) fn replay(args: &Args) -> Result<(), Box<dyn Error>> {
    let recording = Recording::open(&args.file)?;
    tell_of_damage(args, &recording);
    let channels = wanted(args, &recording)?;
    let bus = match &args.bus {
        Some(name) if args.create => Bus::open(name)?,
        name => find(name.as_deref()).map_err(ReplayError::of)?,
    };
    let mut watch = Watch::start()?;
    let mut outgoing = Outgoing::make(&bus, &recording, &channels)?;
    let duration = nanoseconds(recording.duration.as_nanos() as f64);
    tell(format_args!("replaying {duration} of {} to bus `{}`; Ctrl-C ends", args.file.display(), bus.name()));
    let mut sent = 0;
    while play(args, &recording, (&bus, &mut watch), &mut outgoing, &mut sent)? && args.again {}
    linger(&bus);
    tell(format_args!("sent {sent} {}", plural(sent, "message")));
    Ok(())
}

/// Reports what can't be replayed, before anything is replayed.
fn tell_of_damage(args: &Args, recording: &Recording) {
    /// Maximum number of reported places; more would not help with a file that damaged.
    const PLACES_MAX: usize = 8;
    let file = args.file.display();
    for Damage { at, bytes, messages, problem, .. } in recording.damage.iter().take(PLACES_MAX) {
        let what = match messages {
            Some(messages) => format!("{bytes} bytes with {}", several(*messages, "message")),
            None => format!("{bytes} bytes"),
        };
        tell(format_args!("{file} is damaged at byte {at}: {problem}; {what} are left out"));
    }
    if let Some(more) = recording.damage.get(PLACES_MAX..).filter(|more| !more.is_empty()) {
        let bytes = sum(more.iter().map(|damage| damage.bytes));
        tell(format_args!("{file} is damaged at {} more places; {bytes} bytes are left out", more.len()));
    }
    if recording.foreign > 0 {
        let messages = several(recording.foreign, "message");
        tell(format_args!(
            "{file} has {messages} of channels that it does not describe, or of other programs; they are left out"
        ));
    }
    if recording.cut_off {
        let unchecked = match recording.unchecked {
            0 => String::new(),
            messages => {
                format!(", but no checksum protects the last {}", several(messages, "message"))
            }
        };
        tell(format_args!("{file} ends early; its present part is replayed{unchecked}"));
    }
}

/// The channels to replay.
fn wanted(args: &Args, recording: &Recording) -> Result<Vec<bool>, ReplayError> {
    let is_wanted = |channel: &RecordedChannel| {
        channel.is_message && channel.messages > 0 && (args.topics.is_empty() || args.topics.contains(&channel.topic))
    };
    let wanted: Vec<bool> = recording.channels.iter().map(is_wanted).collect();
    if wanted.contains(&true) {
        return Ok(wanted);
    }
    let mut topics: Vec<String> = recording.channels.iter().map(|channel| channel.topic.clone()).collect();
    topics.sort();
    topics.dedup();
    Err(ReplayError::Nothing { file: args.file.clone(), topics })
}

impl Outgoing {
    fn make(bus: &Bus, recording: &Recording, wanted: &[bool]) -> Result<Self, Box<dyn Error>> {
        let channels =
            || recording.channels.iter().zip(wanted).filter(|(_, wanted)| **wanted).map(|(channel, _)| channel);
        for channel in channels() {
            check(bus, channel)?;
            if let Some(other) = channels().find(|other| other.topic == channel.topic && other.schema != channel.schema)
            {
                let (one, other) = (channel.schema.clone(), other.schema.clone());
                return Err(ReplayError::TwoSchemas { topic: channel.topic.clone(), one, other }.into());
            }
        }
        let mut outgoing = Self { publishers: Vec::new(), channels: vec![None; wanted.len()] };
        let mut names: Vec<(&str, &str)> = Vec::new();
        for (index, channel) in recording.channels.iter().enumerate().filter(|(index, _)| wanted[*index]) {
            let name = (channel.topic.as_str(), channel.publisher.as_str());
            let place = names.iter().position(|known| *known == name).unwrap_or(names.len());
            if place == names.len() {
                names.push(name);
                let lanes =
                    lanes(channels().filter(|channel| (channel.topic.as_str(), channel.publisher.as_str()) == name));
                let publisher = bus.publisher(&spec(bus, channel), name.1, &lanes)?;
                outgoing.publishers.push((publisher, channel.topic.clone()));
            }
            outgoing.channels[index] = Some((place, channel.priority));
        }
        Ok(outgoing)
    }
}

/// One lane for each priority.
fn lanes<'a>(channels: impl Iterator<Item = &'a RecordedChannel>) -> Vec<(Priority, u32)> {
    let mut lanes: Vec<(Priority, u32)> = Vec::new();
    for channel in channels {
        let capacity = capacity(channel.longest);
        match lanes.iter_mut().find(|(priority, _)| *priority == channel.priority) {
            Some((_, most)) => *most = capacity.max(*most),
            None => lanes.push((channel.priority, capacity)),
        }
    }
    lanes
}

/// Checks that the bus either has the topic as it was recorded, or doesn't have it.
fn check(bus: &Bus, channel: &RecordedChannel) -> Result<(), ReplayError> {
    if channel.message_size == 0 {
        return Err(ReplayError::NotPlain(channel.topic.clone()));
    }
    match bus.snapshot().topics.into_iter().find(|topic| topic.name == channel.topic) {
        Some(topic) if topic.held && topic.schema != channel.schema => Err(ReplayError::Schema {
            bus: bus.name().to_owned(),
            topic: topic.name,
            on_the_bus: topic.schema,
            recorded: channel.schema.clone(),
        }),
        _ => Ok(()),
    }
}

/// The topic's specification for publishing. Its present users decide the policy.
fn spec<'a>(bus: &Bus, channel: &'a RecordedChannel) -> TopicSpec<'a> {
    let present = bus.snapshot().topics.into_iter().find(|topic| topic.name == channel.topic);
    TopicSpec {
        name: &channel.topic,
        type_name: &channel.type_name,
        schema: &channel.schema,
        schema_hash: channel.schema_hash,
        message_size: channel.message_size,
        policy: present.map_or(Policy::default(), |topic| topic.policy),
    }
}

/// Plays the recording once. Returns `false` if the command has to end.
fn play(
    args: &Args,
    recording: &Recording,
    (bus, watch): (&Bus, &mut Watch),
    outgoing: &mut Outgoing,
    sent: &mut u64,
) -> Result<bool, Box<dyn Error>> {
    let mut pace = Pace::start(Instant::now());
    let mut messages = recording.messages()?;
    while let Some(RecordedMessage { channel, time, payload, .. }) = messages.read_next()? {
        let Some((publisher, priority)) = outgoing.channels.get(channel).copied().flatten() else { continue };
        let offset = Duration::try_from_secs_f64(time.as_secs_f64() / args.speed).unwrap_or(Duration::MAX / 4);
        let due = pace.due(offset);
        let goes_on = if args.create { sleep_until(watch, due) } else { watch.sleep_until(bus, due)? };
        if let Some(late) = pace.sends(offset, Instant::now()).filter(|_| args.speed.is_finite()) {
            let late = nanoseconds(late.as_nanos() as f64);
            tell(format_args!("was stopped or delayed for {late}; continuing from there with the recorded timing"));
        }
        let (publisher, topic) = &mut outgoing.publishers[publisher];
        if !goes_on || !send((bus, watch), (publisher, topic), priority, payload)? {
            return Ok(false);
        }
        *sent += 1;
    }
    Ok(!watch.is_stopped())
}

/// Sleeps on a bus of its own, even while nobody else is there: a participant may arrive later.
fn sleep_until(watch: &Watch, moment: Instant) -> bool {
    while !watch.is_stopped() {
        match moment.saturating_duration_since(Instant::now()) {
            Duration::ZERO => return true,
            left => std::thread::sleep(left.min(Watch::SLICE)),
        }
    }
    false
}
