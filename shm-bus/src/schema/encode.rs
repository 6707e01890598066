//! Plain messages from JSON: the inverse of [`Fields::to_json`].

use serde_json::{Map, Value};

use super::{Enumeration, Field, Fields, Kind};

/// Why a JSON text is not a message of a schema.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The text is not JSON.
    #[error("this is not JSON")]
    Json(#[from] serde_json::Error),
    /// A value is of another type than its field.
    #[error("{} should be {wanted}, but is {found}", at(path))]
    Type {
        /// The field, such as `at.x` or `grid[3]`; empty for the message itself.
        path: String,
        /// The type according to the schema.
        wanted: String,
        /// The type in the text.
        found: String,
    },
    /// A field is missing. Every field is required: a message has no defaults.
    #[error("{} lacks the field `{field}`", at(path))]
    Missing {
        /// The struct that lacks it.
        path: String,
        /// The field.
        field: String,
    },
    /// The text contains a field that the type does not have.
    #[error("{} has no field `{field}`; it has: {}", at(path), known.join(", "))]
    Unknown {
        /// The struct that contains it.
        path: String,
        /// The field.
        field: String,
        /// The fields of the type.
        known: Vec<String>,
    },
}

fn at(path: &str) -> String {
    if path.is_empty() { "the message".to_owned() } else { format!("`{path}`") }
}

impl Fields {
    /// The bytes of the message in `json`, an object with every field; or of several messages, an array of such objects. A float may be a
    /// number, `"Infinity"`, `"-Infinity"`, `"NaN"` or `null` for NaN, `"NaN(0x7fc00001)"` for one with these bits; an enum is the name of a
    /// variant. The output of [`Self::to_json`] is read back bit for bit, if its bytes were values.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn from_json(&self, json: &str) -> Result<Vec<u8>, EncodeError> {
        let value: Value = serde_json::from_str(json)?;
        let messages = match &value {
            Value::Array(messages) => &messages[..],
            message => std::slice::from_ref(message),
        };
        let mut bytes = vec![0; self.size * messages.len()];
        for (index, (message, bytes)) in messages.iter().zip(bytes.chunks_exact_mut(self.size)).enumerate() {
            let path = if value.is_array() { format!("[{index}]") } else { String::new() };
            object(&self.fields, message, &path, bytes)?;
        }
        Ok(bytes)
    }
}

fn object(fields: &[Field], value: &Value, path: &str, bytes: &mut [u8]) -> Result<(), EncodeError> {
    let Value::Object(given) = value else { return mismatch(path, "an object", value) };
    refuse_unknown(fields, given, path)?;
    for Field { name, kind, offset } in fields {
        let value =
            given.get(name).ok_or_else(|| EncodeError::Missing { path: path.to_owned(), field: name.clone() })?;
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        write(kind, value, &path, &mut bytes[*offset..offset + kind.size()])?;
    }
    Ok(())
}

fn refuse_unknown(fields: &[Field], given: &Map<String, Value>, path: &str) -> Result<(), EncodeError> {
    match given.keys().find(|name| fields.iter().all(|field| field.name != **name)) {
        None => Ok(()),
        Some(name) => Err(EncodeError::Unknown {
            path: path.to_owned(),
            field: name.clone(),
            known: fields.iter().map(|field| field.name.clone()).collect(),
        }),
    }
}

