//! Limits, refusals, and messages that are too long.

use super::*;

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
