//! Deadlines at both ends, and cancels.

use super::*;

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

/// A request that the server has taken in time and whose deadline will pass; tries longer and longer deadlines.
fn taken(client: &mut Client, server: &mut Server, timeout: &mut Duration) -> (Ticket, shm_bus::DeferredReply) {
    loop {
        let ticket = client.send(ECHO, &[], *timeout).expect("room");
        if let Some(request) = server.next().expect("mapped") {
            return (ticket, request.defer());
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
    let (ticket, deferred) = taken(&mut client, &mut server, &mut timeout);
    let error = client.finish(ticket).unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error}");
    let before = client.counts();
    server.answer(deferred, Status::Ok, &[1]).expect("room");
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
    let (ticket, deferred) = taken(&mut client, &mut server, &mut timeout);
    server.answer(deferred, Status::Ok, &[1]).expect("room");
    // The deadline of a later request with at least as much time comes after that of the first one.
    let (later, _deferred) = taken(&mut client, &mut server, &mut timeout);
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
    let deferred = server.next().expect("mapped").expect("a request").defer();
    client.cancel(ticket);
    assert!(server.next().expect("mapped").is_none());
    assert_eq!(server.counts().cancels_late, 1, "it had begun");
    server.answer(deferred, Status::Ok, &[]).expect("room");
}
