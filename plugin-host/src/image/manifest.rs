//! The host's owned copy of a plugin's descriptor, without a pointer into the image (invariant 2 of the map). Plain data.

use std::fmt;

use plugin_sdk::abi;
use plugin_sdk::wire::{Policy, Priority};

/// A plugin's statements about itself.
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
    /// Components that occur only in its commands.
    pub components: Vec<ComponentInfo>,
    /// In source order.
    pub systems: Vec<SystemInfo>,
    /// In source order.
    pub subscriptions: Vec<SubscriptionInfo>,
    /// The topics it publishes; a [`ParamInfo::Publisher`] is an index into it.
    pub topics: Vec<TopicInfo>,
    /// In source order.
    pub exports: Vec<ExportInfo>,
    /// Interfaces that the exports implement, in source order.
    pub interfaces: Vec<InterfaceInfo>,
}

impl Manifest {
    /// Whether both declare the same to the engine and to the bus: a swap from one to the other changes code alone.
    pub(crate) fn declares_like(&self, other: &Self) -> bool {
        // Every field is named, so that a new one is not forgotten.
        let Self {
            name,
            version: _,
            state_schema: _,
            state_hash: _,
            components,
            systems,
            subscriptions,
            topics,
            // They are found by the instance, whichever it is.
            exports: _,
            interfaces: _,
        } = self;
        *name == other.name
            && *components == other.components
            && *systems == other.systems
            && *subscriptions == other.subscriptions
            && *topics == other.topics
    }
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
    /// The stage in which it runs.
    pub stage: abi::Stage,
    /// `plugin` or `plugin/system` names.
    pub after: Vec<String>,
    /// `plugin` or `plugin/system` names.
    pub before: Vec<String>,
    /// Its parameters, in order.
    pub params: Vec<ParamInfo>,
}

/// A parameter of a system or subscription.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamInfo {
    /// Columns of the ECS.
    Query {
        /// One column each, in order.
        data: Vec<Term>,
        /// Terms that entities must match, without columns.
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
    /// The topic that it reads.
    pub topic: TopicInfo,
    /// Its publisher parameters.
    pub params: Vec<ParamInfo>,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportInfo {
    /// Unique within the plugin.
    pub name: String,
    /// `name(argument: Type, …) -> Type`.
    pub signature: String,
    /// FNV-1a of `signature`.
    pub hash: u64,
    /// Its doc comment, or empty.
    pub docs: String,
    /// How it uses the instance.
    pub access: abi::ExportAccess,
    /// Whether it is not offered to other processes.
    pub is_internal: bool,
    /// Whether other processes are answered on a thread of the host.
    pub is_on_thread: bool,
}

/// An interface: signatures that callers and plugins agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceInfo {
    /// Stable name: `package.Trait`.
    pub name: String,
    /// The signatures of its methods, in order, separated by `; `.
    pub text: String,
    /// FNV-1a of `text`.
    pub hash: u64,
}

/// A topic, as a plugin knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicInfo {
    /// The topic's name on the bus.
    pub name: String,
    /// Stable name of its message.
    pub message: String,
    /// Canonical schema of the message.
    pub schema: String,
    /// FNV-1a of `schema`.
    pub hash: u64,
    /// Bytes of one message.
    pub message_size: u32,
    /// Size of a publisher's lane, in bytes.
    pub capacity: u32,
    /// Priority of its publishers' messages.
    pub priority: Priority,
    /// The rule for a message for which a lane has no room.
    pub policy: Policy,
}

impl TopicInfo {
    /// Whether both mean the same to a reader and to the bus: capacity and priority concern the publisher alone.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let of = |topic: &Self| (topic.hash, topic.message_size, topic.policy);
        self.name == other.name && self.schema == other.schema && of(self) == of(other)
    }
}

#[cfg(test)]
impl TopicInfo {
    /// A topic of numbers, for tests.
    pub(crate) fn of_numbers(name: &str) -> Self {
        const SCHEMA: &str = "Number@1 8/8 {value:u64@0}";
        Self {
            name: name.to_owned(),
            message: "Number".to_owned(),
            schema: SCHEMA.to_owned(),
            hash: plugin_sdk::wire::schema_hash(SCHEMA),
            message_size: 8,
            capacity: 4096,
            priority: Priority::Normal,
            policy: Policy::Reject,
        }
    }
}

/// In the form of its `topic!` declaration.
impl fmt::Display for TopicInfo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schema, priority, capacity, policy, .. } = self;
        write!(out, "{schema}, priority = {priority:?}, capacity = {capacity}, policy = {policy:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            name: "ai".to_owned(),
            version: "1.0.0".to_owned(),
            state_schema: "Ai@1 8/8 {seen:u64@0}".to_owned(),
            state_hash: 2,
            components: Vec::new(),
            systems: Vec::new(),
            subscriptions: Vec::new(),
            topics: vec![TopicInfo::of_numbers("a")],
            exports: Vec::new(),
            interfaces: Vec::new(),
        }
    }

    #[test]
    fn each_declaration_counts_but_for_version_state_and_exports() {
        let component = ComponentInfo {
            name: "Kept".to_owned(),
            schema: "Kept@1 4/4 {value:u32@0}".to_owned(),
            hash: 3,
            size: 4,
            align: 4,
        };
        let system = SystemInfo {
            name: "think".to_owned(),
            stage: abi::Stage::Update,
            after: Vec::new(),
            before: Vec::new(),
            params: vec![ParamInfo::Publisher(0)],
        };
        let subscription =
            SubscriptionInfo { name: "hear".to_owned(), topic: TopicInfo::of_numbers("a"), params: Vec::new() };
        let larger_lane = TopicInfo { capacity: 8192, ..TopicInfo::of_numbers("a") };
        let others = [
            Manifest { name: "other".to_owned(), ..manifest() },
            Manifest { components: vec![component], ..manifest() },
            Manifest { systems: vec![system], ..manifest() },
            Manifest { subscriptions: vec![subscription], ..manifest() },
            Manifest { topics: vec![larger_lane], ..manifest() },
        ];
        for other in others {
            assert!(!other.declares_like(&manifest()), "{other:?}");
        }
        let (version, state_schema) = ("2.0.0".to_owned(), "Ai@2 4/4 {seen:u32@0}".to_owned());
        let export = ExportInfo {
            name: "mood".to_owned(),
            signature: "mood() -> f32".to_owned(),
            hash: 5,
            docs: String::new(),
            access: abi::ExportAccess::Shared,
            is_internal: false,
            is_on_thread: false,
        };
        let next = Manifest { version, state_schema, state_hash: 4, exports: vec![export], ..manifest() };
        assert!(next.declares_like(&manifest()));
    }
}
