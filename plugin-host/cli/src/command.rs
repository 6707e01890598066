//! The command line of `hotframe`: its areas, and how a command ends.
//!
//! # Failure
//! An error is reported in one line, with advice, and the exit code is 1. It is no error if the reader of the output goes away.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bus::BusCommand;
use crate::call;
use crate::output::print::Guard;
use crate::status;

/// Lists and calls the plugins of running games; inspects their buses; publishes, records and replays messages.
#[derive(Clone, Debug, Parser)]
#[command(name = "hotframe", version)]
pub(crate) struct Command {
    #[command(subcommand)]
    area: Area,
}

#[derive(Clone, Debug, Subcommand)]
enum Area {
    /// The message buses of running programs
    #[command(subcommand)]
    Bus(BusCommand),
    #[command(about = "Call an export of a plugin in a running game")]
    Call(call::Args),
    #[command(about = "List the plugins of a running game")]
    Status(status::Args),
}

impl Command {
    /// Runs the command to its end; returns the exit code.
    ///
    /// # Errors
    /// The command's error. It is a success if only the reader of the output went away.
    pub(crate) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let mut out = Guard(io::stdout().lock());
        let result = match self.area {
            Area::Bus(command) => command.run(&mut out),
            Area::Call(args) => call::call(&args, &mut out),
            Area::Status(args) => status::status(&args, &mut out),
        };
        match result {
            Err(error) if is_closed_pipe(&*error) => Ok(ExitCode::SUCCESS),
            result => result,
        }
    }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
