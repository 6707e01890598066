//! Prioritized messages between threads, plugins and processes over shared memory.

pub mod wire;

#[cfg(feature = "segments")]
#[cfg_attr(loom, allow(dead_code, unused_imports, reason = "under loom only the models use the lane"))]
mod lane;
#[cfg(feature = "segments")]
#[cfg_attr(loom, allow(dead_code, unused_imports, reason = "under loom only the models use the lane"))]
mod sync;

#[cfg(all(feature = "segments", not(loom)))]
mod bus;
#[cfg(all(feature = "segments", not(loom)))]
mod control;
#[cfg(all(feature = "segments", not(loom)))]
mod inbox;
#[cfg(all(feature = "segments", not(loom)))]
mod publisher;
#[cfg(all(feature = "segments", not(loom)))]
mod runtime;
#[cfg(all(feature = "segments", not(loom)))]
pub mod schema;
#[cfg(all(feature = "segments", not(loom)))]
mod segment;
#[cfg(all(feature = "segments", not(loom)))]
mod snapshot;
#[cfg(all(feature = "segments", not(loom)))]
mod sys;
#[cfg(all(feature = "segments", not(loom)))]
mod topic;

#[cfg(all(feature = "segments", not(loom)))]
pub use self::{
    bus::{Bus, ChangeError, ListError, OpenError, list, list_in},
    inbox::{Attachment, Delivery, Inbox, InboxError, ReceiveError, SubscribeError},
    lane::From,
    publisher::{Loan, Publisher, PublisherError, SendError, TopicPublisher},
    snapshot::{InboxInfo, LaneInfo, ParticipantInfo, Snapshot, TopicInfo},
    sys::DirError,
    topic::{TopicError, TopicSpec},
};
