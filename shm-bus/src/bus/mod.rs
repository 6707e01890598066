//! A handle to one bus, and what all of a participant's publishers and inboxes share.
//!
//! # Invariants
//! 1. A handle is a participant: it holds its slot's lock from attaching until the last clone, publisher and inbox is gone.
//! 2. Entries and files change only while a [`Change`] is held.
//!
//! # Failure
//! Each operation leaves the bus as it was when it returns an error. What a killed process leaves behind is cleared by
//! the next participant that changes anything, and by [`gc`] when there is none.
//!
//! # Forks
//! A child of `fork` has none of the mappings. Every call on a handle that it inherited gives an error that says so, and does nothing;
//! where a call has no error it gives nothing (but [`Bus::snapshot`] panics), and dropping is harmless. Only a pointer from [`Publisher::begin`] leads nowhere in it.
//! It may open the bus by itself.
//!
//! # Removal
//! A bus is its folder and its register, under the name that it was opened by. When somebody deletes, moves or replaces one of them,
//! nobody finds the bus any more. Its participants notice within some seconds of use, and every call then says `Removed`. What lies
//! in lanes that they have mapped is still received before.

mod builder;
mod gc;
mod list;
mod open;
mod probe;
mod remains;

pub use builder::BusBuilder;
pub use gc::{gc, gc_in};
pub use list::{ListError, list, list_in, runtime_folder};
pub use open::OpenError;
pub(crate) use open::{is_missing, open_control, unfit};
pub use probe::{probe, probe_in};
pub use remains::{LockLook, Remains, look_at_lock, remains};

use std::path::Path;
use std::sync::Arc;

use crate::inbox::{Attachment, Inbox, InboxError};
use crate::membership::{ChangeError, Shared};
use crate::publisher::{Publisher, PublisherError};
use crate::snapshot::Snapshot;
use crate::topic::{Leaving, TopicSpec};
use crate::wire::Priority;
use crate::work_queue::{QueueError, QueueLane, QueueSpec, WorkProducer, Worker};

/// A participant's handle to a bus. Cheap to clone; clones are the same participant.
#[derive(Clone, Debug)]
pub struct Bus {
    shared: Arc<Shared>,
}

