//! Work queues: each message is worked on by one of many workers, and again if that one dies.
//!
//! A work queue is a topic whose lanes no inbox gates: the first message that is not done says how far its lane's producer may
//! overwrite. Inboxes may observe it, but not hold it up. The [claims](crate::claims) say who works on what.
//!
//! | module | role |
//! |---|---|
//! | `spec` | what a queue is, as data |
//! | `producer`, `worker` | who sends, who takes |
//! | `make_place` | room for a new producer: lanes that hold only dead letters give way |
//! | `wake` | ends the sleep of a worker or a producer |
//! | `info` | what a snapshot says of the queues |
//!
//! # Invariants
//! 1. A message has at most one live holder, and is delivered until it is done: at least once if its holders die, exactly once if
//!    nobody dies and nobody gives back.
//! 2. A holder's death is proven by its participant's lock, or by its entry being gone, which its owner or the sweep after that proof
//!    removed. A stopped holder keeps its message, however long.
//! 3. A message that was delivered as often as the queue allows and came back becomes a dead letter. It waits to be taken as such until
//!    its producer needs its place; then it is dropped and counted.
//! 4. A producer's death changes nothing for what it has sent: its lanes stay until all is done and no dead letter is left, or until
//!    nobody is left on the bus. A lane in which only dead letters are left gives way to a new producer of the queue for which the bus
//!    has no room else: the oldest such lane, its letters counted as dropped, in the new lane's table.
//!
//! # Failure
//! A worker killed at any instruction leaves a claim in its name. Another one that finds nothing else to do, or has taken some hundred
//! messages, looks for such claims; so does every sweep of the bus.

mod info;
mod make_place;
mod producer;
mod spec;
mod wake;
mod worker;

pub(crate) use self::info::queue_infos;
pub use self::{
    info::{ClaimInfo, Holder, QueueInfo, QueueLaneInfo, WorkerInfo},
    producer::WorkProducer,
    spec::{QueueError, QueueLane, QueueSpec},
    worker::{DeadLetter, Job, JobError, TakeError, Worker},
};

use std::sync::Arc;

use crate::membership::Bus;

impl Bus {
    /// A producer of work for `queue` with one lane for each of `lanes`.
    ///
    /// # Errors
    /// See [`QueueError`].
    pub fn work_producer(
        &self,
        queue: &QueueSpec<'_>,
        producer_name: &str,
        lanes: &[QueueLane],
    ) -> Result<WorkProducer, QueueError> {
        WorkProducer::new(Arc::clone(self.shared()), queue, producer_name, lanes)
    }

    /// A worker of `queue`: it takes messages that no other worker holds.
    ///
    /// # Errors
    /// See [`QueueError`].
    pub fn worker(&self, queue: &QueueSpec<'_>, worker_name: &str) -> Result<Worker, QueueError> {
        Worker::new(Arc::clone(self.shared()), queue, worker_name)
    }
}
