//! The layout of a record's data in a file, with which viewers show their fields.

use super::{COUNT_BYTES, Encoding, HEADER_DEFINITION, cdr};
use crate::inbox::Delivery;
use crate::schema::Fields;
use crate::schema::ros::Definition;
use crate::wire::{Kind, REQUEST_PREFIX_BYTES};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Whole messages.
    Messages,
    /// A request or a cancel.
    Request,
    /// A response.
    Response,
    /// A payload of no known kind.
    Opaque,
}

impl Layout {
    /// The layout of a delivery on a topic of these plain messages, if it has any.
    pub(super) fn of(delivery: &Delivery<'_>, plain: Option<&Fields>) -> Self {
        match (delivery.kind, plain) {
            (Kind::Message, Some(fields)) if delivery.payload.len().is_multiple_of(fields.size) => Self::Messages,
            (Kind::Request | Kind::Cancel, _) if delivery.payload.len() >= REQUEST_PREFIX_BYTES => Self::Request,
            (Kind::Response, _) => Self::Response,
            _ => Self::Opaque,
        }
    }

    /// Its name in a channel's metadata.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Request => "request",
            Self::Response => "response",
            Self::Opaque => "bytes",
        }
    }

    /// The definition of records that are no messages. ROS 1 has none for payloads of no known kind.
    pub(super) fn definition(self, encoding: Encoding) -> Option<Definition> {
        let (name, fields) = match self {
            Self::Opaque if encoding == Encoding::Ros2 => ("Bytes", "uint8[] body\n"),
            Self::Messages | Self::Opaque => return None,
            Self::Request => (
                "Request",
                "uint64 sender\nuint64 correlation\nuint64 deadline_ns\nuint64 reply_to\nuint32 method\nuint32 reserved\nuint8[] body\n",
            ),
            Self::Response => ("Response", "uint64 sender\nuint64 correlation\nuint8 status\nuint8[] body\n"),
        };
        let name = encoding.dialect().full_name("hotframe", name);
        Some(Definition { name, text: format!("{HEADER_DEFINITION}{fields}") })
    }

    /// Appends the data after the header. `plain` is the argument that [`Self::of`] got.
    pub(super) fn write(self, delivery: &Delivery<'_>, plain: Option<&Fields>, encoding: Encoding, data: &mut Vec<u8>) {
        let payload = delivery.payload;
        match (self, plain) {
            (Self::Messages, Some(fields)) => {
                data.extend(((payload.len() / fields.size) as u32).to_le_bytes());
                match encoding {
                    // It is its own serialization.
                    Encoding::Ros1 => data.extend(payload),
                    Encoding::Ros2 => {
                        payload.chunks_exact(fields.size).for_each(|message| cdr::put(fields, message, data));
                    }
                }
            }
            (Self::Opaque | Self::Messages, _) => {
                if encoding == Encoding::Ros2 {
                    data.extend((payload.len() as u32).to_le_bytes());
                }
                data.extend(payload);
            }
            (Self::Request, _) => {
                put_names(delivery, data);
                // The prefix is its own serialization, in both encodings.
                let (prefix, body) = payload.split_at(REQUEST_PREFIX_BYTES);
                data.extend(prefix);
                put_body(body, data);
            }
            (Self::Response, _) => {
                put_names(delivery, data);
                data.push(delivery.status);
                if encoding == Encoding::Ros2 {
                    data.extend([0; COUNT_BYTES - 1]);
                }
                put_body(payload, data);
            }
        }
    }
}

fn put_names(delivery: &Delivery<'_>, data: &mut Vec<u8>) {
    data.extend(delivery.sender.to_le_bytes());
    data.extend(delivery.correlation.to_le_bytes());
}

fn put_body(body: &[u8], data: &mut Vec<u8>) {
    data.extend((body.len() as u32).to_le_bytes());
    data.extend(body);
}
