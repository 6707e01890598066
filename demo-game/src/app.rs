//! The running game: world, plugins, bus and picture, one frame at a time. It contains no rules.
//!
//! # One frame
//! swaps → input → messages and stages (the plugins) → picture from `render/commands` → end of the frame's memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use bevy_ecs::prelude::{Entity, With, World};
use bevy_ecs::query::QueryState;
use engine_bridge::bevy::{self, Col, ComponentRegistry, PluginHost, RegisterError};
use game_types::topics::DrawCommands;
use game_types::{Body, Bullet, DrawCommand, Enemy, GameState, Input, Position, Ship, TICK_RATE, Tuning, Velocity};
use plugin_host::{Figures, FrameInfo, Host, StartError};
use plugin_sdk::wire::Topic as _;
use shm_bus::{Attachment, Bus, Inbox, ReceiveError, Start, TopicSpec};

use crate::bot::Bot;
use crate::meter::Meter;
use crate::presenter::{Canvas, Font, FontError, InputState};
use crate::report::{Report, traffic};

/// Width of the picture in pixels.
pub(crate) const WIDTH: u32 = 1280;
/// Height of the picture in pixels.
pub(crate) const HEIGHT: u32 = 720;

/// Frames before [`Report::agents`] starts to count.
const WARM_UP: u64 = 60;

/// Name of the presenter's inbox; there is only one on a bus.
const PRESENTER: &str = "presenter";

