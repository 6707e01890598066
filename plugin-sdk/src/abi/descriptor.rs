//! A plugin's description of itself: constant data in its library, which the host copies when it loads the library.

use core::ffi::c_void;

use super::call::{Call, LifeCall};
use super::export::ExportDescriptor;
use super::interface::InterfaceDescriptor;
use super::sink::Sink;
use super::status::Status;
use super::text::{List, Text};
use crate::component::Component;
use shm_bus_wire::{Message, Topic};

/// The whole plugin.
#[derive(Debug)]
#[repr(C)]
pub struct PluginDescriptor {
    /// `size_of::<PluginDescriptor>()` of the plugin's build: fields are only ever appended.
    pub size: u32,
    /// [`ABI_VERSION`](super::ABI_VERSION).
    pub abi: u32,
    /// The plugin's name, same as in the section.
    pub name: Text,
    /// Its version, same as in the section.
    pub version: Text,
    /// Canonical text of the state type.
    pub state_schema: Text,
    /// FNV-1a of `state_schema`.
    pub state_hash: u64,
    /// Components that only commands use; components of queries need not be listed.
    pub components: List<ComponentDescriptor>,
    /// Systems, in source order.
    pub systems: List<SystemDescriptor>,
    /// Subscriptions, in source order.
    pub subscriptions: List<SubscriptionDescriptor>,
    /// Creates an instance.
    pub create: CreateFn,
    /// Saves an instance's state.
    pub save: SaveFn,
    /// Drops an instance.
    pub destroy: DestroyFn,
    /// Exports, in source order.
    pub exports: List<ExportDescriptor>,
    /// Interfaces that the exports implement, in source order.
    pub interfaces: List<InterfaceDescriptor>,
    /// Called when other levels or places are listened to than before: the library asks the host's [`TraceTable`](super::TraceTable) again. Null
    /// in a library without `tracing`.
    pub trace_changed: Option<extern "C" fn()>,
}

#[expect(unsafe_code, reason = "a static of raw pointers to constants is shared between threads")]
// SAFETY: every pointer in it leads to constant data of the image.
unsafe impl Sync for PluginDescriptor {}

/// Creates an instance and stores it in `instance`: a new one if `state.length` is 0, otherwise one restored from the output of [`SaveFn`].
pub type CreateFn = unsafe extern "C" fn(call: *const LifeCall, state: List<u8>, instance: *mut *mut c_void) -> Status;

/// Writes the instance's state to `sink`.
pub type SaveFn = unsafe extern "C" fn(call: *const LifeCall, instance: *const c_void, sink: Sink) -> Status;

/// Drops the instance; it must not be used again.
pub type DestroyFn = unsafe extern "C" fn(call: *const LifeCall, instance: *mut c_void) -> Status;

/// Runs one system. The host passes an instance of this library that is not in use elsewhere, and a call whose `params` match the descriptor's.
pub type SystemFn = unsafe extern "C" fn(instance: *mut c_void, call: *mut Call) -> Status;

/// Delivers one record's payload, 16-byte aligned, to a subscription; otherwise like [`SystemFn`]. The plugin checks the payload, which may
/// come from any process, and returns [`Status::MALFORMED`] for one that it can't read.
pub type DeliverFn =
    unsafe extern "C" fn(instance: *mut c_void, call: *mut Call, payload: *const u8, length: usize) -> Status;

/// A component's identity and layout.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ComponentDescriptor {
    /// Stable name.
    pub name: Text,
    /// Canonical schema.
    pub schema: Text,
    /// FNV-1a of `schema`.
    pub hash: u64,
    /// In bytes.
    pub size: u32,
    /// In bytes, a power of two.
    pub align: u32,
}

impl ComponentDescriptor {
    /// Describes `C`.
    #[must_use]
    pub const fn of<C: Component>() -> Self {
        Self {
            name: Text::new(C::NAME),
            schema: Text::new(C::SCHEMA),
            hash: C::SCHEMA_HASH,
            size: size_of::<C>() as u32,
            align: align_of::<C>() as u32,
        }
    }

    /// Placeholder for terms without a component.
    pub(crate) const NONE: Self = Self { name: Text::new(""), schema: Text::new(""), hash: 0, size: 0, align: 1 };
}

/// Part of the frame in which a system runs. Stages run in this order; commands are applied between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Stage {
    /// Input and bookkeeping.
    First = 0,
    /// Game logic.
    Update = 1,
    /// Movement and collisions.
    Physics = 2,
    /// Reactions to the frame's physics.
    Last = 3,
    /// Draw commands from the world.
    Render = 4,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 5] = [Self::First, Self::Update, Self::Physics, Self::Last, Self::Render];

    /// The stage with this number.
    #[must_use]
    pub fn from_wire(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }
}

