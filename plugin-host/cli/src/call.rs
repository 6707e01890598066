//! `hotframe call`: calls an export of a plugin in a running game, and lists exports.

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use plugin_host::{LIST, service_of, with_causes};
use serde::Deserialize;
use serde_json::{Value, json};
use shm_bus::wire::{Status, method_id};
use shm_bus::{Bus, CallError, Client, Shown};

use crate::bus::target::find::find;
use crate::output::figures::duration;
use crate::output::print::tell;

/// Calls an export of a plugin in a running game and prints its reply as JSON. Without METHOD, lists the plugin's exports; without PLUGIN,
/// the plugins that have some.
///
/// Examples:
///   hotframe call director                      the exports of director, with their signatures
///   hotframe call director set_wave 7
///   hotframe call shop sell '{"item":"pen","pieces":3,"price":1.5}'
///
/// Each ARGUMENT is JSON, or else a text: 7 is a number, seven and '"7"' are texts. The game answers at its next frame edge, and at once if
/// the export is declared with #[export(thread)]; a game that gets to the call after the timeout does not execute it. Exports with
/// #[export(internal)] are neither listed nor called. `hotframe status` shows which export is which.
/// The exit code is 0 if the export ran and returned no error, otherwise 1.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Plugin, such as director
    plugin: Option<String>,
    /// Export, such as set_wave
    method: Option<String>,
    /// Arguments, in the order of the signature
    #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
    arguments: Vec<String>,
    /// Bus [default: the only live one]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Seconds to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = duration)]
    timeout: Duration,
    /// Print one line of JSON in any case: {"reply": …}, {"exports": …}, {"plugins": …} or {"error": {"status", "code", "message"}}
    #[arg(long)]
    json: bool,
}

/// An export, as a plugin's service lists it.
#[derive(Debug, Deserialize, serde::Serialize)]
struct Export {
    name: String,
    signature: String,
    docs: String,
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no plugin `{plugin}` offers exports on bus `{bus}`; {offered}")]
    NoPlugin { plugin: String, bus: String, offered: String },
    #[error("{message}")]
    Refused { status: &'static str, code: u32, message: String },
    #[error("no answer from {plugin} within {timeout:?}; is the game stopped, or in a long frame?")]
    Silent { plugin: String, timeout: Duration },
}

pub(crate) fn call(args: &Args, out: &mut impl io::Write) -> Result<ExitCode, Box<dyn Error>> {
    match find(args.bus.as_deref()).map_err(Into::into).and_then(|bus| answer(args, &bus)) {
        Ok(answer) => print(args, &answer, out)?,
        Err(error) if args.json => {
            let (status, code) = match error.downcast_ref() {
                Some(Failure::Refused { status, code, .. }) => (*status, *code),
                Some(Failure::NoPlugin { .. }) => ("no such plugin", 0),
                Some(Failure::Silent { .. }) => ("no answer", 0),
                None => ("failed", 0),
            };
            writeln!(out, "{}", json!({"error": {"status": status, "code": code, "message": with_causes(&*error)}}))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error),
    }
    Ok(ExitCode::SUCCESS)
}

/// The answer to a command.
enum Answer {
    Plugins(Vec<String>),
    Exports(Vec<Export>),
    Reply(Value),
}

fn answer(args: &Args, bus: &Bus) -> Result<Answer, Box<dyn Error>> {
    let Some(plugin) = &args.plugin else { return Ok(Answer::Plugins(offered(bus))) };
    let mut client = bus.client(service_of(plugin).as_str())?;
    if !client.has_server() {
        let offered = offered(bus);
        let offered =
            if offered.is_empty() { "none does".to_owned() } else { format!("these do: {}", offered.join(", ")) };
        return Err(Failure::NoPlugin { plugin: plugin.clone(), bus: bus.name().to_owned(), offered }.into());
    }
    let mut ask = |method: &str, arguments: &[u8]| -> Result<Vec<u8>, Box<dyn Error>> {
        ask(&mut client, plugin, method, arguments, args.timeout)
    };
    let Some(method) = &args.method else {
        return Ok(Answer::Exports(rmp_serde::from_slice(&ask(LIST, &[])?)?));
    };
    let arguments: Vec<Value> = args.arguments.iter().map(|text| value(text)).collect();
    let reply = ask(method, &rmp_serde::to_vec(&arguments)?)?;
    let reply = if reply.is_empty() { Value::Null } else { rmp_serde::from_slice(&reply)? };
    Ok(Answer::Reply(reply))
}

/// An argument: JSON, or else a text.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn ask(
    client: &mut Client,
    plugin: &str,
    method: &str,
    arguments: &[u8],
    timeout: Duration,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let error = match client.call(method_id(method), arguments, timeout) {
        Ok(reply) => return Ok(reply.payload.to_vec()),
        Err(error) => error,
    };
    Err(match error {
        CallError::Deadline { .. } | CallError::Refused { status: Status::DeadlineExceeded, .. } => {
            Failure::Silent { plugin: plugin.to_owned(), timeout }.into()
        }
        CallError::Refused { status, reason, .. } => {
            let (code, message) = reason_of(status, &reason);
            let message = if status == Status::Application { failed(plugin, method, code, &message) } else { message };
            Failure::Refused { status: status.name(), code, message }.into()
        }
        other => other.into(),
    })
}

/// Code and text of a refusal.
fn reason_of(status: Status, reason: &[u8]) -> (u32, String) {
    let own = (status == Status::Application).then(|| rmp_serde::from_slice(reason).ok()).flatten();
    own.unwrap_or_else(|| (0, String::from_utf8_lossy(reason).into_owned()))
}

fn failed(plugin: &str, method: &str, code: u32, message: &str) -> String {
    let code = if code == 0 { String::new() } else { format!(" with code {code}") };
    format!("{plugin}/{method} failed{code}: {message}")
}

/// Names of the plugins whose exports are offered on this bus.
fn offered(bus: &Bus) -> Vec<String> {
    let prefix = service_of("");
    let snapshot = bus.snapshot();
    let servers = snapshot.inboxes.iter().filter(|inbox| inbox.server.is_some());
    let mut names: Vec<String> =
        servers.filter_map(|inbox| Some(inbox.name.strip_prefix(&prefix)?.to_owned())).collect();
    names.sort();
    names.dedup();
    names
}

fn print(args: &Args, answer: &Answer, out: &mut impl io::Write) -> Result<(), Box<dyn Error>> {
    match (answer, args.json) {
        (Answer::Plugins(names), true) => writeln!(out, "{}", json!({"plugins": names}))?,
        (Answer::Exports(exports), true) => writeln!(out, "{}", json!({"exports": exports}))?,
        (Answer::Reply(reply), true) => writeln!(out, "{}", json!({"reply": reply}))?,
        (Answer::Plugins(names), false) if names.is_empty() => tell(format_args!("no plugin offers exports here")),
        (Answer::Plugins(names), false) => names.iter().try_for_each(|name| writeln!(out, "{}", Shown(name)))?,
        (Answer::Exports(exports), false) => exports.iter().try_for_each(|export| {
            writeln!(out, "{}", Shown(&export.signature))?;
            export.docs.lines().try_for_each(|line| writeln!(out, "    {}", Shown(line)))
        })?,
        (Answer::Reply(Value::Null), false) => {}
        (Answer::Reply(reply), false) => writeln!(out, "{reply}")?,
    }
    Ok(())
}
