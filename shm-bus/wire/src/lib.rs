//! Data that cross a process or library boundary on `shm-bus`: schemas, priorities, policies, messages, headers.
//!
//! Pure data, no I/O, no allocation. Programs use it as `shm_bus::wire`, plugins as `plugin_sdk::wire`; of the bus, plugins see nothing else.

#![no_std]

mod header;
mod message;
mod plain;
mod policy;
mod priority;
mod request;
mod schema;
#[cfg(feature = "glam")]
mod vectors;

/// The version of glam whose types are plain data.
#[cfg(feature = "glam")]
pub use glam;
pub use header::{HEADER_BYTES, HEADER_VERSION, Header, HeaderError, Kind, STATUS_MAX, commit_word};
pub use message::{Message, Topic, message_bytes, message_in, messages_in};
pub use plain::{EntityId, Plain, is_value_at, require_plain};
pub use policy::Policy;
pub use priority::Priority;
pub use request::{REQUEST_PREFIX_BYTES, RequestPrefix, RequestPrefixError, Status, method_id, require_distinct};
pub use schema::{SchemaText, schema_hash};

/// The README's example, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
