//! Latency of a Critical message while its own publisher floods Low ones, and on an idle bus.

use std::time::{Duration, Instant};

use anyhow::Result;
use measure::{Percentile, Round, Samples};

use super::{Case, Exchange, across, threads};
use crate::abilities::{Arrival, Urgent};
use crate::block::{Block, END, LARGE, SMALL};
use crate::link::spin;
use crate::peers::{Hotframe, MemlinkLevels, memlink_protocol};
use crate::system::now;

const NO_LEVELS: &str = "has no priorities";

pub(super) fn case() -> Case {
    Case {
        name: "critical_p99_under_low_flood",
        unit: "ns, from sending to having it",
        judged_by: Percentile::P99,
        contenders: vec![
            across::<SMALL, Hotframe<SMALL>, Lateness<true>>(),
            across::<SMALL, Hotframe<SMALL>, Lateness<false>>().named("hotframe_idle"),
            threads::<SMALL, MemlinkLevels, Lateness<true>>(),
            threads::<SMALL, MemlinkLevels, Lateness<false>>().named("memlink-shm_idle"),
        ],
        absent: &[
            ("iceoryx2", NO_LEVELS),
            ("rtrb", NO_LEVELS),
            ("crossbeam-channel", NO_LEVELS),
            ("ipc-channel", NO_LEVELS),
            ("unix_socket", NO_LEVELS),
            ("pipe", NO_LEVELS),
            memlink_protocol::NO_TRANSPORT,
        ],
    }
}

/// The near end sends the time of sending at intervals; the far end reads all messages, and takes the samples.
struct Lateness<const FLOOD: bool>;

impl<const FLOOD: bool, L: Urgent> Exchange<L> for Lateness<FLOOD> {
    fn near(link: &mut L, budget: Duration) -> Result<Option<Round>> {
        const LEAST: u32 = 4000;
        const PAUSE: Duration = Duration::from_micros(10);
        let start = Instant::now();
        let mut last = start;
        let (mut sent, mut bulk) = (0, 0);
        while last - start < budget || sent < LEAST {
            while last.elapsed() < PAUSE {
                // Without room, the flood waits; Critical does not.
                bulk += u64::from(FLOOD && link.send_bulk(bulk)?);
            }
            last = Instant::now();
            spin(|| Ok(link.send_urgent(now())?.then_some(())))?;
            sent += 1;
        }
        spin(|| Ok(link.send_urgent(END)?.then_some(())))?;
        Ok(None)
    }

    fn far(link: &mut L) -> Result<Option<Round>> {
        /// By then each page of the rings has been touched.
        const WARM_UP: u32 = 2000;
        let mut samples = Samples::new();
        let mut taken = 0;
        let mut expected = 0;
        loop {
            match spin(|| link.receive_by_urgency())? {
                Arrival::Urgent(sum) => {
                    let sent = Block::<SMALL>::number_of(sum)?;
                    if sent == END {
                        return samples.percentiles().map(Some);
                    }
                    taken += 1;
                    if taken > WARM_UP {
                        samples.take(now().saturating_sub(sent) as f64);
                    }
                }
                Arrival::Bulk(sum) => {
                    let number = Block::<LARGE>::number_of(sum)?;
                    anyhow::ensure!(number == expected, "block {number} came instead of {expected}");
                    expected += 1;
                }
            }
        }
    }
}
