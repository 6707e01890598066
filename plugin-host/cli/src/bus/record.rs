//! `hotframe bus record`: records topics to an MCAP file.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use shm_bus::record::{Encoding, Finished, RecordedCounts, Recorder};
use shm_bus::{Attachment, Bus, Delivery, Inbox, Shown, Start, TopicInfo};

use crate::bus::session::news::told;
use crate::bus::session::watch::Watch;
use crate::bus::target::find::find;
use crate::bus::target::topic::topic;
use crate::output::figures::{count, plural, sum};
use crate::output::print::{Guard, tell};

/// Records topics into an MCAP file, until Ctrl-C or the game's end.
///
/// Examples:
///   hotframe bus record game.mcap                                   all topics, also those that appear later
///   hotframe bus record hits.mcap physics/contact --duration 10
///
///   hotframe bus record game.mcap --encoding ros2                   for viewers that know ROS 2 only
///   hotframe bus record /dev/stdout --force | gzip > game.mcap.gz   the summary then goes to the standard error
///
/// MCAP viewers open the file and show the fields. With `ros1`, messages are copied as they are; viewers that know ROS 1's
/// encoding read it, such as Foxglove, and so does the Python package `mcap-ros1-support`. With `ros2`, messages are CDR, with
/// names as ROS 2 allows them; this is for viewers and programs that know only ROS 2, and for `mcap-ros2-support`.
/// `hotframe bus replay` plays both. Each message keeps its priority, publisher and number, and how many were lost just before it.
///
/// The file is flushed four times a second; flushed data stays readable whatever happens to the recorder. Until the first
/// message is flushed, the file is called FILE.part, and an existing FILE stays unchanged. A recording that ends without a message
/// leaves an existing FILE as it is; it becomes FILE, without messages, only if there is none.
///
/// Messages whose publisher ended before this command read them count as lost. A topic that is declared again with another
/// layout or policy gets another channel.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// File to create
    file: PathBuf,
    /// Topics [default: all]
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,
    /// Bus [default: the only live one]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Replace the file if it exists; write to it if it is a pipe or a device
    #[arg(long)]
    force: bool,
    /// End after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = crate::output::figures::seconds)]
    duration: Option<f64>,
    /// End after N messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Encoding of messages, ros1 or ros2
    #[arg(long, value_name = "ENCODING", default_value = "ros1", value_parser = encoding)]
    encoding: Encoding,
    /// One flushed line of JSON whenever the file was flushed, and one at the end
    #[arg(long)]
    json: bool,
}

fn encoding(text: &str) -> Result<Encoding, String> {
    match text {
        "ros1" => Ok(Encoding::Ros1),
        "ros2" => Ok(Encoding::Ros2),
        _ => Err("ros1 or ros2 is needed".to_owned()),
    }
}

/// Time between two flushes.
const FLUSH: Duration = Duration::from_millis(250);

pub(super) fn record(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if is_stdout(&args.file) {
        // Messages on the standard output would end up in the recording.
        return record_telling(args, &mut Guard(std::io::stderr()));
    }
    record_telling(args, out)
}

/// Whether the standard output goes to `file`.
#[cfg(unix)]
fn is_stdout(file: &Path) -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let stdout =
        std::io::stdout().as_fd().try_clone_to_owned().and_then(|stdout| std::fs::File::from(stdout).metadata());
    let (Ok(stdout), Ok(file)) = (stdout, std::fs::metadata(file)) else { return false };
    // Messages to /dev/null disturb nobody.
    !stdout.file_type().is_char_device() && (file.dev(), file.ino()) == (stdout.dev(), stdout.ino())
}

#[cfg(not(unix))]
fn is_stdout(_: &Path) -> bool {
    false
}

