//! A plugin's ends of the bus: its publishers and its inbox. They belong to the plugin, not to a generation, so that a swap keeps
//! lanes and cursors.

use plugin_sdk::abi::Status;
use plugin_sdk::wire::Priority;
use shm_bus::wire::Policy;
use shm_bus::{Attachment, Bus, Delivery, Inbox, Publisher, ReceiveError, SendError, Start, TopicSpec};

use crate::image::{Manifest, TopicInfo};

/// Why a plugin's ends of the bus could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// A topic can't be published.
    #[error("it can't publish \"{topic}\": {}", with_causes(source))]
    Publisher {
        /// On the bus.
        topic: String,
        /// What the bus said.
        source: shm_bus::PublisherError,
    },
    /// A topic can't be subscribed.
    #[error("it can't subscribe to \"{topic}\": {}", with_causes(source))]
    Subscription {
        /// On the bus.
        topic: String,
        /// What the bus said.
        source: shm_bus::SubscribeError,
    },
    /// There is no room for its inbox.
    #[error("it can't have an inbox: {0}")]
    Inbox(#[from] shm_bus::InboxError),
}

/// An error of the bus with what caused it: "No space left on device" is the part that helps.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// One published topic.
#[derive(Debug)]
pub(crate) struct Port {
    topic: TopicInfo,
    publisher: Publisher,
    /// A send failed for good, which was logged.
    broken: bool,
}

impl Port {
    fn status(&mut self, result: Result<(), SendError>) -> Status {
        match result {
            Ok(()) => Status::OK,
            Err(SendError::Full) => Status::FULL,
            Err(SendError::TooLong { .. }) => Status::INVALID,
            // The bus has told it, once for all who use it.
            Err(SendError::Removed) => Status::REFUSED,
            Err(error) => {
                if !std::mem::replace(&mut self.broken, true) {
                    tracing::error!(topic = self.topic.name, %error, "a lane can't be used any more; reload its publisher");
                }
                Status::REFUSED
            }
        }
    }

    fn priority(&self) -> Priority {
        self.topic.priority
    }

    /// Room for `length` bytes in the lane.
    pub(crate) fn begin(&mut self, length: usize) -> Result<*mut u8, Status> {
        match self.publisher.begin(self.priority(), length) {
            Ok(memory) => Ok(memory.as_ptr().cast()),
            Err(error) => Err(self.status(Err(error))),
        }
    }

    pub(crate) fn commit(&mut self, length: usize) -> Status {
        let result = self.publisher.commit(self.priority(), length);
        self.status(result)
    }

    pub(crate) fn cancel(&mut self) {
        self.publisher.cancel(self.priority());
    }

    pub(crate) fn send(&mut self, payload: &[u8]) -> Status {
        let result = self.publisher.send(self.priority(), payload);
        self.status(result)
    }
}

/// All ends of one plugin.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    /// As the manifest's topics.
    pub(crate) publishers: Vec<Port>,
    inbox: Option<Inbox>,
    /// The topics in the inbox, as the manifest's subscriptions.
    subscribed: Vec<TopicInfo>,
    /// Records that came, by priority, of each topic that was ever subscribed.
    received: Vec<(String, [u64; 4])>,
}

/// What the next generation needs beyond what is there; nothing that the present one sees has changed yet.
#[derive(Debug)]
pub(crate) struct PreparedPorts {
    /// As the next manifest's topics; `None` where the present publisher serves on.
    publishers: Vec<(TopicInfo, Option<Publisher>)>,
    /// The inbox, if the present generation has none.
    inbox: Option<Inbox>,
    /// Topics that the inbox reads in addition.
    added: Vec<TopicInfo>,
    subscribed: Vec<TopicInfo>,
}

impl Ports {
    /// Makes what `manifest` needs and these ports lack.
    pub(crate) fn prepare(&mut self, bus: &Bus, manifest: &Manifest) -> Result<PreparedPorts, PortError> {
        let publishers = manifest.topics.iter().map(|topic| {
            let publisher = if self.publishers.iter().any(|port| port.topic == *topic) {
                None
            } else {
                Some(publisher(bus, &manifest.name, topic)?)
            };
            Ok((topic.clone(), publisher))
        });
        let mut prepared = PreparedPorts {
            publishers: publishers.collect::<Result<_, PortError>>()?,
            inbox: None,
            added: Vec::new(),
            subscribed: manifest.subscriptions.iter().map(|subscription| subscription.topic.clone()).collect(),
        };
        if let Err(error) = self.subscribe(bus, manifest, &mut prepared) {
            self.abandon(prepared);
            return Err(error);
        }
        Ok(prepared)
    }

