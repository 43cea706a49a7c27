//! Which recordings are not reproduced, and why.

use crate::samples::Sample;

const GROUPS: &str = "there are no groups of volumes";
const MANAGED: &str = "there is no storage below to manage or unmanage volumes of";

/// Method and path behind the project, or `*` and what such a path begins with, and the reason.
const OUT_OF_SCOPE: &[(&str, &str)] = &[
    ("* group", GROUPS),
    ("POST os-volume-manage", MANAGED),
    ("POST os-snapshot-manage", MANAGED),
    ("POST volumes/{id}/action#os-unmanage", MANAGED),
    ("POST snapshots/{id}/action#os-unmanage", MANAGED),
];

fn begins(sample: &Sample, beginning: &str) -> bool {
    let what = sample.what();
    match beginning.strip_prefix("* ") {
        Some(path) => what.split_once(' ').is_some_and(|(_, of)| of.starts_with(path)),
        None => what == beginning,
    }
}

/// Why a recording is not reproduced; none: it is.
pub(crate) fn excused(sample: &Sample) -> Option<&'static str> {
    // A volume that went with its group is not missed itself: the group is.
    let gone_with_group = sample
        .answered("/itemNotFound/message")
        .is_some_and(|message| message.starts_with("Group ") && sample.noun() == "volumes");
    if gone_with_group {
        return Some(GROUPS);
    }
    let row = OUT_OF_SCOPE.iter().find(|(beginning, _)| begins(sample, beginning));
    row.map(|(_, reason)| *reason)
}

/// Lines of the table that excuse nothing.
pub(crate) fn idle(samples: &[Sample]) -> Vec<&'static str> {
    OUT_OF_SCOPE
        .iter()
        .map(|(beginning, _)| *beginning)
        .filter(|beginning| !samples.iter().any(|sample| begins(sample, beginning)))
        .collect()
}
