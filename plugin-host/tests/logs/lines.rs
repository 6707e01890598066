//! What arrives: levels, targets, fields, spans, threads.

use std::thread;

use plugin_host::CallError;
use tracing::level_filters::LevelFilter;

use super::capture::Capture;
use super::plugin::Plugin;

/// What the host adds to an event of the first generation.
const ADDED: &str = "plugin=\"traces\" generation=1";

fn start() -> (Capture, Plugin) {
    let capture = Capture::start(LevelFilter::TRACE);
    (capture, Plugin::load("traces"))
}

#[test]
fn an_event_of_each_level_arrives_with_plugin_and_generation() {
    let (capture, plugin) = start();
    plugin.call("levels");
    for (level, message) in [
        ("ERROR", "an error"),
        ("WARN", "a warning"),
        ("INFO", "an info"),
        ("DEBUG", "a detail"),
        ("TRACE", "a trifle"),
    ] {
        assert_eq!(capture.line(message), format!("{level} traces {message} {ADDED}"));
    }
}

#[test]
fn fields_keep_their_kinds_and_the_event_its_target() {
    let (capture, plugin) = start();
    plugin.call("fields");
    assert_eq!(
        capture.line("fields of"),
        format!(
            "INFO traces fields of 9 kinds signed=-3 unsigned={} float=0.5 flag=true text=\"a \\\"text\\\"\" debug=Some(1) \
             display=shown large={} plugin=\"another name\" {ADDED}",
            u64::MAX,
            u128::MAX
        )
    );
    assert_eq!(capture.line("by target"), format!("INFO elsewhere::far by target {ADDED}"));
}

#[test]
fn events_arrive_within_their_spans() {
    let (capture, plugin) = start();
    let before = capture.open_spans();
    plugin.call("spans");
    let outer = format!("outer{{who=\"ada\" {ADDED}}}");
    let inner = format!("inner{{{ADDED}}}");
    assert_eq!(capture.line("inside of both"), format!("INFO traces {outer}: {inner}: inside of both {ADDED}"));
    let recorded = format!("{outer}+{{later=7}}");
    assert_eq!(
        capture.line("a child of the outer"),
        format!("INFO traces {recorded}: a child of the outer one {ADDED}")
    );
    assert_eq!(capture.line("outside"), format!("INFO traces outside {ADDED}"));
    assert_eq!(capture.line("a child of nothing"), format!("INFO traces a child of nothing {ADDED}"));
    assert_eq!(capture.open_spans(), before, "all are closed");
}

#[test]
fn a_span_in_the_state_is_closed_with_its_generation() {
    let (capture, mut plugin) = start();
    let before = capture.open_spans();
    plugin.call("keep");
    assert_eq!(capture.open_spans(), before + 1);
    plugin.replace();
    assert_eq!(capture.open_spans(), before);
    assert_eq!(capture.line("the state is dropped"), format!("INFO traces the state is dropped {ADDED}"));
    plugin.call("levels");
    assert_eq!(capture.line("an info"), "INFO traces an info plugin=\"traces\" generation=2");
}

#[test]
fn events_arrive_while_an_instance_is_made() {
    let (capture, _plugin) = start();
    assert_eq!(capture.line("an instance begins"), format!("INFO traces an instance begins {ADDED}"));
}

#[test]
fn events_of_a_plugins_thread_arrive_and_its_end_does_no_harm() {
    let (capture, plugin) = start();
    plugin.call("thread");
    assert_eq!(capture.line("from a thread"), format!("INFO traces from a thread {ADDED}"));
    assert!(capture.count("the thread's last word") <= 1, "thread-locals of the subscriber may be gone");
    plugin.call("levels");
}

#[test]
fn events_of_calls_on_a_thread_without_a_subscriber_go_to_the_hosts() {
    let (capture, plugin) = start();
    let plugins = plugin.host().plugins();
    let called = thread::spawn(move || plugins.call::<(), ()>("traces", "levels", ()));
    called.join().expect("it does not panic").expect("it does not fail");
    assert_eq!(capture.line("an info"), format!("INFO traces an info {ADDED}"));
}

#[test]
fn a_value_whose_formatting_panics_costs_the_value_alone() {
    let (capture, plugin) = start();
    assert_eq!(plugin.host().plugins().call("traces", "unshowable", ()), Ok(7_u32));
    let line = capture.line("a value that can't be shown");
    assert_eq!(line, format!("INFO traces a value that can't be shown value=(its formatting panicked) {ADDED}"));
    assert!(capture.line("panicked in its export").contains("it can't be shown"));
}

#[test]
fn a_panic_leaves_the_spans_that_it_unwinds_through() {
    let (capture, plugin) = start();
    let before = capture.open_spans();
    let error = plugin.host().plugins().call::<(), ()>("traces", "panics", ());
    assert!(matches!(error, Err(CallError::Panicked { .. })), "{error:?}");
    assert!(capture.line("traces panicked").contains("doomed"), "the hook runs within the span");
    assert_eq!(capture.open_spans(), before);
    plugin.call("levels");
    assert_eq!(capture.line("an info"), format!("INFO traces an info {ADDED}"));
}

#[test]
fn a_plugin_that_installs_a_subscriber_later_is_refused_and_goes_on() {
    let (_capture, plugin) = start();
    assert_eq!(plugin.host().plugins().call("traces", "own_is_refused", ()), Ok(true));
}

#[test]
fn a_plugin_with_a_subscriber_of_its_own_keeps_it_and_the_log_says_so() {
    let capture = Capture::start(LevelFilter::TRACE);
    let plugin = Plugin::load("traces_own");
    assert_eq!(plugin.host().plugins().call("traces_own", "tell", ()), Ok(7_u32));
    assert!(capture.line("a `tracing` subscriber of its own").starts_with("WARN"));
    assert_eq!(capture.count("to nobody"), 0);
}
