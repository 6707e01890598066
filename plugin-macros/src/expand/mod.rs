//! Expands models to tokens, one module per macro.

pub(crate) mod export;
mod implements;
pub(crate) mod interface;
pub(crate) mod plain;
pub(crate) mod plugin;
pub(crate) mod state;

use syn::DeriveInput;

/// Parses and expands a derive's input; an error becomes a compile error.
pub(crate) fn entry(
    input: proc_macro::TokenStream,
    expand: impl FnOnce(DeriveInput) -> syn::Result<proc_macro2::TokenStream>,
) -> proc_macro::TokenStream {
    syn::parse(input).and_then(expand).unwrap_or_else(|error| error.to_compile_error()).into()
}
