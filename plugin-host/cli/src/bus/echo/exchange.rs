//! Formats requests and responses: the fields before a method's bytes.

use serde_json::{Value, json};
use shm_bus::Delivery;
use shm_bus::wire::{Kind, RequestPrefix, Status, method_id};

/// The fields of a delivery that is not a plain message. `schema` is the topic's; with a declared service it names the methods.
pub(super) fn json(delivery: &Delivery<'_>, schema: &str) -> Value {
    let (sender, correlation) = (delivery.sender, delivery.correlation);
    match delivery.kind {
        Kind::Request | Kind::Cancel => {
            let kind = if delivery.kind == Kind::Request { "request" } else { "cancel" };
            match RequestPrefix::decode(delivery.payload) {
                Ok((prefix, body)) => json!({
                    "kind": kind, "sender": sender, "correlation": correlation, "method": method(prefix.method, schema),
                    "reply_to": prefix.reply_to, "deadline_ns": Some(prefix.deadline_ns).filter(|at| *at != u64::MAX),
                    "body": hex(body),
                }),
                Err(error) => json!({
                    "kind": kind, "sender": sender, "correlation": correlation, "malformed": error.to_string(),
                }),
            }
        }
        Kind::Response => json!({
            "kind": "response", "sender": sender, "correlation": correlation,
            "status": Status::from_wire(delivery.status).name(), "body": hex(delivery.payload),
        }),
        _ => json!({ "kind": "message", "sender": sender, "body": hex(delivery.payload) }),
    }
}

/// A method's name if the schema contains it, otherwise its number.
fn method(number: u32, schema: &str) -> Value {
    let methods = schema.split_once('{').map_or("", |(_, methods)| methods);
    let mut names = methods.split("; ").filter_map(|method| Some(method.split_once(": ")?.0.trim()));
    names.find(|name| method_id(name) == number).map_or_else(|| number.into(), Into::into)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
