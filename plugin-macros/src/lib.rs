//! The macros of Hotframe: entries only; each parses, models and expands in a module of its own.
//!
//! Knows the paths of `plugin-sdk` and `shm-bus`, nothing of the host. Every misuse is a compile error at the
//! offending token that says what to write instead.

mod args;
mod expand;
mod model;
mod name;

use proc_macro::TokenStream;

/// Derives `Plain`: a field type of components and messages. Needs `#[repr(C)]`.
#[proc_macro_derive(Plain, attributes(plain))]
pub fn derive_plain(input: TokenStream) -> TokenStream {
    expand::entry(input, expand::plain::plain)
}

/// Derives `Component`: plain data that lives in the host's ECS columns. Needs `#[repr(C)]` and `Copy`.
///
/// `#[component(name = "…", version = 2)]` overrides the stable name (`<package>.<Type>`) and version (1).
#[proc_macro_derive(Component, attributes(component))]
pub fn derive_component(input: TokenStream) -> TokenStream {
    expand::entry(input, expand::plain::component)
}

/// Derives `Message`: plain data that travels on the bus. Needs `#[repr(C)]` and `Copy`.
///
/// `#[message(name = "…", version = 2, crate = path)]` overrides the stable name (`<package>.<Type>`), the version (1) and
/// the path at which the crate that holds `wire` is found.
#[proc_macro_derive(Message, attributes(message))]
pub fn derive_message(input: TokenStream) -> TokenStream {
    expand::entry(input, |item| expand::plain::message(item, &syn::parse_quote!(::plugin_sdk)))
}

/// [`Message`](macro@Message) for users of `shm-bus` alone, which re-exports it under that name.
#[proc_macro_derive(BusMessage, attributes(message))]
pub fn derive_bus_message(input: TokenStream) -> TokenStream {
    expand::entry(input, |item| expand::plain::message(item, &syn::parse_quote!(::shm_bus)))
}

/// Derives `PluginState`: what is kept over a swap, as named MessagePack.
///
/// serde's field attributes apply (`#[serde(skip)]`, `#[serde(alias = "…")]`); a field that an older state lacks takes its value
/// from the type's `Default`, for which the type itself may not implement `Drop` (the types of its fields may). Nested types derive serde's own
/// traits; there `#[serde(default)]` says which fields may be missing. What a swap kept, converted, defaulted and dropped is logged by path.
///
/// `#[state(opaque, version = "…")]` on a field stores it in a compact binary format without names. It is tied to that version and to the
/// layout of the type: a build with another version or layout is refused. There a field or variant is skipped on both sides
/// (`#[serde(skip)]`, variants behind all others) or not at all, which saving checks.
#[proc_macro_derive(PluginState, attributes(serde, state))]
pub fn derive_plugin_state(input: TokenStream) -> TokenStream {
    expand::entry(input, expand::state::state)
}

/// Makes an `impl` block a plugin: exports its descriptor, systems and subscriptions over the C ABI.
///
/// Options: `name = "…"` and `version = "…"` (else the package's; `-` and `_` are alike in names), `components(A, B)` for components that only commands use.
/// Inside: `#[system(stage = Update, after = "…", before = "…")]` and `#[subscribe(Topic)]` on methods. The stages, in their order in the
/// frame: `First` (input, bookkeeping), `Update` (game logic, the default), `Physics`, `Last` (what reacts to physics), `Render`. `after` and
/// `before` name plugins, within one stage. A system takes `&self` or `&mut self`, then any of
/// `&Frame` (time, commands, arena, random numbers), `Query<…>` and `Publisher<Topic>`.
#[proc_macro_attribute]
pub fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::plugin::entry(args.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}
