//! Expands `#[plugin] impl State { … }` to shims, descriptor, section record and the exported function.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse::Parse;
use syn::spanned::Spanned as _;
use syn::visit_mut::{VisitMut, visit_type_mut, visit_type_reference_mut};
use syn::{
    Attribute, Error, FnArg, Ident, ImplItem, ImplItemFn, Item, Lifetime, Path, Result, Type, TypeReference,
    parse_quote,
};

use super::{export, implements};
use crate::args::{ExportArgs, PluginArgs, SystemArgs};
use crate::model::{Export, Method, Param, Subscription, System, last_segment};

pub(crate) fn entry(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let args: PluginArgs = syn::parse2(args)?;
    crate::name::check(args.name.as_ref())?;
    let mut block = match syn::parse2(item)? {
        Item::Impl(block) => block,
        other => {
            let advice = "put `#[plugin]` on the `impl` block that holds the systems, not on the state type";
            return Err(Error::new_spanned(other, advice));
        }
    };
    if block.trait_.is_some() || !block.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &block.self_ty,
            "`#[plugin]` needs an inherent `impl` of a type without generics; write `impl State { … }`",
        ));
    }
    let (mut systems, mut subscriptions, mut exports) = (Vec::new(), Vec::new(), Vec::new());
    let state = (*block.self_ty).clone();
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let system_attribute = take(&mut method.attrs, "system")?;
        let subscribe_attribute = take(&mut method.attrs, "subscribe")?;
        let export_attribute = take(&mut method.attrs, "export")?;
        refuse_two_roles([
            (&system_attribute, "a system"),
            (&subscribe_attribute, "a subscription"),
            (&export_attribute, "an export"),
        ])?;
        if let Some(attribute) = system_attribute {
            systems.push(system(method, options::<SystemArgs>(&attribute)?)?);
        }
        if let Some(attribute) = export_attribute {
            exports.push(export::parse(&state, method, options::<ExportArgs>(&attribute)?)?);
        }
        if let Some(attribute) = subscribe_attribute {
            let topic: Path = attribute.parse_args().map_err(|_| {
                Error::new_spanned(&attribute, "write `#[subscribe(Topic)]` with a type declared by `topic!`")
            })?;
            subscriptions.push(Subscription { method: parse_method(method, true)?, topic });
        }
    }
    refuse_empty(&systems, &subscriptions, &exports)?;
    refuse_duplicates(&subscriptions)?;
    export::refuse_duplicates(&exports)?;
    implements::refuse_duplicates(&args.interfaces)?;
    let glue = expand(&state, &args, &systems, &subscriptions, &exports);
    Ok(quote!(#block #glue))
}

/// Removes and returns the attribute `name`; a second one is an error.
fn take(attributes: &mut Vec<Attribute>, name: &str) -> Result<Option<Attribute>> {
    let mut found: Vec<_> = attributes.extract_if(.., |attribute| attribute.path().is_ident(name)).collect();
    match (found.pop(), found.pop()) {
        (Some(second), Some(_)) => Err(Error::new_spanned(second, format!("`#[{name}]` is given twice"))),
        (attribute, _) => Ok(attribute),
    }
}

fn refuse_two_roles(roles: [(&Option<Attribute>, &str); 3]) -> Result<()> {
    let mut roles = roles.into_iter().filter_map(|(attribute, role)| Some((attribute.as_ref()?, role)));
    match (roles.next(), roles.next()) {
        (Some((_, first)), Some((attribute, second))) => Err(Error::new_spanned(
            attribute,
            format!("a method cannot be both {first} and {second}; write two methods"),
        )),
        _ => Ok(()),
    }
}

/// The attribute's options, which may be left out together with their parentheses.
fn options<T: Default + Parse>(attribute: &Attribute) -> Result<T> {
    if matches!(attribute.meta, syn::Meta::Path(_)) { Ok(T::default()) } else { attribute.parse_args() }
}

fn system(method: &ImplItemFn, args: SystemArgs) -> Result<System> {
    args.after.iter().chain(&args.before).try_for_each(crate::name::check_wish)?;
    let stage = args.stage.unwrap_or_else(|| format_ident!("Update"));
    if !["First", "Update", "Physics", "Last", "Render"].contains(&stage.to_string().as_str()) {
        return Err(Error::new_spanned(
            stage,
            "unknown stage; the stages, in the order in which they run, are First, Update, Physics, Last, Render",
        ));
    }
    Ok(System { method: parse_method(method, false)?, stage, after: args.after, before: args.before })
}

fn parse_method(method: &ImplItemFn, subscription: bool) -> Result<Method> {
    let signature = &method.sig;
    if let Some(keyword) = &signature.asyncness {
        return Err(Error::new_spanned(keyword, "a system or subscription ends within its frame; remove `async`"));
    }
    if let syn::Safety::Unsafe(keyword) = &signature.safety {
        return Err(Error::new_spanned(
            keyword,
            "a system or subscription cannot be `unsafe`: the host cannot meet its safety requirements; remove `unsafe`",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a system or subscription cannot be generic; write concrete types",
        ));
    }
    if let syn::ReturnType::Type(_, kind) = &signature.output {
        return Err(Error::new_spanned(
            kind,
            "a system or subscription returns nothing; keep the value in `self`, send it or log it",
        ));
    }
    let mut inputs = signature.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(receiver)) if matches!(receiver.kind, syn::ReceiverKind::Reference(..)) => {}
        _ => return Err(Error::new_spanned(&signature.ident, "the first parameter must be `&self` or `&mut self`")),
    }
    let mut params = Vec::new();
    let mut message = false;
    for input in inputs {
        let FnArg::Typed(input) = input else { continue };
        params.push(match &*input.ty {
            Type::Reference(TypeReference { elem, .. }) if last_segment(elem).is_some_and(|name| name == "Frame") => {
                Param::Frame
            }
            Type::Reference(TypeReference { elem, mutability: None, .. }) if subscription && !message => {
                message = true;
                Param::Message { slice: matches!(**elem, Type::Slice(_)), span: input.ty.span() }
            }
            other @ Type::Reference(_) => {
                return Err(Error::new_spanned(other, "expected `&Frame`, a `Query<…>` or a `Publisher<…>`"));
            }
            other if subscription && last_segment(other).is_some_and(|name| name == "Query") => {
                let advice = "a subscription cannot query: it runs between systems; keep the message in `self` and query in a system";
                return Err(Error::new_spanned(other, advice));
            }
            other => Param::System(Box::new(with_static_lifetimes(other.clone()))),
        });
    }
    if subscription && !message {
        return Err(Error::new_spanned(
            &signature.ident,
            "a subscription needs a parameter `&Message` or `&[Message]`",
        ));
    }
    Ok(Method { ident: signature.ident.clone(), params })
}

