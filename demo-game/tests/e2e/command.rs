//! `hotframe bus ls` and `hotframe bus echo` beside a running game: they inspect it without affecting it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::game::{BUS, Game, Run, files};
use crate::support::plugins::Plugins;
use crate::support::process::{Process, Stream};
use crate::support::{PLUGINS, TOPICS, built};

const FLAGS: &str = "--bot --agents 80 --frames 480 --seed 11";

pub(crate) fn hotframe(bus_folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(built::hotframe());
    command.args(arguments.split_whitespace()).env("HOTFRAME_DIR", bus_folder).stdin(Stdio::null());
    command
}

pub(crate) fn output(bus_folder: &Path, arguments: &str) -> Output {
    hotframe(bus_folder, arguments).output().expect("hotframe can be started")
}

/// The tool's output, each line as JSON.
pub(crate) fn json_lines(bus_folder: &Path, arguments: &str) -> Vec<Value> {
    let output = output(bus_folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// A running echo that has printed its first line.
fn echo(bus_folder: &Path, topic: &str) -> Process {
    let mut command = hotframe(bus_folder, &format!("bus echo {topic} --json --bus {BUS}"));
    let mut echo = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::null()), Stream::Out);
    assert!(echo.next_line().is_some(), "an echo of {topic}");
    echo
}

fn check_ls(bus: &Value) {
    assert_eq!(bus["bus"], BUS);
    let topics: BTreeMap<_, _> = bus["topics"]
        .as_array()
        .expect("topics")
        .iter()
        .map(|topic| (topic["name"].as_str().expect("a name"), topic))
        .collect();
    let of_the_game =
        topics.keys().copied().filter(|name| !["host/status/request", "plugin/director/request"].contains(name));
    assert!(of_the_game.eq(TOPICS.map(|(name, _)| name)), "{bus:#}");
    for (name, priority) in TOPICS {
        let topic = topics[name];
        assert!(topic["type"].as_str().is_some_and(|name| !name.is_empty()), "{topic:#}");
        assert!(topic["schema"].as_str().is_some_and(|schema| schema.contains("f32")), "{topic:#}");
        let [lane] = &topic["lanes"].as_array().expect("lanes")[..] else { panic!("lanes of {topic:#}") };
        assert_eq!((&lane["priority"], &lane["open"], &lane["dropped"]), (&priority.into(), &true.into(), &0.into()));
        assert!(lane["sent"].is_u64() && PLUGINS.iter().any(|plugin| lane["publisher"] == *plugin), "{lane:#}");
    }
    assert!(topics["render/commands"]["lanes"][0]["sent"].as_u64() > Some(0), "{bus:#}");
    let is_game = |participant: &Value| participant["alive"] == true && participant["name"] == "demo-game";
    assert!(bus["participants"].as_array().expect("participants").iter().any(is_game), "{bus:#}");
    let readers = bus["inboxes"].as_array().expect("inboxes");
    for reader in ["presenter", "ai", "director", "render"] {
        assert!(readers.iter().any(|inbox| inbox["name"] == reader && inbox["observer"] == false), "{reader}: {bus:#}");
    }
}

fn check_contact(line: &Value) {
    assert_eq!((&line["topic"], &line["priority"]), (&"physics/contact".into(), &"high".into()));
    assert_eq!((&line["publisher"], &line["lost"]), (&"physics".into(), &0.into()));
    let contact = &line["message"];
    assert!(line["sequence"].is_u64(), "{line}");
    assert!(contact["striker"].is_u64() && contact["enemy"].is_u64(), "{line}");
    assert!(["x", "y", "speed"].iter().all(|field| contact[field].as_f64().is_some_and(f64::is_finite)), "{line}");
}

#[cfg(unix)]
#[test]
fn echo_and_ls_look_without_touching() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, &format!("{FLAGS} --realtime"));
    game.line("wave 1");
    let folder = game.bus_folder();
    let contacts = json_lines(&folder, &format!("bus echo physics/contact --json --bus {BUS} --count 5"));
    assert_eq!(contacts.len(), 5);
    contacts.iter().for_each(check_contact);
    // The only bus need not be named.
    assert_eq!(json_lines(&folder, "bus echo render/commands --json --count 3").len(), 3);
    let [bus] = &json_lines(&folder, "bus ls --json")[..] else { panic!("one bus") };
    check_ls(bus);
    let text = String::from_utf8(output(&folder, "bus ls").stdout).expect("text");
    assert!(TOPICS.iter().all(|(topic, _)| text.contains(topic)), "{text}");

    let mut stopped = echo(&folder, "render/commands");
    stopped.signal("STOP");
    let killed = echo(&folder, "render/commands");
    killed.signal("KILL");
    drop(killed);
    // Another observer comes to a bus with a stopped and a killed participant, and leaves before the game ends.
    assert_eq!(json_lines(&folder, "bus echo game/event --json --count 1").len(), 1);

    let ((run, home), undisturbed) = (game.end_keeping_home(), Run::undisturbed(FLAGS));
    for (topic, _) in TOPICS {
        assert_eq!(run.traffic(topic, "dropped"), 0, "{topic}");
    }
    assert_eq!(run.report["bus"], undisturbed.report["bus"], "the game's own readers missed something");
    assert_eq!(run.hash(), undisturbed.hash());

    stopped.signal("CONT");
    let (status, _) = stopped.end();
    assert!(status.success(), "an echo ends with its bus: {status}");
    assert_eq!(files(&home.path().join("bus")), [""; 0]);
}

#[test]
fn an_unknown_topic_is_named_with_those_that_there_are() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, "--realtime --frames 100000");
    game.line("wave 1");
    let output = output(&game.bus_folder(), "bus echo physics/contract");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("no topic `physics/contract`") && error.contains("physics/contact"), "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn without_a_bus_the_commands_say_so() {
    let folder = TempDir::new().expect("a folder");
    for (arguments, told) in [
        ("bus ls", "there is no live bus here"),
        ("bus ls --json", "there is no live bus here"),
        ("bus echo physics/contact", "there is no live bus here"),
        ("bus ls --bus nowhere", "nowhere"),
        ("bus echo physics/contact --bus nowhere", "nowhere"),
    ] {
        let output = output(folder.path(), arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments}: {error}");
        assert!(error.starts_with("hotframe: ") && error.contains(told), "{arguments}: {error}");
        assert!(output.stdout.is_empty(), "{arguments}");
    }
    assert!(folder.path().read_dir().expect("a folder").next().is_none(), "looking makes nothing");
}

#[test]
fn of_several_buses_one_must_be_named() {
    let home = TempDir::new().expect("a folder");
    let buses = ["one", "two"].map(|name| shm_bus::Bus::open_in(home.path(), name).expect("a bus"));
    let refused = output(home.path(), "bus echo some/topic");
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(1) && error.contains("--bus: one, two"), "{error}");
    assert_eq!(json_lines(home.path(), "bus ls --json").len(), 2);
    drop(buses);
}
