//! One row for each case and peer, in the order of measuring.
//!
//! p50 and p99 are medians over the rounds; `spread` is (largest − smallest) ÷ median of the figure by which the case is judged; a ratio is
//! the median of the rounds' ratios, so that it compares sessions that were measured side by side.

use serde::Serialize;

use crate::samples::{Round, median};

/// A percentile; see [`Outline`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percentile {
    /// The median.
    P50,
    /// The 99th.
    P99,
}

/// What a case is, apart from its contenders.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    /// Its name.
    pub name: &'static str,
    /// The operation that one figure times.
    pub unit: &'static str,
    /// The percentile that is compared.
    pub judged_by: Percentile,
    /// Peers that can't do it as published, and why.
    pub absent: &'static [(&'static str, &'static str)],
}

/// A contender's rounds, or the reason for their absence.
#[derive(Debug)]
pub struct Measured {
    /// The contender.
    pub peer: &'static str,
    /// Where its ends are.
    pub between: &'static str,
    /// One for each round.
    pub rounds: Result<Vec<Round>, String>,
}

/// One line of the JSON file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
    pub(crate) peer: &'static str,
    pub(crate) unit: &'static str,
    /// Two processes, two threads or one thread.
    pub(crate) between: Option<&'static str>,
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    pub(crate) spread: Option<f64>,
    /// The peer's cost ÷ ours.
    pub(crate) ratio_to_hotframe: Option<f64>,
    /// The reason for the absence of figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The figure by which the case is judged.
    #[serde(skip)]
    pub(crate) judged: Option<f64>,
}

/// The JSON file.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub(crate) rows: Vec<Row>,
}

impl Report {
    /// Adds a case's rows.
    pub fn add(&mut self, case: &Outline, measured: &[Measured]) {
        let ours = measured.iter().find(|measured| measured.peer == "hotframe");
        let ours = ours.and_then(|measured| measured.rounds.as_deref().ok());
        for measured in measured {
            self.rows.push(row(case, measured, ours));
        }
        for (peer, reason) in case.absent {
            self.rows.push(Row { reason: Some((*reason).to_owned()), ..empty(case, peer) });
        }
    }

    /// Whether every contender has figures.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.rows.iter().all(|row| row.between.is_none() || row.p50.is_some())
    }

    pub(crate) fn row(&self, case: &str, peer: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.case == case && row.peer == peer)
    }
}

fn empty(case: &Outline, peer: &'static str) -> Row {
    Row {
        case: case.name,
        peer,
        unit: case.unit,
        between: None,
        p50: None,
        p99: None,
        spread: None,
        ratio_to_hotframe: None,
        reason: None,
        judged: None,
    }
}

fn row(case: &Outline, measured: &Measured, ours: Option<&[Round]>) -> Row {
    let empty = Row { between: Some(measured.between), ..empty(case, measured.peer) };
    let rounds = match &measured.rounds {
        Ok(rounds) => rounds,
        Err(reason) => return Row { reason: Some(format!("failed: {reason}")), ..empty },
    };
    let judged = |round: &Round| match case.judged_by {
        Percentile::P50 => round.p50,
        Percentile::P99 => round.p99,
    };
    let middle = median(rounds.iter().map(judged));
    let (least, most) = rounds
        .iter()
        .map(judged)
        .fold((f64::MAX, f64::MIN), |(least, most), figure| (least.min(figure), most.max(figure)));
    let ratios = ours.map(|ours| rounds.iter().zip(ours).map(|(theirs, ours)| judged(theirs) / judged(ours)));
    Row {
        p50: median(rounds.iter().map(|round| round.p50)),
        p99: median(rounds.iter().map(|round| round.p99)),
        spread: middle.map(|middle| (most - least) / middle),
        ratio_to_hotframe: ratios.and_then(median),
        judged: middle,
        ..empty
    }
}
