//! How SQLite would run every statement that the tests make the server run: none reads through a table that
//! grows with what people do.
//!
//! Statements are caught as sqlx logs them, whichever test makes them run; each is looked at once, at the end of
//! a test, on the file of that test.

use std::collections::BTreeSet;
use std::sync::Mutex;

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The tables that have more rows the longer a service is used.
const GROWING: [&str; 12] = [
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
];

/// What reads through such a table all the same, each by some of its words, and why it may.
const ALLOWED: &[(&str, &str)] = &[
    ("|| '", "the doctor examines all that there is, at a load and at the end of a test"),
    (
        "(SELECT user_version FROM pragma_user_version), (SELECT count(*)",
        "a saved state is counted once",
    ),
    ("count(*) FROM disks WHERE TRUE", "an administrator asks how many there are of all projects"),
    (
        "count(*) FROM snapshots WHERE TRUE",
        "an administrator asks how many there are of all projects",
    ),
    (
        "count(*), coalesce(sum(size_gib), 0) FROM disks UNION",
        "an administrator asks for all projects",
    ),
    (
        "SELECT project_id, disk_type, sum(disks)",
        "a scenario that is exported has every project's usage",
    ),
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
        let mut sql = Sql::default();
        event.record(&mut sql);
        let mut statements = STATEMENTS.lock().unwrap();
        for statement in sql.0.split(';') {
            let words: Vec<&str> = statement.split_whitespace().collect();
            let (verb, statement) = (words.first().copied().unwrap_or_default(), words.join(" "));
            let asks = ["SELECT", "WITH", "UPDATE", "DELETE"].contains(&verb);
            if asks && statements.seen.insert(statement.clone()) {
                statements.new.insert(statement);
            }
        }
    }
}

/// The text of a statement; nothing for short ones, which have a summary only.
#[derive(Default)]
struct Sql(String);

impl Visit for Sql {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "db.statement" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Looks at the statements that nobody has looked at yet; those that read through a table, with what SQLite says.
pub(super) async fn scans(connection: &mut SqliteConnection) -> Vec<String> {
    let new = std::mem::take(&mut STATEMENTS.lock().unwrap().new);
    let mut found = Vec::new();
    for sql in new {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        // What is about tables of its own, attached or made for the moment, is not explained here.
        let Ok(rows) = sqlx::query(explain).fetch_all(&mut *connection).await else { continue };
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        let allowed = ALLOWED.iter().any(|(words, _)| sql.contains(words));
        if let Some(line) = plan.iter().find(|line| reads_through(line, &plan, &sql))
            && !allowed
        {
            found.push(format!("{line} in {sql}"));
        }
    }
    found
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
    let ends_with_its_page = sql.contains("LIMIT") && !sorted;
    grows && !ends_with_its_page
}
