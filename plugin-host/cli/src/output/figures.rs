//! Formats numbers for people.

use std::time::Duration;

/// `1234567.0` as `1.23M`, at most five characters up to 10¹⁵.
pub(crate) fn count(number: f64) -> String {
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] {
        if number >= size * 0.9995 {
            return format!("{}{unit}", three(number / size));
        }
    }
    if number.fract() == 0.0 { format!("{number:.0}") } else { three(number) }
}

/// `1 problem`, `2 problems`.
pub(crate) fn several(number: u64, what: &str) -> String {
    format!("{} {}", count(number as f64), plural(number, what))
}

/// `what` in singular or plural.
pub(crate) fn plural(number: u64, what: &str) -> String {
    match what.strip_suffix('y') {
        _ if number == 1 => what.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None if what.ends_with('x') => format!("{what}es"),
        None => format!("{what}s"),
    }
}

/// The sum of counts, at most `u64::MAX`: counts of a bus may have any values, because any process on it can write them.
pub(crate) fn sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// A number with three digits.
fn three(number: f64) -> String {
    match number {
        small if small < 9.995 => format!("{small:.2}"),
        small if small < 99.95 => format!("{small:.1}"),
        large => format!("{large:.0}"),
    }
}

/// Nanoseconds in a unit that fits.
pub(crate) fn nanoseconds(nanoseconds: f64) -> String {
    for (unit, size) in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)] {
        if nanoseconds >= size * 0.9995 {
            return format!("{} {unit}", three(nanoseconds / size));
        }
    }
    format!("{nanoseconds:.0} ns")
}

/// A duration in its two largest units.
pub(crate) fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds if seconds < 60 => format!("{seconds}s"),
        seconds if seconds < 3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds if seconds < 86400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        seconds => format!("{}d{:02}h", seconds / 86400, seconds / 3600 % 24),
    }
}

/// A positive number of seconds, from a flag.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=86400.0).contains(&seconds) => Ok(seconds),
        _ => Err("seconds from 0.001 to 86400 are needed".to_owned()),
    }
}

/// Like [`seconds`], as a duration.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    seconds(text).map(Duration::from_secs_f64)
}

/// A rate: `events` during `time`, per second.
pub(crate) fn per_second(events: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { events as f64 / time.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::{count, nanoseconds, several, sum};

    #[test]
    fn three_digits_say_enough() {
        for (number, told) in [
            (0.0, "0"),
            (7.0, "7"),
            (0.25, "0.25"),
            (59.94, "59.9"),
            (999.6, "1.00k"),
            (12_345.0, "12.3k"),
            (2.5e9, "2.50G"),
        ] {
            assert_eq!(count(number), told);
        }
        assert_eq!(nanoseconds(16_666_667.0), "16.7 ms");
        assert_eq!(nanoseconds(250.0), "250 ns");
    }

    #[test]
    fn no_sum_overflows() {
        assert_eq!([sum([]), sum([1, 2]), sum([u64::MAX, 1, u64::MAX])], [0, 3, u64::MAX]);
    }

    #[test]
    fn one_is_not_several() {
        let told = [several(0, "inbox"), several(1, "inbox"), several(2, "delivery"), several(1200, "dead letter")];
        assert_eq!(told, ["0 inboxes", "1 inbox", "2 deliveries", "1.20k dead letters"]);
    }
}
