//! A file to which every worker appends when it takes and ends a job: `+ job worker` and `- job worker`, so that two holders at the same
//! moment would show.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Appended to by every worker, one line at a time.
pub(crate) struct Ledger {
    file: File,
    pid: u32,
}

impl Ledger {
    pub(crate) fn open(folder: &Path) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(folder.join("ledger")).expect("made");
        Self { file, pid: std::process::id() }
    }

    pub(crate) fn note(&mut self, sign: char, job: u64) {
        // All lines have the same length, which divides a page: a process that is killed while it writes ends between two pages.
        let line = format!("{:<31}\n", format!("{sign} {job} {}", self.pid));
        assert_eq!(self.file.write(line.as_bytes()).expect("written"), line.len(), "in one piece");
    }
}

/// Reads how often each job was taken, and done. Checks that no worker took a job that another live worker held: `dead` are the killed
/// workers.
pub(crate) fn read_ledger(folder: &Path, dead: &BTreeSet<u32>) -> BTreeMap<u64, (u32, u32)> {
    let mut jobs = BTreeMap::<u64, (u32, u32)>::new();
    let mut held = BTreeMap::<u64, u32>::new();
    for line in std::fs::read_to_string(folder.join("ledger")).unwrap_or_default().lines() {
        let mut words = line.split_whitespace();
        let (sign, job, pid) = (words.next(), words.next(), words.next());
        let job: u64 = job.and_then(|job| job.parse().ok()).expect("a number");
        let pid: u32 = pid.and_then(|pid| pid.parse().ok()).expect("a number");
        let counts = jobs.entry(job).or_default();
        if sign == Some("+") {
            if let Some(holder) = held.insert(job, pid) {
                assert!(dead.contains(&holder), "{pid} took job {job} while {holder} held it");
            }
            counts.0 += 1;
        } else {
            assert_eq!(held.remove(&job), Some(pid), "job {job} was ended by who did not hold it");
            counts.1 += 1;
        }
    }
    jobs
}
