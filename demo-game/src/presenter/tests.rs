//! Tests with whole frames: commands in, pixels out.

use std::sync::{Arc, OnceLock};

use game_types::draw::{DrawCommand, DrawKind, Shape, palette};

use super::atlas::Atlas;
use super::band::Assets;
use super::glyphs::Glyphs;
use super::{Canvas, Font};

/// The assets, rendered once for all tests because that takes long in a debug build.
fn assets() -> Arc<Assets> {
    static ASSETS: OnceLock<Arc<Assets>> = OnceLock::new();
    let render = || {
        let font = Font::parse(Font::BUILTIN).unwrap();
        Arc::new(Assets { atlas: Atlas::render(), glyphs: Glyphs::render(&font) })
    };
    Arc::clone(ASSETS.get_or_init(render))
}

/// A canvas whose grid already has its trail.
fn canvas() -> Canvas {
    canvas_in_bands(50, 1)
}

fn canvas_in_bands(band_rows: usize, helpers: usize) -> Canvas {
    let mut canvas = Canvas::in_bands(640, 360, assets(), band_rows, helpers);
    frame(&mut canvas, &[]);
    canvas
}

fn frame(canvas: &mut Canvas, commands: &[DrawCommand]) -> Vec<u32> {
    canvas.begin();
    for chunk in commands.chunks(7) {
        canvas.draw(chunk);
    }
    canvas.finish();
    pixels(canvas)
}

fn pixels(canvas: &Canvas) -> Vec<u32> {
    (0..canvas.height() as usize).flat_map(|y| canvas.row(y)).copied().collect()
}

fn bytes(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed ^ (*seed >> 29)
}

/// A number that is likely to break code: extreme, tiny or not finite.
fn number(seed: &mut u64) -> f32 {
    const AWKWARD: [f32; 14] = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        1e-40,
        -0.0,
        0.0,
        1.0,
        16_384.0,
        -16_384.0,
        2_147_483_648.0,
        1e9,
    ];
    match bytes(seed) >> 32 & 31 {
        pick @ 0..14 => AWKWARD[pick as usize],
        14..17 => f32::from_bits(bytes(seed) as u32),
        _ => (bytes(seed) as u16 as f32 / 65_536.0 - 0.5) * 1400.0,
    }
}

fn hostile(seed: &mut u64) -> DrawCommand {
    let [kind, shape, count, column, r, g, b, a] = bytes(seed).to_le_bytes();
    let kind = if kind < 8 { kind } else { kind % 12 };
    let words = [number(seed), number(seed), number(seed)].map(f32::to_bits);
    let shape = if shape < 16 { shape } else { shape % 12 };
    DrawCommand {
        kind,
        shape,
        count,
        column,
        color: [r, g, b, a],
        x: number(seed),
        y: number(seed),
        size: number(seed),
        words,
    }
}

#[test]
fn hostile_commands_neither_panic_nor_take_long() {
    let mut canvas = canvas();
    let mut seed = 1;
    for _ in 0..8 {
        let commands: Vec<DrawCommand> = (0..300).map(|_| hostile(&mut seed)).collect();
        let before = canvas.skipped();
        frame(&mut canvas, &commands);
        assert!(canvas.skipped() > before);
    }
}

#[test]
fn the_work_of_a_frame_is_bounded() {
    let mut canvas = canvas();
    let mut skipped = |command, count| {
        let before = canvas.skipped();
        frame(&mut canvas, &vec![command; count]);
        canvas.skipped() - before
    };
    let huge = DrawCommand::sprite(Shape::Glow, 0.0, 0.0, 1024.0, 0.3, [0; 4]);
    assert!(skipped(huge, 10_000) > 9_000);
    let invisible = DrawCommand::sprite(Shape::Glow, 9_000.0, 0.0, 100.0, 0.3, [0; 4]);
    assert_eq!(skipped(invisible, 65_536 + 10), 10);
    assert_eq!(skipped(DrawCommand::panel(0.0, 0.0, 1.0, 1.0, [0; 4]), 4096 + 10), 10);
    assert_eq!(skipped(huge, 1), 0, "every frame starts again");
}

