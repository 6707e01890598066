//! Inboxes' and workers' entries.
//!
//! The flags are observer, worker, and everything. An inbox with the last one is an observer that reads all topics, also later ones.

use super::{Control, load, publish, text};
use crate::layout::control::inbox::{NAME, NAME_LENGTH, OWNER, SUBSCRIPTIONS};
use crate::layout::control::{INBOXES, INBOXES_MAX, PARTICIPANTS_MAX, STATE};
use crate::sync::Ordering;

const OBSERVER: u64 = 1 << 32;
const WORKER: u64 = 1 << 33;
const EVERYTHING: u64 = 1 << 34;

/// One inbox.
#[derive(Clone, Debug)]
pub(crate) struct InboxEntry {
    pub(crate) index: usize,
    pub(crate) id: u64,
    /// The participant slot of its owner.
    pub(crate) participant: usize,
    pub(crate) observer: bool,
    /// A worker of the queue that it subscribed to; it has neither a file nor cursors.
    pub(crate) worker: bool,
    /// It reads all topics, of any name.
    pub(crate) everything: bool,
    /// A bit for each topic that it has subscribed to by name.
    pub(crate) named: u128,
    pub(crate) name: String,
}

impl InboxEntry {
    /// Whether publishers of `topic` wait for it.
    pub(crate) const fn gates(&self, topic: usize) -> bool {
        !self.worker && self.holds(topic)
    }

    /// Whether it keeps `topic` from being declared differently. An observer does not.
    pub(crate) const fn holds(&self, topic: usize) -> bool {
        !self.observer && self.names(topic)
    }

    /// Whether it reads `topic`.
    pub(crate) const fn reads(&self, topic: usize) -> bool {
        self.everything || self.names(topic)
    }

    /// Whether it has subscribed to `topic` by name.
    pub(crate) const fn names(&self, topic: usize) -> bool {
        self.named >> topic & 1 == 1
    }
}

impl Control {
    /// The inbox at `index`, if there is one.
    pub(crate) fn inbox(&self, index: usize) -> Option<InboxEntry> {
        self.read(INBOXES, index, |id, entry| {
            let owner = load(entry, OWNER);
            let participant = (owner & 0xffff_ffff) as usize;
            if participant >= PARTICIPANTS_MAX {
                return None;
            }
            Some(InboxEntry {
                index,
                id,
                participant,
                observer: owner & OBSERVER != 0,
                worker: owner & WORKER != 0,
                everything: owner & EVERYTHING != 0 && owner & OBSERVER != 0,
                named: u128::from(load(entry, SUBSCRIPTIONS)) | u128::from(load(entry, SUBSCRIPTIONS + 1)) << 64,
                name: text(entry, NAME, load(entry, NAME_LENGTH))?,
            })
        })
    }

    /// Whether the entry at `index` is a worker's, of any owner.
    #[inline]
    pub(crate) fn is_worker(&self, index: usize) -> bool {
        load(self.entry(INBOXES, index), OWNER) & WORKER != 0
    }

    /// All inboxes.
    pub(crate) fn inboxes(&self) -> impl Iterator<Item = InboxEntry> {
        (0..INBOXES_MAX).filter_map(|index| self.inbox(index))
    }

    /// An index for a new inbox. Under `bus.lock`.
    pub(crate) fn free_inbox(&self) -> Option<usize> {
        self.free_index(INBOXES, self.limits().inboxes)
    }

    /// Fills the free entry at `index`. Under `bus.lock`; the name fits.
    pub(crate) fn add_inbox(&self, index: usize, id: u64, participant: usize, observer: bool, name: &str) {
        self.add_reader(index, id, participant as u64 | if observer { OBSERVER } else { 0 }, name);
    }

    /// Like [`Control::add_inbox`], for a worker.
    pub(crate) fn add_worker(&self, index: usize, id: u64, participant: usize, name: &str) {
        self.add_reader(index, id, participant as u64 | WORKER, name);
    }

    fn add_reader(&self, index: usize, id: u64, owner: u64, name: &str) {
        self.silence(index);
        self.keep_inbox(index);
        let fields = [(OWNER, owner), (SUBSCRIPTIONS, 0), (SUBSCRIPTIONS + 1, 0), (NAME_LENGTH, name.len() as u64)];
        publish(self.entry(INBOXES, index), id, &fields, &[(NAME, name)]);
    }

    /// Subscribes the inbox at `index` to `topic`. Under `bus.lock`, followed by [`Control::bump_epoch`].
    pub(crate) fn subscribe_inbox(&self, index: usize, topic: usize) {
        let entry = self.entry(INBOXES, index);
        // ORDERING: Relaxed, published by [EPOCH].
        entry[SUBSCRIPTIONS + topic / 64].fetch_or(1 << (topic % 64), Ordering::Relaxed);
    }

    /// Subscribes the observer at `index` to all topics. Under `bus.lock`, followed by [`Control::bump_epoch`].
    pub(crate) fn subscribe_inbox_to_all(&self, index: usize) {
        // ORDERING: Relaxed, published by [EPOCH].
        self.entry(INBOXES, index)[OWNER].fetch_or(EVERYTHING, Ordering::Relaxed);
    }

    /// Undoes [`Control::subscribe_inbox`]. Under `bus.lock`, followed by [`Control::bump_epoch`].
    pub(crate) fn unsubscribe_inbox(&self, index: usize, topic: usize) {
        let entry = self.entry(INBOXES, index);
        // ORDERING: Relaxed, published by [EPOCH].
        entry[SUBSCRIPTIONS + topic / 64].fetch_and(!(1 << (topic % 64)), Ordering::Relaxed);
        self.interest(topic).fetch_and(!(1 << index), Ordering::Relaxed);
    }

    /// Frees the entry. Under `bus.lock`.
    pub(crate) fn remove_inbox(&self, index: usize) {
        // ORDERING: [ENTRY] a reader of 0 uses nothing that was written before.
        self.entry(INBOXES, index)[STATE].store(0, Ordering::Release);
        self.silence(index);
    }
}
