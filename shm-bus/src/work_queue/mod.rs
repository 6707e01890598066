//! Work queues: one of many workers processes each message, and another one if that worker dies.
//!
//! A work queue is a topic whose lanes no inbox gates: the first message that is not done limits how far its lane's producer may overwrite.
//! Inboxes may observe it, but not hold it up. The [claims](crate::claims) (leases) record who works on what.
//!
//! | module | role |
//! |---|---|
//! | `spec` | the description of a queue, as data |
//! | `producer`, `worker` | the sending and the taking side |
//! | `reclaim` | frees resources for a new producer: removes lanes that contain only dead letters |
//! | `wake` | ends the sleep of a worker or a producer |
//! | `info` | the queues' part of a snapshot |
//!
//! # Invariants
//! 1. A message has at most one live holder, and is delivered until it is done: at least once if its holders die, exactly once if nobody
//!    dies and nobody gives it back.
//! 2. A holder's death is proven by its participant's lock, or by its entry being gone: its owner removed it, or the sweep did after that
//!    proof. A stopped holder keeps its message, however long.
//! 3. A message that comes back after its last permitted delivery becomes a dead letter. It waits to be taken as such until its producer
//!    needs its room; then it is dropped and counted.
//! 4. A producer's death does not affect the messages that it has sent: its lanes stay until all messages are done and no dead letter is
//!    left, or until nobody is left on the bus. If the bus has no other room for a new producer of the queue, the oldest lane with nothing
//!    but dead letters is removed; its dead letters are counted as dropped in the new lane's table.
//!
//! # Failure
//! A worker killed at any instruction leaves a claim in its name. Another worker looks for such claims when it finds nothing else to do, or
//! has taken some hundred messages; so does every sweep of the bus.

mod info;
mod producer;
mod reclaim;
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

use crate::membership::Bus;

impl Bus {
    /// Creates a producer for `queue` with one lane for each of `lanes`.
    ///
    /// # Errors
    /// See [`QueueError`].
    pub fn work_producer(
        &self,
        queue: &QueueSpec<'_>,
        producer_name: &str,
        lanes: &[QueueLane],
    ) -> Result<WorkProducer, QueueError> {
        WorkProducer::new(self, queue, producer_name, lanes)
    }

    /// Creates a worker of `queue`: it takes messages that no other worker holds.
    ///
    /// # Errors
    /// See [`QueueError`].
    pub fn worker(&self, queue: &QueueSpec<'_>, worker_name: &str) -> Result<Worker, QueueError> {
        Worker::new(self, queue, worker_name)
    }
}
