//! `hotframe bus top`: live rates, fill levels, drops and participants.
//!
//! ```text
//! Sampler ──► Table (pure: two snapshots and the time between) ──► View (pure: draws into a buffer) ──► Screen
//! ```
//! The counters lie in the segments: reading them costs the game nothing and needs no attaching. Only `--gaps` attaches, with an observer
//! inbox.

mod change;
mod grid;
mod keys;
mod listen;
mod queue;
mod screen;
mod table;
mod view;

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use shm_bus::Snapshot;

use crate::bus::session::watch::{Watch, is_deserted};
use crate::bus::target::find::{FindError, choose, look};
use keys::{Action, Keys};
use listen::Listener;
use screen::Screen;
use table::Table;
use view::View;

/// Shows a bus live: for each topic and priority the rate, how full the lanes are, and how much was dropped and lost;
/// participants; readers; work queues. B/s counts the bytes that messages take in their lanes, headers included.
/// Press q to leave, arrows to scroll and to choose the column to sort by, r to reverse.
///
/// Examples:
///   hotframe bus top
///   hotframe bus top --once --interval 5
///   hotframe bus top --json | jq '.topics[] | select(.dropped_per_s > 0)'
///
/// It reads counters and costs the game nothing. With --gaps it also receives all messages, as an observer, and shows the gaps
/// between them as they arrive here. It shows no latencies, because messages carry no time.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Bus [default: the only live one]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Seconds over which rates are measured
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = crate::output::figures::seconds)]
    interval: f64,
    /// Also receive everything, to show the gaps between messages
    #[arg(long)]
    gaps: bool,
    /// Print one interval as text and end
    #[arg(long)]
    once: bool,
    /// Print one interval as a line of JSON and end
    #[arg(long)]
    json: bool,
}

pub(super) fn top(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut sampler = Sampler::new(choose(args.bus.as_deref())?, args.gaps)?;
    let watch = Watch::start()?;
    let interval = Duration::from_secs_f64(args.interval);
    if !args.once && !args.json {
        return live(&mut sampler, &watch, interval);
    }
    let end = Instant::now() + interval;
    while Instant::now() < end && !watch.is_stopped() {
        sampler.listen(end.min(Instant::now() + Watch::SLICE))?;
    }
    let table = sampler.take()?.ok_or_else(|| Ended(sampler.name.clone()))?;
    if args.json {
        writeln!(out, "{}", table.to_json())?
    } else {
        out.write_all(view::text(&table).as_bytes())?
    }
    Ok(out.flush()?)
}

fn live(sampler: &mut Sampler, watch: &Watch, interval: Duration) -> Result<(), Box<dyn Error>> {
    let mut screen = Screen::open()?;
    let (mut view, keys) = (View::default(), Keys::start());
    let mut table = sampler.take()?.ok_or_else(|| Ended(sampler.name.clone()))?;
    let mut next = Instant::now() + interval.min(Duration::from_millis(250));
    loop {
        screen.draw(|frame| view.draw(frame, &table))?;
        // Shows the effect of a key at once, otherwise the next sample when it is due; heeds keys and signals even when samples are late.
        loop {
            let is_heeded = match keys.next() {
                Some(Action::Quit) => return Ok(()),
                Some(Action::Suspend) => screen.suspend().map(|()| true)?,
                Some(action) => {
                    view.act(action, &table);
                    true
                }
                None if watch.is_stopped() => return Ok(()),
                None => screen.resume()?,
            };
            let is_due = Instant::now() >= next;
            if is_due {
                next = Instant::now() + interval;
                if !view.is_paused() {
                    let sample = sampler.take()?;
                    let ended = sample.is_none() || is_deserted(&sampler.last.1, sampler.own_id());
                    view.note(ended.then(|| format!("bus `{}` has ended; q to leave", sampler.name)));
                    table = sample.unwrap_or(table);
                }
            }
            if is_heeded || is_due {
                break;
            }
            sampler.listen(next.min(Instant::now() + Watch::SLICE))?;
        }
    }
}

/// The bus ended while it was shown.
#[derive(Debug, thiserror::Error)]
#[error("bus `{0}` has ended")]
struct Ended(String);

/// Takes samples of a bus and measures what happened between two.
struct Sampler {
    name: String,
    last: (Instant, Snapshot),
    listener: Option<Listener>,
}

impl Sampler {
    fn new(name: String, gaps: bool) -> Result<Self, Box<dyn Error>> {
        let last = (Instant::now(), look(&name)?);
        let listener = if gaps { Some(Listener::new(&name)?) } else { None };
        Ok(Self { name, last, listener })
    }

    /// Receives until `moment` at most.
    fn listen(&mut self, moment: Instant) -> Result<(), Box<dyn Error>> {
        match &mut self.listener {
            Some(listener) => listener.listen(moment),
            None => {
                std::thread::sleep(moment.saturating_duration_since(Instant::now()));
                Ok(())
            }
        }
    }

    /// The id of this command's own participant on the bus, if it is attached.
    fn own_id(&self) -> Option<u64> {
        self.listener.as_ref().map(Listener::id)
    }

    /// The changes since the last call. `None` while there is no such bus; a later bus with that name is shown again.
    fn take(&mut self) -> Result<Option<Table>, FindError> {
        let now = match look(&self.name) {
            Ok(snapshot) => (Instant::now(), snapshot),
            Err(FindError::Missing { .. } | FindError::Dead { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let gaps = self.listener.as_mut().map(Listener::take);
        let time = now.0.duration_since(self.last.0);
        let table = Table::between(&self.last.1, &now.1, time, self.own_id(), gaps);
        self.last = now;
        Ok(Some(table))
    }
}
