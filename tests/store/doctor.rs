//! The doctor finds what is planted and nothing in a healthy file.

use std::path::{Path, PathBuf};

use evs_local::domain::account::TokenHash;
use evs_local::domain::backup::BackupShare;
use evs_local::domain::disk::{Disk, DiskStatus};
use evs_local::domain::event::Event;
use evs_local::domain::fault::{Effect, ErrorKind, Operations};
use evs_local::domain::idempotency::{KeptAnswer, RetriedAction};
use evs_local::domain::ids::{BackupShareId, TransferId, UserId};
use evs_local::domain::policy::{Task, TaskStatus, Trigger};
use evs_local::domain::transfer::{Expiry, ExpirySource, TransferEnd, TransferStatus};
use evs_local::store::sqlite::doctor::{self, checks};
use sqlx::Connection as _;

use crate::faults;
use crate::support::{
    self, Bench, account, at, attachment, backup, caller, connect, disk, disk_type, domain,
    encryption, once, policy, project, qos_specs, run, session, snapshot, transfer, unguard,
};

/// A file with one of everything, closed.
struct Healthy {
    bench: Bench,
    words: Vec<(&'static str, String)>,
}

/// The answer to the one who took a disk.
fn kept_answer(transfer: TransferId) -> KeptAnswer {
    KeptAnswer {
        key_hash: "a".repeat(64),
        request_hash: "b".repeat(64),
        project: project("beta"),
        user: UserId::new("bob"),
        action: RetriedAction::AcceptTransfer,
        transfer,
        status: 202,
        nonce: "c".repeat(48),
        sealed: "c2VhbGVk".to_owned(),
        created_at: at(50),
        expires_at: at(60),
    }
}

async fn healthy() -> Healthy {
    let bench = Bench::new().await;
    let (home, user) = account("atlas");
    let [free, offered, taken, in_use] = [(); 4].map(|()| disk("atlas"));
    let attached = attachment(&in_use);
    let (mut open, done) = (transfer(&offered), transfer(&taken));
    open.expiry = Some(Expiry { at: at(900), source: ExpirySource::Header });
    let policy = policy("atlas");
    let due = (at(60), Trigger::Schedule);
    let task = Task::waiting(policy.id, free.id, due, at(60));
    let task = task.ended(TaskStatus::Skip, None, at(60));
    let (snapshot, [backup, second]) = (snapshot(&free), [(); 2].map(|()| backup(&free)));
    let share = BackupShare {
        id: BackupShareId::random(),
        backup: backup.id,
        project: project("beta"),
        created_at: at(30),
    };
    let qos = qos_specs("fast");
    let mut ssd = disk_type("SSD");
    ssd.qos_specs = Some(qos.id);
    let encryption = encryption(&ssd);
    let every = Operations::parse("*").unwrap();
    let fault = faults::fault(Effect::Error(every, ErrorKind::Busy));
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&user);
            unit.insert_token(&TokenHash("a".repeat(64)), &session(&user, Some(&home), &[]));
            for disk in [&free, &offered, &taken] {
                support::create(unit, disk);
            }
            unit.insert_snapshot(&snapshot);
            unit.insert_backup(&backup);
            unit.insert_backup(&second);
            unit.insert_backup_share(&share);
            unit.insert_policy(&policy);
            unit.bind_disk(free.id, policy.id, at(1));
            unit.insert_policy_task(&task);
            support::offer(unit, &offered, &open);
            support::offer(unit, &taken, &done);
            unit.insert_qos_specs(&qos);
            unit.insert_disk_type(&ssd);
            unit.insert_disk_type_access(ssd.id, &project("beta"), at(3));
            unit.insert_encryption(&encryption);
            unit.insert_fault(&fault);
        })
        .await;
    let before = support::offered(&taken, &done);
    let after = Disk { project: project("beta"), user: UserId::new("bob"), ..taken.clone() };
    let end = TransferEnd {
        id: done.id,
        status: TransferStatus::Accepted,
        destination: Some((project("beta"), UserId::new("bob"))),
        finished_at: at(50),
    };
    bench
        .commit(|unit| {
            unit.finish_transfer(&end);
            unit.update_disk(&after, DiskStatus::AwaitingTransfer);
            unit.record(&Event::of_disk(
                &caller("beta"),
                at(50),
                "transfer.accept",
                &done.id,
                Some(&before),
                Some(&after),
            ));
            unit.keep_answer(&kept_answer(done.id));
            support::create_attached(unit, &in_use, &attached);
        })
        .await;
    bench.store.close().await;
    bench.tasks.finish().await;
    let words = vec![
        ("FREE", free.id.to_string()),
        ("OFFERED", offered.id.to_string()),
        ("TAKEN", taken.id.to_string()),
        ("USED", in_use.id.to_string()),
        ("ATTACHED", attached.id.to_string()),
        ("OPEN", open.id.to_string()),
        ("DONE", done.id.to_string()),
        ("POLICY", policy.id.to_string()),
        ("TASK", task.id.to_string()),
        ("SNAPSHOT", snapshot.id.to_string()),
        ("BACKUP", backup.id.to_string()),
        ("SECOND", second.id.to_string()),
        ("SHARE", share.id.to_string()),
        ("JOB", "0".repeat(32)),
        ("SSD", ssd.id.to_string()),
        ("ENCRYPTION", encryption.id.to_string()),
        ("QOS", qos.id.to_string()),
        ("FAULT", fault.id.to_string()),
        ("HASH", support::HASH.to_owned()),
        ("OTHER", "00000000-0000-4000-8000-000000000000".to_owned()),
    ];
    Healthy { bench, words }
}

