//! A child process's actions, command by command.

use std::path::Path;

use shm_bus::wire::Priority;
use shm_bus::{Bus, SendError, WorkProducer, Worker};

use super::ledger::Ledger;
use super::{LANE, WORK, number};

/// Takes, records and ends jobs until told that there are no more, or up to a number.
pub(crate) fn work(worker: &mut Worker, ledger: &mut Ledger, mut limit: u64) -> u64 {
    let mut done = 0;
    while limit > 0 {
        if let Some(job) = worker.take().expect("mapped") {
            let value = number(job.payload());
            if value == u64::MAX {
                job.done().expect("held");
                break;
            }
            ledger.note('+', value);
            ledger.note('-', value);
            job.done().expect("held");
            (done, limit) = (done + 1, limit - 1);
        } else {
            worker.wait().expect("can sleep");
        }
    }
    done
}

/// A child's objects.
#[derive(Default)]
pub(crate) struct Role {
    bus: Option<Bus>,
    worker: Option<Worker>,
    producer: Option<WorkProducer>,
}

impl Role {
    pub(crate) fn obey(&mut self, folder: &Path, command: &str) -> String {
        let (verb, argument) = command.split_once(' ').unwrap_or((command, "0"));
        let argument: u64 = argument.parse().expect("a number");
        let bus = || self.bus.as_ref().expect("opened before");
        match verb {
            "open" => self.bus = Some(Bus::open_in(folder, "game").expect("opens")),
            "worker" => self.worker = Some(bus().worker(&WORK, "child").expect("made")),
            "producer" => self.producer = Some(bus().work_producer(&WORK, "child", &[LANE]).expect("made")),
            "take" => {
                let job = self.worker.as_mut().expect("made before").take().expect("mapped").expect("a job");
                let (value, deliveries) = (number(job.payload()), job.deliveries);
                std::mem::forget(job);
                return format!("{value} {deliveries}");
            }
            "work" => {
                let mut ledger = Ledger::open(folder);
                let limit = if argument == 0 { u64::MAX } else { argument };
                return work(self.worker.as_mut().expect("made before"), &mut ledger, limit).to_string();
            }
            "send" => {
                let producer = self.producer.as_mut().expect("made before");
                for value in argument..argument + 500 {
                    while let Err(error) = producer.send(Priority::Normal, &value.to_le_bytes()) {
                        assert!(matches!(error, SendError::QueueFull { .. }), "{error}");
                        std::thread::yield_now();
                    }
                }
            }
            #[cfg(feature = "crash-points")]
            "die-at" => shm_bus::crash::arm(argument, shm_bus::crash::Fate::Kill),
            #[cfg(feature = "crash-points")]
            "passed" => return shm_bus::crash::passed().to_string(),
            other => panic!("no command {other}"),
        }
        "done".to_owned()
    }
}
