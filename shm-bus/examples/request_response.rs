//! Two services in processes of their own, called by a third process: `cargo run --release -p shm-bus --example request_response`.
//!
//! The example starts itself twice more. `inventory` keeps items and answers typed requests. `paths` computes longer than its clients'
//! deadlines. In the end `inventory` is killed in the middle of a request. Any other outcome than the described one is an error.

#![expect(clippy::print_stdout, reason = "a program that says what it does")]

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use shm_bus::wire::{Status, method_id};
use shm_bus::{AsBytes, AsPack, Bus, CallError, Message, TypedClient, service};

type Outcome = Result<(), Box<dyn Error>>;

/// Plain data: travels as its bytes.
#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Item {
    id: u32,
    count: u32,
}

/// Any other type: travels as MessagePack.
#[derive(Serialize, Deserialize)]
struct Description {
    name: String,
    #[serde(with = "shm_bus::pack::bytes")]
    icon: Vec<u8>,
}

service! {
    /// The player's items.
    Inventory("inventory") {
        /// Adds to an item and returns the new count.
        Put("put"): AsBytes<Item> => AsBytes<Item>;
        /// Describes an item.
        Describe("describe"): AsBytes<Item> => AsPack<Description>;
        /// Never answered, so that the server can be killed during the call.
        Hang("hang"): () => ();
    }
}

const PATH: u32 = method_id("find a path");
const SOON: Duration = Duration::from_secs(5);
const FOLDER: &str = "HOTFRAME_EXAMPLE_FOLDER";

fn main() -> Outcome {
    match (std::env::args().nth(1).as_deref(), std::env::var_os(FOLDER)) {
        (Some(service), Some(folder)) => {
            end_with_parent();
            let bus = Bus::open_in(folder, "example")?;
            if service == "inventory" { inventory(&bus) } else { paths(&bus) }
        }
        _ => ask(),
    }
}

/// The parent's pipe to the standard input closes however the parent ends; this process ends then.
fn end_with_parent() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(1);
    });
}

/// The first service; runs until it is killed.
fn inventory(bus: &Bus) -> Outcome {
    let mut counts: HashMap<u32, u32> = HashMap::new();
    let mut deferred = Vec::new();
    let mut server = bus.server_of::<Inventory>()?;
    loop {
        server.serve_for(Duration::from_millis(100), |request| {
            if request.method() == method_id("hang") {
                deferred.push(request.defer());
                return;
            }
            let outcome = request
                .dispatch()
                .on::<Put>(|item| {
                    let count = counts.entry(item.id).or_default();
                    *count = count.checked_add(item.count).ok_or("too many items")?;
                    Ok(Item { count: *count, ..item })
                })
                .on::<Describe>(|item| Ok(Description { name: format!("item {}", item.id), icon: vec![0x7f; 1024] }))
                .done();
            if let Err(error) = outcome {
                println!("  inventory: {error}");
            }
        })?;
    }
}

/// The second service: each path takes 50 ms. Ends with its client.
fn paths(bus: &Bus) -> Outcome {
    let mut server = bus.server("paths")?;
    let mut met_client = false;
    while !met_client || server.clients() > 0 {
        server.wait(Duration::from_millis(100))?;
        while let Some(request) = server.next()? {
            met_client = true;
            if request.method() == PATH {
                std::thread::sleep(Duration::from_millis(50));
                request.reply(b"left, left, right")?;
            } else {
                request.refuse(Status::NoSuchMethod, "only paths are found here")?;
            }
        }
    }
    let counts = server.counts();
    println!(
        "  paths: ran {} requests; {} were cancelled and {} past their deadline before they began",
        counts.served, counts.cancelled, counts.expired
    );
    Ok(())
}

/// A service's process, killed when dropped; with its pipe, whose end tells the service that its parent has ended.
struct Process {
    child: Child,
    _lives: Option<ChildStdin>,
}

impl Process {
    fn start(service: &str, folder: &Path) -> std::io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program).arg(service).env(FOLDER, folder).stdin(Stdio::piped()).spawn()?;
        // `wait` would close the pipe.
        let lives = child.stdin.take();
        Ok(Self { child, _lives: lives })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn expect(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(what.into()) }
}

