//! Putting a state in place of the present one: rows for rows, in one transaction of the file in use.

use std::path::Path;

use sqlx::{AssertSqlSafe, SqliteConnection};
use tracing::warn;

use super::super::{SqliteStore, errors, holder};
use crate::domain::state::{Replacement, StateRefused};
use crate::store::StoreError;
use crate::store::state::{Replaced, Source, StateResult};

/// Tables that belong to the file and not to the state in it: what it says of itself, what was done to its
/// schema, and which past it has.
const OF_THE_FILE: [&str; 3] = ["README", "_sqlx_migrations", "lineage"];

/// Puts everything that is in `file` in place of everything that is here.
pub(super) async fn replace(
    store: &SqliteStore,
    file: &Path,
    source: &Source,
) -> StateResult<Replaced> {
    let mut loan = store.alone().await?;
    match attempt(loan.connection()?, file, source).await {
        Ok(replacement) => {
            let stays = loan.has_written();
            if let Err(error) = let_go(loan.connection()?).await {
                // It is on disk; but on this connection nobody can go on.
                warn!(error = errors::text(error), "a loaded state was not let go of");
                loan.discard().await;
                stays?;
                return Ok(Replaced::new(replacement, ()));
            }
            stays?;
            Ok(Replaced::new(replacement, loan))
        }
        Err(failure) => {
            // Whatever it was in the middle of is undone with the connection.
            loan.discard().await;
            Err(match failure {
                Failure::Refused(refused) => refused.into(),
                Failure::Sqlite(error) if errors::is_busy(&error) => {
                    StoreError::Busy(holder::who(&store.info.file)).into()
                }
                Failure::Sqlite(error) => errors::of_statement(error).into(),
            })
        }
    }
}

/// Why a state does not get there.
#[derive(Debug)]
enum Failure {
    Sqlite(sqlx::Error),
    Refused(StateRefused),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlite(error)
    }
}

async fn attempt(
    connection: &mut SqliteConnection,
    file: &Path,
    source: &Source,
) -> Result<Replacement, Failure> {
    sqlx::query("ATTACH $1 AS loaded")
        .bind(file.to_string_lossy())
        .execute(&mut *connection)
        .await?;
    // References are checked as a whole before the end. Inside a transaction this would do nothing.
    sqlx::raw_sql("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let replacement = put(connection, source).await?;
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    Ok(replacement)
}

/// Makes the connection what it was before.
async fn let_go(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("PRAGMA foreign_keys = ON; DETACH loaded").execute(connection).await.map(|_| ())
}

async fn put(connection: &mut SqliteConnection, source: &Source) -> Result<Replacement, Failure> {
    let tables = tables(connection).await?;
    let triggers: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' AND sql IS NOT NULL",
    )
    .fetch_all(&mut *connection)
    .await?;
    // What they forbid to a hand or make of a change does not hold for a state as a whole.
    for (name, _) in &triggers {
        run(connection, format!("DROP TRIGGER main.{}", quoted(name))).await?;
    }
    let mut rows = 0;
    for Table { name, columns } in &tables {
        let table = quoted(name);
        run(connection, format!("DELETE FROM main.{table}")).await?;
        rows += match columns {
            // Tables that are alike are copied page by page, with their indexes: a fifth of the time
            // that rows would take, in which nobody can write (https://sqlite.org/src, xferOptimization).
            None => {
                let sql = format!("INSERT INTO main.{table} SELECT * FROM loaded.{table}");
                run(connection, sql).await?
            }
            Some(columns) => {
                let list: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
                let list = list.join(", ");
                let sql =
                    format!("INSERT INTO main.{table} ({list}) SELECT {list} FROM loaded.{table}");
                run(connection, sql).await?
            }
        };
    }
    for (_, sql) in triggers {
        run(connection, sql).await?;
    }
    check_references(connection).await?;
    let loaded = match source {
        Source::Saved(name) => Some(name.as_str()),
        Source::Empty => None,
    };
    let epoch = sqlx::query_scalar(
        "INSERT INTO main.lineage (id, epoch, loaded) VALUES (1, 2, $1)
         ON CONFLICT (id) DO UPDATE SET epoch = epoch + 1, loaded = excluded.loaded
         RETURNING epoch",
    )
    .bind(loaded)
    .fetch_one(connection)
    .await?;
    Ok(Replacement { rows, epoch })
}

/// A table whose rows are replaced.
#[derive(Debug)]
struct Table {
    name: String,
    /// What both have; none: exactly the same columns in the same order.
    columns: Option<Vec<String>>,
}

/// The tables of both; who looked into the file with another program may have made some more in either,
/// and those stay as they are.
async fn tables(connection: &mut SqliteConnection) -> sqlx::Result<Vec<Table>> {
    let here = columns(connection, "main").await?;
    let there = columns(connection, "loaded").await?;
    let mut tables: Vec<Table> = Vec::new();
    let mut names: Vec<&String> = here.iter().map(|(table, _)| table).collect();
    names.dedup();
    for name in names {
        let of = |all: &[(String, String)]| -> Vec<String> {
            all.iter()
                .filter(|(table, _)| table == name)
                .map(|(_, column)| column.clone())
                .collect()
        };
        let (mine, theirs) = (of(&here), of(&there));
        if OF_THE_FILE.contains(&name.as_str()) || theirs.is_empty() {
            continue;
        }
        let columns = (mine != theirs)
            .then(|| mine.into_iter().filter(|column| theirs.contains(column)).collect());
        tables.push(Table { name: name.clone(), columns });
    }
    Ok(tables)
}

/// Every table of a database with its columns, in their order.
pub(super) async fn columns(
    connection: &mut SqliteConnection,
    of: &'static str,
) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT t.name, c.name FROM {of}.sqlite_schema AS t, pragma_table_info(t.name, '{of}') AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY t.name, c.cid"
    )))
    .fetch_all(connection)
    .await
}

/// Refuses what would leave a row that refers to one that is not there: what is loaded was examined, so
/// that it can only be a row of a table that is none of ours.
async fn check_references(connection: &mut SqliteConnection) -> Result<(), Failure> {
    let broken: Option<(String, String)> =
        sqlx::query_as(r#"SELECT "table", parent FROM main.pragma_foreign_key_check LIMIT 1"#)
            .fetch_optional(connection)
            .await?;
    broken.map_or(Ok(()), |(table, parent)| {
        Err(Failure::Refused(StateRefused::Referred { table, parent }))
    })
}

/// Runs a statement that is made of names of the schema; how many rows it touched.
async fn run(connection: &mut SqliteConnection, sql: String) -> sqlx::Result<u64> {
    // raw_sql: none of these comes again, so that nothing is to be kept in its compiled form.
    Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?.rows_affected())
}

/// A name of the schema, as SQL takes it whatever is in it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
