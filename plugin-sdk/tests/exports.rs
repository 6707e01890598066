//! What a plugin's descriptor says of its exports.

#![expect(unsafe_code, reason = "reads the descriptor as the host does")]

use std::collections::BTreeMap;

use plugin_sdk::abi::{ExportAccess, ExportDescriptor, PluginDescriptor};
use plugin_sdk::prelude::*;
use plugin_sdk::wire::schema_hash;

#[derive(Default, PluginState)]
struct Scores {
    names: Vec<String>,
}

#[plugin(name = "scores")]
impl Scores {
    /// Enters a name.
    ///
    ///     with an indented line
    #[export]
    fn enter<'a>(
        &'a mut self,
        _call: &CallContext<'_>,
        name: &'a str,
        r#type: Option<&str>,
    ) -> std::result::Result<(), String> {
        self.names.push(format!("{name} {type:?}"));
        Ok(())
    }

    #[export()]
    fn first(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    /** Merges two. */
    #[export(name = "merge")]
    fn merged(&self, mut first: BTreeMap<String, u32>, second: BTreeMap<String, u32>) -> Result<BTreeMap<String, u32>> {
        first.extend(second);
        Ok(first)
    }

    #[export]
    fn clear(&mut self) {
        self.names.clear();
    }
}

fn exports() -> &'static [ExportDescriptor] {
    unsafe extern "C" {
        fn hotframe_plugin() -> *const PluginDescriptor;
    }
    // SAFETY: the macro defines it with this signature.
    let descriptor = unsafe { hotframe_plugin() };
    // SAFETY: constant data of this program.
    let descriptor = unsafe { &*descriptor };
    // SAFETY: likewise.
    unsafe { descriptor.exports.as_slice() }
}

fn text(text: plugin_sdk::abi::Text) -> String {
    // SAFETY: constant data of this program.
    unsafe { text.to_owned_text() }
}

#[test]
fn exports_are_described_in_the_source_s_order() {
    let described: Vec<_> =
        exports().iter().map(|export| (text(export.name), text(export.signature), text(export.docs))).collect();
    let expected = [
        ("enter", "enter(name: &str, type: Option<&str>)", "Enters a name.\n\n    with an indented line"),
        ("first", "first() -> Option<&str>", ""),
        (
            "merge",
            "merge(first: BTreeMap<String, u32>, second: BTreeMap<String, u32>) -> BTreeMap<String, u32>",
            "Merges two.",
        ),
        ("clear", "clear()", ""),
    ];
    assert_eq!(described, expected.map(|(name, signature, docs)| (name.into(), signature.into(), docs.into())));
}

#[test]
fn the_hash_is_that_of_the_signature_and_the_access_that_of_self() {
    let (shared, exclusive) = (ExportAccess::Shared, ExportAccess::Exclusive);
    for (export, access) in exports().iter().zip([exclusive, shared, shared, exclusive]) {
        assert_eq!(export.hash, schema_hash(&text(export.signature)));
        assert_eq!(ExportAccess::from_wire(export.access), Some(access));
    }
}
