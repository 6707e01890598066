//! A block written and read in one thread, through a queue whose memory is reused.

use anyhow::{Result, ensure};
use measure::{NEAR, Percentile, Round, pin, sample};

use super::{Case, Contender, Session};
use crate::block::{Block, SMALL};
use crate::link::Link;
#[cfg(feature = "tachyon")]
use crate::peers::TachyonIpc;
use crate::peers::{
    CrossbeamChannel, Hotframe, HotframeOneLevel, Iceoryx2, IpcChannel, MemlinkShm, NexusQueue, PhotonRing, Pipe, Rtrb,
    UnixSocket, memlink_protocol,
};

const PER_SAMPLE: u64 = 256;

pub(super) fn case() -> Case {
    Case {
        name: "single_thread_64B",
        unit: "ns, write and read",
        judged_by: Percentile::P50,
        contenders: vec![
            alone::<HotframeOneLevel>(),
            alone::<Hotframe<SMALL>>().named("hotframe_4_levels"),
            alone::<MemlinkShm<SMALL>>(),
            alone::<Rtrb<SMALL>>(),
            alone::<NexusQueue<SMALL>>(),
            alone::<PhotonRing<SMALL>>(),
            #[cfg(feature = "tachyon")]
            alone::<TachyonIpc<SMALL>>(),
            alone::<CrossbeamChannel<SMALL>>(),
            alone::<Iceoryx2<SMALL>>(),
            alone::<IpcChannel<SMALL>>(),
            alone::<UnixSocket<SMALL>>(),
            alone::<Pipe<SMALL>>(),
        ],
        absent: &[memlink_protocol::NO_TRANSPORT],
    }
}

fn alone<L: Link<SMALL>>() -> Contender {
    Contender::one_thread(L::NAME, measure::<L>)
}

fn measure<L: Link<SMALL>>(session: &Session<'_>) -> Result<Round> {
    pin(NEAR)?;
    let (mut writer, mut reader) = L::pair(&session.folder)?;
    let mut number = 0;
    sample(session.budget, PER_SAMPLE, || {
        for _ in 0..PER_SAMPLE {
            ensure!(writer.send(number)?, "an empty queue has no room");
            let sum = reader.receive()?;
            ensure!(sum == Some(Block::<SMALL>::of(number).sum()), "block {number} did not come: {sum:?}");
            number += 1;
        }
        Ok(())
    })
}
