//! Checkpoints: record starts noted by the writer as it passes, one in each eighth of the ring. Pure.

/// Number of checkpoints in a ring.
const CHECKPOINTS: u64 = 8;

/// See the module.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Bytes of an eighth of the ring.
    eighth: u64,
    /// The first record start in each eighth, as of the writer's last pass.
    starts: [u64; CHECKPOINTS as usize],
    /// Start of the next eighth without a checkpoint in this lap; above the writer's position.
    next: u64,
}

impl Checkpoints {
    /// The checkpoints of an empty ring of `capacity`.
    pub(super) const fn of(capacity: u64) -> Self {
        let eighth = capacity / CHECKPOINTS;
        Self { eighth, starts: [0; CHECKPOINTS as usize], next: eighth }
    }

    /// The position at which the next checkpoint is due.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Records that a record begins at `head`: the first one in each eighth that has been reached since.
    pub(super) const fn reach(&mut self, head: u64) {
        while self.next <= head {
            self.starts[(self.next / self.eighth % CHECKPOINTS) as usize] = head;
            self.next += self.eighth;
        }
    }

    /// A record start in `target ..= lowest`, if there is a checkpoint.
    pub(super) fn find(&self, target: u64, lowest: u64) -> Option<u64> {
        let eighth = target.div_ceil(self.eighth);
        // A checkpoint of an earlier lap lies below the target.
        let starts = [eighth + 1, eighth].map(|eighth| self.starts[(eighth % CHECKPOINTS) as usize]);
        starts.into_iter().find(|start| (target..=lowest).contains(start))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Checkpoints;

    #[test]
    fn a_start_is_found_in_what_was_reached_and_not_below() {
        let mut checkpoints = Checkpoints::of(1024);
        (0..=1600).step_by(96).for_each(|head| checkpoints.reach(head));
        assert_eq!(checkpoints.next(), 1664, "the next eighth");
        for target in (800..=1536).step_by(32) {
            let found = checkpoints.find(target, 1600).expect("an eighth is passed within 128 bytes");
            assert!((target..target + 3 * 128).contains(&found) && found.is_multiple_of(96), "{found} for {target}");
        }
        assert_eq!(checkpoints.find(1000, 1040), None, "no start was noted there");
    }
}
