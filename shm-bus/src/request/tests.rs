//! Peers that do not keep the protocol.

use std::time::Duration;

use super::{CallError, Client, Server};
use crate::lane::Envelope;
use crate::publisher::Publisher;
use crate::wire::{Kind, Priority, RequestPrefix, Status};
use crate::{Attachment, Bus, ServiceSpec};

const LANE: &[(Priority, u32)] = &[(Priority::Normal, 4096)];
const SERVICE: ServiceSpec<'static> = ServiceSpec::untyped("echo");

struct Stage {
    /// Goes last.
    bus: Bus,
    server: Server,
    client: Client,
    hostile: Publisher,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn set() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bus = Bus::open_in(folder.path(), "game").expect("opens");
        let server = bus.server(SERVICE).expect("made");
        let client = bus.client(SERVICE).expect("made");
        let hostile = SERVICE.requests(|topic| bus.publisher(topic, "hostile", LANE)).expect("made");
        Self { bus, server, client, hostile, _folder: folder }
    }

    fn send(&mut self, kind: Kind, correlation: u64, payload: &[u8]) {
        let envelope = Envelope { kind, flags: 0, correlation };
        self.hostile.send_as(Priority::Normal, envelope, payload).expect("room");
    }

    /// Numbers of the methods that the server is to run.
    fn served(&mut self) -> Vec<u32> {
        let mut served = Vec::new();
        let each = |request: super::Request<'_>| {
            served.push(request.method());
            request.reply(&[]).expect("room");
        };
        self.server.serve(each).expect("mapped");
        served
    }
}

fn to(reply_to: u64, method: u32) -> [u8; 24] {
    RequestPrefix { deadline_ns: u64::MAX, reply_to, method }.encode()
}

#[test]
fn a_request_of_a_later_version_is_answered_as_malformed_and_does_not_run() {
    let mut stage = Stage::set();
    let client = stage.client.id();
    let ticket = stage.client.send(1, &[], Duration::MAX).expect("room");
    assert_eq!(stage.server.next().expect("mapped").map(|request| request.defer().method()), Some(1));
    let mut prefix = to(client, 2);
    prefix[20] = 1;
    stage.send(Kind::Request, ticket.0, &prefix);
    assert!(stage.served().is_empty());
    let error = stage.client.poll(ticket).unwrap_err();
    assert!(matches!(error, CallError::Refused { status: Status::Malformed, .. }), "{error}");
    assert!(error.to_string().ends_with("request bytes 20 to 23 are 0x00000001, expected 0"), "{error}");
}

#[test]
fn what_names_no_client_is_not_run_and_gets_no_lane() {
    let mut stage = Stage::set();
    let reader = stage.bus.inbox("reads something else", Attachment::Gating).expect("made");
    let before = stage.bus.snapshot().topics.len();
    for reply_to in [reader.id(), u64::MAX, 1] {
        stage.send(Kind::Request, 1, &to(reply_to, 7));
        stage.send(Kind::Cancel, 1, &to(reply_to, 0));
    }
    assert!(stage.served().is_empty());
    let counts = stage.server.counts();
    assert_eq!((counts.unanswerable, counts.cancels_late, stage.server.clients()), (3, 3, 0));
    assert_eq!(stage.bus.snapshot().topics.len(), before);
}

#[test]
fn a_request_that_is_sent_again_runs_once() {
    let mut stage = Stage::set();
    let client = stage.client.id();
    for correlation in [5, 5, 4, 6] {
        stage.send(Kind::Request, correlation, &to(client, correlation as u32));
    }
    assert_eq!(stage.served(), [5, 6]);
    assert_eq!(stage.server.counts().malformed, 2);
}

#[test]
fn cancels_of_what_never_comes_are_bounded_and_forgotten() {
    let mut stage = Stage::set();
    let client = stage.client.id();
    for correlation in 2..6000_u64 {
        stage.send(Kind::Cancel, correlation, &to(client, 0));
        assert!(stage.served().is_empty());
    }
    assert_eq!(stage.server.counts().cancels_late, 5998 - 4096);
    for correlation in [1, 2, 3, 5998, 5999] {
        stage.send(Kind::Request, correlation, &to(client, correlation as u32));
    }
    assert_eq!(stage.served(), [1, 5998, 5999], "those beyond the bound were not remembered");
}

#[test]
fn kinds_that_have_no_place_are_counted_at_both_ends() {
    let mut stage = Stage::set();
    let client = stage.client.id();
    for kind in [Kind::Message, Kind::Response] {
        stage.send(kind, 1, &to(client, 0));
    }
    assert!(stage.served().is_empty());
    assert_eq!(stage.server.counts().malformed, 2);
    let mut publisher = SERVICE.responses(client, |topic| stage.bus.publisher(topic, "hostile", LANE)).expect("made");
    let ticket = stage.client.send(1, &[], Duration::MAX).expect("room");
    for (kind, correlation) in [(Kind::Message, ticket.0), (Kind::Request, ticket.0), (Kind::Response, ticket.0 + 1)] {
        let envelope = Envelope { kind, flags: 0, correlation };
        publisher.send_as(Priority::Normal, envelope, &[]).expect("room");
    }
    assert!(stage.client.poll(ticket).expect("in flight").is_none());
    assert_eq!((stage.client.counts().strange, stage.client.counts().late), (2, 1));
}
