//! Exports: called by name from any thread, with every outcome, while their plugin is replaced.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use plugin_host::{CallError, FrameInfo, Plugins};
use serde::{Deserialize, Serialize};

use super::game::Game;

#[derive(Serialize)]
struct Order {
    item: &'static str,
    pieces: u32,
    price: Option<f64>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Receipt {
    text: String,
    total: f64,
}

fn game() -> (Game, Plugins) {
    let game = Game::with(&[("exports", "exports")]);
    let plugins = game.host.plugins();
    (game, plugins)
}

fn value(plugins: &Plugins) -> u64 {
    plugins.call("exports", "value", ()).expect("it has a value")
}

#[test]
fn arguments_of_every_kind_arrive_and_replies_come_back() {
    let (_game, plugins) = game();
    assert_eq!(plugins.call("exports", "add", (3_u64,)), Ok(3_u64));
    assert_eq!(plugins.call("exports", "add", (4,)), Ok(7_u64));
    assert_eq!(value(&plugins), 7);
    assert_eq!(plugins.call("exports", "nothing", ()), Ok(()));
    assert_eq!(plugins.call("exports", "greet", ("Ada",)), Ok("hello, Ada".to_owned()));
    assert_eq!(plugins.call("exports", "length", (vec![1_u8; 300],)), Ok(300_usize));
    assert_eq!(plugins.call("exports", "renamed", (1_u8, 2_u8)), Ok((2_u8, 1_u8)));
    let address = IpAddr::from([127, 0, 0, 1]);
    assert_eq!(plugins.call("exports", "mirror", (address,)), Ok(address));
    assert_eq!(plugins.call("exports", "mirror", ("127.0.0.1",)), Ok(address));
    let order = Order { item: "pen", pieces: 3, price: Some(1.5) };
    let receipt = Receipt { text: "3 × pen".to_owned(), total: 4.5 };
    assert_eq!(plugins.call("exports", "sell", (order,)), Ok(receipt));
}

#[test]
fn an_error_arrives_with_code_and_text() {
    let (_game, plugins) = game();
    let failed = |method: &str, code, message: &str| {
        let (plugin, method, message) = ("exports".to_owned(), method.to_owned(), message.to_owned());
        Err::<(), _>(CallError::Failed { plugin, method, code, message })
    };
    assert_eq!(plugins.call("exports", "fails", (7_u32,)), failed("fails", 7, "refused with code 7"));
    assert_eq!(plugins.call("exports", "fails", (0_u32,)), Ok(()));
    let order = Order { item: "pen", pieces: 3, price: None };
    assert_eq!(plugins.call("exports", "sell", (order,)), failed("sell", 402, "pen has no price"));
    assert_eq!(plugins.call("exports", "parse", ("x",)), failed("parse", 0, "invalid digit found in string"));
}

#[test]
fn what_is_wrong_with_a_call_is_said() {
    let (game, plugins) = game();
    let text = |result: Result<u64, CallError>| result.expect_err("it is wrong").to_string();
    let add = |arguments: &[u8]| {
        let method = plugins.method("exports", "add").expect("it is there");
        text(method.call_bytes(arguments, &mut Vec::new()).map(|()| 0))
    };
    for (found, words) in [
        (text(plugins.call("exprots", "value", ())), &["no plugin \"exprots\"", "there are exports"][..]),
        (text(plugins.call("exports", "vlaue", ())), &["exports has no export \"vlaue\"", "add, value, "]),
        (text(plugins.call("exports", "add", ())), &["exports/add", "add(amount: u64) -> u64"]),
        (text(plugins.call("exports", "add", (1, 2))), &["exports/add", "add(amount: u64) -> u64"]),
        (text(plugins.call("exports", "add", ("x",))), &["exports/add", "`amount`", "expected u64"]),
        (text(plugins.call("exports", "greet", ("x",))), &["exports/greet", "expects"]),
        (add(b"\xc1"), &["exports/add"]),
        (add(b"\x91"), &["exports/add"]),
        (add(b"\x91\x01\x02"), &["exports/add"]),
        (add(b"\xdd\xff\xff\xff\xff"), &["exports/add"]),
    ] {
        for word in words {
            assert!(found.contains(word), "no {word:?} in {found:?}");
        }
    }
    assert_eq!((value(&plugins), game.stats("exports").panics), (0, 0));
}

#[test]
fn the_thousandth_panic_is_contained_as_the_first() {
    let (mut game, plugins) = game();
    for round in 1..=1_000 {
        for method in ["panics", "panics_while_adding", "payload_panics"] {
            let error = plugins.call::<_, ()>("exports", method, ()).expect_err("it panics");
            assert!(matches!(error, CallError::Panicked { .. }), "{error}");
        }
        assert_eq!(value(&plugins), round);
    }
    let error = plugins.call::<_, ()>("exports", "panics", ()).expect_err("it panics").to_string();
    assert!(error.contains("panics, as it should") && error.contains("exports.rs:"), "{error}");
    assert_eq!(game.stats("exports").panics, 3_001);
    assert!(!game.is_suspended("exports"));
    game.swap("exports", "exports_later");
    assert_eq!(plugins.call("exports", "value", ()), Ok("1000".to_owned()));
}

#[test]
fn a_resolved_method_goes_to_the_next_generation() {
    let (mut game, plugins) = game();
    let [add, greet] = ["add", "greet"].map(|name| plugins.method("exports", name).expect("it is there"));
    assert_eq!(add.call((1,)), Ok(1_u64));
    game.swap("exports", "exports_later");
    assert_eq!(add.call((1,)), Ok(11_u64));
    let gone = greet.call::<_, String>(("Ada",)).expect_err("it is gone");
    assert!(matches!(gone, CallError::UnknownMethod { .. }), "{gone}");
    game.swap("exports", "exports");
    assert_eq!(greet.call(("Ada",)), Ok("hello, Ada".to_owned()));
    assert_eq!(value(&plugins), 11);
}

#[test]
fn a_removed_plugin_says_so_and_its_methods_work_when_it_is_back() {
    let (mut game, plugins) = game();
    let add = plugins.method("exports", "add").expect("it is there");
    std::fs::remove_file(game.path("exports")).expect("the library is there");
    game.await_that(|game| game.host.plugins().names().is_empty());
    assert_eq!(add.call::<_, u64>((1,)), Err(CallError::Removed { plugin: "exports".to_owned() }));
    let unknown = plugins.call::<_, u64>("exports", "add", (1,)).expect_err("it is gone").to_string();
    assert!(unknown.contains("there is none"), "{unknown}");
    game.put_bytes("exports", &super::support::fixtures::bytes("exports"));
    game.await_that(|game| !game.host.plugins().names().is_empty());
    assert_eq!(add.call((1,)), Ok(1_u64));
}

#[test]
fn exports_are_listed_with_signatures_and_docs() {
    let (_game, plugins) = game();
    assert_eq!(plugins.names(), ["exports"]);
    let exports = plugins.exports("exports").expect("it runs");
    let add = exports.first().expect("it has exports");
    assert_eq!((&*add.name, &*add.signature), ("add", "add(amount: u64) -> u64"));
    assert!(add.docs.starts_with("Adds to the counter"), "{:?}", add.docs);
    assert!(exports.iter().any(|export| export.signature == "fails(code: u32)"));
}

/// The host's own thread is in a delivery to the plugin when it calls it.
#[test]
fn a_thread_that_would_wait_for_itself_is_refused() {
    let mut game = Game::with(&[("listener", "listener_v1"), ("talker", "talker_v1")]);
    game.frames(1);
    let (plugins, mut refusals) = (game.host.plugins(), 0);
    let frame = FrameInfo { tick: 1, seed: 1, delta_seconds: 1.0 / 60.0 };
    game.host.deliver(&frame, |plugin, _| {
        let error = plugins.call::<_, ()>(plugin, "anything", ()).expect_err("it is in a call");
        assert!(matches!(error, CallError::Reentrant { .. }), "{error}");
        refusals += 1;
    });
    assert!(refusals > 0, "something is delivered");
}

/// No call fails, and no call is lost or runs twice, however often the plugin is swapped meanwhile: 50 times, or as often as
/// `HOTFRAME_SOAK_SWAPS` says (`.ci/soak`: 1 000).
#[test]
fn no_call_of_four_threads_fails_over_many_swaps() {
    let swaps: u64 = std::env::var("HOTFRAME_SOAK_SWAPS").ok().map_or(50, |text| text.parse().expect("a number"));
    let (mut game, plugins) = game();
    let build = super::support::fixtures::bytes("exports");
    let (is_over, added) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..4 {
            let (plugins, is_over, added) = (plugins.clone(), &is_over, &added);
            scope.spawn(move || {
                let add = plugins.method("exports", "add").expect("it is there");
                let greet = plugins.method("exports", "greet").expect("it is there");
                let name = format!("number {number}");
                while !is_over.load(Ordering::Relaxed) {
                    add.call::<_, u64>((1,)).expect("no call fails");
                    added.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(greet.call((&*name,)), Ok(format!("hello, {name}")));
                }
            });
        }
        let over = Over(&is_over);
        for swap in 1..=swaps {
            let mut next = build.clone();
            next.extend(swap.to_le_bytes());
            game.put_bytes("exports", &next);
            game.await_that(|game| u64::from(game.stats("exports").reloads) == swap);
        }
        drop(over);
    });
    assert_eq!(value(&plugins), added.load(Ordering::Relaxed));
    assert_eq!(game.stats("exports").failed_loads, 0);
}

/// Ends the other threads, also if this one panics.
pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
