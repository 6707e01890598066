//! Typed clients: of the host, and of another process on the bus, while the plugin is replaced by builds with the same signatures and others.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use plugin_host::{CallError, Plugins, Remote, RemoteError};
use plugin_sdk::client::Interface;

use super::calls::Over;
use super::game::Game;
use super::support::fixtures;
use super::types::{BankClient, OldShopClient, Order, Receipt, ShopApi, ShopClient};

/// A longer wait is a failure, not a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn game() -> (Game, Plugins) {
    let game = Game::with(&[("shop", "shop")]);
    let plugins = game.host.plugins();
    (game, plugins)
}

fn order(pieces: u32) -> Order {
    Order { item: "pen".to_owned(), pieces }
}

fn receipt(pieces: u32) -> Receipt {
    Receipt { text: format!("{pieces} × pen"), total: f64::from(pieces) }
}

/// A caller was refused, by name and with both signatures.
fn assert_tells_both(error: &str) {
    let [new, old] = ["shop/sell is `sell(order: Order) -> Receipt`", "built for `sell(item: String) -> Receipt`"];
    assert!(error.contains(new) && error.contains(old), "{error}");
}

#[test]
fn a_client_calls_each_method_of_its_interface() {
    let (_game, plugins) = game();
    let shop = ShopClient::connect(&plugins, "shop").expect("it implements this interface");
    assert_eq!(shop.sell(order(3)), Ok(receipt(3)));
    assert_eq!(shop.sold(), Ok(1));
    assert_eq!(shop.greet("Ada", Some('!')), Ok("hello, Ada!".to_owned()));
    assert_eq!(shop.greet("Ada", None), Ok("hello, Ada".to_owned()));
    assert_eq!(shop.length(&[200; 300]), Ok(300));
    assert_eq!((shop.length(&[]), shop.look_away()), (Ok(0), Ok(())));
}

#[test]
fn an_error_arrives_with_code_and_text() {
    let (_game, plugins) = game();
    let shop = ShopClient::connect(plugins, "shop").expect("it implements this interface");
    let failed = |method: &str, code, message: &str| {
        let (plugin, method, message) = ("shop".to_owned(), method.to_owned(), message.to_owned());
        CallError::Failed { plugin, method, code, message }
    };
    assert_eq!(shop.close(0, "no reason"), Ok(()));
    assert_eq!(shop.close(7, "it is late"), Err(failed("close", 7, "closed: it is late")));
    assert_eq!(shop.sell(order(0)), Err(failed("sell", 402, "no pen")));
}

#[test]
fn the_host_knows_which_interfaces_a_plugin_implements() {
    let (game, _) = game();
    let [interface] = &game.engine.running[0].manifest.interfaces[..] else { panic!("it implements one") };
    let spec = <dyn ShopApi as Interface>::SPEC;
    assert_eq!((&*interface.name, &*interface.text), ("fixtures.ShopApi", spec.text));
    assert!(interface.text.starts_with("sell(order: Order) -> Receipt; sold() -> u64; greet("), "{}", interface.text);
}

#[test]
fn a_client_of_another_signature_is_refused_when_it_connects() {
    let (_game, plugins) = game();
    assert_tells_both(&OldShopClient::connect(&plugins, "shop").expect_err("it is too old").to_string());
    let error = BankClient::connect(&plugins, "shop").expect_err("a shop is no bank").to_string();
    assert!(error.contains("shop has no export \"balance\"; its exports are sell, sold"), "{error}");
    let error = BankClient::connect(&plugins, "bank").expect_err("there is no bank").to_string();
    assert!(error.contains("no plugin \"bank\" runs; there are shop"), "{error}");
}

#[test]
fn a_swap_to_another_signature_is_noticed_and_nothing_is_called() {
    let mut game = Game::with(&[("shop", "shop_old")]);
    let plugins = game.host.plugins();
    let old = OldShopClient::connect(&plugins, "shop").expect("it is of this age");
    assert_eq!(old.sell("pen".to_owned()).map(|receipt| receipt.text), Ok("pen".to_owned()));
    game.swap("shop", "shop");
    assert_tells_both(&old.sell("pen".to_owned()).expect_err("sell has changed").to_string());
    assert_eq!(old.sold(), Ok(100), "only what has changed is refused, and it did not run");
    // Callers by name alone are not checked.
    assert_eq!(plugins.call("shop", "sell", (order(2),)), Ok(receipt(2)));
    game.swap("shop", "shop_old");
    assert!(old.sell("pen".to_owned()).is_ok(), "it is back");
}

