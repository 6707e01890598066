//! Entry points of Hotframe's macros. Use them through `plugin_sdk::prelude` and `shm_bus`, not from here.
//!
//! A macro parses to a model and expands it, in modules of its own. The expansion knows the paths of `plugin-sdk` and `shm-bus`, and nothing
//! of the host. Every misuse is a compile error at the offending token that says what to write instead.

mod args;
mod expand;
mod model;
mod name;
mod signature;

use proc_macro::TokenStream;

/// Derives `Plain` for a struct or a fieldless enum that is a field type of components or messages. Needs `Copy`.
///
/// A struct needs `#[repr(C)]` and has no padding. Its fields are numbers, `bool`s, `EntityId`s, arrays, and types that derive `Plain`.
/// An enum needs `#[repr(u8)]`, `#[repr(u16)]` or `#[repr(u32)]`; its schema lists the variants with their numbers. Bytes from another
/// process or library are checked before they become a `bool` or an enum.
///
/// `#[plain(crate = path)]` overrides the path of the crate that contains the module `wire`.
#[proc_macro_derive(Plain, attributes(plain))]
pub fn derive_plain(input: TokenStream) -> TokenStream {
    expand::entry(input, |item| expand::plain::plain(item, &syn::parse_quote!(::plugin_sdk)))
}

/// [`Plain`](macro@Plain) for users of `shm-bus` without `plugin-sdk`; `shm-bus` re-exports it under that name.
#[proc_macro_derive(BusPlain, attributes(plain))]
pub fn derive_bus_plain(input: TokenStream) -> TokenStream {
    expand::entry(input, |item| expand::plain::plain(item, &syn::parse_quote!(::shm_bus)))
}

/// Derives `Component` for plain data in the host's ECS columns. Needs `#[repr(C)]` and `Copy`; fields as for [`Plain`](macro@Plain).
///
/// `#[component(name = "…", version = 2)]` overrides the stable name (`<package>.<Type>`) and version (1).
#[proc_macro_derive(Component, attributes(component))]
pub fn derive_component(input: TokenStream) -> TokenStream {
    expand::entry(input, expand::plain::component)
}

/// Derives `Message` for plain data that is sent on the bus. Needs `#[repr(C)]` and `Copy`; fields as for [`Plain`](macro@Plain). A record
/// with a message whose bytes are no value of its type is not delivered.
///
/// `#[message(name = "…", version = 2, crate = path)]` overrides the stable name (`<package>.<Type>`), the version (1) and
/// the path of the crate that contains the module `wire`.
#[proc_macro_derive(Message, attributes(message))]
pub fn derive_message(input: TokenStream) -> TokenStream {
    expand::entry(input, |item| expand::plain::message(item, &syn::parse_quote!(::plugin_sdk)))
}

/// [`Message`](macro@Message) for users of `shm-bus` without `plugin-sdk`; `shm-bus` re-exports it under that name.
#[proc_macro_derive(BusMessage, attributes(message))]
pub fn derive_bus_message(input: TokenStream) -> TokenStream {
    expand::entry(input, |item| expand::plain::message(item, &syn::parse_quote!(::shm_bus)))
}

/// Derives `PluginState` for the state that a swap keeps, as MessagePack with field names.
///
/// serde's field attributes apply (`#[serde(skip)]`, `#[serde(alias = "…")]`). A field that is missing in an older state is taken
/// from the type's `Default`; for this the type itself may not implement `Drop`, while the types of its fields may. Nested types derive
/// serde's own traits, and `#[serde(default)]` marks their optional fields. The log reports by path what a swap kept, converted, defaulted and
/// dropped.
///
/// `#[state(opaque, version = "…")]` on a field stores it in a compact binary format without field names. It is bound to that version and to
/// the layout of the type: a build with another version or layout is refused. Within such a field, skip a field or variant on both sides
/// (`#[serde(skip)]`, variants after all others) or not at all; saving checks this.
#[proc_macro_derive(PluginState, attributes(serde, state))]
pub fn derive_plugin_state(input: TokenStream) -> TokenStream {
    expand::entry(input, expand::state::state)
}

