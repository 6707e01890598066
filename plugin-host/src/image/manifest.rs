//! What the host keeps of a plugin's descriptor: an owned copy, without a pointer into the image (invariant 2 of the map). Plain data.

use std::fmt;

use plugin_sdk::abi;
use plugin_sdk::wire::{Policy, Priority};

/// What a plugin said of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its name, as in its section and file name, with `_` for each `-`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Canonical text of its state.
    pub state_schema: String,
    /// FNV-1a of `state_schema`.
    pub state_hash: u64,
    /// Components that only its commands use.
    pub components: Vec<ComponentInfo>,
    /// In source order.
    pub systems: Vec<SystemInfo>,
    /// In source order.
    pub subscriptions: Vec<SubscriptionInfo>,
    /// The topics it publishes; a [`ParamInfo::Publisher`] is an index into it.
    pub topics: Vec<TopicInfo>,
}

/// A component, as a plugin knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentInfo {
    /// Stable name.
    pub name: String,
    /// Canonical schema.
    pub schema: String,
    /// FNV-1a of `schema`.
    pub hash: u64,
    /// In bytes.
    pub size: usize,
    /// In bytes, a power of two.
    pub align: usize,
}

/// A system.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemInfo {
    /// Unique within the plugin.
    pub name: String,
    /// When it runs.
    pub stage: abi::Stage,
    /// `plugin` or `plugin/system` names.
    pub after: Vec<String>,
    /// `plugin` or `plugin/system` names.
    pub before: Vec<String>,
    /// What it takes, in order.
    pub params: Vec<ParamInfo>,
}

/// A parameter of a system or subscription.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamInfo {
    /// Columns of the ECS.
    Query {
        /// One column each, in order.
        data: Vec<Term>,
        /// Demands only.
        filter: Vec<Term>,
    },
    /// Index into [`Manifest::topics`].
    Publisher(u32),
}

/// A term of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// How it is used.
    pub access: abi::Access,
    /// `None` for the entity's own id.
    pub component: Option<ComponentInfo>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionInfo {
    /// The method.
    pub name: String,
    /// What it reads.
    pub topic: TopicInfo,
    /// Its publishers.
    pub params: Vec<ParamInfo>,
}

/// A topic, as a plugin knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicInfo {
    /// On the bus.
    pub name: String,
    /// Stable name of its message.
    pub message: String,
    /// Canonical schema of the message.
    pub schema: String,
    /// FNV-1a of `schema`.
    pub hash: u64,
    /// Bytes of one message.
    pub message_size: u32,
    /// Bytes of a publisher's lane.
    pub capacity: u32,
    /// At which its publishers send.
    pub priority: Priority,
    /// What becomes of a message for which a lane has no room.
    pub policy: Policy,
}

impl TopicInfo {
    /// Whether both mean the same to a reader, and to the bus: capacity and priority are the publisher's alone.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let of = |topic: &Self| (topic.hash, topic.message_size, topic.policy);
        self.name == other.name && self.schema == other.schema && of(self) == of(other)
    }
}

/// As its `topic!` says it.
impl fmt::Display for TopicInfo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schema, priority, capacity, policy, .. } = self;
        write!(out, "{schema}, priority = {priority:?}, capacity = {capacity}, policy = {policy:?}")
    }
}
