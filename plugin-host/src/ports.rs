//! A plugin's ports on the bus: its publishers and its inbox. They belong to the plugin, not to a generation, so a swap keeps lanes and
//! cursors. [`difference`] decides which are kept.
//!
//! # Invariants
//! 1. [`Ports::prepare`] doesn't affect the running generation: [`Ports::abandon`] undoes it, and [`Ports::apply`] can't fail.
//! 2. A lane that is replaced is closed, not removed: its readers read it to its end.
//!
//! # Failure
//! Nothing here waits for `bus.lock`: the `bus` that makes the ports has no lock timeout. If a subscription can't be ended because another
//! process holds the lock, a later drain ends it; messages that arrive on it until then count as undelivered.

mod difference;
mod port;
#[cfg(test)]
mod tests;
mod traffic;

use shm_bus::{
    Attachment, Bus, ChangeError, Delivery, Inbox, InboxError, Leaving, PublisherError, ReceiveError, Start,
    SubscribeError, TopicSpec,
};

use crate::causes::with_causes;
use crate::image::{Manifest, TopicInfo};
use difference::{PortAction, Published, of_publishers, of_subscriptions};
pub(crate) use port::Port;
pub use traffic::PastLane;
pub(crate) use traffic::Traffic;

/// Why a plugin's ports could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// A topic can't be published.
    #[error("it cannot publish \"{topic}\": {}", with_causes(source))]
    Publisher {
        /// The topic's name on the bus.
        topic: String,
        /// The bus's error.
        source: PublisherError,
    },
    /// A topic can't be subscribed.
    #[error("it cannot subscribe to \"{topic}\": {}", with_causes(source))]
    Subscription {
        /// The topic's name on the bus.
        topic: String,
        /// The bus's error.
        source: SubscribeError,
    },
    /// There is no room for its inbox.
    #[error("it cannot have an inbox: {0}")]
    Inbox(#[from] InboxError),
}

impl PortError {
    /// Whether another participant was changing the bus.
    pub(crate) const fn is_bus_busy(&self) -> bool {
        matches!(
            self,
            Self::Publisher { source: PublisherError::Change(ChangeError::Busy { .. }), .. }
                | Self::Subscription { source: SubscribeError::Change(ChangeError::Busy { .. }), .. }
                | Self::Inbox(InboxError::Change(ChangeError::Busy { .. }))
        )
    }
}

/// All ports of one plugin.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    /// In the order of the manifest's topics.
    pub(crate) publishers: Vec<Port>,
    inbox: Option<Inbox>,
    /// The topics in the inbox, in the order of the manifest's subscriptions.
    subscribed: Vec<TopicInfo>,
    /// Topics that are still in the inbox because their subscription could not be ended.
    leaving: Vec<TopicInfo>,
    /// Topics to rejoin: the inbox was too slow for one of their lanes and has left it.
    joining: Vec<TopicInfo>,
    pub(crate) traffic: Traffic,
}

/// The ports that the next generation needs in addition; the present generation sees no change yet.
#[derive(Debug, Default)]
pub(crate) struct PreparedPorts {
    /// In the order of the next manifest's topics.
    publishers: Vec<NextPublisher>,
    /// The new inbox, if the present generation has none.
    inbox: Option<Inbox>,
    /// In the order of the next manifest's subscriptions.
    subscribed: Vec<TopicInfo>,
    /// Those of them that the inbox did not read before.
    added: Vec<TopicInfo>,
    /// Topics that the inbox will no longer read.
    gone: Vec<TopicInfo>,
}

#[derive(Debug)]
enum NextPublisher {
    /// Keeps the present one at this index.
    Kept(usize),
    Made(Box<Port>),
}

impl Ports {
    /// Creates the ports that `manifest` needs and these lack.
    pub(crate) fn prepare(&mut self, bus: &Bus, manifest: &Manifest) -> Result<PreparedPorts, PortError> {
        let mut prepared = PreparedPorts {
            subscribed: manifest.subscriptions.iter().map(|subscription| subscription.topic.clone()).collect(),
            ..PreparedPorts::default()
        };
        let made =
            self.publish(bus, manifest, &mut prepared).and_then(|()| self.subscribe(bus, manifest, &mut prepared));
        match made {
            Ok(()) => Ok(prepared),
            Err(error) => {
                self.abandon(prepared);
                Err(error)
            }
        }
    }

