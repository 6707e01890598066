//! Writes bytes of plain messages as JSON.
//!
//! A variant of an enum is its name. A `bool` or enum whose bytes are no value is their number.
//! Floats that JSON has no number for are texts: `"Infinity"`, `"-Infinity"`, `"NaN"`, and any other NaN with its bits,
//! `"NaN(0xffc00001)"`.

use std::fmt::{Result, Write};

use super::{Field, Fields, Kind, number};

pub(super) fn write(out: &mut impl Write, fields: &Fields, payload: &[u8]) -> Result {
    if !payload.len().is_multiple_of(fields.size) {
        return out.write_str("null");
    }
    if payload.len() == fields.size {
        return object(out, &fields.fields, payload);
    }
    list(out, payload.chunks_exact(fields.size), |out, message| object(out, &fields.fields, message))
}

fn object(out: &mut impl Write, fields: &[Field], bytes: &[u8]) -> Result {
    out.write_char('{')?;
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        // The parser allows no quote, backslash or control character in a name.
        write!(out, "\"{}\":", field.name)?;
        value(out, &field.kind, &bytes[field.offset..field.offset + field.kind.size()])?;
    }
    out.write_char('}')
}

fn value(out: &mut impl Write, kind: &Kind, bytes: &[u8]) -> Result {
    match kind {
        Kind::Unsigned(_) | Kind::Entity => write!(out, "{}", number(bytes)),
        Kind::Signed(size) => {
            let shift = 64 - 8 * *size as u32;
            write!(out, "{}", ((number(bytes) << shift) as i64) >> shift)
        }
        Kind::F32 => match f32::from_bits(number(bytes) as u32) {
            number if number.is_finite() => write!(out, "{number:?}"),
            number if number.is_infinite() => infinite(out, number < 0.0),
            number if number.to_bits() == f32::NAN.to_bits() => out.write_str("\"NaN\""),
            number => write!(out, "\"NaN({:#010x})\"", number.to_bits()),
        },
        Kind::F64 => match f64::from_bits(number(bytes)) {
            number if number.is_finite() => write!(out, "{number:?}"),
            number if number.is_infinite() => infinite(out, number < 0.0),
            number if number.to_bits() == f64::NAN.to_bits() => out.write_str("\"NaN\""),
            number => write!(out, "\"NaN({:#018x})\"", number.to_bits()),
        },
        Kind::Bool => match number(bytes) {
            0 => out.write_str("false"),
            1 => out.write_str("true"),
            wrong => write!(out, "{wrong}"),
        },
        // The parser allows no quote, backslash or control character in a name.
        Kind::Enum(own) => match own.name_of(number(bytes)) {
            Some(name) => write!(out, "\"{name}\""),
            None => write!(out, "{}", number(bytes)),
        },
        Kind::Array(kind, _) => list(out, bytes.chunks_exact(kind.size()), |out, bytes| value(out, kind, bytes)),
        Kind::Struct(fields, _) => object(out, fields, bytes),
    }
}

fn infinite(out: &mut impl Write, is_negative: bool) -> Result {
    out.write_str(if is_negative { "\"-Infinity\"" } else { "\"Infinity\"" })
}

fn list<'a, W: Write>(
    out: &mut W,
    items: impl Iterator<Item = &'a [u8]>,
    mut write: impl FnMut(&mut W, &'a [u8]) -> Result,
) -> Result {
    out.write_char('[')?;
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        write(out, item)?;
    }
    out.write_char(']')
}

#[cfg(test)]
mod tests {
    use crate::schema::Fields;

    #[test]
    fn every_type_is_printed() {
        let text = "t.All@1 40/8 {e:entity@0,f:f64@8,s:i16@16,b:[u8;2]@18,n:f32@20,v:V{x:f32@0,y:i8@4,z:[i8;3]@5}@24,u:u64@32}";
        let fields = Fields::parse(text).expect("a schema");
        let mut bytes = Vec::new();
        bytes.extend(7_u32.to_le_bytes());
        bytes.extend(2_u32.to_le_bytes());
        bytes.extend(1e300_f64.to_le_bytes());
        bytes.extend((-300_i16).to_le_bytes());
        bytes.extend([1, 255]);
        bytes.extend(f32::NAN.to_le_bytes());
        bytes.extend(0.5_f32.to_le_bytes());
        bytes.extend([255, 128, 0, 127]);
        bytes.extend(u64::MAX.to_le_bytes());
        let one = "{\"e\":8589934599,\"f\":1e300,\"s\":-300,\"b\":[1,255],\"n\":\"NaN\",\
                   \"v\":{\"x\":0.5,\"y\":-1,\"z\":[-128,0,127]},\"u\":18446744073709551615}";
        assert_eq!(fields.to_json(&bytes), one);
        assert_eq!(fields.to_json(&bytes.repeat(2)), format!("[{one},{one}]"));
        assert_eq!(fields.to_json(&[]), "[]");
        assert_eq!(fields.to_json(&bytes[1..]), "null");
    }

    #[test]
    fn variants_have_their_names_and_wrong_bytes_their_numbers() {
        let fields = Fields::parse("t.M@1 8/4 {m:[Mood:u16{Calm=0,Angry=300};2]@0,on:[bool;4]@4}").expect("a schema");
        let bytes = [0, 0, 44, 1, 0, 1, 1, 0];
        assert_eq!(fields.to_json(&bytes), r#"{"m":["Calm","Angry"],"on":[false,true,true,false]}"#);
        assert_eq!(fields.to_json(&[1, 0, 45, 1, 2, 255, 0, 1]), r#"{"m":[1,301],"on":[2,255,false,true]}"#);
    }
}
