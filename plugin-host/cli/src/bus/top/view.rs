//! Draws a table. It needs only a buffer, and knows nothing of buses or terminals.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::TableState;
use shm_bus::Shown;

use super::change::Change;
use super::grid::Grid;
use super::keys::Action;
use super::queue::{self, QueueRow};
use super::table::{InboxRow, ParticipantRow, Table, TopicRow};
use crate::bus::observe::process::pid_text;
use crate::output::figures::{age, count, nanoseconds};

/// The columns by which topics can be sorted, from left to right.
const COLUMNS: [&str; 11] =
    ["topic", "priority", "rate/s", "B/s", "fill", "rejected", "dropped", "timed out", "lost", "conflated", "pubs"];
/// Further columns, shown if gaps are measured.
const GAP_COLUMNS: [&str; 3] = ["gap p50", "gap p99", "gap max"];
const NUMBER: u16 = 9;
/// Widths of the first columns in cells; the others have [`NUMBER`].
const WIDTHS: [u16; 5] = [16, 9, NUMBER, NUMBER, 6];
/// Columns by importance: a narrow terminal shows the first ones.
const IMPORTANCE: [usize; 14] = [0, 2, 1, 4, 8, 5, 3, 6, 11, 12, 13, 7, 10, 9];

/// The user's choices.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Index in [`COLUMNS`].
    sort: usize,
    reverse: bool,
    paused: bool,
    selected: usize,
    note: Option<String>,
}

impl View {
    pub(super) const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Sets a note above the tables.
    pub(super) fn note(&mut self, note: Option<String>) {
        self.note = note;
    }

    pub(super) fn act(&mut self, action: Action, table: &Table) {
        let last = table.topics.len().saturating_sub(1);
        match action {
            Action::Up => self.selected = self.selected.min(last).saturating_sub(1),
            Action::Down => self.selected = (self.selected + 1).min(last),
            Action::Left => self.sort = (self.sort + COLUMNS.len() - 1) % COLUMNS.len(),
            Action::Right => self.sort = (self.sort + 1) % COLUMNS.len(),
            Action::Reverse => self.reverse = !self.reverse,
            Action::Pause => self.paused = !self.paused,
            Action::Quit | Action::Suspend | Action::Redraw => {}
        }
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, table: &Table) {
        let inboxes = table.inboxes.len() as u16 + 2;
        let participants = table.participants.len() as u16 + 2;
        let queues = if table.queues.is_empty() { 0 } else { table.queues.len() as u16 + 2 };
        let rows = [
            Constraint::Length(1),
            Constraint::Min(3),
            Constraint::Max(queues),
            Constraint::Max(inboxes),
            Constraint::Max(participants),
            Constraint::Length(1),
        ];
        let [title, topics, queues, inboxes, participants, help] = frame.area().layout(&Layout::vertical(rows));
        frame.render_widget(Line::from(self.title(table)).style(Style::new().add_modifier(Modifier::BOLD)), title);
        self.draw_topics(frame, topics, table);
        draw_queues(frame, queues, table);
        draw_inboxes(frame, inboxes, table);
        draw_participants(frame, participants, table);
        let keys = "q leave   up/down scroll   left/right sort   r reverse   space pause";
        frame.render_widget(Line::from(keys).style(Style::new().fg(Color::DarkGray)), help);
    }

    fn title(&self, table: &Table) -> String {
        let note = self.note.as_ref().map_or(String::new(), |note| format!("  {note}"));
        let paused = if self.paused { "  paused" } else { "" };
        let (bus, seconds) = (&table.bus, table.time.as_secs_f64());
        format!("bus {bus}  rates over {seconds:.1} s{paused}{note}")
    }

