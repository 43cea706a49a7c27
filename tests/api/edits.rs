//! What testers write into the file beside the running server: what breaks something is refused by name, or told of
//! by the doctor and by `v_broken`; what breaks nothing goes through and is served by the next answer.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use evs_local::store::sqlite::doctor;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::support::{Client, TestServer};

/// What an edit comes to.
#[derive(Debug, Clone, Copy)]
enum Comes {
    /// Refused by this guard, whose sentence is asked of the file.
    Guard(&'static str),
    /// Refused by this constraint, whose name says why.
    Constraint(&'static str),
    /// Told of by the doctor and by `v_broken`, as this invariant and in these words.
    Told(&'static str, &'static str),
}

use Comes::{Constraint, Guard, Told};

const EDITS: &[(&str, Comes)] = &[
    ("UPDATE disks SET status = 'available' WHERE id = '{OFFERED}'", Guard("disks_stay_while_they_are_offered")),
    (
        "UPDATE disks SET status = 'available', transfer_id = NULL WHERE id = '{OFFERED}'",
        Guard("disks_stay_while_they_are_offered"),
    ),
    ("UPDATE disks SET status = 'awaiting-transfer' WHERE id = '{FREE}'", Guard("disks_await_a_pending_transfer")),
    (
        "UPDATE disks SET status = 'awaiting-transfer', transfer_id = '{DONE}' WHERE id = '{FREE}'",
        Guard("disks_await_a_pending_transfer"),
    ),
    ("UPDATE disks SET project_id = '{PARTNER}' WHERE id = '{FREE}'", Guard("disks_change_hands_by_a_transfer")),
    ("UPDATE disks SET project_id = '{PARTNER}' WHERE id = '{OFFERED}'", Guard("disks_change_hands_by_a_transfer")),
    ("DELETE FROM disks WHERE id = '{OFFERED}'", Guard("disks_are_not_deleted_while_they_are_offered")),
    ("DELETE FROM disks WHERE id = '{KEPT}'", Guard("disks_with_snapshots_are_not_deleted")),
    ("UPDATE disks SET id = '{OTHER}' WHERE id = '{FREE}'", Guard("disks_id_never_changes")),
    ("UPDATE disks SET status = 'available' WHERE id = '{USED}'", Guard("disks_with_attachments_are_in_use")),
    ("UPDATE disks SET status = 'in-use' WHERE id = '{FREE}'", Guard("disks_in_use_have_attachments")),
    (
        "INSERT OR REPLACE INTO disks SELECT * FROM disks WHERE id = '{FREE}'",
        Guard("disks_are_not_replaced"),
    ),
    ("UPDATE transfers SET name = 'x' WHERE id = '{DONE}'", Guard("transfers_finished_never_change")),
    ("DELETE FROM transfers WHERE id = '{DONE}'", Guard("transfers_are_never_deleted")),
    ("DELETE FROM transfers", Guard("transfers_are_never_deleted")),
    ("UPDATE transfers SET disk_id = '{FREE}' WHERE id = '{OPEN}'", Guard("transfers_keep_to_what_they_offer")),
    (
        "INSERT INTO transfers (id, disk_id, source_project_id, source_user_id, no_snapshots, key_hash, status,
                                created_at)
         SELECT '{OTHER}', disk_id, source_project_id, source_user_id, 0, key_hash, 'pending', created_at
         FROM transfers WHERE id = '{OPEN}'",
        Guard("transfers_offer_what_is_available"),
    ),
    (
        "UPDATE transfers SET key_hash = '$argon2id$kept-in-clear' WHERE id = '{OPEN}'",
        Guard("transfers_key_is_hashed"),
    ),
    ("UPDATE events SET action = 'disk.forget' WHERE seq = 1", Guard("events_never_change")),
    ("DELETE FROM events WHERE seq = 1", Guard("events_are_never_deleted")),
    ("DELETE FROM events", Guard("events_are_never_deleted")),
    (
        "INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, before, after)
         SELECT max(seq) + 2, at, 'r', 'u', 'p', 'x', 'x', '{}', '{}' FROM events",
        Guard("events_have_no_gaps"),
    ),
    (
        "INSERT OR REPLACE INTO events (seq, at, request_id, user_id, project_id, action, resource_id, before, after)
         SELECT seq, at, 'r', 'u', 'p', 'x', 'x', '{}', '{}' FROM events WHERE seq = 1",
        Guard("events_are_not_replaced"),
    ),
    (
        "INSERT INTO policy_disks VALUES ('{TAKEN}', '{POLICY}', '2026-11-23T08:00:00.000000Z')",
        Guard("policy_disks_are_of_the_project_of_the_policy"),
    ),
    ("UPDATE users SET password_hash = '$argon2id$secret'", Guard("users_password_is_hashed")),
    ("UPDATE backups SET base_id = id", Guard("backups_build_on_their_own_disk")),
    ("UPDATE snapshots SET id = '{OTHER}'", Guard("snapshots_id_never_changes")),
    ("UPDATE disks SET status = 'broken' WHERE id = '{FREE}'", Constraint("disks_status_is_known")),
    ("UPDATE disks SET size_gib = 0 WHERE id = '{FREE}'", Constraint("disks_size_is_positive")),
    ("UPDATE disks SET metadata = '[]' WHERE id = '{FREE}'", Constraint("disks_metadata_is_json")),
    ("UPDATE disks SET created_at = 'yesterday' WHERE id = '{FREE}'", Constraint("disks_created_at_is_a_time")),
    ("UPDATE tokens SET hash = 'token'", Constraint("tokens_hash_is_a_hash")),
    (
        "UPDATE transfers SET status = 'accepted', finished_at = created_at WHERE id = '{OPEN}'",
        Constraint("transfers_accepted_has_a_project"),
    ),
    (
        "UPDATE disks SET status = 'error' WHERE id = '{FREE}'",
        Told("I8", "disk {FREE} is error in project {DEMO} but event "),
    ),
    (
        "UPDATE transfers SET status = 'deleted', finished_at = created_at WHERE id = '{OPEN}'",
        Told("I3", "disk {OFFERED} is awaiting-transfer without a pending transfer"),
    ),
    ("DELETE FROM disks WHERE id = '{FREE}'", Told("I8", "disk {FREE} is gone although event ")),
    (
        "INSERT INTO disks (id, project_id, user_id, size_gib, status, disk_type, zone, bootable, multiattach,
                            encrypted, metadata, created_at)
         SELECT '{OTHER}', project_id, user_id, 1, 'available', disk_type, zone, 0, 0, 0, '{}', created_at
         FROM disks WHERE id = '{FREE}'",
        Told("I8", "disk {OTHER} has no event"),
    ),
    (
        "INSERT INTO transfers (id, disk_id, source_project_id, source_user_id, no_snapshots, key_hash, status,
                                created_at)
         SELECT '{OTHER}', '{FREE}', source_project_id, source_user_id, 0, key_hash, 'pending', created_at
         FROM transfers WHERE id = '{OPEN}'",
        Told("I3", "disk {FREE} is available although transfer {OTHER} is pending"),
    ),
    ("DELETE FROM projects WHERE id = '{PARTNER}'", Told("file", " refers to a row of projects that is not there")),
    ("DELETE FROM policies WHERE id = '{POLICY}'", Told("rows", ", which is not there")),
    (
        "UPDATE disks SET disk_type = 'floppy' WHERE id = '{FREE}'",
        Told("rows", "disk {FREE} is of disk type floppy, which is not there"),
    ),
    (
        "INSERT INTO attachments (id, disk_id, project_id, status, created_at)
         SELECT '{OTHER}', id, project_id, 'reserved', created_at FROM disks WHERE id = '{FREE}'",
        Told("attachments", "disk {FREE} is available although it has attachment {OTHER}"),
    ),
    ("UPDATE snapshots SET disk_id = '{OTHER}'", Told("rows", " is of disk {OTHER}, which is not there")),
    (
        "DROP TRIGGER events_never_change",
        Told("guards", "the guard events_never_change is missing: the next start of the server puts it back"),
    ),
];

