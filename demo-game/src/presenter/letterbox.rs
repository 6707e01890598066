//! Shows a picture in a window of any size: scaled as a whole, centred, with black bars at the sides.

/// The picture's position in a window, and the picture's pixel for each window pixel.
#[derive(Debug, Default)]
pub(super) struct Letterbox {
    window: [usize; 2],
    picture: [usize; 2],
    left: usize,
    top: usize,
    columns: Vec<usize>,
    rows: Vec<usize>,
}

impl Letterbox {
    /// Fits a picture into a window; both `[width, height]` in pixels, none zero.
    pub(super) fn fit(window: [usize; 2], picture: [usize; 2]) -> Self {
        let [width, height] = if window[0] * picture[1] <= window[1] * picture[0] {
            [window[0], (window[0] * picture[1] / picture[0]).max(1)]
        } else {
            [(window[1] * picture[0] / picture[1]).max(1), window[1]]
        };
        let nearest = |shown: usize, of: usize| (0..shown).map(|at| (2 * at + 1) * of / (2 * shown)).collect();
        Self {
            window,
            picture,
            left: (window[0] - width) / 2,
            top: (window[1] - height) / 2,
            columns: nearest(width, picture[0]),
            rows: nearest(height, picture[1]),
        }
    }

    /// Whether this was made for these sizes.
    pub(super) fn fits(&self, window: [usize; 2], picture: [usize; 2]) -> bool {
        self.window == window && self.picture == picture
    }

    /// Fills a window's pixels from the picture's rows.
    pub(super) fn show<'a>(&self, picture: impl Fn(usize) -> &'a [u32], window: &mut [u32]) {
        if self.window == self.picture {
            for (y, line) in window.chunks_exact_mut(self.window[0]).enumerate() {
                line.copy_from_slice(picture(y));
            }
            return;
        }
        let mut last = None;
        for (y, start) in (0..self.window[1]).map(|y| (y, y * self.window[0])) {
            let row = y.checked_sub(self.top).and_then(|y| self.rows.get(y)).copied();
            match row {
                Some(_) if row == last => window.copy_within(start - self.window[0]..start, start),
                Some(row) => self.show_row(picture(row), &mut window[start..start + self.window[0]]),
                None => window[start..start + self.window[0]].fill(0),
            }
            last = row;
        }
    }

    /// The picture's pixel position for a window pixel, also beyond the picture's edges.
    pub(super) fn pixel(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        let at = |window: f64, start: usize, shown: usize, of: usize| {
            ((window - start as f64) * of as f64 / shown.max(1) as f64) as f32
        };
        [at(x, self.left, self.columns.len(), self.picture[0]), at(y, self.top, self.rows.len(), self.picture[1])]
    }

    fn show_row(&self, pixels: &[u32], window: &mut [u32]) {
        let (left, rest) = window.split_at_mut(self.left);
        let (middle, right) = rest.split_at_mut(self.columns.len());
        left.fill(0);
        right.fill(0);
        for (shown, &column) in middle.iter_mut().zip(&self.columns) {
            *shown = pixels[column];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_black_and_the_middle_shows_the_picture() {
        let pixels = |y: usize| if y == 0 { &[1, 2][..] } else { &[3, 4] };
        let mut window = [9; 8 * 4];
        Letterbox::fit([8, 4], [2, 2]).show(pixels, &mut window);
        assert_eq!(window[..8], [0, 0, 1, 1, 2, 2, 0, 0]);
        assert_eq!(window[24..], [0, 0, 3, 3, 4, 4, 0, 0]);
        let mut window = [9; 2 * 4];
        Letterbox::fit([2, 4], [2, 2]).show(pixels, &mut window);
        assert_eq!(window, [0, 0, 1, 2, 3, 4, 0, 0]);
    }

    #[test]
    fn every_size_shows_something() {
        for (width, height) in [(1, 1), (1, 500), (500, 1), (3, 7), (1280, 720)] {
            let letterbox = Letterbox::fit([width, height], [1280, 720]);
            let mut window = vec![0; width * height];
            letterbox.show(|_| &[5; 1280], &mut window);
            assert!(window.contains(&5), "{width} × {height}");
        }
    }

    #[test]
    fn window_positions_become_picture_positions() {
        let letterbox = Letterbox::fit([2560, 1640], [1280, 720]);
        assert_eq!(letterbox.pixel([1280.0, 820.0]), [640.0, 360.0]);
        assert_eq!(letterbox.pixel([0.0, 100.0]), [0.0, 0.0]);
    }
}
