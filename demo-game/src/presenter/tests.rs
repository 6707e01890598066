//! Whole frames: commands in, pixels out.