    fn publish(&self, bus: &Bus, manifest: &Manifest, prepared: &mut PreparedPorts) -> Result<(), PortError> {
        let present: Vec<Published<'_>> = self.publishers.iter().map(Port::published).collect();
        let difference = of_publishers(&present, &manifest.topics);
        let leaving = self.leaving(&difference.gone);
        for (action, topic) in difference.actions.iter().zip(&manifest.topics) {
            let next = match action {
                PortAction::Keep(index) => NextPublisher::Kept(*index),
                PortAction::Replace | PortAction::Add => {
                    let lanes = [(topic.priority, topic.capacity)];
                    let made = bus.publisher_in_place_of(&topic.spec(), &manifest.name, &lanes, &leaving);
                    let made = made.map_err(|source| PortError::Publisher { topic: topic.name.clone(), source })?;
                    NextPublisher::Made(Box::new(Port::new(topic.clone(), made)))
                }
            };
            prepared.publishers.push(next);
        }
        Ok(())
    }

    fn subscribe(&mut self, bus: &Bus, manifest: &Manifest, prepared: &mut PreparedPorts) -> Result<(), PortError> {
        let difference = of_subscriptions(&self.subscribed, &prepared.subscribed);
        prepared.gone = difference.gone.iter().map(|index| self.subscribed[*index].clone()).collect();
        let present: Vec<Published<'_>> = self.publishers.iter().map(Port::published).collect();
        let leaving = self.leaving(&of_publishers(&present, &manifest.topics).gone);
        for (action, topic) in difference.actions.iter().zip(&prepared.subscribed) {
            if matches!(action, PortAction::Keep(_)) {
                continue;
            }
            if self.inbox.is_none() && prepared.inbox.is_none() {
                prepared.inbox = Some(bus.inbox(&manifest.name, Attachment::Gating)?);
            }
            if let Some(inbox) = self.inbox.as_mut().or(prepared.inbox.as_mut()) {
                inbox
                    .subscribe_in_place_of(&topic.spec(), Start::Now, &leaving)
                    .map_err(|source| PortError::Subscription { topic: topic.name.clone(), source })?;
                prepared.added.push(topic.clone());
            }
        }
        Ok(())
    }

    /// The ports that the present generation gives up: these publishers, and the inbox's topics that are declared again.
    fn leaving(&self, publishers: &[usize]) -> Leaving {
        let mut leaving = Leaving::default();
        publishers.iter().for_each(|index| leaving.add_publisher(&self.publishers[*index].publisher));
        self.inbox.iter().for_each(|inbox| leaving.add_inbox(inbox));
        leaving
    }

    /// Whether every lane can be used.
    pub(crate) fn are_sound(&self) -> bool {
        self.publishers.iter().all(|port| !port.published().is_broken)
    }

    /// Switches to the prepared ports. Returns the number of messages that this plugin will never read.
    pub(crate) fn apply(&mut self, plugin: &str, prepared: PreparedPorts) -> u64 {
        let mut present: Vec<Option<Port>> = std::mem::take(&mut self.publishers).into_iter().map(Some).collect();
        let next = prepared.publishers.into_iter().filter_map(|next| match next {
            NextPublisher::Kept(index) => present[index].take(),
            NextPublisher::Made(port) => Some(*port),
        });
        self.publishers = next.collect();
        present.iter().flatten().for_each(|port| self.traffic.end(port));
        if prepared.inbox.is_some() {
            self.inbox = prepared.inbox;
        }
        self.subscribed = prepared.subscribed;
        let subscribed = |topic: &TopicInfo| self.subscribed.iter().any(|subscribed| subscribed.agrees_with(topic));
        self.leaving.retain(|topic| !subscribed(topic));
        self.joining.retain(|topic| subscribed(topic));
        let given_up = prepared.gone.into_iter().map(|topic| self.leave(plugin, topic)).sum();
        if self.subscribed.is_empty() && self.leaving.is_empty() {
            self.inbox = None;
        }
        given_up
    }

