//! Waits without blocking the thread that owns the inbox: a descriptor for an event loop, and a future.
//!
//! The inbox starts a helper thread at the first use; it sleeps on the doorbell and passes each ring on.
//!
//! # Invariants
//! 1. The descriptor is readable from a ring until the next [`Inbox::arm`], because the pipe contains one byte.
//! 2. The thread ends before the inbox does.
//!
//! # Failure
//! A publisher that is killed between its message and its ring wakes nobody. Therefore the thread passes on an extra ring every second.

use std::future::Future;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Inbox, ReceiveError};
use crate::bell::{self, SLICE};
use crate::membership::Shared;
use crate::sync::{AtomicU64, Ordering};
use crate::sys::{self, BellId, Sleeper};

/// The longest time that an armed bell stays silent.
const SILENCE_MAX: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Notifier {
    monitor: Arc<Monitor>,
    pipe: PipeReader,
    shared: Arc<Shared>,
    index: usize,
    thread: Option<JoinHandle<()>>,
}

/// What the inbox and its thread share.
#[derive(Debug, Default)]
struct Monitor {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The word with which the bell was armed, until it rings.
    armed: Option<u64>,
    /// A waker to call in addition to the pipe.
    waker: Option<Waker>,
    /// The pipe contains a byte.
    signalled: bool,
    ends: bool,
}

impl Monitor {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifier {
    fn start(shared: &Arc<Shared>, index: usize) -> std::io::Result<Self> {
        let (pipe, writer) = std::io::pipe()?;
        let monitor = Arc::new(Monitor::default());
        let sleeper = Sleeper::new(BellId { folder: shared.store.path(), kind: "inbox", index })?;
        let (its_monitor, its_shared) = (Arc::clone(&monitor), Arc::clone(shared));
        let thread = std::thread::Builder::new()
            .name("hotframe-doorbell".to_owned())
            .spawn(move || pass_rings_on(&its_monitor, &its_shared, index, &sleeper, writer))?;
        Ok(Self { monitor, pipe, shared: Arc::clone(shared), index, thread: Some(thread) })
    }

    /// Makes the thread pass the next ring on to the pipe and to `waker`. The caller looks for messages afterwards.
    fn arm(&mut self, waker: Option<Waker>) -> std::io::Result<()> {
        let mut state = self.monitor.lock();
        if state.signalled {
            state.signalled = false;
            self.pipe.read_exact(&mut [0])?;
        }
        let former = std::mem::replace(&mut state.waker, waker);
        state.armed = Some(bell::arm(self.shared.control.doorbell(self.index).bell()));
        self.monitor.changed.notify_one();
        drop(state);
        // It may hold the last reference to something of its own.
        drop(former);
        Ok(())
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.monitor.lock().ends = true;
        self.monitor.changed.notify_one();
        let doorbell = self.shared.control.doorbell(self.index).bell();
        if bell::ring(doorbell) {
            sys::wake(doorbell, BellId { folder: self.shared.store.path(), kind: "inbox", index: self.index });
        }
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id()) {
            // It does not panic; if it did, it has ended.
            let _ = thread.join();
        }
    }
}

impl Monitor {
    /// Waits until the bell is armed; `None` when the inbox ends.
    fn next(&self) -> Option<u64> {
        let idle = |state: &mut State| !state.ends && state.armed.is_none();
        let state = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        state.armed.filter(|_| !state.ends)
    }

    /// Whether the thread is still to wait for the bell as armed with `armed`.
    fn holds(&self, armed: u64) -> bool {
        let state = self.lock();
        !state.ends && state.armed == Some(armed)
    }

