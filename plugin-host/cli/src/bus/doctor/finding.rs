//! Results of the checks: findings, each with advice.

/// One finding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) is_problem: bool,
    /// Its subject: the folder, a bus, the system.
    pub(super) about: String,
    pub(super) what: String,
    /// The action to take.
    pub(super) advice: String,
}

/// The findings about one thing.
pub(super) struct Report {
    pub(super) about: String,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(about: impl Into<String>) -> Self {
        Self { about: about.into(), findings: Vec::new() }
    }

    pub(super) fn problem(&mut self, what: impl Into<String>, advice: impl Into<String>) {
        self.add(true, what.into(), advice.into());
    }

    pub(super) fn hint(&mut self, what: impl Into<String>, advice: impl Into<String>) {
        self.add(false, what.into(), advice.into());
    }

    fn add(&mut self, is_problem: bool, what: String, advice: String) {
        self.findings.push(Finding { is_problem, about: self.about.clone(), what, advice });
    }
}
