//! A service whose rules are a plugin, replaced while four threads serve: `cargo run -p plugin-host --example rules -- LIBRARY`, where
//! LIBRARY is a built plugin called `director`; for example `target/release/libdirector.so` after `cargo build --release -p director`.
//!
//! Four threads call its export `set_wave` all the time. The library is replaced ten times by one with other bytes. No call fails.

#![expect(clippy::print_stdout, reason = "a program that says what it does")]

use std::error::Error;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use plugin_host::{CallError, ExportsOnly, Host, library_path};
use shm_bus::Bus;

const REPLACEMENTS: u64 = 10;
const PLUGIN: &str = "director";

fn main() -> Result<(), Box<dyn Error>> {
    let library = std::env::args().nth(1).ok_or("LIBRARY is needed")?;
    let (folder, mut rules) = (tempfile::tempdir()?, fs::read(library)?);
    let (watched, aside) = (folder.path().join("plugins"), folder.path().join("aside"));
    fs::create_dir(&watched)?;
    fs::write(library_path(&watched, PLUGIN), &rules)?;
    let mut host = Host::start(&watched, Bus::anonymous()?)?;
    host.load_present(&mut ExportsOnly)?;

    let (is_over, calls, failed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let set_wave = host.plugins().method(PLUGIN, "set_wave")?;
    let serve = |number: u32| {
        while !is_over.load(Ordering::Relaxed) {
            let reply: Result<u32, CallError> = set_wave.call((number,));
            failed.fetch_add(u64::from(reply != Ok(number)), Ordering::Relaxed);
            calls.fetch_add(1, Ordering::Relaxed);
        }
    };
    let replaced = thread::scope(|scope| {
        (1..=4).for_each(|number| drop(scope.spawn(move || serve(number))));
        let replaced = (1..=REPLACEMENTS).try_for_each(|generation| -> Result<(), Box<dyn Error>> {
            rules.push(0);
            fs::write(&aside, &rules)?;
            fs::rename(&aside, library_path(&watched, PLUGIN))?;
            while host.stats().all(|(_, stats)| u64::from(stats.reloads) < generation) {
                // A game does this once a frame.
                if !host.wait_for_change(Duration::from_secs(10)) {
                    return Err("the replaced library was not noticed".into());
                }
                host.frame_edge(&mut ExportsOnly);
                host.end_frame();
            }
            Ok(())
        });
        is_over.store(true, Ordering::Relaxed);
        replaced
    });
    replaced?;
    let (calls, failed) = (calls.into_inner(), failed.into_inner());
    println!("{calls} calls from 4 threads over {REPLACEMENTS} replacements: {failed} failed");
    if failed == 0 { Ok(()) } else { Err("calls failed".into()) }
}
