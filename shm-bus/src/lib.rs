//! Prioritized messages between threads, plugins and processes over shared memory.
//!
//! A **bus** is a folder of mapped files. A **publisher** writes **lanes**, one for each priority, which nobody else can write; an
//! **inbox** reads all lanes of the topics that it subscribes to, most urgent first. The kernel copies no messages, every loss is counted,
//! and a death never holds up the others: each participant holds a lock that the kernel releases when it dies.
//!
//! ```
//! use shm_bus::{Attachment, Bus, Start, Message, TopicSpec, topic};
//!
//! #[derive(Clone, Copy, Message)]
//! #[repr(C)]
//! struct Contact { x: f32, y: f32 }
//!
//! topic! { Contacts("physics/contact"): Contact, priority = High, capacity = 1 << 16; }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let open = |name| Bus::open_in(folder.path(), name);
//! # #[cfg(any())]
//! let bus = Bus::open("my-game")?;                             // in every process that takes part
//! # let bus = open("my-game")?;
//! let mut inbox = bus.inbox("audio", Attachment::Gating)?;
//! inbox.subscribe(&TopicSpec::of::<Contacts>(), Start::Now)?;
//! let mut contacts = bus.publisher_of::<Contacts>("physics")?; // usually elsewhere
//! contacts.send(&Contact { x: 1.0, y: 2.0 })?;
//! while let Some(delivery) = inbox.receive()? {
//!     for contact in delivery.messages::<Contact>().ok_or("no whole contacts")? {
//!         println!("{} of {}: {} {}", delivery.sequence, delivery.publisher, contact.x, contact.y);
//! #       assert_eq!((contact.x, contact.y), (1.0, 2.0));
//!     }
//! }
//! # assert!(!inbox.wait_timeout(std::time::Duration::ZERO)?, "one message was sent");
//! # Ok(())
//! # }
//! ```
//!
//! [`Publisher`] is the untyped form: a lane for each of several priorities. It can [`send`](Publisher::send) bytes,
//! [`loan`](Publisher::loan) ring memory to be filled in place (zero-copy), and [`send_batch`](Publisher::send_batch). `examples/` contains
//! a market feed, a game loop, services and a work queue, each with several processes.
//!
//! # Priorities
//! [`Inbox::receive`] returns the most urgent message of all lanes: [Critical, High, Normal, Low](wire::Priority). A flood of Low messages
//! neither delays Critical ones nor takes their room, as each priority has its own lane. A flood of Critical messages does not starve
//! the others: a waiting level is served after 8 (High), 32 (Normal) or 128 (Low) messages of other levels, two more at the most. So at most
//! three other messages come between two Critical ones. Within a level publishers take turns; each lane keeps its order. [`Inbox::drain`]
//! is for frame edges: it returns all messages that were there when it began, in an order that depends only on the messages.
//!
//! # Gating inboxes and observers
//! A **gating** inbox belongs to the game: under a policy that waits, publishers overwrite nothing that it has not read. An **observer**
//! belongs to a tool: publishers never wait for it, so it can be stopped with Ctrl-Z. The messages that it misses are counted: in
//! [`Delivery::lost`] of the message after them, in [`Inbox::take_missed`] if no message follows, and in the [`Snapshot`]. An observer does
//! not hold a topic's declaration either: if only observers have subscribed, somebody else may declare the topic differently, and the
//! observers are told ([`ReceiveError::Redeclared`], [`ReceiveError::Mismatch`]). A stopped process lives, so its gating inboxes are waited
//! for; a killed process's are not.
//!
//! The topic's [policy](wire::Policy), given in [`topic!`], decides what happens when the slowest gating inbox leaves no room for a
//! message:
//!
//! | policy | without room | for |
//! |---|---|---|
//! | `Reject` | is returned as [`SendError::Full`] | events and commands, whose sender can decide; whenever the frame loop must not wait |
//! | `Block` | the sender sleeps until there is room, at most until its timeout; then [`SendError::TimedOut`] | work between threads and processes that have time: assets, logs |
//! | `DropNewest` | is dropped; sending succeeds | telemetry, where the beginning of a burst tells the most |
//! | `DropOldest` | overwrites the oldest; inboxes that had not read it count it as lost | draw commands, audio, traces: late is worthless |
//! | `Latest` | as `DropOldest`, and readers skip to the newest message of a lane; skipped messages count as conflated | state: a position, a setting, a price |
//! | `EvictLaggard` | overwrites; an inbox that had not read it leaves the lane, with [`ReceiveError::Evicted`] | streams of which half is worse than none: replication |
//!
//! Under the first three a message is returned, dropped or waited for, and never lost to a gating inbox. Under the others nobody waits, and
//! gating inboxes lose messages as observers do. The [`LaneInfo`] or [`InboxInfo`] has a counter for every case.
//!
//! # Requests and responses
//! A [`Server`] answers for a service; any number of [`Client`]s send requests to it:
//!
//! ```
//! use std::time::Duration;
//! use shm_bus::{AsBytes, Bus, Message, service};
//!
//! #[derive(Clone, Copy, Message)]
//! #[repr(C)]
//! struct Item { id: u32, count: u32 }
//!
//! service! { Inventory("inventory") { Put("put"): AsBytes<Item> => AsBytes<Item>; } }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let bus = Bus::anonymous()?;
//! let mut server = bus.server_of::<Inventory>()?; // usually elsewhere, in a loop around `serve_for`
//! let mut client = bus.client_of::<Inventory>()?;
//! let ticket = client.send::<Put>(&Item { id: 7, count: 1 }, Duration::from_secs(1))?; // `call` also waits
//! server.serve(|request| {
//!     let put = |item: Item| Ok(Item { count: item.count + 1, ..item });
//!     let _ = request.dispatch().on::<Put>(put).done(); // a client that is gone needs no answer
//! })?;
//! assert_eq!(client.finish(ticket)?.count, 2);
//! # Ok(())
//! # }
//! ```
//!
//! - The **deadline** holds at both ends: a request is not run and an answer not delivered after it.
//! - A request **runs at most once**. Without an answer ([`CallError::Deadline`], [`CallError::ServerGone`]) it may or may not have run.
//! - A **server's death** ends its requests, within about 10 ms for a client that waits. A request that a server drops, also by a panic, is
//!   answered as failed. A service has one live server; the next one does not see what was sent to the previous one.
//!
//! [`Bus::server`] and [`Bus::client`] are the untyped forms: numbered methods, bytes.
//!
//! # Work queues
//! One of many [`Worker`]s processes each message:
//!
//! ```
//! use shm_bus::{Bus, Message, QueueLane, QueueSpec, topic, wire::{Priority, message_bytes}};
//!
//! #[derive(Clone, Copy, Message)]
//! #[repr(C)]
//! struct Chunk { x: i32, y: i32 }
//!
//! topic! { Chunks("level/chunks"): Chunk, priority = Normal, capacity = 1 << 16; }
//! const QUEUE: QueueSpec<'static> = QueueSpec::of::<Chunks>().deliveries_max(3);
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let bus = Bus::anonymous()?;
//! # let mut built = 0;
//! let mut producer = bus.work_producer(&QUEUE, "level", &[QueueLane::new(Priority::Normal, 1 << 16)])?;
//! producer.send(Priority::Normal, message_bytes(&[Chunk { x: 1, y: 2 }]))?;
//! let mut worker = bus.worker(&QUEUE, "builder")?; // usually several, elsewhere, in a loop around `wait`
//! while let Some(job) = worker.take()? {
//!     for chunk in job.messages::<Chunk>().ok_or("no whole chunks")? {
//!         println!("{} {}{}", chunk.x, chunk.y, if job.redelivered() { ", perhaps built before" } else { "" });
//! #       built += 1;
//!     }
//!     job.done()?; // dropped instead, it is given back
//! }
//! # assert_eq!(built, 1);
//! # Ok(())
//! # }
//! ```
//!
//! - A message is delivered **at least once**: again if its worker died or gave it back, and then it is [marked](Job::redelivered).
//! - It has at most one live holder. A **stopped** holder (Ctrl-Z, a debugger) lives and keeps its message, however long.
//! - After [`deliveries_max`](QueueSpec::deliveries_max) deliveries without [`done`](Job::done) it is a **dead letter**. Dead letters can
//!   be [read](Worker::dead_letters) or [taken](Worker::take_dead_letter) until their producer needs the room.
//! - A producer's messages **outlive it**, as long as somebody is on the bus. The last participant to leave removes the bus with its undone
//!   work.
//!
//! # Waiting
//! | call | for |
//! |---|---|
//! | [`Inbox::receive`], [`Inbox::drain`] | polling from an existing loop; never blocks |
//! | [`Inbox::wait`], [`Inbox::wait_timeout`] | a dedicated thread: spins briefly, then sleeps |
//! | [`Inbox::wait_async`] | a task of any executor |
//! | [`Inbox::arm`] with `descriptor` | an event loop: `poll`, `epoll`, `kqueue` |
//!
//! The waiting calls only report that a message waits; `receive` or `drain` takes it. A sleeper is woken within microseconds. In case its
//! waker was killed before it rang, it also looks by itself: in `wait` or `wait_timeout`, of an inbox or a worker, every 10 ms at most;
//! with an armed descriptor or a future it is woken to look every second at most.
//!
//! # Costs
//! - **Fan-out** is free: a message is written once, and each reader copies it from there. All memory is allocated and mapped when the
//!   publisher is created, nothing later. The fast paths of send and receive read no clock.
//! - **Sleeping** costs the publishers. After each commit a publisher loads a single word, the topic's *interest mask*; while every inbox
//!   of the topic polls, that is all. From the first `wait`, `wait_async` or `arm` of an inbox on, each message of its topics costs a full
//!   fence and a check of its doorbell, and a system call if it sleeps at that moment.
//! - **Many lanes**: an inbox with up to 8 lanes checks each of them. With more, its publishers keep a *ready bit* for each lane, at the
//!   same price as sleeping; the cost of receiving then depends on the number of ready lanes, not of all lanes.
//! - **Batches** ([`Publisher::send_batch`], best received by [`Inbox::drain`]) become visible at once: one commit and one check for all,
//!   and no contention for cache lines meanwhile. Several plain messages in one call of [`TopicPublisher::send_all`] are one record, which
//!   is faster still.
//! - **Room** is made in steps of an eighth of the ring, at which readers publish their positions. With a small ring they do so often. A
//!   snapshot's count of received messages is as old as the last such step.
//! - **Receiving** always copies: a peer may write anything at any time, and checked data must not change. [`Publisher::loan`] saves the
//!   sender's copy.
//!
//! # Words
//! | word | meaning |
//! |---|---|
//! | participant | one [`Bus`] handle with its clones, publishers and inboxes |
//! | topic | a named stream of one message type, identified by its schema |
//! | lane | the single-writer log (ring buffer) of one topic, publisher and priority |
//! | gating | an inbox that publishers wait for, as far as the topic's policy waits |
//! | observer | an inbox that nobody waits for; it counts what it missed |
//! | service | a name for which one [`Server`] answers requests of any number of [`Client`]s; see [`service!`] |
//! | ticket | stands for one request in flight (a future) |
//! | deadline | the time after which an answer is no longer wanted: it is then neither computed nor delivered |
//! | work queue | a topic whose messages are each processed by one of many workers, and again if that worker dies |
//! | claim | a worker's hold on one message (a lease); ends when it is done, given back, or its holder proven dead |
//! | dead letter | a message that came back after its last permitted delivery |
//!
//! # Threads
//! [`Bus`] is `Send + Sync` and cheap to clone; [`Publisher`], [`Inbox`], [`WorkProducer`] and [`Worker`] are `Send` and belong to one
//! thread at a time.
//!
//! # Features
//! `messagepack` (default): methods may take and return any serde type, see [`pack`].
//! `json`: messages from JSON. `record`: recordings in MCAP files. Both are for tools.
//!
//! The files' layout is specified byte by byte in `PROTOCOL.md`.

