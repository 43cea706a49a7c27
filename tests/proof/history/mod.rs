//! Histories: all requests and answers of a run with kills are strictly serializable in the order of the
//! events, and the checker that says so finds what is planted.

#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::unnecessary_wraps,
    reason = "of all requests most are of no concern to one question; all plants have one form"
)]

mod checker;
mod link;
mod load;
mod model;
mod planted;
mod record;
mod rules;

use crate::survived::Run;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_a_run_with_kills_agrees_with_the_order_of_the_events() {
    let run = Run::of("history", 20);
    let history = load::record(run.seed, run.count).await;
    let checked = checker::check(&history).unwrap_or_else(|violation| panic!("{violation}"));
    assert!(checked.writes > 5 * run.count && checked.reads > 5 * run.count, "{checked:?}");
    let result = format!(
        "{} calls and {} events agree: {} writes, {} reads, {} refusals, and without an answer {} \
         that had happened and {} that had not",
        checked.calls,
        checked.events,
        checked.writes,
        checked.reads,
        checked.refusals,
        checked.unheard,
        checked.unheard_of
    );
    run.survived(run.count, &result);
}
