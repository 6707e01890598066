//! Work queues in the output of `ls`, `top` and `doctor`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;
use shm_bus::wire::{Priority, schema_hash};
use shm_bus::{QueueLane, QueueSpec, TopicSpec, WorkProducer};

use super::support::{Game, HITS, hit};

const SCHEMA: &str = HITS.schema;
const WORK: QueueSpec<'_> =
    QueueSpec::new(TopicSpec { name: "test/work", schema_hash: schema_hash(SCHEMA), ..HITS }).deliveries_max(1);
const DOCTOR: [&str; 4] = ["doctor", "--json", "--interval", "0.01"];

fn producer(game: &Game, jobs: u32) -> WorkProducer {
    let lane = QueueLane::new(Priority::Normal, 1 << 14);
    let mut producer = game.bus.work_producer(&WORK, "boss", &[lane]).expect("made");
    (0..jobs).for_each(|id| producer.send(Priority::Normal, &hit(id)).expect("room"));
    producer
}

fn problems(game: &Game) -> Vec<String> {
    let ended = game.tool(&DOCTOR).end();
    let findings = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let problems = findings.filter(|finding| finding["level"] == "problem");
    problems.map(|problem| format!("{} {}", problem["what"], problem["advice"])).collect()
}

#[test]
fn figures_of_a_queue_are_listed() {
    let game = Game::start();
    let _producer = producer(&game, 4);
    let mut worker = game.bus.worker(&WORK, "hand").expect("made");
    worker.take().expect("mapped").expect("a job").done().expect("held");
    worker.take().expect("mapped").expect("a job").give_back();
    let _held = worker.take().expect("mapped").expect("a job");
    let text = game.tool(&["ls"]).done();
    let told = "normal   from boss: 1 waiting, 1 claimed, 1 done, 0 redelivered, 1 dead letter\n";
    assert!(text.contains("queue test/work  at most 1 delivery of a message\n") && text.contains(told), "{text}");
    assert!(text.contains("worker hand alive, holds 1\n"), "{text}");

    let ls = game.tool(&["ls", "--json"]).json();
    let (queue, lane) = (&ls["queues"][0], &ls["queues"][0]["lanes"][0]);
    let counts = ["waiting", "done", "redelivered", "dead_letters"].map(|name| lane[name].as_u64());
    assert_eq!(counts, [1, 1, 0, 1].map(Some), "{queue:#}");
    assert_eq!((&lane["claimed"][0]["worker"], &lane["claimed"][0]["sequence"]), (&"hand".into(), &2.into()));
    assert_eq!((&queue["workers"][0]["name"], &queue["workers"][0]["state"]), (&"hand".into(), &"alive".into()));

    let top = game.tool(&["top", "--json", "--interval", "0.02"]).json();
    let row = &top["queues"][0];
    let counts = ["workers", "waiting", "claimed", "done", "dead_letters"].map(|name| row[name].as_u64());
    assert_eq!(counts, [1, 1, 1, 1, 1].map(Some), "{row:#}");
    let text = game.tool(&["top", "--once", "--interval", "0.02"]).done();
    let cells: Vec<&str> =
        text.lines().rfind(|line| line.starts_with("test/work")).expect("a row").split_whitespace().collect();
    assert_eq!(cells, ["test/work", "1", "1", "1", "0", "1", "0", "1"], "{text}");
}