/// What a server has when people come to edit: one of everything.
struct Scene {
    server: TestServer,
    demo: Client,
    words: Vec<(&'static str, String)>,
}

impl Scene {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let (demo, partner) = (server.login("demo").await, server.login("partner").await);
        let [free, offered, taken, kept, used] = [
            demo.disk().await,
            demo.disk().await,
            demo.disk().await,
            demo.disk().await,
            demo.disk().await,
        ];
        let (open, _) = demo.offer(&offered).await;
        let (done, key) = demo.offer(&taken).await;
        assert_eq!(partner.accept(&done, &key).await.status, 202);
        let snapshot = demo.snapshot(&kept).await;
        let backup = demo.backup(&kept).await;
        let attach = json!({"os-attach": {"mountpoint": "/dev/vdc", "host_name": "node-1"}});
        demo.act(&used, attach).await.is_empty(202);
        let policy = demo.policy("nightly", "OFF").await;
        assert_eq!(demo.bind(&policy, &free).await.status, 200);
        let words = vec![
            ("FREE", free),
            ("OFFERED", offered),
            ("TAKEN", taken),
            ("KEPT", kept),
            ("USED", used),
            ("OPEN", open),
            ("DONE", done),
            ("SNAPSHOT", snapshot),
            ("BACKUP", backup),
            ("POLICY", policy),
            ("DEMO", demo.project.clone()),
            ("PARTNER", partner.project.clone()),
            ("OTHER", "00000000-0000-4000-8000-000000000000".to_owned()),
        ];
        Self { server, demo, words }
    }

