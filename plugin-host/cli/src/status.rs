//! `hotframe status`: lists the plugins of a running game.
//!
//! The game's answer is decoded twice: for JSON as it is, so that fields of a newer game are passed on, and for people as the fields that
//! this build knows.

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use plugin_host::status::{
    ExportStatus, FORMAT, HostStatus, METHOD, PluginStatus, SERVICE, SubscriptionStatus, SystemStatus, state,
};
use plugin_host::with_causes;
use serde_json::{Value, json};
use shm_bus::wire::method_id;
use shm_bus::{Bus, CallError, Shown};

use crate::bus::target::find::find;
use crate::output::figures::{age, duration, nanoseconds, several};
use crate::output::print::tell;

/// Lists the plugins of a running game: generation, systems, subscriptions and exports, the last swap or refusal, faults, and what waits.
///
/// Examples:
///   hotframe status
///   hotframe status director
///   hotframe status --json | jq '.plugins[] | select(.state == "suspended").name'
///
/// The game answers at its next frame edge. The exit code is 0 if it answered and all is well, and 1 if there is no answer, if a plugin is
/// suspended, or if the last build of one was refused.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Only this plugin [default: all]
    plugin: Option<String>,
    /// Bus [default: the only live one]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Seconds to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = duration)]
    timeout: Duration,
    /// Print one line of JSON in any case: {"plugins": …} or {"error": {"status", "message"}}
    #[arg(long)]
    json: bool,
}

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(
        "no host on bus `{bus}` answers `hotframe status`: its programs run no plugins, or are built with a Hotframe before this command; \
         `hotframe call` lists the plugins that offer exports, `hotframe bus ls` the topics"
    )]
    NoHost { bus: String },
    #[error("no plugin `{plugin}` in the game on bus `{bus}`; `hotframe status` lists its plugins")]
    NoPlugin { plugin: String, bus: String },
    #[error("the game on bus `{bus}` has not answered within {timeout:?}; is it stopped, or in a long frame?")]
    Silent { bus: String, timeout: Duration },
    #[error(
        "the game's status has format {format}, this command reads format {FORMAT}; use the `hotframe` of the game's version, {version}"
    )]
    Format { format: u32, version: String },
}

impl Failure {
    const fn status(&self) -> &'static str {
        match self {
            Self::NoHost { .. } => "no host",
            Self::NoPlugin { .. } => "no such plugin",
            Self::Silent { .. } => "no answer",
            Self::Format { .. } => "other format",
        }
    }
}

pub(crate) fn status(args: &Args, out: &mut impl io::Write) -> Result<ExitCode, Box<dyn Error>> {
    let (status, whole) = match find(args.bus.as_deref()).map_err(Into::into).and_then(|bus| answer(args, &bus)) {
        Ok(answer) => answer,
        Err(error) if args.json => {
            let status = error.downcast_ref().map_or("failed", Failure::status);
            writeln!(out, "{}", json!({"error": {"status": status, "message": with_causes(&*error)}}))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error),
    };
    if args.json {
        writeln!(out, "{whole}")?;
    } else if status.plugins.is_empty() {
        tell(format_args!("the game has no plugin; put libraries into {}", status.folder));
    } else {
        status.plugins.iter().try_for_each(|plugin| print(plugin, out))?;
    }
    let has_problem = |plugin: &PluginStatus| plugin.state == state::SUSPENDED || plugin.refusal.is_some();
    Ok(if status.plugins.iter().any(has_problem) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The answer, as this build knows it and whole.
fn answer(args: &Args, bus: &Bus) -> Result<(HostStatus, Value), Box<dyn Error>> {
    let name = || bus.name().to_owned();
    let mut client = bus.client(SERVICE)?;
    if !client.has_server() {
        return Err(Failure::NoHost { bus: name() }.into());
    }
    let argument = args.plugin.as_ref().map(|plugin| rmp_serde::to_vec(&(plugin,))).transpose()?.unwrap_or_default();
    let reply = match client.call(method_id(METHOD), &argument, args.timeout) {
        Ok(reply) => reply,
        Err(CallError::Deadline { .. }) => return Err(Failure::Silent { bus: name(), timeout: args.timeout }.into()),
        Err(error) => return Err(error.into()),
    };
    let whole: Value = rmp_serde::from_slice(reply.payload)?;
    // The other fields of another format may have other types.
    let format = whole["format"].as_u64().and_then(|format| u32::try_from(format).ok()).unwrap_or_default();
    if format != FORMAT {
        let version = whole["version"].as_str().unwrap_or("unknown").to_owned();
        return Err(Failure::Format { format, version }.into());
    }
    let status: HostStatus = rmp_serde::from_slice(reply.payload)?;
    match &args.plugin {
        Some(plugin) if status.plugins.is_empty() => {
            Err(Failure::NoPlugin { plugin: plugin.clone(), bus: name() }.into())
        }
        _ => Ok((status, whole)),
    }
}

fn print(plugin: &PluginStatus, out: &mut impl io::Write) -> io::Result<()> {
    let PluginStatus { name, version, generation, state, .. } = plugin;
    let (name, version, state) = (Shown(name), Shown(version), Shown(state));
    match generation {
        0 => writeln!(out, "{name}: {state}")?,
        _ if plugin.version.is_empty() => writeln!(out, "{name}: {state}, generation {generation} was the last")?,
        _ => writeln!(out, "{name} {version}: {state}, generation {generation}")?,
    }
    print_changes(plugin, out)?;
    for SystemStatus { signature, stage } in &plugin.systems {
        writeln!(out, "    system {} in {}", Shown(signature), Shown(stage))?;
    }
    for SubscriptionStatus { signature, topic } in &plugin.subscriptions {
        writeln!(out, "    subscription {} to {}", Shown(signature), Shown(topic))?;
    }
    for ExportStatus { signature, docs, internal, thread, .. } in &plugin.exports {
        let kind = match (internal, thread) {
            (true, _) => "internal export",
            (false, true) => "export on a thread",
            (false, false) => "export",
        };
        writeln!(out, "    {kind} {}", Shown(signature))?;
        if !docs.is_empty() {
            writeln!(out, "        {}", Shown(docs))?;
        }
    }
    Ok(())
}

/// Its last swap and refusal, its faults, and what waits.
fn print_changes(plugin: &PluginStatus, out: &mut impl io::Write) -> io::Result<()> {
    if let Some(swap) = &plugin.swap {
        let held = nanoseconds(swap.held_ns as f64);
        let what = match swap.from {
            0 => "loaded".to_owned(),
            from => format!("swapped from generation {from}"),
        };
        writeln!(out, "    {what} {} ago, frame edge held {held}", ago(swap.ago_ms))?;
    }
    if let Some(refusal) = &plugin.refusal {
        writeln!(out, "    last build refused {} ago: {}", ago(refusal.ago_ms), Shown(&refusal.reason))?;
    }
    if let Some(postponed) = &plugin.postponed {
        writeln!(out, "    {}", Shown(postponed))?;
    }
    if plugin.faults > 0 {
        writeln!(out, "    {}", several(plugin.faults, "fault"))?;
    }
    if let Some(fault) = &plugin.fault {
        let place = if fault.location.is_empty() { String::new() } else { format!(", at {}", fault.location) };
        let (during, message, place) = (Shown(&fault.during), Shown(&fault.message), Shown(&place));
        writeln!(out, "    last fault {} ago, {during}: {message}{place}", ago(fault.ago_ms))?;
    }
    Ok(())
}

fn ago(milliseconds: u64) -> String {
    age(Duration::from_millis(milliseconds))
}
