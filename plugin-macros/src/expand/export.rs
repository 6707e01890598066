//! Parses and expands the methods that `#[export]` marks.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::visit::{Visit, visit_type};
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, GenericArgument, GenericParam, Ident, ImplItemFn, Lit, Meta, Pat, PatType,
    PathArguments, Receiver, ReceiverKind, Result, ReturnType, Signature, Type, TypeImplTrait, TypeReference,
};

use crate::args::ExportArgs;
use crate::model::{Argument, Export, Output, last_segment};
use crate::signature;

pub(crate) fn parse(state: &Type, method: &ImplItemFn, args: ExportArgs) -> Result<Export> {
    let declared = &method.sig;
    let Parts { receiver, context, arguments: typed, output, reply } = parts(declared)?;
    let (internal, thread) = (args.internal, args.thread.is_some());
    refuse_thread(receiver, &args)?;
    let (name, name_span) = name(declared, args)?;
    let arguments = typed.iter().map(|(name, kind)| Argument {
        name: name.unraw().to_string(),
        bytes: is_bytes(kind),
        span: kind.span(),
    });
    Ok(Export {
        ident: declared.ident.clone(),
        arguments: arguments.collect(),
        signature: signature::text(state, &name, &typed, reply),
        name,
        name_span,
        docs: docs(&method.attrs),
        exclusive: matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_))),
        internal,
        thread,
        receiver_span: receiver.span(),
        takes_context: context.is_some(),
        output,
    })
}

/// A checked declaration of a method that can be called by name.
pub(super) struct Parts<'a> {
    receiver: &'a Receiver,
    /// The type of `&CallContext`, if the method takes it.
    pub(super) context: Option<&'a Type>,
    pub(super) arguments: Vec<(Ident, Type)>,
    output: Output,
    /// The type of the reply, unless it is `()`.
    pub(super) reply: Option<&'a Type>,
}

pub(super) fn parts(declared: &Signature) -> Result<Parts<'_>> {
    refuse_modifiers(declared)?;
    let receiver = receiver(declared)?;
    let (mut context, mut arguments) = (None, Vec::new());
    for input in &declared.inputs {
        let FnArg::Typed(input) = input else { continue };
        if is_reference_to(&input.ty, "CallContext") {
            if context.is_some() || !arguments.is_empty() {
                let advice = "write `&CallContext` once, right after `self`";
                return Err(Error::new_spanned(&input.ty, advice));
            }
            context = Some(&*input.ty);
        } else {
            let name = argument_name(input)?;
            refuse_type(&input.ty)?;
            arguments.push((name, (*input.ty).clone()));
        }
    }
    let (output, reply) = output(&declared.output)?;
    Ok(Parts { receiver, context, arguments, output, reply })
}

pub(crate) fn refuse_duplicates(exports: &[Export]) -> Result<()> {
    for (index, export) in exports.iter().enumerate() {
        if exports[..index].iter().any(|earlier| earlier.name == export.name) {
            let advice = format!(
                "this plugin exports the name `{}` twice; rename one with `#[export(name = \"…\")]`",
                export.name
            );
            return Err(Error::new(export.name_span, advice));
        }
    }
    Ok(())
}

fn refuse_modifiers(declared: &Signature) -> Result<()> {
    if let Some(keyword) = &declared.asyncness {
        return Err(Error::new_spanned(keyword, "an export cannot be `async` yet; remove `async`"));
    }
    if let syn::Safety::Unsafe(keyword) = &declared.safety {
        return Err(Error::new_spanned(
            keyword,
            "an export cannot be `unsafe`: its callers cannot meet its safety requirements; remove `unsafe`",
        ));
    }
    let generic = |param: &&GenericParam| !matches!(param, GenericParam::Lifetime(_));
    if let Some(param) = declared.generics.params.iter().find(generic) {
        return Err(Error::new_spanned(
            param,
            "an export cannot be generic: it is called by name; write concrete types",
        ));
    }
    Ok(())
}

fn receiver(declared: &Signature) -> Result<&Receiver> {
    match declared.inputs.first() {
        Some(FnArg::Receiver(receiver)) if matches!(receiver.kind, ReceiverKind::Reference(..)) => Ok(receiver),
        Some(FnArg::Receiver(receiver)) => {
            Err(Error::new_spanned(receiver, "an export only borrows the state; write `&self` or `&mut self`"))
        }
        _ => Err(Error::new_spanned(
            &declared.ident,
            "a function without a state cannot be exported yet; write `&self` or `&mut self` as the first parameter",
        )),
    }
}

