//! Plain messages in CDR, the serialization of ROS 2. It is little-endian like the lane's bytes, but every number is aligned to its size,
//! counted from after the four leading bytes. So a message may need padding that it does not have in the lane.
//!
//! Source: OMG DDS-XTypes 1.3, 7.4 (XCDR1), and DDSI-RTPS 2.5, 10 (the four bytes).

use std::iter;

use crate::schema::{Field, Fields, Kind};

/// Leading bytes of each record: little-endian CDR, no options.
pub(super) const FRONT: [u8; 4] = [0, 1, 0, 0];

/// Appends `message`, which has the size of `fields`, to `data`, which begins with [`FRONT`].
pub(super) fn put(fields: &Fields, message: &[u8], data: &mut Vec<u8>) {
    walk(&fields.fields, fields.size, 0, &mut |offset, size, count| {
        let padding = padding(data.len() - FRONT.len(), size);
        data.extend(iter::repeat_n(0, padding));
        data.extend(&message[offset..offset + size * count]);
        Some(())
    });
}

/// Inverse of [`put`]: appends to `message` the one that begins at `at` in `data`. Returns where it ends; `None` if `data` is too short.
pub(super) fn take(fields: &Fields, data: &[u8], mut at: usize, message: &mut Vec<u8>) -> Option<usize> {
    let base = message.len();
    message.resize(base + fields.size, 0);
    walk(&fields.fields, fields.size, 0, &mut |offset, size, count| {
        at += padding(at.checked_sub(FRONT.len())?, size);
        let bytes = data.get(at..at + size * count)?;
        message[base + offset..][..bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
        Some(())
    })?;
    Some(at)
}

const fn padding(at: usize, size: usize) -> usize {
    at.next_multiple_of(size) - at
}

/// Visits all numbers of a struct at `base`, gaps included, in the order of their offsets: offset, size, count. Stops at `None`, also
/// returned for overlapping fields. The order is that of the definition, see `schema/ros.rs`.
fn walk(
    fields: &[Field],
    size: usize,
    base: usize,
    visit: &mut impl FnMut(usize, usize, usize) -> Option<()>,
) -> Option<()> {
    let mut sorted: Vec<&Field> = fields.iter().collect();
    sorted.sort_by_key(|field| field.offset);
    let mut end = 0;
    for field in sorted {
        gap(base + end, field.offset.checked_sub(end)?, visit)?;
        value(&field.kind, base + field.offset, visit)?;
        end = field.offset + field.kind.size();
    }
    gap(base + end, size.checked_sub(end)?, visit)
}

fn gap(at: usize, bytes: usize, visit: &mut impl FnMut(usize, usize, usize) -> Option<()>) -> Option<()> {
    if bytes > 0 { visit(at, 1, bytes) } else { Some(()) }
}

fn value(kind: &Kind, at: usize, visit: &mut impl FnMut(usize, usize, usize) -> Option<()>) -> Option<()> {
    match kind {
        Kind::Struct(fields, size) => walk(fields, *size, at, visit),
        Kind::Array(element, count) => match &**element {
            Kind::Struct(..) | Kind::Array(..) => {
                (0..*count).try_for_each(|index| value(element, at + index * element.size(), visit))
            }
            number => visit(at, number.size(), *count),
        },
        number => visit(at, number.size(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{FRONT, put, take};
    use crate::schema::Fields;

    #[test]
    fn every_number_is_aligned_and_comes_back() {
        let fields = Fields::parse("t.M@1 24/8 {d:f64@16,a:bool@0,n:[N{x:u16@0,y:u8@2,z:bool@3};2]@4,h:H:u32{A=0}@12}")
            .expect("a schema");
        let message: Vec<u8> = (1..=24).collect();
        let mut data = FRONT.to_vec();
        data.extend([0xff; 5]);
        put(&fields, &message, &mut data);
        // a, three bytes of a gap, padding, x y z twice, h, padding, d.
        let expected = [
            &[1, 2, 3, 4][..],
            &[0],
            &[5, 6, 7, 8, 9, 10, 11, 12],
            &[0, 0],
            &[13, 14, 15, 16],
            &[17, 18, 19, 20, 21, 22, 23, 24],
        ];
        assert_eq!(data[9..], expected.concat());
        let mut back = vec![7];
        assert_eq!(take(&fields, &data, 9, &mut back), Some(data.len()));
        assert_eq!(back[1..], message);
        for len in 0..data.len() {
            assert_eq!(take(&fields, &data[..len], 9, &mut Vec::new()), None, "{len}");
        }
    }
}
