//! Why a recording can't go on, or is not what it should be.

use std::io;
use std::path::PathBuf;

/// Why nothing more is recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file can't be made.
    #[error("can't make {}{}", path.display(), match source.kind() {
        io::ErrorKind::AlreadyExists if path.is_file() => "; --force replaces it",
        io::ErrorKind::AlreadyExists if !path.is_dir() => "; --force writes to it",
        _ => "",
    })]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file can't be written. It was cut back to what had been flushed before, which can be read; without a message it is
    /// gone, and what it should have replaced is as it was.
    #[error("can't write {}; {}", path.display(), match messages {
        0 => "nothing was recorded".to_owned(),
        messages => format!("it holds the {} up to there", several(*messages)),
    })]
    Write {
        /// The file.
        path: PathBuf,
        /// Messages that it holds.
        messages: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The file can't get its name: something else has it by now.
    #[error("can't give {} the name {}; the recording goes by the former", path.display(), wanted.display())]
    Name {
        /// Where the recording is.
        path: PathBuf,
        /// Where it should be.
        wanted: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The recording is whole, but no longer where it was made: somebody has moved it.
    #[error("{} is not the recording: somebody moved that while it was made; {}", path.display(), match now {
        Some(now) => format!("it is {} now, with {}", now.display(), several(*messages)),
        None => format!("it has another name now, and {}", several(*messages)),
    })]
    Moved {
        /// Where it should be.
        path: PathBuf,
        /// Where it is, if that can be told.
        now: Option<PathBuf>,
        /// Messages that it holds.
        messages: u64,
    },
    /// The recording is gone: somebody has removed or replaced its file.
    #[error("{} is not the recording: somebody removed or replaced that while it was made, and {} with it; record anew", path.display(), several(*messages))]
    Removed {
        /// Where it should be.
        path: PathBuf,
        /// Messages that it held.
        messages: u64,
    },
    /// Somebody else has written to the file, or cut it off.
    #[error("somebody else wrote to {} while it was recorded, and may have damaged its {} up to there; record anew", path.display(), several(*messages))]
    Spoilt {
        /// The file.
        path: PathBuf,
        /// Messages that were written to it.
        messages: u64,
    },
    /// MCAP can't hold it.
    #[error("the recording can't hold this")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn several(messages: u64) -> String {
    if messages == 1 { "1 message".to_owned() } else { format!("{messages} messages") }
}
