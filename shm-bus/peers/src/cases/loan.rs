//! Loan and commit of 4 MiB, of 2 MiB and of 64 bytes, without filling. Every page was touched before.
//!
//! Each message is read before the next samples, and reading megabytes drives the queue's own words out of the caches: the 2 MiB case shows
//! whether the size matters, the 64-byte case the cost of those misses.

use std::time::Instant;

use anyhow::{Result, ensure};
use measure::{NEAR, Percentile, Round, Samples, pin};

use super::{Case, Contender, Session};
use crate::abilities::Loans;
use crate::peers::{HotframeLoans, Iceoryx2Loans, memlink_protocol};

const LARGE_BYTES: usize = 4 << 20;
const HALF_BYTES: usize = 2 << 20;
const SMALL_BYTES: usize = 64;
/// Messages of one sample; two samples fit the ring.
const PER_SAMPLE: u64 = 3;
const COPIES: &str = "copies each message in: lends nothing";

pub(super) fn case() -> Case {
    Case {
        name: "loan_commit_4MiB",
        unit: "ns, besides filling",
        judged_by: Percentile::P50,
        contenders: vec![
            Contender::one_thread("hotframe", measure::<HotframeLoans, LARGE_BYTES>),
            Contender::one_thread("hotframe_2MiB", measure::<HotframeLoans, HALF_BYTES>),
            Contender::one_thread("hotframe_64B", measure::<HotframeLoans, SMALL_BYTES>),
            Contender::one_thread("iceoryx2", measure::<Iceoryx2Loans, LARGE_BYTES>),
            Contender::one_thread("iceoryx2_64B", measure::<Iceoryx2Loans, SMALL_BYTES>),
        ],
        absent: &[
            ("rtrb", "a slot of 4 MiB is moved in by value"),
            ("crossbeam-channel", COPIES),
            ("ipc-channel", COPIES),
            ("memlink-shm", "a message has at most 4096 bytes"),
            ("unix_socket", COPIES),
            ("pipe", COPIES),
            memlink_protocol::NO_TRANSPORT,
        ],
    }
}

fn measure<P: Loans, const BYTES: usize>(session: &Session<'_>) -> Result<Round> {
    const LEAST: usize = 20;
    pin(NEAR)?;
    let mut peer = P::open(&session.folder, BYTES)?;
    let receive = |peer: &mut P| -> Result<()> {
        let len = peer.receive()?;
        ensure!(len == Some(BYTES), "{len:?} bytes came instead of {BYTES}");
        Ok(())
    };
    for _ in 0..32 {
        peer.fill_and_send()?;
        receive(&mut peer)?;
    }
    let mut samples = Samples::new();
    let start = Instant::now();
    let mut taken = 0;
    while start.elapsed() < session.budget || taken < LEAST {
        let before = Instant::now();
        for _ in 0..PER_SAMPLE {
            peer.send()?;
        }
        samples.take_each(before.elapsed(), PER_SAMPLE);
        taken += 1;
        for _ in 0..PER_SAMPLE {
            receive(&mut peer)?;
        }
    }
    samples.percentiles()
}