fn refuse_thread(receiver: &Receiver, args: &ExportArgs) -> Result<()> {
    let Some(word) = &args.thread else { return Ok(()) };
    if args.internal {
        let advice = "other processes never call an internal export; remove `thread` or `internal`";
        return Err(Error::new(word.span(), advice));
    }
    if matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_))) {
        let advice = "a frame would wait for an export that changes the state on another thread; write `&self`, or remove `thread`";
        return Err(Error::new_spanned(receiver, advice));
    }
    Ok(())
}

/// The export's name and where it stands.
fn name(declared: &Signature, args: ExportArgs) -> Result<(String, Span)> {
    let Some(literal) = args.name else {
        return Ok((declared.ident.unraw().to_string(), declared.ident.span()));
    };
    let name = literal.value();
    if syn::parse_str::<Ident>(&name).is_err() {
        return Err(Error::new(literal.span(), "an export's name is an identifier, such as \"set_wave\""));
    }
    Ok((name, literal.span()))
}

fn argument_name(input: &PatType) -> Result<Ident> {
    match &*input.pat {
        Pat::Ident(name) if name.subpat.is_none() => Ok(name.ident.clone()),
        other => {
            Err(Error::new_spanned(other, "an export's arguments need names: its callers see them; write `name: Type`"))
        }
    }
}

/// The error for a type that no argument can have, with what to write instead.
fn refuse_type(kind: &Type) -> Result<()> {
    refuse_impl(kind)?;
    let advice = match kind {
        Type::Reference(TypeReference { mutability: Some(_), .. }) => {
            "an export cannot change its caller's values; take the value and return the new one"
        }
        Type::Reference(TypeReference { lifetime: Some(lifetime), .. }) if lifetime.ident == "static" => {
            "arguments live as long as the call; remove `'static`"
        }
        Type::Reference(TypeReference { elem, .. }) => {
            if is_bytes(kind) || last_segment(elem).is_some_and(|name| name == "str") {
                return Ok(());
            }
            match &**elem {
                Type::Path(_) if is_reference_to(kind, "Frame") => {
                    "an export is not part of a frame; take `&CallContext`, or keep the value in `self` for a system"
                }
                Type::Slice(_) => "only `&[u8]` can be borrowed from a call; write `Vec<…>`",
                _ => "only `&str` and `&[u8]` can be borrowed from a call; take the value, without `&`",
            }
        }
        Type::Ptr(_) | Type::FnPtr(_) => "a pointer means nothing to a caller in another process; take the value",
        Type::Path(_) => match last_segment(kind).map(ToString::to_string).as_deref() {
            Some("CallContext") => "write `&CallContext`",
            Some("Query") => {
                "an export cannot query: it is not part of a frame; keep the value in `self` and query in a system"
            }
            Some("Publisher") => "an export cannot send yet; keep the message in `self` and send it in a system",
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    Err(Error::new_spanned(kind, advice))
}

fn refuse_impl(kind: &Type) -> Result<()> {
    struct Find(Option<Error>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_impl_trait(&mut self, found: &'ast TypeImplTrait) {
            let advice = "an export cannot be generic: it is called by name; write a concrete type";
            self.0.get_or_insert_with(|| Error::new_spanned(found, advice));
        }
    }
    let mut find = Find(None);
    visit_type(&mut find, kind);
    find.0.map_or(Ok(()), Err)
}

/// How it returns, and the type of the reply if there is one.
fn output(declared: &ReturnType) -> Result<(Output, Option<&Type>)> {
    let ReturnType::Type(_, kind) = declared else {
        return Ok((Output { fails: false, replies: false, span: Span::call_site() }, None));
    };
    refuse_impl(kind)?;
    let fails = last_segment(kind).is_some_and(|name| name == "Result");
    let value = if fails { value_of_result(kind)? } else { &**kind };
    let reply = (!matches!(value, Type::Tuple(tuple) if tuple.elems.is_empty())).then_some(value);
    Ok((Output { fails, replies: reply.is_some(), span: kind.span() }, reply))
}

fn value_of_result(kind: &Type) -> Result<&Type> {
    let Type::Path(path) = kind else { return Ok(kind) };
    let arguments = path.path.segments.last().map(|segment| &segment.arguments);
    if let Some(PathArguments::AngleBracketed(arguments)) = arguments {
        let mut types = arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(kind) => Some(kind),
            _ => None,
        });
        if let Some(value) = types.next() {
            return Ok(value);
        }
    }
    Err(Error::new_spanned(kind, "callers see the type of the value; write `Result<T>` or `Result<T, E>`"))
}

