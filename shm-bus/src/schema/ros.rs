//! Converts a schema to a ROS message definition, which viewers of recordings understand.
//!
//! ROS 1 serializes fields in the order of their declaration, little-endian, without padding. If fields are declared in the order of their
//! offsets, the bytes of a plain message *are* its ROS 1 serialization, so recording one converts nothing. ROS 2 aligns (see
//! `record/cdr.rs`), and allows fewer names.
//!
//! | here | in ROS |
//! |---|---|
//! | `f32`, `u8`, … | `float32`, `uint8`, … |
//! | `bool` | `bool` |
//! | `entity` | `uint64` |
//! | an enum | its number, after a constant for each variant |
//! | `[T; n]`, also nested | `T[n]`, with the counts multiplied |
//! | a struct | a definition of its own |
//! | bytes outside of all fields | a field `gap<n>` of `uint8` |

use std::fmt::Write as _;

use super::{Enumeration, Field, Fields, Kind};

/// The allowed names, and the form of a type's full name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Ros1,
    Ros2,
}

/// Separates the definitions of one text.
const RULE: &str = "================================================================================\n";

/// A definition and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    /// `package/Type`, or `package/msg/Type`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The definition of a record of messages: `header`, then the messages; or `None` where fields overlap.
pub(crate) fn definition(fields: &Fields, header: &str, dialect: Dialect) -> Option<Definition> {
    let (package, name) = fields.name.rsplit_once('.').unwrap_or(("hotframe", &fields.name));
    let (package, name) = (dialect.field(package), dialect.type_name(name));
    let mut types = Types { package: &package, dialect, done: Vec::new() };
    types.define(&name, &fields.fields, fields.size)?;
    let mut text = format!("{header}{package}/{name}[] messages\n");
    for (name, definition) in &types.done {
        write!(text, "{RULE}MSG: {package}/{name}\n{definition}").expect("a String takes everything");
    }
    let record = unused(format!("{name}Record"), "", |name| types.done.iter().any(|(done, _)| done == name));
    Some(Definition { name: dialect.full_name(&package, &record), text })
}

impl Dialect {
    /// The full name of a type of a package.
    pub(crate) fn full_name(self, package: &str, name: &str) -> String {
        match self {
            Self::Ros1 => format!("{package}/{name}"),
            Self::Ros2 => format!("{package}/msg/{name}"),
        }
    }

    /// `name` converted to a valid name of a field or package.
    fn field(self, name: &str) -> String {
        match self {
            Self::Ros1 => identifier(name),
            Self::Ros2 => words(name).join("_").to_ascii_lowercase(),
        }
    }

    /// `name` converted to a valid type name.
    fn type_name(self, name: &str) -> String {
        match self {
            Self::Ros1 => identifier(name),
            Self::Ros2 => words(name).iter().map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect(),
        }
    }
}

/// A topic's name in ROS 2's form: `/` before each part, no part begins with a digit, no two underscores in a row.
pub(crate) fn topic(name: &str) -> String {
    let parts = name.split('/').filter(|part| !part.is_empty());
    let topic: String = parts.map(|part| format!("/{}", words(part).join("_"))).collect();
    if topic.is_empty() { "/x".to_owned() } else { topic }
}

/// `name`, or if that is taken `name` with `separator` and a number.
pub(crate) fn unused(name: String, separator: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let names = (2..).map(|number: u32| format!("{name}{separator}{number}"));
    std::iter::once(name.clone()).chain(names).find(|name| !is_taken(name)).unwrap_or(name)
}

/// The letters and digits of `name`, split at everything else; at least one word, and the first begins with a letter.
fn words(name: &str) -> Vec<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    if !words.first().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())) {
        words.insert(0, "x".to_owned());
    }
    words
}

/// The definitions so far.
struct Types<'a> {
    package: &'a str,
    dialect: Dialect,
    done: Vec<(String, String)>,
}

impl Types<'_> {
    fn define(&mut self, name: &str, fields: &[Field], size: usize) -> Option<()> {
        let mut sorted: Vec<&Field> = fields.iter().collect();
        sorted.sort_by_key(|field| field.offset);
        let place = self.done.len();
        self.done.push((name.to_owned(), String::new()));
        let (mut text, mut end) = (String::new(), 0);
        let mut names: Vec<String> = Vec::new();
        for field in sorted {
            gap(&mut text, &mut names, end, field.offset.checked_sub(end)?);
            let (element, count) = flat(&field.kind);
            let count =
                if count > 1 || matches!(field.kind, Kind::Array(..)) { format!("[{count}]") } else { String::new() };
            let kind = self.kind(&field.name, element)?;
            // Names may differ only in characters that ROS does not allow, or look like those of gaps.
            let own = unused(self.dialect.field(&field.name), "_", |name| names.iter().any(|known| known == name));
            if let Kind::Enum(element) = element {
                constants(&mut text, &mut names, &own, element);
            }
            writeln!(text, "{kind}{count} {own}").expect("a String takes everything");
            names.push(own);
            end = field.offset + field.kind.size();
        }
        gap(&mut text, &mut names, end, size.checked_sub(end)?);
        self.done[place].1 = text;
        Some(())
    }

    fn kind(&mut self, field: &str, kind: &Kind) -> Option<String> {
        Some(match kind {
            Kind::Unsigned(size) => format!("uint{}", 8 * size),
            Kind::Signed(size) => format!("int{}", 8 * size),
            Kind::F32 => "float32".to_owned(),
            Kind::F64 => "float64".to_owned(),
            Kind::Bool => "bool".to_owned(),
            Kind::Entity => "uint64".to_owned(),
            Kind::Enum(own) => number_type(own),
            Kind::Array(..) => unreachable!("an element is no array"),
            Kind::Struct(fields, size) => {
                // The text of a schema contains the name of a nested type, but the parser does not keep it: the field's name takes its
                // place.
                let name =
                    unused(self.dialect.type_name(field), "", |name| self.done.iter().any(|(done, _)| done == name));
                self.define(&name, fields, *size)?;
                format!("{}/{name}", self.package)
            }
        })
    }
}

