//! A table that shows its most important columns if the terminal is narrow.

use ratatui::layout::Constraint;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Row, Table};

/// See the module.
pub(super) struct Grid {
    /// A heading for each column.
    pub(super) names: Vec<String>,
    /// Width of each column in cells; the first may get more.
    pub(super) widths: Vec<u16>,
    /// Number of text columns, left-aligned; the number columns after them are right-aligned.
    pub(super) texts: usize,
    /// All columns by importance, the most important first: the last ones are dropped first if room is lacking.
    pub(super) importance: Vec<usize>,
}

impl Grid {
    /// The table, for drawing into `room` cells side by side.
    pub(super) fn table(&self, rows: impl Iterator<Item = (Vec<String>, Style)>, room: u16) -> Table<'static> {
        let shown = self.fitting(room);
        let rows = rows.map(|(texts, style)| self.row(&texts, &shown).style(style)).collect::<Vec<_>>();
        let widths = shown.iter().map(|column| match column {
            0 => Constraint::Min(self.widths[0]),
            column => Constraint::Length(self.widths[*column]),
        });
        let heading = Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD);
        Table::new(rows, widths.collect::<Vec<_>>()).header(self.row(&self.names, &shown).style(heading))
    }

    /// The columns that fit, from left to right; at least the most important one.
    fn fitting(&self, room: u16) -> Vec<usize> {
        let mut used = 0_u16;
        let fits = |column: &&usize| {
            let between = u16::from(used > 0);
            let first = used == 0;
            used = used.saturating_add(self.widths[**column] + between);
            first || used <= room
        };
        let mut shown: Vec<usize> = self.importance.iter().take_while(fits).copied().collect();
        shown.sort_unstable();
        // A column that is listed twice is drawn once.
        shown.dedup();
        shown
    }

    fn row(&self, texts: &[String], shown: &[usize]) -> Row<'static> {
        Row::new(shown.iter().map(|column| {
            let line = Line::from(texts.get(*column).cloned().unwrap_or_default());
            Cell::from(if *column >= self.texts { line.right_aligned() } else { line })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;

    #[test]
    fn what_says_least_goes_first() {
        let grid = Grid {
            names: ["name", "kind", "rate"].map(str::to_owned).into(),
            widths: vec![10, 5, 5],
            texts: 2,
            importance: vec![0, 2, 1],
        };
        for (room, shown) in [(22, &[0, 1, 2][..]), (21, &[0, 2]), (16, &[0, 2]), (15, &[0]), (0, &[0])] {
            assert_eq!(grid.fitting(room), shown, "{room}");
        }
    }
}
