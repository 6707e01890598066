//! Programs that use the game's bus and are not plugins: a `topic!` declaration binds them as it binds plugins, in whichever order they
//! attach, and the next build recreates whatever one of them breaks.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use plugin_sdk::prelude::*;
use shm_bus::wire::Policy;
use shm_bus::{Attachment, Bus, Inbox, Start, TopicPublisher, TopicSpec};

use super::game::Game;
use super::support::fixtures;
use super::talk::{Listener, Talker};
use super::types::{Blocking, DroppingNewest, DroppingOldest, Evicting, Latest, Number, Numbers, Rejecting};

/// Passes the bus's folder to a child process that acts as a stranger.
const FOLDER: &str = "HOTFRAME_TEST_STRANGER";

#[derive(Default, PluginState)]
struct In {
    heard: [u64; 6],
}

#[derive(Default, PluginState)]
struct Out {
    sent: u64,
}

/// A stranger's publishers and inboxes: one of each kind on a topic of each policy.
struct Ends {
    inbox: Inbox,
    rejecting: TopicPublisher<Rejecting>,
    blocking: TopicPublisher<Blocking>,
    newest: TopicPublisher<DroppingNewest>,
    oldest: TopicPublisher<DroppingOldest>,
    latest: TopicPublisher<Latest>,
    evicting: TopicPublisher<Evicting>,
}

impl Ends {
    fn make(folder: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let bus = Bus::attach_in(folder, "game")?;
        let mut inbox = bus.inbox("stranger", Attachment::Gating)?;
        let topics = [
            TopicSpec::of::<Rejecting>(),
            TopicSpec::of::<Blocking>(),
            TopicSpec::of::<DroppingNewest>(),
            TopicSpec::of::<DroppingOldest>(),
            TopicSpec::of::<Latest>(),
            TopicSpec::of::<Evicting>(),
        ];
        for topic in &topics {
            inbox.subscribe(topic, Start::Now)?;
        }
        Ok(Self {
            inbox,
            rejecting: bus.publisher_of("stranger")?,
            blocking: bus.publisher_of("stranger")?,
            newest: bus.publisher_of("stranger")?,
            oldest: bus.publisher_of("stranger")?,
            latest: bus.publisher_of("stranger")?,
            evicting: bus.publisher_of("stranger")?,
        })
    }

    fn send(&mut self) -> Result<(), shm_bus::SendError> {
        let message = Number { value: 7 };
        self.rejecting.send(&message)?;
        self.blocking.send(&message)?;
        self.newest.send(&message)?;
        self.oldest.send(&message)?;
        self.latest.send(&message)?;
        self.evicting.send(&message)
    }

    /// Names of the topics on which the plugin's messages were received.
    fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        let drained = self.inbox.drain(|delivery| {
            if delivery.publisher == "policies_out" {
                heard.push(delivery.topic.to_owned());
            }
        });
        drained.expect("every lane can be read");
        heard.sort();
        heard.dedup();
        heard
    }
}

/// The child's side of [`Stranger`]; not a test of its own.
#[expect(clippy::print_stdout, reason = "the game reads its answers")]
#[test]
fn stranger() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let mut ends = match Ends::make(Path::new(&folder)) {
        Ok(ends) => ends,
        Err(error) => return println!("\n@{error}"),
    };
    println!("\n@ready");
    for line in std::io::stdin().lines().map_while(Result::ok) {
        match line.as_str() {
            "send" => println!("\n@{:?}", ends.send()),
            _ => println!("\n@{}", ends.heard().join(" ")),
        }
    }
}

/// A process that uses the bus without a host.
struct Stranger {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Stranger {
    fn start(game: &Game) -> Self {
        let folder = game.host.bus().path().parent().expect("a bus lies in a folder").to_owned();
        let mut process = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "strangers::stranger", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test can be started again");
        let commands = process.stdin.take().expect("piped");
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        let mut stranger = Self { process, commands, answers };
        assert_eq!(stranger.hear(), "ready");
        stranger
    }

