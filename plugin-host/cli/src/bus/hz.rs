//! `hotframe bus hz`: a topic's rate, and the gaps between its messages.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;
use shm_bus::{Inbox, Shown};

use crate::bus::observe::gaps::Gaps;
use crate::bus::session::news::{missed, told};
use crate::bus::session::watch::Watch;
use crate::bus::target::topic::TopicArgs;
use crate::output::figures::{count, nanoseconds, per_second, sum};

/// Measures how often a topic is sent, and the gaps between its messages as this command receives them.
///
/// Example: hotframe bus hz physics/contact --interval 5
///
/// A gap is the time from one receive to the next. It is not a latency, because messages carry no time. `lost` counts messages
/// that this command was too slow for, and messages whose publisher ended before this command read them; the rate includes both.
/// B/s counts the messages' bytes, without headers. If the topic is declared again with another layout or policy, the command
/// continues with the new declaration.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: TopicArgs,
    /// One flushed line of JSON per interval
    #[arg(long)]
    json: bool,
    /// Seconds between two lines
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = crate::output::figures::seconds)]
    interval: f64,
    /// End after N messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// Messages received since the last line.
struct Interval {
    begun: Instant,
    messages: u64,
    bytes: u64,
    lost: u64,
    gaps: Gaps,
}

pub(super) fn hz(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (bus, mut inbox) = args.target.observe("hotframe bus hz")?;
    let mut watch = Watch::start()?;
    let mut interval = Interval { begun: Instant::now(), messages: 0, bytes: 0, lost: 0, gaps: Gaps::default() };
    let mut left = args.count.unwrap_or(u64::MAX);
    let every = Duration::from_secs_f64(args.interval);
    while left > 0 && watch.wait(&bus, &mut inbox, Some(interval.begun + every))? {
        left -= interval.take(&mut inbox, left)?;
        if interval.begun.elapsed() >= every {
            interval.print(args, out)?;
            interval.restart();
        }
    }
    interval.lost = sum([interval.lost, missed(&mut inbox)]);
    if interval.messages > 0 || interval.lost > 0 { interval.print(args, out) } else { Ok(()) }
}

impl Interval {
    /// Takes the next message, if one waits and `most` allows it; returns the number of messages.
    fn take(&mut self, inbox: &mut Inbox, most: u64) -> Result<u64, Box<dyn Error>> {
        self.lost = sum([self.lost, missed(inbox)]);
        let Some(delivery) = told(inbox.receive())?.flatten().filter(|_| most > 0) else { return Ok(0) };
        self.gaps.arrived(Instant::now());
        self.messages += 1;
        self.bytes += delivery.payload.len() as u64;
        self.lost = sum([self.lost, delivery.lost]);
        Ok(1)
    }

    fn restart(&mut self) {
        (self.begun, self.messages, self.bytes, self.lost) = (Instant::now(), 0, 0, 0);
        self.gaps.clear();
    }

    fn print(&self, args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
        let time = self.begun.elapsed();
        let (rate, bytes) = (per_second(sum([self.messages, self.lost]), time), per_second(self.bytes, time));
        if args.json {
            let line = json!({
                "topic": args.target.topic, "seconds": time.as_secs_f64(), "messages": self.messages, "lost": self.lost,
                "rate_hz": rate, "bytes_per_s": bytes, "gap_ms": self.gaps.to_json(),
            });
            writeln!(out, "{line}")?;
        } else {
            let gaps = if self.gaps.is_empty() { "no gaps".to_owned() } else { self.gaps_text() };
            let (topic, rate, bytes) = (Shown(&args.target.topic), count(rate), count(bytes));
            writeln!(out, "{topic}  {rate}/s  {bytes}B/s  {} received, {} lost  {gaps}", self.messages, self.lost)?;
        }
        Ok(out.flush()?)
    }

    fn gaps_text(&self) -> String {
        let gaps = &self.gaps;
        let [min, p50, p90, p99, max, jitter] =
            [gaps.min(), gaps.percentile(0.5), gaps.percentile(0.9), gaps.percentile(0.99), gaps.max(), gaps.jitter()]
                .map(nanoseconds);
        format!("gap min {min}, p50 {p50}, p90 {p90}, p99 {p99}, max {max}, jitter {jitter}")
    }
}
