//! Obligations of tools that receive: they show or count every message sent since they started, and they don't hold a topic: if they are
//! its only readers, any publisher may declare it again with another layout.

use rustix::process::Signal;
use serde_json::Value;
use shm_bus::record::Recording;
use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Publisher, TopicSpec};

use super::support::{Game, HITS, Tool, hit};

const LANE: &[(Priority, u32)] = &[(Priority::Normal, 4096)];
const NAME: &str = "test/changing";
const PAIR: &str = "test.Pair@1 8/4 {left:u32@0,right:u32@4}";

const fn changing() -> TopicSpec<'static> {
    TopicSpec { name: NAME, ..HITS }
}

/// The declarations with which the topic returns: another layout, then other policies.
fn returns() -> [(TopicSpec<'static>, Vec<u8>); 4] {
    let pair = TopicSpec {
        type_name: "test.Pair",
        schema: PAIR,
        schema_hash: schema_hash(PAIR),
        message_size: 8,
        ..changing()
    };
    let bytes = [7_u32.to_le_bytes(), 8_u32.to_le_bytes()].concat();
    [
        (pair, bytes.clone()),
        (TopicSpec { policy: Policy::DropOldest, ..pair }, bytes),
        (TopicSpec { policy: Policy::Latest, ..changing() }, hit(3)),
        (changing(), hit(4)),
    ]
}

fn publisher(game: &Game, topic: &TopicSpec<'_>) -> Publisher {
    game.bus.publisher(topic, "physics", LANE).unwrap_or_else(|error| panic!("a tool holds it: {error}"))
}

/// Sends `count` messages in a lane that ends at once.
fn come_and_go(game: &Game, topic: &TopicSpec<'_>, count: u32) {
    let mut publisher = publisher(game, topic);
    (0..count).for_each(|id| publisher.send(Priority::Normal, &hit(id)).expect("nobody is waited for"));
}

/// Starts a tool and a publisher of the changing topic, and waits until the tool reads the topic.
fn tool_beside(game: &Game, arguments: &[&str], name: &str) -> (Tool, Publisher) {
    let publisher = publisher(game, &changing());
    let tool = game.tool(arguments);
    game.until(name, |snapshot| {
        snapshot.inboxes.iter().any(|inbox| inbox.name == name && inbox.topics.contains(&NAME.to_owned()))
    });
    (tool, publisher)
}

/// The last line of JSON that a tool prints when it is interrupted.
fn interrupted(tool: Tool) -> Value {
    tool.signal(Signal::INT);
    let out = tool.done();
    serde_json::from_str(out.lines().last().expect("a line")).expect("JSON")
}

/// A topic's counts in a recording's summary: messages recorded, and lost.
fn counts(summary: &Value, topic: &str) -> (u64, u64) {
    let topics = summary["topics"].as_array().expect("an array").iter().filter(|counts| counts["topic"] == topic);
    let number = |value: &Value| value.as_u64().expect("a number");
    topics.fold((0, 0), |(messages, lost), counts| {
        (messages + number(&counts["messages"]), lost + number(&counts["lost"]))
    })
}

#[test]
fn a_recording_of_all_topics_accounts_for_one_that_appears_and_overflows_at_once() {
    let game = Game::start();
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), "--json"]);
    record.told();
    let mut burst =
        game.bus.publisher(&TopicSpec { policy: Policy::DropOldest, ..changing() }, "ai", LANE).expect("made");
    (0..1000).for_each(|id| burst.send(Priority::Normal, &hit(id)).expect("never refused"));
    let summary = interrupted(record);
    let (messages, lost) = counts(&summary, NAME);
    assert_eq!(messages + lost, 1000, "{summary}");
    assert!(messages > 0, "{summary}");
    assert_eq!((&summary["messages"], &summary["lost"]), (&messages.into(), &lost.into()));
}

#[test]
fn a_recording_of_all_topics_accounts_for_those_that_come_and_go() {
    let game = Game::start();
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), "--json"]);
    record.told();
    let names: Vec<String> = (0..200).map(|number| format!("test/flash-{number}")).collect();
    for (name, count) in names.iter().zip(1..) {
        come_and_go(&game, &TopicSpec { name, policy: Policy::DropOldest, ..HITS }, count);
    }
    let summary = interrupted(record);
    let total = |what: &str| summary[what].as_u64().expect("a number");
    assert_eq!(total("messages") + total("lost"), 200 * 201 / 2, "{summary}");
    let (messages, lost) = counts(&summary, "test/flash-199");
    assert_eq!(messages + lost, 200, "a topic that lived for a moment is named: {summary}");
    drop(game.bus.publisher(&changing(), "game", LANE).expect("the table of topics is not the recorder's"));
    let text = game.tool(&["record", game.file("b.mcap").to_str().expect("text")]);
    text.told();
    come_and_go(&game, &changing(), 3);
    text.signal(Signal::INT);
    let said = text.done();
    assert!(
        said.contains("test/changing: ") && said.lines().any(|line| line.starts_with("test/hits: 0 messages")),
        "{said}"
    );
}

#[test]
fn echo_goes_on_when_its_topic_is_declared_anew_and_tells_what_it_missed() {
    let game = Game::start();
    let (echo, mut publisher) = tool_beside(&game, &["echo", NAME, "--json"], "hotframe bus echo");
    publisher.send(Priority::Normal, &hit(1)).expect("room");
    assert_eq!(echo.json()["message"]["id"], 1);
    for (topic, payload) in returns() {
        drop(publisher);
        publisher = self::publisher(&game, &topic);
        publisher.send(Priority::Normal, &payload).expect("room");
        let line = echo.json();
        let expected = if topic.schema == PAIR { "left" } else { "id" };
        assert!(line["message"][expected].is_u64() && line["lost"] == 0, "{line}");
        let told = echo.told();
        assert!(told.contains("declared again") && told.contains(&format!("{:?}", topic.policy)), "{told}");
    }
    drop(publisher);
    // While stopped, it sees neither of these lanes.
    echo.stop();
    come_and_go(&game, &changing(), 30);
    come_and_go(&game, &changing(), 12);
    echo.signal(Signal::CONT);
    let line = echo.json();
    assert_eq!((&line["topic"], &line["lost"], &line["message"]), (&NAME.into(), &42.into(), &Value::Null));
    echo.signal(Signal::INT);
    echo.done();
}