impl Bus {
    /// Opens the bus `name` in the runtime folder (`$HOTFRAME_DIR`, else the system's default), making it if need be.
    ///
    /// A bus whose participants were all killed is removed and made afresh.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(name: &str) -> Result<Self, OpenError> {
        Self::builder(name).open()
    }

    /// As [`Self::open`], in a runtime folder of the caller's choice.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_in(folder: impl AsRef<Path>, name: &str) -> Result<Self, OpenError> {
        Self::builder(name).folder(folder).open()
    }

    /// Takes part in a bus that somebody else has opened.
    ///
    /// # Errors
    /// [`OpenError::NotFound`] when no live bus has this name; else see [`OpenError`].
    pub fn attach(name: &str) -> Result<Self, OpenError> {
        Self::builder(name).attach()
    }

    /// As [`Self::attach`], in a runtime folder of the caller's choice.
    ///
    /// # Errors
    /// As [`Self::attach`].
    pub fn attach_in(folder: impl AsRef<Path>, name: &str) -> Result<Self, OpenError> {
        Self::builder(name).folder(folder).attach()
    }

    /// A bus in this process's memory, without a file or a name that anybody could find. Everything else is as on a named one.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn anonymous() -> Result<Self, OpenError> {
        Self::builder("anonymous").open_anonymous()
    }

    /// Opens a bus with limits, a folder or a patience of the caller's choice.
    pub fn builder(name: &str) -> BusBuilder {
        BusBuilder::new(name)
    }

    /// Another participant of this bus, in this process.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn attach_again(&self) -> Result<Self, OpenError> {
        open::open_again(&self.shared)
    }

    /// Says that this participant is getting on, once a frame or turn. Inboxes do so too, at every drain and while they wait, and
    /// publishers while they wait for room. Tools show it; nobody is taken for dead because of it.
    #[inline]
    pub fn beat(&self) {
        if !self.shared.is_forked() {
            self.shared.beat();
        }
    }

    /// This participant's id, never given again on this bus: what tells it from all others in a [`Snapshot`]. A process id does not, as
    /// each pid namespace counts by itself.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.shared.id
    }

    /// Asks the system whether this bus is still the one that others find under its name. Who sends or receives learns it by that.
    ///
    /// # Errors
    /// [`ChangeError::Removed`] when its folder was deleted, moved or replaced, [`ChangeError::Forked`] in a forked child.
    pub fn check(&self) -> Result<(), ChangeError> {
        if !self.shared.is_forked() {
            self.shared.look_at_once();
        }
        self.shared.check()
    }

    /// The bus's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The bus's folder. An anonymous bus has none; it gives a name that no other has.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.shared.store.path()
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// A publisher of `topic` with one lane for each of `lanes`: a priority and the ring's bytes, a power of two between
    /// 4096 and 2³⁰. A message takes its length and 32 bytes, rounded up to a multiple of
    /// 32, and at most a quarter of the ring: 16 bytes take 64.
    ///
    /// # Errors
    /// See [`PublisherError`].
    pub fn publisher(
        &self,
        topic: &TopicSpec<'_>,
        publisher_name: &str,
        lanes: &[(Priority, u32)],
    ) -> Result<Publisher, PublisherError> {
        self.publisher_in_place_of(topic, publisher_name, lanes, &Leaving::default())
    }

    /// As [`Self::publisher`], on a topic that may carry something else, or have another policy, as long as nobody but those who are
    /// `leaving` and observers use it.
    ///
    /// # Errors
    /// See [`PublisherError`].
    pub fn publisher_in_place_of(
        &self,
        topic: &TopicSpec<'_>,
        publisher_name: &str,
        lanes: &[(Priority, u32)],
        leaving: &Leaving,
    ) -> Result<Publisher, PublisherError> {
        Publisher::new(Arc::clone(&self.shared), topic, publisher_name, lanes, leaving)
    }

    /// A publisher of the topic `T`, with its declared priority and capacity.
    ///
    /// # Errors
    /// See [`PublisherError`].
    pub fn publisher_of<T: crate::wire::Topic>(
        &self,
        publisher_name: &str,
    ) -> Result<crate::publisher::TopicPublisher<T>, PublisherError> {
        let untyped = self.publisher(&TopicSpec::of::<T>(), publisher_name, &[(T::PRIORITY, T::CAPACITY)])?;
        Ok(crate::publisher::TopicPublisher::new(untyped))
    }

    /// An inbox without subscriptions.
    ///
    /// # Errors
    /// See [`InboxError`].
    pub fn inbox(&self, name: &str, attachment: Attachment) -> Result<Inbox, InboxError> {
        Inbox::new(Arc::clone(&self.shared), name, attachment)
    }

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
        WorkProducer::new(Arc::clone(&self.shared), queue, producer_name, lanes)
    }

    /// A worker of `queue`: it takes messages that no other worker holds.
    ///
    /// # Errors
    /// See [`QueueError`].
    pub fn worker(&self, queue: &QueueSpec<'_>, worker_name: &str) -> Result<Worker, QueueError> {
        Worker::new(Arc::clone(&self.shared), queue, worker_name)
    }

    /// What the bus holds at this moment. Reads only; disturbs nobody.
    ///
    /// # Panics
    /// In a forked child, in which the bus is not mapped; [`Self::try_snapshot`] gives an error there.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        assert!(
            !self.shared.is_forked(),
            "bus `{}` was opened before this process was forked; open it here",
            self.name()
        );
        Snapshot::take(self.shared.view())
    }

    /// As [`Self::snapshot`].
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn try_snapshot(&self) -> Result<Snapshot, ChangeError> {
        self.check()?;
        Ok(Snapshot::take(self.shared.view()))
    }
}
