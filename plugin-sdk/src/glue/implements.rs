//! Checks at compile time that a plugin's exports are those of the interfaces that it implements.
//!
//! `#[track_caller]` moves the compiler's error from here to the expression of the macro that calls.

use crate::client::InterfaceSpec;

/// Each method of `interface` is among the names of the `exports`.
///
/// # Panics
/// At compile time, if one is not.
#[track_caller]
pub const fn require_exports(interface: &InterfaceSpec, exports: &[&str]) {
    let mut number = 0;
    while number < interface.methods.len() {
        let method = interface.methods[number];
        let mut index = 0;
        while index < exports.len() && !is_same(exports[index], method.name) {
            index += 1;
        }
        if index == exports.len() {
            let message = Message::new()
                .add("no export `")
                .add(method.name)
                .add("`: interface ")
                .add(interface.name)
                .add(" has `")
                .add(method.signature)
                .add("`; write this method with `#[export]`");
            panic!("{}", message.text());
        }
        number += 1;
    }
}

/// The export `name` has the signature that `interface` has for it, if any.
///
/// # Panics
/// At compile time, if it has another one.
#[track_caller]
pub const fn require_signature(interface: &InterfaceSpec, name: &str, signature: &str) {
    let mut number = 0;
    while number < interface.methods.len() {
        let method = interface.methods[number];
        if is_same(method.name, name) && !is_same(method.signature, signature) {
            let message = Message::new()
                .add("the export is `")
                .add(signature)
                .add("`, interface ")
                .add(interface.name)
                .add(" has `")
                .add(method.signature)
                .add("`; give it these arguments and this reply");
            panic!("{}", message.text());
        }
        number += 1;
    }
}

const fn is_same(first: &str, second: &str) -> bool {
    let (first, second) = (first.as_bytes(), second.as_bytes());
    let mut index = 0;
    while index < first.len() && index < second.len() && first[index] == second[index] {
        index += 1;
    }
    index == first.len() && index == second.len()
}

/// A text that is put together at compile time.
struct Message {
    bytes: [u8; 2048],
    used: usize,
}

impl Message {
    const fn new() -> Self {
        Self { bytes: [0; _], used: 0 }
    }

    /// Appends `text`, or what there is room for.
    const fn add(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut index = 0;
        while index < text.len() && self.used < self.bytes.len() {
            self.bytes[self.used] = text[index];
            self.used += 1;
            index += 1;
        }
        self
    }

    const fn text(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.used).0) {
            Ok(text) => text,
            Err(_) => "an export has another signature than its interface",
        }
    }
}
