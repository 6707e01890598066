//! `hotframe call`, answered by a service that speaks as a plugin's does. `demo-game`'s tests call real plugins.

use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use shm_bus::wire::{Status, method_id};
use shm_bus::{Request, Server};

use super::support::{Game, hotframe};

/// Serves while `asking` runs. An argument that a request carries comes back as its reply, so that the test sees what arrived.
fn served<T>(game: &Game, asking: impl FnOnce() -> T) -> T {
    let mut server: Server = game.bus.server("plugin/shop").expect("nobody serves it");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                server.serve_for(Duration::from_millis(10), answer).expect("the bus is sound");
            }
        });
        let result = asking();
        is_over.store(true, Ordering::Relaxed);
        result
    })
}

fn answer(request: Request<'_>) {
    let pack = |value: &Value| rmp_serde::to_vec(value).expect("it can be written");
    let exports = json!([{"name": "sell", "signature": "sell(item: String) -> u32", "docs": "Sells.\nOnce."}]);
    let payload = request.payload().to_vec();
    let answered = match request.method() {
        id if id == method_id("exports?") => request.reply(&pack(&exports)),
        id if id == method_id("echo") => request.reply(&payload),
        id if id == method_id("nothing") => request.reply(&[]),
        id if id == method_id("fails") => request.answer(Status::Application, &pack(&json!([7, "sold out"]))),
        id if id == method_id("silent") => {
            let _never = request.defer();
            return;
        }
        _ => request.refuse(Status::NoSuchMethod, "shop has no such export"),
    };
    answered.expect("the client waits");
}

fn run(game: &Game, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = hotframe(&game.folder(), arguments).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

fn said(out: &str) -> (Option<i32>, String, String) {
    (Some(0), out.to_owned(), String::new())
}

#[test]
fn arguments_are_json_or_texts_and_the_reply_is_json() {
    let game = Game::start();
    served(&game, || {
        let echo = ["call", "shop", "echo", "7", "-1.5", "seven", "\"7\"", "[1,null]", "{\"a\":true}"];
        assert_eq!(run(&game, &echo), said("[7,-1.5,\"seven\",\"7\",[1,null],{\"a\":true}]\n"));
        assert_eq!(run(&game, &["call", "shop", "echo"]), said("[]\n"));
        assert_eq!(run(&game, &["call", "shop", "nothing"]), said(""));
        assert_eq!(run(&game, &["call", "shop", "nothing", "--json"]), said("{\"reply\":null}\n"));
        assert_eq!(run(&game, &["call", "shop"]), said("sell(item: String) -> u32\n    Sells.\n    Once.\n"));
        assert_eq!(run(&game, &["call"]), said("shop\n"));
        assert_eq!(run(&game, &["call", "--json"]), said("{\"plugins\":[\"shop\"]}\n"));
    });
}

#[test]
fn each_failure_has_a_line_and_an_exit_code() {
    let game = Game::start();
    let failure = |arguments: &[&str]| {
        let (code, out, error) = run(&game, arguments);
        assert_eq!((code, &*out), (Some(1), ""), "{error}");
        error
    };
    let status = |arguments: &[&str]| {
        let (code, out, error) = run(&game, &[arguments, &["--json"]].concat());
        assert_eq!((code, &*error), (Some(1), ""), "{out}");
        let answer: Value = serde_json::from_str(&out).expect("a line of JSON");
        (answer["error"]["status"].clone(), answer["error"]["code"].clone())
    };
    assert!(failure(&["call", "shop", "echo"]).contains("no plugin `shop` offers exports on bus `game`; none does"));
    served(&game, || {
        assert_eq!(failure(&["call", "shop", "fails"]), "hotframe: shop/fails failed with code 7: sold out\n");
        assert_eq!(failure(&["call", "shop", "buy"]), "hotframe: shop has no such export\n");
        assert!(failure(&["call", "shp", "echo"]).contains("these do: shop"));
        let silent = failure(&["call", "shop", "silent", "--timeout", "0.05"]);
        assert!(silent.contains("no answer from shop within 50ms"), "{silent}");
        assert_eq!(status(&["call", "shop", "fails"]), (json!("application error"), json!(7)));
        assert_eq!(status(&["call", "shop", "buy"]), (json!("no such method"), json!(0)));
        assert_eq!(status(&["call", "shp", "echo"]), (json!("no such plugin"), json!(0)));
        assert_eq!(status(&["call", "shop", "silent", "--timeout", "0.05"]), (json!("no answer"), json!(0)));
    });
}
