//! Models of the macros' input: a checked plain struct or enum; a plugin's methods.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, Ident, Path, Result, Type};

/// A `repr(C)` struct whose fields can all be plain data, as far as syntax shows.
pub(crate) struct PlainStruct {
    pub(crate) ident: Ident,
    pub(crate) fields: Vec<(Ident, Type)>,
}

impl PlainStruct {
    pub(crate) fn parse(item: &DeriveInput) -> Result<Self> {
        let Data::Struct(data) = &item.data else {
            return Err(Error::new_spanned(
                &item.ident,
                "components and messages are structs; derive `Plain` for an enum or write a struct for a union, and make it a field",
            ));
        };
        refuse_generics(item)?;
        if !is_repr_c(item)? {
            return Err(Error::new_spanned(
                &item.ident,
                "plain data needs `#[repr(C)]`: other libraries and processes share its layout",
            ));
        }
        let fields = match &data.fields {
            Fields::Named(fields) => fields.named.iter().collect(),
            Fields::Unit => Vec::new(),
            Fields::Unnamed(fields) => {
                return Err(Error::new_spanned(
                    fields,
                    "plain data needs named fields: the names are part of the schema",
                ));
            }
        };
        let mut checked = Vec::with_capacity(fields.len());
        for field in fields {
            refuse(&field.ty)?;
            let name = field.ident.clone().ok_or_else(|| Error::new_spanned(field, "name the field"))?;
            checked.push((name, field.ty.clone()));
        }
        Ok(Self { ident: item.ident.clone(), fields: checked })
    }