    fn subscribe(&mut self, bus: &Bus, manifest: &Manifest, prepared: &mut PreparedPorts) -> Result<(), PortError> {
        if manifest.subscriptions.is_empty() {
            return Ok(());
        }
        if self.inbox.is_none() {
            prepared.inbox = Some(bus.inbox(&manifest.name, Attachment::Gating)?);
        }
        for topic in prepared.subscribed.iter().filter(|topic| !self.subscribed.contains(topic)) {
            if let Some(inbox) = self.inbox.as_mut().or(prepared.inbox.as_mut()) {
                inbox
                    .subscribe(&spec(topic), Start::Now)
                    .map_err(|source| PortError::Subscription { topic: topic.name.clone(), source })?;
                prepared.added.push(topic.clone());
            }
        }
        Ok(())
    }

    /// Goes over to what was prepared.
    pub(crate) fn apply(&mut self, prepared: PreparedPorts) {
        let mut old = std::mem::take(&mut self.publishers);
        for (topic, made) in prepared.publishers {
            let kept = || old.iter().position(|port| port.topic == topic).map(|index| old.swap_remove(index).publisher);
            if let Some(publisher) = made.or_else(kept) {
                self.publishers.push(Port { topic, publisher, broken: false });
            }
        }
        if prepared.inbox.is_some() {
            self.inbox = prepared.inbox;
        }
        for gone in self.subscribed.iter().filter(|topic| !prepared.subscribed.contains(topic)) {
            unsubscribe(&mut self.inbox, gone);
        }
        self.subscribed = prepared.subscribed;
    }

    /// Undoes what was prepared.
    pub(crate) fn abandon(&mut self, prepared: PreparedPorts) {
        for added in &prepared.added {
            unsubscribe(&mut self.inbox, added);
        }
    }

    /// Gives `deliver` what was in the inbox when it began: the publishers, the subscription's number, the bytes.
    pub(crate) fn drain(&mut self, mut deliver: impl FnMut(&mut [Port], usize, &[u8])) {
        let Self { publishers, inbox: Some(inbox), subscribed, received } = self else { return };
        let drained = inbox.drain(|delivery: Delivery<'_>| {
            if let Some(number) = subscribed.iter().position(|topic| topic.name == delivery.topic) {
                count(received, delivery.topic, delivery.priority);
                deliver(publishers, number, delivery.payload);
            }
        });
        match drained {
            // As with a lane: the bus has told it.
            Ok(_) | Err(ReceiveError::Removed { .. }) => {}
            Err(error) => tracing::warn!(%error, "an inbox could not be drained; it is tried again in the next frame"),
        }
    }

    /// Records that came, by priority, of each topic that was ever subscribed.
    pub(crate) fn received(&self) -> &[(String, [u64; 4])] {
        &self.received
    }
}

fn count(received: &mut Vec<(String, [u64; 4])>, topic: &str, priority: Priority) {
    let index = received.iter().position(|(name, _)| name == topic).unwrap_or_else(|| {
        received.push((topic.to_owned(), [0; 4]));
        received.len() - 1
    });
    received[index].1[priority as usize] += 1;
}

fn unsubscribe(inbox: &mut Option<Inbox>, topic: &TopicInfo) {
    if let Some(Err(error)) = inbox.as_mut().map(|inbox| inbox.unsubscribe(&topic.name)) {
        tracing::warn!(topic = topic.name, %error, "a subscription could not be ended");
    }
}

fn publisher(bus: &Bus, plugin: &str, topic: &TopicInfo) -> Result<Publisher, PortError> {
    bus.publisher(&spec(topic), plugin, &[(topic.priority, topic.capacity)])
        .map_err(|source| PortError::Publisher { topic: topic.name.clone(), source })
}

fn spec(topic: &TopicInfo) -> TopicSpec<'_> {
    TopicSpec {
        name: &topic.name,
        type_name: &topic.message,
        schema: &topic.schema,
        schema_hash: topic.hash,
        message_size: topic.message_size,
        policy: Policy::Reject,
    }
}