impl Healthy {
    /// Text with the words in braces replaced by what they stand for here.
    fn fill(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (word, value)| {
            text.replace(&["{", word, "}"].concat(), value)
        })
    }

    fn copy(&self) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("evs.db");
        std::fs::copy(&self.bench.file, &copy).unwrap();
        (directory, copy)
    }

    /// What is found in a copy of the file that was edited without any guard.
    async fn edited(&self, sql: &str) -> Vec<(&'static str, String)> {
        let (_directory, copy) = self.copy();
        let guards = unguard(&copy).await;
        once(&copy, &["PRAGMA ignore_check_constraints = ON; ", &self.fill(sql)].concat()).await;
        once(&copy, &guards).await;
        examine(&copy).await
    }
}

async fn examine(file: &Path) -> Vec<(&'static str, String)> {
    let report = doctor::examine(file).await.unwrap();
    assert_eq!(report.checks, checks().count());
    report
        .violations
        .into_iter()
        .map(|violation| (violation.invariant, violation.sentence))
        .collect()
}

/// What is done to the file, the invariant that breaks and the sentence that says so.
const PLANTED: &[(&str, &str, &str)] = &[
    (
        "DROP INDEX transfers_one_pending_per_disk;
         INSERT INTO transfers (id, disk_id, source_project_id, source_user_id, no_snapshots,
                                key_hash, status, created_at)
         VALUES ('{OTHER}', '{OFFERED}', 'atlas', 'ann', 0, '{HASH}', 'pending',
                 '2025-07-31T22:13:20.000000Z')",
        "I2",
        "disk {OFFERED} has 2 pending transfers",
    ),
    (
        "DELETE FROM transfers WHERE id = '{OPEN}'",
        "I3",
        "disk {OFFERED} is awaiting-transfer without a pending transfer",
    ),
    (
        "UPDATE disks SET status = 'available', transfer_id = NULL WHERE id = '{OFFERED}'",
        "I3",
        "disk {OFFERED} is available although transfer {OPEN} is pending",
    ),
    (
        "UPDATE disks SET transfer_id = NULL WHERE id = '{OFFERED}'",
        "I3",
        "disk {OFFERED} does not name its pending transfer {OPEN}",
    ),
    (
        "UPDATE disks SET transfer_id = '{DONE}' WHERE id = '{OFFERED}'",
        "I3",
        "disk {OFFERED} names transfer {DONE}, which is not its pending one",
    ),
    (
        "DELETE FROM disks WHERE id = '{OFFERED}'",
        "I3",
        "pending transfer {OPEN} offers disk {OFFERED}, which is not there",
    ),
    (
        "UPDATE disks SET project_id = 'beta' WHERE id = '{OFFERED}'",
        "I1",
        "pending transfer {OPEN} of project atlas offers disk {OFFERED}, which belongs to project \
         beta",
    ),
    (
        "UPDATE events SET action = 'disk.update' WHERE seq = 6",
        "I1",
        "event 6 (disk.update) moves disk {TAKEN} from project atlas to beta without an accepted \
         transfer",
    ),
    (
        "UPDATE transfers SET status = 'deleted', destination_project_id = NULL,
                              destination_user_id = NULL WHERE id = '{DONE}'",
        "I1",
        "event 6 (transfer.accept) moves disk {TAKEN} from project atlas to beta without an \
         accepted transfer",
    ),
    (
        "UPDATE events SET before = json_set(before, '$.project_id', 'gamma') WHERE seq = 4",
        "I1",
        "disk {OFFERED} was available in project atlas after event 2 and available in project \
         gamma before event 4",
    ),
    (
        "UPDATE transfers SET finished_at = NULL WHERE id = '{DONE}'",
        "I5",
        "transfer {DONE} is accepted without a time",
    ),
    (
        "UPDATE transfers SET finished_at = created_at WHERE id = '{OPEN}'",
        "I5",
        "transfer {OPEN} is pending and finished at 2025-07-31T22:13:20.000040Z",
    ),
    (
        "UPDATE transfers SET destination_user_id = NULL WHERE id = '{DONE}'",
        "I5",
        "transfer {DONE} is accepted without a destination project and user",
    ),
    (
        "UPDATE transfers SET destination_project_id = 'beta' WHERE id = '{OPEN}'",
        "I5",
        "transfer {OPEN} is pending but has a destination",
    ),
    (
        "UPDATE transfers SET expires_at = '2025-07-31T22:13:20.000050Z', expiry_source = 'header'
         WHERE id = '{DONE}'",
        "I5",
        "transfer {DONE} was accepted at 2025-07-31T22:13:20.000050Z although it expired at \
         2025-07-31T22:13:20.000050Z",
    ),
    (
        "UPDATE transfers SET status = 'expired', finished_at = '2025-07-31T22:13:20.000899Z'
         WHERE id = '{OPEN}'",
        "I5",
        "transfer {OPEN} expired at 2025-07-31T22:13:20.000899Z, before \
         2025-07-31T22:13:20.000900Z",
    ),
    (
        "UPDATE transfers SET status = 'expired', finished_at = '2025-07-31T22:13:20.000899Z',
                              expires_at = NULL, expiry_source = NULL
         WHERE id = '{OPEN}'",
        "I5",
        "transfer {OPEN} expired at 2025-07-31T22:13:20.000899Z, before any time that was set",
    ),
    (
        "UPDATE transfers SET expires_at = created_at WHERE id = '{OPEN}'",
        "rows",
        "transfer {OPEN} of 2025-07-31T22:13:20.000040Z expires at 2025-07-31T22:13:20.000040Z, \
         which is no later time",
    ),
    (
        "UPDATE transfers SET expiry_source = NULL WHERE id = '{OPEN}'",
        "rows",
        "transfer {OPEN} expires at 2025-07-31T22:13:20.000900Z because of nothing",
    ),
    (
        "UPDATE idempotency_keys SET key_hash = 'the-key-itself'",
        "I7",
        "the answer to transfer.accept {DONE} is not kept under hashes",
    ),
    (
        "UPDATE idempotency_keys SET sealed_answer = '{\"transfer\": {}}'",
        "I7",
        "the answer to transfer.accept {DONE} is not sealed",
    ),
    (
        "UPDATE idempotency_keys SET user_id = 'eve'",
        "rows",
        "an answer to transfer.accept of user eve in project beta is kept, but transfer {DONE} is \
         accepted",
    ),
    (
        "UPDATE idempotency_keys SET action = 'transfer.delete', transfer_id = '{OTHER}'",
        "rows",
        "an answer to transfer.delete of user bob in project beta is kept, but transfer {OTHER} is \
         not there",
    ),
    (
        "UPDATE idempotency_keys SET status = 404",
        "rows",
        "the answer to transfer.accept {DONE} is kept with status 404 from \
         2025-07-31T22:13:20.000050Z to 2025-07-31T22:13:20.000060Z",
    ),
    (
        "UPDATE transfers SET key_hash = '00010203abcdefff' WHERE id = '{OPEN}'",
        "I7",
        "the key of transfer {OPEN} is not an argon2id hash",
    ),
    (
        "UPDATE users SET password_hash = 'secret'",
        "I7",
        "the password of user u-atlas is not an argon2id hash",
    ),
    (
        "INSERT INTO application_credentials
             (id, name, user_id, project_id, roles, secret_hash, unrestricted, created_at)
         VALUES ('ac', 'n', 'u-atlas', 'atlas', 'member', 'plain', 0,
                 '2025-07-31T22:13:20.000000Z')",
        "I7",
        "the secret of application credential ac is not an argon2id hash",
    ),
    (
        "UPDATE tokens SET hash = 'gAAAA-token'",
        "I7",
        "token abcdefghijklmnopqrstuv is not stored as a hash",
    ),
    ("DELETE FROM events WHERE seq = 3", "I8", "events 3 to 3 are missing"),
    ("DELETE FROM events WHERE seq = 1", "I8", "events begin at 2, not at 1"),
    (
        "UPDATE disks SET status = 'error' WHERE id = '{FREE}'",
        "I8",
        "disk {FREE} is error in project atlas but event 1 (disk.create) left it available in \
         project atlas",
    ),
    (
        "UPDATE disks SET project_id = 'gamma' WHERE id = '{FREE}'",
        "I8",
        "disk {FREE} is available in project gamma but event 1 (disk.create) left it available in \
         project atlas",
    ),
    ("UPDATE events SET disk_id = NULL WHERE seq = 1", "I8", "disk {FREE} has no event"),
    (
        "UPDATE events SET after = NULL WHERE seq = 1",
        "I8",
        "disk {FREE} is there although event 1 (disk.create) says it is gone",
    ),
    (
        "UPDATE events SET after = '{' WHERE seq = 1",
        "I8",
        "disk {FREE} is available in project atlas but event 1 (disk.create) left it unreadable",
    ),
    (
        "DELETE FROM disks WHERE id = '{FREE}'",
        "I8",
        "disk {FREE} is gone although event 1 (disk.create) left it there",
    ),
    (
        "UPDATE policy_disks SET disk_id = '{OTHER}'",
        "rows",
        "disk {OTHER} is under policy {POLICY} but there is no such disk",
    ),
    (
        "UPDATE policy_disks SET policy_id = '{OTHER}'",
        "rows",
        "disk {FREE} is under policy {OTHER}, which is not there",
    ),
    (
        "UPDATE policies SET project_id = 'beta'",
        "policies",
        "disk {FREE} of project atlas is under policy {POLICY} of project beta",
    ),
    (
        "DROP INDEX policies_one_default;
         UPDATE policies SET is_default = 1;
         INSERT INTO policies SELECT '{OTHER}', project_id, name, start_time, every_days, week_days,
             keep_count, keep_days, keep_first_of_month, enabled, time_zone, created_at, is_default,
             scheduled_since, next_run_at FROM policies",
        "policies",
        "project atlas has 2 default policies",
    ),
    (
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 31)
         INSERT INTO policies SELECT printf('00000000-0000-4000-8000-%012d', n.n), project_id, name,
             start_time, every_days, week_days, keep_count, keep_days, keep_first_of_month, enabled,
             time_zone, created_at, is_default, scheduled_since, next_run_at FROM policies, n",
        "policies",
        "project atlas has 32 policies of its own",
    ),
    (
        "UPDATE policies SET next_run_at = NULL",
        "policies",
        "policy {POLICY} is ON and does not know when it runs",
    ),
    (
        "UPDATE policies SET enabled = 0",
        "policies",
        "policy {POLICY} is OFF and runs at 2025-07-31T22:13:20.000060Z",
    ),
    (
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 11)
         INSERT INTO policy_tags SELECT '{POLICY}', 'k' || n, 'v' FROM n",
        "rows",
        "policy {POLICY} has 11 tags",
    ),
    (
        "INSERT INTO policy_tags VALUES ('{POLICY}', 'a b', 'v')",
        "rows",
        "policy {POLICY} has the tag a b=v, which is none",
    ),
    (
        "INSERT INTO policy_tags VALUES ('{OTHER}', 'k', 'v')",
        "rows",
        "policy {OTHER} has a tag but is not there",
    ),
    (
        "DROP INDEX policy_tasks_one_per_due_time;
         INSERT INTO policy_tasks SELECT '00000000000040008000000000000000', policy_id, disk_id,
             due_at, scheduled, status, backup_id, backup_name, code, message, created_at,
             finished_at FROM policy_tasks",
        "policies",
        "policy {POLICY} has 2 tasks for disk {FREE} at 2025-07-31T22:13:20.000060Z",
    ),
    (
        "UPDATE policy_tasks SET status = 'late'",
        "rows",
        "task {TASK} has the status late, which there is not",
    ),
    (
        "UPDATE policy_tasks SET status = 'running', backup_id = '{OTHER}', backup_name = 'x',
                                 finished_at = NULL",
        "policies",
        "task {TASK} is running although backup {OTHER} of disk {FREE} is gone",
    ),
    (
        "UPDATE policy_tasks SET status = 'running', backup_id = '{BACKUP}', backup_name = 'x',
                                 finished_at = NULL",
        "policies",
        "task {TASK} is running although backup {BACKUP} of disk {FREE} is available",
    ),
    (
        "DROP INDEX policy_tasks_running;
         UPDATE policy_tasks SET status = 'running', backup_id = '{BACKUP}', backup_name = 'x',
                                 finished_at = NULL;
         INSERT INTO policy_tasks SELECT '00000000000040008000000000000000', policy_id, disk_id,
             due_at, 0, status, backup_id, backup_name, code, message, created_at, finished_at
             FROM policy_tasks",
        "policies",
        "disk {FREE} has 2 running tasks",
    ),
    (
        "UPDATE policy_tasks SET policy_id = '{OTHER}'",
        "rows",
        "task {TASK} is of policy {OTHER}, which is not there",
    ),
    (
        "UPDATE policy_tasks SET finished_at = NULL",
        "rows",
        "task {TASK} is skip and ended at no time",
    ),
    (
        "UPDATE policy_tasks SET due_at = '2025-07-31 22:14:20'",
        "rows",
        "task {TASK} has the time 2025-07-31 22:14:20, which is none",
    ),
    (
        "INSERT INTO webhooks VALUES ('http://a/', 99, 0, NULL, NULL)",
        "rows",
        "webhook http://a/ has been told of event 99, which is not there",
    ),
    (
        "INSERT INTO webhooks VALUES ('http://a/', 0, 2, NULL, NULL)",
        "rows",
        "webhook http://a/ failed 2 times, for ?, and is tried again at ?",
    ),
    (
        "UPDATE snapshots SET disk_id = '{OTHER}'",
        "rows",
        "snapshot {SNAPSHOT} is of disk {OTHER}, which is not there",
    ),
    (
        "UPDATE snapshots SET disk_id = '{OTHER}'",
        "file",
        "row 1 of snapshots refers to a row of disks that is not there",
    ),
    (
        "UPDATE disks SET status = 'in_use' WHERE id = '{FREE}'",
        "rows",
        "disk {FREE} has the unknown status in_use",
    ),
    (
        "UPDATE disks SET status = 'extending' WHERE id = '{FREE}'",
        "progress",
        "disk {FREE} is extending and nothing will end it",
    ),
    (
        "UPDATE disks SET next_at = '2025-07-31T22:13:20.000000Z', next_outcome = 'done'
         WHERE id = '{FREE}'",
        "progress",
        "disk {FREE} is available although something ends at 2025-07-31T22:13:20.000000Z",
    ),
    (
        "UPDATE disks SET next_outcome = 'done' WHERE id = '{FREE}'",
        "progress",
        "disk {FREE} ends something without an outcome",
    ),
    (
        "UPDATE disks SET image_metadata = '7' WHERE id = '{FREE}'",
        "rows",
        "the image metadata of disk {FREE} is not a JSON object",
    ),
    (
        "INSERT INTO attachments (id, disk_id, project_id, status, created_at)
         VALUES ('{OTHER}', '{OFFERED}', 'atlas', 'reserved', '2025-07-31T22:13:20.000000Z')",
        "attachments",
        "disk {OFFERED} is awaiting-transfer although it has attachment {OTHER}",
    ),
    (
        "UPDATE attachments SET disk_id = '{FREE}'",
        "attachments",
        "disk {FREE} is available although it has attachment {ATTACHED}",
    ),
    ("DELETE FROM attachments", "attachments", "disk {USED} is in-use without an attachment"),
    (
        "UPDATE attachments SET project_id = 'beta'",
        "attachments",
        "attachment {ATTACHED} belongs to project beta but disk {USED} to project atlas",
    ),
    (
        "UPDATE attachments SET disk_id = '{OTHER}'",
        "attachments",
        "attachment {ATTACHED} is of disk {OTHER}, which is not there",
    ),
    (
        "UPDATE attachments SET attached_at = NULL",
        "attachments",
        "attachment {ATTACHED} is attached without a time",
    ),
    (
        "UPDATE attachments SET connector = '[1]'",
        "attachments",
        "the connector of attachment {ATTACHED} is not a JSON object",
    ),
    (
        "UPDATE attachments SET status = 'detached'",
        "rows",
        "attachment {ATTACHED} has the unknown status detached",
    ),
    ("UPDATE attachments SET id = 'a-1'", "rows", "attachment a-1 has an id that is no UUID"),
    (
        "UPDATE attachments SET created_at = 'x'",
        "rows",
        "attachment {ATTACHED} was made at x, which is no time",
    ),
    (
        "INSERT INTO clock (id, moment, since, scale_thousandths, frozen)
         VALUES (1, '2026-11-23T07:41:05.318204Z', 'then', 60000, 1)",
        "rows",
        "the clock goes at 60000 thousandths from 2026-11-23T07:41:05.318204Z since then (row 1, \
         frozen 1)",
    ),
    ("UPDATE lineage SET epoch = 0", "rows", "the file says of its past 1 that it is epoch 0"),
    ("DELETE FROM lineage", "rows", "the file does not say which past it has"),
    ("UPDATE backups SET status = 'done'", "rows", "backup {BACKUP} has the unknown status done"),
    ("UPDATE backups SET size_gib = 0", "I4", "backup {BACKUP} has a size of 0 GiB"),
    (
        "UPDATE disks SET size_gib = -1 WHERE id = '{FREE}'",
        "I4",
        "disk {FREE} has a size of -1 GiB",
    ),
    (
        "UPDATE disks SET metadata = '[1' WHERE id = '{FREE}'",
        "rows",
        "the metadata of disk {FREE} is not a JSON object",
    ),
    (
        "UPDATE backups SET created_at = '2025-07-31 22:13:20'",
        "rows",
        "backup {BACKUP} was made at 2025-07-31 22:13:20, which is no time",
    ),
    (
        "UPDATE disks SET updated_at = 'yesterday' WHERE id = '{FREE}'",
        "rows",
        "disk {FREE} was changed at yesterday, which is no time",
    ),
    (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 11)
         INSERT INTO disk_tags (disk_id, key, value) SELECT '{FREE}', 'k' || i, '' FROM n",
        "rows",
        "disk {FREE} has 11 tags",
    ),
    (
        "INSERT INTO disk_tags (disk_id, key, value) VALUES ('{FREE}', 'a.b', 'c')",
        "rows",
        "disk {FREE} has the tag a.b=c, which is none",
    ),
    (
        "INSERT INTO jobs (id, project_id, kind, begun_at)
         VALUES ('{JOB}', 'atlas', 'delete', '2025-07-31T22:13:20.000000Z')",
        "rows",
        "job {JOB} to delete has 0 parts",
    ),
    (
        "INSERT INTO jobs (id, project_id, kind, begun_at)
         VALUES ('{JOB}', 'atlas', 'extend', '2025-07-31T22:13:20.000000Z');
         INSERT INTO job_parts (id, job_id, place, disk_id, size_gib, disk_type, ends_with, status)
         VALUES ('{JOB}', '{JOB}', 1, '{FREE}', 40, 'SSD', 'disk', 'running')",
        "rows",
        "part 1 of job {JOB} runs on disk {FREE}, where nothing is under way",
    ),
    (
        "INSERT INTO jobs (id, project_id, kind, begun_at)
         VALUES ('{JOB}', 'atlas', 'delete_backup', '2025-07-31T22:13:20.000000Z');
         INSERT INTO job_parts (id, job_id, place, disk_id, size_gib, backup_id, ends_with, status)
         VALUES ('{JOB}', '{JOB}', 1, '{FREE}', 40, '{BACKUP}', 'backup', 'running')",
        "rows",
        "part 1 of job {JOB} runs on backup {BACKUP}, where nothing is under way",
    ),
    (
        "INSERT INTO jobs (id, project_id, kind, begun_at)
         VALUES ('{JOB}', 'atlas', 'create_backup', '2025-07-31T22:13:20.000000Z');
         INSERT INTO job_parts (id, job_id, place, disk_id, size_gib, disk_type, ends_with, status,
                                ended_at)
         VALUES ('{JOB}', '{JOB}', 1, '{FREE}', 40, 'SSD', 'disk', 'success',
                 '2025-07-31T22:13:20.000000Z')",
        "backups",
        "part 1 of job {JOB} to create_backup names no backup",
    ),
    (
        "UPDATE backups SET base_id = '{SECOND}' WHERE id = '{BACKUP}';
         UPDATE backups SET disk_id = '{OTHER}' WHERE id = '{SECOND}'",
        "backups",
        "backup {BACKUP} of disk {FREE} builds on backup {SECOND} of disk {OTHER}",
    ),
    (
        "UPDATE backups SET incremental = 0, base_id = '{SECOND}' WHERE id = '{BACKUP}'",
        "backups",
        "backup {BACKUP} is a full one and builds on backup {SECOND}",
    ),
    (
        "UPDATE backups SET base_id = '{SECOND}' WHERE id = '{BACKUP}';
         UPDATE backups SET base_id = '{BACKUP}' WHERE id = '{SECOND}'",
        "backups",
        "backup {SECOND} builds on itself in the end",
    ),
    (
        "UPDATE backups SET snapshot_id = '{SNAPSHOT}', disk_id = '{TAKEN}' WHERE id = '{BACKUP}'",
        "backups",
        "backup {BACKUP} of disk {TAKEN} has snapshot {SNAPSHOT} of disk {FREE} for its own",
    ),
    (
        "UPDATE backups SET snapshot_id = '{SNAPSHOT}'",
        "backups",
        "snapshot {SNAPSHOT} is the own one of 2 backups",
    ),
    (
        "UPDATE backups SET policy_id = '{POLICY}', native = 0 WHERE id = '{BACKUP}'",
        "backups",
        "backup {BACKUP} was made by policy {POLICY} but not by the backup service",
    ),
    (
        "UPDATE backups SET native = 0",
        "backups",
        "backup {BACKUP} has a snapshot of its own but is not by the backup service",
    ),
    (
        "UPDATE backup_shares SET project_id = 'atlas'",
        "backups",
        "backup {BACKUP} is shared with its own project atlas",
    ),
    (
        "UPDATE backup_shares SET backup_id = '{OTHER}'",
        "backups",
        "share {SHARE} is of backup {OTHER}, which is not there",
    ),
    ("UPDATE backup_shares SET id = 's-1'", "rows", "share s-1 has an id that is no UUID"),
    (
        "UPDATE backup_shares SET created_at = 'y'",
        "rows",
        "share {SHARE} was made at y, which is no time",
    ),
    (
        "UPDATE backups SET metadata = '1' WHERE id = '{BACKUP}'",
        "rows",
        "the metadata of backup {BACKUP} is not a JSON object",
    ),
    (
        "UPDATE backups SET id = 'b-1' WHERE id = '{SECOND}'",
        "rows",
        "backup b-1 has an id that is no UUID",
    ),
    (
        "UPDATE disk_types SET name = 'SAS'",
        "rows",
        "disk {FREE} is of disk type SSD, which is not there",
    ),
    (
        "UPDATE disks SET status = 'retyping', next_at = created_at, next_outcome = 'done',
                          next_type = 'soon' WHERE id = '{FREE}'",
        "rows",
        "disk {FREE} is to be of disk type soon, which is not there",
    ),
    ("UPDATE snapshots SET progress = 101", "rows", "snapshot {SNAPSHOT} has come to 101 percent"),
    (
        "INSERT INTO messages (id, project_id, request_id, thing, thing_id, operation, created_at,
                               guaranteed_until)
         VALUES ('{OTHER}', 'atlas', 'req', 'disk', 'd-1', 'extend', '2025-07-31T22:13:20.000000Z',
                 '2025-08-31T22:13:20.000000Z')",
        "rows",
        "message {OTHER} is about the disk d-1, which is none",
    ),
    (
        "INSERT INTO messages (id, project_id, request_id, thing, thing_id, operation, created_at,
                               guaranteed_until)
         VALUES ('{OTHER}', 'atlas', 'req', 'backup', '{BACKUP}', 'wish',
                 '2025-07-31T22:13:20.000000Z', '2025-08-31T22:13:20.000000Z')",
        "rows",
        "message {OTHER} says that wish failed, which is unknown",
    ),
    (
        "UPDATE snapshots SET disk_type = 'gone'",
        "rows",
        "snapshot {SNAPSHOT} is of disk type gone, which is not there",
    ),
    (
        "UPDATE disk_type_extra_specs SET disk_type_id = '{OTHER}'",
        "rows",
        "extra spec multiattach belongs to disk type {OTHER}, which is not there",
    ),
    (
        "UPDATE disk_type_access SET disk_type_id = '{OTHER}'",
        "rows",
        "access of project beta belongs to disk type {OTHER}, which is not there",
    ),
    (
        "UPDATE disk_type_encryptions SET disk_type_id = '{OTHER}'",
        "rows",
        "encryption {ENCRYPTION} belongs to disk type {OTHER}, which is not there",
    ),
    (
        "UPDATE disk_types SET qos_specs_id = '{OTHER}'",
        "rows",
        "disk type SSD belongs to qos specs {OTHER}, which are not there",
    ),
    (
        "UPDATE qos_spec_values SET qos_specs_id = '{OTHER}'",
        "rows",
        "qos value total_iops_sec belongs to qos specs {OTHER}, which are not there",
    ),
    ("UPDATE qos_specs SET id = 'q'", "rows", "qos specs q has an id that is no UUID"),
    (
        "UPDATE disk_types SET created_at = 'then'",
        "rows",
        "disk type {SSD} was made at then, which is no time",
    ),
    (
        "UPDATE qos_specs SET updated_at = 'later'",
        "rows",
        "qos specs {QOS} was changed at later, which is no time",
    ),
    (
        "UPDATE faults SET detail = 'rainy'",
        "rows",
        "fault {FAULT} has the effect error rainy, which there is not",
    ),
    (
        "UPDATE faults SET effect = 'delay', detail = '0'",
        "rows",
        "fault {FAULT} has the effect delay 0, which there is not",
    ),
    ("UPDATE faults SET operation = NULL", "rows", "fault {FAULT} to error busy is about no calls"),
    (
        "UPDATE faults SET effect = 'fail_step', detail = '*'",
        "rows",
        "fault {FAULT} to fail_step * is about the calls *",
    ),
    ("UPDATE faults SET id = 'f'", "rows", "fault f has an id that is no UUID"),
    ("UPDATE faults SET disk_id = 'd'", "rows", "fault {FAULT} is about disk d, which is no UUID"),
    (
        "UPDATE faults SET created_at = 'then'",
        "rows",
        "fault {FAULT} was made at then, which is no time",
    ),
    (
        "UPDATE faults SET times = 0",
        "rows",
        "fault {FAULT} meets no call: it skips 0, meets 0 by 1000000 ppm",
    ),
    (
        "DROP INDEX disks_by_name;
         CREATE INDEX disks_by_name ON disks (project_id, name) WHERE name IS NULL;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX disks_by_name ON disks (project_id, name)'
         WHERE name = 'disks_by_name'",
        "file",
        "SQLite: row 1 missing from index disks_by_name",
    ),
];

