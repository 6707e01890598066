//! `replay`, and `gc` of the leftovers of a killed replay.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::Signal;
use shm_bus::record::Recorder;
use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Start, TopicSpec};

use super::support::{Game, HITS, assert_empty, hit};

/// A recording of ten messages, `step` apart; every other one is Low.
fn recording(game: &mut Game, step: Duration) -> PathBuf {
    let file = game.file("made.mcap");
    let mut inbox = game.inbox(Attachment::Observer);
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    recorder.declare(&game.bus.snapshot().topics[0]);
    for id in 0..10 {
        let priority = if id % 2 == 0 { Priority::High } else { Priority::Low };
        game.publisher.send(priority, &hit(id)).expect("room");
        let delivery = inbox.receive().expect("mapped").expect("there");
        recorder.write(&delivery, SystemTime::UNIX_EPOCH + step * id).expect("room on the disk");
    }
    recorder.finish().expect("room on the disk");
    file
}

/// A bus with one reader of the topic.
fn lab(game: &Game) -> (Bus, shm_bus::Inbox) {
    let bus = Bus::open_in(game.folder(), "lab").expect("opens");
    let mut inbox = bus.inbox("lab", Attachment::Gating).expect("made");
    inbox.subscribe(&HITS, Start::Now).expect("subscribed");
    (bus, inbox)
}

#[test]
fn order_priorities_publishers_and_timing_are_kept() {
    let mut game = Game::start();
    let file = recording(&mut game, Duration::from_millis(20));
    let missing = game.tool(&["replay", file.to_str().expect("text"), "--bus", "lab"]).failed();
    assert!(
        missing.contains("no live bus `lab`") && missing.contains("live buses: game; --create makes it"),
        "{missing}"
    );
    let (_lab, mut inbox) = lab(&game);
    let begun = Instant::now();
    let replay = game.tool(&["replay", file.to_str().expect("text"), "--bus", "lab", "--speed", "2"]);
    // The more urgent of two waiting messages comes first: each priority has its own order.
    let mut ids = [(Priority::High, (0..10).step_by(2)), (Priority::Low, (1..10).step_by(2))];
    for _ in 0..10 {
        inbox.wait().expect("mapped");
        let delivery = inbox.receive().expect("mapped").expect("there");
        let (_, ids) = ids.iter_mut().find(|(priority, _)| *priority == delivery.priority).expect("as it was sent");
        let id = ids.next().expect("no more than were sent");
        assert_eq!((delivery.publisher, delivery.payload), ("physics", &hit(id)[..]));
    }
    assert!(begun.elapsed() >= Duration::from_millis(9 * 20 / 2), "nothing comes early");
    let ended = replay.end();
    assert!(ended.status.success() && ended.err.contains("sent 10 messages"), "{}", ended.err);
}

#[test]
fn another_schema_is_refused_with_both_before_anything_is_sent() {
    let mut game = Game::start();
    let file = recording(&mut game, Duration::ZERO);
    let lab = Bus::open_in(game.folder(), "lab").expect("opens");
    let schema = "test.Hit@2 8/8 {id:u64@0}";
    let newer = TopicSpec { schema, schema_hash: shm_bus::wire::schema_hash(schema), message_size: 8, ..HITS };
    let _publisher = lab.publisher(&newer, "newer", &[(Priority::Low, 4096)]).expect("made");
    let error = game.tool(&["replay", file.to_str().expect("text"), "--bus", "lab"]).failed();
    assert!(error.contains(schema) && error.contains(HITS.schema) && error.contains("test/hits"), "{error}");
    assert_eq!(lab.snapshot().topics[0].lanes.len(), 1);
}

