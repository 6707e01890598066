//! Typed methods.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
pub(super) struct Item {
    id: u64,
    count: u32,
    flags: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
struct Left {
    count: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    text: String,
    #[serde(with = "shm_bus::pack::bytes")]
    data: Vec<u8>,
}

service! {
    /// Test.
    Inventory("inventory") {
        Take("take"): AsBytes<Item> => AsBytes<Left>;
        Annotate("annotate"): AsPack<Note> => AsPack<Vec<Note>>;
        Clear("clear"): () => ();
        Unserved("unserved"): () => ();
    }
}

mod other {
    use super::{AsBytes, Item};

    shm_bus::service! {
        /// Another service of the same name.
        pub(super) Inventory("inventory") {
            Take("take"): AsBytes<Item> => ();
        }
    }
}

#[test]
fn typed_methods_take_and_give_their_types() {
    let (_folder, bus) = bus();
    let mut server = bus.server_of::<Inventory>().expect("made");
    let mut client = bus.client_of::<Inventory>().expect("made");
    let item = Item { id: 7, count: 3, flags: 0 };
    let note = Note { text: "é".to_owned(), data: vec![0xc1; 300] };
    let take = client.send::<Take>(&item, FOREVER).expect("room");
    let annotate = client.send::<Annotate>(&note, FOREVER).expect("room");
    let clear = client.send::<Clear>(&(), FOREVER).expect("room");
    let unserved = client.send::<Unserved>(&(), FOREVER).expect("room");
    let none_left = client.send::<Take>(&Item { count: 0, ..item }, FOREVER).expect("room");
    let serve = |request: Request<'_>| {
        let outcome = request
            .dispatch()
            .on::<Take>(|item| {
                let count = item.count.checked_sub(1).ok_or("none left")?;
                Ok(Left { count })
            })
            .on::<Annotate>(|note| Ok(vec![note]))
            .on::<Clear>(|()| Ok(()))
            .done();
        outcome.expect("room");
    };
    assert_eq!(server.serve(serve).expect("mapped"), 5);
    assert_eq!(client.poll(take).expect("answered"), Some(Left { count: 2 }));
    assert_eq!(client.poll(annotate).expect("answered"), Some(vec![note]));
    assert_eq!(client.poll(clear).expect("answered"), Some(()));
    let error = client.poll(unserved).unwrap_err();
    assert!(matches!(error, CallError::Refused { status: Status::NoSuchMethod, .. }));
    assert_eq!(error.to_string(), "`inventory` answers: no such method");
    let error = client.poll(none_left).unwrap_err();
    assert_eq!(error.to_string(), "`inventory` answers: application error, none left");
}

#[test]
fn an_argument_of_another_type_is_malformed_and_does_not_run() {
    let (_folder, bus) = bus();
    let mut server = bus.server_of::<Inventory>().expect("made");
    let mut client = bus.client_of::<Inventory>().expect("made");
    let ticket = client.untyped().send(method_id("take"), &[0; 15], FOREVER).expect("room");
    let serve = |request: Request<'_>| {
        request.dispatch().on::<Take>(|_| panic!("it ran")).done().expect("room");
    };
    server.serve(serve).expect("mapped");
    let error = client.untyped().poll(ticket).unwrap_err();
    assert!(matches!(error, CallError::Refused { status: Status::Malformed, .. }), "{error}");
    assert!(error.to_string().contains("15 bytes, expected 16"), "{error}");
}

#[test]
fn another_service_by_the_same_name_is_refused_with_both_schemas() {
    let (_folder, bus) = bus();
    let _server = bus.server_of::<Inventory>().expect("made");
    let error = bus.client_of::<other::Inventory>().unwrap_err().to_string();
    for part in ["annotate: messagepack => messagepack", "=> nothing; }"] {
        assert!(error.contains(part), "`{part}` is not in {error}");
    }
    assert!(bus.client("inventory").is_err(), "an untyped client does not fit either");
    assert!(bus.client_of::<Inventory>().is_ok());
}
