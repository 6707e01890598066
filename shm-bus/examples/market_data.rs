//! One feed, four readers in processes of their own: `cargo run --release -p shm-bus --example market_data`.
//!
//! The feed writes each quote once, and all readers read that copy. `ledger` and `risk` must have every quote, so the feed waits for them
//! (`Block`). `tape` is a slow observer that nobody waits for; it counts its losses. `screen` reads the index sixty times a second and wants
//! only the newest value (`Latest`). The example fails unless all counts add up to the number of sent messages in the end.

#![expect(clippy::print_stdout, reason = "a program that says what it does")]

use std::error::Error;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use shm_bus::{Attachment, Bus, Inbox, Message, Start, TopicSpec, topic};

type Outcome = Result<(), Box<dyn Error>>;

/// The price of one share.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Quote {
    symbol: u32,
    /// 1 in the very last quote.
    last: u32,
    bid: u64,
    ask: u64,
}

/// An index over all symbols.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Index {
    value: u64,
    /// 1 in the very last one.
    last: u64,
}

/// A reader's report: first that it is ready, then its results.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Report {
    /// 0: ready, 1: done.
    done: u64,
    received: u64,
    /// Lost, or skipped for newer ones.
    missed: u64,
    /// Sum of what was read.
    sum: u64,
}

topic! {
    Quotes("market/quotes"): Quote, priority = Normal, capacity = 1 << 16, policy = Block { timeout_ms: 5_000 };
    Indices("market/index"): Index, priority = High, capacity = 1 << 12, policy = Latest;
    Reports("market/report"): Report, priority = Critical, capacity = 1 << 12;
}

/// Duration for which the feed sends.
const FEED_TIME: Duration = Duration::from_millis(700);
/// A process that receives nothing for so long gives up.
const SILENCE_MAX: Duration = Duration::from_secs(10);
const READERS: [&str; 4] = ["ledger", "risk", "tape", "screen"];
const FOLDER: &str = "HOTFRAME_EXAMPLE_FOLDER";

fn main() -> Outcome {
    match (std::env::args().nth(1).as_deref(), std::env::var_os(FOLDER)) {
        (Some(reader), Some(folder)) => read(&Bus::attach_in(folder, "market")?, reader),
        _ => feed(),
    }
}

/// Runs one of the readers.
fn read(bus: &Bus, reader: &str) -> Outcome {
    let attachment = if reader == "tape" { Attachment::Observer } else { Attachment::Gating };
    let mut inbox = bus.inbox(reader, attachment)?;
    if reader == "screen" {
        inbox.subscribe(&TopicSpec::of::<Indices>(), Start::Now)?;
    } else {
        inbox.subscribe(&TopicSpec::of::<Quotes>(), Start::Now)?;
    }
    let mut reports = bus.publisher_of::<Reports>(reader)?;
    reports.send(&Report { done: 0, received: 0, missed: 0, sum: 0 })?;
    let report = match reader {
        "screen" => show(&mut inbox)?,
        "tape" => write_down(&mut inbox, Duration::from_millis(50))?,
        _ => write_down(&mut inbox, Duration::ZERO)?,
    };
    reports.send(&report)?;
    Ok(())
}

/// Reads quotes up to the last one, with a `pause` after every 256.
fn write_down(inbox: &mut Inbox, pause: Duration) -> Result<Report, Box<dyn Error>> {
    let mut report = Report { done: 1, received: 0, missed: 0, sum: 0 };
    loop {
        expect(inbox.wait_timeout(SILENCE_MAX)?, "the feed keeps sending")?;
        while let Some(delivery) = inbox.receive()? {
            report.received += 1;
            report.missed += delivery.lost;
            let [quote] = delivery.messages::<Quote>().ok_or("quotes")? else { return Err("one quote each".into()) };
            report.sum = report.sum.wrapping_add(quote.bid ^ quote.ask);
            if quote.last == 1 {
                return Ok(report);
            }
            if !pause.is_zero() && report.received.is_multiple_of(256) {
                std::thread::sleep(pause);
            }
        }
    }
}

/// Reads the newest index once a frame.
fn show(inbox: &mut Inbox) -> Result<Report, Box<dyn Error>> {
    let mut report = Report { done: 1, received: 0, missed: 0, sum: 0 };
    let mut heard = Instant::now();
    while heard.elapsed() < SILENCE_MAX {
        std::thread::sleep(Duration::from_millis(16));
        while let Some(delivery) = inbox.receive()? {
            heard = Instant::now();
            report.received += 1;
            report.missed += delivery.lost;
            for index in delivery.messages::<Index>().ok_or("indices")? {
                report.sum = index.value;
                if index.last == 1 {
                    return Ok(report);
                }
            }
        }
    }
    Err("the feed is silent".into())
}

