//! Requests and responses within one process.
//!
//! Where time has to pass, it is awaited; nothing sleeps, nothing has to be fast.

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

/// Answers with what was asked.
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
fn a_request_past_its_deadline_does_not_run() {
    let (_folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    let ticket = client.send(ECHO, &[], Duration::ZERO).expect("sent");
    assert!(server.next().expect("mapped").is_none(), "it was given out");
    assert_eq!((server.counts().served, server.counts().expired), (0, 1));
    assert!(matches!(client.poll(ticket), Err(CallError::Deadline { .. })));
    let counts = client.counts();
    assert_eq!((counts.expired, counts.late, counts.answered), (1, 1, 0), "its refusal came, too late by then");
}

/// A request that the server has taken and whose deadline will pass; tries longer and longer ones until it was in time.
fn taken(client: &mut Client, server: &mut Server, timeout: &mut Duration) -> (Ticket, shm_bus::Owed) {
    loop {
        let ticket = client.send(ECHO, &[], *timeout).expect("room");
        if let Some(request) = server.next().expect("mapped") {
            return (ticket, request.later());
        }
        client.cancel(ticket);
        *timeout *= 2;
    }
}

#[test]
fn an_answer_after_the_deadline_is_dropped_and_counted() {
    let (_folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    let mut timeout = Duration::from_millis(1);
    let (ticket, owed) = taken(&mut client, &mut server, &mut timeout);
    let error = client.finish(ticket).unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error}");
    let before = client.counts();
    server.answer(owed, Status::Ok, &[1]).expect("room");
    let other = client.send(ECHO, &[2], FOREVER).expect("room");
    echo(&mut server);
    assert_eq!(answer(&mut client, other).expect("answered"), Some(vec![2]), "the late one was not taken for it");
    assert_eq!((client.counts().expired, client.counts().late), (before.expired, before.late + 1));
}

#[test]
fn an_answer_that_is_asked_for_after_the_deadline_is_late_although_it_came_in_time() {
    let (_folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    let mut timeout = Duration::from_millis(1);
    let (ticket, owed) = taken(&mut client, &mut server, &mut timeout);
    server.answer(owed, Status::Ok, &[1]).expect("room");
    // The deadline of a later request with at least as much time comes after that of the first.
    let (later, _owed) = taken(&mut client, &mut server, &mut timeout);
    while !matches!(client.poll(later), Err(CallError::Deadline { .. })) {}
    let later = client.counts().late;
    assert!(matches!(client.poll(ticket), Err(CallError::Deadline { .. })));
    assert_eq!(client.counts().late, later + 1);
}

#[test]
fn a_cancelled_request_that_has_not_begun_does_not_run() {
    let (_folder, bus) = bus();
    let mut server = bus.server("echo").expect("made");
    let mut client = bus.client("echo").expect("made");
    let tickets = [1_u8, 2, 3].map(|number| client.send(ECHO, &[number], FOREVER).expect("room"));
    assert!(client.cancel(tickets[1]));
    assert!(!client.cancel(tickets[1]), "no longer in flight");
    let mut served = Vec::new();
    server
        .serve(|request| {
            served.extend_from_slice(request.payload());
            request.reply(&[]).expect("room");
        })
        .expect("mapped");
    assert_eq!(served, [1, 3]);
    assert_eq!((server.counts().cancelled, server.counts().answered), (1, 3), "every request is answered once");
    for ticket in [tickets[0], tickets[2]] {
        assert_eq!(answer(&mut client, ticket).expect("answered"), Some(vec![]));
    }
    assert_eq!((client.counts().cancelled, client.counts().late), (1, 1));
    let ticket = client.send(ECHO, &[4], FOREVER).expect("room");
    let owed = server.next().expect("mapped").expect("a request").later();
    client.cancel(ticket);
    assert!(server.next().expect("mapped").is_none());
    assert_eq!(server.counts().cancels_late, 1, "it had begun");
    server.answer(owed, Status::Ok, &[]).expect("room");
}

#[test]
fn a_client_that_does_not_read_loses_its_own_answers_and_holds_up_nobody() {
    let (_folder, bus) = bus();
    let narrow = ServiceSpec { response_capacity: 4096, ..ServiceSpec::untyped("echo") };
    let mut server = bus.server(narrow).expect("made");
    let mut slow = bus.client(narrow).expect("made");
    let mut quick = bus.client(narrow).expect("made");
    let slow_tickets: Vec<_> = (0..200).map(|_| slow.send(ECHO, &[1; 64], FOREVER).expect("room")).collect();
    let mut lost = 0;
    for number in 0..200_u64 {
        let ticket = quick.send(ECHO, &number.to_le_bytes(), FOREVER).expect("room");
        let serve = |request: Request<'_>| {
            let payload = request.payload();
            lost += u64::from(request.reply(payload) == Err(ReplyError::Full));
        };
        server.serve(serve).expect("mapped");
        assert_eq!(answer(&mut quick, ticket).expect("answered"), Some(number.to_le_bytes().to_vec()));
    }
    assert!(lost > 0);
    assert_eq!((server.counts().overflowed, server.counts().answered), (lost, 400 - lost));
    let mut answered = 0;
    for ticket in slow_tickets {
        answered += u64::from(slow.poll(ticket).expect("in flight").is_some());
    }
    assert_eq!(answered + lost, 200);
}

#[test]
fn a_full_lane_gives_the_request_back() {
    let (_folder, bus) = bus();
    let narrow = ServiceSpec { request_capacity: 4096, ..ServiceSpec::untyped("echo") };
    let mut server = bus.server(narrow).expect("made");
    let mut client = bus.client(narrow).expect("made");
    let mut tickets = VecDeque::new();
    let error = loop {
        match client.send(ECHO, &[0; 40], FOREVER) {
            Ok(ticket) => tickets.push_back(ticket),
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, CallError::Full { service } if service == "echo"), "{error}");
    assert_eq!(client.in_flight(), tickets.len());
    echo(&mut server);
    for ticket in tickets {
        assert!(client.poll(ticket).expect("in flight").is_some());
    }
    client.send(ECHO, &[0; 40], FOREVER).map(|_| ()).expect("room again");
    let error = client.send(ECHO, &[0; 4096], FOREVER).unwrap_err();
    let max = client.payload_max();
    assert!(matches!(error, CallError::TooLong { len: 4096, max: told, .. } if told == max), "{error}");
    client.send(ECHO, &vec![0; max], FOREVER).map(|_| ()).expect("the longest fits");
}

#[test]
fn an_answer_that_is_too_long_fails_with_the_reason() {
    let (_folder, bus) = bus();
    let narrow = ServiceSpec { response_capacity: 4096, ..ServiceSpec::untyped("echo") };
    let mut server = bus.server(narrow).expect("made");
    let mut client = bus.client(narrow).expect("made");
    let ticket = client.send(ECHO, &[], FOREVER).expect("room");
    let request = server.next().expect("mapped").expect("a request");
    assert_eq!(request.reply(&[0; 2000]), Err(ReplyError::TooLong { len: 2000, max: 992 }));
    let error = client.poll(ticket).unwrap_err();
    let text = "`echo` answers: failed without an answer, an answer of 2000 bytes is longer than 992";
    assert_eq!(error.to_string(), text);
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
    assert_eq!(answer(&mut client, ticket).expect("answered"), Some(vec![5]), "the server goes on");
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
    assert_eq!(echo(&mut second), 0, "what was sent to the first may have run");
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
    let owed = server.next().expect("mapped").expect("a request").later();
    assert!(tickets.iter().all(Result::is_ok) && server.clients() == 1);
    drop(goes);
    let ticket = stays.send(ECHO, &[3], FOREVER).expect("room");
    assert_eq!(echo(&mut server), 1);
    assert_eq!(server.counts().unanswerable, 1, "the second request of the one that is gone");
    assert_eq!(server.answer(owed, Status::Ok, &[]), Err(ReplyError::ClientGone));
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
    // Passes over what has expired and what was cancelled.
    let owed = server.next().expect("mapped").expect("a request").later();
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
    drop(owed);
}

#[test]
fn requests_in_flight_are_bounded_and_what_expired_makes_room() {
    let (_folder, bus) = bus();
    let wide = ServiceSpec { request_capacity: 1 << 20, ..ServiceSpec::untyped("echo") };
    let _server = bus.server(wide).expect("made");
    let mut client = bus.client(wide).expect("made");
    for _ in 0..4095 {
        client.send(ECHO, &[], FOREVER).map(|_| ()).expect("room");
    }
    let expired = client.send(ECHO, &[], Duration::ZERO).expect("room");
    let ticket = client.send(ECHO, &[], FOREVER).expect("the expired one makes room");
    assert!(matches!(client.poll(expired), Err(CallError::Ticket { .. })));
    assert_eq!(client.counts().expired, 1);
    assert!(matches!(client.send(ECHO, &[], FOREVER), Err(CallError::InFlight { .. })));
    client.cancel(ticket);
    client.send(ECHO, &[], FOREVER).map(|_| ()).expect("the cancelled one makes room");
}

#[test]
fn serving_is_bounded_and_takes_up_where_it_stopped() {
    let (_folder, bus) = bus();
    let wide = ServiceSpec { request_capacity: 1 << 20, response_capacity: 1 << 20, ..ServiceSpec::untyped("echo") };
    let mut server = bus.server(wide).expect("made");
    let mut client = bus.client(wide).expect("made");
    for _ in 0..Server::SERVE_MAX + 1 {
        client.send(ECHO, &[], FOREVER).map(|_| ()).expect("room");
    }
    assert_eq!((echo(&mut server), echo(&mut server), echo(&mut server)), (Server::SERVE_MAX, 1, 0));
    for _ in 0..3 {
        client.send(ECHO, &[], FOREVER).map(|_| ()).expect("room");
    }
    assert_eq!(server.serve_for(Duration::ZERO, echo_one).expect("mapped"), 1, "time is looked at after each");
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
fn names_and_priorities_are_checked() {
    let (_folder, bus) = bus();
    assert!(matches!(bus.client(""), Err(ServiceError::Name { .. })));
    assert!(matches!(bus.server("x".repeat(65).as_str()), Err(ServiceError::Name { .. })));
    let critical = ServiceSpec { priority: Priority::Critical, ..ServiceSpec::untyped("echo") };
    assert!(matches!(bus.server(critical), Err(ServiceError::Priority { .. })));
    let odd = ServiceSpec { request_capacity: 5000, ..ServiceSpec::untyped("echo") };
    assert!(matches!(bus.client(odd), Err(ServiceError::Publisher(_))));
    let longest = "x".repeat(64);
    let _server = bus.server(longest.as_str()).expect("made");
    let mut client = bus.client(longest.as_str()).expect("made");
    assert!(client.has_server());
}

#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
struct Item {
    id: u64,
    count: u32,
    flags: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
struct Left {
    count: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    text: String,
    #[serde(with = "shm_bus::pack::bytes")]
    data: Vec<u8>,
}

service! {
    /// Test.
    Inventory("inventory") {
        Take("take"): AsBytes<Item> => AsBytes<Left>;
        Annotate("annotate"): AsPack<Note> => AsPack<Vec<Note>>;
        Clear("clear"): () => ();
        Unserved("unserved"): () => ();
    }
}

mod other {
    use super::{AsBytes, Item};

    shm_bus::service! {
        /// Another one by the same name.
        pub(crate) Inventory("inventory") {
            Take("take"): AsBytes<Item> => ();
        }
    }
}

#[test]
fn typed_methods_take_and_give_their_types() {
    let (_folder, bus) = bus();
    let mut server = bus.server_of::<Inventory>().expect("made");
    let mut client = bus.client_of::<Inventory>().expect("made");
    let item = Item { id: 7, count: 3, flags: 0 };
    let note = Note { text: "é".to_owned(), data: vec![0xc1; 300] };
    let take = client.send::<Take>(&item, FOREVER).expect("room");
    let annotate = client.send::<Annotate>(&note, FOREVER).expect("room");
    let clear = client.send::<Clear>(&(), FOREVER).expect("room");
    let unserved = client.send::<Unserved>(&(), FOREVER).expect("room");
    let none_left = client.send::<Take>(&Item { count: 0, ..item }, FOREVER).expect("room");
    let serve = |request: Request<'_>| {
        let outcome = request
            .dispatch()
            .on::<Take>(|item| {
                let count = item.count.checked_sub(1).ok_or("none left")?;
                Ok(Left { count })
            })
            .on::<Annotate>(|note| Ok(vec![note]))
            .on::<Clear>(|()| Ok(()))
            .done();
        outcome.expect("room");
    };
    assert_eq!(server.serve(serve).expect("mapped"), 5);
    assert_eq!(client.poll(take).expect("answered"), Some(Left { count: 2 }));
    assert_eq!(client.poll(annotate).expect("answered"), Some(vec![note]));
    assert_eq!(client.poll(clear).expect("answered"), Some(()));
    let error = client.poll(unserved).unwrap_err();
    assert!(matches!(error, CallError::Refused { status: Status::NoSuchMethod, .. }));
    assert_eq!(error.to_string(), "`inventory` answers: no such method");
    let error = client.poll(none_left).unwrap_err();
    assert_eq!(error.to_string(), "`inventory` answers: an error of its own, none left");
}

#[test]
fn an_argument_of_another_type_is_malformed_and_does_not_run() {
    let (_folder, bus) = bus();
    let mut server = bus.server_of::<Inventory>().expect("made");
    let mut client = bus.client_of::<Inventory>().expect("made");
    let ticket = client.untyped().send(method_id("take"), &[0; 15], FOREVER).expect("room");
    let serve = |request: Request<'_>| {
        request.dispatch().on::<Take>(|_| panic!("it ran")).done().expect("room");
    };
    server.serve(serve).expect("mapped");
    let error = client.untyped().poll(ticket).unwrap_err();
    assert!(matches!(error, CallError::Refused { status: Status::Malformed, .. }), "{error}");
    assert!(error.to_string().contains("15 bytes, expected 16"), "{error}");
}

#[test]
fn another_service_by_the_same_name_is_refused_with_both_schemas() {
    let (_folder, bus) = bus();
    let _server = bus.server_of::<Inventory>().expect("made");
    let error = bus.client_of::<other::Inventory>().unwrap_err().to_string();
    for part in ["annotate: messagepack => messagepack", "=> nothing; }"] {
        assert!(error.contains(part), "`{part}` is not in {error}");
    }
    assert!(bus.client("inventory").is_err(), "an untyped client does not fit either");
    assert!(bus.client_of::<Inventory>().is_ok());
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