#[test]
fn work_without_a_worker_and_dead_letters_are_problems() {
    let game = Game::start();
    let producer = producer(&game, 3);
    let [waits] = &problems(&game)[..] else { panic!("one problem") };
    assert!(waits.contains("queue test/work: 3 messages waiting, and it has no worker"), "{waits}");
    let ended = game.tool(&["doctor", "--interval", "0.01"]).end();
    assert!(ended.out.contains("\n1 problem, "), "{}", ended.out);

    let mut worker = game.bus.worker(&WORK, "hand").expect("made");
    worker.take().expect("mapped").expect("a job").give_back();
    let [dead] = &problems(&game)[..] else { panic!("one problem") };
    assert!(
        dead.contains("1 dead letter, delivered 1 time without success") && dead.contains("take_dead_letter"),
        "{dead}"
    );

    while let Some(job) = worker.take().expect("mapped") {
        job.done().expect("held");
    }
    drop(producer);
    let ls = game.tool(&["ls"]).done();
    assert!(ls.contains("2 done, 0 redelivered, 1 dead letter, closed, kept by its dead letters\n"), "{ls}");
    let doctor = game.tool(&["doctor", "--interval", "0.01"]).end();
    assert!(doctor.out.contains("1 lane of producers that are gone, kept only by dead letters"), "{}", doctor.out);
}

#[test]
fn an_idle_worker_gets_on() {
    let game = Game::start();
    let mut worker = game.bus.attach_again().expect("attached").worker(&WORK, "idle").expect("made");
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let idle = std::thread::spawn(move || {
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            assert!(!worker.wait_timeout(std::time::Duration::from_secs(1)).expect("sleeps"));
        }
    });
    let top = game.tool(&["top", "--json", "--interval", "0.5"]).json();
    drop(stop);
    idle.join().expect("slept");
    let participants = top["participants"].as_array().expect("a list");
    assert!(participants.iter().all(|one| one["state"] == "alive"), "{participants:#?}");
    assert!(participants.iter().any(|one| one["beats_per_s"].as_f64() > Some(5.0)), "{participants:#?}");
}

/// Runs a worker for [`a_stopped_worker_that_holds_work_is_named`], else does nothing.
#[cfg(target_os = "linux")]
#[test]
fn holds_a_job() {
    let Some(folder) = std::env::var_os("TEST_QUEUE_FOLDER") else { return };
    let bus = shm_bus::Bus::attach_in(folder, "game").expect("attached");
    let mut worker = bus.worker(&WORK, "frozen").expect("made");
    let _job = worker.take().expect("mapped").expect("a job");
    loop {
        std::thread::park();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_stopped_worker_that_holds_work_is_named() {
    use std::process::Command;

    let game = Game::start();
    let _producer = producer(&game, 2);
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.args(["--exact", "queues::holds_a_job"]).env("TEST_QUEUE_FOLDER", game.folder());
    let other = super::support::Tool::spawn(&mut command);
    game.until("it holds one", |snapshot| snapshot.queues[0].lanes[0].claimed.len() == 1);
    other.stop();
    let problems = problems(&game);
    assert!(!game.tool(&["doctor"]).end().out.contains("nothing waits"));
    let stopped = format!("worker frozen (process {}) is stopped and holds 1 of its messages", other.pid());
    assert!(
        problems.iter().any(|problem| problem.contains(&stopped) && problem.contains("kill -CONT")),
        "{problems:?}"
    );
    assert!(problems.iter().any(|problem| problem.contains("1 message waiting, and every worker is stopped")));
    assert!(game.tool(&["ls"]).done().contains("worker frozen stopped, holds 1\n"));
}

#[test]
fn a_full_queue_is_no_inboxs_fault() {
    let game = Game::start();
    let mut producer = producer(&game, 0);
    while producer.send(Priority::Normal, &hit(0)).is_ok() {}
    let ended = game.tool(&DOCTOR).end();
    assert!(ended.out.contains("topic test/work normal of boss returned or dropped 1 message so far"), "{}", ended.out);

    let is_over = AtomicBool::new(false);
    let found = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert!(producer.send(Priority::Normal, &hit(0)).is_err());
            }
        });
        // The sender has to run between the two looks of one call.
        let found = std::iter::repeat_with(|| problems(&game)).flatten().find(|problem| problem.contains("just now"));
        is_over.store(true, Ordering::Relaxed);
        found.expect("without end")
    });
    assert!(found.contains("start more workers") && !found.contains("inbox"), "{found}");
}
