//! Sequences that once came to something else, shrunk.

use super::command::By::Owner;
use super::command::Command::*;
use super::command::Deed::*;
use super::command::Time::Explicit;
use super::command::Who::Demo;
use super::holds;

/// It was taken back to nothing, and the snapshot never came to be.
#[test]
fn a_disk_does_not_go_back_to_a_snapshot_that_is_still_being_taken() {
    holds(
        Explicit,
        &[
            Create { who: Demo, size: 10 },
            Step,
            ResetDisk { disk: 0, status: "available" },
            Disk { disk: 0, by: Owner, deed: Snapshot },
            Revert { snapshot: 0, by: Owner },
        ],
    );
}
