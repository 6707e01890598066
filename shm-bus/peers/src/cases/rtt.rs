//! Half of a block's round trip; both ends spin.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use measure::{Percentile, Round, Samples};

use super::{Case, Contender, Exchange, across, threads};
use crate::block::{END, LARGE, SMALL};
use crate::link::{Link, receive_spinning, send_spinning};
#[cfg(feature = "tachyon")]
use crate::peers::TachyonIpc;
use crate::peers::{
    BareLine, CrossbeamChannel, Hotframe, Iceoryx2, IpcChannel, MemlinkShm, NexusQueue, PhotonRing, Pipe, Rtrb,
    UnixSocket, memlink_protocol,
};

pub(super) fn cases() -> [Case; 2] {
    let mut small = contenders::<SMALL>();
    small.push(across::<SMALL, BareLine, Echo<SMALL>>());
    let case = |name, contenders, absent| Case {
        name,
        unit: "ns, half of a round trip",
        judged_by: Percentile::P50,
        contenders,
        absent,
    };
    [
        case("rtt_half_64B", small, &[memlink_protocol::NO_TRANSPORT]),
        case(
            "rtt_half_1KiB",
            contenders::<LARGE>(),
            &[memlink_protocol::NO_TRANSPORT, ("bare_line", "a cache line holds 64 bytes")],
        ),
    ]
}

fn contenders<const W: usize>() -> Vec<Contender> {
    vec![
        across::<W, Hotframe<W>, Echo<W>>(),
        across::<W, Iceoryx2<W>, Echo<W>>(),
        #[cfg(feature = "tachyon")]
        across::<W, TachyonIpc<W>, Echo<W>>(),
        threads::<W, Rtrb<W>, Echo<W>>(),
        threads::<W, NexusQueue<W>, Echo<W>>(),
        threads::<W, PhotonRing<W>, Echo<W>>(),
        threads::<W, CrossbeamChannel<W>, Echo<W>>(),
        threads::<W, MemlinkShm<W>, Echo<W>>(),
        across::<W, IpcChannel<W>, Echo<W>>(),
        across::<W, UnixSocket<W>, Echo<W>>(),
        across::<W, Pipe<W>, Echo<W>>(),
    ]
}

/// The far end sends back every block.
struct Echo<const W: usize>;

impl<const W: usize, L: Link<W>> Exchange<L> for Echo<W> {
    fn near(link: &mut L, budget: Duration) -> Result<Option<Round>> {
        /// Minimum number of samples, however slow a busy machine makes them.
        const LEAST: usize = 200;
        let mut samples = Samples::new();
        let start = Instant::now();
        let mut before = start;
        let mut number = 0;
        while (before - start < budget || samples.taken() < LEAST) && !samples.is_full() {
            send_spinning(link, number)?;
            let back = receive_spinning(link)?;
            ensure!(back == number, "block {back} came back instead of {number}");
            number += 1;
            let now = Instant::now();
            // The first fifth warms up.
            if now - start > budget / 5 {
                samples.take_each(now - before, 2);
            }
            before = now;
        }
        send_spinning(link, END)?;
        samples.percentiles().map(Some)
    }

    fn far(link: &mut L) -> Result<Option<Round>> {
        for expected in 0.. {
            let number = receive_spinning(link)?;
            if number == END {
                break;
            }
            ensure!(number == expected, "block {number} came instead of {expected}");
            send_spinning(link, number)?;
        }
        Ok(None)
    }
}
