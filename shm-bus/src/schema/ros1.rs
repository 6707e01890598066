//! A schema as a ROS 1 message definition, which viewers of recordings understand.
//!
//! ROS 1 serializes fields in the order in which they are declared, little-endian, without padding: declared in the order
//! of their offsets, the bytes of a plain message *are* its ROS 1 serialization, so that recording one converts nothing.
//!
//! | here | in ROS 1 |
//! |---|---|
//! | `f32`, `u8`, … | `float32`, `uint8`, … |
//! | `entity` | `uint64` |
//! | `[T; n]`, also within each other | `T[n]`, with the counts multiplied |
//! | a struct | a definition of its own |
//! | bytes of no field | a field `gap<n>` of `uint8` |

use std::fmt::Write as _;

use super::{Field, Fields, Kind};

/// Between the definitions of one text.
const RULE: &str = "================================================================================\n";

/// A definition and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    /// `package/Type`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The definition of a record of messages: `header`, then the messages; or `None` where fields overlap.
pub(crate) fn definition(fields: &Fields, header: &str) -> Option<Definition> {
    let (package, name) = fields.name.rsplit_once('.').unwrap_or(("hotframe", &fields.name));
    let (package, name) = (identifier(package), identifier(name));
    let mut types = Types { package: &package, done: Vec::new() };
    types.define(&name, &fields.fields, fields.size)?;
    let mut text = format!("{header}{package}/{name}[] messages\n");
    for (name, definition) in &types.done {
        write!(text, "{RULE}MSG: {package}/{name}\n{definition}").expect("a String takes everything");
    }
    let mut record = format!("{name}Record");
    while types.done.iter().any(|(name, _)| *name == record) {
        record.push('_');
    }
    Some(Definition { name: format!("{package}/{record}"), text })
}

/// The definitions so far.
struct Types<'a> {
    package: &'a str,
    done: Vec<(String, String)>,
}

impl Types<'_> {
    fn define(&mut self, name: &str, fields: &[Field], size: usize) -> Option<()> {
        let mut sorted: Vec<&Field> = fields.iter().collect();
        sorted.sort_by_key(|field| field.offset);
        let place = self.done.len();
        self.done.push((name.to_owned(), String::new()));
        let (mut text, mut end) = (String::new(), 0);
        for field in sorted {
            gap(&mut text, end, field.offset.checked_sub(end)?);
            let (element, count) = flat(&field.kind);
            let count =
                if count > 1 || matches!(field.kind, Kind::Array(..)) { format!("[{count}]") } else { String::new() };
            let kind = self.kind(&field.name, element)?;
            writeln!(text, "{kind}{count} {}", identifier(&field.name)).expect("a String takes everything");
            end = field.offset + field.kind.size();
        }
        gap(&mut text, end, size.checked_sub(end)?);
        self.done[place].1 = text;
        Some(())
    }

    fn kind(&mut self, field: &str, kind: &Kind) -> Option<String> {
        Some(match kind {
            Kind::Unsigned(size) => format!("uint{}", 8 * size),
            Kind::Signed(size) => format!("int{}", 8 * size),
            Kind::F32 => "float32".to_owned(),
            Kind::F64 => "float64".to_owned(),
            Kind::Entity => "uint64".to_owned(),
            Kind::Array(..) => unreachable!("an element is no array"),
            Kind::Struct(fields, size) => {
                // The text of a schema drops no name of a nested type, but the parser does not keep it: the field's will do.
                let name = self.unused(field);
                self.define(&name, fields, *size)?;
                format!("{}/{name}", self.package)
            }
        })
    }

    /// A name for the type of `field`.
    fn unused(&self, field: &str) -> String {
        let (identifier, mut number) = (identifier(field), 1);
        let mut name = identifier.clone();
        while self.done.iter().any(|(done, _)| *done == name) {
            number += 1;
            name = format!("{identifier}{number}");
        }
        name
    }
}

/// The innermost element of arrays within each other, and how many there are.
fn flat(kind: &Kind) -> (&Kind, usize) {
    match kind {
        Kind::Array(element, count) => {
            let (element, inner) = flat(element);
            (element, count * inner)
        }
        kind => (kind, 1),
    }
}

fn gap(text: &mut String, at: usize, bytes: usize) {
    if bytes > 0 {
        writeln!(text, "uint8[{bytes}] gap{at}").expect("a String takes everything");
    }
}

/// `name` with nothing but what ROS allows.
fn identifier(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(allowed).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("x{name}") }
}

#[cfg(test)]
mod tests {
    use super::definition;
    use crate::schema::Fields;

    #[test]
    fn fields_are_declared_in_the_order_of_their_bytes() {
        let text =
            "game-types.Hit@1 64/8 {a:entity@8,at:V{y:f32@4,x:f32@0}@0,grid:[[i16;2];3]@16,one:[u8;1]@28,z:f64@32}";
        let fields = Fields::parse(text).expect("a schema");
        let definition = definition(&fields, "uint64 sequence\n").expect("no overlap");
        assert_eq!(definition.name, "game_types/HitRecord");
        let expected = "\
uint64 sequence
game_types/Hit[] messages
================================================================================
MSG: game_types/Hit
game_types/at at
uint64 a
int16[6] grid
uint8[1] one
uint8[3] gap29
float64 z
uint8[24] gap40
================================================================================
MSG: game_types/at
float32 x
float32 y
";
        assert_eq!(definition.text, expected);
    }

    #[test]
    fn overlapping_fields_have_no_definition() {
        let fields = Fields::parse("t.A@1 8/8 {a:u64@0,b:u32@4}").expect("a schema");
        assert_eq!(definition(&fields, ""), None);
    }
}