/// The innermost element of nested arrays, and the number of elements.
fn flat(kind: &Kind) -> (&Kind, usize) {
    match kind {
        Kind::Array(element, count) => {
            let (element, inner) = flat(element);
            (element, count * inner)
        }
        kind => (kind, 1),
    }
}

fn number_type(own: &Enumeration) -> String {
    format!("uint{}", 8 * own.size)
}

/// Declares the variants of a field's enum. Viewers show the names of the constants in front of a field of the same type.
fn constants(text: &mut String, names: &mut Vec<String>, field: &str, own: &Enumeration) {
    let is_known = |names: &[String], name: &str| names.iter().any(|known| known == name);
    let constants: Vec<String> = own.variants.iter().map(|(name, _)| constant(name)).collect();
    // Another field may have the same enum, or one with some of its names.
    let prefix = match constants.iter().any(|name| is_known(names, name)) {
        true => constant(field) + "_",
        false => String::new(),
    };
    for (name, (_, number)) in constants.into_iter().zip(&own.variants) {
        let name = unused(prefix.clone() + &name, "_", |name| is_known(names, name));
        writeln!(text, "{} {name}={number}", number_type(own)).expect("a String takes everything");
        names.push(name);
    }
}

/// `name` in capitals, with `_` between words: `ShipHit` is `SHIP_HIT`.
fn constant(name: &str) -> String {
    let mut split = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && split.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
            split.push('_');
        }
        split.push(letter);
    }
    words(&split).join("_").to_ascii_uppercase()
}

/// Declares the bytes between fields.
fn gap(text: &mut String, names: &mut Vec<String>, at: usize, bytes: usize) {
    if bytes > 0 {
        let name = unused(format!("gap{at}"), "_", |name| names.iter().any(|known| known == name));
        writeln!(text, "uint8[{bytes}] {name}").expect("a String takes everything");
        names.push(name);
    }
}

/// `name` reduced to characters that ROS allows.
fn identifier(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(allowed).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("x{name}") }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, definition, topic};
    use crate::schema::Fields;

    #[test]
    fn fields_are_declared_in_the_order_of_their_bytes() {
        let text =
            "game-types.Hit@1 64/8 {a:entity@8,at:V{y:f32@4,x:f32@0}@0,grid:[[i16;2];3]@16,one:[u8;1]@28,z:f64@32}";
        let fields = Fields::parse(text).expect("a schema");
        let definition = definition(&fields, "uint64 sequence\n", Dialect::Ros1).expect("no overlap");
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
    fn variants_are_constants_in_front_of_their_field() {
        let mood = "Mood:u32{Calm=0,ShipHit2It=7}";
        let text = format!("t.Agent@1 16/4 {{mood:{mood}@0,next:[{mood};2]@4,k:K:u8{{größe=1}}@12,on:[bool;3]@13}}");
        let fields = Fields::parse(&text).expect("a schema");
        for dialect in [Dialect::Ros1, Dialect::Ros2] {
            let definition = definition(&fields, "", dialect).expect("no overlap");
            let (_, agent) = definition.text.split_once("MSG: t/Agent\n").expect("the message's own type");
            let expected = "\
uint32 CALM=0
uint32 SHIP_HIT2_IT=7
uint32 mood
uint32 NEXT_CALM=0
uint32 NEXT_SHIP_HIT2_IT=7
uint32[2] next
uint8 GR_E=1
uint8 k
bool[3] on
";
            assert_eq!(agent, expected);
        }
    }

    #[test]
    fn overlapping_fields_have_no_definition() {
        let fields = Fields::parse("t.A@1 8/8 {a:u64@0,b:u32@4}").expect("a schema");
        assert_eq!(definition(&fields, "", Dialect::Ros1), None);
        assert_eq!(definition(&fields, "", Dialect::Ros2), None);
    }

    #[test]
    fn ros_2_allows_fewer_names_and_all_are_made_to_fit() {
        let text = "Game-Types.big hit@1 16/4 {X:u8@0,x:u8@1,_y__Z_:u16@2,9:f32@4,größe:V{at:u8@0}@8,gap12:u8@9,V:T{V:[u8;2]@0}@10}";
        let text = text.replace("big hit", "big_hit");
        let fields = Fields::parse(&text).expect("a schema");
        let definition = definition(&fields, "", Dialect::Ros2).expect("no overlap");
        assert_eq!(definition.name, "game_types/msg/BigHitRecord");
        let expected = "\
game_types/BigHit[] messages
================================================================================
MSG: game_types/BigHit
uint8 x
uint8 x_2
uint16 y_z
float32 x_9
game_types/GrE gr_e
uint8 gap12
game_types/V v
uint8[4] gap12_2
================================================================================
MSG: game_types/GrE
uint8 at
================================================================================
MSG: game_types/V
uint8[2] v
";
        assert_eq!(definition.text, expected);
        let topics =
            [("physics/contact", "/physics/contact"), ("/a//b-c/__9/", "/a/b_c/x_9"), ("..", "/x"), ("", "/x")];
        topics.iter().for_each(|(name, legal)| assert_eq!(topic(name), *legal));
    }
}
