//! Parses text into fields, by recursive descent of bounded depth.

use super::{Enumeration, Field, Fields, Kind, SchemaError};

/// Maximum length of the text in bytes.
const TEXT_MAX: usize = 1024;
/// Maximum nesting of arrays and structs.
const DEPTH_MAX: usize = 16;
/// Maximum size of one message in bytes.
const SIZE_MAX: usize = 1 << 20;

/// Whether a name may contain this byte of UTF-8.
fn is_of_name(byte: u8) -> bool {
    !byte.is_ascii_control() && !b"\"\\{}[]:;,@ ".contains(&byte)
}

pub(super) fn parse(schema: &str) -> Result<Fields, SchemaError> {
    let mut text = Text { bytes: schema.as_bytes(), at: 0 };
    if schema.len() > TEXT_MAX {
        return text.wrong("it is longer than 1024 bytes");
    }
    let name = text.until(b'@')?;
    let version = text.number()?.try_into().or_else(|_| text.wrong("the version is too large"))?;
    text.expect(b' ', "a space should follow the version")?;
    let size = text.number()?;
    if size == 0 || size > SIZE_MAX {
        return text.wrong("a message has 1 to 1048576 bytes");
    }
    text.expect(b'/', "a slash should follow the size")?;
    text.number()?;
    text.expect(b' ', "a space should follow the alignment")?;
    let fields = text.fields(0, size)?;
    if text.at < text.bytes.len() {
        return text.wrong("something follows the fields");
    }
    Ok(Fields { name, version, size, fields })
}

struct Text<'a> {
    bytes: &'a [u8],
    /// In `0 ..= bytes.len()`.
    at: usize,
}

impl<'a> Text<'a> {
    fn wrong<T>(&self, problem: &'static str) -> Result<T, SchemaError> {
        Err(SchemaError { problem, at: self.at })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, problem: &'static str) -> Result<(), SchemaError> {
        if self.skip(byte) { Ok(()) } else { self.wrong(problem) }
    }

    /// The text before the next `end`, which is skipped.
    fn until(&mut self, end: u8) -> Result<String, SchemaError> {
        let rest = &self.bytes[self.at..];
        let Some(len) = rest.iter().position(|byte| *byte == end) else {
            return self.wrong("a name is not terminated");
        };
        match str::from_utf8(&rest[..len]) {
            Ok(name) if len > 0 && rest[..len].iter().all(|byte| is_of_name(*byte)) => {
                self.at += len + 1;
                Ok(name.to_owned())
            }
            _ => self.wrong("a name has a byte that names cannot have, or none"),
        }
    }

    /// The longest text from here that could be a name; perhaps empty.
    fn word(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|byte| !is_of_name(*byte)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn number(&mut self) -> Result<usize, SchemaError> {
        let start = self.at;
        let mut number = 0_usize;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let next = number.checked_mul(10).and_then(|tens| tens.checked_add(usize::from(digit - b'0')));
            let Some(next) = next else { return self.wrong("a number is too large") };
            number = next;
            self.at += 1;
        }
        if self.at == start { self.wrong("a number should be here") } else { Ok(number) }
    }

    /// `{…}`, all of whose fields end within `size` bytes.
    fn fields(&mut self, depth: usize, size: usize) -> Result<Vec<Field>, SchemaError> {
        self.expect(b'{', "an opening brace should be here")?;
        let mut fields = Vec::new();
        if self.skip(b'}') {
            return Ok(fields);
        }
        loop {
            let name = self.until(b':')?;
            let kind = self.kind(depth, size)?;
            self.expect(b'@', "an offset should follow the type")?;
            let offset = self.number()?;
            if offset.checked_add(kind.size()).is_none_or(|end| end > size) {
                return self.wrong("a field reaches past its struct");
            }
            fields.push(Field { name, kind, offset });
            if self.skip(b'}') {
                return Ok(fields);
            }
            self.expect(b',', "a comma or a closing brace should be here")?;
        }
    }

    /// A type of at most `max` bytes.
    fn kind(&mut self, depth: usize, max: usize) -> Result<Kind, SchemaError> {
        if depth == DEPTH_MAX {
            return self.wrong("types are nested too deeply");
        }
        if self.skip(b'[') {
            let element = self.kind(depth + 1, max)?;
            self.expect(b';', "a semicolon should follow the element type")?;
            let count = self.number()?;
            self.expect(b']', "a closing bracket should be here")?;
            // Every type has at least one byte, so the count is bounded, too.
            return match element.size().checked_mul(count) {
                Some(0) => self.wrong("an array has no element"),
                Some(size) if size <= max => Ok(Kind::Array(Box::new(element), count)),
                _ => self.wrong("an array reaches past its struct"),
            };
        }
        let word = self.word();
        if self.skip(b':') {
            return self.enumeration(word);
        }
        if self.peek() == Some(b'{') {
            let fields = self.fields(depth + 1, max)?;
            // Plain data has no padding: a struct ends where its last field does.
            let size = fields.iter().map(|field| field.offset + field.kind.size()).max();
            return match size {
                Some(size) if size > 0 => Ok(Kind::Struct(fields, size)),
                _ => self.wrong("a nested type has no bytes"),
            };
        }
        Ok(match word {
            b"u8" => Kind::Unsigned(1),
            b"u16" => Kind::Unsigned(2),
            b"u32" => Kind::Unsigned(4),
            b"u64" => Kind::Unsigned(8),
            b"i8" => Kind::Signed(1),
            b"i16" => Kind::Signed(2),
            b"i32" => Kind::Signed(4),
            b"i64" => Kind::Signed(8),
            b"f32" => Kind::F32,
            b"f64" => Kind::F64,
            b"bool" => Kind::Bool,
            b"entity" => Kind::Entity,
            _ => return self.wrong("a type is not known"),
        })
    }

