//! `pub`.

use std::process::Stdio;
use std::time::Instant;

use rustix::process::Signal;
use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Inbox, Snapshot, Start, TopicSpec};

use super::support::{Game, HANG, HITS, Tool, hit, hit_json};

/// Receives `count` messages.
fn receive(inbox: &mut Inbox, count: usize) -> Vec<(Priority, String, Vec<u8>)> {
    let mut received = Vec::new();
    while received.len() < count {
        inbox.wait().expect("mapped");
        if let Some(delivery) = inbox.receive().expect("mapped") {
            received.push((delivery.priority, delivery.publisher.to_owned(), delivery.payload.to_vec()));
        }
    }
    received
}

#[test]
fn a_message_given_as_json_arrives_as_bytes() {
    let game = Game::start();
    let mut inbox = game.inbox(Attachment::Gating);
    let publisher = game.tool(&["pub", HITS.name, &hit_json(9), "--priority", "critical"]);
    let [(priority, name, payload)] = &receive(&mut inbox, 1)[..] else { panic!("one") };
    assert_eq!((*priority, name.as_str(), payload), (Priority::Critical, "hotframe bus pub", &hit(9)));
    assert!(publisher.end().err.contains("sent 1 to test/hits at priority critical"));
    let several = format!("[{},{}]", hit_json(1), hit_json(2));
    game.tool(&["pub", HITS.name, &several]).done();
    // The topic has publishers at two priorities, so the priority is the usual one.
    assert_eq!(receive(&mut inbox, 1)[0], (Priority::Normal, "hotframe bus pub".to_owned(), [hit(1), hit(2)].concat()));
}

#[test]
fn it_repeats_at_a_rate_and_counts() {
    let game = Game::start();
    let mut inbox = game.inbox(Attachment::Gating);
    let begun = Instant::now();
    let publisher = game.tool(&["pub", HITS.name, &hit_json(3), "--rate", "200", "--count", "11"]);
    assert!(receive(&mut inbox, 11).iter().all(|(_, _, payload)| *payload == hit(3)));
    assert!(begun.elapsed().as_secs_f64() >= 10.0 / 200.0, "the eleventh is due after ten periods");
    assert!(publisher.end().err.contains("sent 11"));
}

#[test]
fn lines_of_the_input_are_messages() {
    let game = Game::start();
    let mut inbox = game.inbox(Attachment::Gating);
    let mut publisher = Tool::start(&game.folder(), &["pub", HITS.name], Stdio::piped());
    publisher.write(&format!("{}\n\n", hit_json(1)));
    assert_eq!(receive(&mut inbox, 1)[0].2, hit(1));
    publisher.write(&format!("{}\n{}", hit_json(2), hit_json(3)));
    publisher.close_input();
    assert_eq!(receive(&mut inbox, 2)[1].2, hit(3));
    assert!(publisher.end().err.contains("sent 3"));
    let mut publisher = Tool::start(&game.folder(), &["pub", HITS.name, "-"], Stdio::piped());
    publisher.write(&format!("{}\n{{\"id\":1}}\n", hit_json(4)));
    let error = publisher.failed();
    assert!(error.contains("line 2: the message lacks the field `at`"), "{error}");
}

#[test]
fn a_mere_observer_sees_it_too() {
    let game = Game::start();
    let echo = game.tool(&["echo", HITS.name, "--json", "--count", "1"]);
    game.until_read_by("hotframe bus echo", 1);
    game.tool(&["pub", HITS.name, &hit_json(8)]).done();
    assert_eq!(echo.json()["message"]["id"], 8);
    echo.done();
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let game = Game::start();
    for (arguments, told) in [
        (["pub", HITS.name, "{"], "this is not JSON"),
        (["pub", HITS.name, "{\"id\":1,\"speed\":2}"], "has no field `speed`; it has: at, id, kind, rest"),
        (["pub", "test/none", "{}"], "no topic `test/none`; it has: test/hits"),
    ] {
        let error = game.tool(&arguments).failed();
        assert!(error.contains(told), "{error}");
    }
    assert_eq!(game.bus.snapshot().topics[0].lanes.len(), 2, "nothing was made");
}

