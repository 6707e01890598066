//! Levels in the ABI and in `tracing`.

use plugin_sdk::abi::Level as AbiLevel;
use tracing::Level;

/// The `tracing` level with this number.
pub(super) fn from_abi(level: AbiLevel) -> Level {
    match level {
        AbiLevel::ERROR => Level::ERROR,
        AbiLevel::WARN => Level::WARN,
        AbiLevel::DEBUG => Level::DEBUG,
        AbiLevel::TRACE => Level::TRACE,
        _ => Level::INFO,
    }
}

/// The number of a `tracing` level.
pub(super) fn to_abi(level: Level) -> AbiLevel {
    match level {
        Level::ERROR => AbiLevel::ERROR,
        Level::WARN => AbiLevel::WARN,
        Level::INFO => AbiLevel::INFO,
        Level::DEBUG => AbiLevel::DEBUG,
        Level::TRACE => AbiLevel::TRACE,
    }
}