#[test]
fn it_makes_a_bus_and_repeats_until_ctrl_c() {
    let mut game = Game::start();
    let file = recording(&mut game, Duration::from_millis(1));
    let file = file.to_str().expect("text");
    let missing = game.tool(&["replay", file, "--bus", "new"]).failed();
    assert!(missing.contains("no live bus `new`") && missing.contains("live buses: game"), "{missing}");
    let replay = game.tool(&["replay", file, "--bus", "new", "--create", "--loop", "--topic", HITS.name]);
    assert!(replay.told().contains("to bus `new`"));
    let bus = Bus::attach_in(game.folder(), "new").expect("it was made");
    let mut inbox = bus.inbox("late", Attachment::Gating).expect("made");
    inbox.subscribe(&HITS, Start::Now).expect("the same topic");
    for _ in 0..25 {
        inbox.wait().expect("mapped");
        inbox.receive().expect("mapped").expect("there");
    }
    replay.signal(Signal::INT);
    drop((inbox, bus));
    replay.done();
    assert_empty_but_game(&game);
}

fn assert_empty_but_game(game: &Game) {
    let names = shm_bus::list_in(game.folder()).expect("a folder");
    assert_eq!(names, ["game"]);
    assert_eq!(std::fs::read_dir(game.folder()).expect("a folder").count(), 1);
}

#[test]
fn nothing_to_replay_and_no_recording_are_told() {
    let mut game = Game::start();
    let file = recording(&mut game, Duration::ZERO);
    let file = file.to_str().expect("text");
    let error = game.tool(&["replay", file, "--topic", "test/none"]).failed();
    assert!(error.contains("holds nothing to replay; it has: test/hits"), "{error}");
    let text = game.file("text");
    std::fs::write(&text, "no recording at all").expect("written");
    let error = game.tool(&["replay", text.to_str().expect("text")]).failed();
    assert!(error.contains("is damaged, or not an MCAP file"), "{error}");
}

#[test]
fn a_bus_whose_makers_were_killed_is_found_by_doctor_and_removed_by_gc() {
    let mut game = Game::start();
    let file = recording(&mut game, Duration::from_secs(60));
    let replay = game.tool(&["replay", file.to_str().expect("text"), "--bus", "dead", "--create"]);
    replay.told();
    replay.signal(Signal::KILL);
    replay.end();
    let found = game.tool(&["doctor", "--interval", "0.01"]).end();
    assert_eq!(found.status.code(), Some(1), "{}", found.out);
    assert!(
        found.out.contains("bus `dead` is left over from a game that was killed")
            && found.out.contains("hotframe bus gc")
    );
    let removed = game.tool(&["gc", "--json"]);
    assert_eq!(removed.json()["removed"], "dead");
    removed.done();
    assert_empty_but_game(&game);
    assert!(game.tool(&["gc"]).done().contains("nothing to remove"));
    assert_empty(&game.end().path().join("bus"));
}

#[test]
fn what_is_behind_damage_is_replayed_and_the_place_is_told() {
    let mut game = Game::start();
    let file = game.file("damaged.mcap");
    let mut inbox = game.inbox(Attachment::Observer);
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    recorder.declare(&game.bus.snapshot().topics[0]);
    let mut second = 0;
    for id in 0..6 {
        game.publisher.send(Priority::High, &hit(id)).expect("room");
        let delivery = inbox.receive().expect("mapped").expect("there");
        recorder.write(&delivery, SystemTime::UNIX_EPOCH).expect("room on the disk");
        if id % 2 == 1 {
            recorder.flush().expect("room on the disk");
            second = if id == 1 { std::fs::metadata(&file).expect("there").len() } else { second };
        }
    }
    recorder.finish().expect("room on the disk");
    let mut bytes = std::fs::read(&file).expect("there");
    // Within the records of the second chunk.
    bytes[second as usize + 60] ^= 1;
    std::fs::write(&file, bytes).expect("written");
    let (_lab, mut lab) = lab(&game);
    let replay = game.tool(&["replay", file.to_str().expect("text"), "--bus", "lab", "--speed", "inf"]);
    for id in [0, 1, 4, 5] {
        lab.wait().expect("mapped");
        assert_eq!(lab.receive().expect("mapped").expect("there").payload, &hit(id)[..]);
    }
    let ended = replay.end();
    assert!(ended.status.success(), "{}", ended.err);
    let told = format!("is damaged at byte {second}: a chunk's checksum is wrong; ");
    assert!(ended.err.contains(&told) && ended.err.contains("with 2 messages"), "{}", ended.err);
    assert!(ended.err.contains("sent 4 messages"), "{}", ended.err);
}

