//! Expands `PluginState` to a serde mirror of the struct, so that its author needs only one derive.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Fields, Result, Token};

use crate::args::OpaqueArgs;

pub(crate) fn state(item: DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &item.data else {
        return Err(Error::new_spanned(
            &item.ident,
            "a plugin's state must be a struct; make this type a field of one",
        ));
    };
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "a plugin's state cannot be generic; write concrete types"));
    }
    let fields = match &data.fields {
        Fields::Named(fields) => fields.named.iter().collect(),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(fields) => {
            return Err(Error::new_spanned(fields, "a plugin's state needs named fields: a swap matches them by name"));
        }
    };
    let ident = &item.ident;
    let target = ident.to_string();
    let container: Vec<_> = item.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")).collect();
    let (mut mirrored, mut helpers, mut schema) = (Vec::new(), Vec::new(), String::new());
    let mut outlines = Vec::new();
    for field in fields {
        let (name, kind) =
            (field.ident.as_ref().ok_or_else(|| Error::new_spanned(field, "name the field"))?, &field.ty);
        let serde: Vec<_> = field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")).collect();
        refuse_skipping(&serde)?;
        let default = format_ident!("default_{name}");
        let default_path = format!("Mirror::{default}");
        helpers.push(quote!(fn #default() -> #kind { <#ident as ::core::default::Default>::default().#name }));
        let opaque = match OpaqueArgs::find(&field.attrs)? {
            None => quote!(),
            Some(OpaqueArgs { version }) => {
                let (save, restore) = (format_ident!("save_{name}"), format_ident!("restore_{name}"));
                let outline = format_ident!("outline_{name}");
                outlines.push(quote!(Mirror::#outline();));
                let (save_path, restore_path) = (format!("Mirror::{save}"), format!("Mirror::{restore}"));
                helpers.push(quote! {
                    fn #outline() -> &'static ::plugin_sdk::state::Outline {
                        static OUTLINE: ::std::sync::OnceLock<::plugin_sdk::state::Outline> = ::std::sync::OnceLock::new();
                        OUTLINE.get_or_init(::plugin_sdk::state::Outline::of::<#kind>)
                    }
                    fn #save<S: serde::Serializer>(value: &#kind, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                        ::plugin_sdk::state::serialize_opaque(value, #version, Self::#outline(), serializer)
                    }
                    fn #restore<'de, D: serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<#kind, D::Error> {
                        ::plugin_sdk::state::deserialize_opaque(#version, Self::#outline(), deserializer)
                    }
                });
                quote!(#[serde(serialize_with = #save_path, deserialize_with = #restore_path)])
            }
        };
        schema.push_str(&format!(
            "{}{name}:{}",
            if schema.is_empty() { "" } else { "," },
            quote!(#kind).to_string().replace(' ', "")
        ));
        mirrored.push(quote!(#(#serde)* #opaque #[serde(default = #default_path)] #name: #kind));
    }
    let schema = format!("{target}{{{schema}}}");
    Ok(quote! {
        const _: () = {
            use ::plugin_sdk::serde as serde;

            #[derive(serde::Serialize, serde::Deserialize)]
            #(#container)*
            #[serde(remote = #target, crate = "::plugin_sdk::serde")]
            struct Mirror { #(#mirrored),* }

            impl Mirror { #(#helpers)* }

            impl ::plugin_sdk::state::PluginState for #ident {
                const SCHEMA: &'static str = #schema;
                fn prepare() { #(#outlines)* }
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                    Mirror::serialize(self, serializer)
                }
                fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                    Mirror::deserialize(deserializer)
                }
            }
        };
    })
}

/// A skipped field would be restored as the default of the whole state, whatever its value was.
fn refuse_skipping(serde: &[&Attribute]) -> Result<()> {
    for attribute in serde {
        let mut found = None;
        // serde checks the other options.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip_serializing_if") {
                found = Some(meta.path.clone());
            }
            if meta.input.peek(Token![=]) {
                let _: syn::Expr = meta.value()?.parse()?;
            } else if meta.input.peek(syn::token::Paren) {
                let _: proc_macro2::Group = meta.input.parse()?;
            }
            Ok(())
        });
        if let Some(path) = found {
            return Err(Error::new_spanned(
                path,
                "a skipped value would be restored as the state's default; remove `skip_serializing_if`",
            ));
        }
    }
    Ok(())
}
