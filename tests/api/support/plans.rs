//! How SQLite would run every statement that the tests make the server run: none reads through a table that
//! grows with what people do.
//!
//! Statements are caught as sqlx logs them, whichever test makes them run; each is looked at once, at the end of
//! a test, on the file of that test.

use std::collections::BTreeSet;
use std::sync::Mutex;

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::statements::text_of;

/// The tables that have more rows the longer a service is used.
const GROWING: [&str; 16] = [
    "disks",
    "snapshots",
    "backups",
    "transfers",
    "events",
    "tokens",
    "jobs",
    "messages",
    "attachments",
    "disk_tags",
    "policy_tasks",
    "wrong_guesses",
    "backup_shares",
    "job_parts",
    "policy_disks",
    "idempotency_keys",
];

/// What reads through such a table all the same, each by its first words, and why it may.
const ALLOWED: &[(&str, &str)] = &[
    // The doctor's statements make sentences; it examines all that there is, at a load and at the end of a test.
    (
        "SELECT '",
        "a sentence of the doctor, or the sums that an administrator asks for of all projects",
    ),
    ("SELECT kind || ' '", "a sentence of the doctor"),
    ("SELECT what || ' of", "a sentence of the doctor"),
    ("SELECT CASE WHEN e.seq IS NULL THEN 'disk '", "a sentence of the doctor"),
    ("SELECT (SELECT user_version FROM pragma_user_version), (", "a saved state is counted once"),
    ("SELECT count(*) FROM disks WHERE TRUE", "an administrator asks how many all projects have"),
    (
        "SELECT count(*) FROM snapshots WHERE TRUE",
        "an administrator asks how many all projects have",
    ),
    ("SELECT project_id, disk_type, sum(disks)", "the usage of every project is exported"),
    (
        "SELECT disk_type FROM disks UNION",
        "a file without disk types gets those that its disks have",
    ),
    (
        "SELECT EXISTS (SELECT 1 FROM disks WHERE coalesce(next_type",
        "a disk type goes, if no disk has it",
    ),
    (
        "SELECT EXISTS (SELECT 1 FROM events WHERE request_id",
        "ends at the first that is not of a start",
    ),
    ("UPDATE disks SET disk_type", "a disk type gets another name"),
    ("UPDATE snapshots SET disk_type", "a disk type gets another name"),
    ("UPDATE disks SET read_only_told", "a file of an older version is brought up to date"),
    ("DELETE FROM jobs WHERE project_id", "a project is reset"),
    ("DELETE FROM idempotency_keys WHERE project_id", "a project is reset"),
];

static STATEMENTS: Mutex<Statements> =
    Mutex::new(Statements { new: BTreeSet::new(), seen: BTreeSet::new() });

struct Statements {
    new: BTreeSet<String>,
    seen: BTreeSet<String>,
}

/// Catches all statements of the product, which logs them at this level only; the tests' own come at another.
pub(super) fn layer<S: Subscriber + for<'span> LookupSpan<'span>>() -> impl Layer<S> {
    Catcher.with_filter(filter_fn(|of| of.target() == "sqlx::query" && *of.level() == Level::TRACE))
}

struct Catcher;

impl<S: Subscriber> Layer<S> for Catcher {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(sql) = text_of(event) else { return };
        let mut statements = STATEMENTS.lock().unwrap();
        for statement in sql.split(';') {
            let words: Vec<&str> = statement.split_whitespace().collect();
            let (verb, statement) = (words.first().copied().unwrap_or_default(), words.join(" "));
            // A trigger's own statements follow.
            if verb == "CREATE" {
                return;
            }
            let asks = ["SELECT", "WITH", "UPDATE", "DELETE"].contains(&verb);
            if asks && statements.seen.insert(statement.clone()) {
                statements.new.insert(statement);
            }
        }
    }
}

/// Looks at the statements that nobody has looked at yet; those that read through a table, with what SQLite says.
pub(super) async fn scans(connection: &mut SqliteConnection) -> Vec<String> {
    let new = std::mem::take(&mut STATEMENTS.lock().unwrap().new);
    let mut found = Vec::new();
    for sql in new {
        let allowed = ALLOWED.iter().any(|(words, _)| sql.starts_with(words));
        if let Some(line) = scan(connection, &sql).await
            && !allowed
        {
            found.push(format!("{line} in {sql}"));
        }
    }
    found
}

/// The first line of a statement's plan that reads through a table that grows, or why there is no plan.
async fn scan(connection: &mut SqliteConnection, sql: &str) -> Option<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = match sqlx::query(explain).fetch_all(connection).await {
        Ok(rows) => rows,
        // What compares with another file or loads one reads all of it.
        Err(_) if sql.contains("other.") || sql.contains("loaded.") => return None,
        Err(why) => return Some(format!("not explained, {why}:")),
    };
    let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    plan.iter().find(|line| reads_through(line, &plan, sql)).cloned()
}

/// Whether a line of a plan reads through a table that grows. A page that is read off an index in its order ends
/// when it is full.
fn reads_through(line: &str, plan: &[String], sql: &str) -> bool {
    let Some(name) = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()) else {
        return false;
    };
    let grows =
        GROWING.iter().any(|table| name == *table || sql.contains(&format!(" {table} AS {name}")));
    let sorted = plan.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER BY"));
    // A limit in brackets is that of another question.
    let ends_with_its_page =
        sql.rsplit(')').next().unwrap_or_default().contains("LIMIT") && !sorted;
    grows && !ends_with_its_page
}

#[tokio::test]
async fn a_statement_that_reads_through_a_table_is_seen_and_a_page_of_one_is_none() {
    let server = super::TestServer::start().await;
    let mut tester = server.tester().await;
    for (sql, seen) in [
        ("SELECT id FROM disks WHERE description = ?", true),
        ("SELECT d.id, (SELECT id FROM snapshots LIMIT 1) FROM disks AS d", true),
        ("SELECT id FROM disks ORDER BY description LIMIT ?", true),
        ("DELETE FROM tokens WHERE audit_id = ?", true),
        ("SELECT id FROM disks ORDER BY created_at, id LIMIT ?", false),
        ("SELECT name FROM disks WHERE id = ?", false),
        ("SELECT name FROM disk_types", false),
    ] {
        assert_eq!(scan(&mut tester, sql).await.is_some(), seen, "{sql}");
    }
    sqlx::Connection::close(tester).await.unwrap();
    server.finish().await;
}
