//! Why recording ended, or why a recording is not as it should be.

use std::io;
use std::path::PathBuf;

/// Why nothing more is recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file can't be created.
    #[error("cannot make {}{}", path.display(), match source.kind() {
        io::ErrorKind::AlreadyExists if path.is_file() => "; --force replaces it",
        io::ErrorKind::AlreadyExists if !path.is_dir() => "; --force writes to it",
        _ => "",
    })]
    Create {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file can't be written. It was truncated to the data flushed before, which can be read. Without a message it was removed, and the
    /// file that it should have replaced is unchanged.
    #[error("cannot write {}; {}", path.display(), match messages {
        0 => "nothing was recorded".to_owned(),
        messages => format!("it holds the {} up to there", several(*messages)),
    })]
    Write {
        /// The file.
        path: PathBuf,
        /// Number of messages in it.
        messages: u64,
        /// The system's error.
        source: io::Error,
    },
    /// The file can't get its name: another file has it by now.
    #[error("cannot rename {} to {}; the recording keeps its present name", path.display(), wanted.display())]
    Name {
        /// The recording's present path.
        path: PathBuf,
        /// The intended path.
        wanted: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The recording is whole, but was moved by somebody while it was made.
    #[error("{} is not the recording: another program moved the recording while it was written; {}", path.display(), match now {
        Some(now) => format!("it is {} now, with {}", now.display(), several(*messages)),
        None => format!("it has another name now, and {}", several(*messages)),
    })]
    Moved {
        /// The intended path.
        path: PathBuf,
        /// The present path, if known.
        now: Option<PathBuf>,
        /// Number of messages in it.
        messages: u64,
    },
    /// The recording is lost: somebody has removed or replaced its file.
    #[error("{} is not the recording: another program removed or replaced the recording while it was written, and {} with it; record again", path.display(), several(*messages))]
    Removed {
        /// The intended path.
        path: PathBuf,
        /// Number of messages that it contained.
        messages: u64,
    },
    /// Somebody else has written to the file, or truncated it.
    #[error("another program wrote to {} while it was recorded, and may have damaged its {} up to there; record again", path.display(), several(*messages))]
    Overwritten {
        /// The file.
        path: PathBuf,
        /// Number of messages that were written to it.
        messages: u64,
    },
    /// MCAP can't represent it.
    #[error("the recording cannot hold this")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn several(messages: u64) -> String {
    if messages == 1 { "1 message".to_owned() } else { format!("{messages} messages") }
}