fn write(kind: &Kind, value: &Value, path: &str, bytes: &mut [u8]) -> Result<(), EncodeError> {
    let size = bytes.len();
    match kind {
        Kind::Unsigned(_) | Kind::Entity => {
            match value.as_u64().filter(|number| *number <= u64::MAX >> (64 - 8 * size)) {
                Some(number) => bytes.copy_from_slice(&number.to_le_bytes()[..size]),
                None => return mismatch(path, &format!("a whole number from 0 of {} bits", 8 * size), value),
            }
        }
        Kind::Signed(_) => {
            match value.as_i64().filter(|number| *number << (64 - 8 * size) >> (64 - 8 * size) == *number) {
                Some(number) => bytes.copy_from_slice(&number.to_le_bytes()[..size]),
                None => return mismatch(path, &format!("a whole number of {} bits", 8 * size), value),
            }
        }
        Kind::Bool => match value {
            Value::Bool(value) => bytes[0] = u8::from(*value),
            value => return mismatch(path, "true or false", value),
        },
        Kind::Enum(own) => {
            match value.as_str().and_then(|name| own.variants.iter().find(|variant| variant.0 == name)) {
                Some((_, number)) => bytes.copy_from_slice(&number.to_le_bytes()[..size]),
                None => return mismatch(path, &one_of(own), value),
            }
        }
        Kind::F32 => bytes.copy_from_slice(&float32(value, path)?.to_le_bytes()),
        Kind::F64 => bytes.copy_from_slice(&float64(value, path)?.to_le_bytes()),
        Kind::Array(element, count) => match value {
            Value::Array(values) if values.len() == *count => {
                for (index, (value, bytes)) in values.iter().zip(bytes.chunks_exact_mut(element.size())).enumerate() {
                    write(element, value, &format!("{path}[{index}]"), bytes)?;
                }
            }
            value => return mismatch(path, &format!("an array of {count}"), value),
        },
        Kind::Struct(fields, _) => object(fields, value, path, bytes)?,
    }
    Ok(())
}

/// What an enum may be.
fn one_of(own: &Enumeration) -> String {
    let names: Vec<String> = own.variants.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    names.join(" or ")
}

/// What a float may be, numbers included.
const FLOAT: &str = "a number, \"Infinity\", \"-Infinity\" or \"NaN\"";

fn float64(value: &Value, path: &str) -> Result<f64, EncodeError> {
    match value {
        Value::Number(number) => number.as_f64().map_or_else(|| mismatch(path, FLOAT, value), Ok),
        Value::Null => Ok(f64::NAN),
        Value::String(text) => match (text.as_str(), nan_bits(text, 16).map(f64::from_bits)) {
            ("Infinity", _) => Ok(f64::INFINITY),
            ("-Infinity", _) => Ok(f64::NEG_INFINITY),
            ("NaN", _) => Ok(f64::NAN),
            (_, Some(number)) if number.is_nan() => Ok(number),
            _ => mismatch(path, FLOAT, value),
        },
        value => mismatch(path, FLOAT, value),
    }
}

fn float32(value: &Value, path: &str) -> Result<f32, EncodeError> {
    match value {
        // From its shortest text again: rounded once, from the decimal number, not twice via 64 bits.
        Value::Number(number) => match number.to_string().parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => mismatch(path, "a number of 32 bits", value),
        },
        Value::String(text) if nan_bits(text, 8).is_some() => {
            let number = nan_bits(text, 8).and_then(|bits| u32::try_from(bits).ok()).map(f32::from_bits);
            number.filter(|number| number.is_nan()).map_or_else(|| mismatch(path, FLOAT, value), Ok)
        }
        // NaN and the infinities, which are the same in both.
        Value::String(text) if text.starts_with("NaN(") => mismatch(path, "a NaN of 8 hexadecimal digits", value),
        value => Ok(float64(value, path)? as f32),
    }
}

/// The bits in `NaN(0x…)`, with exactly `digits` digits.
fn nan_bits(text: &str, digits: usize) -> Option<u64> {
    let hex = text.strip_prefix("NaN(0x")?.strip_suffix(')')?;
    let is_hex = hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { u64::from_str_radix(hex, 16).ok() } else { None }
}

