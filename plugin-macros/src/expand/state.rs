//! `PluginState`: a serde mirror of the struct, so that its author derives one thing only.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, Result};

use crate::args::OpaqueArgs;

pub(crate) fn state(item: DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &item.data else {
        return Err(Error::new_spanned(&item.ident, "a plugin's state is a struct; keep this as a field of one"));
    };
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "a plugin's state has no generic parameters; write the types"));
    }
    let fields = match &data.fields {
        Fields::Named(fields) => fields.named.iter().collect(),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(fields) => {
            return Err(Error::new_spanned(fields, "name the fields: state is kept by field name"));
        }
    };
    let ident = &item.ident;
    let target = ident.to_string();
    let container: Vec<_> = item.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")).collect();
    let (mut mirrored, mut helpers, mut schema) = (Vec::new(), Vec::new(), String::new());
    for field in fields {
        let (name, kind) =
            (field.ident.as_ref().ok_or_else(|| Error::new_spanned(field, "name the field"))?, &field.ty);
        let serde: Vec<_> = field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")).collect();
        let default = format_ident!("default_{name}");
        let default_path = format!("Mirror::{default}");
        helpers.push(quote!(fn #default() -> #kind { <#ident as ::core::default::Default>::default().#name }));
        let opaque = match OpaqueArgs::find(&field.attrs)? {
            None => quote!(),
            Some(OpaqueArgs { version }) => {
                let (save, restore) = (format_ident!("save_{name}"), format_ident!("restore_{name}"));
                let (save_path, restore_path) = (format!("Mirror::{save}"), format!("Mirror::{restore}"));
                helpers.push(quote! {
                    fn #save<S: serde::Serializer>(value: &#kind, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                        ::plugin_sdk::state::serialize_opaque(value, #version, serializer)
                    }
                    fn #restore<'de, D: serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<#kind, D::Error> {
                        ::plugin_sdk::state::deserialize_opaque(#version, deserializer)
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
