//! The description of a service, as data, and the topics that carry it.

use super::Codec;
use crate::inbox::{InboxError, SubscribeError};
use crate::publisher::PublisherError;
use crate::topic::TopicSpec;
use crate::wire::{Policy, Priority, schema_hash};

/// Maximum length of a service's name, in bytes.
const NAME_MAX: usize = 64;

/// A declared service. Made by [`service!`](crate::service).
pub trait Service: 'static {
    /// Its name on the bus.
    const NAME: &'static str;
    /// Its methods, as text.
    const SCHEMA: &'static str;
}

/// A method of a declared service. Made by [`service!`](crate::service).
pub trait Method: 'static {
    /// The service to which it belongs.
    type Service: Service;
    /// Codec of its argument.
    type Takes: Codec;
    /// Codec of its result.
    type Gives: Codec;
    /// Its name in the service.
    const NAME: &'static str;
    /// [`method_id`](crate::wire::method_id) of its name.
    const ID: u32 = crate::wire::method_id(Self::NAME);
}

/// A service's name, schema, priority and capacities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceSpec<'a> {
    /// Name on the bus, 1 to 64 bytes.
    pub name: &'a str,
    /// The types that its methods take and return, at most 1024 bytes; the same for servers and clients of one service.
    pub schema: &'a str,
    /// Priority of requests and responses: High, Normal or Low. Critical is for cancels.
    pub priority: Priority,
    /// Bytes of a client's request lane; a power of two from 4096 to 2³⁰. A request takes at most a quarter of it.
    pub request_capacity: u32,
    /// Bytes of the response lane to one client, set by the server; as above.
    pub response_capacity: u32,
}

impl<'a> ServiceSpec<'a> {
    /// A service of untyped bytes, at Normal, with lanes of 64 KiB.
    #[must_use]
    pub const fn untyped(name: &'a str) -> Self {
        let capacity = 1 << 16;
        Self {
            name,
            schema: "bytes",
            priority: Priority::Normal,
            request_capacity: capacity,
            response_capacity: capacity,
        }
    }
}

impl ServiceSpec<'static> {
    /// The spec of a service declared in Rust.
    #[must_use]
    pub const fn of<S: Service>() -> Self {
        Self { schema: S::SCHEMA, ..ServiceSpec::untyped(S::NAME) }
    }
}

impl<'a> From<&'a str> for ServiceSpec<'a> {
    fn from(name: &'a str) -> Self {
        Self::untyped(name)
    }
}

/// Why a server or client could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The name is empty or too long.
    #[error("the service's name `{name}` has {} bytes, allowed are 1 to {NAME_MAX}", name.len())]
    Name {
        /// The name.
        name: String,
    },
    /// Critical is reserved for cancels.
    #[error("service `{service}` cannot take requests at critical priority, which is reserved for cancels")]
    Priority {
        /// The service.
        service: String,
    },
    /// It already has a live server.
    #[error("service `{service}` already has a live server")]
    Taken {
        /// The service.
        service: String,
        /// Name of the inbox that reads its requests.
        by: String,
    },
    /// It got no inbox.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// Its topic can't be read; [`TopicError::Schema`](crate::TopicError::Schema) if another service has this name.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// Its topic can't be written.
    #[error(transparent)]
    Publisher(#[from] PublisherError),
}

impl ServiceSpec<'_> {
    /// Checks what the topics do not check.
    pub(super) fn check(&self) -> Result<(), ServiceError> {
        if !(1..=NAME_MAX).contains(&self.name.len()) {
            return Err(ServiceError::Name { name: self.name.to_owned() });
        }
        if self.priority == Priority::Critical {
            return Err(ServiceError::Priority { service: self.name.to_owned() });
        }
        Ok(())
    }

    /// Calls `use_it` with the topic named `below` under the service's name.
    pub(super) fn topic<T>(&self, below: &str, use_it: impl FnOnce(&TopicSpec<'_>) -> T) -> T {
        use_it(&TopicSpec {
            name: &format!("{}/{below}", self.name),
            type_name: self.name,
            schema: self.schema,
            schema_hash: schema_hash(self.schema),
            message_size: 0,
            policy: Policy::Reject,
        })
    }

    /// The request topic.
    pub(crate) fn requests<T>(&self, use_it: impl FnOnce(&TopicSpec<'_>) -> T) -> T {
        self.topic("request", use_it)
    }

    /// The response topic of the client whose inbox has this id.
    pub(crate) fn responses<T>(&self, client: u64, use_it: impl FnOnce(&TopicSpec<'_>) -> T) -> T {
        self.topic(&format!("response/{client}"), use_it)
    }
}
