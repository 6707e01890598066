//! Physics, render and AI as three processes: `cargo run --release -p shm-bus --example game_loop`.
//!
//! Physics floods the bus with draw commands at Low, then reports a hit at Critical. Render drains its inbox once a frame and gets
//! the hit first, before all draw commands that were sent earlier. Render tells AI about the hit. AI sleeps until then and sends orders,
//! which physics drains at its next tick. The example fails unless all counts add up in the end.

#![expect(clippy::print_stdout, reason = "a program that says what it does")]

use std::error::Error;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Message, Start, TopicSpec, topic};

type Outcome = Result<(), Box<dyn Error>>;

/// A sprite to be drawn.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Draw {
    x: f32,
    y: f32,
}

/// An event that must be received before everything else.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Hit {
    tick: u64,
    /// Number of draws sent before it.
    draws: u64,
    /// Orders that physics has taken so far.
    orders: u64,
}

/// A frame as render has shown it.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Seen {
    frame: u64,
    /// 1 in the last one.
    last: u64,
}

/// An order of AI.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Order {
    frame: u64,
}

topic! {
    /// An old picture is worth nothing: if render is late, the oldest draws are lost.
    Draws("game/draw"): Draw, priority = Low, capacity = 1 << 20, policy = DropOldest;
    Hits("game/hit"): Hit, priority = Critical, capacity = 1 << 14;
    /// AI needs only the newest frame.
    Sights("game/seen"): Seen, priority = High, capacity = 1 << 12, policy = Latest;
    Orders("game/order"): Order, priority = Normal, capacity = 1 << 14;
}

const TICKS: u64 = 60;
const DRAWS_PER_TICK: u64 = 1_000;
const TICK: Duration = Duration::from_millis(8);
/// A process that receives nothing for so long gives up.
const SILENCE_MAX: Duration = Duration::from_secs(10);
const FOLDER: &str = "HOTFRAME_EXAMPLE_FOLDER";

fn main() -> Outcome {
    match (std::env::args().nth(1).as_deref(), std::env::var_os(FOLDER)) {
        (Some("physics"), Some(folder)) => physics(&Bus::attach_in(folder, "game")?),
        (Some("ai"), Some(folder)) => ai(&Bus::attach_in(folder, "game")?),
        _ => game(),
    }
}

