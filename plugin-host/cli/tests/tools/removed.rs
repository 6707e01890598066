//! Tools on a bus that is removed while they run.

use super::support::{Game, HITS, hit_json};

fn doctor(game: &Game) -> String {
    game.tool(&["doctor", "--interval", "0.2"]).end().out
}

#[test]
fn tools_say_that_their_bus_was_removed_and_fail() {
    let game = Game::start();
    let echo = game.tool(&["echo", HITS.name]);
    let hz = game.tool(&["hz", HITS.name]);
    let hit = hit_json(1);
    let publish = game.tool(&["pub", HITS.name, &hit, "--rate", "100"]);
    game.until_read_by("hotframe bus echo", 1);
    game.until_read_by("hotframe bus hz", 1);
    game.until("it publishes", |snapshot| snapshot.topics[0].lanes.iter().any(|lane| lane.publisher.ends_with("pub")));
    std::fs::remove_dir_all(game.folder().join("game")).expect("there");
    for tool in [echo, hz, publish] {
        let error = tool.failed();
        assert!(error.contains("was removed: its folder was deleted, moved or replaced"), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_names_who_uses_a_bus_that_was_removed() {
    let game = Game::start();
    assert!(!doctor(&game).contains("was removed"));
    std::fs::remove_dir_all(game.folder().join("game")).expect("there");
    let second = shm_bus::Bus::open_in(game.folder(), "game").expect("a second one by that name");
    let told = doctor(&game);
    let user = format!("(process {}) uses a bus `game` that was removed from here", std::process::id());
    assert!(told.contains(&user), "{told}");
    drop(second);
}

/// Moves a bus or its runtime folder while a tool on it is stopped, and runs `doctor`.
#[cfg(target_os = "linux")]
fn doctor_after_moving(from: &str, to: &str) {
    let game = Game::start();
    let echo = game.tool(&["echo", HITS.name]);
    game.until_read_by("hotframe bus echo", 1);
    // A running tool would notice by itself, and end.
    echo.stop();
    assert!(!doctor(&game).contains("was moved"), "it is where it was");
    let moved = std::process::Command::new("mv").args([game.file(from), game.file(to)]).status().expect("mv runs");
    assert!(moved.success());
    let told = doctor(&game);
    let user = format!("(process {}) uses a bus that was moved from here to", echo.pid());
    assert!(told.contains(&user) && told.contains("/elsewhere"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_names_who_uses_a_bus_that_was_moved_away() {
    doctor_after_moving("bus/game", "elsewhere");
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_names_who_uses_a_bus_whose_runtime_folder_was_moved_away() {
    doctor_after_moving("bus", "elsewhere");
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_takes_no_bus_of_another_runtime_folder_for_one_that_was_moved() {
    let (game, other) = (Game::start(), Game::start());
    let echo = other.tool(&["echo", HITS.name]);
    other.until_read_by("hotframe bus echo", 1);
    let told = doctor(&game);
    assert!(!told.contains("was moved"), "{told}");
    drop(echo);
}

#[test]
fn doctor_names_files_of_a_living_bus_that_were_removed() {
    let game = Game::start();
    std::fs::remove_file(game.folder().join("game/p0.lock")).expect("there");
    let lane = format!("lane-{}", game.bus.snapshot().topics[0].lanes[0].id);
    std::fs::remove_file(game.folder().join("game").join(&lane)).expect("there");
    let told = doctor(&game);
    assert!(told.contains("bus game: its file p0.lock was removed"), "{told}");
    assert!(told.contains(&format!("bus game: its file {lane} was removed")), "{told}");
    assert!(game.tool(&["gc"]).done().starts_with("nothing to remove"), "it lives");
}

#[test]
fn a_register_that_was_removed_under_a_living_bus_is_not_advised_to_be_collected() {
    let game = Game::start();
    std::fs::remove_file(game.folder().join("game/control")).expect("there");
    let told = doctor(&game);
    assert!(told.contains("the registry of bus `game` was removed while its game runs"), "{told}");
    assert!(!told.contains("left over from a game that was killed"), "{told}");
    assert!(game.tool(&["gc"]).done().starts_with("nothing to remove"), "it lives");
    let home = game.end();
    let gc = || super::support::Tool::start(&home.path().join("bus"), &["gc"], std::process::Stdio::null()).done();
    assert_eq!(gc(), "removed bus game\n", "as it was told");
}

/// Puts a FIFO in the place of a file.
fn replace_by_a_fifo(file: &std::path::Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    std::fs::remove_file(file).expect("there");
    mknodat(CWD, file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
}

#[test]
fn a_bus_lock_that_is_a_fifo_holds_nobody_up_and_is_told() {
    let game = Game::start();
    let dead = game.folder().join("dead");
    std::fs::create_dir(&dead).expect("made");
    for name in ["bus.lock", "control"] {
        std::fs::copy(game.folder().join("game").join(name), dead.join(name)).expect("copied");
    }
    let locks = [game.folder().join("game/bus.lock"), dead.join("bus.lock")];
    locks.iter().for_each(|lock| replace_by_a_fifo(lock));
    let told = doctor(&game);
    assert!(told.contains("bus game: its bus.lock is not a regular file"), "{told}");
    assert!(
        told.contains("bus `dead` is left over from a game that was killed, and its bus.lock is not a regular file"),
        "{told}"
    );
    for lock in &locks {
        assert!(told.contains(&format!("remove {}", lock.display())), "{told}");
        std::fs::remove_file(lock).expect("as it was told");
    }
    let told = doctor(&game);
    assert!(
        told.contains("bus `dead` is left over from a game that was killed") && !told.contains("not a regular"),
        "{told}"
    );
    assert_eq!(game.tool(&["gc"]).done(), "removed bus dead\n");
    game.tool(&["pub", HITS.name, &hit_json(1)]).done();
    super::support::assert_empty(&game.end().path().join("bus"));
}

#[test]
fn files_that_are_fifos_hold_no_tool_up() {
    for file in ["control", "p0.lock", "lane", "inbox"] {
        let game = Game::start();
        let reader = game.inbox(shm_bus::Attachment::Gating);
        let names = std::fs::read_dir(game.folder().join("game")).expect("there");
        let mut names = names.map(|entry| entry.expect("an entry").path());
        let is_meant =
            |path: &std::path::PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(file));
        replace_by_a_fifo(&names.find(is_meant).expect("there"));
        for tool in [&["doctor", "--interval", "0.01"][..], &["ls"], &["gc"], &["echo", HITS.name, "--count", "0"]] {
            game.tool(tool).end();
        }
        drop(reader);
    }
}

/// A mount over a folder, removed when dropped.
#[cfg(target_os = "linux")]
struct Cover(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Cover {
    /// `None`, reported in the output, if the system allows no mount.
    fn over(folder: std::path::PathBuf) -> Option<Self> {
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "mode=700", "hotframe-test"])
            .arg(&folder)
            .output();
        let mounted = mount.is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: no tmpfs can be mounted here");
        }
        mounted.then_some(Self(folder))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Cover {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_names_who_uses_a_bus_over_which_something_was_mounted() {
    for over in ["bus", "bus/game"] {
        let game = Game::start();
        let Some(cover) = Cover::over(game.file(over)) else { return };
        let user = format!("(process {}) uses a bus `game` that can no longer be found here", std::process::id());
        let told = doctor(&game);
        assert!(told.contains(&user) && told.contains("mounted a file system over its folder"), "{told}");
        let second = shm_bus::Bus::open_in(game.folder(), "game").expect("a second one by that name");
        let ended = game.tool(&["doctor", "--interval", "0.01"]).end();
        assert!(ended.out.contains(&user) && ended.status.code() == Some(1), "{}", ended.out);
        drop((second, cover));
        assert!(!doctor(&game).contains(&user), "it is found again");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_takes_no_bus_of_another_folder_at_the_same_path_for_a_lost_one() {
    let mut game = Game::start();
    let granted =
        std::process::Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|it| it.status.success());
    if !granted {
        eprintln!("skipped: no mounts of one's own here");
        return;
    }
    // A game in another mount namespace, such as a container's, at the same path.
    let script = "mount -t tmpfs -o mode=700 none \"$HOTFRAME_DIR\" && exec \"$0\" \"$@\"";
    let file = game.file("made.mcap");
    let mut inbox = game.inbox(shm_bus::Attachment::Observer);
    let mut recorder = shm_bus::record::Recorder::create(&file, "game", false).expect("made");
    game.send(0..1);
    let delivery = inbox.receive().expect("mapped").expect("there");
    recorder.write(&delivery, std::time::SystemTime::UNIX_EPOCH).expect("room on the disk");
    recorder.finish().expect("room on the disk");
    let mut elsewhere = std::process::Command::new("unshare");
    elsewhere.args(["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_hotframe"), "bus", "replay"]).arg(&file);
    elsewhere.args(["--bus", "lab", "--create", "--loop"]).env("HOTFRAME_DIR", game.folder());
    let replay = super::support::Tool::spawn(elsewhere.stdin(std::process::Stdio::null()));
    assert!(replay.told().contains("to bus `lab`"));
    let told = doctor(&game);
    assert!(!told.contains("uses a bus `lab`"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_tells_a_process_id_only_where_it_is_one() {
    let game = Game::start();
    std::fs::remove_dir_all(game.folder().join("game")).expect("there");
    let own = std::process::Command::new("unshare").args(["-p", "-f", "true"]).output();
    if !own.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no pid namespace of one's own here");
        return;
    }
    // Uses the /proc of the outer pid namespace.
    let mut foreign = std::process::Command::new("unshare");
    foreign.args(["-p", "-f", env!("CARGO_BIN_EXE_hotframe"), "bus", "doctor", "--interval", "0.2"]);
    let told = super::support::Tool::spawn(foreign.env("HOTFRAME_DIR", game.folder())).end().out;
    let pid = std::process::id();
    let expected =
        format!("(a process of another pid namespace, {pid} in the /proc that is mounted here) uses a bus `game`");
    assert!(told.contains(&expected) && told.contains("end it there"), "{told}");
    assert!(!told.contains(&format!("(process {pid})")), "{told}");
}
