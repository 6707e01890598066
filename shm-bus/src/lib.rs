//! Prioritized messages between threads, plugins and processes over shared memory.
//!
//! A **bus** is a folder of mapped files. A **publisher** writes **lanes**, one for each priority, which nobody else can
//! write; an **inbox** reads all lanes of the topics that it subscribes to, most urgent first. Nothing is copied by a
//! kernel, nothing is lost without being counted, and nobody's death holds up the rest: who lives is told by a lock that
//! the kernel releases.
//!
//! ```
//! use shm_bus::{Attachment, Bus, From, Message, TopicSpec, topic};
//!
//! #[derive(Clone, Copy, Message)]
//! #[repr(C)]
//! struct Contact {
//!     x: f32,
//!     y: f32,
//! }
//!
//! topic! { Contacts("physics/contact"): Contact, priority = High, capacity = 1 << 16; }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let open = |name| Bus::open_in(folder.path(), name);
//! # #[cfg(any())]
//! let bus = Bus::open("my-game")?;
//! # let bus = open("my-game")?;
//! let mut contacts = bus.publisher_of::<Contacts>("physics")?;
//! let mut inbox = bus.inbox("audio", Attachment::Gating)?;
//! inbox.subscribe(&TopicSpec::of::<Contacts>(), From::Now)?;
//!
//! contacts.send(&Contact { x: 1.0, y: 2.0 })?;
//! while let Some(delivery) = inbox.receive()? {
//!     for contact in delivery.messages::<Contact>().unwrap_or_default() {
//!         println!("{} of {}: {} {}", delivery.sequence, delivery.publisher, contact.x, contact.y);
//! #       assert_eq!((contact.x, contact.y), (1.0, 2.0));
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Words
//! | word | meaning |
//! |---|---|
//! | participant | one [`Bus`] handle with its clones, publishers and inboxes |
//! | topic | a named stream of one message type, told apart by schema |
//! | lane | the single-writer log of one topic, publisher and priority |
//! | gating | an inbox that publishers wait for: without room a message is given back |
//! | observer | an inbox that nobody waits for; it counts what it missed |
//! | service | a name that one [`Server`] answers for and any number of [`Client`]s ask; see [`service!`] |
//! | ticket | stands for one request in flight |
//! | deadline | when an answer is no longer wanted: then it is neither made nor given out |
//!
//! # Threads
//! [`Bus`] is `Send + Sync` and cheap to clone; [`Publisher`] and [`Inbox`] are `Send` and belong to one thread at a time.
//!
//! # Features
//! `segments` (default): everything but [`wire`]. Without it only the wire types remain, which is what plugins see.
//! `messagepack` (default): what methods take and give may be any serde type, see [`pack`].
//! `json`: messages from JSON. `record`: recordings in MCAP files. Both are for tools.
//!
//! The files' layout is specified byte by byte in `PROTOCOL.md`.

pub mod wire;

#[cfg(feature = "segments")]
#[cfg_attr(loom, allow(dead_code, unreachable_pub, unused_imports, reason = "under loom only the models use the lane"))]
mod lane;
#[cfg(feature = "segments")]
#[cfg_attr(loom, allow(dead_code, unreachable_pub, unused_imports, reason = "under loom only the models use the lane"))]
mod sync;

#[cfg(feature = "segments")]
#[cfg_attr(loom, allow(dead_code, unreachable_pub, unused_imports, reason = "under loom only the models use the bell"))]
mod bell;
#[cfg(all(feature = "segments", not(loom)))]
mod bus;
#[cfg(all(feature = "segments", not(loom)))]
mod control;
#[cfg(all(feature = "segments", feature = "crash-points", unix, not(loom)))]
#[doc(hidden)]
pub mod crash;
#[cfg(all(feature = "segments", not(all(feature = "crash-points", unix)), not(loom)))]
mod crash;
#[cfg(all(feature = "segments", not(loom)))]
mod inbox;
#[cfg(all(feature = "segments", not(loom)))]
mod publisher;
#[cfg(all(feature = "record", not(loom)))]
pub mod record;
#[cfg(all(feature = "segments", not(loom)))]
mod request;
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

/// Derives [`wire::Message`] with paths into this crate.
pub use plugin_macros::BusMessage as Message;

#[cfg(all(feature = "segments", not(loom)))]
pub use self::{
    bus::{
        Bus, BusBuilder, ChangeError, ListError, OpenError, gc, gc_in, list, list_in, peek, peek_in, runtime_folder,
    },
    control::{Build, Limits, Version},
    inbox::{Attachment, Delivery, Inbox, InboxError, ReceiveError, SubscribeError},
    lane::From,
    publisher::{BatchError, Loan, Publisher, PublisherError, SendError, TopicPublisher},
    request::{
        AsBytes, CallError, Client, ClientCounts, Codec, CodecError, Dispatch, Method, Owed, ReplyError, Request,
        Response, Server, ServerCounts, Service, ServiceError, ServiceSpec, Ticket, TypedClient, TypedTicket,
    },
    snapshot::{InboxInfo, LaneInfo, ParticipantInfo, Snapshot, TopicInfo},
    sys::DirError,
    topic::{TopicError, TopicSpec},
};

#[cfg(all(feature = "messagepack", not(loom)))]
pub use self::request::{AsPack, pack};

#[cfg(all(test, feature = "segments", not(loom)))]
mod promises {
    //! What the compiler has to grant.

    const fn send<T: Send>() {}
    const fn sync<T: Sync>() {}

    const _: () = {
        send::<crate::Bus>();
        sync::<crate::Bus>();
        send::<crate::Publisher>();
        send::<crate::Inbox>();
        send::<crate::Client>();
        send::<crate::Server>();
    };
}
