//! Builds plugins with cargo, as many as can be built.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::stop;

/// Interval of the checks whether cargo has finished or the game is to end.
const POLL: Duration = Duration::from_millis(50);

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BuildError {
    /// cargo is missing.
    #[error("cannot run cargo to build the plugins; install Rust, or pass --plugins with a folder of built ones")]
    Cargo {
        /// The system's error.
        source: io::Error,
    },
    /// The game was asked to end.
    #[error("stopped while building the plugins")]
    Asked,
}

/// Builds `plugins`, packages of the workspace at `sources`, in release; returns those that could be built.
pub(crate) fn build(sources: &Path, target: &Path, plugins: &[&str]) -> Result<BTreeSet<String>, BuildError> {
    tracing::info!("building the plugins {} (the first time takes some minutes) …", plugins.join(", "));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // One call for all: with another selection of packages, dependencies get other features and are rebuilt.
    command.current_dir(sources).args(["build", "--release", "--keep-going"]);
    command.args(["--message-format", "json-render-diagnostics"]).stdout(Stdio::piped());
    command.env("CARGO_TARGET_DIR", target);
    for plugin in plugins {
        command.args(["--package", plugin]);
    }
    let failed = |source| BuildError::Cargo { source };
    let mut cargo = command.spawn().map_err(failed)?;
    let messages = cargo.stdout.take();
    let reader = std::thread::spawn(move || {
        let lines = messages.into_iter().flat_map(|messages| BufReader::new(messages).lines()).map_while(Result::ok);
        lines.filter_map(|line| built(&line)).collect::<BTreeSet<_>>()
    });
    while cargo.try_wait().map_err(failed)?.is_none() {
        if stop::is_asked() {
            // It may have ended by itself: the terminal sends Ctrl-C to it, too.
            let _ = cargo.kill();
            let _ = cargo.wait();
            return Err(BuildError::Asked);
        }
        std::thread::sleep(POLL);
    }
    if stop::is_asked() {
        return Err(BuildError::Asked);
    }
    Ok(reader.join().unwrap_or_default())
}

/// The library that a line of cargo's messages reports as built.
fn built(line: &str) -> Option<String> {
    let message: Value = serde_json::from_str(line).ok()?;
    let target = &message["target"];
    let is_library = target["kind"].as_array()?.iter().any(|kind| kind == "cdylib");
    (is_library && message["reason"] == "compiler-artifact").then(|| target["name"].as_str().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::built;

    #[test]
    fn of_cargos_messages_only_a_librarys_artifact_counts() {
        let artifact = r#"{"reason":"compiler-artifact","target":{"kind":["cdylib"],"name":"ai"},"fresh":true}"#;
        assert_eq!(built(artifact).as_deref(), Some("ai"));
        for line in [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"ai"}}"#,
            r#"{"reason":"compiler-message","target":{"kind":["cdylib"],"name":"ai"}}"#,
            r#"{"reason":"build-finished","success":false}"#,
            "no JSON",
            "",
        ] {
            assert_eq!(built(line), None, "{line}");
        }
    }
}
