//! Expands `Plain`, `Component` and `Message`: checked plain data with a canonical schema.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Path, Result, parse_quote};

use crate::args::TypeArgs;
use crate::model::PlainStruct;

pub(crate) fn plain(item: DeriveInput) -> Result<TokenStream> {
    let model = PlainStruct::parse(&item)?;
    let (ident, wire) = (&model.ident, quote!(::plugin_sdk::wire));
    let (checks, fields) = (model.checks(&wire), model.schema_fields(&wire));
    let name = ident.to_string();
    Ok(quote! {
        const _: () = {
            #checks
            const TEXT: &#wire::SchemaText = &#wire::SchemaText::new().text(#name).text("{")#fields.text("}");
            // SAFETY: `repr(C)`, every field plain, no padding: checked above.
            unsafe impl #wire::Plain for #ident {
                const TYPE: &'static str = TEXT.as_str();
            }
        };
    })
}

pub(crate) fn component(item: DeriveInput) -> Result<TokenStream> {
    let args = TypeArgs::find(&item.attrs, "component")?;
    let base: Path = parse_quote!(::plugin_sdk);
    named(&item, &args, &base, quote!(#base::Component), false)
}

pub(crate) fn message(item: DeriveInput, default_path: &Path) -> Result<TokenStream> {
    let args = TypeArgs::find(&item.attrs, "message")?;
    let base = args.path.clone().unwrap_or_else(|| default_path.clone());
    named(&item, &args, &base, quote!(#base::wire::Message), true)
}

fn named(
    item: &DeriveInput,
    args: &TypeArgs,
    base: &Path,
    implemented: TokenStream,
    needs_fields: bool,
) -> Result<TokenStream> {
    let model = PlainStruct::parse(item)?;
    if needs_fields && model.fields.is_empty() {
        return Err(syn::Error::new_spanned(&model.ident, "a message needs at least one field, such as `tick: u64`"));
    }
    let (ident, wire) = (&model.ident, quote!(#base::wire));
    let (checks, fields) = (model.checks(&wire), model.schema_fields(&wire));
    let type_name = ident.to_string();
    let name = match &args.name {
        Some(name) => quote!(#name),
        None => quote!(::core::concat!(::core::env!("CARGO_PKG_NAME"), ".", #type_name)),
    };
    let version: u32 = args.version.as_ref().map_or(Ok(1), |version| version.base10_parse())?;
    Ok(quote! {
        const _: () = {
            #checks
            const TEXT: &#wire::SchemaText = &#wire::SchemaText::new()
                .text(#name).text("@").number(#version as u64)
                .text(" ").number(::core::mem::size_of::<#ident>() as u64)
                .text("/").number(::core::mem::align_of::<#ident>() as u64)
                .text(" {")#fields.text("}");
            // SAFETY: `repr(C)`, every field plain, no padding: checked above; the schema lists the real fields.
            unsafe impl #implemented for #ident {
                const NAME: &'static str = #name;
                const SCHEMA: &'static str = TEXT.as_str();
                const SCHEMA_HASH: u64 = #wire::schema_hash(TEXT.as_str());
            }
        };
    })
}
