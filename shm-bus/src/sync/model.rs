//! How loom models are tried, and how their mutants must fail.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Mutation, with_mutation};

/// Preemptions that find every mutant.
const ENOUGH: usize = 3;

/// Tries every interleaving with at most `preemptions` of them; `None` tries all.
pub(crate) fn check(preemptions: Option<usize>, model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

/// As [`check`], for a model that takes minutes: as far as mutants need it, and in full with `HOTFRAME_MODELS=full` (`.ci/models`).
pub(crate) fn check_at_length(preemptions: Option<usize>, model: fn()) {
    let in_full = std::env::var_os("HOTFRAME_MODELS").is_some_and(|value| value == "full");
    check(if in_full { preemptions } else { Some(ENOUGH) }, model);
}

/// The model fails with `mutation`.
pub(crate) fn fails(mutation: Mutation, model: fn()) {
    let outcome = catch_unwind(AssertUnwindSafe(|| with_mutation(Some(mutation), || check(Some(ENOUGH), model))));
    with_mutation(None, || ());
    assert!(outcome.is_err(), "the model holds with {mutation:?}");
}
