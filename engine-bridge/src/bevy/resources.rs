//! The resources of a world for its systems: the plugin host, and the running frame.
//!
//! Stands below the schedules, whose systems read both, and below the frame, which writes them.

use bevy_ecs::prelude::Resource;
use plugin_host::{FrameInfo, Host};

/// The plugin host of a world.
#[derive(Debug, Resource)]
pub struct PluginHost(pub Host);

/// The frame that [`run_frame`](super::run_frame) is running, or ran last.
#[derive(Clone, Copy, Debug, Resource)]
pub struct CurrentFrame(pub FrameInfo);
