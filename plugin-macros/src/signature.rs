//! The canonical text of a method's signature, by which host and callers identify it: `name(argument: Type, …) -> Type`.
//!
//! Types are written as in the source, without lifetimes and redundant parentheses, with `Self` replaced, and with spaces and commas in one
//! style: a change of layout changes no text.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::visit_mut::{VisitMut, visit_path_mut, visit_type_mut};
use syn::{GenericArgument, Ident, PathArguments, Type};

/// The text of `name` with these arguments and this reply.
pub(crate) fn text(state: &Type, name: &str, arguments: &[(Ident, Type)], reply: Option<&Type>) -> String {
    let arguments: Vec<_> =
        arguments.iter().map(|(name, kind)| format!("{}: {}", name.unraw(), type_text(state, kind))).collect();
    let reply = reply.map_or_else(String::new, |reply| format!(" -> {}", type_text(state, reply)));
    format!("{name}({}){reply}", arguments.join(", "))
}

fn type_text(state: &Type, kind: &Type) -> String {
    let mut kind = kind.clone();
    Normalize { state }.visit_type_mut(&mut kind);
    let mut text = String::new();
    write(&mut text, kind.to_token_stream());
    text
}

struct Normalize<'model> {
    state: &'model Type,
}

impl VisitMut for Normalize<'_> {
    fn visit_type_mut(&mut self, kind: &mut Type) {
        let inner = match kind {
            Type::Paren(paren) if !matches!(*paren.elem, Type::TraitObject(_)) => Some((*paren.elem).clone()),
            Type::Group(group) => Some((*group.elem).clone()),
            Type::Path(path) if path.path.is_ident("Self") => Some(self.state.clone()),
            Type::Reference(reference) => {
                reference.lifetime = None;
                None
            }
            Type::Tuple(tuple) => {
                if tuple.elems.len() > 1 {
                    tuple.elems.pop_punct();
                }
                None
            }
            _ => None,
        };
        if let Some(inner) = inner {
            *kind = inner;
            // Again from the start: what was inside may be replaced, too. The state's type doesn't contain `Self`.
            return self.visit_type_mut(kind);
        }
        visit_type_mut(self, kind);
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        for segment in &mut path.segments {
            let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { continue };
            arguments.args = std::mem::take(&mut arguments.args)
                .into_iter()
                .filter(|argument| !matches!(argument, GenericArgument::Lifetime(_)))
                .collect();
            arguments.colon2_token = None;
            if arguments.args.is_empty() {
                segment.arguments = PathArguments::None;
            }
        }
        visit_path_mut(self, path);
    }
}

/// Appends tokens in one style. proc-macro2's own text keeps spaces of the source and depends on the compiler's version.
fn write(text: &mut String, tokens: TokenStream) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) => write_word(text, &ident.unraw().to_string()),
            TokenTree::Literal(literal) => write_word(text, &literal.to_string()),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(text, group.stream());
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                // The last one, of `(T,)`.
                ',' if tokens.peek().is_none() => text.push(','),
                ',' => text.push_str(", "),
                ';' => text.push_str("; "),
                '+' => text.push_str(" + "),
                '=' => text.push_str(" = "),
                '-' => text.push_str(" -"),
                '>' if text.ends_with(" -") => text.push_str("> "),
                other => text.push(other),
            },
        }
    }
}

fn write_word(text: &mut String, word: &str) {
    if text.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | ')' | '>')) {
        text.push(' ');
    }
    text.push_str(word);
}
