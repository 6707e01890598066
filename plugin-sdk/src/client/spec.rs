//! Descriptions of interfaces: constant data that `#[interface]` writes.

use shm_bus_wire::schema_hash;

/// One method of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodSpec {
    /// The export's name.
    pub name: &'static str,
    /// Canonical text, as that of the export: `name(argument: Type, …) -> Type`.
    pub signature: &'static str,
    /// FNV-1a of `signature`.
    pub hash: u64,
}

impl MethodSpec {
    /// The method with this signature.
    #[must_use]
    pub const fn new(name: &'static str, signature: &'static str) -> Self {
        Self { name, signature, hash: schema_hash(signature) }
    }
}

/// A whole interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceSpec {
    /// Stable name: `package.Trait`.
    pub name: &'static str,
    /// Canonical text of all methods: `first(…) -> Type; second(…)`.
    pub text: &'static str,
    /// In the trait's order. A method's place is its number for [`Caller::call`](super::Caller::call).
    pub methods: &'static [MethodSpec],
}

/// A trait with `#[interface]`, as its trait object: `<dyn DirectorApi as Interface>::SPEC`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface",
    label = "not an interface",
    note = "write `#[interface]` on the trait"
)]
pub trait Interface {
    /// Its description.
    const SPEC: &'static InterfaceSpec;
}
