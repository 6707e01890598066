//! Expands `#[interface] trait …` to the trait, its description and its client.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::visit::{Visit, visit_lifetime, visit_path, visit_type, visit_type_reference};
use syn::{
    Attribute, Error, Generics, Ident, Item, ItemTrait, Lifetime, Path, Result, TraitItem, TraitItemFn, Type,
    TypeReference, parse_quote,
};

use super::export;
use crate::signature;

/// A method of the trait.
struct Method {
    ident: Ident,
    docs: Vec<Attribute>,
    generics: Generics,
    name: String,
    signature: String,
    arguments: Vec<(Ident, Type)>,
    /// `()` if there is none.
    reply: Type,
}

pub(crate) fn entry(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !args.is_empty() {
        return Err(Error::new_spanned(args, "an interface has no options; write `#[interface]`"));
    }
    let declared = match syn::parse2(item)? {
        Item::Trait(declared) => declared,
        other => {
            let advice = "an interface is a trait; write `#[interface] pub trait DirectorApi { … }`";
            return Err(Error::new_spanned(other, advice));
        }
    };
    refuse_shape(&declared)?;
    let methods = declared.items.iter().map(|item| method(&declared.ident, item)).collect::<Result<Vec<_>>>()?;
    if methods.is_empty() {
        return Err(Error::new_spanned(&declared.ident, "an interface has at least one method"));
    }
    let (description, client) = (description(&declared, &methods), client(&declared, &methods));
    Ok(quote! {
        #[allow(dead_code, reason = "it is an agreement: plugins export its methods, and clients call them")]
        #declared
        #description
        #client
    })
}

fn refuse_shape(declared: &ItemTrait) -> Result<()> {
    if let Some(keyword) = &declared.unsafety {
        return Err(Error::new_spanned(
            keyword,
            "an interface cannot be `unsafe`: nothing implements the trait; remove `unsafe`",
        ));
    }
    if !declared.generics.params.is_empty() {
        let advice = "an interface cannot be generic: its methods are called by name; write concrete types";
        return Err(Error::new_spanned(&declared.generics, advice));
    }
    if !declared.supertraits.is_empty() {
        let advice = "an interface has no supertraits; a plugin implements several: `implements(First, Second)`";
        return Err(Error::new_spanned(&declared.supertraits, advice));
    }
    Ok(())
}

fn method(interface: &Ident, item: &TraitItem) -> Result<Method> {
    let TraitItem::Fn(TraitItemFn { attrs, sig, default, .. }) = item else {
        return Err(Error::new_spanned(item, "an interface has only methods; write types and constants beside it"));
    };
    if let Some(body) = default {
        return Err(Error::new_spanned(body, "a plugin has the body; write `;` here"));
    }
    let parts = export::parts(sig)?;
    if let Some(context) = parts.context {
        let advice = "callers pass no context; remove it: the plugin's method may take it all the same";
        return Err(Error::new_spanned(context, advice));
    }
    let reply = parts.reply.cloned().unwrap_or_else(|| parse_quote!(()));
    parts.arguments.iter().try_for_each(|(_, kind)| refuse_self(kind))?;
    refuse_self(&reply)?;
    refuse_borrowed(&reply)?;
    let name = sig.ident.unraw().to_string();
    if name == "connect" {
        return Err(Error::new_spanned(
            &sig.ident,
            "the client has a function `connect` of its own; write another name",
        ));
    }
    let state: Type = parse_quote!(#interface);
    Ok(Method {
        ident: sig.ident.clone(),
        docs: attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect(),
        generics: sig.generics.clone(),
        signature: signature::text(&state, &name, &parts.arguments, parts.reply),
        name,
        arguments: parts.arguments,
        reply,
    })
}

/// `Self` would be the plugin's state.
fn refuse_self(kind: &Type) -> Result<()> {
    struct Find(Option<Error>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_path(&mut self, path: &'ast Path) {
            if path.segments.first().is_some_and(|segment| segment.ident == "Self") {
                let advice = "callers do not have the plugin's state; write a type that they share";
                self.0.get_or_insert_with(|| Error::new_spanned(path, advice));
            }
            visit_path(self, path);
        }
    }
    let mut find = Find(None);
    visit_type(&mut find, kind);
    find.0.map_or(Ok(()), Err)
}

/// A client's reply has nothing to borrow from.
fn refuse_borrowed(reply: &Type) -> Result<()> {
    const ADVICE: &str = "a caller owns the reply; write a type that borrows nothing, such as `String` or `Vec<…>`";
    struct Find(Option<Error>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            self.0.get_or_insert_with(|| Error::new_spanned(reference, ADVICE));
            visit_type_reference(self, reference);
        }
        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            self.0.get_or_insert_with(|| Error::new_spanned(lifetime, ADVICE));
            visit_lifetime(self, lifetime);
        }
    }
    let mut find = Find(None);
    find.visit_type(reply);
    find.0.map_or(Ok(()), Err)
}