    fn draw_topics(&self, frame: &mut Frame<'_>, area: Rect, table: &Table) {
        let mut sorted: Vec<&TopicRow> = table.topics.iter().collect();
        sorted.sort_by(|left, right| {
            let order = compare(self.sort, left, right);
            if self.reverse { order.reverse() } else { order }
        });
        let columns = COLUMNS.len() + if table.with_gaps { GAP_COLUMNS.len() } else { 0 };
        let arrow = if self.reverse { '▲' } else { '▼' };
        let names = COLUMNS.iter().chain(&GAP_COLUMNS).take(columns).enumerate();
        let names =
            names.map(|(index, name)| if index == self.sort { format!("{name}{arrow}") } else { (*name).into() });
        let mut importance: Vec<usize> =
            IMPORTANCE.into_iter().filter(|one| *one < columns && *one != self.sort).collect();
        importance.insert(usize::from(self.sort != 0), self.sort);
        let grid = Grid {
            names: names.collect(),
            widths: (0..columns).map(|column| WIDTHS.get(column).copied().unwrap_or(NUMBER)).collect(),
            texts: 2,
            importance,
        };
        let rows = sorted.into_iter().map(|row| (topic_texts(row, table.with_gaps), colour(row)));
        let selected = self.selected.min(table.topics.len().saturating_sub(1));
        let mut state = TableState::new().with_selected((!table.topics.is_empty()).then_some(selected));
        let rows = grid.table(rows, area.width).row_highlight_style(Modifier::REVERSED);
        frame.render_stateful_widget(rows, area, &mut state);
    }
}

/// Trouble is red, a full lane yellow, a silent topic grey.
fn colour(row: &TopicRow) -> Style {
    match row {
        row if row.dropped_rate() > 0.0 || row.lost.rate > 0.0 => Style::new().fg(Color::Red),
        row if row.fill >= 0.75 => Style::new().fg(Color::Yellow),
        row if row.rate == 0.0 => Style::new().fg(Color::DarkGray),
        _ => Style::new(),
    }
}

/// Texts sort ascending, numbers descending.
fn compare(column: usize, left: &TopicRow, right: &TopicRow) -> std::cmp::Ordering {
    let number = |row: &TopicRow| match column {
        2 => row.rate,
        3 => row.bytes_rate,
        4 => row.fill,
        5 => row.rejected.total as f64,
        6 => row.dropped.total as f64,
        7 => row.timed_out.total as f64,
        8 => row.lost.total as f64,
        9 => row.conflated.total as f64,
        10 => row.publishers as f64,
        // The rows come by topic, then by priority; the stable sort keeps that order.
        _ => 0.0,
    };
    match column {
        1 => rank(left).cmp(&rank(right)),
        0 => left.topic.cmp(&right.topic),
        _ => number(right).total_cmp(&number(left)),
    }
}

fn rank(row: &TopicRow) -> Option<usize> {
    shm_bus::wire::Priority::ALL.iter().position(|level| level.name() == row.priority)
}

fn topic_texts(row: &TopicRow, with_gaps: bool) -> Vec<String> {
    let mut texts =
        vec![Shown(&row.topic).to_string(), row.priority.to_owned(), count(row.rate), count(row.bytes_rate)];
    texts.push(format!("{:.0}%", row.fill * 100.0));
    texts.extend([row.rejected, row.dropped, row.timed_out, row.lost, row.conflated].map(total));
    texts.push(row.publishers.to_string());
    if with_gaps {
        let gaps = row.gaps.as_ref().filter(|gaps| !gaps.is_empty());
        let lengths = gaps.map(|gaps| [gaps.percentile(0.5), gaps.percentile(0.99), gaps.max()].map(nanoseconds));
        texts.extend(lengths.unwrap_or_default());
    }
    texts
}

fn total(change: Change) -> String {
    count(change.total as f64)
}

const INBOX_COLUMNS: [&str; 8] = ["inbox", "kind", "topics", "received/s", "received", "lost", "sleeps", "late wakes"];

fn inbox_texts(row: &InboxRow) -> Vec<String> {
    let kind = if row.observer { "observer" } else { "gating" };
    vec![
        Shown(&row.name).to_string(),
        kind.to_owned(),
        row.topics.to_string(),
        count(row.received.rate),
        total(row.received),
        total(row.lost),
        total(row.sleeps),
        total(row.late_wakes),
    ]
}

