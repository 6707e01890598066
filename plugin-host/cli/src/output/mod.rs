//! What every command writes with: [`print`](mod@print) keeps control characters from the terminal, [`figures`] writes numbers for people. Knows
//! nothing of buses and plugins.

pub(crate) mod figures;
pub(crate) mod print;
