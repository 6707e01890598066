//! `hotframe bus top`: live rates, fill, drops and who takes part.
//!
//! ```text
//! Sampler ──► Table (pure: two snapshots and the time between) ──► View (pure: draws into a buffer) ──► Screen
//! ```
//! The counters lie in the segments: reading them costs the game nothing. Only `--gaps` attaches an inbox, an observer.

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

use shm_bus::{Bus, Snapshot};

use super::find::find;
use super::watch::Watch;
use keys::{Action, Keys};
use listen::Listener;
use screen::Screen;
use table::Table;
use view::View;

/// Shows what happens on a bus: for each topic and priority its rate, how full its lanes are, what was dropped and lost;
/// who takes part; who reads; work queues. Press q to leave, arrows to scroll and to choose the column to sort by, r to reverse.
///
/// Examples:
///   hotframe bus top
///   hotframe bus top --once --interval 5
///   hotframe bus top --json | jq '.topics[] | select(.dropped_per_s > 0)'
///
/// It reads counters and costs the game nothing. With --gaps it also receives everything, as an observer, and shows the
/// gaps between messages as they come in here. No latencies: messages bear no time.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// Which bus [default: the one that lives]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Seconds over which rates are taken
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = super::figures::seconds)]
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
    let bus = find(args.bus.as_deref())?;
    let mut sampler = Sampler::new(&bus, args.gaps)?;
    let mut watch = Watch::start()?;
    let interval = Duration::from_secs_f64(args.interval);
    if !args.once && !args.json {
        return live(&bus, &mut sampler, &mut watch, interval);
    }
    let end = Instant::now() + interval;
    while Instant::now() < end && sampler.listen(end.min(Instant::now() + Watch::SLICE))? && !watch.is_over(&bus) {}
    let table = sampler.take();
    if args.json {
        writeln!(out, "{}", table.to_json())?
    } else {
        out.write_all(view::text(&table).as_bytes())?
    }
    Ok(out.flush()?)
}

fn live(bus: &Bus, sampler: &mut Sampler<'_>, watch: &mut Watch, interval: Duration) -> Result<(), Box<dyn Error>> {
    let mut screen = Screen::open()?;
    let (mut view, keys) = (View::default(), Keys::start());
    let mut table = sampler.take();
    let mut next = Instant::now() + interval.min(Duration::from_millis(250));
    let mut ended = false;
    loop {
        screen.draw(|frame| view.draw(frame, &table))?;
        // What is pressed shows at once, else the next sample is due.
        while Instant::now() < next && sampler.listen(next.min(Instant::now() + Watch::SLICE))? {
            match keys.next() {
                None if watch.is_stopped() => return Ok(()),
                None if screen.resume()? => {}
                None => continue,
                Some(Action::Quit) => return Ok(()),
                Some(Action::Suspend) => screen.suspend()?,
                Some(action) => view.act(action, &table),
            }
            break;
        }
        if Instant::now() >= next && !view.is_paused() {
            next = Instant::now() + interval;
            ended = ended || watch.is_over(bus);
            table = sampler.take();
            view.note(ended.then(|| format!("bus `{}` has ended; q to leave", bus.name())));
        } else if Instant::now() >= next {
            next = Instant::now() + interval;
        }
    }
}

/// Takes samples of a bus, and what came between two.
struct Sampler<'a> {
    bus: &'a Bus,
    last: (Instant, Snapshot),
    listener: Option<Listener>,
}

impl<'a> Sampler<'a> {
    fn new(bus: &'a Bus, gaps: bool) -> Result<Self, Box<dyn Error>> {
        let listener = if gaps { Some(Listener::new(bus)?) } else { None };
        Ok(Self { bus, last: (Instant::now(), bus.snapshot()), listener })
    }

    /// Waits until `moment`, at most. Always `true`.
    fn listen(&mut self, moment: Instant) -> Result<bool, Box<dyn Error>> {
        match &mut self.listener {
            Some(listener) => listener.listen(self.bus, moment)?,
            None => std::thread::sleep(moment.saturating_duration_since(Instant::now())),
        }
        Ok(true)
    }

    /// What happened since the last call.
    fn take(&mut self) -> Table {
        let now = (Instant::now(), self.bus.snapshot());
        let gaps = self.listener.as_mut().map(Listener::take);
        let table = Table::between(&self.last.1, &now.1, now.0.duration_since(self.last.0), gaps);
        self.last = now;
        table
    }
}