fn draw_inboxes(frame: &mut Frame<'_>, area: Rect, table: &Table) {
    let rows = table.inboxes.iter().map(|row| {
        let style = if row.lost.rate > 0.0 { Style::new().fg(Color::Red) } else { Style::new() };
        (inbox_texts(row), style)
    });
    let (widths, importance) = ([20, 9, 7, 11, NUMBER, NUMBER, NUMBER, 11], [0, 3, 5, 1, 2, 4, 6, 7]);
    frame.render_widget(plain(&INBOX_COLUMNS, 2, &widths, &importance).table(rows, area.width), area);
}

fn draw_queues(frame: &mut Frame<'_>, area: Rect, table: &Table) {
    if table.queues.is_empty() {
        return;
    }
    let rows = table.queues.iter().map(|row| {
        let style = if row.is_in_trouble() { Style::new().fg(Color::Red) } else { Style::new() };
        (row.texts(), style)
    });
    let (widths, importance) = ([20, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, 11, NUMBER], [0, 2, 1, 7, 4, 3, 6, 5]);
    frame.render_widget(plain(&queue::COLUMNS, 1, &widths, &importance).table(rows, area.width), area);
}

const PARTICIPANT_COLUMNS: [&str; 5] = ["participant", "state", "pid", "age", "beats/s"];

fn participant_texts(row: &ParticipantRow) -> Vec<String> {
    let name = format!("{}{}", Shown(&row.name), if row.is_own { " (this)" } else { "" });
    vec![name, row.state.to_owned(), pid_text(row.process), age(row.age), count(row.beat.rate)]
}

fn draw_participants(frame: &mut Frame<'_>, area: Rect, table: &Table) {
    let rows = table.participants.iter().map(|row| {
        let style = if row.state == "alive" { Style::new() } else { Style::new().fg(Color::Red) };
        (participant_texts(row), style)
    });
    let (widths, importance) = ([20, 9, NUMBER, NUMBER, NUMBER], [0, 1, 2, 4, 3]);
    frame.render_widget(plain(&PARTICIPANT_COLUMNS, 2, &widths, &importance).table(rows, area.width), area);
}

/// A table that can't be sorted.
fn plain(names: &[&str], texts: usize, widths: &[u16], importance: &[usize]) -> Grid {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Grid { names, widths: widths.into(), texts, importance: importance.into() }
}

/// The table as plain text, without a terminal.
pub(super) fn text(table: &Table) -> String {
    let mut text = format!("bus {}, rates over {:.1} s\n", table.bus, table.time.as_secs_f64());
    let gaps = if table.with_gaps { &GAP_COLUMNS[..] } else { &[] };
    let topics = table.topics.iter().map(|row| topic_texts(row, table.with_gaps));
    text += &lines(COLUMNS.iter().chain(gaps).map(|name| (*name).to_owned()).collect(), topics);
    if !table.queues.is_empty() {
        text += &lines(queue::COLUMNS.map(str::to_owned).into(), table.queues.iter().map(QueueRow::texts));
    }
    text += &lines(INBOX_COLUMNS.map(str::to_owned).into(), table.inboxes.iter().map(inbox_texts));
    text += &lines(PARTICIPANT_COLUMNS.map(str::to_owned).into(), table.participants.iter().map(participant_texts));
    text
}

