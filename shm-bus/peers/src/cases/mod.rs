//! The cases: the operations, the peers that take part, and the reasons of those that can't.

mod critical;
mod fanout;
mod header;
mod loan;
mod msgpack;
mod publishers;
mod rtt;
mod single_thread;
mod throughput;
mod wake;

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use measure::{FAR, NEAR, Outline, Percentile, Round, pin};

use crate::far::{self, Far};
use crate::link::{Across, Link};

/// One row of the resulting table; see [`Outline`].
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) judged_by: Percentile,
    pub(crate) contenders: Vec<Contender>,
    pub(crate) absent: &'static [(&'static str, &'static str)],
}

impl Case {
    pub(crate) const fn outline(&self) -> Outline {
        Outline { name: self.name, unit: self.unit, judged_by: self.judged_by, absent: self.absent }
    }
}

/// Where the two ends are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    Processes,
    Threads,
    OneThread,
}

impl Between {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Processes => "two processes",
            Self::Threads => "two threads",
            Self::OneThread => "one thread",
        }
    }
}

/// A peer in a case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    pub(crate) peer: &'static str,
    pub(crate) between: Between,
    /// Measures once.
    pub(crate) near: fn(&Session<'_>) -> Result<Round>,
    /// The part of the other process.
    pub(crate) far: Option<fn(&Path) -> Result<()>>,
}

impl Contender {
    /// The same contender under another name.
    const fn named(self, peer: &'static str) -> Self {
        Self { peer, ..self }
    }

    const fn one_thread(peer: &'static str, near: fn(&Session<'_>) -> Result<Round>) -> Self {
        Self { peer, between: Between::OneThread, near, far: None }
    }
}

/// One measurement of one contender.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) case: &'a str,
    pub(crate) peer: &'a str,
    /// An empty folder.
    pub(crate) folder: PathBuf,
    /// How long to measure.
    pub(crate) budget: Duration,
}

/// The messages that two ends exchange. Either end may have the figures.
trait Exchange<L> {
    fn near(link: &mut L, budget: Duration) -> Result<Option<Round>>;
    fn far(link: &mut L) -> Result<Option<Round>>;
}

/// `L` in two processes.
fn across<const W: usize, L: Across<W>, E: Exchange<L>>() -> Contender {
    Contender {
        peer: L::NAME,
        between: Between::Processes,
        near: near_of_processes::<W, L, E>,
        far: Some(far_of_processes::<W, L, E>),
    }
}

fn near_of_processes<const W: usize, L: Across<W>, E: Exchange<L>>(session: &Session<'_>) -> Result<Round> {
    pin(NEAR)?;
    let listening = L::listen(&session.folder)?;
    let mut far = Far::start(session.case, session.peer, &session.folder)?;
    let mut link = L::accept(listening)?;
    far.wait_until_ready()?;
    let ours = E::near(&mut link, session.budget)?;
    let theirs = far.finish()?;
    ours.or(theirs).context("neither end has figures")
}

fn far_of_processes<const W: usize, L: Across<W>, E: Exchange<L>>(folder: &Path) -> Result<()> {
    far::leave_with_the_run();
    pin(FAR)?;
    let mut link = L::connect(folder)?;
    far::say_ready()?;
    let figures = E::far(&mut link)?;
    drop(link);
    figures.map_or(Ok(()), far::say_figures)
}

/// `L` in two threads.
fn threads<const W: usize, L: Link<W> + Send, E: Exchange<L>>() -> Contender {
    Contender { peer: L::NAME, between: Between::Threads, near: near_of_threads::<W, L, E>, far: None }
}

fn near_of_threads<const W: usize, L: Link<W> + Send, E: Exchange<L>>(session: &Session<'_>) -> Result<Round> {
    pin(NEAR)?;
    let (mut near, mut far) = L::pair(&session.folder)?;
    let (ready, wait_until_ready) = channel();
    std::thread::scope(|scope| {
        let other = scope.spawn(move || {
            // Until it has moved to its own core, it shares ours.
            pin(FAR)?;
            ready.send(())?;
            E::far(&mut far)
        });
        wait_until_ready.recv()?;
        let ours = E::near(&mut near, session.budget)?;
        let theirs = other.join().map_err(|_| anyhow!("the far thread panicked"))??;
        ours.or(theirs).context("neither end has figures")
    })
}

/// All cases, in the order of the table.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::from(rtt::cases());
    cases.extend(throughput::cases());
    cases.extend([
        single_thread::case(),
        wake::case(),
        critical::case(),
        fanout::case(),
        publishers::case(),
        loan::case(),
    ]);
    cases.extend(header::cases());
    cases.extend(msgpack::cases());
    cases
}