/// One system.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SystemDescriptor {
    /// Unique within the plugin.
    pub name: Text,
    /// A [`Stage`].
    pub stage: u32,
    /// The plugins (`plugin`) or systems (`plugin/system`) after which it runs within its stage.
    pub after: List<Text>,
    /// The plugins or systems before which it runs within its stage.
    pub before: List<Text>,
    /// Its parameters that cross the ABI, in order; [`Call::params`] matches them.
    pub params: List<ParamDescriptor>,
    /// The shim.
    pub run: SystemFn,
}

/// One subscription.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SubscriptionDescriptor {
    /// The method's name.
    pub name: Text,
    /// The topic that it reads.
    pub topic: TopicDescriptor,
    /// Its publishers.
    pub params: List<ParamDescriptor>,
    /// The shim.
    pub deliver: DeliverFn,
}

/// Kind of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ParamKind {
    /// A query: `query_data` and `query_filter` apply.
    Query = 0,
    /// A publisher: `topic` applies.
    Publisher = 1,
}

/// One parameter of a system or subscription.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ParamDescriptor {
    /// A [`ParamKind`].
    pub kind: u32,
    /// Of a query: one term per fetched item, that is, per column.
    pub query_data: List<TermDescriptor>,
    /// Of a query: its filter terms.
    pub query_filter: List<TermDescriptor>,
    /// Of a publisher.
    pub topic: TopicDescriptor,
}

/// Access of a term to its component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Access {
    /// `&T`.
    Read = 0,
    /// `&mut T`.
    Write = 1,
    /// `Option<&T>`.
    OptionalRead = 2,
    /// `Option<&mut T>`.
    OptionalWrite = 3,
    /// `With<T>`.
    With = 4,
    /// `Without<T>`.
    Without = 5,
    /// The entity's own id; no component.
    Entity = 6,
}

impl Access {
    /// The access with this number.
    #[must_use]
    pub const fn from_wire(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Read,
            1 => Self::Write,
            2 => Self::OptionalRead,
            3 => Self::OptionalWrite,
            4 => Self::With,
            5 => Self::Without,
            6 => Self::Entity,
            _ => return None,
        })
    }
}

/// One term of a query.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TermDescriptor {
    /// The component; empty for [`Access::Entity`].
    pub component: ComponentDescriptor,
    /// An [`Access`].
    pub access: u32,
}

impl TermDescriptor {
    /// A term with `access` to `C`.
    #[must_use]
    pub const fn of<C: Component>(access: Access) -> Self {
        Self { component: ComponentDescriptor::of::<C>(), access: access as u32 }
    }

    /// The entity's own id.
    pub const ENTITY: Self = Self { component: ComponentDescriptor::NONE, access: Access::Entity as u32 };
}

/// A topic, as declared by `topic!`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TopicDescriptor {
    /// Its name on the bus.
    pub name: Text,
    /// Stable name of the message.
    pub message: Text,
    /// Its canonical schema.
    pub schema: Text,
    /// FNV-1a of `schema`.
    pub hash: u64,
    /// Bytes of one message.
    pub message_size: u32,
    /// Bytes of each publisher's lane.
    pub capacity: u32,
    /// A [`Priority`](crate::wire::Priority).
    pub priority: u32,
    /// A [`Policy`](crate::wire::Policy): its kind, as [`Policy::to_wire`](crate::wire::Policy::to_wire) gives it.
    pub policy: u32,
    /// The policy's deadline in milliseconds, 0 if it has none.
    pub policy_timeout_ms: u32,
    /// Zero.
    pub reserved: u32,
}

impl TopicDescriptor {
    /// Describes `T`.
    #[must_use]
    pub const fn of<T: Topic>() -> Self {
        Self {
            name: Text::new(T::NAME),
            message: Text::new(<T::Message as Message>::NAME),
            schema: Text::new(<T::Message as Message>::SCHEMA),
            hash: <T::Message as Message>::SCHEMA_HASH,
            message_size: size_of::<T::Message>() as u32,
            capacity: T::CAPACITY,
            priority: T::PRIORITY as u32,
            policy: T::POLICY.to_wire().0 as u32,
            policy_timeout_ms: T::POLICY.to_wire().1,
            reserved: 0,
        }
    }

    /// Placeholder for parameters without a topic.
    pub(crate) const NONE: Self = Self {
        name: Text::new(""),
        message: Text::new(""),
        schema: Text::new(""),
        hash: 0,
        message_size: 0,
        capacity: 0,
        priority: 0,
        policy: 0,
        policy_timeout_ms: 0,
        reserved: 0,
    };
}