fn mismatch<T>(path: &str, wanted: &str, value: &Value) -> Result<T, EncodeError> {
    let found = match value {
        Value::Array(values) => format!("an array of {}", values.len()),
        Value::Object(_) => "an object".to_owned(),
        plain => plain.to_string(),
    };
    Err(EncodeError::Type { path: path.to_owned(), wanted: wanted.to_owned(), found })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::schema::{Enumeration, Field, Fields, Kind};

    fn contact() -> Fields {
        Fields::parse("t.Contact@1 16/8 {e:entity@0,at:V{x:f32@0,y:i8@4,z:[u8;3]@5}@8}").expect("a schema")
    }

    #[test]
    fn an_object_becomes_the_bytes_of_its_fields() {
        let bytes = contact().from_json(r#"{"at":{"z":[1,2,255],"x":1.5,"y":-1},"e":7}"#).expect("a message");
        assert_eq!(bytes, [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0x3f, 255, 1, 2, 255]);
        let nan = contact().from_json(r#"[{"at":{"z":[1,2,3],"x":null,"y":0},"e":0}]"#).expect("a message");
        assert!(f32::from_le_bytes([nan[8], nan[9], nan[10], nan[11]]).is_nan());
        assert!(contact().from_json("[]").expect("no message").is_empty());
    }

    #[test]
    fn a_variant_is_named_and_nothing_else_is_one() {
        let fields = Fields::parse("t.M@1 8/4 {m:Mood:u32{Calm=0,Angry=70000}@0,on:[bool;4]@4}").expect("a schema");
        let json = r#"{"m":"Angry","on":[true,false,false,true]}"#;
        assert_eq!(fields.from_json(json).expect("a message"), [0x70, 0x11, 1, 0, 1, 0, 0, 1]);
        for (json, told) in [
            (r#"{"m":0,"on":[]}"#, r#"`m` should be "Calm" or "Angry", but is 0"#),
            (r#"{"m":"calm","on":[]}"#, r#"`m` should be "Calm" or "Angry", but is "calm""#),
            (r#"{"m":"Calm","on":[true,1,true,true]}"#, "`on[1]` should be true or false, but is 1"),
        ] {
            assert_eq!(fields.from_json(json).expect_err(json).to_string(), told);
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (json, told) in [
            ("{", "this is not JSON"),
            ("7", "the message should be an object, but is 7"),
            (r#"{"e":1}"#, "the message lacks the field `at`"),
            (r#"{"e":-1,"at":{}}"#, "`e` should be a whole number from 0 of 64 bits, but is -1"),
            (r#"{"e":1,"at":{"x":0,"y":128,"z":[0,0,0]}}"#, "`at.y` should be a whole number of 8 bits, but is 128"),
            (
                r#"{"e":1,"at":{"x":"1","y":1,"z":[0,0,0]}}"#,
                "`at.x` should be a number, \"Infinity\", \"-Infinity\" or \"NaN\", but is \"1\"",
            ),
            (r#"{"e":1,"at":{"x":0,"y":1,"z":[0,0]}}"#, "`at.z` should be an array of 3, but is an array of 2"),
            (
                r#"{"e":1,"at":{"x":0,"y":1,"z":[0,0,256]}}"#,
                "`at.z[2]` should be a whole number from 0 of 8 bits, but is 256",
            ),
            (r#"{"e":1,"at":{"w":0}}"#, "`at` has no field `w`; it has: x, y, z"),
            (r#"[{"e":1,"to":{}}]"#, "`[0]` has no field `to`; it has: e, at"),
        ] {
            let error = contact().from_json(json).expect_err(json);
            assert_eq!(error.to_string(), told, "{json}");
        }
    }

    /// Any type, nested up to three deep.
    fn kind() -> impl Strategy<Value = Kind> {
        let plain = prop_oneof![
            prop_oneof![Just(1), Just(2), Just(4), Just(8)].prop_map(Kind::Unsigned),
            prop_oneof![Just(1), Just(2), Just(4), Just(8)].prop_map(Kind::Signed),
            Just(Kind::F32),
            Just(Kind::F64),
            Just(Kind::Entity),
            Just(Kind::Bool),
            prop_oneof![Just(1), Just(2), Just(4)].prop_map(|size| {
                let variants =
                    (0..=1 << (4 * size)).step_by(1 << (2 * size)).map(|number| (format!("V{number}"), number));
                Kind::Enum(Enumeration { name: "E".to_owned(), size, variants: variants.collect() })
            }),
        ];
        plain.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                (inner.clone(), 1..4_usize).prop_map(|(kind, count)| Kind::Array(Box::new(kind), count)),
                proptest::collection::vec(inner, 1..4).prop_map(|kinds| {
                    let (fields, size) = fields(kinds);
                    Kind::Struct(fields, size)
                }),
            ]
        })
    }

    /// Packed fields of these kinds.
    fn fields(kinds: Vec<Kind>) -> (Vec<Field>, usize) {
        let mut offset = 0;
        let fields = kinds.into_iter().enumerate().map(|(index, kind)| {
            let field = Field { name: format!("f{index}"), offset, kind };
            offset += field.kind.size();
            field
        });
        (fields.collect(), offset)
    }

    #[test]
    fn every_float_comes_back_bit_for_bit() {
        let fields =
            Fields::parse("t.Floats@1 32/8 {s:[f32;2]@0,n:N{d:[f64;2]@0,f:f32@16,g:f32@20}@8}").expect("a schema");
        // Every sign and exponent, with fractions at the ends and in the middle.
        for high in 0..=0xfff_u64 {
            for low in [0, 1, 2, 0x7fff_ffff_ffff, 0x8000_0000_0000, 0x8_0000_0000_0001, 0xf_ffff_ffff_ffff] {
                let double = high << 52 | low;
                let single = (high as u32 & 0x1ff) << 23 | (low as u32 & 0x7f_ffff) ^ (low >> 29) as u32 & 0x7f_ffff;
                let mut bytes = [single.to_le_bytes(), (!single).to_le_bytes()].concat();
                bytes.extend([double.to_le_bytes(), (!double).to_le_bytes()].concat());
                bytes.extend([single.reverse_bits().to_le_bytes(), 0x8000_0001_u32.to_le_bytes()].concat());
                let json = fields.to_json(&bytes);
                assert_eq!(fields.from_json(&json).expect("its own JSON"), bytes, "{json}");
            }
        }
    }

    #[test]
    fn floats_without_a_number_have_words() {
        let fields = Fields::parse("t.F@1 12/4 {d:f64@0,f:f32@8}").expect("a schema");
        for (double, single, json) in [
            (f64::INFINITY.to_bits(), f32::NEG_INFINITY.to_bits(), r#"{"d":"Infinity","f":"-Infinity"}"#),
            (f64::NAN.to_bits(), f32::NAN.to_bits(), r#"{"d":"NaN","f":"NaN"}"#),
            (0x7ff0_0000_0000_0001, 0xffc0_0000, r#"{"d":"NaN(0x7ff0000000000001)","f":"NaN(0xffc00000)"}"#),
            (0x8000_0000_0000_0000, 1, r#"{"d":-0.0,"f":1e-45}"#),
        ] {
            let bytes = [&double.to_le_bytes()[..], &single.to_le_bytes()].concat();
            assert_eq!(fields.to_json(&bytes), json);
            assert_eq!(fields.from_json(json).expect("read back"), bytes);
        }
        for bad in [
            r#"{"d":"infinity","f":0}"#,
            r#"{"d":"NaN(0x7fc00001)","f":0}"#,
            r#"{"d":"NaN(0x0000000000000001)","f":0}"#,
            r#"{"d":0,"f":"NaN(0x7ff8000000000001)"}"#,
            r#"{"d":0,"f":"NaN(0x00000001)"}"#,
            r#"{"d":0,"f":3.5e38}"#,
            r#"{"d":0,"f":"1"}"#,
        ] {
            fields.from_json(bad).expect_err(bad);
        }
    }

    proptest! {
        #[test]
        fn every_message_of_values_comes_back_bit_for_bit(
            kinds in proptest::collection::vec(kind(), 1..5),
            random in proptest::collection::vec(prop_oneof![Just(0), Just(1), any::<u8>()], 4096),
        ) {
            let (list, size) = fields(kinds);
            prop_assume!(size <= 2048);
            let payload = random[..random.len() / size * size].to_vec();
            let fields = Fields { name: "t.Any".to_owned(), version: 1, size, fields: list };
            for payload in payload.chunks_exact(size).chain([&payload[..]]) {
                match (fields.from_json(&fields.to_json(payload)), fields.check(payload)) {
                    (Ok(back), Ok(())) => prop_assert_eq!(back, payload),
                    (Err(_), Err(_)) => {}
                    (read, checked) => prop_assert!(false, "{:?}, but {:?}", read, checked),
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[{}\\]\"a-z0-9.,:-]{0,40}") {
            let _ = contact().from_json(&text);
        }
    }
}
