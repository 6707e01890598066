//! Combines backdrop, trails and light into one row of pixels; trails absorb light and fade.
//!
//! All functions work on bytes of one colour at a time, so that the compiler vectorizes them.

/// Factor of a trail per frame, in 1/256.
const TRAIL_DECAY: u16 = 214;
/// Part of the light that becomes a trail, in 1/256.
const TRAIL_GAIN: u16 = 96;

/// Computes `out = backdrop + trail + light + flash`, saturating; then `trail` fades or absorbs `light`, and `light` is cleared.
///
/// A trail loses at least 1 each frame, so it is gone after at most 256 dark frames.
pub(super) fn expose(out: &mut [u8], backdrop: &[u8], trail: &mut [u8], light: &mut [u8], flash: u8) {
    let layers = backdrop.iter().zip(trail.iter_mut()).zip(light.iter_mut());
    for (out, ((&backdrop, trail), light)) in out.iter_mut().zip(layers) {
        *out = backdrop.saturating_add(*trail).saturating_add(*light).saturating_add(flash);
        let faded = ((u16::from(*trail) * TRAIL_DECAY) >> 8) as u8;
        let taken = ((u16::from(*light) * TRAIL_GAIN) >> 8) as u8;
        *trail = faded.max(taken);
        *light = 0;
    }
}

/// Combines rows of red, green and blue into `0x00RRGGBB`.
pub(super) fn weave(pixels: &mut [u32], [red, green, blue]: [&[u8]; 3]) {
    let colors = red.iter().zip(green).zip(blue);
    for (pixel, ((&red, &green), &blue)) in pixels.iter_mut().zip(colors) {
        *pixel = u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_leaves_a_trail_that_ends() {
        let (mut out, mut trail, mut light) = ([0], [0], [200]);
        expose(&mut out, &[10], &mut trail, &mut light, 0);
        assert_eq!((out, light), ([210], [0]));
        assert!(trail[0] > 50);
        let frames = (0..256).take_while(|_| {
            expose(&mut out, &[10], &mut trail, &mut light, 0);
            out != [10]
        });
        assert!(frames.count() < 40);
    }
}
