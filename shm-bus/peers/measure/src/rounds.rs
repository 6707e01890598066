//! The rounds of one case.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::pin::load;
use crate::rows::Measured;
use crate::samples::Round;

/// How much is measured.
#[derive(Debug)]
pub struct Effort {
    /// Number of rounds.
    rounds: usize,
    /// How long each session measures.
    pub budget: Duration,
    /// Receives a message after each session.
    watchdog: Sender<()>,
}

impl Effort {
    /// Five short rounds if `quick`, otherwise eleven longer ones. From now on, the program ends if a session hangs. Says so if the machine
    /// is busy.
    #[must_use]
    pub fn new(quick: bool) -> Self {
        if let Some(load) = load().filter(|load| *load > 0.5) {
            eprintln!(
                "The machine is busy (load {load}): ends that spin lose their cores, and the figures say little."
            );
        }
        let (rounds, budget) = if quick { (5, Duration::from_millis(40)) } else { (11, Duration::from_millis(400)) };
        Self { rounds, budget, watchdog: watchdog() }
    }
}

/// All rounds of the case `name`, with the contenders' names and the places of their ends. A contender that fails is told of and not tried
/// again.
pub fn measure(
    name: &str,
    contenders: &[(&'static str, &'static str)],
    effort: &Effort,
    mut session: impl FnMut(usize) -> Result<Round>,
) -> Vec<Measured> {
    let start = |(peer, between): &(&'static str, &'static str)| Measured {
        peer,
        between,
        rounds: Ok(Vec::with_capacity(effort.rounds)),
    };
    let mut measured: Vec<_> = contenders.iter().map(start).collect();
    let count = contenders.len();
    for round in 0..effort.rounds {
        // Each round begins with another contender, so that none always follows the same one.
        for index in (0..count).map(|index| (index + round) % count) {
            let Ok(taken) = &mut measured[index].rounds else { continue };
            let figures = session(index).and_then(|figures| {
                ensure!(figures.p50 > 0.0 && figures.p99 >= figures.p50, "impossible figures: {figures:?}");
                Ok(figures)
            });
            let _ = effort.watchdog.send(());
            match figures {
                Ok(figures) => taken.push(figures),
                Err(error) => {
                    eprintln!("FAILED: {name} by {}: {error:#}", contenders[index].0);
                    measured[index].rounds = Err(format!("{error:#}"));
                }
            }
        }
    }
    measured
}

/// Ends the program if a session hangs; receives a message after each session.
fn watchdog() -> Sender<()> {
    const SESSION_MAX: Duration = Duration::from_secs(60);
    let (alive, heard) = channel();
    std::thread::spawn(move || {
        loop {
            match heard.recv_timeout(SESSION_MAX) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    eprintln!("FAILED: a session hangs");
                    std::process::exit(1);
                }
            }
        }
    });
    alive
}
