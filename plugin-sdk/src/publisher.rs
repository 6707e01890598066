//! Sends on the bus, by copying or by filling a loan in place.

#![expect(unsafe_code, reason = "fills shared memory that the host lends")]

use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::abi::{Call, HostTable, LifeCall, List, ParamDescriptor, ParamKind, Status, TopicDescriptor};
use crate::frame::Frame;
use crate::param::SystemParam;
use shm_bus_wire::{Topic, message_bytes};

/// Why nothing was sent. The bus counts every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The lane is full: a gating reader has not read far enough, under the policy `Block` not even by the deadline.
    Full,
    /// The message exceeds the limit of a record, a quarter of the lane.
    TooLong,
    /// The lane is unusable. The host's log says why; the plugin's next build gets a new one.
    Broken,
}

impl fmt::Display for SendError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Full => "the lane is full",
            Self::TooLong => "the record is longer than a quarter of the lane",
            Self::Broken => "the lane cannot be used; the host's log says why",
        })
    }
}

impl core::error::Error for SendError {}

fn check(status: Status) -> Result<(), SendError> {
    match status {
        Status::OK => Ok(()),
        Status::FULL => Err(SendError::Full),
        Status::INVALID => Err(SendError::TooLong),
        _ => Err(SendError::Broken),
    }
}

fn host(life: &LifeCall) -> &HostTable {
    // SAFETY: publishers and loans live within a call, in which the host's table is valid.
    unsafe { life.host() }
}

/// A system's access to one topic, at the topic's priority and under its [policy](crate::wire::Policy).
///
/// The policy `Block` blocks the whole frame until its deadline, for each message without room. Plugins of the same game read between two
/// frames, so they make no room meanwhile: `Block` is for topics that other processes or threads read.
pub struct Publisher<'call, T: Topic> {
    life: LifeCall,
    number: u32,
    topic: PhantomData<(&'call Call, T)>,
}

impl<T: Topic> fmt::Debug for Publisher<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Publisher").field("topic", &T::NAME).finish_non_exhaustive()
    }
}

impl<T: Topic> Publisher<'_, T> {
    /// Sends one message.
    ///
    /// # Errors
    /// If the lane is full and the topic's policy returns the message. Under `DropNewest` a full lane is no error: the message is dropped
    /// and counted.
    pub fn send(&mut self, message: &T::Message) -> Result<(), SendError> {
        self.send_all(core::slice::from_ref(message))
    }

    /// Sends `messages` as one record.
    ///
    /// # Errors
    /// If the lane is full, or the record is longer than a quarter of it.
    pub fn send_all(&mut self, messages: &[T::Message]) -> Result<(), SendError> {
        let bytes = message_bytes(messages);
        let host = host(&self.life);
        // SAFETY: the host's own function, context and number; the bytes live until it returns.
        check(unsafe { (host.send)(self.life.context, self.number, bytes.as_ptr(), bytes.len()) })
    }

    /// Lends room for up to `capacity` messages in the lane itself (zero-copy): push, then commit. Dropping the loan sends nothing.
    ///
    /// # Errors
    /// As for [`Self::send_all`]. A full lane is an error under `DropNewest` too, since there is no room to lend.
    pub fn loan(&mut self, capacity: usize) -> Result<Loan<'_, T>, SendError> {
        const { assert!(size_of::<T::Message>().is_multiple_of(8), "pad the message to a multiple of 8 bytes to loan it") };
        let bytes = capacity.checked_mul(size_of::<T::Message>()).ok_or(SendError::TooLong)?;
        let (host, mut memory) = (host(&self.life), core::ptr::null_mut());
        // SAFETY: the host's own function, context and number.
        check(unsafe { (host.loan_begin)(self.life.context, self.number, bytes, &raw mut memory) })?;
        Ok(Loan {
            life: self.life,
            number: self.number,
            memory: memory.cast(),
            capacity,
            length: 0,
            topic: PhantomData,
        })
    }
}

/// Room in a lane that is being filled. Other processes share the memory, so it is written only as relaxed 8-byte words.
pub struct Loan<'loan, T: Topic> {
    life: LifeCall,
    number: u32,
    /// `capacity` messages, 8-byte aligned.
    memory: *mut AtomicU64,
    capacity: usize,
    /// In `0 ..= capacity`.
    length: usize,
    topic: PhantomData<(&'loan mut Call, T)>,
}

impl<T: Topic> fmt::Debug for Loan<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Loan").field("length", &self.length).field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl<T: Topic> Loan<'_, T> {
    const WORDS: usize = size_of::<T::Message>() / 8;

    /// Appends `message`, or returns it if the loan is full.
    ///
    /// # Errors
    /// Returns the message.
    #[inline]
    pub fn push(&mut self, message: T::Message) -> Result<(), T::Message> {
        if self.length == self.capacity {
            return Err(message);
        }
        let (words, _) = message_bytes(core::slice::from_ref(&message)).as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            // SAFETY: below `capacity * WORDS` words, all lent by the host until commit.
            let place = unsafe { self.memory.add(self.length * Self::WORDS + index) };
            // SAFETY: aligned and valid, see above.
            let place = unsafe { &*place };
            // ORDERING: Relaxed; published by the host's [COMMIT].
            place.store(u64::from_ne_bytes(*word), Ordering::Relaxed);
        }
        self.length += 1;
        Ok(())
    }

    /// Number of messages pushed so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing was pushed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Sends the pushed messages as one record; an empty loan is cancelled.
    ///
    /// # Errors
    /// If the host refuses; it doesn't refuse a loan that it gave.
    pub fn commit(self) -> Result<(), SendError> {
        if self.length == 0 {
            return Ok(());
        }
        let (host, bytes) = (host(&self.life), self.length * size_of::<T::Message>());
        // SAFETY: the host's own function, context and number, with the loan open.
        check(unsafe { (host.loan_commit)(self.life.context, self.number, bytes) })
    }
}

impl<T: Topic> Drop for Loan<'_, T> {
    fn drop(&mut self) {
        let host = host(&self.life);
        // SAFETY: the host's own function, context and number; after a commit it finds no open loan and does nothing.
        unsafe { (host.loan_cancel)(self.life.context, self.number) };
    }
}

// SAFETY: the number is used only with the host's sending functions, as a publisher's.
unsafe impl<T: Topic> SystemParam for Publisher<'static, T> {
    type Item<'call> = Publisher<'call, T>;

    const DESCRIPTOR: ParamDescriptor = ParamDescriptor {
        kind: ParamKind::Publisher as u32,
        query_data: List::new(&[]),
        query_filter: List::new(&[]),
        topic: TopicDescriptor::of::<T>(),
    };

    unsafe fn fetch<'call>(frame: &'call Frame<'call>, index: usize) -> Publisher<'call, T> {
        // SAFETY: the call has this parameter, by contract.
        let number = unsafe { frame.param(index) }.publisher;
        Publisher { life: frame.life(), number, topic: PhantomData }
    }
}
