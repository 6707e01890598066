//! `hotframe bus`: the message buses of running programs.
//!
//! `ls`, `top` and `doctor` read without attaching. `echo`, `hz`, `record` and `top --gaps` are observers, for which the game never waits.
//! `pub` and `replay` publish like any program. `gc` removes dead buses.
//!
//! Each command has a file or folder, with its flags. Shared code lies beside them, by subject: [`target`], [`session`], [`observe`]. No
//! command imports another.

mod doctor;
mod echo;
mod gc;
mod hz;
mod ls;
mod observe;
mod publish;
mod record;
mod replay;
mod session;
pub(crate) mod target;
mod top;

use std::error::Error;
use std::io;
use std::process::ExitCode;

// A doc comment on a variant would replace the long help, which stands on its `Args`.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum BusCommand {
    #[command(about = "List topics with their types, priorities, publishers, counts and readers")]
    Ls(ls::Args),
    #[command(about = "Show live rates, fill, drops and participants, in the terminal")]
    Top(top::Args),
    #[command(about = "Print the messages of a topic as they arrive")]
    Echo(echo::Args),
    #[command(about = "Publish messages given as JSON")]
    Pub(publish::Args),
    #[command(about = "Measure a topic's rate and the gaps between its messages")]
    Hz(hz::Args),
    #[command(about = "Record topics into an MCAP file")]
    Record(record::Args),
    #[command(about = "Publish a recording again, with its timing and priorities")]
    Replay(replay::Args),
    #[command(about = "Find problems of the buses here, and say what to do")]
    Doctor(doctor::Args),
    #[command(about = "Remove buses whose games were killed")]
    Gc(gc::Args),
}

impl BusCommand {
    /// Runs the command to its end; returns the exit code.
    pub(crate) fn run(self, out: &mut impl io::Write) -> Result<ExitCode, Box<dyn Error>> {
        match self {
            Self::Ls(args) => ls::ls(&args, out)?,
            Self::Top(args) => top::top(&args, out)?,
            Self::Echo(args) => echo::echo(&args, out)?,
            Self::Pub(args) => publish::publish(&args)?,
            Self::Hz(args) => hz::hz(&args, out)?,
            Self::Record(args) => record::record(&args, out)?,
            Self::Replay(args) => replay::replay(&args)?,
            Self::Doctor(args) => return doctor::doctor(&args, out),
            Self::Gc(args) => gc::gc(&args, out)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
