//! Requests to a server that can't answer their client, because the bus has no room for the lane of its answers.

use std::time::Duration;

use shm_bus::wire::{Policy, Priority, method_id, schema_hash};
use shm_bus::{Bus, CallError, Client, Publisher, Server, TopicSpec};

const FOREVER: Duration = Duration::MAX;
const ECHO: u32 = method_id("echo");

/// A client whose requests can't be answered before the publisher is dropped, that server, and a ticket.
struct Crowded {
    server: Server,
    client: Client,
    publisher: Publisher,
    bus: Bus,
    _folder: tempfile::TempDir,
}

fn crowded() -> Crowded {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // A client has two lanes, for requests and cancels; its answers need a third.
    let bus = Bus::builder("game").folder(folder.path()).lanes(3).open().expect("opens");
    let server = bus.server("echo").expect("made");
    let (schema, policy) = ("bytes", Policy::DropOldest);
    let topic =
        TopicSpec { name: "other", type_name: "x", schema, schema_hash: schema_hash(schema), message_size: 0, policy };
    let publisher = bus.publisher(&topic, "other", &[(Priority::Low, 4096)]).expect("made");
    let client = bus.client("echo").expect("made");
    Crowded { server, client, publisher, bus, _folder: folder }
}

#[test]
fn a_request_without_a_way_back_fails_at_once_and_did_not_run() {
    let Crowded { mut server, mut client, publisher, bus: _bus, _folder } = crowded();
    let tickets: Vec<_> = (0..3).map(|_| client.send(ECHO, &[1], FOREVER).expect("room")).collect();
    assert!(tickets.iter().all(|ticket| client.poll(*ticket).expect("not read yet").is_none()));
    assert!(server.next().expect("mapped").is_none(), "no client could be answered");
    for ticket in tickets {
        let error = client.poll(ticket).expect_err("no way back");
        assert!(matches!(error, CallError::Unanswerable { .. }), "{error}");
        assert!(matches!(client.poll(ticket), Err(CallError::Ticket { .. })));
    }
    assert_eq!((server.counts().unanswerable, server.counts().served, client.counts().lost), (3, 0, 3));
    drop(publisher);
    let ticket = client.send(ECHO, &[2], FOREVER).expect("room");
    let request = server.next().expect("mapped").expect("a request");
    request.reply(&[3]).expect("room");
    assert_eq!(client.finish(ticket).expect("there is room now").payload, [3]);
}

#[test]
fn who_waits_for_ever_hears_that_there_is_no_way_back() {
    let Crowded { mut server, mut client, publisher: _publisher, bus: _bus, _folder } = crowded();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while server.counts().unanswerable < 2 {
                server.wait(FOREVER).expect("mapped");
                assert!(server.next().expect("mapped").is_none());
            }
        });
        let error = client.call(ECHO, &[], FOREVER).expect_err("no way back");
        assert!(matches!(error, CallError::Unanswerable { .. }), "{error}");
        let ticket = client.send(ECHO, &[], FOREVER).expect("room");
        assert!(!client.wait(FOREVER).expect("mapped"), "news, and no answer");
        assert!(matches!(client.poll(ticket), Err(CallError::Unanswerable { .. })));
    });
}

#[test]
fn a_client_does_not_take_what_another_one_was_told_for_its_own() {
    let Crowded { mut server, mut client, publisher: _publisher, bus, _folder } = crowded();
    for _ in 0..3 {
        client.send(ECHO, &[], FOREVER).map(|_| ()).expect("room");
    }
    assert!(server.next().expect("mapped").is_none());
    drop(client);
    assert!(server.next().expect("mapped").is_none(), "it drops the lanes of clients that are gone");
    // Its inbox takes the place of the former one, and its correlations start again.
    let mut client = bus.client("echo").expect("made");
    let ticket = client.send(ECHO, &[], FOREVER).expect("room");
    assert_eq!(client.poll(ticket).expect("in flight").map(|_| ()), None);
    assert!(server.next().expect("mapped").is_none());
    assert!(matches!(client.poll(ticket), Err(CallError::Unanswerable { .. })));
}
