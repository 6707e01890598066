//! Actions of children besides using a bus as intended: dying, forking, scribbling, running out of space.

#![expect(unsafe_code, reason = "forks")]

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shm_bus::Bus;
use shm_bus::wire::Priority;

use super::random::Random;
use super::support::{NUMBERS, say};

/// Obeys `order` and returns the answer.
pub(crate) fn obey(folder: &Path, order: &str) -> String {
    let words: Vec<&str> = order.split(' ').collect();
    match words[..] {
        #[cfg(feature = "crash-points")]
        ["die", "at", n] => arm(n, shm_bus::crash::Fate::Kill),
        #[cfg(feature = "crash-points")]
        ["stop", "at", n] => arm(n, shm_bus::crash::Fate::Stop),
        #[cfg(feature = "crash-points")]
        ["points"] => shm_bus::crash::passed().to_string(),
        ["no", "file", "over", bytes] => {
            limit_files(bytes.parse().expect("a number"));
            "limited".to_owned()
        }
        ["files", "of", bytes] => limit(Resource::Fsize, bytes),
        ["open", "files", count] => limit(Resource::Nofile, count),
        ["try", "lane", "of", bytes] => {
            let bus = Bus::open_in(folder, "game").expect("opens");
            let made = bus.publisher(&NUMBERS, "child", &[(Priority::Low, bytes.parse().expect("a number"))]);
            made.map_or_else(|error| texts(&error), |_| "made".to_owned())
        }
        ["listen"] => super::told::listen(folder),
        ["scribble", seed] => {
            say("scribbling");
            scribble(&folder.join("game"), Random::new(seed.parse().expect("a number")))
        }
        _ => panic!("no command {order}"),
    }
}

#[cfg(feature = "crash-points")]
fn arm(n: &str, fate: shm_bus::crash::Fate) -> String {
    shm_bus::crash::arm(n.parse().expect("a number"), fate);
    "armed".to_owned()
}

unsafe extern "C" {
    fn fork() -> i32;
    fn _exit(status: i32) -> !;
    fn alarm(seconds: u32) -> u32;
    fn pause() -> i32;
    fn signal(number: i32, handler: usize) -> usize;
}

/// Has a child of this process do `what` and end, or stay for a while; returns its process id.
pub(crate) fn forked(what: impl FnOnce() -> bool, stays: bool) -> i32 {
    let child = fork_here();
    if child > 0 {
        return child;
    }
    let done = what();
    if stays {
        loop {
            // SAFETY: a plain system call.
            unsafe { pause() };
        }
    }
    end(done)
}

/// Forks: returns 0 in the child, which ends after a minute in case the test forgets it, else the child's process id.
pub(crate) fn fork_here() -> i32 {
    // SAFETY: the child uses only the allocator, which survives forking, and handles that allow it.
    let child = unsafe { fork() };
    assert!(child >= 0, "forked");
    if child == 0 {
        // SAFETY: a plain system call.
        unsafe { alarm(60) };
    }
    child
}

/// From now on, children of this process are in a pid namespace of their own; the first one is process 1.
#[cfg(target_os = "linux")]
pub(crate) fn have_children_in_a_pid_namespace() {
    // SAFETY: it changes only the namespace of children.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWPID) }.expect("allowed");
}

/// Ends a forked child at once.
pub(crate) fn end(well: bool) -> ! {
    // SAFETY: a plain system call.
    unsafe { _exit(i32::from(!well)) }
}

/// Sets a limit of this process, for as long as it does not raise the limit.
fn limit(what: Resource, most: &str) -> String {
    let limit = Rlimit { current: Some(most.parse().expect("a number")), ..getrlimit(what) };
    setrlimit(what, limit).expect("below the hard limit");
    "limited".to_owned()
}

/// An error with its causes, in one line.
pub(crate) fn texts(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Limits files to `bytes`; an attempt to grow one further is an error instead of a signal.
fn limit_files(bytes: u64) {
    const IGNORE: usize = 1;
    let signal_number = rustix::process::Signal::XFSZ.as_raw();
    // SAFETY: a plain system call.
    unsafe { signal(signal_number, IGNORE) };
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    setrlimit(Resource::Fsize, limit).expect("limits may be lowered");
}

/// Writes nonsense over all segments of the bus until it is killed. For every second seed it spares the words that identify a segment;
/// without these words nobody would read the rest.
fn scribble(bus: &Path, mut random: Random) -> ! {
    let spares = random.below(2) == 0;
    loop {
        let entries = std::fs::read_dir(bus).into_iter().flatten().filter_map(Result::ok);
        let segments: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.extension().is_none()).collect();
        for _ in 0..50 {
            if segments.is_empty() {
                break;
            }
            let path = &segments[random.below(segments.len() as u64) as usize];
            let Ok(file) = OpenOptions::new().write(true).open(path) else { break };
            let spared = match spares {
                true if path.ends_with("control") => 32,
                true => 3,
                false => 0,
            };
            let words = file.metadata().map_or(0, |data| data.len() / 8);
            for _ in 0..20 {
                // Mostly at meaningful words: headers, and the first entries of tables.
                let word = match random.below(4) {
                    0 => random.below(words.max(1)),
                    1 => random.below(words.clamp(1, 64)),
                    _ => START[random.below(START.len() as u64) as usize] / 8 + random.below(64),
                };
                let value = match random.below(6) {
                    0 => 0,
                    1 => u64::MAX,
                    2 => 1 << random.below(64),
                    3 => random.below(256),
                    4 => random.below(1 << 20) * 32,
                    _ => random.next(),
                };
                if (spared..words).contains(&word) {
                    let _ = file.write_all_at(&value.to_le_bytes(), word * 8);
                }
            }
        }
    }
}

/// Bytes at which tables of the registry, rings and cursors begin.
const START: [u64; 8] = [0, 256, 4096, 12_288, 176_128, 208_896, 217_088, 237_568];