/// Turns an `impl` block into a plugin: describes its systems, subscriptions and exports to the host over the C ABI.
///
/// Options of `#[plugin]`:
/// - `name = "…"`, `version = "…"`: by default the package's. `-` and `_` are equivalent in names.
/// - `components(A, B)`: components that only commands use.
/// - `implements = Interface` or `implements(First, Second)`: traits with [`macro@interface`] whose methods are all exported, which is checked.
///
/// Attributes of methods:
/// - `#[system(stage = Update, after = "…", before = "…")]`. The stages, in frame order, are `First` (input, bookkeeping), `Update` (game
///   logic, the default), `Physics`, `Last` (reactions to physics) and `Render`. `after` and `before` name plugins, or systems as
///   `plugin/system`, of the same stage.
/// - `#[subscribe(Topic)]` on a method that takes `&Message` or `&[Message]`.
/// - `#[export]` on a method that the host, other plugins and other processes may call by name; see [`macro@export`].
///
/// A method takes `&self` or `&mut self`, and has at most one of these attributes. A system then takes any of `&Frame` (time, commands,
/// arena, random numbers), `Query<…>` and `Publisher<Topic>`; a subscription takes these except queries.
#[proc_macro_attribute]
pub fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::plugin::entry(args.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes a method of a `#[plugin] impl` callable by name, from any thread of the host.
///
/// `#[export(name = "…")]` gives it another name than the method's. `#[export(internal)]` lets the host and plugins call it, but not other
/// processes. `#[export(thread)]`, with `&self`, has other processes answered on a thread of the host as soon as their request arrives, also
/// while no frame runs; otherwise they are answered at the next frame edge. Its doc comment and its signature are part of the plugin's description.
///
/// - `&self`: several threads may run such methods at a time, so the state must be `Sync`. `&mut self`: nothing else of the plugin runs
///   meanwhile.
/// - Arguments: none to many; first, if it is needed, `&CallContext`. `&str` and `&[u8]` are borrowed from the call; all other types
///   implement serde's `Deserialize` and are taken by value.
/// - It returns nothing, a value that implements serde's `Serialize`, or a `Result` of these. `Result<T>` is `Result<T, CallError>`. Any
///   other error type needs `Display`; `ExportError` gives it codes.
#[proc_macro_attribute]
pub fn export(_args: TokenStream, item: TokenStream) -> TokenStream {
    // `#[plugin]` takes the attribute from its methods before it would be expanded.
    let advice = "`#[export]` belongs on a method of a `#[plugin] impl` block; free functions cannot be exported yet";
    let error = syn::Error::new(proc_macro2::Span::call_site(), advice).to_compile_error();
    [error.into(), item].into_iter().collect()
}

/// Turns a trait into an interface: an agreement on exports, between plugins that have them and callers that link no plugin.
///
/// The trait is in a crate that both depend on, and has no options. Of `trait DirectorApi` it makes
/// - `DirectorClient<C>`, with a method for each method of the trait. `DirectorClient::connect(caller, "director")` resolves all of them; `C` is a
///   `plugin_sdk::client::Caller`, such as the host or a game in another process. Each returns a `Result` with the caller's error.
/// - the description `<dyn DirectorApi as plugin_sdk::client::Interface>::SPEC`, with the signatures of the methods.
///
/// A plugin with `#[plugin(implements = DirectorApi)]` has an `#[export]` of each method's name with the same arguments and reply: types are
/// compared as they are written. Whether it takes `&self` or `&mut self`, a `&CallContext`, and which error it returns is the plugin's choice.
/// Nothing implements the trait itself.
///
/// Methods are those of [`macro@export`], but their replies own their values.
#[proc_macro_attribute]
pub fn interface(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::interface::entry(args.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}