    fn ask(&mut self, command: &str) -> String {
        writeln!(self.commands, "{command}").expect("it listens");
        self.hear()
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.answers.read_line(&mut line).expect("a pipe") > 0, "it ended");
            if let Some(answer) = line.trim_end().strip_prefix('@') {
                return answer.to_owned();
            }
        }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const POLICIES: [(&str, Policy); 6] = [
    ("fixtures/block", Policy::Block { timeout_ms: 3 }),
    ("fixtures/drop-newest", Policy::DropNewest),
    ("fixtures/drop-oldest", Policy::DropOldest),
    ("fixtures/evict", Policy::EvictLaggard),
    ("fixtures/latest", Policy::Latest),
    ("fixtures/reject", Policy::Reject),
];

/// Plugins and the stranger receive each other's messages on each topic.
fn hear_each_other(game: &mut Game, stranger: &mut Stranger) {
    let topics = game.topics();
    let declared: Vec<_> = topics.iter().map(|topic| (topic.name.as_str(), topic.policy)).collect();
    assert_eq!(declared, POLICIES);
    let before = (game.state::<In>("policies_in").heard, game.state::<Out>("policies_out").sent);
    assert_eq!(stranger.ask("send"), "Ok(())");
    game.frames(1);
    assert_eq!(game.state::<Out>("policies_out").sent, before.1 + 1);
    assert_eq!(stranger.ask("heard"), POLICIES.map(|(name, _)| name).join(" "));
    let heard = game.state::<In>("policies_in").heard;
    assert!(heard.iter().zip(&before.0).all(|(heard, before)| heard > before), "{heard:?} after {before:?}");
}

#[test]
fn a_program_with_the_same_topics_agrees_with_plugins_that_came_before_it() {
    let mut game = Game::with(&[("policies_in", "policies_in"), ("policies_out", "policies_out")]);
    game.frames(1);
    let mut stranger = Stranger::start(&game);
    hear_each_other(&mut game, &mut stranger);
}

#[test]
fn plugins_agree_with_a_program_with_the_same_topics_that_came_before_them() {
    let mut game = Game::with(&[]);
    let mut stranger = Stranger::start(&game);
    for plugin in ["policies_out", "policies_in"] {
        game.put_bytes(plugin, &fixtures::bytes(plugin));
        game.await_that(|game| game.running().contains(&plugin));
    }
    hear_each_other(&mut game, &mut stranger);
    drop(stranger);
    game.frames(1);
    let topics = game.topics();
    assert_eq!(topics.len(), 6, "the plugins hold them by themselves");
}

#[test]
fn a_plugin_that_is_too_slow_for_a_topic_which_evicts_it_is_told_of_and_hears_on() {
    let mut game = Game::with(&[("policies_in", "policies_in")]);
    let evicting = game.host.bus().publisher_of::<Evicting>("flood").expect("a lane");
    let mut evicting = evicting;
    game.frames(1);
    for value in 0..200 {
        evicting.send(&Number { value }).expect("overwrites");
    }
    game.frames(2);
    let line = game.log.line("policies_in was too slow for flood on \"fixtures/evict\"");
    assert!(line.contains("WARN"), "{line}");
    let heard = || game.state::<In>("policies_in").heard[5];
    let before = heard();
    evicting.send(&Number { value: 1 }).expect("sent");
    game.frames(1);
    assert_eq!(game.state::<In>("policies_in").heard[5], before + 1);
    assert_eq!(game.log.count("was too slow"), 1);
}

#[test]
fn a_blocking_send_holds_the_frame_no_longer_than_its_deadline_and_gives_the_message_back() {
    let mut game = Game::with(&[("policies_out", "policies_out")]);
    let mut slow = game.host.bus().inbox("slow", Attachment::Gating).expect("room");
    slow.subscribe(&TopicSpec::of::<Blocking>(), Start::Now).expect("the same declaration");
    game.frames(80);
    let sent = game.state::<Out>("policies_out").sent;
    assert!((50..80).contains(&sent), "its lane holds some 60 messages, not {sent}");
    let line = game.log.line("the frame was blocked for 3 ms");
    assert!(line.contains("\"fixtures/block\"") && line.contains("more capacity"), "{line}");
    // As the message advises.
    game.swap("policies_out", "policies_out_roomy");
    game.frames(40);
    assert_eq!(game.state::<Out>("policies_out").sent, sent + 40);
    assert_eq!(game.log.count("the frame was blocked"), 1);
}

#[test]
fn what_was_dropped_or_given_up_for_want_of_room_stays_counted_when_the_plugin_goes() {
    let mut game = Game::with(&[("policies_out", "policies_out")]);
    let mut slow = game.host.bus().inbox("slow", Attachment::Gating).expect("room");
    slow.subscribe(&TopicSpec::of::<Blocking>(), Start::Now).expect("the same declaration");
    slow.subscribe(&TopicSpec::of::<DroppingNewest>(), Start::Now).expect("the same declaration");
    game.frames(80);
    std::fs::remove_file(game.path("policies_out")).expect("the file can be removed");
    game.await_that(|game| game.running().is_empty());
    let past = game.host.past_lanes();
    let sent = |topic: &str| past.iter().find(|past| past.topic == topic).expect("it had a lane").sent;
    let (blocking, newest) = (sent("fixtures/block"), sent("fixtures/drop-newest"));
    assert!(blocking.timed_out > 0 && newest.dropped > 0, "{blocking:?} {newest:?}");
    assert_eq!((blocking.sent + blocking.timed_out, blocking.rejected, blocking.dropped), (80, 0, 0));
    assert_eq!((newest.sent + newest.dropped, newest.rejected, newest.timed_out), (80, 0, 0));
}

/// Writes nonsense over the first messages of the lane that `publisher` has on `topic`.
#[cfg(unix)]
fn scribble(game: &Game, topic: &str, publisher: &str) {
    use std::os::unix::fs::FileExt as _;

    let snapshot = game.host.bus().snapshot();
    let topic = snapshot.topics.iter().find(|found| found.name == topic).expect("in use");
    let lane = topic.lanes.iter().find(|lane| lane.publisher == publisher).expect("published");
    let path = game.host.bus().path().join(format!("lane-{}", lane.id));
    let file = std::fs::File::options().write(true).open(path).expect("a lane is a file");
    let ring = file.metadata().expect("a file").len() - lane.capacity;
    file.write_all_at(&[0xff; 512], ring).expect("written");
}

#[cfg(unix)]
#[test]
fn the_next_build_of_a_publisher_whose_lane_was_overwritten_gets_a_new_lane() {
    let mut game = Game::with(&[("listener", "listener_v1"), ("talker", "talker_v1")]);
    // The reader stops between two checkpoints of the lane, so that the publisher has to read its own records.
    let mut slow = game.host.bus().inbox("slow", Attachment::Gating).expect("room");
    slow.subscribe(&TopicSpec::of::<Numbers>(), Start::Now).expect("the same declaration");
    game.frames(1);
    slow.drain(|_| {}).expect("readable");
    scribble(&game, "fixtures/number", "talker");
    game.frames(40);
    let line = game.log.line("publishing on \"fixtures/number\" failed");
    assert!(line.contains("the next build of its plugin gets a new lane"), "{line}");
    let broken = game.state::<Talker>("talker");
    assert!(broken.held_back > 0);
    // A refused build changes nothing about this.
    game.engine.refused.push("3.0.0");
    game.refuse("talker", "talker_larger_lane");
    game.frames(1);
    assert_eq!(game.state::<Talker>("talker").sent, broken.sent);
    for build in ["talker_v2", "talker_v1"] {
        let before = game.state::<Talker>("talker");
        game.swap("talker", build);
        game.frames(2);
        let after = game.state::<Talker>("talker");
        assert_eq!((after.sent - before.sent, after.held_back), (20, before.held_back));
    }
    // The listener has left the corrupt lane, and reads the new one.
    let before = game.state::<Listener>("listener").heard;
    game.frames(2);
    assert_eq!(game.state::<Listener>("listener").heard, before + 20);
}
