//! `assets/tuning.toml`: the numbers of the game, checked by name and range.

use std::path::{Path, PathBuf};

use game_types::Tuning;
use serde::Deserialize;

/// The file as of the game's build; used where there are no sources.
const BUILTIN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", env!("ASSETS_FOLDER"), "/tuning.toml"));

/// Why the tuning can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TuningError {
    /// The file can't be read.
    #[error("cannot read {}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is not a tuning.
    #[error("{} is not a valid tuning file", file.display())]
    Toml {
        /// The file.
        file: PathBuf,
        /// Position and kind of the error.
        source: toml::de::Error,
    },
    /// A number is out of its range.
    #[error("{}: {field} is {value}, allowed are {low} to {high}", file.display())]
    Range {
        /// The file.
        file: PathBuf,
        /// The number's name.
        field: &'static str,
        /// The given value.
        value: f32,
        /// The smallest allowed value.
        low: f32,
        /// The largest allowed value.
        high: f32,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TuningFile {
    ship_speed: f32,
    bullet_speed: f32,
    fire_interval: u32,
    bullet_life: u32,
    enemy_speed: f32,
    flock_radius: f32,
    sight_radius: f32,
    first_wave: u32,
    wave_growth: u32,
    lives: u32,
}

/// The tuning beside the sources; the built-in one if that is missing or can't be used.
pub(crate) fn load(agents: u32) -> Result<Tuning, TuningError> {
    load_from(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/tuning.toml"), agents)
}

fn load_from(file: &Path, agents: u32) -> Result<Tuning, TuningError> {
    let present = match std::fs::read_to_string(file) {
        Ok(text) => parse(&text, file, agents),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return parse(BUILTIN, file, agents),
        Err(source) => Err(TuningError::Io { file: file.to_owned(), source }),
    };
    present.or_else(|error| {
        tracing::error!("{}; the game uses the tuning that it was built with", plugin_host::with_causes(&error));
        parse(BUILTIN, file, agents)
    })
}

fn parse(text: &str, file: &Path, agents: u32) -> Result<Tuning, TuningError> {
    let read: TuningFile =
        toml::from_str(text).map_err(|source| TuningError::Toml { file: file.to_owned(), source })?;
    let ranges = [
        ("ship_speed", read.ship_speed, 1.0, 5000.0),
        ("bullet_speed", read.bullet_speed, 1.0, 5000.0),
        ("fire_interval", read.fire_interval as f32, 1.0, 600.0),
        ("bullet_life", read.bullet_life as f32, 1.0, 600.0),
        ("enemy_speed", read.enemy_speed, 0.0, 5000.0),
        ("flock_radius", read.flock_radius, 1.0, 1000.0),
        ("sight_radius", read.sight_radius, 0.0, 5000.0),
        ("first_wave", read.first_wave as f32, 1.0, 10_000.0),
        ("wave_growth", read.wave_growth as f32, 0.0, 10_000.0),
        ("lives", read.lives as f32, 1.0, 9.0),
    ];
    for (field, value, low, high) in ranges {
        if !(low..=high).contains(&value) {
            return Err(TuningError::Range { file: file.to_owned(), field, value, low, high });
        }
    }
    let TuningFile { ship_speed, bullet_speed, fire_interval, bullet_life, enemy_speed, .. } = read;
    let TuningFile { flock_radius, sight_radius, first_wave, wave_growth, lives, .. } = read;
    Ok(Tuning {
        ship_speed,
        bullet_speed,
        fire_interval,
        bullet_life,
        enemy_speed,
        flock_radius,
        sight_radius,
        first_wave,
        wave_growth,
        lives,
        agents,
    })
}

#[cfg(test)]
mod tests {
    use super::{BUILTIN, TuningError, load_from, parse};
    use std::path::Path;

    #[test]
    fn the_shipped_file_is_valid() {
        let tuning = parse(BUILTIN, Path::new("tuning.toml"), 7).expect("valid");
        assert_eq!((tuning.lives, tuning.agents), (5, 7));
    }

    #[test]
    fn a_file_that_can_t_be_used_costs_the_game_only_its_numbers() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tuning.toml");
        for text in [&b"lives = many"[..], b"lives = 3", &[0xff; 9]] {
            std::fs::write(&file, text).expect("written");
            assert_eq!(load_from(&file, 3).expect("the built-in one").lives, 5);
        }
        std::fs::remove_file(&file).and_then(|()| std::fs::create_dir(&file)).expect("a folder in its place");
        assert_eq!(load_from(&file, 3).expect("the built-in one").agents, 3);
    }

    #[test]
    fn a_misspelt_name_and_a_wild_number_are_refused_by_name() {
        let misspelt = BUILTIN.replace("ship_speed", "ship_sped");
        let error = parse(&misspelt, Path::new("t"), 0).expect_err("unknown field");
        assert!(matches!(error, TuningError::Toml { source, .. } if source.to_string().contains("ship_sped")));
        let wild = BUILTIN.replace("lives = 5", "lives = 50");
        assert!(matches!(parse(&wild, Path::new("t"), 0), Err(TuningError::Range { field: "lives", .. })));
    }
}
