//! The commands of `hotframe`. Each looks into a running bus as an observer: the game neither waits for it nor notices it.

mod echo;
mod find;
mod ls;

use std::error::Error;
use std::io;

use clap::{Args, Parser, Subcommand};

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

#[derive(Clone, Debug, Subcommand)]
enum BusCommand {
    /// List topics with their types, priorities, publishers and counts, and who reads
    Ls(LsArgs),
    /// Print the messages of a topic as they come
    Echo(EchoArgs),
}

/// Flags of `hotframe bus ls`.
#[derive(Clone, Debug, Args)]
struct LsArgs {
    /// Which bus [default: all that live]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// One line of JSON per bus
    #[arg(long)]
    json: bool,
}

/// Flags of `hotframe bus echo`.
#[derive(Clone, Debug, Args)]
struct EchoArgs {
    /// Which topic, such as physics/contact
    topic: String,
    /// Which bus [default: the one that lives]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// One flushed line of JSON per message
    #[arg(long)]
    json: bool,
    /// End after N messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

impl Command {
    /// Runs the command to its end.
    ///
    /// # Errors
    /// What went wrong, for a person. A reader of the output that goes away is no error.
    pub fn run(self) -> Result<(), Box<dyn Error>> {
        let mut out = io::stdout().lock();
        let Area::Bus(command) = self.area;
        let result = match command {
            BusCommand::Ls(args) => ls::ls(&args, &mut out),
            BusCommand::Echo(args) => echo::echo(&args, &mut out),
        };
        match result {
            Err(error) if is_closed_pipe(&*error) => Ok(()),
            result => result,
        }
    }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
