//! The game's flags, and its messages if it can't do what they request.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use crate::support::game::command;
use crate::support::plugins::Plugins;

/// Runs the game in `home`.
fn run(home: &TempDir, flags: &[&str]) -> Output {
    command(home).args(flags).output().expect("the game can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// A picture's size and pixels, with eight bits per channel.
pub(crate) struct Png {
    size: (u32, u32),
    /// Bytes per pixel.
    channels: usize,
    bytes: Vec<u8>,
}

impl Png {
    pub(crate) fn read(file: &Path) -> Self {
        let file = File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut reader = png::Decoder::new(BufReader::new(file)).read_info().expect("a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut bytes).expect("a picture");
        assert_eq!(info.bit_depth, png::BitDepth::Eight);
        Self { size: (info.width, info.height), channels: info.color_type.samples(), bytes }
    }

    /// The largest channel value of all pixels.
    pub(crate) fn brightest(&self) -> u8 {
        let colours = self.bytes.chunks(self.channels).flat_map(|pixel| &pixel[..3]);
        colours.copied().max().expect("pixels")
    }

    /// Number of different colours.
    fn colours(&self) -> usize {
        let pixels: std::collections::HashSet<&[u8]> = self.bytes.chunks(self.channels).collect();
        pixels.len()
    }
}

/// Asserts that the picture shows the game and is not blank.
fn check_picture(file: &Path) {
    let picture = Png::read(file);
    assert_eq!(picture.size, (1280, 720));
    assert!(picture.brightest() > 200 && picture.colours() > 500, "{} colours", picture.colours());
}

#[test]
fn a_screenshot_shows_the_game() {
    let (home, plugins) = (TempDir::new().expect("a folder"), Plugins::all());
    let mut game = command(&home);
    game.args(["--headless", "--bot", "--frames", "200", "--screenshot", "shot.png", "--plugins"])
        .arg(plugins.folder());
    let output = game.output().expect("the game can be started");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("screenshot in shot.png"));
    // No participant died, so none is reported.
    assert!(!text(&output.stderr).contains("removing participant"), "{}", text(&output.stderr));
    check_picture(&home.path().join("shot.png"));
}

#[test]
fn without_a_display_it_says_so_and_plays_without() {
    let (home, plugins) = (TempDir::new().expect("a folder"), Plugins::all());
    let mut game = command(&home);
    let output = game.args(["--frames", "30", "--plugins"]).arg(plugins.folder()).output().expect("it can be started");
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{error}");
    assert!(error.contains("no display") && error.contains("playing without a window"), "{error}");
    assert!(out.starts_with("30 frames, ") && out.contains("screenshot in screenshot.png"), "{out}");
    assert_eq!(Png::read(&home.path().join("screenshot.png")).size, (1280, 720));
}

#[test]
fn help_explains_every_flag() {
    let home = TempDir::new().expect("a folder");
    let help = run(&home, &["--help"]);
    assert!(help.status.success());
    let help = text(&help.stdout);
    let flags = [
        "--headless",
        "--realtime",
        "--frames",
        "--seed",
        "--agents",
        "--bot",
        "--screenshot",
        "--plugins",
        "--bus",
        "--report",
        "--metrics",
    ];
    let lines: Vec<&str> = help.lines().map(str::trim).collect();
    for flag in flags {
        let at = lines.iter().position(|line| line.split([' ', ',']).any(|word| word == flag));
        let at = at.unwrap_or_else(|| panic!("{flag} is not in:\n{help}"));
        assert!(lines.get(at + 1).is_some_and(|line| line.len() > 10), "{flag} is not explained:\n{help}");
    }
    // There is no flag that this test does not know.
    let listed = lines.iter().filter(|line| line.starts_with('-')).count();
    assert_eq!(listed, flags.len() + ["--help", "--version"].len(), "{help}");
}

#[test]
fn a_wrong_flag_is_named() {
    let home = TempDir::new().expect("a folder");
    for (flags, named) in [
        (&["--frame-rate", "60"][..], "--frame-rate"),
        (&["--frames", "many"][..], "'many'"),
        (&["--agents", "100001"][..], "100001"),
        (&["stray"][..], "'stray'"),
    ] {
        let output = run(&home, flags);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {error}");
        assert!(error.contains(named), "{flags:?}: {error}");
    }
}

#[test]
fn a_picture_of_another_kind_is_refused_before_anything_is_played() {
    let home = TempDir::new().expect("a folder");
    for (name, advice) in [("x.jpg", "x.png"), ("shot", "shot.png"), ("x.png.bak", "x.png.png"), (".png", ".png.png")] {
        let output = run(&home, &["--headless", "--frames", "1", "--screenshot", name]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {error}");
        assert!(error.contains(&format!("--screenshot {advice}")), "{name}: {error}");
        assert!(!error.contains("building the plugins") && !home.path().join(name).exists(), "{name}: {error}");
    }
}

#[test]
fn files_that_cannot_be_written_are_told_before_anything_is_played() {
    let (home, plugins) = (TempDir::new().expect("a folder"), Plugins::all());
    fs::create_dir(home.path().join("folder.png")).expect("made");
    let folder = plugins.folder();
    let folder = folder.to_str().expect("a name");
    for (flag, file) in [
        ("--screenshot", "absent/shot.png"),
        ("--screenshot", "folder.png"),
        ("--report", "absent/report.json"),
        ("--report", "folder.png"),
        ("--report", "."),
    ] {
        let output = run(&home, &["--headless", "--frames", "1", "--plugins", folder, flag, file]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{file}: {error}");
        assert!(error.contains("so nothing was played") && error.contains(file), "{file}: {error}");
        assert!(!error.contains("bus demo-") && output.stdout.is_empty(), "{file}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_limit_on_files_is_told_and_ends_nothing_without_a_word() {
    let (home, plugins) = (TempDir::new().expect("a folder"), Plugins::all());
    fs::write(home.path().join("shot.png"), "precious").expect("written");
    let game = command(&home);
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -f 100; exec \"$0\" \"$@\""]).arg(game.get_program());
    limited.args(["--headless", "--frames", "1", "--plugins"]).arg(plugins.folder());
    limited.current_dir(home.path()).env("HOTFRAME_DIR", home.path().join("bus"));
    let output = limited.args(["--screenshot", "shot.png"]).output().expect("it can be started");
    let error = text(&output.stderr);
    assert!(output.status.code() == Some(1) && error.contains("ulimit -f"), "{}: {error}", output.status);
    assert_eq!(fs::read_to_string(home.path().join("shot.png")).expect("there"), "precious");
}

#[test]
fn what_cannot_be_used_is_named_and_the_game_ends_with_1() {
    let (home, plugins) = (TempDir::new().expect("a folder"), Plugins::all());
    fs::write(home.path().join("a-file"), "no folder").expect("written");
    let folder = plugins.folder();
    let folder = folder.to_str().expect("a name");
    for (flags, named) in [
        (["--plugins", "a-file", "--bus", "b", "--seed", "1"], "a-file"),
        (["--plugins", folder, "--bus", "../b", "--seed", "1"], "../b"),
        (["--plugins", folder, "--screenshot", "absent/shot.png", "--seed", "1"], "absent/shot.png"),
        (["--plugins", folder, "--report", "absent/report.json", "--seed", "1"], "absent/report.json"),
    ] {
        let output = run(&home, &[&["--headless", "--frames", "1"], &flags[..]].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{flags:?}: {error}");
        let told = error.lines().any(|line| line.contains("ERROR") && line.contains(named));
        assert!(told, "{flags:?}: {error}");
        assert!(!error.contains("panicked"), "{flags:?}: {error}");
    }
}