/// Moves the world, tick by tick.
fn physics(bus: &Bus) -> Outcome {
    let mut inbox = bus.inbox("physics", Attachment::Gating)?;
    inbox.subscribe(&TopicSpec::of::<Orders>(), Start::Earliest)?;
    let mut draws = bus.publisher_of::<Draws>("physics")?;
    let mut hits = bus.publisher_of::<Hits>("physics")?;
    // AI sends a message when it is ready.
    expect(inbox.wait_timeout(SILENCE_MAX)?, "AI is there")?;
    let mut orders = 0;
    let mut next = Instant::now();
    for tick in 1..=TICKS {
        orders += inbox.drain(|_| ())? as u64;
        for sprite in 0..DRAWS_PER_TICK {
            draws.send(&Draw { x: sprite as f32, y: tick as f32 })?;
        }
        hits.send(&Hit { tick, draws: tick * DRAWS_PER_TICK, orders })?;
        next += TICK;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// Sleeps until render has seen something, then processes the newest frame.
fn ai(bus: &Bus) -> Outcome {
    let mut inbox = bus.inbox("ai", Attachment::Gating)?;
    inbox.subscribe(&TopicSpec::of::<Sights>(), Start::Earliest)?;
    let mut orders = bus.publisher_of::<Orders>("ai")?;
    orders.send(&Order { frame: 0 })?;
    let (mut thoughts, mut skipped, mut dreams) = (0, 0, 0);
    let start = Instant::now();
    loop {
        if !inbox.wait_timeout(TICK / 2)? {
            dreams += 1;
            expect(start.elapsed() < SILENCE_MAX, "the game keeps running")?;
            continue;
        }
        while let Some(delivery) = inbox.receive()? {
            thoughts += 1;
            skipped += delivery.lost;
            for seen in delivery.messages::<Seen>().ok_or("sights")? {
                if seen.last == 1 {
                    println!(
                        "ai: thought about {thoughts} frames, skipped {skipped} for newer ones, dreamt {dreams} times"
                    );
                    return expect(thoughts + skipped == seen.frame, "skipped frames are counted");
                }
                orders.send(&Order { frame: seen.frame })?;
            }
        }
    }
}

/// A subsystem's process, killed when dropped.
struct Process(Child);

impl Process {
    fn start(subsystem: &str, folder: &Path) -> std::io::Result<Self> {
        let program = std::env::current_exe()?;
        Command::new(program).arg(subsystem).env(FOLDER, folder).stdin(Stdio::null()).spawn().map(Self)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn expect(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(what.into()) }
}

/// Counts of what render has received.
#[derive(Default)]
struct Picture {
    frames: u64,
    draws: u64,
    draws_lost: u64,
    hits: u64,
    /// Draws that were sent before a hit and read after it.
    overtaken: u64,
    /// Hits that came after a less urgent message of the same drain.
    late_hits: u64,
    orders: u64,
}

impl Picture {
    fn hit(&mut self, hit: &Hit, draws_in_this_drain: u64) {
        self.hits += 1;
        self.orders = hit.orders;
        // A drain may begin between a hit and the draws after it; then nothing was overtaken.
        self.overtaken += hit.draws.saturating_sub(self.draws + self.draws_lost);
        self.late_hits += u64::from(draws_in_this_drain > 0);
    }
}

fn game() -> Outcome {
    let folder = tempfile::tempdir()?;
    let bus = Bus::open_in(folder.path(), "game")?;
    let mut inbox = bus.inbox("render", Attachment::Gating)?;
    inbox.subscribe(&TopicSpec::of::<Draws>(), Start::Now)?;
    inbox.subscribe(&TopicSpec::of::<Hits>(), Start::Now)?;
    let mut sights = bus.publisher_of::<Sights>("render")?;
    let mut subsystems = [Process::start("physics", folder.path())?, Process::start("ai", folder.path())?];

    let mut picture = Picture::default();
    let mut heard = Instant::now();
    while picture.hits < TICKS {
        expect(heard.elapsed() < SILENCE_MAX, "physics keeps running")?;
        let mut draws_in_this_drain = 0;
        let taken = inbox.drain(|delivery| match delivery.priority {
            Priority::Critical => {
                let hits = delivery.messages::<Hit>().unwrap_or_default();
                hits.iter().for_each(|hit| picture.hit(hit, draws_in_this_drain));
            }
            _ => {
                picture.draws_lost += delivery.lost;
                picture.draws += 1;
                draws_in_this_drain += 1;
            }
        })?;
        picture.frames += 1;
        if taken > 0 {
            heard = Instant::now();
        }
        sights.send(&Seen { frame: picture.frames, last: (picture.hits == TICKS).into() })?;
        std::thread::sleep(TICK / 2);
    }
    for subsystem in &mut subsystems {
        expect(subsystem.0.wait()?.success(), "every subsystem ends well")?;
    }

    let Picture { frames, draws, draws_lost, hits, overtaken, late_hits, orders } = picture;
    println!("render: {frames} frames; {draws} draws, {draws_lost} lost to newer ones");
    println!("render: {hits} hits, each sent after a flood, overtook {} draws on average", overtaken / hits);
    println!("physics: took {orders} orders");
    expect(draws + draws_lost == TICKS * DRAWS_PER_TICK, "every draw is accounted for")?;
    expect(late_hits == 0 && overtaken > 0, "a hit is read before the draws of its drain")?;
    expect(orders > 1, "AI's orders reach physics")?;
    drop((inbox, sights, bus));
    expect(folder.path().read_dir()?.next().is_none(), "nothing is left behind")?;
    println!("nothing is left on the bus");
    Ok(())
}
