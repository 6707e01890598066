//! The bus compared with a plain model: whatever is published, subscribed, read and dropped, and in whatever order, each message is either
//! received or counted by its fate.

mod inbox;
mod lane;
mod steps;
mod world;

use proptest::prelude::*;
use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Start};

use steps::{LANES, steps, topic};
use world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn every_message_is_received_or_counted_by_cause(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
    }

    /// Three publishers with a lane at every priority, so that the inbox uses ready bits: then the model knows exactly which messages are
    /// queued.
    #[test]
    fn no_level_and_no_lane_waits_longer_than_its_bound(
        arrivals in proptest::collection::vec((0..3_usize, 0..4_usize, 0..4_usize, 0..12_usize), 1..300),
    ) {
        const K: [usize; 4] = [0, 8, 32, 128];
        let bus = Bus::anonymous().expect("made");
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("room");
        inbox.subscribe(&topic(0), Start::Now).expect("room");
        let mut publishers: Vec<_> =
            ["0", "1", "2"].iter().map(|name| bus.publisher(&topic(0), name, LANES).expect("room")).collect();
        let (mut queued, mut level_waits, mut lane_waits) = ([[0_usize; 3]; 4], [0; 4], [[0; 3]; 4]);
        for (publisher, level, sends, receives) in arrivals {
            for _ in 0..sends * 4 {
                if publishers[publisher].send(Priority::ALL[level], &[0; 16]).is_ok() {
                    queued[level][publisher] += 1;
                }
            }
            for _ in 0..receives {
                let Some(delivery) = inbox.receive().expect("mapped") else {
                    prop_assert_eq!(queued, [[0; 3]; 4]);
                    break;
                };
                let (served, by) = (delivery.priority as usize, delivery.publisher.parse::<usize>().expect("a number"));
                prop_assert!(queued[served][by] > 0);
                for level in 0..4 {
                    let waits = level != served && queued[level].iter().any(|count| *count > 0);
                    level_waits[level] = if waits { level_waits[level] + 1 } else { 0 };
                    let most = if level == 0 { 3 } else { K[level] + 2 };
                    prop_assert!(level_waits[level] <= most, "level {level} waited {}", level_waits[level]);
                    for lane in 0..3 {
                        let waits = (level, lane) != (served, by) && queued[level][lane] > 0;
                        lane_waits[level][lane] = if waits { lane_waits[level][lane] + 1 } else { 0 };
                        let most = 3 * (most + 1);
                        prop_assert!(lane_waits[level][lane] <= most, "a lane waited {}", lane_waits[level][lane]);
                    }
                }
                queued[served][by] -= 1;
            }
        }
    }
}