fn refuse_empty(systems: &[System], subscriptions: &[Subscription], exports: &[Export]) -> Result<()> {
    if systems.is_empty() && subscriptions.is_empty() && exports.is_empty() {
        return Err(Error::new(
            Span::call_site(),
            "a plugin needs at least one `#[system]`, `#[subscribe(Topic)]` or `#[export]` method",
        ));
    }
    Ok(())
}

fn refuse_duplicates(subscriptions: &[Subscription]) -> Result<()> {
    for (index, subscription) in subscriptions.iter().enumerate() {
        let topic = &subscription.topic;
        let text = quote!(#topic).to_string();
        if subscriptions[..index].iter().any(|Subscription { topic, .. }| quote!(#topic).to_string() == text) {
            return Err(Error::new_spanned(
                topic,
                "this plugin subscribes to the topic twice; handle it in one method",
            ));
        }
    }
    Ok(())
}

/// A parameter's type for use in a constant: every elided lifetime becomes `'static`.
fn with_static_lifetimes(mut kind: Type) -> Type {
    struct MakeStatic;
    impl VisitMut for MakeStatic {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            reference.lifetime.get_or_insert_with(|| parse_quote!('static));
            visit_type_reference_mut(self, reference);
        }
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            *lifetime = parse_quote!('static);
        }
    }
    visit_type_mut(&mut MakeStatic, &mut kind);
    kind
}

fn expand(
    state: &Type,
    args: &PluginArgs,
    systems: &[System],
    subscriptions: &[Subscription],
    exports: &[Export],
) -> TokenStream {
    let name = args.name.as_ref().map_or_else(|| quote!(::core::env!("CARGO_PKG_NAME")), |name| quote!(#name));
    let version =
        args.version.as_ref().map_or_else(|| quote!(::core::env!("CARGO_PKG_VERSION")), |version| quote!(#version));
    let system_descriptors = systems.iter().map(|system| system_descriptor(state, system));
    let subscription_descriptors =
        subscriptions.iter().map(|subscription| subscription_descriptor(state, subscription));
    let interfaces = implements::descriptors(&args.interfaces);
    let checks = implements::checks(&args.interfaces, exports);
    let exports = exports.iter().map(|method| export::descriptor(state, method));
    let components = &args.components;
    quote! {
        const _: () = {
            use ::plugin_sdk::abi;
            use ::plugin_sdk::glue;

            const NAME: &str = #name;
            const VERSION: &str = #version;
            const COMPONENTS: &[abi::ComponentDescriptor] =
                &[#(abi::ComponentDescriptor::of::<#components>()),*];
            const SYSTEMS: &[abi::SystemDescriptor] = &[#(#system_descriptors),*];
            const SUBSCRIPTIONS: &[abi::SubscriptionDescriptor] = &[#(#subscription_descriptors),*];
            const EXPORTS: &[abi::ExportDescriptor] = &[#(#exports),*];
            const INTERFACES: &[abi::InterfaceDescriptor] = &[#(#interfaces),*];
            #checks

            static DESCRIPTOR: abi::PluginDescriptor =
                glue::descriptor::<#state>(NAME, VERSION, COMPONENTS, SYSTEMS, SUBSCRIPTIONS, EXPORTS, INTERFACES);

            #[used]
            #[cfg_attr(any(target_os = "macos", target_os = "ios"), unsafe(link_section = "__TEXT,__hotframe"))]
            #[cfg_attr(windows, unsafe(link_section = ".hotfrm"))]
            #[cfg_attr(not(any(windows, target_os = "macos", target_os = "ios")), unsafe(link_section = ".hotframe"))]
            static RECORD: [u8; abi::section::record_length(NAME, VERSION)] = abi::section::plugin_record(NAME, VERSION);

            #[unsafe(no_mangle)]
            extern "C" fn hotframe_plugin() -> *const abi::PluginDescriptor {
                glue::prepare::<#state>();
                &raw const DESCRIPTOR
            }
        };
    }
}

/// Types of the parameters that cross the ABI, and the expressions that fetch all parameters.
fn fetches(method: &Method) -> (Vec<&Type>, Vec<TokenStream>) {
    let mut crossing = Vec::new();
    let arguments = method
        .params
        .iter()
        .map(|param| match param {
            Param::Frame => quote!(frame),
            Param::Message { span, .. } => {
                let message = Ident::new("message", Span::call_site().located_at(*span));
                quote!(#message)
            }
            Param::System(kind) => {
                let index = crossing.len();
                crossing.push(&**kind);
                quote!(glue::parameter::<#kind>(frame, #index))
            }
        })
        .collect();
    (crossing, arguments)
}

fn system_descriptor(state: &Type, system: &System) -> TokenStream {
    let System { method, stage, after, before } = system;
    let (ident, name) = (&method.ident, method.ident.to_string());
    let (crossing, arguments) = fetches(method);
    quote! {{
        /// # Safety
        /// As `abi::SystemFn`.
        unsafe extern "C" fn run(instance: *mut ::core::ffi::c_void, call: *mut abi::Call) -> abi::Status {
            // SAFETY: the host passes this plugin's instance and a valid call, as `abi::SystemFn` demands.
            unsafe {
                glue::call::<#state>(instance, call, |state, frame| {
                    <#state>::#ident(state, #(#arguments),*);
                })
            }
        }
        abi::SystemDescriptor {
            name: abi::Text::new(#name),
            stage: abi::Stage::#stage as u32,
            after: abi::List::new(const { &[#(abi::Text::new(#after)),*] }),
            before: abi::List::new(const { &[#(abi::Text::new(#before)),*] }),
            params: abi::List::new(const { &[#(<#crossing as ::plugin_sdk::SystemParam>::DESCRIPTOR),*] }),
            run,
        }
    }}
}

fn subscription_descriptor(state: &Type, subscription: &Subscription) -> TokenStream {
    let Subscription { method, topic } = subscription;
    let (ident, name) = (&method.ident, method.ident.to_string());
    let (crossing, arguments) = fetches(method);
    let slice = method.params.iter().any(|param| matches!(param, Param::Message { slice: true, .. }));
    let body = if slice {
        quote! { let message = messages; <#state>::#ident(state, #(#arguments),*); }
    } else {
        quote! { for message in messages { <#state>::#ident(state, #(#arguments),*); } }
    };
    quote! {{
        /// # Safety
        /// As `abi::DeliverFn`.
        unsafe extern "C" fn deliver(
            instance: *mut ::core::ffi::c_void,
            call: *mut abi::Call,
            payload: *const u8,
            length: usize,
        ) -> abi::Status {
            // SAFETY: the host passes this plugin's instance, a valid call and payload, as `abi::DeliverFn` demands.
            unsafe {
                glue::deliver::<#state, #topic>(instance, call, payload, length, |state, frame, messages| { #body })
            }
        }
        abi::SubscriptionDescriptor {
            name: abi::Text::new(#name),
            topic: abi::TopicDescriptor::of::<#topic>(),
            params: abi::List::new(const { &[#(glue::publisher_only(<#crossing as ::plugin_sdk::SystemParam>::DESCRIPTOR)),*] }),
            deliver,
        }
    }}
}
