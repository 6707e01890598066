//! Fuzzes a server and a client with any messages on the topics of a service.
//!
//! Steps of `recipient and action | correlation | length | payload`.

use std::time::Duration;

use super::Bytes;
use crate::lane::Envelope;
use crate::membership::Bus;
use crate::publisher::Publisher;
use crate::request::{Client, Server, ServiceSpec};
use crate::wire::{Kind, Priority, RequestPrefix, Status};

const SERVICE: ServiceSpec<'static> = ServiceSpec::untyped("echo");
const LANE: &[(Priority, u32)] = &[(Priority::Normal, 4096)];
const KINDS: [Kind; 4] = [Kind::Message, Kind::Request, Kind::Response, Kind::Cancel];
const STEPS_MAX: usize = 64;

/// See the module.
pub fn request(data: &[u8]) {
    if let Ok((prefix, rest)) = RequestPrefix::decode(data) {
        assert_eq!(
            prefix.encode()[..],
            data[..data.len() - rest.len()],
            "an accepted request is encoded to the same bytes"
        );
    }
    let bus = Bus::anonymous().expect("a bus");
    let (mut server, mut client) = (bus.server(SERVICE).expect("free"), bus.client(SERVICE).expect("room"));
    let mut to_server = SERVICE.requests(|topic| bus.publisher(topic, "hostile", LANE)).expect("room");
    let mut to_client = SERVICE.responses(client.id(), |topic| bus.publisher(topic, "hostile", LANE)).expect("room");
    let mut bytes = Bytes(data);
    let mut tickets = Vec::new();
    for _ in 0..STEPS_MAX {
        if bytes.is_empty() {
            break;
        }
        step(&mut bytes, &client, &mut to_server, &mut to_client);
        if bytes.u8() & 1 == 1 {
            tickets.extend(client.send(3, data, Duration::MAX).ok());
        }
        serve(&mut server);
        for ticket in &tickets {
            let _ = client.poll(*ticket);
        }
    }
}

fn step(bytes: &mut Bytes<'_>, client: &Client, to_server: &mut Publisher, to_client: &mut Publisher) {
    let (what, correlation, len) = (bytes.u8(), bytes.u8(), bytes.u8());
    let kind = KINDS[usize::from(what & 3)];
    let flags = if kind == Kind::Response { what >> 4 & 15 } else { 0 };
    let envelope = Envelope { kind, flags, correlation: correlation.into() };
    let publisher = if what & 4 == 0 { to_server } else { to_client };
    // Some steps are a well-formed request with fuzzed contents.
    let mut payload = Vec::new();
    if what & 8 != 0 {
        let deadline_ns = if len & 1 == 0 { u64::MAX } else { u64::from(len) };
        payload.extend(RequestPrefix { deadline_ns, reply_to: client.id(), method: len.into() }.encode());
    }
    payload.extend(bytes.slice(len.into()));
    let _ = publisher.send_as(Priority::Normal, envelope, &payload);
}

fn serve(server: &mut Server) {
    let served = server.serve(|request| match request.method() % 4 {
        0 => drop(request),
        1 => {
            let _ = request.refuse(Status::Application, "no");
        }
        2 => drop(request.defer()),
        _ => {
            let payload = request.payload();
            let _ = request.reply(payload);
        }
    });
    let _ = served;
}
