//! What guards the rows is there.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "guards",
        name: "every guard is there",
        sql: "SELECT 'the guard ' || column1 || ' is missing: the next start of the server puts it back'
              FROM (VALUES ('disks_id_never_changes'),
                     ('disks_are_not_replaced'),
                     ('disks_are_not_made_offered'),
                     ('disks_change_hands_by_a_transfer'),
                     ('disks_await_a_pending_transfer'),
                     ('disks_stay_while_they_are_offered'),
                     ('disks_are_not_deleted_while_they_are_offered'),
                     ('disks_with_snapshots_are_not_deleted'),
                     ('disks_with_attachments_are_in_use'),
                     ('disks_in_use_have_attachments'),
                     ('transfers_finished_never_change'),
                     ('transfers_are_never_deleted'),
                     ('transfers_are_not_replaced'),
                     ('transfers_keep_to_what_they_offer'),
                     ('transfers_offer_what_is_available'),
                     ('transfers_key_is_hashed_when_made'),
                     ('transfers_key_is_hashed'),
                     ('events_never_change'),
                     ('events_are_never_deleted'),
                     ('events_are_not_replaced'),
                     ('events_have_no_gaps'),
                     ('snapshots_id_never_changes'),
                     ('backups_id_never_changes'),
                     ('backups_build_on_their_own_disk'),
                     ('backup_shares_are_with_others'),
                     ('attachments_id_never_changes'),
                     ('attachments_belong_to_the_project_of_the_disk'),
                     ('policies_id_never_changes'),
                     ('policy_disks_are_of_the_project_of_the_policy'),
                     ('policy_disks_stay_with_the_project_of_the_policy'),
                     ('projects_id_never_changes'),
                     ('users_id_never_changes'),
                     ('users_password_is_hashed_when_made'),
                     ('users_password_is_hashed'),
                     ('application_credentials_secret_is_hashed_when_made'),
                     ('application_credentials_secret_is_hashed'))
              WHERE column1 NOT IN (SELECT name FROM sqlite_schema WHERE type = 'trigger')",
    },
    Check {
        invariant: "guards",
        name: "what must be unique is kept so",
        sql: "SELECT 'the index ' || column1 || ' is missing, which keeps rows unique'
              FROM (VALUES ('transfers_one_pending_per_disk'),
                           ('jobs_one_per_client_token'),
                           ('policies_one_default'),
                           ('policy_tasks_one_per_due_time'),
                           ('policy_tasks_running'))
              WHERE column1 NOT IN (SELECT name FROM sqlite_schema WHERE type = 'index')",
    },
];
