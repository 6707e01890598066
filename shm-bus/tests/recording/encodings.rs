//! Both encodings are read back as the same messages.

use std::fs;
use std::time::SystemTime;

use shm_bus::record::{Encoding, Recorder};
use shm_bus::wire::{Policy, Priority, Status, schema_hash};
use shm_bus::{Attachment, Start, TopicSpec};

use super::{read, rig};

/// A message with every kind of field, aligned in the lane but not in CDR.
const SCHEMA: &str = "Odd-Types.all_of@3 64/8 {tag:u8@0,rest:[u8;7]@1,d:f64@8,At:V{x:f32@0,X:f32@4}@16,n:[N{a:u16@0,b:i8@2,c:u8@3};2]@24,g:[[i16;2];3]@32,e:entity@48}";
const ODD: TopicSpec<'_> = TopicSpec {
    name: "odd-types//all of",
    type_name: "Odd-Types.all_of",
    schema: SCHEMA,
    schema_hash: schema_hash(SCHEMA),
    message_size: 64,
    policy: Policy::Reject,
};

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|found| found == text.as_bytes())
}

#[test]
fn messages_come_back_bit_for_bit_from_both() {
    let rig = rig();
    let twin = TopicSpec { name: "odd types/all_of", ..ODD };
    let mut inbox = rig.bus.inbox("odd", Attachment::Observer).expect("made");
    let mut publishers = [&ODD, &twin].map(|topic| {
        inbox.subscribe(topic, Start::Now).expect("subscribed");
        rig.bus.publisher(topic, "odd", &[(Priority::High, 1 << 16)]).expect("made")
    });
    let files = [Encoding::Ros1, Encoding::Ros2].map(|encoding| {
        let file = rig.folder.path().join(format!("{encoding:?}.mcap"));
        let mut recorder = Recorder::create_encoded(&file, "game", false, encoding).expect("made");
        rig.bus.snapshot().topics.iter().for_each(|topic| recorder.declare(topic));
        (file, recorder)
    });
    let [mut first, mut second] = files;
    let messages: Vec<u8> = (0..192_u32).map(|byte| (byte * 7) as u8).collect();
    // One message, three at once, none, and a payload that is not a whole message.
    for payload in [&messages[..64], &messages, &[], &messages[..63]] {
        publishers.iter_mut().for_each(|publisher| publisher.send(Priority::High, payload).expect("room"));
    }
    while let Some(delivery) = inbox.receive().expect("mapped") {
        for (_, recorder) in [&mut first, &mut second] {
            recorder.write(&delivery, SystemTime::UNIX_EPOCH).expect("room on the disk");
        }
    }
    let [one, two] = [first, second].map(|(file, recorder)| {
        recorder.finish().expect("room on the disk");
        (read(&file), fs::read(&file).expect("there"))
    });
    assert_eq!(one.0.1, two.0.1);
    assert_eq!(one.0.1.len(), 8);
    let names = |(recording, _): &(shm_bus::record::Recording, Vec<_>)| {
        recording.channels.iter().map(|channel| (channel.topic.clone(), channel.schema.clone())).collect::<Vec<_>>()
    };
    assert!(names(&one.0) == names(&two.0) && names(&one.0).contains(&(ODD.name.to_owned(), SCHEMA.to_owned())));
    for text in ["/odd_types/all_of", "/odd_types/all_of_2", "odd_types/msg/AllOfRecord", "ros2msg", "cdr", "ros2"] {
        assert!(contains(&two.1, text), "{text} is missing");
        assert!(text == "ros2" || !contains(&one.1, text), "{text}");
    }
}

#[test]
fn requests_and_responses_are_recorded_in_cdr_too() {
    let rig = rig();
    let file = rig.folder.path().join("asked.mcap");
    let mut server = rig.bus.server("stock").expect("made");
    let mut client = rig.bus.client("stock").expect("made");
    let mut inbox = rig.bus.inbox("recorder", Attachment::Observer).expect("made");
    let mut recorder = Recorder::create_encoded(&file, "game", false, Encoding::Ros2).expect("made");
    for topic in rig.bus.snapshot().topics.iter().filter(|topic| topic.name.starts_with("stock")) {
        recorder.declare(topic);
        inbox.subscribe_untyped(&topic.name, Start::Earliest).expect("there");
    }
    let ticket = client.send(7, b"how many", std::time::Duration::MAX).expect("sent");
    server.next().expect("mapped").expect("asked").answer(Status::Application, b"none").expect("answered");
    while let Some(delivery) = inbox.receive().expect("mapped") {
        recorder.write(&delivery, SystemTime::UNIX_EPOCH).expect("room on the disk");
    }
    drop(client.finish(ticket));
    recorder.finish().expect("room on the disk");
    let (_, messages) = read(&file);
    let [(.., asked), (.., answered)] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(asked[40..], [&8_u32.to_le_bytes()[..], b"how many"].concat());
    assert_eq!(answered[16..], [&[Status::Application as u8, 0, 0, 0][..], &4_u32.to_le_bytes(), b"none"].concat());
    let bytes = fs::read(&file).expect("there");
    assert!(contains(&bytes, "hotframe/msg/Request") && contains(&bytes, "hotframe/msg/Response"));
}
