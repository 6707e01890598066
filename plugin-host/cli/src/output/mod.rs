//! Output of all commands: [`print`](mod@print) keeps control characters from the terminal, [`figures`] formats numbers for people. This
//! module knows nothing of buses and plugins.

pub(crate) mod figures;
pub(crate) mod print;
