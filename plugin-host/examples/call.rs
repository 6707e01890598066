//! Calls an export of a plugin, without a game, an ECS or a file of the bus:
//! `cargo run -p plugin-host --example call -- FOLDER PLUGIN METHOD [ARGUMENT]`, where FOLDER has the plugin's library.
//!
//! The ARGUMENT is a whole number. Without METHOD, the plugin's exports are listed.

#![expect(clippy::print_stdout, reason = "a program that says what it does")]

use std::error::Error;
use std::path::Path;

use plugin_host::{ExportsOnly, Host};
use shm_bus::Bus;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, plugin, rest @ ..] = &arguments[..] else { return Err("FOLDER and PLUGIN are needed".into()) };

    let mut host = Host::start(Path::new(folder), Bus::anonymous()?)?;
    host.load_present(&mut ExportsOnly)?;
    let plugins = host.plugins();
    match rest {
        [] => plugins.exports(plugin)?.iter().for_each(|export| println!("{}", export.signature)),
        [method] => println!("{}", plugins.call::<_, i64>(plugin, method, ())?),
        [method, argument, ..] => {
            println!("{}", plugins.call::<_, i64>(plugin, method, (argument.parse::<i64>()?,))?);
        }
    }
    Ok(())
}
