//! Expands `implements = …`: the descriptors of a plugin's interfaces, and the checks that its exports are those of the interfaces.
//!
//! The macro doesn't see the traits. The checks are constants, whose evaluation fails at the export or at the interface's name.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Error, Path, Result};

use crate::model::Export;

pub(super) fn refuse_duplicates(interfaces: &[Path]) -> Result<()> {
    let text = |interface: &Path| interface.to_token_stream().to_string();
    for (number, interface) in interfaces.iter().enumerate() {
        if interfaces[..number].iter().any(|earlier| text(earlier) == text(interface)) {
            return Err(Error::new_spanned(interface, "this interface is given twice; remove one"));
        }
    }
    Ok(())
}

/// Expressions of the descriptors.
pub(super) fn descriptors(interfaces: &[Path]) -> impl Iterator<Item = TokenStream> {
    (0..interfaces.len()).map(|number| {
        let spec = spec(number);
        quote!(abi::InterfaceDescriptor::of(#spec))
    })
}

pub(super) fn checks(interfaces: &[Path], exports: &[Export]) -> TokenStream {
    let names: Vec<_> = exports.iter().map(|export| &export.name).collect();
    let checks = interfaces.iter().enumerate().map(|(number, interface)| {
        let spec = spec(number);
        let place = Span::call_site().located_at(interface.span());
        let described = quote_spanned!(place=> <dyn #interface as ::plugin_sdk::client::Interface>::SPEC);
        let complete = quote_spanned!(place=> glue::implements::require_exports(#spec, &[#(#names),*]));
        let signatures = exports.iter().map(|Export { name, signature, ident, .. }| {
            let place = Span::call_site().located_at(ident.span());
            quote_spanned!(place=> const _: () = glue::implements::require_signature(#spec, #name, #signature);)
        });
        quote! {
            // Once, so that a trait without `#[interface]` is one error.
            const #spec: &::plugin_sdk::client::InterfaceSpec = #described;
            const _: () = #complete;
            #(#signatures)*
        }
    });
    quote!(#(#checks)*)
}

/// The constant with the description of interface `number`.
fn spec(number: usize) -> proc_macro2::Ident {
    format_ident!("INTERFACE_{number}")
}
