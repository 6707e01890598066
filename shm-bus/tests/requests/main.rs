//! Requests and responses within one process.
//!
//! Where time must pass, the test waits for it; nothing sleeps, and nothing has to be fast.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shm_bus::wire::{Policy, Priority, Status, method_id, schema_hash};
use shm_bus::{
    AsBytes, AsPack, Bus, CallError, Client, Message, ReplyError, Request, Server, ServiceError, ServiceSpec, Ticket,
    TopicSpec, service,
};

mod bounds;
mod deadlines;
mod typed;

const FOREVER: Duration = Duration::MAX;
const ECHO: u32 = method_id("echo");

fn bus() -> (tempfile::TempDir, Bus) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    (folder, bus)
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("there").next().is_none()
}

/// Answers with the request's own bytes.
fn echo_one(request: Request<'_>) {
    let payload = request.payload();
    request.reply(payload).expect("room");
}

/// Answers everything that waits with its own bytes.
fn echo(server: &mut Server) -> usize {
    server.serve(echo_one).expect("mapped")
}

fn answer(client: &mut Client, ticket: Ticket) -> Result<Option<Vec<u8>>, CallError> {
    Ok(client.poll(ticket)?.map(|response| response.payload.to_vec()))
}

#[test]
fn an_answer_belongs_to_its_request() {
    let (folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    let tickets: Vec<_> =
        (0..100_u64).map(|number| client.send(ECHO, &number.to_le_bytes(), FOREVER).expect("room")).collect();
    assert_eq!((client.in_flight(), answer(&mut client, tickets[0]).expect("waits")), (100, None));
    assert_eq!(echo(&mut server), 100);
    for number in (0..100_u64).rev() {
        let answer = answer(&mut client, tickets[number as usize]).expect("answered");
        assert_eq!(answer, Some(number.to_le_bytes().to_vec()));
    }
    assert!(matches!(client.poll(tickets[0]), Err(CallError::Ticket { .. })), "an answer is had once");
    let (here, there) = (client.counts(), server.counts());
    assert_eq!((here.sent, here.answered, there.served, there.answered), (100, 100, 100, 100));
    drop((server, client, bus));
    assert!(is_empty(folder.path()));
}

#[test]
fn a_call_waits_for_a_server_on_another_thread() {
    let (_folder, bus) = bus();
    let stop = AtomicBool::new(false);
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                server.serve_for(Duration::from_millis(1), echo_one).expect("mapped");
            }
        });
        for length in [0, 1, 7, 8, 9, 1000, 10_000] {
            let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let response = client.call(ECHO, &payload, FOREVER).expect("answered");
            assert_eq!(response.payload, payload);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn without_a_server_the_error_names_the_service_and_nothing_is_sent() {
    let (_folder, bus) = bus();
    let mut client = bus.client("inventory").expect("needs no server");
    let error = client.call(ECHO, &[], FOREVER).unwrap_err();
    assert_eq!(error.to_string(), "service `inventory` has no server");
    assert_eq!((client.counts().sent, client.in_flight(), client.has_server()), (0, 0, false));
    let mut server = bus.server("inventory").expect("made");
    assert!(server.next().expect("mapped").is_none());
    let ticket = client.send(ECHO, &[1], FOREVER).expect("a server is there now");
    echo(&mut server);
    assert_eq!(answer(&mut client, ticket).expect("answered"), Some(vec![1]));
}

#[test]
fn a_request_that_is_dropped_or_panicked_over_is_answered_as_failed() {
    let (_folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    let dropped = client.send(ECHO, &[], FOREVER).expect("room");
    server.serve(|request| drop(request)).expect("mapped");
    let panicked = client.send(ECHO, &[], FOREVER).expect("room");
    let handler = |_: Request<'_>| std::panic::resume_unwind(Box::new("at serving"));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.serve(handler)));
    assert!(outcome.is_err());
    for ticket in [dropped, panicked] {
        let error = client.poll(ticket).unwrap_err();
        assert!(matches!(error, CallError::Refused { status: Status::Failed, .. }), "{error}");
    }
    let ticket = client.send(ECHO, &[5], FOREVER).expect("room");
    echo(&mut server);
    assert_eq!(answer(&mut client, ticket).expect("answered"), Some(vec![5]), "the server keeps working");
}

#[test]
fn a_service_has_one_server_and_requests_of_a_gone_one_fail() {
    let (_folder, bus) = bus();
    let mut first = bus.server("echo").expect("made");
    let error = bus.server("echo").unwrap_err();
    assert!(matches!(error, ServiceError::Taken { .. }), "{error}");
    let mut client = bus.client("echo").expect("made");
    let answered = client.send(ECHO, &[1], FOREVER).expect("room");
    echo(&mut first);
    let unanswered = client.send(ECHO, &[2], FOREVER).expect("room");
    drop(first);
    assert!(matches!(client.send(ECHO, &[], FOREVER), Err(CallError::NoServer { .. })));
    let mut second = bus.server("echo").expect("the name is free");
    assert_eq!(answer(&mut client, answered).expect("it had been answered"), Some(vec![1]));
    assert!(matches!(client.finish(unanswered), Err(CallError::ServerGone { .. })));
    assert_eq!(echo(&mut second), 0, "requests sent to the first may have run");
    let ticket = client.send(ECHO, &[3], FOREVER).expect("room");
    echo(&mut second);
    assert_eq!(answer(&mut client, ticket).expect("answered"), Some(vec![3]));
    assert_eq!(client.counts().lost, 1);
}

#[test]
fn a_clients_topic_goes_with_it_and_the_server_goes_on() {
    let (_folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let mut stays = bus.client("echo").expect("made");
    let mut goes = bus.client("echo").expect("made");
    let tickets = [goes.send(ECHO, &[1], FOREVER), goes.send(ECHO, &[2], FOREVER)];
    let deferred = server.next().expect("mapped").expect("a request").defer();
    assert!(tickets.iter().all(Result::is_ok) && server.clients() == 1);
    drop(goes);
    let ticket = stays.send(ECHO, &[3], FOREVER).expect("room");
    assert_eq!(echo(&mut server), 1);
    assert_eq!(server.counts().unanswerable, 1, "the second request of the one that is gone");
    assert_eq!(server.answer(deferred, Status::Ok, &[]), Err(ReplyError::ClientGone));
    assert_eq!(answer(&mut stays, ticket).expect("answered"), Some(vec![3]));
    let topics = bus.snapshot().topics;
    let topics: Vec<_> = topics.iter().filter(|topic| topic.name.contains("/response/")).collect();
    assert_eq!((topics.len(), server.clients()), (1, 1));
}

#[test]
fn what_is_no_request_is_counted_and_passed_over() {
    let (_folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let request_topic = TopicSpec {
        name: "echo/request",
        type_name: "echo",
        schema: "bytes",
        schema_hash: schema_hash("bytes"),
        message_size: 0,
        policy: Policy::Reject,
    };
    let mut stranger = bus.publisher(&request_topic, "stranger", &[(Priority::Normal, 4096)]).expect("made");
    for length in [0, 1, 23, 24, 25, 100] {
        stranger.send(Priority::Normal, &vec![0xff; length]).expect("room");
    }
    assert!(server.next().expect("mapped").is_none());
    assert_eq!(server.counts().malformed, 6);
}

#[test]
fn what_became_of_every_request_is_seen_from_outside() {
    let (folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    drop(bus.client("other").expect("made"));
    let mut send = |timeout| client.send(ECHO, &[1], timeout).expect("room");
    let [answered, refused, expired, cancelled] = [send(FOREVER), send(FOREVER), send(Duration::ZERO), send(FOREVER)];
    let _in_flight = send(FOREVER);
    assert!(client.cancel(cancelled));
    echo_one(server.next().expect("mapped").expect("a request"));
    let request = server.next().expect("mapped").expect("a request");
    request.refuse(Status::Overloaded, "").expect("room");
    // The server skips expired and cancelled requests.
    let deferred = server.next().expect("mapped").expect("a request").defer();
    assert_eq!(answer(&mut client, answered).expect("answered"), Some(vec![1]));
    assert!(matches!(client.poll(refused), Err(CallError::Refused { .. })));
    assert!(matches!(client.poll(expired), Err(CallError::Deadline { .. })));

    let snapshot = shm_bus::peek_in(folder.path(), "game").expect("lives");
    let [asks] = Vec::from_iter(snapshot.inboxes.iter().filter_map(|inbox| inbox.client)).try_into().expect("one");
    let [serves] = Vec::from_iter(snapshot.inboxes.iter().filter_map(|inbox| inbox.server)).try_into().expect("one");
    assert_eq!((asks, serves), (client.counts(), server.counts()));
    assert_eq!((asks.sent, asks.answered, asks.refused, asks.expired, asks.cancelled), (5, 2, 1, 1, 1));
    assert_eq!(asks.late, 1, "that it had expired was answered, too");
    assert_eq!(asks.sent, asks.answered + asks.expired + asks.cancelled + asks.lost + client.in_flight() as u64);
    assert_eq!((serves.served, serves.expired, serves.cancelled, serves.answered), (3, 1, 1, 4));
    drop(deferred);
}

#[test]
fn an_anonymous_bus_serves_as_well() {
    let bus = Bus::anonymous().expect("opens");
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    let mut other = bus.attach_again().expect("attaches").client("echo").expect("made");
    let tickets = [client.send(ECHO, &[1], FOREVER).expect("room"), other.send(ECHO, &[2], FOREVER).expect("room")];
    assert_eq!(echo(&mut server), 2);
    assert_eq!(client.finish(tickets[0]).expect("answered").payload, [1]);
    assert_eq!(other.finish(tickets[1]).expect("answered").payload, [2]);
    drop(server);
    assert!(matches!(client.call(ECHO, &[], FOREVER), Err(CallError::NoServer { .. })));
}

#[test]
fn another_inbox_that_gates_the_requests_is_no_server() {
    let (_folder, bus) = bus();
    let mut client = bus.client("echo").expect("made");
    let mut reader = bus.inbox("another reader", shm_bus::Attachment::Gating).expect("made");
    reader.subscribe_untyped("echo/request", shm_bus::Start::Now).expect("subscribed");
    assert!(!client.has_server());
}

#[test]
fn eight_clients_on_threads_get_their_own_answers() {
    const EACH: u64 = 10_000;
    let (_folder, bus) = bus();
    let mut server = bus.server("sum").expect("made");
    let served = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| {
            while !served.load(Ordering::Relaxed) {
                server.serve_for(Duration::from_millis(1), echo_one).expect("mapped");
            }
            server.counts()
        });
        let clients: Vec<_> = (0..8_u64).map(|who| (who, bus.client("sum").expect("made"))).collect();
        let clients: Vec<_> =
            clients.into_iter().map(|(who, client)| scope.spawn(move || ask_and_check(client, who, EACH))).collect();
        clients.into_iter().for_each(|client| client.join().expect("all its own"));
        served.store(true, Ordering::Relaxed);
        let counts = server.join().expect("served");
        assert_eq!((counts.served, counts.answered), (8 * EACH, 8 * EACH));
    });
}

/// Keeps sixteen requests in flight.
fn ask_and_check(mut client: Client, who: u64, count: u64) {
    let number = |index: u64| (who << 32 | index).to_le_bytes();
    let mut tickets = VecDeque::new();
    let mut asked = 0;
    for answered in 0..count {
        while asked < count && tickets.len() < 16 {
            tickets.push_back(client.send(ECHO, &number(asked), FOREVER).expect("room"));
            asked += 1;
        }
        let ticket = tickets.pop_front().expect("in flight");
        assert_eq!(client.finish(ticket).expect("answered").payload, number(answered));
    }
}
