//! Data that cross a process or library boundary: schemas, priorities, messages, headers.
//!
//! Pure data, no I/O. Plugins see only this part of the bus.

mod header;
mod message;
mod policy;
mod priority;
mod request;
mod schema;

pub use header::{HEADER_BYTES, HEADER_VERSION, Header, HeaderError, Kind, STATUS_MAX, commit_word};
pub use message::{Message, Topic, message_bytes, messages_in, require_plain};
pub use policy::Policy;
pub use priority::Priority;
pub use request::{REQUEST_PREFIX_BYTES, RequestPrefix, RequestPrefixError, Status, method_id, require_distinct};
pub use schema::{EntityId, Plain, SchemaText, schema_hash};
