//! A sender's cost per message with eight polling readers, and with one.
//!
//! The readers live in another thread, which empties all of them between two batches; only sending is timed.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use measure::{FAR, NEAR, Percentile, Round, Samples, pin};

use super::{Between, Case, Contender, Session};
use crate::abilities::FanOut;
use crate::block::{Block, SMALL};
use crate::link::spin;
use crate::peers::{HotframeFanOut, Iceoryx2FanOut, memlink_protocol};

const BATCH: u64 = 256;
const ONE_READER: &str = "gives a message to one reader only";

pub(super) fn case() -> Case {
    let contender = |peer, near| Contender { peer, between: Between::Threads, near, far: None };
    Case {
        name: "fanout_8",
        unit: "ns, sending alone",
        judged_by: Percentile::P50,
        contenders: vec![
            contender("hotframe", measure::<HotframeFanOut, 8>),
            contender("hotframe_1_reader", measure::<HotframeFanOut, 1>),
            contender("iceoryx2", measure::<Iceoryx2FanOut, 8>),
            contender("iceoryx2_1_reader", measure::<Iceoryx2FanOut, 1>),
        ],
        absent: &[
            ("rtrb", ONE_READER),
            ("crossbeam-channel", ONE_READER),
            ("ipc-channel", ONE_READER),
            ("memlink-shm", ONE_READER),
            ("unix_socket", ONE_READER),
            ("pipe", ONE_READER),
            memlink_protocol::NO_TRANSPORT,
        ],
    }
}

/// Message to the readers: blocks sent so far, or the end.
const OVER: u64 = u64::MAX;

fn measure<P: FanOut, const READERS: usize>(session: &Session<'_>) -> Result<Round> {
    pin(NEAR)?;
    let mut sender = P::sender(&session.folder)?;
    let sent = AtomicU64::new(0);
    let taken = AtomicU64::new(OVER);
    std::thread::scope(|scope| {
        let (ready, wait_until_ready) = channel();
        let readers = scope.spawn(|| read::<P, READERS>(&session.folder, &sent, &taken, ready));
        // Until they have moved to their own core, they share ours. Without an answer they have failed, and return the error when joined.
        let _ = wait_until_ready.recv();
        let figures = send::<P>(&mut sender, session, &sent, &taken);
        sent.store(OVER, Ordering::Release);
        readers.join().map_err(|_| anyhow!("the readers panicked"))??;
        figures
    })
}

fn send<P: FanOut>(
    sender: &mut P::Sender,
    session: &Session<'_>,
    sent: &AtomicU64,
    taken: &AtomicU64,
) -> Result<Round> {
    const LEAST: u64 = 100;
    const WARM_UP: u64 = 20;
    let mut samples = Samples::new();
    let start = Instant::now();
    for batch in 0.. {
        let first = batch * BATCH;
        spin(|| Ok((taken.load(Ordering::Acquire) == first).then_some(())))?;
        if start.elapsed() >= session.budget && batch >= LEAST {
            break;
        }
        let before = Instant::now();
        for number in first..first + BATCH {
            P::send(sender, number)?;
        }
        if batch >= WARM_UP {
            samples.take_each(before.elapsed(), BATCH);
        }
        sent.store(first + BATCH, Ordering::Release);
    }
    samples.percentiles()
}

fn read<P: FanOut, const READERS: usize>(
    folder: &Path,
    sent: &AtomicU64,
    taken: &AtomicU64,
    ready: Sender<()>,
) -> Result<()> {
    pin(FAR)?;
    let mut readers = P::readers(folder, READERS)?;
    ready.send(())?;
    let mut next = 0;
    loop {
        taken.store(next, Ordering::Release);
        let upto = spin(|| Ok(Some(sent.load(Ordering::Acquire)).filter(|sent| *sent != next)))?;
        if upto == OVER {
            return Ok(());
        }
        for reader in &mut readers {
            for number in next..upto {
                let sum = P::receive(reader)?;
                ensure!(sum == Some(Block::<SMALL>::of(number).sum()), "block {number} did not come: {sum:?}");
            }
            // A poll that finds nothing, as polling readers do.
            ensure!(P::receive(reader)?.is_none(), "a block came that was not sent");
        }
        next = upto;
    }
}