/// Answers requests of other processes until `asking` returns.
fn served<T: Send>(game: &mut Game, asking: impl FnOnce() -> T + Send) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let _over = Over(&is_over);
            asking()
        });
        while !is_over.load(Ordering::Relaxed) {
            game.frames(1);
        }
        asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn a_client_on_the_bus_calls_and_is_refused_as_one_of_the_host() {
    let (mut game, plugins) = game();
    let remote = Remote::new(game.another_handle(), PATIENCE);
    let shop = served(&mut game, || {
        let shop = ShopClient::connect(remote.clone(), "shop").expect("it implements this interface");
        assert_eq!(shop.sell(order(3)).expect("it sells"), receipt(3));
        assert_eq!(shop.greet("Ada", Some('!')).expect("it greets"), "hello, Ada!");
        assert_eq!(shop.length(&[200; 300]).expect("it counts"), 300);
        shop.look_away().expect("it has nothing to reply");
        let error = shop.close(7, "it is late").expect_err("it is closed");
        assert!(
            matches!(&error, RemoteError::Failed { code: 7, message, .. } if message == "closed: it is late"),
            "{error}"
        );
        assert_tells_both(&OldShopClient::connect(&remote, "shop").expect_err("it is too old").to_string());
        let error = BankClient::connect(&remote, "shop").expect_err("a shop is no bank").to_string();
        assert!(
            error.contains("shop has no export \"balance\"; its exports are sell(order: Order) -> Receipt, "),
            "{error}"
        );
        let error = BankClient::connect(&remote, "bank").expect_err("there is no bank").to_string();
        assert!(error.contains("no plugin \"bank\" offers exports on bus `game`"), "{error}");
        shop
    });
    game.swap("shop", "shop_old");
    served(&mut game, || {
        let error = shop.sell(order(3)).expect_err("sell has changed").to_string();
        let [old, new] = ["shop/sell is `sell(item: String) -> Receipt`", "built for `sell(order: Order) -> Receipt`"];
        assert!(error.contains(old) && error.contains(new), "{error}");
        assert_eq!(shop.sold().expect("this has not changed"), 1);
        let error = shop.look_away().expect_err("it is gone").to_string();
        assert!(error.contains("shop has no export \"look_away\""), "{error}");
    });
    game.swap("shop", "shop");
    served(&mut game, || assert_eq!(shop.sell(order(3)).expect("it is back"), receipt(3)));
    assert_eq!(plugins.call("shop", "sold", ()), Ok(2_u64));
}

/// No typed call fails, and none is lost, while the plugin is swapped ten times: 1 000 from two of the host's threads, and more over the bus.
#[test]
fn no_typed_call_fails_over_swaps() {
    const SWAPS: u64 = 10;
    let (mut game, plugins) = game();
    let build = fixtures::bytes("shop");
    let remote = Remote::new(game.another_handle(), PATIENCE);
    let (is_over, sold) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            let shop = ShopClient::connect(plugins.clone(), "shop").expect("it implements this interface");
            let (is_over, sold) = (&is_over, &sold);
            scope.spawn(move || {
                let mut calls = 0;
                while calls < 500 || !is_over.load(Ordering::Relaxed) {
                    assert_eq!(shop.sell(order(3)), Ok(receipt(3)));
                    assert_eq!(shop.greet("Ada", None), Ok("hello, Ada".to_owned()));
                    sold.fetch_add(1, Ordering::Relaxed);
                    calls += 1;
                }
            });
        }
        let (is_over_, sold_) = (&is_over, &sold);
        let asking = scope.spawn(move || {
            let shop = ShopClient::connect(remote, "shop").expect("it implements this interface");
            while !is_over_.load(Ordering::Relaxed) {
                assert_eq!(shop.sell(order(3)).expect("no call fails"), receipt(3));
                sold_.fetch_add(1, Ordering::Relaxed);
            }
        });
        let over = Over(&is_over);
        for swap in 1..=SWAPS {
            let mut next = build.clone();
            next.extend(swap.to_le_bytes());
            game.put_bytes("shop", &next);
            game.await_that(|game| u64::from(game.stats("shop").reloads) == swap);
            game.frames(1);
        }
        drop(over);
        while !asking.is_finished() {
            game.frames(1);
        }
    });
    assert_eq!(plugins.call("shop", "sold", ()), Ok(sold.load(Ordering::Relaxed)));
    assert_eq!(game.stats("shop").failed_loads, 0);
}
