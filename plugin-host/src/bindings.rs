//! The exports that callers have resolved, and where each stands in the present instance.
//!
//! A caller resolves an export once and keeps its number over all generations; each new instance is searched for all resolved exports before
//! it runs, so that a call needs no name.

use plugin_sdk::abi::ExportAccess;

use crate::image::Manifest;

/// Resolved exports; their numbers are their places.
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
    /// Number of the export with this name.
    pub(crate) fn add(&mut self, name: &str, present: Option<&Manifest>) -> usize {
        self.0.iter().position(|known| known.name == name).unwrap_or_else(|| {
            self.0.push(Binding { name: name.to_owned(), found: find(name, present) });
            self.0.len() - 1
        })
    }

    /// Finds all of them in the manifest of the next instance.
    pub(crate) fn bind(&mut self, next: Option<&Manifest>) {
        for binding in &mut self.0 {
            binding.found = find(&binding.name, next);
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
