//! Plain messages from JSON: the way back from [`Fields::to_json`].

use serde_json::{Map, Value};

use super::{Field, Fields, Kind};

/// Why a JSON text is no message of a schema.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Not JSON at all.
    #[error("this is not JSON")]
    Json(#[from] serde_json::Error),
    /// A value is of another type than its field.
    #[error("{} should be {wanted}, but is {found}", at(path))]
    Type {
        /// Which field, such as `at.x` or `grid[3]`; empty for the message itself.
        path: String,
        /// What the schema wants.
        wanted: String,
        /// What stands there.
        found: String,
    },
    /// A field is not given. Each must be: a message has no defaults.
    #[error("{} lacks the field `{field}`", at(path))]
    Missing {
        /// Where.
        path: String,
        /// The field.
        field: String,
    },
    /// A field is given that the type does not have.
    #[error("{} has no field `{field}`; it has: {}", at(path), known.join(", "))]
    Unknown {
        /// Where.
        path: String,
        /// The field.
        field: String,
        /// Those that there are.
        known: Vec<String>,
    },
}

fn at(path: &str) -> String {
    if path.is_empty() { "the message".to_owned() } else { format!("`{path}`") }
}

impl Fields {
    /// The bytes of the message in `json`, an object with every field; or of several messages, an array of such objects.
    /// `null` as a float is NaN. What [`Self::to_json`] writes is read back bit for bit, but for NaN and infinities.
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
        Kind::F32 => match float(value, path)? {
            number if number.is_finite() && !(number as f32).is_finite() => {
                return mismatch(path, "a number of 32 bits", value);
            }
            number => bytes.copy_from_slice(&(number as f32).to_le_bytes()),
        },
        Kind::F64 => bytes.copy_from_slice(&float(value, path)?.to_le_bytes()),
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

fn float(value: &Value, path: &str) -> Result<f64, EncodeError> {
    match value {
        Value::Null => Ok(f64::NAN),
        value => value.as_f64().map_or_else(|| mismatch(path, "a number, or null for NaN", value), Ok),
    }
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

    use crate::schema::{Field, Fields, Kind};

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
    fn what_does_not_fit_is_named() {
        for (json, told) in [
            ("{", "this is not JSON"),
            ("7", "the message should be an object, but is 7"),
            (r#"{"e":1}"#, "the message lacks the field `at`"),
            (r#"{"e":-1,"at":{}}"#, "`e` should be a whole number from 0 of 64 bits, but is -1"),
            (r#"{"e":1,"at":{"x":0,"y":128,"z":[0,0,0]}}"#, "`at.y` should be a whole number of 8 bits, but is 128"),
            (r#"{"e":1,"at":{"x":"1","y":1,"z":[0,0,0]}}"#, "`at.x` should be a number, or null for NaN, but is \"1\""),
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

    /// Packed one after the other.
    fn fields(kinds: Vec<Kind>) -> (Vec<Field>, usize) {
        let mut offset = 0;
        let fields = kinds.into_iter().enumerate().map(|(index, kind)| {
            let field = Field { name: format!("f{index}"), offset, kind };
            offset += field.kind.size();
            field
        });
        (fields.collect(), offset)
    }

    /// Floats that JSON has no word for, made 0.
    fn finite(kind: &Kind, bytes: &mut [u8]) {
        match kind {
            Kind::F32 if !f32::from_le_bytes(bytes.try_into().expect("four")).is_finite() => bytes.fill(0),
            Kind::F64 if !f64::from_le_bytes(bytes.try_into().expect("eight")).is_finite() => bytes.fill(0),
            Kind::Array(kind, _) => bytes.chunks_exact_mut(kind.size()).for_each(|bytes| finite(kind, bytes)),
            Kind::Struct(fields, _) => {
                for Field { kind, offset, .. } in fields {
                    finite(kind, &mut bytes[*offset..offset + kind.size()]);
                }
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn every_message_comes_back_bit_for_bit(
            kinds in proptest::collection::vec(kind(), 1..5),
            random in proptest::collection::vec(any::<u8>(), 4096),
        ) {
            let (list, size) = fields(kinds);
            prop_assume!(size <= 2048);
            let mut payload = random[..random.len() / size * size].to_vec();
            let whole = Kind::Struct(list.clone(), size);
            payload.chunks_exact_mut(size).for_each(|message| finite(&whole, message));
            let fields = Fields { name: "t.Any".to_owned(), version: 1, size, fields: list };
            prop_assert_eq!(&fields.from_json(&fields.to_json(&payload)).expect("its own JSON"), &payload);
            prop_assert_eq!(&fields.from_json(&fields.to_json(&payload[..size])).expect("one"), &payload[..size]);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[{}\\]\"a-z0-9.,:-]{0,40}") {
            let _ = contact().from_json(&text);
        }
    }
}
