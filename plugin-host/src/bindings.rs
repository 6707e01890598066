//! The exports that callers have resolved, and where each stands in the present instance.
//!
//! A caller resolves an export once and keeps its number over all generations; each new instance is searched for all resolved exports before
//! it runs, so that a call needs no name. An export with another signature than its caller was built for is not found.

use plugin_sdk::abi::ExportAccess;

use crate::image::Manifest;

/// Resolved exports; their numbers are their places.
#[derive(Debug, Default)]
pub(crate) struct Bindings(Vec<Binding>);

#[derive(Debug)]
struct Binding {
    name: String,
    /// What the caller was built for; `None` if it takes any.
    signature: Option<String>,
    found: Option<Found>,
}

/// An export of the present instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Number in the manifest.
    pub(crate) index: usize,
    pub(crate) access: ExportAccess,
}

impl Bindings {
    /// Number of the export with this name, and with this signature if one is given.
    pub(crate) fn add(&mut self, name: &str, signature: Option<&str>, present: Option<&Manifest>) -> usize {
        let is_known = |known: &Binding| known.name == name && known.signature.as_deref() == signature;
        self.0.iter().position(is_known).unwrap_or_else(|| {
            let mut binding = Binding { name: name.to_owned(), signature: signature.map(str::to_owned), found: None };
            binding.find(present);
            self.0.push(binding);
            self.0.len() - 1
        })
    }

    /// Finds all of them in the manifest of the next instance.
    pub(crate) fn bind(&mut self, next: Option<&Manifest>) {
        for binding in &mut self.0 {
            binding.find(next);
        }
    }

    /// Where export `number` stands; `None` if the present instance has none of its name and signature.
    #[inline]
    pub(crate) fn get(&self, number: usize) -> Option<Found> {
        self.0.get(number)?.found
    }
}

impl Binding {
    fn find(&mut self, manifest: Option<&Manifest>) {
        let exports = manifest.map_or(&[][..], |manifest| &manifest.exports);
        let fits = |signature: &str| self.signature.as_deref().is_none_or(|wanted| wanted == signature);
        let index = exports.iter().position(|export| export.name == self.name && fits(&export.signature));
        self.found = index.map(|index| Found { index, access: exports[index].access });
    }
}
