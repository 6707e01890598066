//! Values that are not numbers: tools print and read the names of variants, and `true` and `false`.

use serde_json::json;
use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Attachment, Publisher, Start, TopicSpec};

use super::support::{Game, LANES};

const SCHEMA: &str = "test.Agent@1 8/4 {mood:Mood:u32{Wander=0,HuntShip=7}@0,seen:[bool;4]@4}";
const AGENTS: TopicSpec<'_> = TopicSpec {
    name: "test/agents",
    type_name: "test.Agent",
    schema: SCHEMA,
    schema_hash: schema_hash(SCHEMA),
    message_size: 8,
    policy: Policy::Reject,
};
const HUNTER: [u8; 8] = [7, 0, 0, 0, 1, 0, 0, 1];

fn agents(game: &Game) -> Publisher {
    game.bus.publisher(&AGENTS, "ai", LANES).expect("made")
}

#[test]
fn echo_prints_names_and_of_bad_values_the_numbers() {
    let game = Game::start();
    let mut agents = agents(&game);
    let echo = game.tool(&["echo", AGENTS.name, "--json", "--count", "2"]);
    game.until("echo reads", |snapshot| {
        snapshot.inboxes.iter().any(|inbox| inbox.topics.iter().any(|topic| topic == AGENTS.name))
    });
    agents.send(Priority::High, &HUNTER).expect("room");
    agents.send(Priority::High, &[8, 0, 0, 0, 1, 2, 0, 0]).expect("room");
    assert_eq!(echo.json()["message"], json!({"mood": "HuntShip", "seen": [true, false, false, true]}));
    assert_eq!(echo.json()["message"], json!({"mood": 8, "seen": [true, 2, false, false]}));
    echo.done();
}

#[test]
fn pub_takes_names() {
    let game = Game::start();
    let _agents = agents(&game);
    let mut inbox = game.bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&AGENTS, Start::Now).expect("subscribed");
    game.tool(&["pub", AGENTS.name, r#"{"mood":"HuntShip","seen":[true,false,false,true]}"#]).done();
    inbox.wait().expect("mapped");
    assert_eq!(inbox.receive().expect("mapped").expect("sent").payload, HUNTER);
    let error = game.tool(&["pub", AGENTS.name, r#"{"mood":7,"seen":[true,false,false,true]}"#]).failed();
    assert!(error.contains(r#"`mood` should be "Wander" or "HuntShip", but is 7"#), "{error}");
}

#[test]
fn a_recording_names_the_variants() {
    let game = Game::start();
    let mut agents = agents(&game);
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), "--count", "1"]);
    record.told();
    agents.send(Priority::High, &HUNTER).expect("room");
    record.done();
    let bytes = std::fs::read(file).expect("recorded");
    let text = String::from_utf8_lossy(&bytes);
    for line in ["uint32 WANDER=0\nuint32 HUNT_SHIP=7\nuint32 mood\n", "bool[4] seen\n"] {
        assert!(text.contains(line), "{line}");
    }
}
