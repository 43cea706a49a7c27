//! `/_evs`: what the service says of itself.

use super::table::Kind::{self, Null, Number, Or, Text, Time, Uuid, Word, Yes};
use super::table::{Group, Member, Operation, Schema, operations};
use crate::domain::access::Action as A;
use crate::http::own::seed::TOML;
use crate::http::own::{NARROWED_BY, STREAM};
use crate::metrics::CONTENT_TYPE;

pub(super) const GROUPS: &[Group] = &[Group {
    tag: "evs-local",
    says: "What the service says of itself, and how a simulator is steered.",
    roots: &["/_evs"],
    operations: OWN,
}];

const PROGRESS: Schema = Schema::top(
    "Progress",
    &[
        Member::May("disk_id", Uuid),
        Member::May("outcome", Or(&[Word(&["done", "failed"]), Null])),
        Member::Only,
    ],
);

/// Exactly one of them.
const CLOCK: Schema = Schema::top(
    "ClockChange",
    &[
        Member::May("freeze", Yes),
        Member::May("run", Yes),
        Member::May("set", Time),
        Member::May("advance_s", Number),
        Member::May("scale", Number),
        Member::May("reset", Yes),
        Member::Only,
        Member::One,
    ],
);

/// The points of a call's work and of work that is due.
const POINT: Kind = Word(&[
    "before_unit",
    "before_writes",
    "before_commit",
    "after_commit",
    "before_answer",
    "before_step",
    "after_step",
]);

/// Or several under `faults`.
const FAULT: Schema = Schema::top(
    "Fault",
    &[
        Member::May("note", Text),
        Member::May("operation", Text),
        Member::May("project", Text),
        Member::May("disk", Text),
        Member::May("nth", Number),
        Member::May("skip", Number),
        Member::May("times", Number),
        Member::May("probability", Number),
        Member::May("seed", Number),
        Member::May("persist", Kind::Flag),
        Member::May(
            "error",
            Word(&[
                "bad_request",
                "unauthorized",
                "forbidden",
                "not_found",
                "conflict",
                "quota",
                "too_many_requests",
                "internal",
                "busy",
                "full",
            ]),
        ),
        Member::May("delay_ms", Number),
        Member::May(
            "drop",
            Word(&[
                "before",
                "after",
                "before_unit",
                "before_writes",
                "before_commit",
                "after_commit",
                "before_answer",
            ]),
        ),
        Member::May("fail_step", Text),
        Member::May("crash", POINT),
        Member::May("panic", POINT),
        Member::May("fail", POINT),
    ],
);
const SAVE: Schema =
    Schema::top("StateSave", &[Member::May("overwrite", Kind::TRUTH), Member::Only]);

/// Exactly one of them.
const RESET: Schema = Schema::top(
    "StateReset",
    &[Member::May("project_id", Text), Member::May("everything", Yes), Member::Only, Member::One],
);

const OWN: &[Operation] = operations! {
    get "/health" 200 Id("status"), "Tell that the process answers", open();
    head "/health" 200 Nothing, "Tell that the process answers", open();
    get "/ready" 200 Id("status"), "Tell that the database answers too", open(), fails(&[503]);
    head "/ready" 200 Nothing, "Tell that the database answers too", open(), fails(&[503]);
    get "/info" 200 Object, "Tell what runs here and where its data are", open();
    get "/metrics" 200 Plain(CONTENT_TYPE), "Tell what was counted since the start", open();
    get "/openapi.json" 200 Object, "Give this document", open();
    get "/events" 200 Many("events"), "List what happened", may(A::ListEvents), query(&[&NARROWED_BY, &["wait_s"]]),
        fails(&[410]);
    get "/events/stream" 200 Plain(STREAM), "Stream what happens as server-sent events", may(A::ListEvents),
        query(&[&NARROWED_BY]), headers(&["Last-Event-ID"]);
    get "/webhooks" 200 Many("webhooks"), "Tell how far each webhook has been told of events",
        may(A::ListWebhooks);
    post "/progress" 200 Many("finished"), "End what takes time", may(A::StepProgress), may_take(&PROGRESS);
    get "/disks/{id}/transferable" 200 Object, "Tell whether a disk may be offered, rule by rule",
        may(A::ShowTransferable);
    get "/clock" 200 Object, "Tell what the clock shows", may(A::ShowClock);
    post "/clock" 200 Many("finished"), "Freeze the clock, let it run, set it ahead or change its speed",
        may(A::ChangeClock), takes(&CLOCK);
    get "/faults" 200 Many("faults"), "List the rules by which something goes wrong", may(A::ListFaults);
    post "/faults" 201 Object, "Add such a rule, or several", may(A::CreateFaults), takes(&FAULT), fails(&[409]);
    delete "/faults" 200 Object, "Remove every such rule", may(A::DeleteFaults);
    get "/faults/{id}" 200 Object, "Show such a rule and what it has done", may(A::ShowFault);
    delete "/faults/{id}" 204 Nothing, "Remove such a rule", may(A::DeleteFaults);
    get "/state" 200 Many("states"), "List the saved states", may(A::ListStates);
    get "/state/diff" 200 Many("tables"), "Compare two states, of which now is the present one",
        may(A::CompareStates), query(&[&["from!", "to!", "all"]]), fails(&[404, 409]);
    post "/state/reset" 200 One("reset"), "Take everything or a project back to its beginning",
        may(A::ResetState), takes(&RESET), fails(&[404, 409]);
    put "/state/{state}" 201 One("state"), "Save the present state", may(A::SaveState), may_take(&SAVE), fails(&[409]);
    post "/state/{state}" 201 One("state"), "Save the present state", may(A::SaveState), may_take(&SAVE), fails(&[409]);
    delete "/state/{state}" 204 Nothing, "Remove a saved state", may(A::DeleteState), fails(&[404]);
    post "/state/{state}/load" 200 One("loaded"), "Put a saved state in place of the present one",
        may(A::LoadState), fails(&[404, 409]);
    post "/seed" 200 Object, "Make what a scenario says so, all of it or nothing", may(A::ApplyScenario),
        takes_text("application/toml"), query(&[&["dry_run"]]);
    get "/export" 200 Plain(TOML), "Give what is there as a scenario", may(A::ExportScenario),
        query(&[&["project"]]), fails(&[404]);
};