    /// Compile-time assertions: each field is plain, and there is no padding.
    pub(crate) fn checks(&self, wire: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        let types = self.fields.iter().map(|(_, kind)| kind);
        let plain = self.fields.iter().map(|(_, kind)| quote_spanned!(kind.span()=> #wire::require_plain::<#kind>();));
        let aligned =
            format!("`{ident}` is aligned to more than 16 bytes; columns, commands and the bus align to at most 16");
        let message = format!("`{ident}` has padding between or after its fields; add `_pad: [u8; N]` or reorder them");
        quote! {
            const _: () = {
                #(#plain)*
                ::core::assert!(::core::mem::align_of::<#ident>() <= 16, #aligned);
                ::core::assert!(::core::mem::size_of::<#ident>() == 0 #(+ ::core::mem::size_of::<#types>())*, #message);
            };
        }
    }

    /// The items `ANY_BITS` and `is_value` of `Plain` and `Message`.
    pub(crate) fn validity(&self, wire: &TokenStream) -> TokenStream {
        let types = self.fields.iter().map(|(_, kind)| kind);
        let values = self
            .fields
            .iter()
            .map(|(name, kind)| quote!(#wire::is_value_at::<#kind>(bytes, ::core::mem::offset_of!(Self, #name))));
        quote! {
            const ANY_BITS: bool = #(<#types as #wire::Plain>::ANY_BITS &&)* true;

            #[inline]
            fn is_value(bytes: &[u8]) -> bool {
                bytes.len() == ::core::mem::size_of::<Self>() #(&& #values)*
            }
        }
    }

    /// `.field(…)` calls on a `SchemaText`.
    pub(crate) fn schema_fields(&self, wire: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        let calls = self.fields.iter().enumerate().map(|(index, (name, kind))| {
            let (first, text) = (index == 0, name.to_string());
            quote!(.field(#first, #text, <#kind as #wire::Plain>::TYPE, ::core::mem::offset_of!(#ident, #name)))
        });
        quote!(#(#calls)*)
    }
}

/// A fieldless enum with a number of fixed size.
pub(crate) struct PlainEnum {
    pub(crate) ident: Ident,
    /// The type of its number: `u8`, `u16` or `u32`.
    pub(crate) number: Ident,
    /// At least one.
    pub(crate) variants: Vec<Ident>,
}

impl PlainEnum {
    pub(crate) fn parse(item: &DeriveInput, data: &DataEnum) -> Result<Self> {
        refuse_generics(item)?;
        let number = number_of(item)?;
        if data.variants.is_empty() {
            return Err(Error::new_spanned(&item.ident, "an enum without variants has no value; write at least one"));
        }
        let mut variants = Vec::with_capacity(data.variants.len());
        for variant in &data.variants {
            if !matches!(variant.fields, Fields::Unit) {
                return Err(Error::new_spanned(
                    &variant.fields,
                    "a variant with data has no fixed layout; write a struct with this enum and the data as fields",
                ));
            }
            variants.push(variant.ident.clone());
        }
        Ok(Self { ident: item.ident.clone(), number, variants })
    }
}

fn refuse_generics(item: &DeriveInput) -> Result<()> {
    if item.generics.params.is_empty() {
        return Ok(());
    }
    Err(Error::new_spanned(
        &item.generics,
        "plain data cannot be generic: it has one layout; write one type for each layout",
    ))
}

/// The type of an enum's number, from its `repr`.
fn number_of(item: &DeriveInput) -> Result<Ident> {
    const ADVICE: &str =
        "the number of an enum has one size everywhere; write `#[repr(u8)]`, `#[repr(u16)]` or `#[repr(u32)]`";
    let mut found = None;
    for attribute in item.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            match meta.path.get_ident() {
                Some(ident) if ["u8", "u16", "u32"].iter().any(|known| ident == known) => found = Some(ident.clone()),
                _ => return Err(Error::new_spanned(&meta.path, ADVICE)),
            }
            Ok(())
        })?;
    }
    found.ok_or_else(|| Error::new_spanned(&item.ident, ADVICE))
}

fn is_repr_c(item: &DeriveInput) -> Result<bool> {
    let mut found = false;
    for attribute in item.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("C") || meta.path.is_ident("transparent") {
                found = true;
            } else if meta.path.is_ident("packed") {
                return Err(meta.error("a packed struct cannot be plain data: its fields cannot be borrowed; remove `packed` and add padding fields"));
            } else if meta.input.peek(syn::token::Paren) {
                let _: proc_macro2::Group = meta.input.parse()?;
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// The error for a field type that can't be plain data, with what to write instead.
fn refuse(kind: &Type) -> Result<()> {
    let advice = match kind {
        Type::Reference(_) | Type::Ptr(_) | Type::FnPtr(_) => {
            "a pointer is not valid in another library or process; store an id or the data"
        }
        Type::Array(array) => return refuse(&array.elem),
        Type::Tuple(_) => "a tuple has no fixed layout; write a struct with `#[repr(C)]` that derives `Plain`",
        Type::Path(_) => match last_segment(kind).map(ToString::to_string).as_deref() {
            Some("usize") => "`usize` differs between platforms; write `u64` or `u32`",
            Some("isize") => "`isize` differs between platforms; write `i64` or `i32`",
            Some("char") => "a `char` has invalid bit patterns; write `u32`",
            Some("Option") => "an `Option` has no fixed layout; use a value that means \"none\", such as 0",
            Some("String" | "Vec" | "Box") => "data on the heap cannot be shared; write an array of fixed size",
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    Err(Error::new_spanned(kind, advice))
}

/// A method of a plugin that the host calls.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    pub(crate) params: Vec<Param>,
}

/// One parameter after `self`.
pub(crate) enum Param {
    /// `&Frame`.
    Frame,
    /// A query or publisher.
    System(Box<Type>),
    /// `&Message` or `&[Message]` of a subscription.
    Message {
        /// Whether the method takes all messages of a record at once.
        slice: bool,
        /// Of the type: the place of the error if it isn't the topic's message.
        span: Span,
    },
}

/// The last segment of `kind`, if it is a path.
pub(crate) fn last_segment(kind: &Type) -> Option<&Ident> {
    match kind {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// A system: its method and when it runs.
pub(crate) struct System {
    pub(crate) method: Method,
    pub(crate) stage: Ident,
    pub(crate) after: Vec<syn::LitStr>,
    pub(crate) before: Vec<syn::LitStr>,
}

/// A subscription: its method and the topic.
pub(crate) struct Subscription {
    pub(crate) method: Method,
    pub(crate) topic: Path,
}

/// A method that anybody may call by name.
pub(crate) struct Export {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    /// Of the attribute's name, or of the method: the place of an error about the name.
    pub(crate) name_span: Span,
    pub(crate) signature: String,
    pub(crate) docs: String,
    /// `&mut self`.
    pub(crate) exclusive: bool,
    /// Not offered on the bus.
    pub(crate) internal: bool,
    /// Other processes are answered on a thread.
    pub(crate) thread: bool,
    /// Of `self`: the place of the error if the state can't be shared.
    pub(crate) receiver_span: Span,
    pub(crate) takes_context: bool,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: Output,
}

/// One argument of an export.
pub(crate) struct Argument {
    pub(crate) name: String,
    /// `&[u8]`.
    pub(crate) bytes: bool,
    /// Of the type: the place of the error if it can't be decoded.
    pub(crate) span: Span,
}

/// What an export returns.
pub(crate) struct Output {
    /// It may fail: a `Result`.
    pub(crate) fails: bool,
    /// It replies with something other than `()`.
    pub(crate) replies: bool,
    /// Of the type: the place of the error if it can't be encoded.
    pub(crate) span: Span,
}
