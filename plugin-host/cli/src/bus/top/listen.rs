//! Receives everything, to measure the gaps between messages.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Inbox, ReceiveError, Start};

use crate::bus::observe::gaps::Gaps;
use crate::bus::target::find::find;

/// The gaps of each topic and priority.
pub(super) type GapsByTopic = BTreeMap<(String, Priority), Gaps>;

/// See the module.
pub(super) struct Listener {
    bus: Bus,
    inbox: Inbox,
    gaps: GapsByTopic,
}

impl Listener {
    /// Messages between two checks of the time.
    const BURST: usize = 1024;

    pub(super) fn new(bus: &str) -> Result<Self, Box<dyn Error>> {
        let bus = find(Some(bus))?;
        let mut inbox = bus.inbox("hotframe bus top", Attachment::Observer)?;
        inbox.subscribe_all(Start::Now)?;
        Ok(Self { bus, inbox, gaps: GapsByTopic::new() })
    }

    /// Its participant's id.
    pub(super) fn id(&self) -> u64 {
        self.bus.id()
    }

    /// Receives until `moment` at most, also from new topics.
    pub(super) fn listen(&mut self, moment: Instant) -> Result<(), Box<dyn Error>> {
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            // The screen has no line for a topic that is declared again; its gaps continue.
            if left.is_zero() || next(self.inbox.wait_timeout(left))? == Some(false) {
                return Ok(());
            }
            for _ in 0..Self::BURST {
                let Some(delivery) = next(self.inbox.receive())?.flatten() else { break };
                let now = Instant::now();
                match self
                    .gaps
                    .iter_mut()
                    .find(|((topic, level), _)| topic == delivery.topic && *level == delivery.priority)
                {
                    Some((_, gaps)) => gaps.arrived(now),
                    None => {
                        let gaps = self.gaps.entry((delivery.topic.to_owned(), delivery.priority)).or_default();
                        gaps.arrived(now);
                    }
                }
            }
        }
    }

    /// The gaps since the last call.
    pub(super) fn take(&mut self) -> GapsByTopic {
        let taken = self.gaps.clone();
        self.gaps.values_mut().for_each(Gaps::clear);
        taken
    }
}

/// The received value; `None` if a topic was declared again.
fn next<T>(received: Result<T, ReceiveError>) -> Result<Option<T>, ReceiveError> {
    match received {
        Err(ReceiveError::Redeclared { .. }) => Ok(None),
        received => received.map(Some),
    }
}
