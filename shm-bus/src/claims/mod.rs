//! Claims (leases) on the messages of a work queue's lane: which worker processes which message.
//!
//! ```text
//! producer --> lane-<id>   the payloads, written by the producer alone
//!          \-> claims-<id> for each message: FREE -> CLAIMED by a worker -> DONE; changed by compare-exchange
//! ```
//! Knows neither producers nor workers. [Work queues](crate::work_queue) use it, and so does the sweep of the bus, which gives back
//! messages of dead holders.
//!
//! | module | role |
//! |---|---|
//! | `word`, `table` | the claim protocol; the loom models run this code |
//! | `gates`, `record` | the protocol's two ends in the lane: how far the writer may overwrite, and reading at a position |
//! | `file` | the file of a table |
//! | `figures` | reads and counts without changing a table |
//! | `owner`, `sweep` | detect which workers have died, and give back what they held |

mod figures;
mod gates;
mod record;
mod table;
mod word;

#[cfg(not(loom))]
mod file;
#[cfg(not(loom))]
mod owner;
#[cfg(not(loom))]
mod sweep;

#[cfg(all(test, loom))]
mod loom_models;
#[cfg(all(test, not(loom)))]
mod oracle;

pub(crate) use gates::{ClaimGates, Outstanding};
pub(crate) use record::read;
pub(crate) use table::{Claim, Claims, Table, Vacancy};
pub(crate) use word::{ClaimWord, Event, Owner, State};

#[cfg(not(loom))]
pub(crate) use self::{
    file::ClaimFile,
    owner::Register,
    sweep::{inspect, open_table, reclaim},
};
