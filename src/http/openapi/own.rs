//! `/_evs`: what the service says of itself.

use super::table::Kind::{Text, Word};
use super::table::{Group, Member, Operation, Schema, operations};
use crate::domain::access::Action as A;
use crate::metrics::CONTENT_TYPE;

pub(super) const GROUPS: &[Group] = &[Group {
    tag: "evs-local",
    says: "What the service says of itself, and how a simulator is steered.",
    roots: &["/_evs"],
    operations: OWN,
}];

const PROGRESS: Schema = Schema::top(
    "Progress",
    &[Member::May("disk_id", Text), Member::May("outcome", Word(&["done", "failed"]))],
);

const OWN: &[Operation] = operations! {
    get "/health" 200 Id("status"), "Tell that the process answers", open();
    head "/health" 200 Nothing, "Tell that the process answers", open();
    get "/ready" 200 Id("status"), "Tell that the database answers too", open(), fails(&[503]);
    head "/ready" 200 Nothing, "Tell that the database answers too", open(), fails(&[503]);
    get "/info" 200 Object, "Tell what runs here and where its data are", open();
    get "/metrics" 200 Plain(CONTENT_TYPE), "Tell what was counted since the start", open();
    get "/openapi.json" 200 Object, "Give this document", open();
    post "/progress" 200 Many("finished"), "End what takes time", may(A::StepProgress), may_take(&PROGRESS);
};
