//! Expands `Plain`, `Component` and `Message`: checked plain data with a canonical schema.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Path, Result, parse_quote};

use crate::args::TypeArgs;
use crate::model::{PlainEnum, PlainStruct};

pub(crate) fn plain(item: DeriveInput, default_path: &Path) -> Result<TokenStream> {
    let args = TypeArgs::find(&item.attrs, "plain")?;
    let base = args.path.as_ref().unwrap_or(default_path);
    let wire = quote!(#base::wire);
    match &item.data {
        Data::Enum(data) => Ok(plain_enum(&PlainEnum::parse(&item, data)?, &wire)),
        _ => Ok(plain_struct(&PlainStruct::parse(&item)?, &wire)),
    }
}

fn plain_struct(model: &PlainStruct, wire: &TokenStream) -> TokenStream {
    let (ident, name) = (&model.ident, model.ident.to_string());
    let (checks, fields, validity) = (model.checks(wire), model.schema_fields(wire), model.validity(wire));
    quote! {
        const _: () = {
            #checks
            const TEXT: &#wire::SchemaText = &#wire::SchemaText::new().text(#name).text("{")#fields.text("}");
            // SAFETY: `repr(C)`, every field plain, no padding: checked above; a value if each field is.
            unsafe impl #wire::Plain for #ident {
                const TYPE: &'static str = TEXT.as_str();
                #validity
            }
        };
    }
}

fn plain_enum(PlainEnum { ident, number, variants }: &PlainEnum, wire: &TokenStream) -> TokenStream {
    let (name, kind) = (ident.to_string(), number.to_string());
    let listed = variants.iter().enumerate().map(|(index, variant)| {
        let (first, text) = (index == 0, variant.to_string());
        quote!(.variant(#first, #text, #ident::#variant as u64))
    });
    quote! {
        const _: () = {
            const TEXT: &#wire::SchemaText =
                &#wire::SchemaText::new().text(#name).text(":").text(#kind).text("{")#(#listed)*.text("}");
            // SAFETY: an enum with `repr` of an integer has that integer's layout; a value if its number is a variant's.
            unsafe impl #wire::Plain for #ident {
                const TYPE: &'static str = TEXT.as_str();
                const ANY_BITS: bool = false;

                #[inline]
                fn is_value(bytes: &[u8]) -> bool {
                    let ::core::result::Result::Ok(bytes) = ::core::convert::TryInto::try_into(bytes) else { return false };
                    let number = #number::from_ne_bytes(bytes);
                    #(number == #ident::#variants as #number)||*
                }
            }
        };
    }
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
    is_message: bool,
) -> Result<TokenStream> {
    let model = PlainStruct::parse(item)?;
    if is_message && model.fields.is_empty() {
        return Err(syn::Error::new_spanned(&model.ident, "a message needs at least one field, such as `tick: u64`"));
    }
    let (ident, wire) = (&model.ident, quote!(#base::wire));
    let (checks, fields) = (model.checks(&wire), model.schema_fields(&wire));
    let type_name = ident.to_string();
    // What lies in a column is a value already.
    let validity = is_message.then(|| model.validity(&wire));
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
                #validity
            }
        };
    })
}
