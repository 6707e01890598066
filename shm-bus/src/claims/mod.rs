//! The claims on the messages of a work queue's lane: who works on which message.
//!
//! ```text
//! producer --> lane-<id>   the payloads, written by the producer alone
//!          \-> claims-<id> for each message: FREE -> CLAIMED by a worker -> DONE; changed by compare-exchange
//! ```
//! Knows neither producers nor workers. [Work queues](crate::work_queue) use it, and so does the sweep of the bus, which gives back what
//! the dead have held.
//!
//! | module | role |
//! |---|---|
//! | `word`, `table` | the claim protocol; loom models run it as it is |
//! | `gates`, `record` | its two ends in the lane: how far may be overwritten, reading at a position |
//! | `file` | where a table lies |
//! | `figures` | a look at a table that changes nothing, and counts |
//! | `owner`, `sweep` | tell which workers have died, and give back what they held |

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
pub(crate) use table::{Claim, Claims, Count, Table, Vacancy};
pub(crate) use word::{ClaimWord, Event, Owner, State};

#[cfg(not(loom))]
pub(crate) use self::{
    file::{CLAIMS_MIN, ClaimFile},
    owner::Register,
    sweep::{inspect, open_table, reclaim},
};
