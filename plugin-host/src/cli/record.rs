//! `hotframe bus record`: topics into an MCAP file.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use shm_bus::record::{RecordedCounts, Recorder};
use shm_bus::{Attachment, Bus, Delivery, Inbox, Start, TopicInfo};

use super::figures::{count, plural};
use super::find::find;
use super::news::told;
use super::topic::topic;
use super::watch::Watch;

/// Records topics into an MCAP file, until Ctrl-C or the game's end.
///
/// Examples:
///   hotframe bus record game.mcap                                   all topics, also those that appear later
///   hotframe bus record hits.mcap physics/contact --duration 10
///
/// Foxglove and other viewers open the file and show the fields (ROS 1 encoding); `hotframe bus replay` plays it. Each
/// message keeps its priority, publisher and number, and how many were lost just before it. It is flushed four times a
/// second: what was flushed stays readable whatever happens to the recorder. What publishers sent that came and went before
/// this command looked counts as lost. A topic that is declared anew, with another layout or policy, gets a channel more.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// The file to make
    file: PathBuf,
    /// Which topics [default: all]
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,
    /// Which bus [default: the one that lives]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = super::figures::seconds)]
    duration: Option<f64>,
    /// End after N messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// One flushed line of JSON whenever the file was flushed, and one at the end
    #[arg(long)]
    json: bool,
}

/// Between two flushes.
const FLUSH: Duration = Duration::from_millis(250);

pub(super) fn record(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let bus = find(args.bus.as_deref())?;
    for name in &args.topics {
        topic(&bus, name)?;
    }
    let mut watch = Watch::start()?;
    let mut recorder = Recorder::create(&args.file, bus.name(), args.force)?;
    let mut inbox = bus.inbox("hotframe bus record", Attachment::Observer)?;
    let subscribed = subscribe(args, &bus, &mut inbox, &mut recorder)?;
    eprintln!("hotframe: recording {subscribed} of bus `{}`; Ctrl-C ends", bus.name());
    run(args, &bus, (&mut inbox, &mut recorder), &mut watch, out)?;
    let counts = recorder.finish()?;
    if args.json {
        let topics = counts.iter().map(|topic| {
            json!({ "topic": topic.topic, "messages": topic.messages, "bytes": topic.bytes, "lost": topic.lost })
        });
        let (messages, lost) = total(&counts);
        let topics = topics.collect::<Vec<_>>();
        writeln!(out, "{}", json!({ "file": args.file, "messages": messages, "lost": lost, "topics": topics }))?;
    } else {
        write_summary(args, &counts, out)?;
    }
    Ok(out.flush()?)
}

fn run(
    args: &Args,
    bus: &Bus,
    (inbox, recorder): (&mut Inbox, &mut Recorder),
    watch: &mut Watch,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    // One clock that never goes back, told as the system's.
    let (begun, begun_at) = (Instant::now(), SystemTime::now());
    let end = args.duration.map(|seconds| begun + Duration::from_secs_f64(seconds));
    let mut left = args.count.unwrap_or(u64::MAX);
    let mut next_flush = begun + FLUSH;
    while left > 0 && end.is_none_or(|end| Instant::now() < end) {
        let goes_on = watch.wait(bus, inbox, Some(end.map_or(next_flush, |end| end.min(next_flush))))?;
        if let Some(delivery) = told(inbox.receive())?.flatten() {
            recorder.write(&delivery, begun_at + begun.elapsed())?;
            left -= 1;
        }
        inbox.take_missed().iter().for_each(|missed| recorder.miss(missed));
        if Instant::now() >= next_flush || !goes_on {
            next_flush = Instant::now() + FLUSH;
            flush(args, recorder, out)?;
        }
        if !goes_on {
            break;
        }
    }
    record_rest((inbox, recorder), left, begun_at + begun.elapsed())
}

/// Records what was sent before the end, `most` at most: what is neither recorded nor lost would be in no account.
fn record_rest(
    (inbox, recorder): (&mut Inbox, &mut Recorder),
    most: u64,
    time: SystemTime,
) -> Result<(), Box<dyn Error>> {
    let (mut left, mut written) = (most, Ok(()));
    let mut each = |delivery: Delivery<'_>| {
        if left > 0 && written.is_ok() {
            written = recorder.write(&delivery, time);
            left -= 1;
        }
    };
    // Each round tells of one topic that was declared anew.
    while told(inbox.drain(&mut each))?.is_none() {}
    written?;
    inbox.take_missed().iter().for_each(|missed| recorder.miss(missed));
    Ok(())
}

/// Reads the wanted topics; their names, for people. Without any wanted, all are, also those that come later.
fn subscribe(args: &Args, bus: &Bus, inbox: &mut Inbox, recorder: &mut Recorder) -> Result<String, Box<dyn Error>> {
    if args.topics.is_empty() {
        inbox.subscribe_all(Start::Now)?;
    }
    for name in &args.topics {
        inbox.subscribe_untyped(name, Start::Now)?;
    }
    let wanted = |topic: &TopicInfo| args.topics.is_empty() || args.topics.contains(&topic.name);
    let topics: Vec<TopicInfo> = bus.snapshot().topics.into_iter().filter(wanted).collect();
    topics.iter().for_each(|topic| recorder.declare(topic));
    let names: Vec<String> = topics.into_iter().map(|topic| topic.name).collect();
    Ok(if names.is_empty() { "all topics".to_owned() } else { names.join(", ") })
}

fn flush(args: &Args, recorder: &mut Recorder, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if recorder.unflushed() == 0 {
        return Ok(());
    }
    recorder.flush()?;
    if args.json {
        let (messages, lost) = total(recorder.counts());
        writeln!(out, "{}", json!({ "flushed": messages, "lost": lost }))?;
        out.flush()?;
    }
    Ok(())
}

fn total<'a>(counts: impl IntoIterator<Item = &'a RecordedCounts>) -> (u64, u64) {
    counts.into_iter().fold((0, 0), |(messages, lost), topic| (messages + topic.messages, lost + topic.lost))
}

fn write_summary(args: &Args, counts: &[RecordedCounts], out: &mut impl Write) -> std::io::Result<()> {
    for topic in counts {
        let (messages, bytes) = (plural(topic.messages, "message"), count(topic.bytes as f64));
        writeln!(out, "{}: {} {messages}, {bytes}B, {} lost", topic.topic, topic.messages, topic.lost)?;
    }
    let (messages, lost) = total(counts);
    writeln!(out, "{messages} {} in {}, {lost} lost", plural(messages, "message"), args.file.display())
}