/// Why the game can't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AppError {
    /// Another game uses this bus.
    #[error("bus `{bus}` is in use by another demo-game ({process}); choose another name with --bus")]
    BusTaken {
        /// The bus's name.
        bus: String,
        /// The other game's process.
        process: shm_bus::Process,
    },
    /// The host can't start.
    #[error(transparent)]
    Host(#[from] StartError),
    /// The plugins folder can't be read.
    #[error("cannot read the plugins folder")]
    Folder(#[from] std::io::Error),
    /// The presenter can't read its topic.
    #[error("cannot create the presenter's inbox")]
    Inbox(#[from] shm_bus::InboxError),
    /// The presenter can't read its topic.
    #[error("cannot subscribe the presenter to the draw commands")]
    Subscribe(#[from] shm_bus::SubscribeError),
    /// A component can't be bound.
    #[error(transparent)]
    Component(#[from] RegisterError),
    /// The font is broken.
    #[error(transparent)]
    Font(#[from] FontError),
}

/// See the module.
pub(crate) struct App {
    world: World,
    canvas: Canvas,
    pictures: Inbox,
    player: Entity,
    bot: Option<Bot>,
    enemies: QueryState<(), With<Col<Enemy>>>,
    seed: u64,
    tick: u64,
    meter: Meter,
    agents_least: Option<u32>,
    frames_left_out: u64,
    arena_bytes: u64,
    pictures_received: [u64; 4],
}

impl App {
    /// Loads the plugins of `folder` and prepares the game.
    pub(crate) fn new(folder: &Path, bus: Bus, tuning: Tuning, seed: u64, bot: bool) -> Result<Self, AppError> {
        let mut world = World::new();
        bind_components(&mut world)?;
        refuse_second_game(&bus)?;
        let mut pictures = bus.inbox(PRESENTER, Attachment::Gating)?;
        pictures.subscribe(&TopicSpec::of::<DrawCommands>(), Start::Now)?;
        let player = world.spawn((Col(Input::default()), Col(tuning), Col(GameState::default()))).id();
        bevy::install(&mut world, Host::start(folder, bus)?);
        bevy::load_present(&mut world)?;
        let bot = bot.then(|| Bot::new(&mut world));
        let enemies = world.query_filtered();
        Ok(Self {
            canvas: Canvas::new(WIDTH, HEIGHT, &Font::parse(Font::BUILTIN)?),
            world,
            pictures,
            player,
            bot,
            enemies,
            seed,
            tick: 0,
            meter: Meter::default(),
            agents_least: None,
            frames_left_out: 0,
            arena_bytes: 0,
            pictures_received: [0; 4],
        })
    }

    /// The picture of the last frame.
    pub(crate) fn canvas(&self) -> &Canvas {
        &self.canvas
    }

    /// What a reader on another thread asks for the figures of the plugins.
    pub(crate) fn figures(&self) -> Figures {
        self.world.resource::<PluginHost>().0.figures()
    }

    /// Frames so far.
    pub(crate) fn frames(&self) -> u64 {
        self.meter.count()
    }

    /// Counts frames that were never played, because they would have been too late, as missed.
    pub(crate) fn leave_out(&mut self, frames: u64) {
        self.frames_left_out += frames;
    }

    /// Plays one frame, due by `deadline` if there is one. The bot's input replaces `input`, except for quitting.
    pub(crate) fn frame(&mut self, input: &InputState, deadline: Option<Instant>) {
        let begun = Instant::now();
        let swapped = bevy::frame_edge(&mut self.world) > 0;
        let input = match &mut self.bot {
            Some(bot) => bot.play(&self.world),
            None => *input,
        };
        self.set_input(&input);
        let delta_seconds = 1.0 / TICK_RATE as f32;
        bevy::run_frame(&mut self.world, FrameInfo { tick: self.tick, seed: self.seed, delta_seconds });
        self.tick += 1;
        self.draw();
        self.arena_bytes += bevy::end_frame(&mut self.world) as u64;
        self.count_agents();
        self.meter.frame(begun, Instant::now(), deadline, swapped);
    }

    fn set_input(&mut self, input: &InputState) {
        let Some(mut column) = self.world.get_mut::<Col<Input>>(self.player) else { return };
        let bits = [(input.fire, Input::FIRE), (input.pause, Input::PAUSE), (input.restart, Input::RESTART)];
        let aim = if input.has_aim { [input.aim_x, input.aim_y] } else { [column.aim_x, column.aim_y] };
        column.0 = Input {
            move_x: input.move_x,
            move_y: input.move_y,
            aim_x: aim[0],
            aim_y: aim[1],
            buttons: bits.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum(),
        };
    }

    fn draw(&mut self) {
        let Self { canvas, pictures, pictures_received, .. } = self;
        canvas.begin();
        let drained = pictures.drain(|delivery| {
            pictures_received[delivery.priority as usize] += 1;
            if let Some(commands) = delivery.messages::<DrawCommand>() {
                canvas.draw(commands);
            }
        });
        match drained {
            // The bus has reported this once, for all its users.
            Ok(_) | Err(ReceiveError::Removed { .. }) => {}
            Err(error) => tracing::warn!(%error, "the draw commands cannot be read"),
        }
        canvas.finish();
    }

    fn count_agents(&mut self) {
        let alive = self.enemies.query(&self.world).iter().len() as u32;
        if self.tick > WARM_UP {
            self.agents_least = Some(self.agents_least.map_or(alive, |least| least.min(alive)));
        }
    }

    /// The report on the run. Logs commands that the presenter could not draw, and states that can't be saved. Call it only at the end: see
    /// [`plugin_host::Host::states`].
    pub(crate) fn report(&mut self) -> Report {
        let skipped = self.canvas.skipped();
        if skipped > 0 {
            tracing::warn!("{skipped} draw commands were invalid or too many for their frame");
        }
        let game = self.world.get::<Col<GameState>>(self.player).map(|game| game.0).unwrap_or_default();
        let host = &self.world.resource::<PluginHost>().0;
        let mut received = host.received();
        received.insert(DrawCommands::NAME.to_owned(), self.pictures_received);
        let plugins: BTreeMap<_, _> = host.stats().map(|(name, stats)| (name.to_owned(), stats.into())).collect();
        let bus = traffic(&host.bus().snapshot(), &host.past_lanes(), &received);
        // Last, because a plugin that hangs while it is saved makes its counters unreadable from then on.
        let hash = bevy::world_hash(&mut self.world);
        for (name, fault) in &hash.unsaved {
            tracing::error!(plugin = name, "{name}'s state cannot be saved: {fault}; the world hash leaves it out");
        }
        let report = Report {
            frames: 0,
            agents: self.agents_least.unwrap_or(0),
            frame_ms: Default::default(),
            missed_frames: 0,
            missed_frames_at_swap: 0,
            world_hash: format!("{:016x}", hash.value),
            unsaved: hash.unsaved.into_iter().map(|(name, fault)| (name, fault.to_string())).collect(),
            arena_bytes_per_frame: self.arena_bytes / self.frames().max(1),
            plugins,
            bus,
            score: game.score,
            wave: game.wave,
        };
        let report = report.timed(&self.meter);
        Report { missed_frames: report.missed_frames + self.frames_left_out, ..report }
    }
}

/// Refuses a bus on which another game plays: two games would receive each other's contacts. Compares participants' ids, because process
/// ids may be equal in two pid namespaces.
pub(crate) fn refuse_second_game(bus: &Bus) -> Result<(), AppError> {
    let snapshot = bus.snapshot();
    let presenters = snapshot.inboxes.iter().filter(|inbox| inbox.name == PRESENTER);
    let mut owners =
        presenters.filter_map(|inbox| snapshot.participants.iter().find(|owner| owner.slot == inbox.participant));
    match owners.find(|owner| owner.alive && owner.id != bus.id()) {
        Some(owner) => Err(AppError::BusTaken { bus: bus.name().to_owned(), process: owner.process }),
        None => Ok(()),
    }
}

/// Binds the components that the game's own code reads; plugins bring all others.
fn bind_components(world: &mut World) -> Result<(), RegisterError> {
    ComponentRegistry::bind::<Position>(world)?;
    ComponentRegistry::bind::<Velocity>(world)?;
    ComponentRegistry::bind::<Body>(world)?;
    ComponentRegistry::bind::<Ship>(world)?;
    ComponentRegistry::bind::<Enemy>(world)?;
    ComponentRegistry::bind::<Bullet>(world)?;
    ComponentRegistry::bind::<Input>(world)?;
    ComponentRegistry::bind::<Tuning>(world)?;
    ComponentRegistry::bind::<GameState>(world)?;
    Ok(())
}
