//! Components: plain data that lives in the host's ECS columns.

#![expect(unsafe_code, reason = "declares a trait whose implementors are accessed as bytes")]

/// Plain data in the host's ECS, read and written in place by plugins.
///
/// Derive it: `#[derive(Clone, Copy, Component)] #[repr(C)]`. A struct without fields is a tag.
///
/// # Safety
/// As [`Plain`](crate::wire::Plain); [`Self::SCHEMA`] describes the type's real fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no component",
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
