//! Time from before a block is sent until a sleeping end has it.

use std::time::{Duration, Instant};

use anyhow::Result;
use measure::{Percentile, Round, Samples};

use super::{Case, Exchange, across, threads};
use crate::block::{Block, END, SMALL};
use crate::link::{Sleeping, spin};
use crate::peers::{
    BareFutex, CrossbeamChannel, Hotframe, Iceoryx2Events, IpcChannel, MemlinkShm, Pipe, UnixSocket, memlink_protocol,
};
use crate::system::now;

/// After a pause of this length, an end is sure to sleep.
const PAUSE: Duration = Duration::from_micros(300);

pub(super) fn case() -> Case {
    Case {
        name: "wake",
        unit: "ns, from sending to having it",
        judged_by: Percentile::P50,
        contenders: vec![
            across::<SMALL, Hotframe<SMALL>, Wake>(),
            across::<SMALL, BareFutex, Wake>(),
            across::<SMALL, Iceoryx2Events, Wake>(),
            threads::<SMALL, CrossbeamChannel<SMALL>, Wake>(),
            threads::<SMALL, MemlinkShm<SMALL>, Wake>(),
            across::<SMALL, IpcChannel<SMALL>, Wake>(),
            across::<SMALL, UnixSocket<SMALL>, Wake>(),
            across::<SMALL, Pipe<SMALL>, Wake>(),
        ],
        absent: &[
            ("rtrb", "has nothing to sleep on"),
            ("bare_line", "has nothing to sleep on"),
            memlink_protocol::NO_TRANSPORT,
        ],
    }
}

/// The near end sends the time of sending; the far end sleeps, and takes the samples.
struct Wake;

impl<L: Sleeping<SMALL>> Exchange<L> for Wake {
    fn near(link: &mut L, budget: Duration) -> Result<Option<Round>> {
        const LEAST: u32 = 40;
        let start = Instant::now();
        let mut sent = 0;
        while start.elapsed() < budget || sent < LEAST {
            pause();
            spin(|| Ok(link.send_and_wake(now())?.then_some(())))?;
            sent += 1;
        }
        pause();
        spin(|| Ok(link.send_and_wake(END)?.then_some(())))?;
        Ok(None)
    }

    fn far(link: &mut L) -> Result<Option<Round>> {
        const WARM_UP: u32 = 5;
        let mut samples = Samples::new();
        for taken in 0.. {
            let sent = Block::<SMALL>::number_of(link.receive_asleep()?)?;
            if sent == END {
                break;
            }
            if taken >= WARM_UP {
                samples.take(now().saturating_sub(sent) as f64);
            }
        }
        samples.percentiles().map(Some)
    }
}

/// Spins, so that this core stays awake.
fn pause() {
    let start = Instant::now();
    while start.elapsed() < PAUSE {
        std::hint::spin_loop();
    }
}
