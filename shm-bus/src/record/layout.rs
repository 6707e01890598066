//! How a record's data are laid out in a file, so that viewers show their fields.

use super::HEADER_DEFINITION;
use crate::inbox::Delivery;
use crate::schema::ros1::Definition;
use crate::wire::{Kind, REQUEST_PREFIX_BYTES};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Whole messages of so many bytes each.
    Messages { size: usize },
    /// A request or a cancel.
    Request,
    /// A response.
    Response,
    /// A payload that is nothing of these.
    Opaque,
}

impl Layout {
    /// That of a delivery on a topic whose plain messages have `size` bytes, if it has any.
    pub(super) fn of(delivery: &Delivery<'_>, size: Option<usize>) -> Self {
        match (delivery.kind, size) {
            (Kind::Message, Some(size)) if delivery.payload.len().is_multiple_of(size) => Self::Messages { size },
            (Kind::Request | Kind::Cancel, _) if delivery.payload.len() >= REQUEST_PREFIX_BYTES => Self::Request,
            (Kind::Response, _) => Self::Response,
            _ => Self::Opaque,
        }
    }

    /// The definition of records that are no messages.
    pub(super) fn definition(self) -> Option<Definition> {
        let (name, fields) = match self {
            Self::Messages { .. } | Self::Opaque => return None,
            Self::Request => {
                ("Request", "uint64 deadline_ns\nuint64 reply_to\nuint32 method\nuint32 reserved\nuint8[] body\n")
            }
            Self::Response => ("Response", "uint8 status\nuint8[] body\n"),
        };
        let text = format!("{HEADER_DEFINITION}uint64 sender\nuint64 correlation\n{fields}");
        Some(Definition { name: format!("hotframe/{name}"), text })
    }

    /// Appends what follows the header.
    pub(super) fn write(self, delivery: &Delivery<'_>, data: &mut Vec<u8>) {
        let front: &[u8] = match self {
            Self::Messages { size } => {
                data.extend(((delivery.payload.len() / size) as u32).to_le_bytes());
                data.extend(delivery.payload);
                return;
            }
            Self::Opaque => {
                data.extend(delivery.payload);
                return;
            }
            // The prefix is its own serialization.
            Self::Request => &delivery.payload[..REQUEST_PREFIX_BYTES],
            Self::Response => &[delivery.status],
        };
        let body = if self == Self::Request { &delivery.payload[REQUEST_PREFIX_BYTES..] } else { delivery.payload };
        data.extend(delivery.sender.to_le_bytes());
        data.extend(delivery.correlation.to_le_bytes());
        data.extend(front);
        data.extend((body.len() as u32).to_le_bytes());
        data.extend(body);
    }
}
