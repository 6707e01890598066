//! The commands of `hotframe`. The game neither waits for them nor notices them: `ls`, `top` and `doctor` look without taking
//! part, those that receive are observers.
//!
//! One command a file, with its flags. What they share: [`find`] (which bus), [`topic`] (which topic), [`watch`] (when to end),
//! [`news`] (what inboxes say beside messages), [`gaps`], [`queues`] and [`figures`].
//!
//! # Failure
//! An error is told in one line, with what to do, and the exit code is 1. A reader of the output that goes away is no error.

mod doctor;
mod echo;
mod exchange;
mod figures;
mod find;
mod gaps;
mod gc;
mod hz;
mod ls;
mod news;
mod outgoing;
mod process;
mod progress;
mod publish;
mod queues;
#[cfg(feature = "record")]
mod record;
#[cfg(feature = "record")]
mod replay;
mod requests;
#[cfg(feature = "top")]
mod top;
mod topic;
mod watch;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Looks into games that run with Hotframe.
#[derive(Clone, Debug, Parser)]
#[command(name = "hotframe", version)]
pub struct Command {
    #[command(subcommand)]
    area: Area,
}

#[derive(Clone, Debug, Subcommand)]
enum Area {
    /// Messages on a running game's bus
    #[command(subcommand)]
    Bus(BusCommand),
}

// A doc comment on a variant would take the place of the long help, which is the one on its `Args`.
#[derive(Clone, Debug, Subcommand)]
enum BusCommand {
    #[command(about = "List topics with their types, priorities, publishers and counts, and who reads")]
    Ls(ls::Args),
    #[command(about = "Show live rates, fill, drops and who takes part, in the terminal")]
    #[cfg(feature = "top")]
    Top(top::Args),
    #[command(about = "Print the messages of a topic as they come")]
    Echo(echo::Args),
    #[command(about = "Publish messages given as JSON")]
    Pub(publish::Args),
    #[command(about = "Measure a topic's rate and the gaps between its messages")]
    Hz(hz::Args),
    #[command(about = "Record topics into an MCAP file")]
    #[cfg(feature = "record")]
    Record(record::Args),
    #[command(about = "Publish a recording again, with its timing and priorities")]
    #[cfg(feature = "record")]
    Replay(replay::Args),
    #[command(about = "Say what is wrong with the buses here, and what to do")]
    Doctor(doctor::Args),
    #[command(about = "Remove buses whose games were killed")]
    Gc(gc::Args),
}

impl Command {
    /// Runs the command to its end; gives the exit code.
    ///
    /// # Errors
    /// What went wrong, for a person. A reader of the output that goes away is no error.
    pub fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let mut out = io::stdout().lock();
        let Area::Bus(command) = self.area;
        let result = match command {
            BusCommand::Doctor(args) => doctor::doctor(&args, &mut out),
            command => command.run(&mut out).map(|()| ExitCode::SUCCESS),
        };
        match result {
            Err(error) if is_closed_pipe(&*error) => Ok(ExitCode::SUCCESS),
            result => result,
        }
    }
}

impl BusCommand {
    fn run(self, out: &mut impl io::Write) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Ls(args) => ls::ls(&args, out),
            #[cfg(feature = "top")]
            Self::Top(args) => top::top(&args, out),
            Self::Echo(args) => echo::echo(&args, out),
            Self::Pub(args) => publish::publish(&args),
            Self::Hz(args) => hz::hz(&args, out),
            #[cfg(feature = "record")]
            Self::Record(args) => record::record(&args, out),
            #[cfg(feature = "record")]
            Self::Replay(args) => replay::replay(&args),
            Self::Doctor(args) => doctor::doctor(&args, out).map(drop),
            Self::Gc(args) => gc::gc(&args, out),
        }
    }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
