//! Receives everything, to measure the gaps between messages.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Inbox, Start};

use crate::cli::find::find;
use crate::cli::gaps::Gaps;

/// The gaps of each topic and priority.
pub(super) type GapsByTopic = BTreeMap<(String, Priority), Gaps>;

/// See the module.
pub(super) struct Listener {
    bus: Bus,
    inbox: Inbox,
    subscribed: Vec<String>,
    gaps: GapsByTopic,
}

impl Listener {
    /// Messages between two looks at the time.
    const BURST: usize = 1024;

    pub(super) fn new(bus: &str) -> Result<Self, Box<dyn Error>> {
        let bus = find(Some(bus))?;
        let inbox = bus.inbox("hotframe bus top", Attachment::Observer)?;
        let mut listener = Self { bus, inbox, subscribed: Vec::new(), gaps: GapsByTopic::new() };
        listener.subscribe()?;
        Ok(listener)
    }

    /// Its participant's id.
    pub(super) fn id(&self) -> u64 {
        self.bus.id()
    }

    fn subscribe(&mut self) -> Result<(), Box<dyn Error>> {
        for topic in self.bus.snapshot().topics {
            if !self.subscribed.contains(&topic.name) {
                self.inbox.subscribe_untyped(&topic.name, Start::Now)?;
                self.subscribed.push(topic.name);
            }
        }
        Ok(())
    }

    /// Listens until `moment`, at most, also to topics that are new.
    pub(super) fn listen(&mut self, moment: Instant) -> Result<(), Box<dyn Error>> {
        self.subscribe()?;
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.inbox.wait_timeout(left)? {
                return Ok(());
            }
            for _ in 0..Self::BURST {
                let Some(delivery) = self.inbox.receive()? else { break };
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

    /// What came since the last call.
    pub(super) fn take(&mut self) -> GapsByTopic {
        let taken = self.gaps.clone();
        self.gaps.values_mut().for_each(Gaps::clear);
        taken
    }
}