    fn fill(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (word, value)| {
            text.replace(&["{", word, "}"].concat(), value)
        })
    }

    fn id(&self, word: &str) -> &str {
        &self.words.iter().find(|(is, _)| *is == word).unwrap().1
    }
}

/// A tester's connection; like a shell's, it does not ask foreign keys.
async fn shell(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
    SqliteConnection::connect_with(&options.busy_timeout(Duration::from_secs(5))).await.unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<u64, String> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(|why| why.to_string())
}

async fn broken(connection: &mut SqliteConnection) -> Vec<(String, String)> {
    let rows = sqlx::query_as("SELECT invariant, sentence FROM v_broken");
    rows.fetch_all(connection).await.unwrap()
}

/// What `sqlite3` says to an edit, where it is and knows what the views are written in.
fn real_shell(file: &Path, sql: &str) -> Option<(bool, String)> {
    let version = Command::new("sqlite3").arg("--version").output().ok()?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let minor: u32 = version.split('.').nth(1)?.parse().ok()?;
    if !version.starts_with("3.") || minor < 38 {
        return None;
    }
    let output = Command::new("sqlite3").arg("-bail").arg(file).arg(sql).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

fn print(line: &str) {
    use std::io::Write as _;
    // Who prints into a pipe that is closed wants no more.
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_edit_that_breaks_something_goes_through_in_silence() {
    let scene = Scene::start().await;
    let file = scene.server.database();
    let mut tester = shell(&file).await;
    assert_eq!(broken(&mut tester).await, []);
    let whole = scene.server.rows::<(String, String)>(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name <> $1",
        "",
    );
    let sentences = whole.await;
    let mut by_the_real_shell = 0;
    for (edit, comes) in EDITS {
        let sql = scene.fill(edit);
        let mut table = edit.split_whitespace().collect::<Vec<_>>().join(" ");
        match *comes {
            Guard(name) | Constraint(name) => {
                let expected = match sentences.iter().find(|(is, _)| is == name) {
                    Some((_, sql)) => {
                        sql.split('\'').find(|text| text.starts_with("evs: ")).unwrap()
                    }
                    None => name,
                };
                let said = run(&mut tester, &sql).await.expect_err(edit);
                assert!(said.contains(expected), "{edit}\nexpected {expected}\nfound {said}");
                if let Some((success, said)) = real_shell(&file, &sql) {
                    by_the_real_shell += 1;
                    assert!(
                        !success && said.contains(expected),
                        "{edit}\nexpected {expected}\nfound {said}"
                    );
                }
                write!(table, "\n    refused by {name}").unwrap();
                if expected != name {
                    write!(table, ": {}", expected.trim_start_matches("evs: ")).unwrap();
                }
            }
            Told(invariant, words) => {
                let words = scene.fill(words);
                let is_told = |found: &[(String, String)]| {
                    found.iter().any(|(is, sentence)| is == invariant && sentence.contains(&words))
                };
                run(&mut tester, "BEGIN IMMEDIATE").await.unwrap();
                run(&mut tester, &sql).await.expect(edit);
                let found = broken(&mut tester).await;
                run(&mut tester, "ROLLBACK").await.unwrap();
                assert!(is_told(&found), "{edit}\nexpected {words}\nfound {found:#?}");
                // And the doctor, on a copy that keeps it.
                let copy = file.with_file_name("copy.db");
                run(&mut tester, &format!("VACUUM INTO '{}'", copy.display())).await.unwrap();
                let mut edited = shell(&copy).await;
                run(&mut edited, &sql).await.unwrap();
                edited.close().await.unwrap();
                let report = doctor::examine(&copy).await.unwrap();
                std::fs::remove_file(&copy).unwrap();
                let found = report.violations.into_iter();
                let found: Vec<_> =
                    found.map(|found| (found.invariant.to_owned(), found.sentence)).collect();
                assert!(is_told(&found), "{edit}\nexpected {words}\nfound {found:#?}");
                write!(table, "\n    told of by the doctor and v_broken: {invariant} … {words} …")
                    .unwrap();
            }
        }
        print(&table);
    }
    let kept = EDITS.iter().filter(|(_, comes)| !matches!(comes, Told(..))).count();
    print(&format!(
        "{} edits: {kept} refused ({by_the_real_shell} of them asked of sqlite3, too), {} told of, none silent",
        EDITS.len(),
        EDITS.len() - kept
    ));
    assert_eq!(broken(&mut tester).await, [], "nothing was changed by any of it");
    tester.close().await.unwrap();
    scene.server.finish().await;
}

/// Edits of a disk that break nothing, and what its own answer then has where.
fn harmless_of_a_disk() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("UPDATE disks SET name = 'by hand' WHERE id = '{FREE}'", "/volume/name", json!("by hand")),
        (
            "UPDATE disks SET description = 'why' WHERE id = '{FREE}'",
            "/volume/description",
            json!("why"),
        ),
        ("UPDATE disks SET size_gib = 77 WHERE id = '{FREE}'", "/volume/size", json!(77)),
        ("UPDATE disks SET bootable = 1 WHERE id = '{FREE}'", "/volume/bootable", json!("true")),
        (
            "UPDATE disks SET multiattach = 1 WHERE id = '{FREE}'",
            "/volume/multiattach",
            json!(true),
        ),
        (
            "UPDATE disks SET zone = 'az-sim-2' WHERE id = '{FREE}'",
            "/volume/availability_zone",
            json!("az-sim-2"),
        ),
        (
            "UPDATE disks SET metadata = json_set(metadata, '$.team', 'ops') WHERE id = '{FREE}'",
            "/volume/metadata/team",
            json!("ops"),
        ),
        (
            "UPDATE disks SET disk_type = 'SAS' WHERE id = '{FREE}'",
            "/volume/volume_type",
            json!("SAS"),
        ),
    ]
}

