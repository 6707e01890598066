//! Invariant 10 of the design: the game knows no plugin, and the plugins know neither each other nor the engine.

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::PLUGINS;
use crate::support::built::WORKSPACE;

/// A package in a tree of dependencies.
struct Node {
    depth: usize,
    name: String,
    /// Whether its sources are in this workspace.
    is_ours: bool,
}

/// `cargo tree` of these packages, with normal dependencies.
fn tree(packages: &[&str]) -> Vec<Node> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal", "--prefix", "depth", "--no-dedupe"])
        .args(packages)
        .current_dir(WORKSPACE)
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter(|line| !line.is_empty()).map(node).collect()
}

/// A line such as `2serde v1.0.229` or `1game-types v0.1.0 (/path)`.
fn node(line: &str) -> Node {
    let name_at = line.find(|character: char| !character.is_ascii_digit()).expect("a name");
    let (depth, package) = line.split_at(name_at);
    let (name, rest) = package.split_once(' ').expect("a version");
    let is_ours =
        rest.split_once('(').is_some_and(|(_, place)| place.starts_with(['/', '\\']) || place.contains(":\\"));
    let is_ours = is_ours || rest.contains("(proc-macro) (");
    Node { depth: depth.parse().expect("a depth"), name: name.to_owned(), is_ours }
}

/// The part of a workspace's tree that begins with `root`.
fn part(nodes: &[Node], root: &str) -> Vec<Node> {
    let from = nodes.iter().position(|node| node.depth == 0 && node.name == root);
    let rest = &nodes[from.unwrap_or_else(|| panic!("no {root}"))..];
    let len = 1 + rest[1..].iter().take_while(|node| node.depth > 0).count();
    rest[..len].iter().map(|node| Node { depth: node.depth, name: node.name.clone(), is_ours: node.is_ours }).collect()
}

fn names(nodes: &[Node]) -> BTreeSet<&str> {
    nodes.iter().map(|node| node.name.as_str()).collect()
}

fn check_game(nodes: &[Node]) {
    let names = names(nodes);
    assert!(names.contains("bevy_ecs") && names.contains("plugin-host"), "the tree is read: {names:?}");
    for absent in PLUGINS.into_iter().chain(["rapier2d"]) {
        assert!(!names.contains(absent), "the game depends on {absent}");
    }
}

fn check_plugin(plugin: &str, nodes: &[Node]) {
    let names = names(nodes);
    let direct = nodes.iter().filter(|node| node.depth == 1 && node.is_ours).map(|node| node.name.as_str());
    assert_eq!(direct.collect::<BTreeSet<_>>(), BTreeSet::from(["game-types", "plugin-sdk"]), "{plugin} sees");
    let engine = names.iter().find(|name| name.starts_with("bevy"));
    assert_eq!(engine, None, "{plugin} depends on the engine");
    assert!(names.contains("shm-bus-wire"), "the tree is read: {names:?}");
    let others = PLUGINS.into_iter().filter(|other| *other != plugin);
    for other in others.chain(["demo-game", "plugin-host", "engine-bridge", "shm-bus"]) {
        assert!(!names.contains(other), "{plugin} depends on {other}");
    }
    assert_eq!(names.contains("rapier2d"), plugin == "physics", "{plugin} and rapier2d");
}

#[test]
fn the_logic_is_in_the_plugins() {
    check_game(&tree(&["--package", "demo-game"]));
    for plugin in PLUGINS {
        check_plugin(plugin, &tree(&["--package", plugin]));
    }
}

#[test]
fn the_logic_is_in_the_plugins_in_a_build_of_the_whole_workspace_too() {
    let all = tree(&["--workspace"]);
    check_game(&part(&all, "demo-game"));
    for plugin in PLUGINS {
        check_plugin(plugin, &part(&all, plugin));
    }
}

#[test]
fn an_engine_that_embeds_the_host_builds_nothing_of_the_command() {
    for package in ["plugin-host", "engine-bridge"] {
        let nodes = tree(&["--package", package]);
        let names = names(&nodes);
        assert!(names.contains("shm-bus"), "the tree is read: {names:?}");
        for absent in ["hotframe", "clap", "ctrlc", "mcap", "ratatui", "serde_json"] {
            assert!(!names.contains(absent), "{package} depends on {absent}");
        }
    }
}
