//! `echo`, and what it has in common with all that lasts.

use rustix::process::Signal;
use shm_bus::Attachment;
use shm_bus::wire::{Priority, method_id};

use super::support::{Game, HANG, HITS, assert_empty, hit};

#[test]
fn messages_are_printed_as_they_come() {
    let mut game = Game::start();
    let echo = game.tool(&["echo", HITS.name, "--json", "--count", "3"]);
    game.until_read_by("hotframe bus echo", 1);
    game.send(5..6);
    let line = echo.json();
    assert_eq!(
        (&line["topic"], &line["priority"], &line["publisher"]),
        (&"test/hits".into(), &"high".into(), &"physics".into())
    );
    assert_eq!((&line["sequence"], &line["lost"], &line["message"]["id"]), (&0.into(), &0.into(), &5.into()));
    assert_eq!(line["message"]["at"]["x"], 1.5);
    game.publisher.send(Priority::Low, &[hit(6), hit(7)].concat()).expect("room");
    assert_eq!((&echo.json()["message"]["id"], &echo.json()["message"]["id"]), (&6.into(), &7.into()));
    assert!(echo.done().is_empty());
}

#[test]
fn ctrl_c_ends_it_in_good_order() {
    let mut game = Game::start();
    let echo = game.tool(&["echo", HITS.name]);
    game.until_read_by("hotframe bus echo", 1);
    game.send(0..1);
    assert!(echo.line().starts_with("test/hits high physics#0 {"));
    echo.signal(Signal::INT);
    echo.done();
    assert!(game.bus.snapshot().inboxes.is_empty());
    assert_empty(&game.end().path().join("bus"));
}

#[test]
fn tools_do_not_keep_each_other_alive() {
    let game = Game::start();
    let tools = [
        game.tool(&["echo", HITS.name, "--bus", "game"]),
        game.tool(&["echo", HITS.name, "--json"]),
        game.tool(&["hz", HITS.name, "--interval", "3600"]),
        game.tool(&["record", game.file("game.mcap").to_str().expect("text")]),
    ];
    game.until_read_by("hotframe bus echo", 2);
    game.until_read_by("hotframe bus hz", 1);
    game.until_read_by("hotframe bus record", 1);
    let home = game.end();
    for tool in tools {
        let ended = tool.end();
        assert!(ended.status.success() && ended.err.contains("bus `game` has ended"), "{}", ended.err);
    }
    assert_empty(&home.path().join("bus"));
}

#[test]
fn a_stopped_or_killed_tool_changes_nothing_for_the_game() {
    let mut game = Game::start();
    let mut reader = game.inbox(Attachment::Gating);
    let (stopped, killed) = (game.tool(&["echo", HITS.name]), game.tool(&["echo", HITS.name]));
    game.until_read_by("hotframe bus echo", 2);
    stopped.signal(Signal::STOP);
    killed.signal(Signal::KILL);
    let mut received = 0;
    for id in 0..1000 {
        game.send(id..id + 1);
        received += reader.drain(|delivery| assert_eq!(delivery.lost, 0)).expect("mapped");
    }
    assert_eq!(received, 1000);
    assert!(!killed.end().status.success());
    stopped.signal(Signal::CONT);
    drop(reader);
    let _home = game.end();
    assert!(stopped.done().contains("lost"), "it was overtaken, and says so");
}

#[test]
fn requests_and_responses_say_what_they_are() {
    let game = Game::start();
    let schema = "{count: nothing => test.Count#1; take: test.Count#1 => nothing; }";
    let stock = shm_bus::ServiceSpec { schema, ..shm_bus::ServiceSpec::untyped("stock") };
    let mut server = game.bus.server(stock).expect("made");
    let mut client = game.bus.client(stock).expect("made");
    let requests = game.tool(&["echo", "stock/request", "--json", "--count", "1"]);
    let reads = |inbox: &shm_bus::InboxInfo| inbox.name == "hotframe bus echo" && !inbox.topics.is_empty();
    game.until("it reads", |snapshot| snapshot.inboxes.iter().any(reads));
    let ticket = client.send(method_id("take"), &[1, 0xab], HANG).expect("sent");
    server.next().expect("mapped").expect("asked").reply(&[9]).expect("answered");
    let message = &requests.json()["message"];
    assert_eq!(
        (&message["kind"], &message["method"], &message["body"]),
        (&"request".into(), &"take".into(), &"01ab".into())
    );
    assert!(message["deadline_ns"].as_u64() > Some(0) && message["correlation"].as_u64() > Some(0), "{message}");
    requests.done();
    assert!(client.finish(ticket).is_ok());
}

#[test]
fn an_unknown_topic_is_told_with_those_that_there_are() {
    let game = Game::start();
    let error = game.tool(&["echo", "test/hit"]).failed();
    assert!(error.contains("no topic `test/hit`; it has: test/hits"), "{error}");
}
