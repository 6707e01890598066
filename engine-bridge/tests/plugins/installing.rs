//! Hosts are installed and dropped while a world lives.

use std::path::Path;

use bevy_ecs::prelude::World;
use engine_bridge::bevy::{self, Col, PluginHost};
use plugin_host::{FrameInfo, Host, library_path};
use plugin_sdk::prelude::*;
use plugin_sdk::state::restore;
use shm_bus::Bus;

use super::support::fixtures;
use super::types::{Number, Numbers, Position, Velocity};

#[derive(Default, PluginState)]
struct Mover {
    frames: u64,
}

/// Folders of a test: one for each host, and one for their bus.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for one test"))
    }

    /// A host with a folder of its own that holds these plugins.
    fn host(&self, name: &str, plugins: &[(&str, &str)]) -> Host {
        let folder = self.0.path().join(name);
        std::fs::create_dir(&folder).expect("a new folder");
        for (plugin, fixture) in plugins {
            put(&folder, plugin, fixture);
        }
        Host::start(&folder, self.bus()).expect("a host over a folder")
    }

    fn bus(&self) -> Bus {
        Bus::open_in(self.0.path().join("bus"), "game").expect("a bus of one test")
    }
}

fn put(folder: &Path, plugin: &str, fixture: &str) {
    std::fs::copy(fixtures::library(fixture), library_path(folder, plugin)).expect("a plugin is put into the folder");
}

/// A world with one entity that moves by 1 in each frame in which `mover` runs.
fn world() -> World {
    let mut world = World::new();
    bevy::ComponentRegistry::bind::<Position>(&mut world).expect("the host's types come first");
    bevy::ComponentRegistry::bind::<Velocity>(&mut world).expect("the host's types come first");
    world.spawn((Col(Position::default()), Col(Velocity { x: 1.0, y: 0.0 })));
    world
}

fn frame(world: &mut World, tick: u64) {
    bevy::frame_edge(world);
    bevy::run_frame(world, FrameInfo { tick, seed: 1, delta_seconds: 1.0 });
    bevy::end_frame(world);
}

fn x(world: &mut World) -> f32 {
    let mut query = world.query::<&Col<Position>>();
    query.single(world).expect("one entity").x
}

/// How often the world's own `mover` ran.
fn frames(world: &World) -> u64 {
    let states = world.resource::<PluginHost>().0.states();
    let (_, bytes) = states.iter().find(|(name, _)| *name == "mover").expect("mover runs");
    let bytes = bytes.as_ref().expect("it can be saved");
    restore::<Mover>(bytes).expect("the state has these fields").frames
}

#[test]
fn a_second_host_runs_its_own_plugins_and_the_first_ones_have_ended() {
    let (folders, mut world) = (Folders::new(), world());
    bevy::install(&mut world, folders.host("first", &[("mover", "mover_v1"), ("talker", "talker_v1")]));
    bevy::load_present(&mut world).expect("the folder can be read");
    frame(&mut world, 0);
    let bus = folders.bus();
    let lanes = |bus: &Bus| bus.snapshot().topics.iter().map(|topic| topic.lanes.len()).sum::<usize>();
    assert_eq!((x(&mut world), frames(&world), lanes(&bus)), (1.0, 1, 1));
    bevy::install(&mut world, folders.host("second", &[("mover", "mover_v1")]));
    assert_eq!(lanes(&bus), 0, "the first host's plugins publish no longer");
    bevy::run_frame(&mut world, FrameInfo { tick: 1, seed: 1, delta_seconds: 1.0 });
    assert_eq!(x(&mut world), 1.0, "nothing runs before it is loaded");
    bevy::load_present(&mut world).expect("the folder can be read");
    frame(&mut world, 2);
    frame(&mut world, 3);
    assert_eq!((x(&mut world), frames(&world)), (3.0, 2), "the second host's mover began afresh and moves alone");
}

#[test]
fn two_hosts_one_after_the_other_with_the_same_plugins_each_run_their_own() {
    let (folders, mut world) = (Folders::new(), world());
    for (round, name) in ["first", "second", "third"].into_iter().enumerate() {
        bevy::install(&mut world, folders.host(name, &[("mover", "mover_v1")]));
        bevy::load_present(&mut world).expect("the folder can be read");
        frame(&mut world, round as u64);
        assert_eq!((x(&mut world), frames(&world)), (1.0 + round as f32, 1));
        drop(world.remove_resource::<PluginHost>());
    }
}

#[test]
fn a_dropped_hosts_plugins_end_while_its_world_lives() {
    let (folders, mut world) = (Folders::new(), world());
    bevy::install(&mut world, folders.host("only", &[("mover", "mover_v1"), ("listener", "listener_v1")]));
    bevy::load_present(&mut world).expect("the folder can be read");
    frame(&mut world, 0);
    let bus = folders.bus();
    let mut names: Vec<String> = bus.snapshot().inboxes.into_iter().map(|inbox| inbox.name).collect();
    names.sort();
    assert_eq!(names, ["host/status", "listener"]);
    drop(world.remove_resource::<PluginHost>());
    assert_eq!(bus.snapshot().inboxes.len(), 0, "it is waited for no longer");
    assert_eq!(bus.snapshot().participants.len(), 1);
    let mut numbers = bus.publisher_of::<Numbers>("stranger").expect("a lane");
    for value in 0..1000 {
        numbers.send(&Number { value }).expect("no inbox blocks the lane");
    }
    assert_eq!(x(&mut world), 1.0);
    drop(world);
}

#[test]
fn a_host_that_moves_to_another_world_brings_the_plugins_that_it_runs() {
    let (folders, mut first, mut second) = (Folders::new(), world(), world());
    bevy::install(&mut first, folders.host("only", &[("mover", "mover_v1")]));
    bevy::load_present(&mut first).expect("the folder can be read");
    frame(&mut first, 0);
    let PluginHost(host) = first.remove_resource::<PluginHost>().expect("installed");
    bevy::install(&mut second, host);
    frame(&mut second, 1);
    frame(&mut second, 2);
    assert_eq!((x(&mut first), x(&mut second), frames(&second)), (1.0, 2.0, 3), "its state is kept");
    let PluginHost(host) = second.remove_resource::<PluginHost>().expect("installed");
    bevy::install(&mut first, host);
    frame(&mut first, 3);
    assert_eq!((x(&mut first), frames(&first)), (2.0, 4));
}