/// A reader's process, killed when dropped.
struct Process(Child);

impl Process {
    fn start(reader: &str, folder: &Path) -> std::io::Result<Self> {
        let program = std::env::current_exe()?;
        Command::new(program).arg(reader).env(FOLDER, folder).stdin(Stdio::null()).spawn().map(Self)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn expect(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(what.into()) }
}

/// Counts of what was sent.
#[derive(Default)]
struct Sent {
    quotes: u64,
    indices: u64,
    /// Sum over all quotes.
    sum: u64,
    last_index: u64,
}

fn feed() -> Outcome {
    let folder = tempfile::tempdir()?;
    let bus = Bus::open_in(folder.path(), "market")?;
    let mut inbox = bus.inbox("feed", Attachment::Gating)?;
    inbox.subscribe(&TopicSpec::of::<Reports>(), Start::Now)?;
    let mut processes = Vec::new();
    for reader in READERS {
        processes.push(Process::start(reader, folder.path())?);
    }
    // A reader that has subscribed before the feed's lanes are created receives every quote from the first one on.
    hear(&mut inbox, |_, _| Ok(()))?;

    let start = Instant::now();
    let sent = send(&bus)?;
    let rate = sent.quotes as f64 / start.elapsed().as_secs_f64();
    println!("feed: {} quotes, {:.2} million a second, each written once for all readers", sent.quotes, rate / 1e6);

    hear(&mut inbox, |reader, report| check(&sent, reader, report))?;
    for process in &mut processes {
        expect(process.0.wait()?.success(), "every reader ends well")?;
    }
    drop((inbox, bus));
    expect(folder.path().read_dir()?.next().is_none(), "nothing is left behind")?;
    println!("nothing is left on the bus");
    Ok(())
}

/// Sends for [`FEED_TIME`]; the last messages are marked as such.
fn send(bus: &Bus) -> Result<Sent, Box<dyn Error>> {
    let mut quotes = bus.publisher_of::<Quotes>("feed")?;
    let mut indices = bus.publisher_of::<Indices>("feed")?;
    let mut sent = Sent::default();
    let start = Instant::now();
    loop {
        // Reading the clock is expensive compared with a send, so it is read only sometimes.
        let last = sent.quotes.is_multiple_of(256) && start.elapsed() >= FEED_TIME;
        let bid = sent.quotes.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let quote = Quote { symbol: (sent.quotes % 500) as u32, last: last.into(), bid, ask: bid + 1 };
        quotes.send(&quote)?;
        sent.quotes += 1;
        sent.sum = sent.sum.wrapping_add(quote.bid ^ quote.ask);
        if last || sent.quotes.is_multiple_of(16) {
            indices.send(&Index { value: bid, last: last.into() })?;
            sent.indices += 1;
            sent.last_index = bid;
        }
        if last {
            return Ok(sent);
        }
    }
}

/// Calls `each` with the next report of every reader.
fn hear(inbox: &mut Inbox, mut each: impl FnMut(&str, &Report) -> Outcome) -> Outcome {
    let mut heard = 0;
    while heard < READERS.len() {
        expect(inbox.wait_timeout(SILENCE_MAX)?, "the readers are there")?;
        while let Some(delivery) = inbox.receive()? {
            for report in delivery.messages::<Report>().ok_or("reports")? {
                each(delivery.publisher, report)?;
                heard += 1;
            }
        }
    }
    Ok(())
}

/// Checks a reader's report against what it was promised.
fn check(sent: &Sent, reader: &str, report: &Report) -> Outcome {
    let Report { received, missed, sum, .. } = *report;
    expect(report.done == 1, "a reader reports twice")?;
    match reader {
        "screen" => {
            println!(
                "{reader}: the newest of {} indices {received} times, {missed} skipped for newer ones",
                sent.indices
            );
            expect(received + missed == sent.indices && missed > 0, "skipped indices are counted")?;
            expect(sum == sent.last_index, "the newest one is always seen")
        }
        "tape" => {
            println!("{reader}: {received} quotes read and {missed} lost, as it is slow and nobody waits for it");
            expect(received + missed == sent.quotes && missed > 0, "lost quotes are counted")
        }
        _ => {
            println!("{reader}: all {received} quotes, none lost");
            expect(received == sent.quotes && missed == 0 && sum == sent.sum, "a gating reader misses nothing")
        }
    }
}