#[tokio::test]
async fn each_planted_violation_is_found_and_said() {
    let healthy = healthy().await;
    assert_eq!(examine(&healthy.bench.file).await, []);
    for (sql, invariant, sentence) in PLANTED {
        let found = healthy.edited(sql).await;
        let expected = (*invariant, healthy.fill(sentence));
        assert!(found.contains(&expected), "{sql}\nexpected {expected:?}\nfound {found:#?}");
    }
}

#[tokio::test]
async fn every_check_finds_something_that_is_planted() {
    let healthy = healthy().await;
    let mut silent: Vec<&str> = checks().map(|check| check.name).collect();
    for (sql, ..) in PLANTED {
        let (_directory, copy) = healthy.copy();
        drop(unguard(&copy).await);
        let mut connection = connect(&copy).await;
        run(&mut connection, "PRAGMA ignore_check_constraints = ON").await;
        run(&mut connection, &healthy.fill(sql)).await;
        connection.close().await.unwrap();
        // Another connection: the first would go on with the schema as it was.
        let mut connection = connect(&copy).await;
        for check in checks() {
            let found = sqlx::query(check.sql).fetch_all(&mut connection).await.unwrap();
            if !found.is_empty() {
                silent.retain(|name| *name != check.name);
            }
        }
    }
    assert_eq!(silent, Vec::<&str>::new());
}

