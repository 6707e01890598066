//! An event of the log as a line of text.

use std::fmt::{Debug, Write as _};

use tracing::Event;
use tracing::field::{Field, Visit};

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// The event as `LEVEL message field=value …`.
pub(crate) fn line(event: &Event<'_>) -> String {
    let mut line = Line::default();
    event.record(&mut line);
    format!("{} {}{}", event.metadata().level(), line.message, line.fields)
}