/// Data that cross a process or library boundary: the crate `shm-bus-wire`.
pub mod wire {
    // Not the crate by another name: the compiler's errors would then name `shm_bus::shm_bus_wire`.
    #[doc(inline)]
    pub use shm_bus_wire::*;
}

#[cfg_attr(loom, allow(dead_code, unreachable_pub, unused_imports, reason = "under loom only the models use the lane"))]
mod lane;
#[cfg_attr(loom, allow(dead_code, reason = "under loom only the words of lanes, bells and claims are used"))]
mod layout;
#[cfg_attr(loom, allow(dead_code, unreachable_pub, unused_imports, reason = "under loom only the models use the lane"))]
mod sync;

#[cfg_attr(loom, allow(dead_code, unreachable_pub, unused_imports, reason = "under loom only the models use the bell"))]
mod bell;
#[cfg(not(loom))]
mod bus;
#[cfg_attr(
    loom,
    allow(dead_code, unreachable_pub, unused_imports, reason = "under loom only the models use the claims")
)]
mod claims;
#[cfg(not(loom))]
mod control;
#[cfg(all(feature = "crash-points", unix, not(loom)))]
#[doc(hidden)]
pub mod crash;
#[cfg(not(any(loom, all(feature = "crash-points", unix))))]
mod crash;
#[cfg(all(feature = "fuzzing", not(loom)))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(not(loom))]
mod inbox;
#[cfg(not(loom))]
mod inbox_file;
#[cfg(not(loom))]
mod membership;
#[cfg(not(loom))]
mod outgoing;
#[cfg(not(loom))]
mod publisher;
#[cfg(all(feature = "record", not(loom)))]
pub mod record;
#[cfg(not(loom))]
mod request;
#[cfg(not(loom))]
mod runtime;
#[cfg(not(loom))]
mod schedule;
#[cfg(not(loom))]
pub mod schema;
#[cfg(not(loom))]
mod segment;
#[cfg(not(loom))]
pub mod shown;
#[cfg(not(loom))]
mod snapshot;
#[cfg(not(loom))]
mod sys;
#[cfg(not(loom))]
mod topic;
#[cfg(not(loom))]
mod work_queue;

