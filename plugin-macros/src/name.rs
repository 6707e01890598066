//! Names of plugins, which appear in file names and on the bus. A name that the host could not load doesn't compile.

use proc_macro2::Span;
use syn::{Error, LitStr, Result};

/// Maximum number of bytes, as in the host.
const NAME_MAX: usize = 64;

/// Why `name` is not valid, if it isn't.
fn fault(name: &str) -> Option<String> {
    let crate_like = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() {
        return Some("a plugin's name needs at least one letter or digit".to_owned());
    }
    if name.len() > NAME_MAX {
        return Some(format!("a plugin's name is limited to {NAME_MAX} bytes; this one has {}", name.len()));
    }
    if name.starts_with('-') || !name.chars().all(crate_like) {
        return Some(
            "a plugin's name may contain only letters, digits, `_` and `-`, like a crate's: the library is named after it"
                .to_owned(),
        );
    }
    None
}

/// The plugin's own name: the option's, or the package's.
pub(crate) fn check(stated: Option<&LitStr>) -> Result<()> {
    match stated {
        Some(literal) => fault(&literal.value()).map_or(Ok(()), |fault| Err(Error::new(literal.span(), fault))),
        None => {
            let package = std::env::var("CARGO_PKG_NAME").ok().and_then(|package| fault(&package));
            let advice = |fault| format!("{fault}; write `#[plugin(name = \"…\")]`");
            package.map_or(Ok(()), |fault| Err(Error::new(Span::call_site(), advice(fault))))
        }
    }
}

/// A name in `after` or `before`: `plugin` or `plugin/system`.
pub(crate) fn check_wish(literal: &LitStr) -> Result<()> {
    let text = literal.value();
    let (plugin, system) = text.split_once('/').map_or((&*text, None), |(plugin, system)| (plugin, Some(system)));
    let is_system = |name: &str| syn::parse_str::<syn::Ident>(name).is_ok();
    if fault(plugin).is_none() && system.is_none_or(is_system) {
        return Ok(());
    }
    Err(Error::new(literal.span(), "not a valid plugin or system name; write \"plugin\" or \"plugin/system\""))
}