/// Formats columns as wide as necessary, the first two left-aligned.
fn lines(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let mut text = String::from("\n");
    for row in &rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = width(column).unwrap_or(0);
            if column < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use shm_bus::wire::{Policy, Priority, schema_hash};
    use shm_bus::{Attachment, Bus, Start, TopicSpec};

    use super::{Action, View, text};
    use crate::bus::top::table::Table;

    const SCHEMA: &str = "test.Number@1 8/8 {value:u64@0}";

    const fn topic(name: &str) -> TopicSpec<'_> {
        TopicSpec {
            name,
            type_name: "test.Number",
            schema: SCHEMA,
            schema_hash: schema_hash(SCHEMA),
            message_size: 8,
            policy: Policy::Reject,
        }
    }

    /// One second of a bus with a quiet topic and one that is held up.
    fn table(folder: &std::path::Path) -> Table {
        let bus = Bus::open_in(folder, "drawn").expect("opens");
        let mut busy = bus.publisher(&topic("b/busy"), "one", &[(Priority::Low, 4096)]).expect("made");
        let _quiet = bus.publisher(&topic("a/quiet"), "one", &[(Priority::High, 4096)]).expect("made");
        let mut slow = bus.inbox("slow-one", Attachment::Gating).expect("made");
        slow.subscribe(&topic("b/busy"), Start::Now).expect("subscribed");
        let before = bus.snapshot();
        let mut sent = 0_u64;
        while busy.send(Priority::Low, &sent.to_le_bytes()).is_ok() {
            sent += 1;
        }
        assert_eq!(sent, 63, "a ring of 4096 bytes, in which a header more has to fit");
        Table::between(&before, &bus.snapshot(), Duration::from_secs(1), None, None)
    }

    fn drawn(view: &View, table: &Table, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(130, height)).expect("a buffer");
        terminal.draw(|frame| view.draw(frame, table)).expect("drawn");
        let buffer = terminal.backend().buffer();
        let lines = buffer.content().chunks(130).map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    #[test]
    fn a_bus_is_drawn_and_sorted_as_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let table = table(&folder.path().join("bus"));
        let mut view = View::default();
        let lines = drawn(&view, &table, 20);
        assert!(lines[0].starts_with("bus drawn  rates over 1.0 s"), "{lines:#?}");
        assert!(
            lines[1].starts_with("topic▼") && lines[1].contains("rate/s") && lines[1].ends_with("pubs"),
            "{lines:#?}"
        );
        assert!(lines[2].starts_with("a/quiet") && lines[3].starts_with("b/busy"), "{lines:#?}");
        let busy: Vec<&str> = lines[3].split_whitespace().collect();
        assert_eq!(busy, ["b/busy", "low", "63", "4.03k", "98%", "1", "0", "0", "0", "0", "1"]);
        assert!(lines.iter().any(|line| line.starts_with("slow-one") && line.contains("gating")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("participant") && line.contains("beats/s")), "{lines:#?}");
        // Sorted by rate: the busy one first; then reversed.
        view.act(Action::Right, &table);
        view.act(Action::Right, &table);
        assert!(drawn(&view, &table, 20)[2].starts_with("b/busy"));
        view.act(Action::Reverse, &table);
        let lines = drawn(&view, &table, 20);
        assert!(lines[2].starts_with("a/quiet") && lines[1].contains("rate/s▲"), "{lines:#?}");
        view.note(Some("it has ended".to_owned()));
        assert!(drawn(&view, &table, 20)[0].ends_with("it has ended"));
    }

    #[test]
    fn a_narrow_window_shows_whole_columns() {
        let folder = tempfile::tempdir().expect("a folder");
        let table = table(&folder.path().join("bus"));
        let mut terminal = Terminal::new(TestBackend::new(45, 16)).expect("a buffer");
        terminal.draw(|frame| View::default().draw(frame, &table)).expect("drawn");
        let buffer = terminal.backend().buffer();
        let lines = buffer.content().chunks(45).map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
        let words: Vec<Vec<String>> = lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        assert!(words.contains(&["topic▼", "priority", "rate/s", "fill"].map(str::to_owned).into()), "{words:#?}");
        assert!(words.contains(&["b/busy", "low", "63", "98%"].map(str::to_owned).into()), "{words:#?}");
        assert!(words.contains(&["inbox", "received/s", "lost"].map(str::to_owned).into()), "{words:#?}");
    }

    #[test]
    fn no_window_is_too_small() {
        let folder = tempfile::tempdir().expect("a folder");
        let table = table(&folder.path().join("bus"));
        for height in 1..12 {
            assert_eq!(drawn(&View::default(), &table, height).len(), usize::from(height));
        }
        assert!(text(&table).contains("b/busy   low           63"), "{}", text(&table));
    }
}
