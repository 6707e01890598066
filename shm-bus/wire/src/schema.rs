//! Canonical text and hash of plain data: the identity of a type across processes, libraries and languages.
//!
//! A schema looks like `game-types.Contact@1 24/8 {a:entity@0,b:entity@8,x:f32@16,y:f32@20}`: name, version, size/align, then each field
//! with its type and offset. A nested struct is its name and fields, `V{x:f32@0,y:f32@4}`; an enum is its name, the type of its number and
//! its variants, `Mood:u32{Calm=0,Angry=1}`. The derives build the text at compile time. It is hashed with FNV-1a, stored in segments and
//! shown in errors. Does not use Rust's `TypeId` or `type_name`.
//!
//! # Failure
//! Text that exceeds [`SchemaText::CAPACITY`] stops the compilation.

/// A text that is built at compile time.
#[derive(Clone, Copy)]
pub struct SchemaText {
    bytes: [u8; Self::CAPACITY],
    /// In `0 ..= CAPACITY`.
    len: usize,
}

impl core::fmt::Debug for SchemaText {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Default for SchemaText {
    fn default() -> Self {
        Self::new()
    }
}

impl SchemaText {
    /// Maximum length of a schema in bytes.
    pub const CAPACITY: usize = 1024;

    /// An empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], len: 0 }
    }

    /// Appends `text`.
    ///
    /// # Panics
    /// If the result is longer than [`Self::CAPACITY`]; at compile time in the derives.
    #[must_use]
    pub const fn text(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        assert!(self.len + text.len() <= Self::CAPACITY, "the schema is longer than 1024 bytes");
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.len + index] = text[index];
            index += 1;
        }
        self.len += text.len();
        self
    }

    /// Appends `number` in decimal.
    ///
    /// # Panics
    /// As for [`Self::text`].
    #[must_use]
    pub const fn number(self, number: u64) -> Self {
        let shorter = if number >= 10 { self.number(number / 10) } else { self };
        let digit = [b'0' + (number % 10) as u8];
        match core::str::from_utf8(&digit) {
            Ok(digit) => shorter.text(digit),
            Err(_) => unreachable!(),
        }
    }

    /// Appends `name:type@offset`, with a comma before it unless it is the first field.
    ///
    /// # Panics
    /// As for [`Self::text`].
    #[must_use]
    pub const fn field(self, first: bool, name: &str, kind: &str, offset: usize) -> Self {
        let separated = if first { self } else { self.text(",") };
        separated.text(name).text(":").text(kind).text("@").number(offset as u64)
    }

    /// Appends `name=number`, with a comma before it unless it is the first variant.
    ///
    /// # Panics
    /// As for [`Self::text`].
    #[must_use]
    pub const fn variant(self, first: bool, name: &str, number: u64) -> Self {
        let separated = if first { self } else { self.text(",") };
        separated.text(name).text("=").number(number)
    }

    /// The text so far.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => panic!("the text was appended as UTF-8"),
        }
    }
}

/// FNV-1a, 64 bits, of `text`.
///
/// Source: Fowler, Noll, Vo; RFC 9923.
#[must_use]
pub const fn schema_hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::{SchemaText, schema_hash};

    #[test]
    fn fields_are_separated_by_commas() {
        let text = SchemaText::new().field(true, "x", "f32", 0).field(false, "y", "f32", 104);
        assert_eq!(text.as_str(), "x:f32@0,y:f32@104");
    }

    #[test]
    fn variants_are_separated_by_commas() {
        let text = SchemaText::new().variant(true, "Calm", 0).variant(false, "Angry", 4_294_967_295);
        assert_eq!(text.as_str(), "Calm=0,Angry=4294967295");
    }

    #[test]
    fn hash_agrees_with_the_published_vectors() {
        assert_eq!(schema_hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(schema_hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(schema_hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
