//! Exports called by other processes, over the bus.

use std::time::Duration;

use plugin_host::{LIST, service_of};
use serde::Deserialize;
use shm_bus::wire::{Status, method_id};
use shm_bus::{CallError, Client};

use super::game::Game;

const FOREVER: Duration = Duration::from_secs(1 << 20);

#[derive(Deserialize)]
struct Listed {
    name: String,
}

fn client(game: &Game) -> Client {
    game.host.bus().client(service_of("exports").as_str()).expect("there is room")
}

/// The answer of the next edge to a call without arguments.
fn call(game: &mut Game, client: &mut Client, method: &str) -> Result<Vec<u8>, (Status, String)> {
    let ticket = client.send(method_id(method), &[], FOREVER).expect("the plugin is offered");
    game.edge();
    match client.finish(ticket) {
        Ok(answer) => Ok(answer.payload.to_vec()),
        Err(CallError::Refused { status, reason, .. }) => Err((status, String::from_utf8(reason).expect("text"))),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn an_internal_export_is_called_by_the_host_but_not_by_other_processes() {
    let mut game = Game::with(&[("exports", "exports")]);
    let mut client = client(&game);
    assert_eq!(game.host.plugins().call("exports", "secret", ()), Ok(0_u64));
    let list = call(&mut game, &mut client, LIST).expect("it lists");
    let list: Vec<Listed> = rmp_serde::from_slice(&list).expect("MessagePack");
    let names: Vec<&str> = list.iter().map(|export| &*export.name).collect();
    assert!(names.contains(&"value") && !names.contains(&"secret"), "{names:?}");
    let secret = call(&mut game, &mut client, "secret").expect_err("it is internal");
    let unknown = call(&mut game, &mut client, "no_export").expect_err("there is none");
    let number = |name: &str| format!("{:#x}", method_id(name));
    assert_eq!(secret.0, Status::NoSuchMethod);
    assert_eq!(secret.1, unknown.1.replace(&number("no_export"), &number("secret")), "nothing tells them apart");
    let status = game.host.status();
    let is_internal = |export: &plugin_host::status::ExportStatus| (export.name == "secret") == export.internal;
    assert!(status.plugins[0].exports.iter().all(is_internal));
}

#[test]
fn an_export_sees_how_long_its_caller_in_another_process_waits() {
    let mut game = Game::with(&[("answerer", "answerer")]);
    let mut client = game.host.bus().client(service_of("answerer").as_str()).expect("there is room");
    let answer = call(&mut game, &mut client, "time").expect("it replies");
    let left: Option<Duration> = rmp_serde::from_slice(&answer).expect("MessagePack");
    assert!(left.is_some_and(|left| left <= FOREVER && left > FOREVER / 2), "{left:?}");
}

#[test]
fn an_export_that_a_swap_makes_internal_is_refused_from_then_on() {
    let mut game = Game::with(&[("exports", "exports")]);
    let mut client = client(&game);
    assert_eq!(call(&mut game, &mut client, "nothing"), Ok(Vec::new()));
    game.swap("exports", "exports_later");
    let (status, _) = call(&mut game, &mut client, "nothing").expect_err("it is internal now");
    assert_eq!(status, Status::NoSuchMethod);
    assert_eq!(call(&mut game, &mut client, "double"), Ok(vec![0]));
    game.swap("exports", "exports");
    assert_eq!(call(&mut game, &mut client, "nothing"), Ok(Vec::new()));
}

#[test]
fn a_plugin_whose_exports_are_all_internal_is_no_service() {
    let mut game = Game::with(&[("exports", "exports")]);
    let mut client = client(&game);
    assert!(client.has_server());
    game.swap("exports", "internal_only");
    assert!(!client.has_server());
    assert_eq!(game.host.plugins().call("exports", "value", ()), Ok(0_u64));
}