    /// Notifies the waiting pipe and waker, unless the bell was armed anew meanwhile.
    fn pass_on(&self, armed: u64, doorbell: &AtomicU64, pipe: &mut PipeWriter) {
        let mut state = self.lock();
        if state.ends || state.armed != Some(armed) {
            return;
        }
        state.armed = None;
        bell::disarm(doorbell, armed);
        if !state.signalled {
            state.signalled = pipe.write_all(&[1]).is_ok();
        }
        let waker = state.waker.take();
        // A waker may poll at once, or hold the last reference to the inbox.
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The thread: waits until the bell is armed, sleeps until it rings, passes the ring on.
fn pass_rings_on(monitor: &Monitor, shared: &Shared, index: usize, sleeper: &Sleeper, mut pipe: PipeWriter) {
    let doorbell = shared.control.doorbell(index).bell();
    while let Some(armed) = monitor.next() {
        let deadline = Instant::now() + SILENCE_MAX;
        // ORDERING: Relaxed, whoever is notified looks with its own fences.
        while doorbell.load(Ordering::Relaxed) == armed && Instant::now() < deadline && monitor.holds(armed) {
            shared.beat();
            if shared.look_if_removed() {
                break;
            }
            sleeper.sleep(doorbell, armed, SLICE);
        }
        monitor.pass_on(armed, doorbell, &mut pipe);
    }
}

impl Inbox {
    /// Prepares polling the descriptor. Returns `true` if a message waits already; then don't poll. Otherwise the descriptor becomes
    /// readable when a message arrives (and spuriously, at most once a second). Call this before every poll.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use shm_bus::{Attachment, Bus, Start, TopicSpec, topic, Message};
    /// # #[derive(Clone, Copy, Message)] #[repr(C)] struct Job { number: u64 }
    /// # topic! { Jobs("jobs"): Job, priority = Normal, capacity = 4096; }
    /// # let bus = Bus::anonymous()?;
    /// # let mut inbox = bus.inbox("worker", Attachment::Gating)?;
    /// # inbox.subscribe(&TopicSpec::of::<Jobs>(), Start::Now)?;
    /// # let mut jobs = bus.publisher_of::<Jobs>("boss")?;
    /// # let boss = std::thread::spawn(move || jobs.send(&Job { number: 7 }));
    /// use rustix::event::{PollFd, PollFlags, poll};
    ///
    /// while !inbox.arm()? {
    ///     poll(&mut [PollFd::new(&inbox.descriptor()?, PollFlags::IN)], None)?; // beside other descriptors
    /// }
    /// let delivery = inbox.receive()?.expect("something waits");
    /// # assert_eq!(delivery.messages::<Job>().expect("jobs")[0].number, 7);
    /// # boss.join().expect("ends")?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn arm(&mut self) -> Result<bool, ReceiveError> {
        self.arm_for(None)
    }

    /// The descriptor, which becomes readable as described at [`Self::arm`]. Only poll it; its contents belong to the inbox.
    ///
    /// # Errors
    /// [`ReceiveError::Sleep`] if the system has no more threads or descriptors.
    #[cfg(unix)]
    pub fn descriptor(&mut self) -> Result<std::os::fd::BorrowedFd<'_>, ReceiveError> {
        Ok(std::os::fd::AsFd::as_fd(&self.notifier()?.pipe))
    }

    /// Completes when a message waits, on any executor.
    ///
    /// ```
    /// # use std::{pin::pin, sync::Arc, task::{Context, Poll, Wake, Waker}, thread::{self, Thread}};
    /// # use shm_bus::{Attachment, Bus, Start, Inbox, ReceiveError, TopicSpec, topic, Message};
    /// # #[derive(Clone, Copy, Message)] #[repr(C)] struct Job { number: u64 }
    /// # topic! { Jobs("jobs"): Job, priority = Normal, capacity = 4096; }
    /// # struct Unpark(Thread);
    /// # impl Wake for Unpark { fn wake(self: Arc<Self>) { self.0.unpark(); } }
    /// # fn block_on<T>(future: impl Future<Output = T>) -> T {
    /// #     let (mut future, waker) = (pin!(future), Waker::from(Arc::new(Unpark(thread::current()))));
    /// #     loop {
    /// #         match future.as_mut().poll(&mut Context::from_waker(&waker)) {
    /// #             Poll::Ready(value) => return value,
    /// #             Poll::Pending => thread::park(),
    /// #         }
    /// #     }
    /// # }
    /// async fn next_job(inbox: &mut Inbox) -> Result<u64, ReceiveError> {
    ///     loop {
    ///         inbox.wait_async().await?;
    ///         if let Some(delivery) = inbox.receive()?
    ///             && let Some([job]) = delivery.messages::<Job>()
    ///         {
    ///             return Ok(job.number);
    ///         }
    ///     }
    /// }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bus = Bus::anonymous()?;
    /// # let mut inbox = bus.inbox("worker", Attachment::Gating)?;
    /// # inbox.subscribe(&TopicSpec::of::<Jobs>(), Start::Now)?;
    /// # let mut jobs = bus.publisher_of::<Jobs>("boss")?;
    /// # let boss = thread::spawn(move || jobs.send(&Job { number: 7 }));
    /// # assert_eq!(block_on(next_job(&mut inbox))?, 7);
    /// # boss.join().expect("ends")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn wait_async(&mut self) -> impl Future<Output = Result<(), ReceiveError>> + '_ {
        WaitAsync { inbox: self }
    }

    fn arm_for(&mut self, waker: Option<&Waker>) -> Result<bool, ReceiveError> {
        if self.something_waits()? {
            return Ok(true);
        }
        if !self.rings {
            self.register_interest();
        }
        self.notifier()?.arm(waker.cloned()).map_err(ReceiveError::Sleep)?;
        self.something_waits()
    }

    fn notifier(&mut self) -> Result<&mut Notifier, ReceiveError> {
        self.refuse_forked()?;
        if self.notifier.is_none() {
            self.notifier = Some(Notifier::start(&self.shared, self.index).map_err(ReceiveError::Sleep)?);
        }
        Ok(self.notifier.as_mut().expect("just made"))
    }
}

/// See [`Inbox::wait_async`].
struct WaitAsync<'a> {
    inbox: &'a mut Inbox,
}

impl Future for WaitAsync<'_> {
    type Output = Result<(), ReceiveError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.inbox.arm_for(Some(context.waker())) {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
