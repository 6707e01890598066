//! A host whose folder holds one fixture.

use std::fs;
use std::time::Duration;

use plugin_host::{ExportsOnly, Host, library_path};
use shm_bus::Bus;
use tempfile::TempDir;

use super::fixtures;

/// A longer wait is a failure, not a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Plugin {
    host: Host,
    name: &'static str,
    /// Dropped last.
    place: TempDir,
}

impl Plugin {
    /// Loads the fixture `name`, which is the plugin's name, too.
    pub(crate) fn load(name: &'static str) -> Self {
        let place = tempfile::tempdir().expect("a folder for one test");
        let folder = place.path().join("plugins");
        fs::create_dir(&folder).expect("a new folder");
        fs::copy(fixtures::library(name), library_path(&folder, name)).expect("a plugin is put into the folder");
        let bus = Bus::builder("game").folder(place.path().join("bus")).open().expect("a bus of one test");
        let mut host = Host::start(&folder, bus).expect("a host over a folder");
        host.load_present(&mut ExportsOnly).expect("the folder can be read");
        assert_eq!(generation(&host, name), 1, "{name} runs");
        Self { host, name, place }
    }

    /// Calls an export without arguments and reply.
    pub(crate) fn call(&self, export: &str) {
        self.host.plugins().call::<(), ()>(self.name, export, ()).expect("it does not fail");
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// Runs an edge.
    pub(crate) fn edge(&mut self) {
        self.host.frame_edge(&mut ExportsOnly);
    }

    /// Replaces its file by another build of the same source, and waits until that runs.
    pub(crate) fn replace(&mut self) {
        let before = generation(&self.host, self.name);
        // A byte behind the library's end makes another build of it.
        let mut bytes = fixtures::bytes(self.name);
        bytes.push(0);
        let aside = self.place.path().join("new-build");
        fs::write(&aside, bytes).expect("a file beside the folder");
        fs::rename(aside, library_path(self.host.folder(), self.name)).expect("it is renamed into the folder");
        while generation(&self.host, self.name) == before {
            assert!(self.host.wait_for_change(PATIENCE), "the new build is noticed");
            self.edge();
        }
        self.host.end_frame();
    }
}

fn generation(host: &Host, name: &str) -> u32 {
    host.stats().find(|(plugin, _)| *plugin == name).map_or(0, |(_, stats)| stats.generation)
}
