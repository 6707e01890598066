//! Messages that a plugin received, and messages that it sent in lanes that it no longer has: the bus forgets a lane once it has been read
//! to its end.

use plugin_sdk::wire::Priority;
use shm_bus::Sent;

use super::Port;

/// A lane that its plugin no longer publishes to: the lane was replaced or the plugin removed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PastLane {
    /// Its topic.
    pub topic: String,
    /// Its priority.
    pub priority: Priority,
    /// Its id on the bus, and the messages sent in it.
    pub sent: Sent,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Received records by priority, for each topic that was ever subscribed.
    pub(crate) received: Vec<(String, [u64; 4])>,
    /// One for each lane that was replaced.
    pub(crate) past: Vec<PastLane>,
}

impl Traffic {
    #[inline]
    pub(super) fn receive(&mut self, topic: &str, priority: Priority) {
        self.of(topic)[priority as usize] += 1;
    }

    /// Records what a publisher that is being closed has sent.
    pub(super) fn end(&mut self, port: &Port) {
        let (topic, priority) = (port.topic.name.clone(), port.topic.priority);
        if let Some(sent) = port.publisher.sent(priority) {
            self.past.push(PastLane { topic, priority, sent });
        }
    }

    /// Moves `other`'s counters here.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.past.append(&mut other.past);
        for (topic, counts) in other.received.drain(..) {
            self.of(&topic).iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }

    fn of(&mut self, topic: &str) -> &mut [u64; 4] {
        let index = self.received.iter().position(|(name, _)| name == topic).unwrap_or_else(|| {
            self.received.push((topic.to_owned(), [0; 4]));
            self.received.len() - 1
        });
        &mut self.received[index].1
    }
}
