//! Components: plain data in the host's ECS columns.

#![expect(unsafe_code, reason = "declares a trait whose implementors are accessed as bytes")]

/// Plain data in the host's ECS that plugins read and write in place.
///
/// Derive it: `#[derive(Clone, Copy, Component)] #[repr(C)]`. A struct without fields is a tag.
///
/// # Safety
/// As for [`Plain`](crate::wire::Plain); [`Self::SCHEMA`] describes the type's actual fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a component",
    note = "derive it: `#[derive(Clone, Copy, Component)] #[repr(C)]`"
)]
pub unsafe trait Component: Copy + Send + Sync + 'static {
    /// Stable name, `<package>.<Type>` unless given by `#[component(name = "…")]`.
    const NAME: &'static str;
    /// Canonical schema.
    const SCHEMA: &'static str;
    /// FNV-1a of [`Self::SCHEMA`]: the component's identity in commands and descriptors.
    const SCHEMA_HASH: u64;
}
