//! How long this machine itself stalls short work: 10 µs of arithmetic and reads of a few pages after each 60 Hz sleep.
//!
//! None of Hotframe's code runs here. A virtual machine may stall a thread at its first access to a page after a sleep; a frame edge, which
//! does work of the same length at the same moment, is stalled as often.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

const FRAMES: usize = 600;
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// How long a frame is busy.
const BUSY: Duration = Duration::from_millis(6);
/// Additions that take about 10 µs.
const ADDITIONS: u64 = 40_000;
const PAGES: usize = 16;
const PAGE: usize = 4096;

fn main() {
    let memory = black_box(vec![1_u8; PAGES * PAGE]);
    let mut spans = Vec::with_capacity(FRAMES);
    let mut next = Instant::now();
    for _ in 0..FRAMES {
        next += FRAME;
        thread::sleep(next.saturating_duration_since(Instant::now()));
        let begun = Instant::now();
        black_box((0..ADDITIONS).fold(0, |sum, number| sum + black_box(number)));
        memory.iter().step_by(PAGE).for_each(|byte| _ = black_box(*byte));
        spans.push(begun.elapsed());
        while begun.elapsed() < BUSY {}
    }
    spans.sort_unstable();
    let at = |percent: usize| spans[FRAMES * percent / 100].as_secs_f64() * 1e3;
    println!("p50 {:.3}, p99 {:.3}, max {:.3} ms", at(50), at(99), spans[FRAMES - 1].as_secs_f64() * 1e3);
}
