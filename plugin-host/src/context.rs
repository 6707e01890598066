//! The state of one call of a plugin, which the host's functions use.
//!
//! # Invariants
//! 1. A [`Context`] lives on the caller's stack for one call, and only that call's thread uses it.

use std::fmt;

use plugin_sdk::abi::{Bump, Level, Status};

use crate::arena::Piece;
use crate::calls::callee::{Callee, EntryPoint, UnderWay};
use crate::fault::Fault;
use crate::lineage::Lineage;
use crate::ports::Port;

/// Limit beyond which a fault's message is not extended, in bytes.
const MESSAGE_BYTES_MAX: usize = 1024;

/// State of one call, used by the table's functions.
pub(crate) struct Context<'a> {
    pub(crate) callee: &'static Callee,
    pub(crate) entry_point: EntryPoint,
    pub(crate) generation: u32,
    /// `None` in `create`, `save`, `drop` and exports: they may use neither the frame arena nor publishers.
    pub(crate) frame: Option<FrameAccess<'a>>,
    /// The plugin's reports about this call. Most calls report nothing, and then allocate nothing.
    told: Option<Box<Told>>,
    /// Its place in a chain of calls.
    pub(crate) lineage: &'a Lineage,
    _under_way: UnderWay,
}

/// A plugin's reports about its call.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The last reported panic, even if the plugin caught it.
    pub(crate) panic: Option<Fault>,
    fault: Option<Fault>,
    /// In `create`: how the state was restored.
    pub(crate) report: Option<StateReport>,
    /// The error that an export returned.
    pub(crate) failure: Option<Failure>,
}

/// The error that an export returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failure {
    /// 0 if it has none.
    pub(crate) code: u32,
    pub(crate) message: String,
}

/// The fate of a plugin's state in a handover, as reported by the SDK.
#[derive(Debug)]
pub(crate) struct StateReport {
    pub(crate) level: Level,
    pub(crate) text: String,
}

impl StateReport {
    /// Logs the report.
    pub(crate) fn tell(&self, plugin: &str) {
        let text = &self.text;
        match self.level {
            Level::WARN => tracing::warn!(plugin, "{plugin}'s state: {text}"),
            Level::DEBUG => tracing::debug!(plugin, "{plugin}'s state: {text}"),
            _ => tracing::info!(plugin, "{plugin}'s state: {text}"),
        }
    }
}

/// Resources that only a call within a frame may use.
pub(crate) struct FrameAccess<'a> {
    pub(crate) piece: Piece<'a>,
    pub(crate) ports: &'a mut [Port],
}

impl<'a> Context<'a> {
    /// Context of a call that begins now, for `entry_point`.
    #[inline]
    pub(crate) fn new(
        callee: &'static Callee,
        entry_point: EntryPoint,
        generation: u32,
        frame: Option<FrameAccess<'a>>,
        lineage: &'a Lineage,
    ) -> Self {
        Self::under_way(entry_point, generation, frame, lineage, callee.enter(entry_point))
    }

    /// Context of an export that begins now, beside which others may run.
    #[inline]
    pub(crate) fn beside_others(
        callee: &'static Callee,
        entry_point: EntryPoint,
        generation: u32,
        lineage: &'a Lineage,
    ) -> Self {
        Self::under_way(entry_point, generation, None, lineage, callee.enter_beside_others(entry_point))
    }

    #[inline]
    const fn under_way(
        entry_point: EntryPoint,
        generation: u32,
        frame: Option<FrameAccess<'a>>,
        lineage: &'a Lineage,
        under_way: UnderWay,
    ) -> Self {
        Self { callee: under_way.callee(), entry_point, generation, frame, told: None, lineage, _under_way: under_way }
    }

    /// The call's entry point, for people.
    pub(crate) fn display_entry_point(&self) -> impl fmt::Display + use<> {
        self.callee.display_entry_point(self.entry_point)
    }

    /// The place for what the plugin tells.
    #[cold]
    pub(crate) fn told(&mut self) -> &mut Told {
        self.told.get_or_insert_default()
    }

    /// Takes the plugin's report on its state.
    pub(crate) fn take_report(&mut self) -> Option<StateReport> {
        self.told.as_mut()?.report.take()
    }

    /// Takes back the unused rest of the call's arena piece.
    pub(crate) fn close_piece(&mut self, left: Bump) {
        if let Some(frame) = &mut self.frame {
            frame.piece.left = left;
        }
    }

    /// Records why the call will fail.
    pub(crate) fn note(&mut self, fault: Fault) {
        match &mut self.told().fault {
            place @ None => *place = Some(fault),
            // The first fault is the cause: later ones come from dropping its payload.
            Some(first) if first.message.len() < MESSAGE_BYTES_MAX => {
                first.message.push_str("; then: ");
                first.message.push_str(&fault.message);
            }
            Some(_) => {}
        }
    }

    /// Takes the error that the export returned.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.told.as_mut()?.failure.take()
    }

    /// The call's result by its status, with the reason that the plugin gave.
    pub(crate) fn finish(self, status: Status) -> Result<(), Fault> {
        if status == Status::OK {
            return Ok(());
        }
        Err(self.told.and_then(|told| told.fault).unwrap_or_else(|| Fault {
            message: format!("it returned status {} without a reason", status.0),
            location: String::new(),
        }))
    }
}