#[test]
fn echo_tells_at_its_end_what_waits_and_what_it_missed_last() {
    let game = Game::start();
    let (echo, mut publisher) = tool_beside(&game, &["echo", NAME, "--json"], "hotframe bus echo");
    publisher.send(Priority::Normal, &hit(1)).expect("room");
    assert_eq!(echo.json()["message"]["id"], 1);
    echo.stop();
    come_and_go(&game, &changing(), 42);
    (2..5).for_each(|id| publisher.send(Priority::Normal, &hit(id)).expect("room"));
    // This is the first thing that it finds when it continues.
    echo.signal(Signal::INT);
    echo.signal(Signal::CONT);
    let lines: Vec<Value> = echo.done().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ids: Vec<u64> = lines.iter().filter_map(|line| line["message"]["id"].as_u64()).collect();
    let lost: u64 = lines.iter().map(|line| line["lost"].as_u64().expect("a number")).sum();
    assert_eq!((ids, lost), (vec![2, 3, 4], 42));
}

#[test]
fn hz_goes_on_when_its_topic_is_declared_anew_and_counts_what_it_missed() {
    let game = Game::start();
    let arguments = ["hz", NAME, "--json", "--interval", "3600", "--count", "5"];
    let (hz, mut publisher) = tool_beside(&game, &arguments, "hotframe bus hz");
    hz.stop();
    come_and_go(&game, &changing(), 42);
    hz.signal(Signal::CONT);
    publisher.send(Priority::Normal, &hit(1)).expect("room");
    game.until("it has read it", |snapshot| received(snapshot, "hotframe bus hz") == 1);
    for (nth, (topic, payload)) in returns().into_iter().enumerate() {
        drop(publisher);
        publisher = self::publisher(&game, &topic);
        publisher.send(Priority::Normal, &payload).expect("room");
        if nth < 3 {
            game.until("it has read it", |snapshot| received(snapshot, "hotframe bus hz") == nth as u64 + 2);
        }
    }
    let line = hz.json();
    assert_eq!((&line["messages"], &line["lost"]), (&5.into(), &42.into()), "{line}");
    assert!(hz.done().is_empty());
}

fn received(snapshot: &shm_bus::Snapshot, inbox: &str) -> u64 {
    snapshot.inboxes.iter().find(|info| info.name == inbox).map_or(0, |info| info.received)
}

#[test]
fn top_with_gaps_goes_on_when_a_topic_is_declared_anew_and_counts_what_it_missed() {
    let game = Game::start();
    let arguments = ["top", "--gaps", "--json", "--interval", "3600"];
    let (top, mut publisher) = tool_beside(&game, &arguments, "hotframe bus top");
    for (nth, (topic, payload)) in returns().into_iter().enumerate() {
        drop(publisher);
        publisher = self::publisher(&game, &topic);
        publisher.send(Priority::Normal, &payload).expect("room");
        game.until("it has read it", |snapshot| received(snapshot, "hotframe bus top") == nth as u64 + 1);
    }
    top.stop();
    come_and_go(&game, &changing(), 42);
    top.signal(Signal::CONT);
    game.until("it has looked", |snapshot| {
        snapshot.inboxes.iter().any(|inbox| inbox.name == "hotframe bus top" && inbox.lost == 42)
    });
    let table = interrupted(top);
    let inbox = &table["inboxes"][0];
    assert_eq!(
        (&inbox["name"], &inbox["received"], &inbox["lost"]),
        (&"hotframe bus top".into(), &4.into(), &42.into())
    );
    let topics = table["topics"].as_array().expect("an array");
    assert!(topics.iter().any(|topic| topic["topic"] == NAME && topic["gap_ms"].is_object()), "{table}");
}

#[test]
fn a_recording_gets_another_channel_when_its_topic_is_declared_anew() {
    let game = Game::start();
    let file = game.file("game.mcap");
    let arguments = ["record", file.to_str().expect("text"), NAME, "--json", "--count", "5"];
    let (record, mut publisher) = tool_beside(&game, &arguments, "hotframe bus record");
    publisher.send(Priority::Normal, &hit(1)).expect("room");
    for (nth, (topic, payload)) in returns().into_iter().enumerate() {
        game.until("it has read it", |snapshot| received(snapshot, "hotframe bus record") == nth as u64 + 1);
        drop(publisher);
        publisher = self::publisher(&game, &topic);
        publisher.send(Priority::Normal, &payload).expect("room");
    }
    record.done();
    let recording = Recording::open(&file).expect("readable");
    let channels: Vec<_> =
        recording.channels.iter().map(|channel| (channel.schema.as_str(), channel.messages)).collect();
    assert_eq!(channels, [(HITS.schema, 3), (PAIR, 2)], "one for each layout");
    let text = String::from_utf8_lossy(&std::fs::read(&file).expect("there")).into_owned();
    assert!([Policy::Reject, Policy::DropOldest, Policy::Latest].iter().all(|policy| text.contains(policy.name())));
    let other = returns()[0].0;
    drop(publisher);
    drop(self::publisher(&game, &other));
}
