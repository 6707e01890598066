//! A work queue whose worker is killed: `cargo run --release -p shm-bus --example work_queue`.
//!
//! The example starts itself twice more, as workers. One worker hangs on a job and is killed. The other one then gets that job again, marked
//! as redelivered. Any other outcome is an error.

#![expect(clippy::print_stdout, reason = "a program that says what it does")]

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use shm_bus::wire::Priority;
use shm_bus::{Bus, Message, QueueLane, QueueSpec, topic};

type Outcome = Result<(), Box<dyn Error>>;

/// A piece of a level to be built.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Chunk {
    x: i32,
    y: i32,
}

topic! { Chunks("level/chunks"): Chunk, priority = Normal, capacity = 1 << 16; }

const QUEUE: QueueSpec<'static> = QueueSpec::of::<Chunks>();
const CHUNKS: i32 = 1000;
/// The chunk on which the first worker that gets it hangs.
const HANGS: i32 = 300;

fn main() -> Outcome {
    if let [_, role, folder, name] = &std::env::args().collect::<Vec<_>>()[..]
        && role == "worker"
    {
        return work(Path::new(folder), name);
    }
    let folder = tempfile::tempdir()?;
    let bus = Bus::open_in(folder.path(), "example")?;
    let mut producer = bus.work_producer(&QUEUE, "level", &[QueueLane::new(Priority::Normal, 1 << 18)])?;
    for x in 0..CHUNKS {
        producer.send(Priority::Normal, shm_bus::wire::message_bytes(&[Chunk { x, y: -x }]))?;
    }
    println!("level: {CHUNKS} chunks are in the queue");

    let mut workers = [Worker::start(folder.path(), "ada")?, Worker::start(folder.path(), "bob")?];
    // Both report what happens to the chunk on which one of them hangs.
    let victim = loop {
        let lane = bus.snapshot().queues.remove(0).lanes.remove(0);
        let hangs = lane.claimed.iter().find(|claim| claim.sequence == HANGS as u64).cloned();
        if let (Some(claim), 1, 0) = (hangs, lane.claimed.len(), lane.waiting) {
            println!("level: only chunk {HANGS} is left, and {} has it", claim.worker);
            break usize::from(claim.worker == "bob");
        }
        std::thread::yield_now();
    };
    workers[victim].process.kill()?;
    workers[victim].process.wait()?;
    println!("level: {} is killed", workers[victim].name);
    let other = &mut workers[1 - victim];
    let line = other.hear()?;
    println!("{}: {line}", other.name);
    if line != format!("chunk {HANGS} again, delivery 2") {
        return Err(format!("unexpected: {line}").into());
    }
    let done = other.hear()?;
    println!("{}: {done}", other.name);
    other.process.wait()?;

    let lane = bus.snapshot().queues.remove(0).lanes.remove(0);
    println!("level: {} of {} done, {} redelivered, {} waiting", lane.done, lane.sent, lane.redelivered, lane.waiting);
    let figures = (lane.done, lane.redelivered, lane.waiting, lane.dead_letters);
    if figures == (CHUNKS as u64, 1, 0, 0) { Ok(()) } else { Err(format!("unexpected: {lane:?}").into()) }
}

/// A worker's process: builds chunks up to the one that was redelivered to it.
fn work(folder: &Path, name: &str) -> Outcome {
    let bus = Bus::attach_in(folder, "example")?;
    let mut worker = bus.worker(&QUEUE, name)?;
    let mut built = 0;
    let say = |text: &str| {
        let mut out = std::io::stdout();
        writeln!(out, "{text}").and_then(|()| out.flush())
    };
    loop {
        let Some(job) = worker.take()? else {
            worker.wait()?;
            continue;
        };
        let chunk = job.messages::<Chunk>().and_then(<[Chunk]>::first).copied().ok_or("no chunk")?;
        if chunk.x == HANGS && !job.redelivered() {
            // Hangs here, like a program in an endless loop, until it is killed.
            loop {
                std::thread::park();
            }
        }
        let again = job.redelivered().then(|| format!("chunk {} again, delivery {}", chunk.x, job.deliveries));
        job.done()?;
        built += 1;
        if let Some(text) = again {
            say(&text)?;
            say(&format!("{built} chunks built"))?;
            return Ok(());
        }
    }
}

/// The parent's handle of a worker, killed when dropped.
struct Worker {
    name: &'static str,
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    fn start(folder: &Path, name: &'static str) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("worker")
            .arg(folder)
            .arg(name)
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(process.stdout.take().ok_or("no pipe")?);
        Ok(Self { name, process, lines })
    }

    fn hear(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