fn description(declared: &ItemTrait, methods: &[Method]) -> TokenStream {
    let ident = &declared.ident;
    let name = format!(".{}", ident.unraw());
    let signatures: Vec<_> = methods.iter().map(|method| &*method.signature).collect();
    let text = signatures.join("; ");
    let specs = methods
        .iter()
        .map(|Method { name, signature, .. }| quote!(::plugin_sdk::client::MethodSpec::new(#name, #signature)));
    quote! {
        impl ::plugin_sdk::client::Interface for dyn #ident {
            const SPEC: &'static ::plugin_sdk::client::InterfaceSpec = &::plugin_sdk::client::InterfaceSpec {
                name: ::core::concat!(::core::env!("CARGO_PKG_NAME"), #name),
                text: #text,
                methods: &[#(#specs),*],
            };
        }
    }
}

fn client(declared: &ItemTrait, methods: &[Method]) -> TokenStream {
    let (visibility, interface) = (&declared.vis, &declared.ident);
    let name = interface.unraw().to_string();
    let base = name.strip_suffix("Api").filter(|base| !base.is_empty()).unwrap_or(&name);
    let ident = format_ident!("{base}Client", span = interface.span());
    let docs = format!(
        "Calls the methods of [`{name}`] in a plugin that implements it, through a [`Caller`](::plugin_sdk::client::Caller)."
    );
    let methods = methods.iter().enumerate().map(|(number, method)| client_method(visibility, number, method));
    quote! {
        #[doc = #docs]
        ///
        /// It stays usable while the plugin is replaced. A method whose signature has changed by then is refused, and not called.
        #[derive(Clone, Debug)]
        #visibility struct #ident<C: ::plugin_sdk::client::Caller>(::plugin_sdk::client::Connection<C>);

        impl<C: ::plugin_sdk::client::Caller> #ident<C> {
            /// Finds the plugin, and checks that it has these methods.
            ///
            /// # Errors
            /// The plugin can't be reached, or a method is missing or has another signature.
            #[allow(dead_code, reason = "not every program calls each method")]
            #visibility fn connect(caller: C, plugin: &str) -> ::core::result::Result<Self, C::Error> {
                ::plugin_sdk::client::Connection::new::<dyn #interface>(caller, plugin).map(Self)
            }

            #(#methods)*
        }
    }
}

fn client_method(visibility: &syn::Visibility, number: usize, method: &Method) -> TokenStream {
    let Method { ident, docs, generics, name, arguments, reply, .. } = method;
    let docs = if docs.is_empty() {
        let docs = format!("Calls `{name}`.");
        quote!(#[doc = #docs])
    } else {
        quote!(#(#docs)*)
    };
    let parameters = arguments.iter().map(|(name, kind)| quote!(#name: #kind));
    // Of this expansion alone: an argument may have the same name.
    let encoded = Ident::new("encoded", Span::mixed_site());
    let (count, mutable) = (arguments.len() as u32, (!arguments.is_empty()).then(|| quote!(mut)));
    let values = arguments.iter().map(|(argument, kind)| {
        let text = argument.unraw().to_string();
        let place = Span::call_site().located_at(kind.span());
        if export::is_bytes(kind) {
            quote_spanned!(place=> #encoded.bytes(#text, #argument);)
        } else {
            quote_spanned!(place=> #encoded.value(#text, &#argument);)
        }
    });
    let place = Span::call_site().located_at(reply.span());
    let call = quote_spanned!(place=> .call::<#reply>);
    quote! {
        #docs
        ///
        /// # Errors
        /// The plugin's own, or the caller's.
        #[allow(dead_code, reason = "not every program calls each method")]
        #visibility fn #ident #generics (&self, #(#parameters),*) -> ::core::result::Result<#reply, C::Error> {
            let #mutable #encoded = ::plugin_sdk::client::Arguments::new(#count);
            #(#values)*
            self.0 #call(#number, #encoded)
        }
    }
}
