//! Texts over the game: score, lives, combo, banners. Pure; all ink except the lives, which are light.

use core::f32::consts::TAU;

use game_types::{
    Color, DrawCommand, GameState, HALF_HEIGHT, HALF_WIDTH, Phase, Shape, VIEW_HEIGHT, VIEW_WIDTH, palette,
};

use crate::canvas::Canvas;
use crate::line::Line;

/// From the view's edge to the texts, in units.
const MARGIN: f32 = 22.0;
const TOP: f32 = HALF_HEIGHT - 14.0;
const LEFT: f32 = MARGIN - HALF_WIDTH;
const RIGHT: f32 = HALF_WIDTH - MARGIN;
const COMBO_BAR: f32 = 150.0;
/// Ticks of a wave's banner.
pub(crate) const BANNER_TICKS: u32 = 110;
/// Ticks in which GAME OVER appears.
const OVER_FADE_TICKS: f32 = 40.0;

/// Draws all texts; `banner` is the number of ticks left for the wave's banner.
pub(crate) fn draw(canvas: &mut Canvas<'_>, game: &GameState, banner: u32) {
    if game.phase == Phase::Fresh {
        return;
    }
    score(canvas, game);
    wave(canvas, game);
    lives(canvas, game);
    combo(canvas, game);
    match game.phase {
        Phase::Paused => paused(canvas),
        Phase::Over => over(canvas, game),
        _ if banner > 0 => announce(canvas, game, banner),
        _ => {}
    }
}

fn score(canvas: &mut Canvas<'_>, game: &GameState) {
    canvas.draw_all(DrawCommand::text_line(LEFT, TOP, 14.0, palette::STEEL, "SCORE"));
    let points = Line::new(format_args!("{}", game.score));
    canvas.draw_all(DrawCommand::text_line(LEFT, TOP - 16.0, 36.0, palette::WHITE, points.as_str()));
    let best = Line::new(format_args!("BEST {}", game.best));
    canvas.draw_all(DrawCommand::text_line(LEFT, TOP - 58.0, 14.0, palette::STEEL, best.as_str()));
}

fn wave(canvas: &mut Canvas<'_>, game: &GameState) {
    let wave = Line::new(format_args!("WAVE {}", game.wave));
    canvas.draw_all(DrawCommand::text_centered(0.0, TOP, 22.0, palette::WHITE, wave.as_str()));
    let alive = Line::new(format_args!("{} ALIVE", game.enemies));
    canvas.draw_all(DrawCommand::text_centered(0.0, TOP - 26.0, 14.0, palette::STEEL, alive.as_str()));
}

fn lives(canvas: &mut Canvas<'_>, game: &GameState) {
    for life in 0..game.lives.min(9) {
        let x = RIGHT - 10.0 - 26.0 * life as f32;
        canvas.draw(DrawCommand::sprite(Shape::Ship, x, TOP - 12.0, 20.0, TAU / 4.0, palette::ICE));
    }
}

fn combo(canvas: &mut Canvas<'_>, game: &GameState) {
    let color = combo_color(game.combo);
    let factor = Line::new(format_args!("x{}.{}", game.combo / 10, game.combo % 10));
    let size = 26.0 + (game.combo as f32 / 10.0).min(10.0);
    canvas.draw_all(DrawCommand::text_right(RIGHT, TOP - 28.0, size, color, factor.as_str()));
    let filled = COMBO_BAR * (game.combo.saturating_sub(10) as f32 / 89.0).clamp(0.0, 1.0);
    let y = TOP - 68.0;
    canvas.draw(DrawCommand::panel(RIGHT - COMBO_BAR, y, COMBO_BAR, 4.0, palette::faded(palette::STEEL, 0.3)));
    if filled > 0.0 {
        canvas.draw(DrawCommand::panel(RIGHT - filled, y, filled, 4.0, color));
    }
}

fn combo_color(combo: u32) -> Color {
    match combo {
        0..22 => palette::STEEL,
        22..40 => palette::GOLD,
        40..70 => palette::ORANGE,
        _ => palette::MAGENTA,
    }
}

fn announce(canvas: &mut Canvas<'_>, game: &GameState, ticks: u32) {
    let (since, left) = ((BANNER_TICKS.saturating_sub(ticks)) as f32, ticks as f32);
    let strength = (since / 12.0).min(left / 30.0);
    let line = Line::new(format_args!("WAVE {}", game.wave));
    let size = 64.0 + 30.0 * (1.0 - since / 12.0).max(0.0);
    let color = palette::faded(palette::CYAN, strength);
    canvas.draw_all(DrawCommand::text_centered(0.0, 170.0, size, color, line.as_str()));
}

fn paused(canvas: &mut Canvas<'_>) {
    dim(canvas, 0.75);
    canvas.draw_all(DrawCommand::text_centered(0.0, 70.0, 84.0, palette::WHITE, "PAUSED"));
    canvas.draw_all(DrawCommand::text_centered(0.0, -40.0, 20.0, palette::STEEL, "P resumes   R restarts"));
}

fn over(canvas: &mut Canvas<'_>, game: &GameState) {
    let strength = (game.phase_ticks as f32 / OVER_FADE_TICKS).min(1.0);
    let faded = |color| palette::faded(color, strength);
    dim(canvas, 0.7 * strength);
    canvas.draw_all(DrawCommand::text_centered(0.0, 110.0, 96.0, faded(palette::RED), "GAME OVER"));
    let record = game.score > 0 && game.score == game.best;
    let (word, color) = if record { ("NEW BEST", palette::LIME) } else { ("SCORE", palette::WHITE) };
    let line = Line::new(format_args!("{word} {}", game.score));
    canvas.draw_all(DrawCommand::text_centered(0.0, -10.0, 36.0, faded(color), line.as_str()));
    let wave = Line::new(format_args!("you reached wave {}", game.wave));
    canvas.draw_all(DrawCommand::text_centered(0.0, -62.0, 20.0, faded(palette::STEEL), wave.as_str()));
    if game.phase_ticks as f32 > OVER_FADE_TICKS && game.phase_ticks % 60 < 42 {
        canvas.draw_all(DrawCommand::text_centered(0.0, -112.0, 22.0, palette::WHITE, "press R or Enter"));
    }
}

fn dim(canvas: &mut Canvas<'_>, strength: f32) {
    let color = palette::faded(palette::NIGHT, strength);
    canvas.draw(DrawCommand::panel(-VIEW_WIDTH / 2.0, VIEW_HEIGHT / 2.0, VIEW_WIDTH, VIEW_HEIGHT, color));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_combo_warms_up() {
        let colors = [10, 25, 50, 99].map(combo_color);
        assert!(colors.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
