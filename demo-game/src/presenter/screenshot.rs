//! Writes a picture to a PNG file.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::canvas::Canvas;
use crate::output;

/// Why no picture was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ScreenshotError {
    /// The file cannot be created or written.
    #[error("cannot write the picture {}", file.display())]
    File {
        /// The path.
        file: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The encoder refused.
    #[error("cannot encode the picture")]
    Encode(#[from] png::EncodingError),
}

/// Writes the last finished frame to `path`, replacing an existing file.
///
/// # Errors
/// If the file can't be written.
pub(crate) fn write(path: &Path, canvas: &Canvas) -> Result<(), ScreenshotError> {
    let mut encoded = Vec::new();
    let mut encoder = png::Encoder::new(&mut encoded, canvas.width(), canvas.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    let pixels = (0..canvas.height() as usize).flat_map(|y| canvas.row(y));
    let bytes: Vec<u8> = pixels.flat_map(|pixel| [pixel >> 16, pixel >> 8, *pixel].map(|part| part as u8)).collect();
    writer.write_image_data(&bytes)?;
    writer.finish()?;
    output::write(path, &encoded).map_err(|source| ScreenshotError::File { file: path.to_owned(), source })
}
