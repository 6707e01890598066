//! Accounts of images that are no longer used: their code stays mapped until the process ends.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Number of one plugin's images beyond which a warning is logged.
const IMAGES_MANY: u64 = 200;

/// Bytes of one plugin's images beyond which a warning is logged.
const BYTES_MANY: u64 = 512 << 20;

/// The retired images of one plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) images: u64,
    /// Address space of these images.
    pub(crate) bytes: u64,
}

impl Left {
    fn and(self, bytes: u64) -> Self {
        Self { images: self.images + 1, bytes: self.bytes + bytes }
    }

    /// Whether `next` crosses a threshold; each is crossed once.
    fn passes(self, next: Self) -> bool {
        let passes = |limit: u64, before: u64, after: u64| before < limit && after >= limit;
        passes(IMAGES_MANY, self.images, next.images) || passes(BYTES_MANY, self.bytes, next.bytes)
    }
}

/// The retired images of one host, by plugin.
#[derive(Debug, Default)]
pub(crate) struct Retired(Mutex<BTreeMap<String, Left>>);

impl Retired {
    /// Counts an image; logs a warning if there are many.
    pub(crate) fn add(&self, plugin: &str, bytes: u64) {
        let mut plugins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = plugins.entry(plugin.to_owned()).or_default();
        let before = *left;
        *left = before.and(bytes);
        let after = *left;
        drop(plugins);
        if before.passes(after) {
            let Left { images, bytes } = after;
            tracing::warn!(
                plugin,
                images,
                bytes,
                "{plugin}: {images} replaced images stay mapped, {} MB in all; the memory of replaced code is freed only when the game ends; restart it when convenient",
                bytes / 1_000_000
            );
        }
    }

    /// The retired images of one plugin.
    pub(crate) fn of(&self, plugin: &str) -> Left {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(plugin).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Left, Retired};

    /// The numbers of images, of that many bytes each, at which a warning is logged.
    fn told(images: u64, bytes: u64) -> Vec<u64> {
        let mut left = Left::default();
        let mut add = || {
            let before = left;
            left = before.and(bytes);
            before.passes(left)
        };
        (1..=images).filter(|_| add()).collect()
    }

    #[test]
    fn each_threshold_is_told_once() {
        assert_eq!(told(1000, 1 << 20), [200, 512]);
        assert_eq!(told(1000, 1), [200]);
        assert_eq!(told(3, 600 << 20), [1]);
    }

    #[test]
    fn plugins_are_counted_apart() {
        let retired = Retired::default();
        retired.add("ai", 10);
        retired.add("ai", 20);
        retired.add("render", 5);
        let of = |plugin| retired.of(plugin);
        assert_eq!(
            [of("ai"), of("render"), of("none")],
            [(2, 30), (1, 5), (0, 0)].map(|(images, bytes)| Left { images, bytes })
        );
    }
}