#[test]
fn invalid_commands_change_nothing() {
    let mut canvas = canvas();
    let still = frame(&mut canvas, &[]);
    let sprite = DrawCommand::sprite(Shape::Dart, 0.0, 0.0, 24.0, 0.0, palette::CYAN);
    let text = DrawCommand::text(0.0, 0.0, 20.0, palette::CYAN, "text");
    let invalid = [
        DrawCommand::NONE,
        DrawCommand { kind: 200, ..sprite },
        DrawCommand { shape: 99, ..sprite },
        DrawCommand { x: f32::NAN, ..sprite },
        DrawCommand { size: -3.0, ..sprite },
        DrawCommand { size: 1e9, ..sprite },
        DrawCommand { words: [f32::INFINITY.to_bits(), 0, 0], ..sprite },
        DrawCommand { size: f32::NAN, ..text },
        DrawCommand::ring(0.0, 0.0, -5.0, 2.0, palette::CYAN),
        DrawCommand::ripple(0.0, 0.0, 50.0, f32::NAN),
        DrawCommand::beam([f32::NAN, 0.0], [1.0, 1.0], 2.0, palette::CYAN),
    ];
    assert_eq!(frame(&mut canvas, &invalid), still);
    assert_eq!(canvas.skipped(), invalid.len() as u64);
}

/// The bright pixels' `[left, top, right, bottom]`, relative to a still frame.
fn bounds(canvas: &Canvas, before: &[u32], after: &[u32]) -> [usize; 4] {
    let changed = (0..after.len()).filter(|&at| {
        let difference = |shift: u32| (after[at] >> shift & 255).abs_diff(before[at] >> shift & 255);
        difference(0).max(difference(8)).max(difference(16)) > 60
    });
    let width = canvas.width() as usize;
    changed.fold([usize::MAX, usize::MAX, 0, 0], |[left, top, right, bottom], at| {
        let (x, y) = (at % width, at / width);
        [left.min(x), top.min(y), right.max(x), bottom.max(y)]
    })
}

#[test]
fn every_sprite_lands_where_it_should() {
    let still = frame(&mut canvas(), &[]);
    for shape in Shape::ALL {
        for size in [24.0, 200.0] {
            let mut canvas = canvas();
            // World (200, 50) is pixel (420, 155) of a picture half as big as the view.
            let command = DrawCommand::sprite(shape, 200.0, 50.0, size, 0.0, [255; 4]);
            let drawn = frame(&mut canvas, &[command]);
            let [left, top, right, bottom] = bounds(&canvas, &still, &drawn).map(|at| at as f32);
            let radius = size / 4.0 + 8.0 + size * 0.1;
            assert!(left >= 420.0 - radius && right <= 420.0 + radius, "{shape:?} {size}: {left} to {right}");
            assert!(top >= 155.0 - radius && bottom <= 155.0 + radius, "{shape:?} {size}: {top} to {bottom}");
            assert!((left..=right).contains(&420.0) && (top..=bottom).contains(&155.0), "{shape:?} {size}");
        }
    }
}

#[test]
fn an_angle_turns_counter_clockwise() {
    let still = frame(&mut canvas(), &[]);
    for size in [24.0, 120.0] {
        let mut canvas = canvas();
        let dart = DrawCommand::sprite(Shape::Dart, 0.0, 0.0, size, std::f32::consts::FRAC_PI_2, [255; 4]);
        let drawn = frame(&mut canvas, &[dart]);
        let lit = |rows: std::ops::Range<usize>| {
            rows.flat_map(|y| (0..640).map(move |x| y * 640 + x)).filter(|&at| drawn[at] != still[at]).count()
        };
        // The thin tip is up; the broad tail is down.
        let third = size as usize / 6;
        assert!(lit(180 - size as usize / 4..180 - third) < lit(180 + third..180 + size as usize / 4), "{size}");
    }
}

#[test]
fn text_is_legible_inside_its_box_and_lines_join() {
    let mut canvas = canvas();
    let still = frame(&mut canvas, &[]);
    let line = "HOTFRAME 0123456789 joined";
    let commands: Vec<DrawCommand> = DrawCommand::text_line(-300.0, 100.0, 40.0, palette::WHITE, line).collect();
    assert_eq!(commands.len(), 3);
    let drawn = frame(&mut canvas, &commands);
    // The text is at pixel (170, 130), 20 pixels high, 12 for each character.
    let [left, top, right, bottom] = bounds(&canvas, &still, &drawn);
    assert!((170..175).contains(&left) && (470..482).contains(&right), "{left} to {right}");
    assert!((130..134).contains(&top) && (140..=150).contains(&bottom), "{top} to {bottom}");
    let bright = drawn.iter().filter(|&&pixel| pixel & 0xff00 > 0xd000).count();
    assert!((500..4000).contains(&bright), "{bright} bright pixels");
    assert_eq!(frame(&mut canvas, &[]), still, "text leaves no trail");
}

