//! Decides when a lasting command ends: at Ctrl-C, or when only other tools are left on the bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shm_bus::{Bus, ChangeError, Inbox, ParticipantInfo, ReceiveError, Snapshot};

use super::news::told;
use crate::output::print::tell;

/// This program's name on a bus.
const PROGRAM: &str = "hotframe";

/// See the module.
#[derive(Debug)]
pub(crate) struct Watch {
    stopped: Arc<AtomicBool>,
    next_census: Instant,
}

impl Watch {
    /// Time between two checks for Ctrl-C. It costs the game nothing.
    pub(crate) const SLICE: Duration = Duration::from_millis(50);
    /// Time between two checks of who is left.
    const CENSUS: Duration = Duration::from_millis(500);

    /// From here on, Ctrl-C, SIGTERM and SIGHUP end the command in an orderly way.
    pub(crate) fn start() -> Result<Self, ctrlc::Error> {
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = stopped.clone();
        ctrlc::set_handler(move || stop.store(true, Ordering::Relaxed))?;
        Ok(Self { stopped, next_census: Instant::now() + Self::CENSUS })
    }

    /// Whether the user wants the command to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether the command has to end; reports the reason if it is the bus's end.
    ///
    /// # Errors
    /// If the bus was removed under its participants.
    pub(crate) fn is_over(&mut self, bus: &Bus) -> Result<bool, ChangeError> {
        if self.is_stopped() {
            return Ok(true);
        }
        if Instant::now() < self.next_census {
            return Ok(false);
        }
        self.next_census = Instant::now() + Self::CENSUS;
        let deserted = is_deserted(&bus.try_snapshot()?, Some(bus.id()));
        if deserted {
            tell(format_args!("bus `{}` has ended", bus.name()));
        }
        Ok(deserted)
    }

    /// Waits for a message, but not beyond `deadline`. Returns `false` if the command has to end instead.
    pub(crate) fn wait(&mut self, bus: &Bus, inbox: &mut Inbox, deadline: Option<Instant>) -> Result<bool, WatchError> {
        loop {
            let left = deadline.map_or(Self::SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
            // A report of the inbox is not a message, but the command has to look for messages then, too.
            if left.is_zero() || told(inbox.wait_timeout(left.min(Self::SLICE)))? != Some(false) {
                return Ok(!self.is_stopped());
            }
            if self.is_over(bus)? {
                return Ok(false);
            }
        }
    }

    /// Sleeps until `moment`. Returns `false` if the command has to end instead.
    ///
    /// # Errors
    /// The same as for [`Self::is_over`].
    pub(crate) fn sleep_until(&mut self, bus: &Bus, moment: Instant) -> Result<bool, ChangeError> {
        loop {
            if self.is_over(bus)? {
                return Ok(false);
            }
            match moment.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return Ok(true),
                left => std::thread::sleep(left.min(Self::SLICE)),
            }
        }
    }
}

/// Why waiting failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    #[error(transparent)]
    Bus(#[from] ChangeError),
}

/// Whether only tools are left: apart from the participant `own`, if this command is one, nobody publishes or is waited for.
pub(crate) fn is_deserted(snapshot: &Snapshot, own: Option<u64>) -> bool {
    !snapshot
        .participants
        .iter()
        .any(|participant| participant.alive && own != Some(participant.id) && !is_tool(snapshot, participant))
}

/// A participant without a lane or a gating inbox is an observer. One that has nothing at all may be about to create something, unless it
/// is this program.
fn is_tool(snapshot: &Snapshot, participant: &ParticipantInfo) -> bool {
    let slot = participant.slot;
    let publishes =
        snapshot.topics.iter().flat_map(|topic| &topic.lanes).any(|lane| lane.open && lane.participant == slot);
    let mut inboxes = snapshot.inboxes.iter().filter(|inbox| inbox.participant == slot).peekable();
    let has_inbox = inboxes.peek().is_some();
    !publishes && inboxes.all(|inbox| inbox.observer) && (has_inbox || participant.name == PROGRAM)
}
