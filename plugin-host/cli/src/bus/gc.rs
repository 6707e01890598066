//! `hotframe bus gc`: removes what killed games left.

use std::error::Error;
use std::io::Write;

use serde_json::json;
use shm_bus::Shown;

/// Removes buses without live participants, as a game leaves them after `kill -9`. Live buses are not touched.
///
/// Example: hotframe bus gc
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// One line of JSON per removed bus
    #[arg(long)]
    json: bool,
}

pub(super) fn gc(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let removed = shm_bus::gc()?;
    if removed.is_empty() && !args.json {
        let folder = shm_bus::runtime_folder().display().to_string();
        writeln!(out, "nothing to remove in {}", Shown(&folder))?;
    }
    for bus in removed {
        if args.json { writeln!(out, "{}", json!({ "removed": bus }))? } else { writeln!(out, "removed bus {bus}")? }
    }
    Ok(out.flush()?)
}