    /// Undoes what was prepared.
    pub(crate) fn abandon(&mut self, prepared: PreparedPorts) {
        for added in prepared.added {
            let Some(inbox) = &mut self.inbox else { break };
            if let Err(error) = inbox.unsubscribe_from(&added.spec()) {
                tracing::warn!(topic = added.name, %error, "a subscription could not be ended; it is tried again in the next frame");
                self.leaving.push(added);
            }
        }
    }

    /// Ends a subscription; returns the number of messages that waited in it.
    fn leave(&mut self, plugin: &str, topic: TopicInfo) -> u64 {
        let Some(inbox) = &mut self.inbox else { return 0 };
        match inbox.unsubscribe_from(&topic.spec()) {
            Ok(0) => 0,
            Ok(given_up) => {
                tracing::warn!(
                    plugin,
                    "{given_up} messages of \"{}\" were dropped: {plugin}'s new build does not read {}",
                    topic.name,
                    topic.schema
                );
                given_up
            }
            Err(error) => {
                tracing::warn!(plugin, topic = topic.name, %error, "a subscription could not be ended; it is tried again in the next frame");
                self.leaving.push(topic);
                0
            }
        }
    }

    /// Passes the messages that were in the inbox at the start to `deliver`, with the publishers and the subscription's number. Returns how
    /// many messages had no subscription or were given up to rejoin a topic.
    pub(crate) fn drain(&mut self, plugin: &str, mut deliver: impl FnMut(&mut [Port], usize, &[u8])) -> u64 {
        let Self { publishers, inbox: Some(inbox), subscribed, leaving, joining, traffic } = self else { return 0 };
        let (mut evicted, mut unread) = (Vec::new(), 0);
        let drained = loop {
            let drained = inbox.drain(|delivery: Delivery<'_>| {
                let is_of = |topic: &TopicInfo| {
                    topic.name == delivery.topic
                        && topic.hash == delivery.schema_hash
                        && topic.policy == delivery.declaration.policy
                };
                let Some(number) = subscribed.iter().position(is_of) else {
                    unread += 1;
                    return;
                };
                traffic.receive(delivery.topic, delivery.priority);
                deliver(publishers, number, delivery.payload);
            });
            match drained {
                // Each is reported once, before anything is read.
                Err(ReceiveError::Evicted { topic, publisher }) => evicted.push((topic, publisher)),
                drained => break drained,
            }
        };
        match drained {
            // The bus has reported this once, for all its users.
            Ok(_) | Err(ReceiveError::Removed { .. }) => {}
            Err(error) => {
                tracing::warn!(plugin, %error, "an inbox could not be drained; it is tried again in the next frame");
            }
        }
        let known = joining.len();
        for (topic, publisher) in evicted {
            tracing::warn!(
                plugin,
                "{plugin} was too slow for {publisher} on \"{topic}\", whose policy is not to wait for it: messages are lost"
            );
            // The inbox may have left several of its lanes.
            let left = subscribed.iter().filter(|subscribed| subscribed.name == topic);
            let news: Vec<_> = left.filter(|topic| !joining.contains(topic)).cloned().collect();
            joining.extend(news);
        }
        let mut index = 0;
        joining.retain(|topic| {
            index += 1;
            match inbox.subscribe_again(&topic.spec()) {
                Ok(given_up) => unread += given_up,
                Err(error) if index > known => {
                    tracing::warn!(plugin, topic = topic.name, %error, "a topic could not be joined again; it is tried again in each frame");
                    return true;
                }
                Err(_) => return true,
            }
            false
        });
        leaving.retain(|topic| inbox.unsubscribe_from(&topic.spec()).map(|given_up| unread += given_up).is_err());
        unread
    }

    /// Closes all of them; their counters stay.
    pub(crate) fn close(&mut self) {
        let Self { publishers, mut traffic, .. } = std::mem::take(self);
        publishers.iter().for_each(|port| traffic.end(port));
        self.traffic = traffic;
    }
}

impl TopicInfo {
    fn spec(&self) -> TopicSpec<'_> {
        TopicSpec {
            name: &self.name,
            type_name: &self.message,
            schema: &self.schema,
            schema_hash: self.hash,
            message_size: self.message_size,
            policy: self.policy,
        }
    }
}
