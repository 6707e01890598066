//! Calls from plugin to plugin: with every outcome, in frames and out of them, while plugins are replaced.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use plugin_host::{CallError, Plugins};
use plugin_sdk::FailureKind;

use super::game::Game;
use super::support::fixtures;

fn game() -> (Game, Plugins) {
    let game = Game::with(&[("asker", "asker"), ("answerer", "answerer"), ("exports", "exports")]);
    let plugins = game.host.plugins();
    (game, plugins)
}

/// Code and text of the error that `asker/method` replies with.
fn failure<A: serde::Serialize>(plugins: &Plugins, method: &str, arguments: A) -> (u32, String) {
    match plugins.call::<_, serde::de::IgnoredAny>("asker", method, arguments) {
        Err(CallError::Failed { code, message, .. }) => (code, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_system_calls_another_plugin_in_each_frame_also_after_that_was_replaced() {
    let (mut game, plugins) = game();
    game.frames(2);
    game.swap("exports", "exports_later");
    game.frames(1);
    // The same code in another file.
    game.put_bytes("asker", &[&*fixtures::bytes("asker"), b"later"].concat());
    game.await_that(|game| game.stats("asker").generation == 2);
    game.frames(1);
    // The later build adds ten times as much.
    assert_eq!(plugins.call("asker", "replies", ()), Ok(vec![1_u64, 2, 12, 22]), "{:#?}", game.log.lines());
    assert_eq!(game.log.count("suspended"), 0);
}

#[test]
fn a_call_that_fails_says_why() {
    let (_game, plugins) = game();
    let cases = [
        (("exprots", "value"), FailureKind::UnknownPlugin, "no plugin \"exprots\" runs"),
        (("exports", "vlaue"), FailureKind::UnknownMethod, "exports has no export \"vlaue\""),
        (("exports", "add"), FailureKind::Arguments, "add(amount: u64) -> u64"),
        (("exports", "panics"), FailureKind::Panicked, "panics, as it should"),
        (("exports", "nothing"), FailureKind::Reply, "something else than the caller expects"),
        (("exports", "payload_panics"), FailureKind::Panicked, "the payload panics, too"),
    ];
    for ((plugin, method), kind, part) in cases {
        let (code, message) = failure(&plugins, "ask", (plugin, method));
        assert!(code == kind as u32 && message.contains(part), "{code}: {message}");
    }
    let (code, message) = failure(&plugins, "ask_with", ("exports", "fails", 7_u32));
    assert_eq!(
        (code, &*message),
        (FailureKind::Failed as u32, "exports/fails failed with code 7: refused with code 7")
    );
    assert_eq!(plugins.call("asker", "ask", ("exports", "value")), Ok(0_u64));
}

#[test]
fn a_typed_client_within_a_call_is_refused_a_build_with_another_signature() {
    let mut game = Game::with(&[("asker", "asker"), ("shop", "shop")]);
    let plugins = game.host.plugins();
    assert_eq!(plugins.call("asker", "sold", ()), Ok(0_u64));
    game.swap("shop", "shop_old");
    let (code, message) = failure(&plugins, "sold", ());
    assert_eq!(code, FailureKind::Signature as u32);
    assert!(message.contains("sell(item: String)") && message.contains("sell(order: Order)"), "{message}");
    game.swap("shop", "shop");
    assert_eq!(plugins.call("asker", "sold", ()), Ok(0_u64));
}

#[test]
fn a_removed_plugin_is_unknown_and_its_found_export_says_that_it_was_removed() {
    let (mut game, plugins) = game();
    // The asker's system finds the export `add`, and keeps it.
    game.frames(1);
    std::fs::remove_file(game.path("exports")).expect("the library is there");
    game.await_that(|game| game.host.plugins().names().len() == 2);
    let (code, _) = failure(&plugins, "ask", ("exports", "value"));
    assert_eq!(code, FailureKind::UnknownPlugin as u32);
    game.frames(1);
    assert_eq!(game.log.count("exports does not run: its library was removed"), 1, "{:#?}", game.log.lines());
}

#[test]
fn calls_back_share_a_plugin_and_are_refused_what_they_would_wait_for() {
    let (_game, plugins) = game();
    assert_eq!(plugins.call("asker", "ask", ("answerer", "back")), Ok(7_u64));
    for (asks, back) in [("ask", "back_alone"), ("ask_alone", "back"), ("ask_alone", "back_alone")] {
        let (_, message) = failure(&plugins, asks, ("answerer", back));
        assert!(message.contains("would wait for itself"), "{asks}, {back}: {message}");
    }
    let (_, message) = failure(&plugins, "ask_alone", ("asker", "number"));
    assert!(message.contains("would wait for itself"), "{message}");
    assert_eq!(plugins.call("asker", "ask", ("asker", "number")), Ok(7_u64));
}

#[test]
fn endless_calls_end_at_the_greatest_depth_and_leave_nothing_behind() {
    let (_game, plugins) = game();
    for _ in 0..2 {
        let (_, message) = failure(&plugins, "ping", ());
        assert!(message.contains("nested too deep: at most 16"), "{message}");
    }
    assert_eq!(plugins.call("asker", "number_alone", ()), Ok(8_u64));
}

#[test]
fn a_call_knows_its_caller_and_its_chain() {
    let (_game, plugins) = game();
    type Who = (Option<String>, u64, u64, u32);
    let (caller, trace, _, depth): Who = plugins.call("answerer", "who", ()).expect("it replies");
    assert_eq!((caller, depth), (None, 0));
    let (nested, outer_trace): (Who, u64) = plugins.call("asker", "who_is_told", ()).expect("it replies");
    assert_eq!((nested.0.as_deref(), nested.1, nested.3), (Some("asker"), outer_trace, 1));
    assert_ne!(nested.1, trace, "another chain");
}

#[test]
fn a_deadline_is_seen_and_holds_in_the_calls_within() {
    let (_game, plugins) = game();
    type Times = (Option<Duration>, Option<Duration>);
    let times = plugins.method("asker", "times").expect("it is there");
    let (outer, inner): Times = times.call(()).expect("it replies");
    assert_eq!((outer, inner), (None, None));
    let over = times.within(Duration::ZERO).call::<_, Times>(());
    assert!(matches!(over, Err(CallError::TimedOut { .. })), "{over:?}");
    let (endless, _): Times = times.within(Duration::MAX).call(()).expect("it replies");
    assert_eq!(endless, None, "as good as none");
    let hour = Duration::from_secs(3600);
    let (outer, inner): Times = times.within(hour).call(()).expect("it replies");
    assert!(inner <= outer && outer <= Some(hour) && inner > Some(hour / 2), "{outer:?}, {inner:?}");
}

#[test]
fn a_call_of_a_plugin_in_use_gives_up_at_its_deadline() {
    let (game, plugins) = game();
    let folder = game.aside().to_str().expect("UTF-8");
    let stay = plugins.method("answerer", "stay").expect("it is there");
    let number = plugins.method("answerer", "number_alone").expect("it is there");
    let who = plugins.method("answerer", "who").expect("it is there");
    // Found while it is free.
    assert_eq!(plugins.call("asker", "ask", ("answerer", "number_alone")), Ok(9_u64));
    thread::scope(|scope| {
        scope.spawn(|| stay.call::<_, ()>((folder,)).expect("it stays, then goes"));
        let _go = Go(&game);
        while !game.aside().join("there").exists() {
            thread::yield_now();
        }
        let timed_out = |method: &str| CallError::TimedOut { plugin: "answerer".to_owned(), method: method.to_owned() };
        let short = Duration::from_millis(1);
        assert_eq!(number.within(short).call::<_, u64>(()), Err(timed_out("number_alone")));
        assert_eq!(who.within(short).call::<_, ()>(()), Err(timed_out("who")));
        for (method, arguments) in
            [("ask_within", (1_u64, "answerer", "number_alone")), ("ask_within", (1, "answerer", "who"))]
        {
            let (code, message) = failure(&plugins, method, arguments);
            assert!(
                code == FailureKind::TimedOut as u32 && message.contains("its deadline passed first"),
                "{code}: {message}"
            );
        }
        let (code, _) = failure(&plugins, "ask", ("answerer", "number_alone"));
        assert_eq!(code, FailureKind::TimedOut as u32, "without a limit, too");
    });
    assert_eq!(number.call(()), Ok(9_u64));
}

/// Lets the answerer go on, also if the test panics.
struct Go<'a>(&'a Game);

impl Drop for Go<'_> {
    fn drop(&mut self) {
        std::fs::write(self.0.aside().join("go"), "").expect("a file of this test");
    }
}

#[test]
fn two_plugins_that_wait_for_each_other_on_two_threads_both_end() {
    let (game, plugins) = game();
    let folder = game.aside().to_str().expect("UTF-8");
    let cross = |plugin: &str| plugins.call::<_, u64>(plugin, "cross", (folder,));
    let (asker, answerer) = thread::scope(|scope| {
        let other = scope.spawn(|| cross("answerer"));
        (cross("asker"), other.join().expect("it does not panic"))
    });
    // The first to give up lets the other through, unless that has given up, too.
    let is_over = |outcome: &Result<u64, CallError>, number| match outcome {
        Ok(reply) => *reply == number,
        Err(CallError::Failed { code, .. }) => *code == FailureKind::TimedOut as u32,
        Err(_) => false,
    };
    assert!(is_over(&asker, 9) && is_over(&answerer, 8), "{asker:?}, {answerer:?}");
    assert!(asker.is_err() || answerer.is_err());
    assert_eq!(plugins.call("asker", "ask_alone", ("answerer", "number_alone")), Ok(9_u64));
}

#[test]
fn no_nested_call_fails_while_both_plugins_are_replaced() {
    let (mut game, plugins) = game();
    let (asker, answerer) = (fixtures::bytes("asker"), fixtures::bytes("answerer"));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let ask = plugins.method("asker", "ask").expect("it is there");
                while !is_over.load(Ordering::Relaxed) {
                    assert_eq!(ask.call(("answerer", "back")), Ok(7_u64));
                }
            });
        }
        let over = Over(&is_over);
        for swap in 1..=10_u32 {
            for (plugin, build) in [("asker", &asker), ("answerer", &answerer)] {
                let next = [&**build, &swap.to_le_bytes()].concat();
                game.put_bytes(plugin, &next);
                game.await_that(|game| game.stats(plugin).reloads == swap);
            }
        }
        drop(over);
    });
}

/// Ends the other threads, also if this one panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
