//! A world with a plugin host, a folder and a bus for one test.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bevy_ecs::bundle::Bundle;
use bevy_ecs::prelude::{Entity, World};
use engine_bridge::bevy::{self, Col, CommandStats, ComponentRegistry, PluginHost};
use plugin_host::{FrameInfo, Host, PluginStats, library_path};
use plugin_sdk::Component;
use plugin_sdk::abi::Stage;
use plugin_sdk::state::{PluginState, restore};
use shm_bus::Bus;
use tempfile::TempDir;

use super::support::fixtures;
use super::support::log::Log;
use super::types::{Frozen, Label, Position, Trace, Velocity};

/// A longer wait is a failure, not a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Game {
    pub(crate) world: World,
    pub(crate) log: Log,
    tick: u64,
    /// Dropped last: the bus and the plugins.
    place: TempDir,
}

impl Game {
    /// A world whose host knows the shared components, with these plugins in its folder, each as (plugin name, fixture).
    pub(crate) fn with(plugins: &[(&str, &str)]) -> Self {
        let place = tempfile::tempdir().expect("a folder for one test");
        let folder = place.path().join("plugins");
        fs::create_dir(&folder).expect("a new folder");
        for (plugin, fixture) in plugins {
            fs::copy(fixtures::library(fixture), library_path(&folder, plugin))
                .expect("a plugin is put into the folder");
        }
        let log = Log::start();
        let mut world = World::new();
        bind::<Position>(&mut world);
        bind::<Velocity>(&mut world);
        bind::<Frozen>(&mut world);
        bind::<Trace>(&mut world);
        let bus = Bus::open_in(place.path().join("bus"), "game").expect("a bus of one test");
        bevy::install(&mut world, Host::start(&folder, bus).expect("a host over a folder"));
        bevy::load_present(&mut world).expect("the folder can be read");
        Self { world, log, tick: 0, place }
    }

    pub(crate) fn spawn(&mut self, bundle: impl Bundle) -> Entity {
        self.world.spawn(bundle).id()
    }

    fn host(&self) -> &Host {
        &self.world.resource::<PluginHost>().0
    }

    pub(crate) fn path(&self, plugin: &str) -> PathBuf {
        library_path(self.host().folder(), plugin)
    }

    /// Replaces `plugin`'s file by `fixture` atomically.
    pub(crate) fn put(&self, plugin: &str, fixture: &str) {
        let aside = self.place.path().join("new-build");
        fs::write(&aside, fixtures::bytes(fixture)).expect("a file beside the folder");
        fs::rename(aside, self.path(plugin)).expect("a file is renamed into the folder");
    }

    /// Replaces `plugin`'s file by `fixture`, and runs no frame until the swap.
    pub(crate) fn swap(&mut self, plugin: &str, fixture: &str) {
        let generation = self.stats(plugin).generation;
        self.put(plugin, fixture);
        self.await_that(|game| game.stats(plugin).generation > generation);
    }

    /// Replaces `plugin`'s file by `fixture`, and waits until it is refused.
    pub(crate) fn refuse(&mut self, plugin: &str, fixture: &str) {
        let before = self.stats(plugin);
        self.put(plugin, fixture);
        self.await_that(|game| game.stats(plugin).failed_loads > before.failed_loads);
        assert_eq!(self.stats(plugin).generation, before.generation, "the old build keeps running");
    }

    /// Passes the watcher's events to the frame edge until `done`.
    pub(crate) fn await_that(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            self.await_news();
            self.world.resource_mut::<PluginHost>().0.stage_done(Stage::Render);
            bevy::frame_edge(&mut self.world);
        }
    }

    /// Waits for an event of the watcher.
    pub(crate) fn await_news(&self) {
        assert!(self.host().wait_for_change(PATIENCE), "nothing came: {:#?}", self.log.lines());
    }

    /// Runs `count` frames of one second each.
    pub(crate) fn frames(&mut self, count: u64) {
        for _ in 0..count {
            bevy::frame_edge(&mut self.world);
            bevy::run_frame(&mut self.world, FrameInfo { tick: self.tick, seed: 1, delta_seconds: 1.0 });
            bevy::end_frame(&mut self.world);
            self.tick += 1;
        }
    }

    pub(crate) fn stats(&self, plugin: &str) -> PluginStats {
        self.host().stats().find(|(name, _)| *name == plugin).map(|(_, stats)| stats).unwrap_or_default()
    }

    /// Whether `plugin` runs.
    pub(crate) fn runs(&self, plugin: &str) -> bool {
        self.host().states().iter().any(|(name, _)| *name == plugin)
    }

    /// Those fields of `plugin`'s state that `S` names.
    pub(crate) fn state<S: PluginState>(&self, plugin: &str) -> S {
        let states = self.host().states();
        let (_, state) = states.iter().find(|(name, _)| *name == plugin).expect("the plugin runs");
        restore(state.as_ref().expect("its state can be saved")).expect("the state has these fields")
    }

    /// `T` of `entity`.
    pub(crate) fn get<T: Component>(&self, entity: Entity) -> Option<T> {
        self.world.get::<Col<T>>(entity).map(|column| column.0)
    }

    /// Every `T`.
    pub(crate) fn all<T: Component>(&mut self) -> Vec<T> {
        let mut query = self.world.query::<&Col<T>>();
        query.iter(&self.world).map(|column| column.0).collect()
    }

    /// Commands so far: applied, stale, refused.
    pub(crate) fn commands(&self) -> (u64, u64, u64) {
        let stats = self.world.get_resource::<CommandStats>().copied().unwrap_or_default();
        (stats.applied, stats.stale, stats.refused)
    }

    /// How often the schedules were built.
    pub(crate) fn schedules_built(&self) -> usize {
        self.log.count("rebuilding the schedules")
    }
}

/// Makes `T` visible to host code.
pub(crate) fn bind<T: Component>(world: &mut World) {
    ComponentRegistry::bind::<T>(world).expect("the host's types come first");
}

/// Makes labels, which only plugins use otherwise, visible to host code.
pub(crate) fn with_labels(plugins: &[(&str, &str)]) -> Game {
    let mut game = Game::with(&[]);
    bind::<Label>(&mut game.world);
    for (plugin, fixture) in plugins {
        game.swap(plugin, fixture);
    }
    game
}
