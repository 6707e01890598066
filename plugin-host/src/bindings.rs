//! All exports that a plugin has or had, and where each stands in the present instance.
//!
//! A caller resolves an export once and keeps its number over all generations; each new instance is searched for all known exports before it
//! runs, so that a call needs no name, and resolving an export changes nothing.

use plugin_sdk::abi::ExportAccess;

use crate::image::Manifest;

/// Known exports; their numbers are their places.
#[derive(Debug, Default)]
pub(crate) struct Bindings(Vec<Binding>);

#[derive(Debug)]
struct Binding {
    name: String,
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
    /// Number of the export with this name; `None` if no instance has had it.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|known| known.name == name)
    }

    /// Finds all of them in the manifest of the next instance, and adds its own.
    pub(crate) fn bind(&mut self, next: Option<&Manifest>) {
        for binding in &mut self.0 {
            binding.found = find(&binding.name, next);
        }
        for export in next.iter().flat_map(|manifest| &manifest.exports) {
            if self.number(&export.name).is_none() {
                self.0.push(Binding { name: export.name.clone(), found: find(&export.name, next) });
            }
        }
    }

    /// Where export `number` stands; `None` if the present instance has none of its name.
    #[inline]
    pub(crate) fn get(&self, number: usize) -> Option<Found> {
        self.0.get(number)?.found
    }
}

fn find(name: &str, manifest: Option<&Manifest>) -> Option<Found> {
    let exports = &manifest?.exports;
    let index = exports.iter().position(|export| export.name == name)?;
    Some(Found { index, access: exports[index].access })
}