/// Stops a sending tool for this long; returns how many messages arrived before the stop's end, and how long the rest took.
#[cfg(target_os = "linux")]
fn stopped(replay: &super::support::Tool, inbox: &mut shm_bus::Inbox, count: usize) -> (usize, Duration) {
    const STOP: Duration = Duration::from_millis(700);
    inbox.wait().expect("mapped");
    replay.stop();
    // The stop itself, which has to last this long.
    std::thread::sleep(STOP);
    let mut came = 0;
    inbox.drain(|_| came += 1).expect("mapped");
    // Before it can send anything.
    let (before, begun) = (came, Instant::now());
    replay.signal(Signal::CONT);
    while came < count {
        inbox.wait().expect("mapped");
        inbox.drain(|_| came += 1).expect("mapped");
    }
    (before, begun.elapsed())
}

#[cfg(target_os = "linux")]
#[test]
fn a_replay_that_was_stopped_goes_on_with_the_recorded_timing() {
    let mut game = Game::start();
    let file = recording(&mut game, Duration::from_millis(50));
    let (_lab, mut lab) = lab(&game);
    let replay = game.tool(&["replay", file.to_str().expect("text"), "--bus", "lab"]);
    let (before, took) = stopped(&replay, &mut lab, 10);
    let least = Duration::from_millis(50) * 9_u32.saturating_sub(before as u32);
    assert!(took >= least, "{} messages came in {took:?}", 10 - before);
    let ended = replay.end();
    assert!(ended.status.success(), "{}", ended.err);
    assert!(before == 10 || ended.err.contains("was stopped or delayed for "), "{}", ended.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_publisher_at_a_rate_that_was_stopped_makes_up_for_nothing() {
    let game = Game::start();
    let mut inbox = game.inbox(Attachment::Gating);
    let message = super::support::hit_json(1);
    let publisher = game.tool(&["pub", HITS.name, &message, "--rate", "20", "--count", "10"]);
    let (before, took) = stopped(&publisher, &mut inbox, 10);
    let least = Duration::from_millis(50) * 9_u32.saturating_sub(before as u32);
    assert!(took >= least, "{} messages came in {took:?}", 10 - before);
    publisher.done();
}

#[test]
fn both_encodings_are_recorded_and_replayed_to_the_same_bytes() {
    let mut game = Game::start();
    let files = ["ros1", "ros2"].map(|encoding| {
        let file = game.file(&format!("{encoding}.mcap"));
        let record = game.tool(&["record", file.to_str().expect("text"), "--encoding", encoding, "--count", "3"]);
        record.told();
        (file, record)
    });
    game.until_read_by("hotframe bus record", 2);
    game.publisher.send(Priority::High, &[hit(1), hit(2)].concat()).expect("room");
    game.send(3..5);
    for (file, record) in files {
        record.done();
        let (lab, mut inbox) = lab(&game);
        let replay = game.tool(&["replay", file.to_str().expect("text"), "--bus", "lab", "--speed", "inf"]);
        for payload in [[hit(1), hit(2)].concat(), hit(3), hit(4)] {
            inbox.wait().expect("mapped");
            assert_eq!(inbox.receive().expect("mapped").expect("there").payload, &payload[..]);
        }
        replay.done();
        drop((inbox, lab));
    }
    let error = game.tool(&["record", "x", "--encoding", "ros3"]).end();
    assert!(error.status.code() == Some(2) && error.err.contains("ros1 or ros2 is needed"), "{}", error.err);
}