#[test]
fn trails_fade_to_exactly_the_backdrop() {
    let mut canvas = canvas();
    let still = frame(&mut canvas, &[]);
    let glow = DrawCommand::sprite(Shape::Glow, 0.0, 0.0, 400.0, 0.0, [255; 4]);
    let ripple = DrawCommand::ripple(0.0, 0.0, 300.0, 16.0);
    assert_ne!(frame(&mut canvas, &[glow, ripple, DrawCommand::flash([255, 0, 0, 128])]), still);
    assert_ne!(frame(&mut canvas, &[]), still);
    let frames = (0..600).take_while(|_| frame(&mut canvas, &[]) != still).count();
    assert!(frames < 600);
    assert!((0..3).all(|_| frame(&mut canvas, &[]) == still));
}

#[test]
fn the_same_commands_make_the_same_pixels_whatever_the_chunks_bands_and_threads() {
    let mut seed = 77;
    let mut frames: Vec<Vec<DrawCommand>> = (0..6).map(|_| (0..120).map(|_| hostile(&mut seed)).collect()).collect();
    // Figures of all sizes that cross the bands' edges, and a swinging grid.
    frames.extend((0..6).map(|turn| crowd(&mut seed, turn as f32)));
    let mut whole = canvas_in_bands(360, 0);
    let mut others =
        [(360, 1), (180, 1), (64, 1), (64, 0), (7, 3), (1, 1)].map(|(rows, helpers)| canvas_in_bands(rows, helpers));
    for commands in frames {
        whole.begin();
        whole.draw(&commands);
        whole.finish();
        let expected = pixels(&whole);
        for canvas in &mut others {
            let drawn = frame(canvas, &commands);
            let different = drawn.iter().zip(&expected).position(|(drawn, expected)| drawn != expected);
            assert_eq!(different, None, "pixel, of a picture 640 pixels wide");
            assert_eq!(canvas.skipped(), whole.skipped());
        }
    }
    assert_ne!(pixels(&whole), pixels(&canvas()));
}

/// Valid commands of every kind, all over the view.
fn crowd(seed: &mut u64, turn: f32) -> Vec<DrawCommand> {
    let mut place = || [1300.0, 740.0].map(|across| (bytes(seed) as u16 as f32 / 65_536.0 - 0.5) * across);
    let mut commands = vec![DrawCommand::shake(turn, -2.0 * turn), DrawCommand::ripple(100.0, 50.0, 300.0, 16.0)];
    for (index, shape) in (0..200).zip(Shape::ALL.into_iter().cycle()) {
        let [[x, y], end] = [place(), place()];
        let size = if index < 180 { 3.0 + index as f32 / 3.0 } else { 3.0 * index as f32 };
        commands.push(DrawCommand::sprite(shape, x, y, size, x + turn, palette::CYAN));
        if index % 20 == 0 {
            commands.push(DrawCommand::trail([x, y], end, 1.0 + size / 40.0, palette::MAGENTA));
            commands.push(DrawCommand::ring(x, y, size, 1.0 + size / 80.0, palette::GOLD));
            commands.push(DrawCommand::frame(end[0], end[1], size, size, 3.0, palette::WHITE));
            commands.push(DrawCommand::text(x, y, size.min(100.0), palette::LIME, "[Ågj|"));
        }
    }
    commands
}

#[test]
fn shake_moves_light_but_not_ink() {
    let mut canvas = canvas();
    let still = frame(&mut canvas, &[]);
    let commands = |shake| {
        let ink = DrawCommand::panel(-100.0, 100.0, 20.0, 20.0, palette::WHITE);
        [DrawCommand::shake(shake, 0.0), DrawCommand::sprite(Shape::Square, 0.0, 0.0, 24.0, 0.0, [255; 4]), ink]
    };
    let steady = frame(&mut canvas, &commands(0.0));
    let [_, _, right, _] = bounds(&canvas, &still, &steady);
    let shaken = frame(&mut self::canvas(), &commands(20.0));
    let [left, _, moved, _] = bounds(&canvas, &still, &shaken);
    assert_eq!((left, moved), (270, right - 10));
    assert_eq!(DrawKind::from_byte(commands(1.0)[0].kind), Some(DrawKind::Shake));
}
