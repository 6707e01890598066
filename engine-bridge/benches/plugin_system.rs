//! Time of a plugin's system compared with the same loop as a native bevy_ecs system: 100 000 entities, two columns, one written.
//!
//! The plugin is a real cdylib. Cargo builds it at the start, the host loads it, and calls take the whole path: schedule, column
//! gathering, slot lock, C ABI. Each case is measured twice, before and after the others, so that a change in the machine's speed shows.
//!
//! `cargo bench -p engine-bridge`; every case asserts that the work was done.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use bevy_ecs::prelude::{Query, Schedule, World};
use bevy_ecs::schedule::SingleThreadedExecutor;
use criterion::{Criterion, criterion_group, criterion_main};
use engine_bridge::bevy::{self, Col, ComponentRegistry};
use plugin_host::{FrameInfo, Host};
use plugin_sdk::prelude::*;

const ENTITIES: usize = 100_000;

#[derive(Clone, Copy, Component)]
#[component(name = "bench.Position")]
#[repr(C)]
struct Position {
    x: f32,
    y: f32,
}

#[derive(Clone, Copy, Component)]
#[component(name = "bench.Velocity")]
#[repr(C)]
struct Velocity {
    x: f32,
    y: f32,
}

/// The same types and loop as a plugin, in the two styles that the SDK offers.
const PLUGIN: &str = r#"
use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[component(name = "bench.Position")]
#[repr(C)]
struct Position { x: f32, y: f32 }

#[derive(Clone, Copy, Component)]
#[component(name = "bench.Velocity")]
#[repr(C)]
struct Velocity { x: f32, y: f32 }

#[derive(Default, PluginState)]
struct Drift { frames: u64 }

#[plugin]
impl Drift {
    #[system]
    fn drift(&mut self, frame: &Frame, mut moving: Query<(&Velocity, &mut Position)>) {
        self.frames += 1;
        let dt = frame.dt();
        LOOP
    }
}
"#;

const ITER: &str =
    "for (velocity, mut position) in &mut moving { position.x += velocity.x * dt; position.y += velocity.y * dt; }";

const COLUMNS: &str = "for (velocities, positions) in moving.columns_mut() {
    for (velocity, position) in velocities.iter().zip(positions) { position.x += velocity.x * dt; position.y += velocity.y * dt; }
}";

/// Builds the plugin `name` with `body` as its loop into `folder`.
fn build(folder: &Path, name: &str, body: &str) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let (package, target) = (folder.join(name), Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-plugins"));
    std::fs::create_dir_all(package.join("src")).expect("a folder for the plugin's source");
    std::fs::write(package.join("src/lib.rs"), PLUGIN.replace("LOOP", body)).expect("the plugin's source");
    let sdk = root.join("plugin-sdk").canonicalize().expect("the SDK's sources");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n\
         [dependencies]\nplugin-sdk.path = {sdk:?}\n[workspace]\n"
    );
    std::fs::write(package.join("Cargo.toml"), manifest).expect("the plugin's manifest");
    std::fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).expect("the workspace's versions");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet"])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", &target)
        .status();
    assert!(status.expect("cargo runs").success(), "the plugin builds");
    let library = plugin_host::library_path(&target.join("release"), name);
    std::fs::create_dir_all(folder.join("plugins")).expect("a plugins folder");
    std::fs::copy(library, plugin_host::library_path(&folder.join("plugins"), name)).expect("the plugin's library");
}

fn world() -> World {
    let mut world = World::new();
    ComponentRegistry::bind::<Position>(&mut world).expect("a fresh world");
    ComponentRegistry::bind::<Velocity>(&mut world).expect("a fresh world");
    let entity = |index| (Col(Position { x: index as f32, y: 0.0 }), Col(Velocity { x: 1.0, y: 0.5 }));
    world.spawn_batch((0..ENTITIES).map(entity).collect::<Vec<_>>());
    world
}

/// A world whose one system is the plugin's.
struct Plugged {
    world: World,
    tick: u64,
    _folder: tempfile::TempDir,
}

impl Plugged {
    fn new(name: &str, body: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        build(folder.path(), name, body);
        let bus = shm_bus::Bus::open_in(folder.path().join("bus"), "bench").expect("a bus");
        let mut world = world();
        let host = Host::start(&folder.path().join("plugins"), bus).expect("a host");
        bevy::install(&mut world, host);
        bevy::load_present(&mut world).expect("the plugin loads");
        Self { world, tick: 0, _folder: folder }
    }

    fn run(&mut self) {
        bevy::run_frame(&mut self.world, FrameInfo { tick: self.tick, seed: 1, delta_seconds: 1.0 });
        bevy::end_frame(&mut self.world);
        self.tick += 1;
    }
}

/// Asserts, by the sum of the column, that every entity has moved `runs` times.
fn assert_moved(world: &mut World, runs: u64) {
    let mut query = world.query::<&Col<Position>>();
    let sum: f64 = query.iter(world).map(|position| f64::from(position.y)).sum();
    let expected = runs as f64 * 0.5 * ENTITIES as f64;
    assert!((sum - expected).abs() <= expected * 1e-6, "moved {sum}, expected {expected}");
}

struct Native {
    world: World,
    schedule: Schedule,
    runs: u64,
}

impl Native {
    fn new<M>(system: impl bevy_ecs::schedule::IntoScheduleConfigs<bevy_ecs::system::ScheduleSystem, M>) -> Self {
        let mut schedule = Schedule::default();
        schedule.set_executor(SingleThreadedExecutor::new());
        schedule.add_systems(system);
        Self { world: world(), schedule, runs: 0 }
    }

    fn run(&mut self) {
        self.schedule.run(&mut self.world);
        self.runs += 1;
    }
}

fn native_iter(mut moving: Query<'_, '_, (&Col<Velocity>, &mut Col<Position>)>) {
    let dt = black_box(1.0);
    for (velocity, mut position) in &mut moving {
        position.x += velocity.x * dt;
        position.y += velocity.y * dt;
    }
}

fn native_contiguous(mut moving: Query<'_, '_, (&Col<Velocity>, &mut Col<Position>)>) {
    let dt = black_box(1.0);
    for (velocities, mut positions) in moving.contiguous_iter_mut().expect("table storage") {
        for (velocity, position) in velocities.iter().zip(positions.iter_mut()) {
            position.x += velocity.x * dt;
            position.y += velocity.y * dt;
        }
    }
}

fn compare(criterion: &mut Criterion) {
    let mut iter = Plugged::new("drift_iter", ITER);
    let mut columns = Plugged::new("drift_columns", COLUMNS);
    let (mut native, mut contiguous) = (Native::new(native_iter), Native::new(native_contiguous));
    let mut group = criterion.benchmark_group("100k_entities_2_columns");
    for round in ["first", "again"] {
        group.bench_function(format!("native_iter_mut/{round}"), |bencher| bencher.iter(|| native.run()));
        group.bench_function(format!("plugin_iter_mut/{round}"), |bencher| bencher.iter(|| iter.run()));
        group.bench_function(format!("native_contiguous/{round}"), |bencher| bencher.iter(|| contiguous.run()));
        group.bench_function(format!("plugin_columns/{round}"), |bencher| bencher.iter(|| columns.run()));
    }
    group.finish();
    assert_moved(&mut iter.world, iter.tick);
    assert_moved(&mut columns.world, columns.tick);
    assert_moved(&mut native.world, native.runs);
    assert_moved(&mut contiguous.world, contiguous.runs);
}

criterion_group!(benches, compare);
criterion_main!(benches);