fn ask() -> Outcome {
    let folder = tempfile::tempdir()?;
    let bus = Bus::open_in(folder.path(), "example")?;
    let mut inventory = bus.client_of::<Inventory>()?;
    let error = inventory.call::<Put>(&Item { id: 1, count: 1 }, SOON).err().ok_or("answered by nobody")?;
    println!("without a server: {error}");

    let mut server = Process::start("inventory", folder.path())?;
    let mut pathfinder = Process::start("paths", folder.path())?;
    while !inventory.untyped().has_server() {
        inventory.wait(Duration::from_millis(1))?;
    }
    ask_inventory(&mut inventory)?;
    ask_for_paths(&bus)?;
    expect(pathfinder.child.wait()?.success(), "the pathfinder ends with its client")?;

    let ticket = inventory.send::<Hang>(&(), Duration::MAX)?;
    server.child.kill()?;
    server.child.wait()?;
    let error = loop {
        inventory.wait(Duration::from_millis(10))?;
        match inventory.poll(ticket) {
            Ok(None) => {}
            Ok(Some(())) => return Err("answered by the dead".into()),
            Err(error) => break error,
        }
    };
    println!("a request without a deadline, after the server's process was killed: {error}");
    expect(matches!(error, CallError::ServerGone { .. }), "the server's death is seen")?;
    drop((inventory, bus));
    expect(folder.path().read_dir()?.next().is_none(), "nothing is left behind")?;
    println!("nothing is left on the bus");
    Ok(())
}

fn ask_inventory(inventory: &mut TypedClient<Inventory>) -> Outcome {
    const CALLS: u32 = 10_000;
    let start = Instant::now();
    for count in 1..=CALLS {
        let item = inventory.call::<Put>(&Item { id: 7, count: 1 }, SOON)?;
        expect(item.count == count, "every request ran once")?;
    }
    println!("{CALLS} calls to another process, one after the other: {:.2} µs each", micros(start, CALLS));

    let start = Instant::now();
    let mut tickets = std::collections::VecDeque::new();
    let mut answered = 0;
    for id in 0..CALLS {
        tickets.push_back((id, inventory.send::<Put>(&Item { id: 100 + id, count: 1 }, SOON)?));
        if tickets.len() == 32 {
            answered += take_first(inventory, &mut tickets)?;
        }
    }
    while !tickets.is_empty() {
        answered += take_first(inventory, &mut tickets)?;
    }
    expect(answered == CALLS, "every request is answered")?;
    println!("{CALLS} calls, 32 in flight: {:.2} µs each", micros(start, CALLS));

    let description = inventory.call::<Describe>(&Item { id: 7, count: 0 }, SOON)?;
    println!("as MessagePack: `{}` with an icon of {} bytes", description.name, description.icon.len());
    let error = inventory.call::<Put>(&Item { id: 7, count: u32::MAX }, SOON).err().ok_or("too many fit")?;
    println!("an error of the service itself: {error}");
    Ok(())
}

type Tickets = std::collections::VecDeque<(u32, shm_bus::TypedTicket<Put>)>;

fn take_first(inventory: &mut TypedClient<Inventory>, tickets: &mut Tickets) -> Result<u32, Box<dyn Error>> {
    let (id, ticket) = tickets.pop_front().ok_or("nothing is in flight")?;
    let item = inventory.finish(ticket)?;
    expect(item.id == 100 + id, "an answer belongs to its request")?;
    Ok(1)
}

fn ask_for_paths(bus: &Bus) -> Outcome {
    let mut paths = bus.client("paths")?;
    while !paths.has_server() {
        paths.wait(Duration::from_millis(1))?;
    }
    let first = paths.send(PATH, b"to the tower", SOON)?;
    let unwanted = paths.send(PATH, b"to the cellar", SOON)?;
    let hasty = paths.send(PATH, b"to the door", Duration::from_millis(10))?;
    paths.cancel(unwanted);
    let error = paths.finish(hasty).err().ok_or("a path in 10 ms")?;
    println!("a request with 10 ms to live: {error}");
    expect(matches!(error, CallError::Deadline { .. }), "the deadline ends it")?;
    let way = paths.finish(first)?;
    println!("to the tower: {}", String::from_utf8_lossy(way.payload));
    let error = paths.call(method_id("fly"), b"", SOON).err().ok_or("it flies")?;
    println!("a method that is not there: {error}");
    Ok(())
}

fn micros(start: Instant, count: u32) -> f64 {
    start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}