#[test]
fn a_command_that_waits_for_room_ends_at_ctrl_c_and_at_sigterm() {
    let mut game = Game::start();
    let blocked = TopicSpec { name: "test/blocked", policy: Policy::Block { timeout_ms: 3_600_000 }, ..HITS };
    let _publisher = game.bus.publisher(&blocked, "physics", &[(Priority::High, 4096)]).expect("made");
    let mut inbox = game.bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&blocked, Start::Now).expect("subscribed");
    let waits = |snapshot: &Snapshot| {
        let lanes = snapshot.topics.iter().flat_map(|topic| &topic.lanes);
        lanes.filter(|lane| lane.open && lane.waited > 0 && lane.timed_out == 0).count() == 1
    };
    let message = format!("[{}]", vec![hit_json(1); 64].join(","));
    for signal in [Signal::INT, Signal::TERM] {
        let publisher = game.tool(&["pub", blocked.name, &message, "--count", "1000000"]);
        game.until("it waits for room", waits);
        publisher.signal(signal);
        let ended = publisher.end();
        assert!(ended.status.success() && ended.err.contains("to test/blocked"), "{}", ended.err);
    }
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), HITS.name, "--count", "1"]);
    game.until_read_by("hotframe bus record", 1);
    game.send(0..1);
    record.done();
    let lab = Bus::open_in(game.folder(), "lab").expect("opens");
    let hits = TopicSpec { name: HITS.name, ..blocked };
    let mut inbox = lab.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&hits, Start::Now).expect("subscribed");
    let replay = game.tool(&["replay", file.to_str().expect("text"), "--bus", "lab", "--speed", "inf", "--loop"]);
    let begun = Instant::now();
    while !waits(&lab.snapshot()) {
        assert!(begun.elapsed() < HANG, "it never waited for room");
        std::thread::yield_now();
    }
    replay.signal(Signal::INT);
    let ended = replay.end();
    assert!(ended.status.success() && ended.err.contains("sent "), "{}", ended.err);
}

#[test]
fn a_line_of_the_input_may_be_longer_than_the_lane() {
    let game = Game::start();
    let mut inbox = game.inbox(Attachment::Gating);
    let mut publisher = Tool::start(&game.folder(), &["pub", HITS.name], Stdio::piped());
    let long = vec![hit_json(2); 20_000].join(",");
    publisher.write(&format!("{}\n[{long}]\n{}\n", hit_json(1), hit_json(3)));
    publisher.close_input();
    let payloads = receive(&mut inbox, 3).into_iter().map(|(.., payload)| payload);
    assert!(payloads.eq([hit(1), hit(2).repeat(20_000), hit(3)]));
    assert!(publisher.end().err.contains("sent 3"));
}

#[test]
fn a_line_that_is_no_text_is_named() {
    let game = Game::start();
    let mut publisher = Tool::start(&game.folder(), &["pub", HITS.name], Stdio::piped());
    publisher.write_bytes(&[hit_json(1).as_bytes(), b"\n\xff\xfe\n"].concat());
    let error = publisher.failed();
    assert!(error.contains("line 2 cannot be read") && error.contains("UTF-8"), "{error}");
}

#[test]
fn an_inbox_that_does_not_read_is_named() {
    let game = Game::start();
    let _inbox = game.inbox(Attachment::Gating);
    let message = format!("[{}]", vec![hit_json(1); 64].join(","));
    let error = game.tool(&["pub", HITS.name, &message, "--count", "1000000"]).failed();
    assert!(error.contains("topic `test/hits` has no room: inbox `reader` has not read"), "{error}");
}

#[test]
fn lines_that_are_null_hold_no_message_and_are_left_out() {
    let game = Game::start();
    let mut inbox = game.inbox(Attachment::Gating);
    let mut publisher = Tool::start(&game.folder(), &["pub", HITS.name, "--count", "2"], Stdio::piped());
    // The output of `echo --json | jq -c .message` after a lost message.
    publisher.write(&format!("null\n{}\n null \n{}\n", hit_json(1), hit_json(2)));
    let received = receive(&mut inbox, 2);
    assert_eq!([&received[0].2, &received[1].2], [&hit(1), &hit(2)]);
    let ended = publisher.end();
    assert!(ended.status.success() && ended.err.contains("sent 2 to test/hits"), "{}", ended.err);
    assert!(ended.err.contains("left out 2 lines without a message (null)"), "{}", ended.err);
}
