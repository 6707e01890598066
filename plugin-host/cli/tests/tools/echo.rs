//! `echo`, and behaviour that all commands that run until Ctrl-C share.

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
    stopped.stop();
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

#[test]
fn every_float_that_it_prints_is_published_again_bit_for_bit() {
    const SCHEMA: &str = "test.Floats@1 24/8 {d:f64@0,at:V{f:[f32;2]@0}@8,e:f64@16}";
    let floats = shm_bus::TopicSpec {
        name: "test/floats",
        type_name: "test.Floats",
        schema: SCHEMA,
        schema_hash: shm_bus::wire::schema_hash(SCHEMA),
        message_size: 24,
        policy: shm_bus::wire::Policy::Reject,
    };
    let game = Game::start();
    let mut publisher = game.bus.publisher(&floats, "physics", &[(Priority::High, 1 << 16)]).expect("made");
    let lab = shm_bus::Bus::open_in(game.folder(), "lab").expect("opens");
    let mut inbox = lab.inbox("lab", Attachment::Gating).expect("made");
    inbox.subscribe(&floats, shm_bus::Start::Now).expect("subscribed");
    let doubles = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, 0.1, 1e23];
    let singles =
        [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -0.0, 1e-45, f32::MIN_POSITIVE, f32::MAX, 0.1, 16_777_217.0];
    let mut sent = Vec::new();
    for (double, single) in doubles.into_iter().zip(singles) {
        let quiet = f64::from_bits(double.to_bits() | 0xfff8_0000_0000_0007);
        let bytes = [&double.to_le_bytes()[..], &single.to_le_bytes(), &(-single).to_le_bytes(), &quiet.to_le_bytes()];
        sent.push(bytes.concat());
    }
    // One message at a time, and several in one record.
    sent.push([sent[0].clone(), sent[2].clone()].concat());
    let count = (sent.len() + 1).to_string();
    let echo = game.tool(&["echo", floats.name, "--bus", "game", "--json", "--count", &count]);
    game.until("echo", |bus| {
        bus.inboxes.iter().any(|inbox| inbox.name == "hotframe bus echo" && !inbox.topics.is_empty())
    });
    sent.iter().for_each(|payload| publisher.send(Priority::High, payload).expect("room"));
    let mut input = String::new();
    for _ in 0..sent.len() + 1 {
        input += &format!("{}\n", echo.json()["message"]);
    }
    echo.done();
    let mut publisher = super::support::Tool::start(
        &game.folder(),
        &["pub", floats.name, "--bus", "lab"],
        std::process::Stdio::piped(),
    );
    publisher.write(&input);
    publisher.close_input();
    for payload in sent.concat().chunks(24) {
        inbox.wait().expect("mapped");
        assert_eq!(inbox.receive().expect("mapped").expect("there").payload, payload, "{input}");
    }
    publisher.done();
}