#[tokio::test]
async fn a_damaged_file_is_a_finding_and_not_a_failure() {
    let healthy = healthy().await;
    let (_directory, copy) = healthy.copy();
    once(&copy, "DROP VIEW v_transfers; DROP TABLE policy_disks").await;
    let found = examine(&copy).await;
    let expected = "whether a disk under a policy and the policy are there cannot be told: \
                    (code: 1) no such table: policy_disks";
    assert!(found.contains(&("rows", expected.to_owned())), "{found:#?}");
}

/// A killed process leaves the main file and the log; the index of the log is remade.
#[tokio::test]
async fn a_file_is_examined_while_a_server_runs_and_after_it_was_killed() {
    let bench = Bench::new().await;
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    assert_eq!(bench.sentences().await, Vec::<String>::new());
    bench.run("UPDATE disks SET status = 'error'").await;
    assert_eq!(bench.sentences().await.len(), 1, "what is in the log counts");

    let directory = tempfile::tempdir().unwrap();
    let left: PathBuf = directory.path().join("evs.db");
    std::fs::copy(&bench.file, &left).unwrap();
    std::fs::copy(bench.file.with_file_name("evs.db-wal"), directory.path().join("evs.db-wal"))
        .unwrap();
    assert_eq!(examine(&left).await.len(), 1);
    let log = std::fs::metadata(directory.path().join("evs.db-wal")).unwrap();
    assert!(log.len() > 0, "looking has moved nothing");
}

#[tokio::test]
async fn a_guard_that_is_gone_is_missed() {
    let healthy = healthy().await;
    let (_directory, copy) = healthy.copy();
    once(&copy, "DROP TRIGGER events_never_change; DROP INDEX policies_one_default").await;
    let expected = [
        "the guard events_never_change is missing: the next start of the server puts it back",
        "the index policies_one_default is missing, which keeps rows unique",
    ];
    assert_eq!(examine(&copy).await, expected.map(|sentence| ("guards", sentence.to_owned())));
}

#[tokio::test]
async fn no_sentence_shows_what_must_stay_unread() {
    let healthy = healthy().await;
    let mut found = Vec::new();
    for sql in [
        "UPDATE transfers SET key_hash = 'visible-key' WHERE id = '{OPEN}'",
        "UPDATE users SET password_hash = 'visible-password'",
        "UPDATE tokens SET hash = 'visible-token'",
        "UPDATE idempotency_keys SET key_hash = 'visible-key', sealed_answer = 'visible-answer!'",
    ] {
        found.extend(healthy.edited(sql).await);
    }
    assert!(found.len() >= 3);
    assert!(found.iter().all(|(_, sentence)| !sentence.contains("visible")), "{found:#?}");
}
