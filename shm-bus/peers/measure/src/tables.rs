//! Two Markdown tables: the goals, and every row.

use std::fmt::Write;

use crate::goals::{Goal, Limit};
use crate::rows::Report;

/// Prints both tables.
pub fn print(report: &Report, goals: &[Goal]) {
    print!("{}\n{}", limits(report, goals), peers(report));
}

fn limits(report: &Report, goals: &[Goal]) -> String {
    let mut out = String::from(
        "| what | goal | ours, ns | beside, ns | ours ÷ it | spread | met |\n|---|---|--:|--:|--:|--:|---|\n",
    );
    for goal in goals.iter().filter(|goal| report.rows.iter().any(|row| row.case == goal.case)) {
        let ours = report.row(goal.case, "hotframe");
        let figure = ours.and_then(|row| row.judged);
        let beside = |peer| {
            let row = report.row(goal.case, peer);
            (row.and_then(|row| row.judged), row.and_then(|row| row.ratio_to_hotframe).map(|ratio| 1.0 / ratio))
        };
        let (limit, (beside, ratio), met) = match goal.at_most {
            Limit::Nanoseconds(most) => (format!("≤ {most} ns"), (None, None), figure.map(|figure| figure <= most)),
            Limit::Times(times, peer) => {
                let (beside, ratio) = beside(peer);
                (format!("≤ {times:.2} × {peer}"), (beside, ratio), ratio.map(|ratio| ratio <= times))
            }
            Limit::Holds(times, row) => {
                let (beside, ratio) = beside(row);
                (format!("{row} ≤ {times:.2} × it"), (beside, ratio), ratio.map(|ratio| ratio * times >= 1.0))
            }
        };
        let met = met.map_or("not measured", |met| if met { "met" } else { "**NOT met**" });
        let spread = ours.and_then(|row| row.spread);
        let _ = writeln!(
            out,
            "| {} | {limit} | {} | {} | {} | {} | {met} |",
            goal.what,
            number(figure),
            number(beside),
            number(ratio),
            percent(spread),
        );
    }
    out
}

fn peers(report: &Report) -> String {
    let mut out = String::new();
    let mut case = "";
    for row in &report.rows {
        if row.case != case {
            case = row.case;
            let _ = write!(
                out,
                "\n### `{case}`: {}\n\n| peer | between | p50 | p99 | spread | ÷ hotframe |\n|---|---|--:|--:|--:|--:|\n",
                row.unit
            );
        }
        let _ = match &row.reason {
            Some(reason) => writeln!(out, "| {} | {reason} | | | | |", row.peer),
            None => writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                row.peer,
                row.between.unwrap_or_default(),
                number(row.p50),
                number(row.p99),
                percent(row.spread),
                number(row.ratio_to_hotframe),
            ),
        };
    }
    out
}

/// Three significant digits.
fn number(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.0} %", value * 100.0))
}
