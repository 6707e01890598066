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

#[cfg(test)]
mod tests {
    use syn::{Ident, Type, parse_str};

    fn of(kind: &str) -> String {
        let state = parse_str("Race").expect("a type");
        let kind: Type = parse_str(kind).expect("a type");
        super::text(&state, "export", &[], Some(&kind)).split_off("export() -> ".len())
    }

    #[test]
    fn arguments_and_reply_stand_in_the_source_s_order() {
        let argument =
            |name, kind| (parse_str::<Ident>(name).expect("a name"), parse_str::<Type>(kind).expect("a type"));
        let arguments = [argument("wave", "u32"), argument("r#type", "& str")];
        let state = parse_str("Race").expect("a type");
        let reply = parse_str("u32").expect("a type");
        assert_eq!(super::text(&state, "set_wave", &arguments, Some(&reply)), "set_wave(wave: u32, type: &str) -> u32");
        assert_eq!(super::text(&state, "clear", &[], None), "clear()");
    }

    #[test]
    fn spaces_and_redundant_commas_and_parentheses_make_no_difference() {
        assert_eq!(of("Vec < u8 , >"), "Vec<u8>");
        assert_eq!(of("( u8,(u16),)"), "(u8, u16)");
        assert_eq!(of("(HashMap<u8,u16>,)"), "(HashMap<u8, u16>,)");
        assert_eq!(of("[ u8;4 ]"), "[u8; 4]");
        assert_eq!(of("& [u8]"), "&[u8]");
        assert_eq!(of("Vec::<u8>"), "Vec<u8>");
        assert_eq!(of("Box<dyn Fn(u8,u8)->u8+Send>"), "Box<dyn Fn(u8, u8) -> u8 + Send>");
        assert_eq!(of(":: std :: string :: String"), "::std::string::String");
        assert_eq!(of("<Vec<u8>as IntoIterator>::Item"), "<Vec<u8> as IntoIterator>::Item");
    }

    #[test]
    fn lifetimes_are_left_out() {
        assert_eq!(of("&'a str"), "&str");
        assert_eq!(of("Cow<'_, str>"), "Cow<str>");
        assert_eq!(of("Option<View<'a>>"), "Option<View>");
    }

    #[test]
    fn self_is_the_state() {
        assert_eq!(of("Option<Self>"), "Option<Race>");
    }
}