    /// The enum `name`, from the type of its number on.
    fn enumeration(&mut self, name: &[u8]) -> Result<Kind, SchemaError> {
        let own_name = match str::from_utf8(name) {
            Ok(name) if !name.is_empty() => name.to_owned(),
            _ => return self.wrong("an enum has no name"),
        };
        let size = match self.word() {
            b"u8" => 1,
            b"u16" => 2,
            b"u32" => 4,
            _ => return self.wrong("the number of an enum is u8, u16 or u32"),
        };
        self.expect(b'{', "an opening brace should be here")?;
        let mut variants: Vec<(String, u64)> = Vec::new();
        loop {
            let name = self.until(b'=')?;
            let number = self.number()? as u64;
            if number >> (8 * size) > 0 {
                return self.wrong("the number of a variant is larger than its enum");
            }
            if variants.iter().any(|known| known.0 == name || known.1 == number) {
                return self.wrong("two variants have the same name or number");
            }
            variants.push((name, number));
            if self.skip(b'}') {
                return Ok(Kind::Enum(Enumeration { name: own_name, size, variants }));
            }
            self.expect(b',', "a comma or a closing brace should be here")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;
    use crate::schema::Kind;
    use crate::wire::{Plain, SchemaText};

    #[test]
    fn what_the_derives_build_is_understood() {
        let text = SchemaText::new()
            .text("game.Contact@3 40/8 {")
            .field(true, "a", "entity", 0)
            .field(false, "grid", <[[f32; 3]; 2] as Plain>::TYPE, 8)
            .field(false, "at", "Vec2{x:f32@0,y:f32@4}", 32)
            .text("}");
        let fields = parse(text.as_str()).expect("a schema");
        assert_eq!((fields.name(), fields.version(), fields.size(), fields.fields.len()), ("game.Contact", 3, 40, 3));
    }

    #[test]
    fn an_enum_has_its_variants_and_a_bool_one_byte() {
        let text = "a.Agent@1 8/4 {mood:Größe:u32{Calm=0,Angry=4294967295}@0,on:[bool;2]@4,c:[Color:u16{Red=1};1]@6}";
        let fields = parse(text).expect("a schema").fields;
        let Kind::Enum(mood) = &fields[0].kind else { panic!("no enum: {fields:?}") };
        assert_eq!((mood.name.as_str(), mood.size), ("Größe", 4));
        assert_eq!(mood.variants, [("Calm".to_owned(), 0), ("Angry".to_owned(), 4_294_967_295)]);
        assert_eq!((mood.name_of(4_294_967_295), mood.name_of(1)), (Some("Angry"), None));
        assert_eq!(fields[1].kind, Kind::Array(Box::new(Kind::Bool), 2));
        assert_eq!(fields[2].kind.size(), 2);
    }

    #[test]
    fn what_would_leave_the_message_is_refused() {
        for (text, problem) in [
            ("a@1 4/4 {x:u64@0}", "a field reaches past its struct"),
            ("a@1 8/4 {x:u64@1}", "a field reaches past its struct"),
            ("a@1 8/4 {x:u8@18446744073709551615}", "a field reaches past its struct"),
            ("a@1 8/4 {x:[u8;9]@0}", "an array reaches past its struct"),
            ("a@1 8/4 {x:[u64;18446744073709551615]@0}", "an array reaches past its struct"),
            ("a@1 8/4 {x:[[u8;0];99999999999]@0}", "an array has no element"),
            ("a@1 0/4 {}", "a message has 1 to 1048576 bytes"),
            ("a@1 8/4 {x:T{}@0}", "a nested type has no bytes"),
            ("a@1 8/4 {x:char@0}", "a type is not known"),
            ("a@1 1/1 {x:E:u16{A=0}@0}", "a field reaches past its struct"),
            ("a@1 8/4 {x:E:u64{A=0}@0}", "the number of an enum is u8, u16 or u32"),
            ("a@1 8/4 {x::u8{A=0}@0}", "an enum has no name"),
            ("a@1 8/4 {x:E:u8{}@0}", "a name is not terminated"),
            ("a@1 8/4 {x:E:u8{A=256}@0}", "the number of a variant is larger than its enum"),
            ("a@1 8/4 {x:E:u8{A=0,B=0}@0}", "two variants have the same name or number"),
            ("a@1 8/4 {x:E:u8{A=0,A=1}@0}", "two variants have the same name or number"),
            ("a@1 8/4 {x:E:u8{A}@0,y:E:u8{B=1}@1}", "a name has a byte that names cannot have, or none"),
            ("a@1 8/4 {x:u8@0", "a comma or a closing brace should be here"),
            ("a@1 8/4 {x\":u8@0}", "a name has a byte that names cannot have, or none"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.problem == problem, "{text}: {error}");
        }
        let deep = format!("a@1 8/4 {{x:{}u8{}@0}}", "[".repeat(100), ";1]".repeat(100));
        assert_eq!(parse(&deep).expect_err("deep").problem, "types are nested too deeply");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_it_accepts_can_be_printed(
            text in "(a@1 (8|64)/4 )?\\{?([a-c]:(u8|f64|bool|entity|\\[|T\\{|E:u8\\{[A-C]=[0-9]|[0-9;\\]\\{\\}]){0,4}@[0-9]{1,2}[,\\}]?){0,6}",
            payload in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            if let Ok(fields) = parse(&text) {
                let text = fields.to_json(&payload);
                prop_assert!(!text.is_empty());
                let _ = fields.check(&payload);
            }
        }
    }
}