/// Edits that break nothing, where their answer is asked for, and what it then has where.
fn harmless(scene: &Scene) -> Vec<(&'static str, String, &'static str, Value)> {
    let demo = &scene.demo;
    let of =
        |collection: &str, word: &str| demo.path("v3", &format!("{collection}/{}", scene.id(word)));
    let quota = demo.path("v3", &format!("os-quota-sets/{}", demo.project));
    let policies = demo.path("v2", "backuppolicy");
    let free = of("volumes", "FREE");
    let of_the_disk = harmless_of_a_disk().into_iter();
    let mut cases: Vec<_> = of_the_disk
        .map(|(edit, pointer, expected)| (edit, free.clone(), pointer, expected))
        .collect();
    cases.extend([
        (
            "UPDATE snapshots SET name = 'kept' WHERE id = '{SNAPSHOT}'",
            of("snapshots", "SNAPSHOT"),
            "/snapshot/name",
            json!("kept"),
        ),
        (
            "UPDATE snapshots SET status = 'error' WHERE id = '{SNAPSHOT}'",
            of("snapshots", "SNAPSHOT"),
            "/snapshot/status",
            json!("error"),
        ),
        (
            "UPDATE backups SET description = 'of May' WHERE id = '{BACKUP}'",
            of("backups", "BACKUP"),
            "/backup/description",
            json!("of May"),
        ),
        (
            "UPDATE transfers SET name = 'for Ann' WHERE id = '{OPEN}'",
            of("os-volume-transfer", "OPEN"),
            "/transfer/name",
            json!("for Ann"),
        ),
        (
            "INSERT INTO quotas (project_id, key, hard_limit) VALUES ('{DEMO}', 'volumes', 9)",
            quota,
            "/quota_set/volumes",
            json!(9),
        ),
        (
            "UPDATE policies SET name = 'renamed' WHERE id = '{POLICY}'",
            policies,
            "/backup_policies/1/backup_policy_name",
            json!("renamed"),
        ),
        (
            "DELETE FROM snapshots WHERE id = '{SNAPSHOT}'",
            demo.path("v3", "snapshots"),
            "/snapshots",
            json!([]),
        ),
        (
            "DELETE FROM policy_disks WHERE disk_id = '{FREE}'",
            free.clone(),
            "/volume/metadata/policy",
            json!(null),
        ),
    ]);
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_breaks_nothing_goes_through_and_the_next_answer_shows_it() {
    let scene = Scene::start().await;
    let (Scene { server, demo, .. }, cases) = (&scene, harmless(&scene));
    for (edit, path, pointer, expected) in &cases {
        server.edit(&scene.fill(edit)).await;
        let answer = demo.get(path).await;
        assert_eq!(answer.status, 200, "{edit}: {}", answer.text);
        let found = answer.body.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(&found, expected, "{edit}: {}", answer.text);
        let words = edit.split_whitespace().collect::<Vec<_>>().join(" ");
        print(&format!(
            "{words}\n    went through, and the next answer had {pointer} = {expected}"
        ));
    }
    print(&format!("{} edits went through and were served", cases.len()));
    scene.server.finish().await;
}

/// How often edits were noted, and how.
async fn noted(server: &TestServer) -> Vec<(String, String, Option<String>)> {
    let sql = "SELECT user_id, resource_id, reason FROM events WHERE action = $1";
    server.rows(sql, "database.edit").await
}

/// Waits until something is so: nobody is told when an idle server looks at its file.
async fn comes<F: Future<Output = bool>>(mut so: impl FnMut() -> F) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < Duration::from_secs(10), "it did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_edits_is_noted_once_and_our_own_writes_never() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    // Long enough for an idle server to move its log and to look at its file, twice.
    let began = Instant::now();
    comes(|| async { began.elapsed() > Duration::from_millis(2300) }).await;
    demo.disk().await;
    assert_eq!(noted(&server).await, []);

    for name in ["one", "two", "three"] {
        server.edit(&format!("UPDATE disks SET name = '{name}' WHERE id = '{disk}'")).await;
        let shown = demo.show_disk(&disk).await;
        assert_eq!(shown.body["volume"]["name"], name);
        demo.disk().await;
    }
    comes(|| async { !noted(&server).await.is_empty() }).await;
    let word = str::to_owned;
    let reason = Some(word("another process wrote to the data file"));
    assert_eq!(noted(&server).await, [(word("evs"), word("database"), reason)]);
    assert!(TestServer::has_logged("noted as event database.edit"));
    let metrics = server.anonymous().get("/_evs/metrics").await.text;
    assert!(metrics.contains("evs_database_edits_total 1\n"), "{metrics}");
    assert!(metrics.contains("evs_database_log_bytes "), "{metrics}");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_an_idle_server_is_noted_too_and_what_became_due_by_it_ends() {
    let server = TestServer::start_with(|settings| {
        settings.simulation.delays.insert("create", chrono::TimeDelta::hours(1));
    })
    .await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    assert_eq!(demo.disk_status(&disk).await, "creating");
    let due = server.now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    server.edit(&format!("UPDATE disks SET next_at = '{due}' WHERE id = '{disk}'")).await;
    comes(|| async { noted(&server).await.len() == 1 }).await;
    comes(|| async { demo.disk_status(&disk).await == "available" }).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_how_the_clock_goes_counts_without_a_restart() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    server
        .edit(
            "INSERT INTO clock (id, moment, since, scale_thousandths, frozen)
             VALUES (1, '2026-11-23T18:00:00.000000Z', '2026-11-23T07:41:05.318204Z', 1000, 1)",
        )
        .await;
    comes(|| async { admin.get("/_evs/clock").await.body["mode"] == "frozen" }).await;
    let shown = admin.get("/_evs/clock").await.body;
    assert_eq!(shown["now"], "2026-11-23T18:00:00.000000Z");
    server.finish().await;
}