fn record_telling(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let bus = find(args.bus.as_deref())?;
    for name in &args.topics {
        topic(&bus, name)?;
    }
    let mut watch = Watch::start()?;
    let mut inbox = bus.inbox("hotframe bus record", Attachment::Observer)?;
    let topics = subscribe(args, &bus, &mut inbox)?;
    // The file is created last, when nothing else can fail any more.
    let mut recorder = Recorder::create_encoded(&args.file, bus.name(), args.force, args.encoding)?;
    topics.iter().for_each(|topic| recorder.declare(topic));
    tell(format_args!("recording {} of bus `{}`; Ctrl-C ends", names(&topics), Shown(bus.name())));
    if recorder.path() != args.file {
        let (now, then) = (recorder.path().display(), args.file.display());
        tell(format_args!("the recording is {now}, and {then} from its first message on"));
    }
    run(args, &bus, (&mut inbox, &mut recorder), &mut watch, out)?;
    let finished = recorder.finish()?;
    if !finished.is_kept {
        tell(format_args!("nothing was recorded; {} is as it was", args.file.display()));
    }
    if args.json {
        writeln!(out, "{}", summary_json(args, &finished))?
    } else {
        write_summary(args, &finished, out)?
    }
    Ok(out.flush()?)
}

/// Its `file` is null if the recording has no message and another file has its name.
fn summary_json(args: &Args, Finished { counts, is_kept, .. }: &Finished) -> Value {
    let topics = counts.iter().map(
        |topic| json!({ "topic": topic.topic, "messages": topic.messages, "bytes": topic.bytes, "lost": topic.lost }),
    );
    let (messages, lost) = total(counts);
    let (file, topics) = (is_kept.then_some(&args.file), topics.collect::<Vec<_>>());
    json!({ "file": file, "messages": messages, "lost": lost, "topics": topics })
}

fn run(
    args: &Args,
    bus: &Bus,
    (inbox, recorder): (&mut Inbox, &mut Recorder),
    watch: &mut Watch,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    // A monotonic clock, reported as the system's time.
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

/// Records what was sent before the end, at most `most` messages: otherwise these would count neither as recorded nor as lost.
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
    // Each round reports one topic that was declared again.
    while told(inbox.drain(&mut each))?.is_none() {}
    written?;
    inbox.take_missed().iter().for_each(|missed| recorder.miss(missed));
    Ok(())
}

/// Subscribes to the requested topics, and returns those that exist. If none is requested, subscribes to all, including later ones.
fn subscribe(args: &Args, bus: &Bus, inbox: &mut Inbox) -> Result<Vec<TopicInfo>, Box<dyn Error>> {
    if args.topics.is_empty() {
        inbox.subscribe_all(Start::Now)?;
    }
    for name in &args.topics {
        inbox.subscribe_untyped(name, Start::Now)?;
    }
    let wanted = |topic: &TopicInfo| args.topics.is_empty() || args.topics.contains(&topic.name);
    Ok(bus.snapshot().topics.into_iter().filter(wanted).collect())
}

/// The topics' names, for people.
fn names(topics: &[TopicInfo]) -> String {
    if topics.is_empty() {
        return "all topics".to_owned();
    }
    let names: Vec<String> = topics.iter().map(|topic| Shown(&topic.name).to_string()).collect();
    names.join(", ")
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
    let add = |(messages, lost), topic: &RecordedCounts| (sum([messages, topic.messages]), sum([lost, topic.lost]));
    counts.into_iter().fold((0, 0), add)
}

fn write_summary(
    args: &Args,
    Finished { counts, is_kept, .. }: &Finished,
    out: &mut impl Write,
) -> std::io::Result<()> {
    for topic in counts {
        let (messages, bytes) = (plural(topic.messages, "message"), count(topic.bytes as f64));
        writeln!(out, "{}: {} {messages}, {bytes}B, {} lost", Shown(&topic.topic), topic.messages, topic.lost)?;
    }
    let (messages, lost) = total(counts);
    let place = if *is_kept { format!(" in {}", Shown(&args.file.display().to_string())) } else { String::new() };
    writeln!(out, "{messages} {}{place}, {lost} lost", plural(messages, "message"))
}
