//! Checks that bytes are values of a schema: that each `bool` is 0 or 1, and each enum's number a variant's.
//!
//! For programs that know a type by its schema alone, such as an engine that receives components of plugins. Code that has the type itself
//! checks with [`Message::is_value`](crate::wire::Message::is_value).

use super::{Field, Fields, Kind, number};

/// Why bytes are no messages of a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The length is no multiple of the message's size.
    #[error("{len} bytes are no whole number of messages of {size} bytes")]
    Length {
        /// In bytes.
        len: usize,
        /// Of one message, in bytes.
        size: usize,
    },
    /// A `bool` or an enum has a number that is no value.
    #[error("`{path}` is {found}, which is no {wanted}")]
    Value {
        /// The field, such as `at.mood` or `[1].lamps[3]`.
        path: String,
        /// The number.
        found: u64,
        /// What the number should be: `bool` or `variant of Mood`.
        wanted: String,
    },
}

impl Fields {
    /// Whether any bytes are values, because there is neither a `bool` nor an enum.
    #[must_use]
    pub fn any_bits(&self) -> bool {
        self.fields.iter().all(|field| field.kind.any_bits())
    }

    /// Checks the messages in `payload`.
    ///
    /// # Errors
    /// See [`ValueError`]: the first value that is wrong.
    pub fn check(&self, payload: &[u8]) -> Result<(), ValueError> {
        let (len, size) = (payload.len(), self.size);
        if !len.is_multiple_of(size) {
            return Err(ValueError::Length { len, size });
        }
        if self.any_bits() {
            return Ok(());
        }
        for (index, message) in payload.chunks_exact(size).enumerate() {
            if let Some(wrong) = of_fields(&self.fields, message) {
                let Wrong { path, found, wanted } =
                    if len == size { wrong } else { wrong.inside(&format!("[{index}]")) };
                return Err(ValueError::Value { path, found, wanted });
            }
        }
        Ok(())
    }
}

impl Kind {
    fn any_bits(&self) -> bool {
        match self {
            Self::Bool | Self::Enum(_) => false,
            Self::Array(element, _) => element.any_bits(),
            Self::Struct(fields, _) => fields.iter().all(|field| field.kind.any_bits()),
            Self::Unsigned(_) | Self::Signed(_) | Self::F32 | Self::F64 | Self::Entity => true,
        }
    }
}

struct Wrong {
    path: String,
    found: u64,
    wanted: String,
}

impl Wrong {
    fn new(found: u64, wanted: String) -> Self {
        Self { path: String::new(), found, wanted }
    }

    /// The same, seen from the struct or array that it lies in.
    fn inside(self, place: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{place}{dot}{}", self.path), ..self }
    }
}

fn of_fields(fields: &[Field], bytes: &[u8]) -> Option<Wrong> {
    fields.iter().find_map(|Field { name, kind, offset }| {
        of_value(kind, &bytes[*offset..offset + kind.size()]).map(|wrong| wrong.inside(name))
    })
}

fn of_value(kind: &Kind, bytes: &[u8]) -> Option<Wrong> {
    match kind {
        Kind::Bool => (bytes != [0] && bytes != [1]).then(|| Wrong::new(number(bytes), "bool".to_owned())),
        Kind::Enum(own) => {
            let found = number(bytes);
            own.name_of(found).is_none().then(|| Wrong::new(found, format!("variant of {}", own.name)))
        }
        Kind::Array(element, _) if !element.any_bits() => {
            let mut elements = bytes.chunks_exact(element.size()).enumerate();
            elements
                .find_map(|(index, bytes)| of_value(element, bytes).map(|wrong| wrong.inside(&format!("[{index}]"))))
        }
        Kind::Struct(fields, _) => of_fields(fields, bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::Fields;

    #[test]
    fn numbers_are_always_values() {
        let fields = Fields::parse("t.N@1 12/4 {a:u8@0,b:[i8;3]@1,c:V{x:f32@0}@4,d:f32@8}").expect("a schema");
        assert!(fields.any_bits());
        assert_eq!(fields.check(&[0xff; 24]), Ok(()));
    }

    #[test]
    fn the_first_wrong_value_is_named() {
        let text = "t.M@1 12/4 {on:bool@0,pad:u8@1,m:[Mood:u8{Calm=0,Angry=7};2]@2,at:V{deep:[W{on:bool@0};4]@0,k:K:u32{A=1}@4}@4}";
        let fields = Fields::parse(text).expect("a schema");
        assert!(!fields.any_bits());
        let good = [1, 0xff, 0, 7, 0, 1, 0, 1, 1, 0, 0, 0];
        assert_eq!(fields.check(&good), Ok(()));
        assert_eq!(fields.check(&[]), Ok(()));
        for (place, byte, told) in [
            (0, 2, "`on` is 2, which is no bool"),
            (2, 1, "`m[0]` is 1, which is no variant of Mood"),
            (3, 8, "`m[1]` is 8, which is no variant of Mood"),
            (7, 255, "`at.deep[3].on` is 255, which is no bool"),
            (8, 0, "`at.k` is 0, which is no variant of K"),
            (11, 1, "`at.k` is 16777217, which is no variant of K"),
        ] {
            let mut bad = good;
            bad[place] = byte;
            assert_eq!(fields.check(&bad).expect_err(told).to_string(), told);
            let second = fields.check(&[good, bad].concat()).expect_err(told).to_string();
            assert_eq!(second, told.replacen('`', "`[1].", 1));
        }
        let short = fields.check(&good[1..]).expect_err("11 bytes").to_string();
        assert_eq!(short, "11 bytes are no whole number of messages of 12 bytes");
    }
}
