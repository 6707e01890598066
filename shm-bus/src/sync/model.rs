//! Runs loom models, and checks that their mutants fail.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Mutation, with_mutation};

/// Number of preemptions that suffices to find every mutant.
const ENOUGH: usize = 3;

/// Tries every interleaving with at most `preemptions` preemptions; `None` tries all.
pub(crate) fn check(preemptions: Option<usize>, model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

/// Like [`check`], for a model that takes minutes: with as many preemptions as mutants need, and in full with `HOTFRAME_MODELS=full`
/// (`.ci/models`).
pub(crate) fn check_at_length(preemptions: Option<usize>, model: fn()) {
    let in_full = std::env::var_os("HOTFRAME_MODELS").is_some_and(|value| value == "full");
    check(if in_full { preemptions } else { Some(ENOUGH) }, model);
}

/// Checks that the model fails with `mutation`.
pub(crate) fn fails(mutation: Mutation, model: fn()) {
    let outcome = catch_unwind(AssertUnwindSafe(|| with_mutation(Some(mutation), || check(Some(ENOUGH), model))));
    with_mutation(None, || ());
    assert!(outcome.is_err(), "the model holds with {mutation:?}");
}