/// Derives [`wire::Message`] with paths into this crate.
pub use plugin_macros::BusMessage as Message;
/// Derives [`wire::Plain`], for structs and enums that are fields of messages, with paths into this crate.
pub use plugin_macros::BusPlain as Plain;
pub use shm_bus_wire::topic;

#[cfg(not(loom))]
pub use self::{
    bus::{
        BusBuilder, ListError, LockLook, Remains, gc, gc_in, list, list_in, look_at_lock, probe, probe_in, remains,
        runtime_folder,
    },
    control::{Build, Limits, Process, RegistryTable, Version},
    inbox::{Attachment, Delivery, Inbox, InboxError, Missed, ReceiveError, SubscribeError},
    lane::Start,
    membership::{Bus, ChangeError, Leaving, OpenError, TopicError},
    outgoing::SendError,
    publisher::{BatchError, Loan, Publisher, PublisherError, Sent, TopicPublisher},
    request::{
        AsBytes, CallError, Client, ClientCounts, Codec, CodecError, DeferredReply, Dispatch, Method, ReplyError,
        Request, Response, Server, ServerCounts, Service, ServiceError, ServiceSpec, Ticket, TypedClient, TypedTicket,
    },
    shown::Shown,
    snapshot::{CorruptInfo, InboxInfo, LaneInfo, ParticipantInfo, Snapshot, TopicInfo, peek, peek_in},
    sys::DirError,
    topic::{Declaration, TopicSpec},
    work_queue::{
        ClaimInfo, DeadLetter, Holder, Job, JobError, QueueError, QueueInfo, QueueLane, QueueLaneInfo, QueueSpec,
        TakeError, WorkProducer, Worker, WorkerInfo,
    },
};

#[cfg(all(feature = "messagepack", not(loom)))]
pub use self::request::{AsPack, pack};

#[cfg(all(test, not(loom)))]
mod promises {
    //! Operations that the compiler has to grant.

    const fn send<T: Send>() {}
    const fn sync<T: Sync>() {}

    const _: () = {
        send::<crate::Bus>();
        sync::<crate::Bus>();
        send::<crate::Publisher>();
        send::<crate::Inbox>();
        send::<crate::Client>();
        send::<crate::Server>();
        send::<crate::WorkProducer>();
        send::<crate::Worker>();
    };
}

/// The README's example, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
