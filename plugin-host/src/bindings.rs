//! All exports that a plugin has or had, and where each stands in the present instance.
//!
//! A caller resolves an export once and keeps its number over all generations; each new instance is searched for all known exports before it
//! runs, so that a call needs no name, and resolving an export changes nothing. An export
//! with another signature than its caller was built for is not found.

use plugin_sdk::abi::ExportAccess;

use crate::image::Manifest;

/// Known exports; their numbers are their places.
#[derive(Debug, Default)]
pub(crate) struct Bindings(Vec<Binding>);

#[derive(Debug)]
struct Binding {
    name: String,
    /// The signature that the caller was built for; `None` if it takes any.
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
    /// Number of the export with this name, and with this signature if one is given; `None` if no instance has had it.
    pub(crate) fn number(&self, name: &str, signature: Option<&str>) -> Option<usize> {
        self.0.iter().position(|known| known.name == name && known.signature.as_deref() == signature)
    }

    /// Finds all of them in the manifest of the next instance, and adds its own.
    pub(crate) fn bind(&mut self, next: Option<&Manifest>) {
        for binding in &mut self.0 {
            binding.find(next);
        }
        for export in next.iter().flat_map(|manifest| &manifest.exports) {
            for signature in [None, Some(&*export.signature)] {
                if self.number(&export.name, signature).is_none() {
                    let signature = signature.map(str::to_owned);
                    let mut binding = Binding { name: export.name.clone(), signature, found: None };
                    binding.find(next);
                    self.0.push(binding);
                }
            }
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