pub(super) fn is_bytes(kind: &Type) -> bool {
    let Type::Reference(TypeReference { elem, mutability: None, .. }) = kind else { return false };
    let Type::Slice(slice) = &**elem else { return false };
    last_segment(&slice.elem).is_some_and(|name| name == "u8")
}

fn is_reference_to(kind: &Type, name: &str) -> bool {
    let Type::Reference(TypeReference { elem, mutability: None, .. }) = kind else { return false };
    last_segment(elem).is_some_and(|found| found == name)
}

/// The text of the doc comment.
fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<_> = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

/// The expression of its descriptor, with the shim inside.
pub(crate) fn descriptor(state: &Type, export: &Export) -> TokenStream {
    let Export { name, signature, docs, .. } = export;
    let (access, call) = if export.exclusive {
        (quote!(Exclusive), quote!(call_exclusive))
    } else {
        (quote!(Shared), quote!(call_shared))
    };
    let internal = export.internal.then(|| quote!(| abi::ExportFlags::INTERNAL.0));
    let thread = export.thread.then(|| quote!(| abi::ExportFlags::THREAD.0));
    let receiver = export.receiver_span;
    // The state's type stands at `self`, where the compiler then says that it isn't `Sync`.
    let state_at_receiver: TokenStream = state
        .to_token_stream()
        .into_iter()
        .map(|mut token| {
            token.set_span(token.span().located_at(receiver));
            token
        })
        .collect();
    let call = quote_spanned!(Span::call_site().located_at(receiver)=> glue::#call::<#state_at_receiver>);
    let body = body(state, export);
    quote! {{
        const SIGNATURE: &str = #signature;

        /// # Safety
        /// As `abi::ExportFn`.
        unsafe extern "C" fn call(
            instance: *mut ::core::ffi::c_void,
            call: *mut abi::ExportCall,
            arguments: abi::List<u8>,
            reply: abi::Sink,
        ) -> abi::Status {
            let incoming = glue::Incoming { call, arguments, reply, signature: SIGNATURE };
            // SAFETY: the host passes an instance of this library with the declared access, and a valid call, as `abi::ExportFn` demands.
            unsafe {
                #call(instance, incoming, |state, context, arguments, reply| { #body })
            }
        }
        abi::ExportDescriptor {
            name: abi::Text::new(#name),
            signature: abi::Text::new(SIGNATURE),
            hash: ::plugin_sdk::wire::schema_hash(SIGNATURE),
            docs: abi::Text::new(#docs),
            access: abi::ExportAccess::#access as u32,
            flags: 0 #internal #thread,
            call,
        }
    }}
}

/// Decodes the arguments, calls the method, and encodes what it returns.
fn body(state: &Type, export: &Export) -> TokenStream {
    let ident = &export.ident;
    let context = export.takes_context.then(|| quote!(context,));
    let locals: Vec<Ident> =
        (0..export.arguments.len()).map(|index| quote::format_ident!("argument_{index}")).collect();
    let decoded = export.arguments.iter().zip(&locals).map(|(argument, local)| {
        let (name, span) = (&argument.name, Span::call_site().located_at(argument.span));
        let method = Ident::new(if argument.bytes { "bytes" } else { "value" }, span);
        let decoded = quote_spanned!(span=> reader.#method(#name)?);
        quote!(let #local = #decoded;)
    });
    let decode = if locals.is_empty() {
        quote!(arguments.none()?;)
    } else {
        let count = locals.len() as u32;
        quote! { let mut reader = arguments.expect(#count)?; #(#decoded)* reader.end()?; }
    };
    let passed = export
        .arguments
        .iter()
        .zip(&locals)
        .map(|(argument, local)| if argument.bytes { quote!(&*#local) } else { quote!(#local) });
    let span = Span::call_site().located_at(export.output.span);
    let mut value = quote!(<#state>::#ident(state, #context #(#passed),*));
    if export.output.fails {
        let tell = quote_spanned!(span=> |error| glue::CallError::new((&&error).code(), (&&&error).text()));
        value = quote! {{
            use glue::returned::{BoxedText as _, ErrorText as _, PlainText as _, WithCode as _, WithoutCode as _};
            glue::returned::returned(#value, #tell)?
        }};
    }
    let reply = if export.output.replies {
        quote_spanned!(span=> reply.value(&value))
    } else {
        quote!({
            let () = value;
            ::core::result::Result::Ok(())
        })
    };
    quote!(#decode let value = #value; #reply)
}
