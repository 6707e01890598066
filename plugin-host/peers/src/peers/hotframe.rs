//! Hotframe, as its users call it.

use std::fs;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use measure::{FAR, NEAR, Round, Samples, pin, sample};
use plugin_host::{ExportsOnly, Host, Method, library_path};
use shm_bus::Bus;

use crate::libraries::{Running, library};

/// Calls of one sample.
const CALLS: u64 = 1 << 12;

fn call_many(method: &Method, reply: &mut Vec<u8>) -> Result<()> {
    for _ in 0..CALLS {
        method.call_bytes(&[], reply)?;
    }
    ensure!(reply.is_empty(), "a method without a reply replied");
    Ok(())
}

fn empty_call_of(method: &str, budget: Duration) -> Result<Round> {
    pin(NEAR)?;
    let running = Running::with(&["calls"])?;
    let method = running.plugins.method("calls", method)?;
    let mut reply = Vec::new();
    sample(budget, CALLS, || call_many(&method, &mut reply))
}

/// By handle, beside others.
pub(crate) fn empty(budget: Duration) -> Result<Round> {
    empty_call_of("nothing", budget)
}

/// By handle, alone.
pub(crate) fn empty_alone(budget: Duration) -> Result<Round> {
    empty_call_of("nothing_alone", budget)
}

/// A number each way, as MessagePack.
pub(crate) fn typed(budget: Duration) -> Result<Round> {
    pin(NEAR)?;
    let running = Running::with(&["calls"])?;
    let next = running.plugins.method("calls", "next")?;
    sample(budget, CALLS, || {
        let last = (0..CALLS).try_fold(0, |number, _| next.call::<_, u64>((number,)))?;
        ensure!(last == CALLS, "the last reply is {last}");
        Ok(())
    })
}

/// The first thread's figures, while a second one calls, too.
pub(crate) fn two_threads(budget: Duration) -> Result<Round> {
    let running = Running::with(&["calls"])?;
    let nothing = running.plugins.method("calls", "nothing")?;
    let call = |method: &Method| {
        let mut reply = Vec::new();
        sample(budget, CALLS, || call_many(method, &mut reply))
    };
    on_two_threads(|| call(&nothing))
}

/// Runs `work` on two threads, each on a core of its own, at the same time; the first one's figures.
pub(crate) fn on_two_threads(work: impl Fn() -> Result<Round> + Sync) -> Result<Round> {
    let both = Barrier::new(2);
    let on = |core| {
        pin(core)?;
        both.wait();
        work()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| on(FAR));
        let ours = on(NEAR);
        other.join().ok().context("the other thread panicked")??;
        ours
    })
}

/// From plugin to plugin.
pub(crate) fn nested(budget: Duration) -> Result<Round> {
    pin(NEAR)?;
    let running = Running::with(&["calls", "relay"])?;
    let relay = running.plugins.method("relay", "relay")?;
    sample(budget, CALLS, || {
        let made: u64 = relay.call((CALLS,))?;
        ensure!(made == CALLS, "{made} calls were made");
        Ok(())
    })
}

/// From a file that is put into an empty folder to the first reply. Each sample has a host and a folder of its own, which are not timed.
pub(crate) fn load(budget: Duration) -> Result<Round> {
    pin(NEAR)?;
    let library = library("calls")?;
    let mut samples = Samples::new();
    let start = Instant::now();
    while start.elapsed() < budget || samples.taken() < 12 {
        let folder = tempfile::tempdir()?;
        let mut host = Host::start(folder.path(), Bus::anonymous()?)?;
        let aside = tempfile::tempdir()?;
        let ready = aside.path().join("ready");
        fs::copy(&library, &ready)?;
        let before = Instant::now();
        fs::rename(ready, library_path(folder.path(), "calls"))?;
        host.load_present(&mut ExportsOnly)?;
        let next: u64 = host.plugins().call("calls", "next", (1_u64,))?;
        samples.take_each(before.elapsed(), 1);
        ensure!(next == 2, "the reply is {next}");
    }
    samples.percentiles()
}
