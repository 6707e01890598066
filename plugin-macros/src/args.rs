//! Parses the arguments of the macros' attributes to values; expands nothing.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, LitInt, LitStr, Path, Result, Token, parenthesized, token};

/// Calls `option` for each `key …` in a comma-separated list; `option` parses the rest after the key.
pub(crate) fn options(
    input: ParseStream<'_>,
    mut option: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    while !input.is_empty() {
        let key: Ident = input.call(syn::ext::IdentExt::parse_any)?;
        option(&key, input)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// The string value of the option `key`.
fn text(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    input.parse::<Token![=]>()?;
    match input.fork().parse::<Ident>() {
        Ok(word) => Err(Error::new(word.span(), format!("write it in quotes: `{key} = \"{word}\"`"))),
        Err(_) => input.parse(),
    }
}

/// `name`, if a schema can begin with it.
fn stable_name(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    let is_allowed = |letter: char| !letter.is_ascii_control() && !"\"\\{}[]:;,@ ".contains(letter);
    if !text.is_empty() && text.chars().all(is_allowed) {
        return Ok(name);
    }
    Err(Error::new(name.span(), "a schema begins with the name; write letters, digits, `.`, `-`, `_` or `/`"))
}

/// `name`, `version` and `crate` of `#[component(…)]`, `#[message(…)]` and `#[plain(…)]`.
#[derive(Default)]
pub(crate) struct TypeArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) path: Option<Path>,
}

impl TypeArgs {
    pub(crate) fn find(attributes: &[Attribute], attribute_name: &str) -> Result<Self> {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(attribute_name)) {
            attribute.parse_args_with(|input: ParseStream<'_>| {
                options(input, |key, input| {
                    match key.to_string().as_str() {
                        "name" if attribute_name != "plain" => found.name = Some(stable_name(text(key, input)?)?),
                        "version" if attribute_name != "plain" => found.version = Some(value(input)?),
                        "crate" if attribute_name != "component" => {
                            input.parse::<Token![=]>()?;
                            found.path = Some(input.call(Path::parse_mod_style)?);
                        }
                        _ => {
                            let known = match attribute_name {
                                "message" => "`name`, `version` or `crate`",
                                "plain" => "`crate`",
                                _ => "`name` or `version`",
                            };
                            return Err(Error::new(key.span(), format!("unknown option; expected {known}")));
                        }
                    }
                    Ok(())
                })
            })?;
        }
        Ok(found)
    }
}

/// `(A, B)`.
fn paths(input: ParseStream<'_>) -> Result<Vec<Path>> {
    let list;
    parenthesized!(list in input);
    Ok(Punctuated::<Path, Token![,]>::parse_terminated(&list)?.into_iter().collect())
}

/// `#[plugin(name = "…", version = "…", components(A, B), implements = Interface)]`.
#[derive(Default)]
pub(crate) struct PluginArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) components: Vec<Path>,
    pub(crate) interfaces: Vec<Path>,
}

impl Parse for PluginArgs {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut found = Self::default();
        options(input, |key, input| {
            match key.to_string().as_str() {
                "name" => found.name = Some(text(key, input)?),
                "version" => found.version = Some(text(key, input)?),
                "components" => found.components = paths(input)?,
                "implements" if input.peek(Token![=]) => found.interfaces = vec![value(input)?],
                "implements" if input.peek(token::Paren) => found.interfaces = paths(input)?,
                "implements" => {
                    let advice = "write `implements = Interface` or `implements(First, Second)`";
                    return Err(Error::new(key.span(), advice));
                }
                _ => {
                    return Err(Error::new(
                        key.span(),
                        "unknown option; expected `name`, `version`, `components(…)` or `implements = …`",
                    ));
                }
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// `#[system(stage = Update, after = "…", before = "…")]`.
#[derive(Default)]
pub(crate) struct SystemArgs {
    pub(crate) stage: Option<Ident>,
    pub(crate) after: Vec<LitStr>,
    pub(crate) before: Vec<LitStr>,
}

impl Parse for SystemArgs {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut found = Self::default();
        options(input, |key, input| {
            match key.to_string().as_str() {
                "stage" => found.stage = Some(value(input)?),
                "after" => found.after.push(text(key, input)?),
                "before" => found.before.push(text(key, input)?),
                _ => return Err(Error::new(key.span(), "unknown option; expected `stage`, `after` or `before`")),
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// `#[export(name = "…", internal, thread)]`.
#[derive(Default)]
pub(crate) struct ExportArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) internal: bool,
    /// The word, as the place of errors.
    pub(crate) thread: Option<Ident>,
}

impl Parse for ExportArgs {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut found = Self::default();
        options(input, |key, input| {
            match key.to_string().as_str() {
                "name" => found.name = Some(text(key, input)?),
                "internal" => found.internal = true,
                "thread" => found.thread = Some(key.clone()),
                _ => return Err(Error::new(key.span(), "unknown option; expected `name`, `internal` or `thread`")),
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// `#[state(opaque, version = "…")]` of a field.
pub(crate) struct OpaqueArgs {
    pub(crate) version: LitStr,
}

impl OpaqueArgs {
    pub(crate) fn find(attributes: &[Attribute]) -> Result<Option<Self>> {
        let Some(attribute) = attributes.iter().find(|attribute| attribute.path().is_ident("state")) else {
            return Ok(None);
        };
        let (mut opaque, mut version) = (false, None);
        attribute.parse_args_with(|input: ParseStream<'_>| {
            options(input, |key, input| {
                match key.to_string().as_str() {
                    "opaque" => opaque = true,
                    "version" => version = Some(text(key, input)?),
                    _ => return Err(Error::new(key.span(), "write `#[state(opaque, version = \"…\")]`")),
                }
                Ok(())
            })
        })?;
        match (opaque, version) {
            (true, Some(version)) => Ok(Some(Self { version })),
            _ => Err(Error::new_spanned(
                attribute,
                "an opaque field needs a version; write `#[state(opaque, version = \"…\")]`, for example \"rapier2d 0.36\"",
            )),
        }
    }
}
