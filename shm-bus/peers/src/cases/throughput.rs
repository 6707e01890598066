//! Time per block of many blocks that are sent as fast as they are received, one by one or in batches.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use measure::{Percentile, Round, Samples};

use super::{Case, Contender, Exchange, across, threads};
use crate::block::{Block, END, LARGE, SMALL};
use crate::link::{Batching, Link, receive_spinning, send_spinning, spin};
#[cfg(feature = "tachyon")]
use crate::peers::TachyonIpc;
use crate::peers::{
    BareRing, CrossbeamChannel, Hotframe, HotframeInPieces, Iceoryx2, IpcChannel, MemlinkShm, NexusQueue, PhotonRing,
    Pipe, Rtrb, UnixSocket, memlink_protocol,
};

/// Blocks of one sample, after which the far end answers.
const PER_SAMPLE: u64 = 1 << 12;
/// Blocks of one batch.
const BATCH: u64 = 64;

const LINE: (&str, &str) = ("bare_line", "holds one block, so that each waits for the one before");

pub(super) fn cases() -> [Case; 3] {
    let case =
        |name, contenders, absent| Case { name, unit: "ns a message", judged_by: Percentile::P50, contenders, absent };
    let batched = vec![
        across::<SMALL, Hotframe<SMALL>, SinkBatches>(),
        #[cfg(feature = "tachyon")]
        across::<SMALL, TachyonIpc<SMALL>, SinkBatches>(),
        threads::<SMALL, Rtrb<SMALL>, SinkBatches>(),
        threads::<SMALL, PhotonRing<SMALL>, SinkBatches>(),
        across::<SMALL, UnixSocket<SMALL>, SinkBatches>(),
        across::<SMALL, Pipe<SMALL>, SinkBatches>(),
    ];
    [
        case("throughput_64B", singly::<SMALL>(), &[LINE, memlink_protocol::NO_TRANSPORT]),
        case(
            "throughput_64B_batch",
            batched,
            &[
                ("iceoryx2", "sends one sample a call"),
                ("crossbeam-channel", "sends one message a call"),
                ("memlink-shm", "sends one message a call"),
                ("nexus-queue", "sends one message a call"),
                ("ipc-channel", "sends one message a call"),
                LINE,
                memlink_protocol::NO_TRANSPORT,
            ],
        ),
        case("throughput_1KiB", singly::<LARGE>(), &[LINE, memlink_protocol::NO_TRANSPORT]),
    ]
}

fn singly<const W: usize>() -> Vec<Contender> {
    vec![
        across::<W, Hotframe<W>, Sink<W>>(),
        across::<W, HotframeInPieces<W>, Sink<W>>(),
        across::<W, BareRing<W>, Sink<W>>(),
        across::<W, Iceoryx2<W>, Sink<W>>(),
        #[cfg(feature = "tachyon")]
        across::<W, TachyonIpc<W>, Sink<W>>(),
        threads::<W, Rtrb<W>, Sink<W>>(),
        threads::<W, NexusQueue<W>, Sink<W>>(),
        threads::<W, PhotonRing<W>, Sink<W>>(),
        threads::<W, CrossbeamChannel<W>, Sink<W>>(),
        threads::<W, MemlinkShm<W>, Sink<W>>(),
        across::<W, IpcChannel<W>, Sink<W>>(),
        across::<W, UnixSocket<W>, Sink<W>>(),
        across::<W, Pipe<W>, Sink<W>>(),
    ]
}

/// The far end takes block after block and answers the last one of each sample.
struct Sink<const W: usize>;

impl<const W: usize, L: Link<W>> Exchange<L> for Sink<W> {
    fn near(link: &mut L, budget: Duration) -> Result<Option<Round>> {
        let figures = sample_flights(link, budget, |link, first| {
            (first..first + PER_SAMPLE).try_for_each(|number| send_spinning(link, number))
        })?;
        send_spinning(link, END)?;
        Ok(Some(figures))
    }

    fn far(link: &mut L) -> Result<Option<Round>> {
        for expected in 0.. {
            let number = receive_spinning(link)?;
            if number == END {
                break;
            }
            took(link, number, expected)?;
        }
        Ok(None)
    }
}

/// Like [`Sink`], in batches.
struct SinkBatches;

impl<L: Batching<SMALL>> Exchange<L> for SinkBatches {
    fn near(link: &mut L, budget: Duration) -> Result<Option<Round>> {
        let figures = sample_flights(link, budget, |link, first| {
            (first..first + PER_SAMPLE)
                .step_by(BATCH as usize)
                .try_for_each(|first| send_many_spinning(link, first..first + BATCH))
        })?;
        send_many_spinning(link, END..END + 1)?;
        Ok(Some(figures))
    }

    fn far(link: &mut L) -> Result<Option<Round>> {
        let mut expected = 0;
        let mut ended = false;
        while !ended {
            let before = expected;
            spin(|| {
                link.receive_many(|sum| {
                    let number = Block::<SMALL>::number_of(sum)?;
                    if number == END {
                        ended = true;
                        return Ok(());
                    }
                    ensure!(number == expected, "block {number} came instead of {expected}");
                    expected += 1;
                    Ok(())
                })?;
                Ok((expected > before || ended).then_some(()))
            })?;
            if expected > before && expected.is_multiple_of(PER_SAMPLE) {
                send_spinning(link, expected - 1)?;
            }
        }
        Ok(None)
    }
}

fn send_many_spinning(link: &mut impl Batching<SMALL>, mut numbers: Range<u64>) -> Result<()> {
    spin(|| {
        numbers.start += link.send_many(numbers.clone())?;
        Ok(numbers.is_empty().then_some(()))
    })
}

/// Times series of [`PER_SAMPLE`] blocks, from sending the first one to the answer to the last one.
fn sample_flights<const W: usize, L: Link<W>>(
    link: &mut L,
    budget: Duration,
    mut send_from: impl FnMut(&mut L, u64) -> Result<()>,
) -> Result<Round> {
    const LEAST: u64 = 12;
    let mut samples = Samples::new();
    let start = Instant::now();
    let mut flights = 0;
    while start.elapsed() < budget || flights < LEAST {
        let before = Instant::now();
        let first = flights * PER_SAMPLE;
        send_from(link, first)?;
        let answer = receive_spinning(link)?;
        ensure!(answer == first + PER_SAMPLE - 1, "block {answer} was answered, which is not the last");
        // The first two warm up: they go through the whole queue.
        if flights >= 2 {
            samples.take_each(before.elapsed(), PER_SAMPLE);
        }
        flights += 1;
    }
    samples.percentiles()
}

fn took<const W: usize>(link: &mut impl Link<W>, number: u64, expected: u64) -> Result<()> {
    ensure!(number == expected, "block {number} came instead of {expected}");
    if (number + 1).is_multiple_of(PER_SAMPLE) { send_spinning(link, number) } else { Ok(()) }
}
