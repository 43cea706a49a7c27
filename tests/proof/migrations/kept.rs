//! Files as each version of the schema left them, with rows in every table: made from what stands in
//! `versions/`, where each version adds rows to those of the ones before.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The versions there were, ascending.
pub(super) fn versions() -> Vec<i64> {
    MIGRATIONS.iter().map(|migration| migration.version).collect()
}

/// The rows that a version adds.
fn rows_of(version: i64) -> String {
    let path = format!("{}/tests/proof/versions/{version:04}.sql", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!(
            "there are no rows of schema {version}: write {path}, which inserts a row into every table \
             and gives every column that migration {version:04} brings a value, so that this and later \
             versions prove to keep them (a sentence alone if it brings neither)"
        )
    })
}

/// Makes the file of a version: each migration finds the rows of the versions before it.
pub(super) async fn make(file: &Path, version: i64) {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection =
        options.journal_mode(SqliteJournalMode::Wal).foreign_keys(false).connect().await.unwrap();
    let mut sql = "PRAGMA application_id = 0x45565331".to_owned();
    for step in versions().into_iter().filter(|step| *step <= version) {
        MIGRATIONS.run_to(step, &mut connection).await.unwrap();
        let rows = sqlx::raw_sql(AssertSqlSafe(rows_of(step))).execute(&mut connection).await;
        rows.unwrap_or_else(|why| panic!("versions/{step:04}.sql: {why}"));
        sql = format!("PRAGMA application_id = 0x45565331; PRAGMA user_version = {step}");
    }
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// What is in a file: each row of each table, column by column as SQLite would write it down.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) schema: i64,
    pub(super) tables: BTreeMap<String, Vec<BTreeMap<String, String>>>,
}

/// The tables that are the program's own, not rows of anybody.
const OURS: [&str; 2] = ["README", "_sqlx_migrations"];

pub(super) async fn open(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

pub(super) async fn content(file: &Path) -> Content {
    let mut connection = open(file).await;
    let schema = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await;
    let names: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, group_concat(printf('''%s'', quote(\"%s\")', c.name, c.name))
         FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' GROUP BY t.name",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut tables = BTreeMap::new();
    for (table, columns) in names.into_iter().filter(|(name, _)| !OURS.contains(&&**name)) {
        let rows = format!("SELECT json_object({columns}) FROM \"{table}\" ORDER BY 1");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap();
        let rows = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
        tables.insert(table, rows);
    }
    connection.close().await.unwrap();
    Content { schema: schema.unwrap(), tables }
}

/// What migrations have changed on purpose: the table and the column. Both are compared without them.
const CHANGED: [(&str, &str); 5] = [
    // A message may be about a snapshot or a backup too.
    ("messages", "disk_id"),
    // A time zone of half an hour beyond fourteen there is not.
    ("policies", "time_zone"),
    // Known by what was said of whether servers may only read it.
    ("disks", "read_only_told"),
    // Worked out from the days on which it was made.
    ("policies", "scheduled_since"),
    ("policies", "next_run_at"),
];

impl Content {
    /// The first row that is not in `later`, which may have more, and more columns.
    pub(super) fn lost_in(&self, later: &Self) -> Option<String> {
        for (table, rows) in &self.tables {
            let Some(kept) = later.tables.get(table) else { return Some(format!("table {table}")) };
            for row in rows {
                let counts = |column: &str| !CHANGED.contains(&(&**table, column));
                let mut own = row.iter().filter(|(column, _)| counts(column));
                if !kept
                    .iter()
                    .any(|kept| own.clone().all(|(column, value)| kept.get(column) == Some(value)))
                {
                    let row: Vec<_> = own.by_ref().collect();
                    return Some(format!("{table}: {row:?}"));
                }
            }
        }
        None
    }
}

#[tokio::test]
async fn every_version_of_the_schema_has_rows_in_every_table_and_column() {
    let home = tempfile::tempdir().unwrap();
    let mut newest = None;
    for version in versions() {
        let file = home.path().join(format!("{version}.db"));
        make(&file, version).await;
        let content = content(&file).await;
        let empty: Vec<_> = content.tables.iter().filter(|(_, rows)| rows.is_empty()).collect();
        assert!(empty.is_empty(), "versions/{version:04}.sql inserts no row into {empty:?}");
        newest = Some((version, content));
    }
    let (version, content) = newest.unwrap();
    for (table, rows) in &content.tables {
        for column in rows[0].keys() {
            let is_told = rows.iter().any(|row| row[column] != "NULL");
            assert!(
                is_told,
                "no row of schema {version} has a value in {table}.{column}: give it one in the file of \
                 versions/ that belongs to the migration which brings it"
            );
        }
    }
}
