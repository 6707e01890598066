//! Interfaces that a plugin implements.

use super::text::Text;
use crate::client::InterfaceSpec;
use shm_bus_wire::schema_hash;

/// One interface. Its methods are among the plugin's exports, with the same signatures.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct InterfaceDescriptor {
    /// Stable name: `package.Trait`.
    pub name: Text,
    /// Canonical text: the signatures of its methods, in order, separated by `; `.
    pub text: Text,
    /// FNV-1a of `text`.
    pub hash: u64,
}

impl InterfaceDescriptor {
    /// Describes `interface`.
    #[must_use]
    pub const fn of(interface: &'static InterfaceSpec) -> Self {
        let InterfaceSpec { name, text, methods: _ } = *interface;
        Self { name: Text::new(name), text: Text::new(text), hash: schema_hash(text) }
    }
}
