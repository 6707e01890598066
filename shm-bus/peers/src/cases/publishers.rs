//! Cost of receiving with 64 publishers, of which one is active, and with only one.

use std::time::Instant;

use anyhow::{Result, ensure};
use measure::{NEAR, Percentile, Round, Samples, pin};

use super::{Case, Contender, Session};
use crate::abilities::Publishers;
use crate::block::{Block, SMALL};
use crate::peers::{HotframePublishers, Iceoryx2Publishers, memlink_protocol};

const BATCH: u64 = 64;
const ONE_SENDER: &str = "has one sender for each queue";

pub(super) fn case() -> Case {
    Case {
        name: "publishers_1_to_64",
        unit: "ns, receiving alone",
        judged_by: Percentile::P50,
        contenders: vec![
            Contender::one_thread("hotframe", measure::<HotframePublishers, 64>),
            Contender::one_thread("hotframe_1_publisher", measure::<HotframePublishers, 1>),
            Contender::one_thread("iceoryx2", measure::<Iceoryx2Publishers, 64>),
            Contender::one_thread("iceoryx2_1_publisher", measure::<Iceoryx2Publishers, 1>),
        ],
        absent: &[
            ("rtrb", ONE_SENDER),
            ("memlink-shm", ONE_SENDER),
            ("crossbeam-channel", "all senders share one queue: nothing to look through"),
            ("ipc-channel", "all senders share one queue: nothing to look through"),
            ("unix_socket", ONE_SENDER),
            ("pipe", "all senders share one queue: nothing to look through"),
            memlink_protocol::NO_TRANSPORT,
        ],
    }
}

fn measure<P: Publishers, const COUNT: usize>(session: &Session<'_>) -> Result<Round> {
    const LEAST: u64 = 100;
    const WARM_UP: u64 = 50;
    pin(NEAR)?;
    let mut peer = P::open(&session.folder, COUNT)?;
    let mut samples = Samples::new();
    let start = Instant::now();
    let mut batch = 0;
    while start.elapsed() < session.budget || batch < LEAST {
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        numbers.clone().try_for_each(|number| peer.send(number))?;
        let before = Instant::now();
        for number in numbers {
            let sum = peer.receive()?;
            ensure!(sum == Some(Block::<SMALL>::of(number).sum()), "block {number} did not come: {sum:?}");
        }
        if batch >= WARM_UP {
            samples.take_each(before.elapsed(), BATCH);
        }
        batch += 1;
    }
    samples.percentiles()
}
