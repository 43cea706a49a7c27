//! SQL that people type, on the data file, with our own SQLite: for hosts whose shell is older.
//!
//! Works beside a running server, as any other process would: it takes SQLite's locks only. Reads unless it is told
//! to write; the guards of the file hold for it as for everybody.

use std::path::Path;

use sqlx::sqlite::{SqliteRow, SqliteStatement};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either, Executor as _,
    Row as _, SqlSafeStr as _, SqliteConnection, Statement as _, TypeInfo as _, ValueRef as _,
};
use thiserror::Error;

use super::{OpenError, Options, errors, holder, look, open};

/// What may be done to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Questions only.
    Read,
    /// Everything that SQL can do.
    Write,
}

/// A value as it stands in a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// Another number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// What a statement came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Rows, maybe none.
    Rows {
        /// The names of the columns.
        columns: Vec<String>,
        /// The rows.
        rows: Vec<Vec<Value>>,
    },
    /// It asked nothing, and changed so many rows.
    Done(u64),
}

/// Why a statement came to nothing: a sentence.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Refused(String);

/// A connection for people.
#[derive(Debug)]
pub struct Console {
    connection: SqliteConnection,
    file: std::path::PathBuf,
}

impl Console {
    /// Opens a data file of ours, of any schema that we know.
    pub async fn open(file: &Path, access: Access) -> Result<Self, OpenError> {
        let (connection, header) = match access {
            Access::Read => look::open(file).await?,
            Access::Write => {
                open::check_length(file)?;
                let wrong = |error| errors::of_opening(file, error);
                let options = open::common(file, &Options::default());
                let mut connection = options.connect().await.map_err(wrong)?;
                let header = open::Header::of(&mut connection).await.map_err(wrong)?;
                (connection, header)
            }
        };
        header.check(file)?;
        Ok(Self { connection, file: file.to_owned() })
    }

    /// Runs one statement.
    pub async fn run(&mut self, sql: &str) -> Result<Answer, Refused> {
        let sql = sql.trim().trim_end_matches(';');
        let statement = self.connection.prepare(AssertSqlSafe(sql).into_sql_str()).await;
        let statement = statement.map_err(|error| self.refused(error))?;
        let columns: Vec<String> =
            statement.columns().iter().map(|column| column.name().to_owned()).collect();
        let done = collect(&mut self.connection, statement).await;
        let (rows, touched) = done.map_err(|error| self.refused(error))?;
        if columns.is_empty() {
            Ok(Answer::Done(touched))
        } else {
            Ok(Answer::Rows { columns, rows })
        }
    }

    /// The tables and views, in SQLite's order.
    pub async fn tables(&mut self) -> Result<Answer, Refused> {
        self.run(
            "SELECT name, type FROM sqlite_schema
             WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%' ORDER BY name",
        )
        .await
    }

    /// The SQL of everything, or of what has this name or belongs to the table of this name.
    pub async fn schema(&mut self, name: Option<&str>) -> Result<String, Refused> {
        let texts: Vec<String> = sqlx::query_scalar(
            "SELECT sql || ';' FROM sqlite_schema
             WHERE sql IS NOT NULL AND ($1 IS NULL OR name = $1 OR tbl_name = $1)
             ORDER BY tbl_name, type = 'trigger', type = 'index', name",
        )
        .bind(name)
        .fetch_all(&mut self.connection)
        .await
        .map_err(|error| self.refused(error))?;
        Ok(texts.join("\n"))
    }

    /// Lets go of the file.
    pub async fn close(self) -> Result<(), Refused> {
        let Self { connection, file } = self;
        connection.close().await.map_err(|error| refused(&file, error))
    }

    fn refused(&self, error: sqlx::Error) -> Refused {
        refused(&self.file, error)
    }
}

fn refused(file: &Path, error: sqlx::Error) -> Refused {
    if errors::is_busy(&error) {
        let who = holder::who(file);
        let who = who.unwrap_or_else(|| "another process".to_owned());
        return Refused(format!("the data file is locked by {who}; try again"));
    }
    if errors::is_read_only(&error) {
        return Refused(
            "the data file is open for reading only; --write opens it for changes".to_owned(),
        );
    }
    let text = error.as_database_error().map(|error| error.message().to_owned());
    let text = text.unwrap_or_else(|| errors::text(error));
    Refused(text.strip_prefix("evs: ").unwrap_or(&text).to_owned())
}

async fn collect(
    connection: &mut SqliteConnection,
    statement: SqliteStatement,
) -> sqlx::Result<(Vec<Vec<Value>>, u64)> {
    let mut results = connection.fetch_many(statement.query().persistent(false));
    let (mut rows, mut touched) = (Vec::new(), 0);
    while let Some(result) =
        std::future::poll_fn(|context| results.as_mut().poll_next(context)).await
    {
        match result? {
            Either::Left(done) => touched += done.rows_affected(),
            Either::Right(row) => rows.push(values(&row)?),
        }
    }
    Ok((rows, touched))
}

fn values(row: &SqliteRow) -> sqlx::Result<Vec<Value>> {
    (0..row.columns().len()).map(|column| value(row, column)).collect()
}

fn value(row: &SqliteRow, column: usize) -> sqlx::Result<Value> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    // What the value is, whatever its column was declared as.
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" => Value::Integer(row.try_get_unchecked(column)?),
        "REAL" => Value::Real(row.try_get_unchecked(column)?),
        "BLOB" => Value::Blob(row.try_get_unchecked(column)?),
        _ => Value::Text(
            String::from_utf8_lossy(&row.try_get_unchecked::<Vec<u8>, _>(column)?).into_owned(),
        ),
    })
}

/// The statements of a text that are whole, each with its `;`, and the rest.
pub fn statements(text: &str) -> (Vec<&str>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(end) = end_of_statement(rest) {
        let (statement, after) = rest.split_at(end);
        found.push(statement.trim());
        rest = after;
    }
    (found, rest)
}

/// Whether a text has nothing to run: white space and comments.
pub fn is_blank(text: &str) -> bool {
    words(text).next().is_none()
}

/// Where the first statement ends: behind the first `;` that stands for itself, or that follows the END of a trigger.
fn end_of_statement(text: &str) -> Option<usize> {
    let (mut count, mut makes_trigger, mut last) = (0, false, "");
    for (at, word) in words(text) {
        if word == ";" {
            if !makes_trigger || last.eq_ignore_ascii_case("END") {
                return Some(at + 1);
            }
        } else {
            count += 1;
            let first = count <= 3 && word.eq_ignore_ascii_case("TRIGGER");
            makes_trigger |= first && starts_with_create(text);
        }
        last = word;
    }
    None
}

fn starts_with_create(text: &str) -> bool {
    words(text).next().is_some_and(|(_, word)| word.eq_ignore_ascii_case("CREATE"))
}

/// The words of SQL, quoted things and signs, each with where it begins; no comments. What is not closed goes on to the
/// end, a comment too: the next line may close it.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let first = rest.chars().next()?;
            let closed_by = |end: &str, skip: usize| {
                let inside = rest.get(skip..)?;
                Some(skip + inside.find(end)? + end.len())
            };
            let (length, is_comment) = match first {
                _ if rest.starts_with("--") => (rest.find('\n'), true),
                _ if rest.starts_with("/*") => {
                    let length = closed_by("*/", 2);
                    (length, length.is_some())
                }
                '\'' => (closed_by("'", 1), false),
                '"' => (closed_by("\"", 1), false),
                '`' => (closed_by("`", 1), false),
                '[' => (closed_by("]", 1), false),
                _ if is_of_word(first) => (rest.find(|c: char| !is_of_word(c)), false),
                _ => (Some(first.len_utf8()), first.is_whitespace()),
            };
            let word = rest.get(..length.unwrap_or(rest.len()))?;
            let begins = at;
            at += word.len();
            if !is_comment {
                return Some((begins, word));
            }
        }
    })
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_with_a_semicolon_that_stands_for_itself() {
        for (text, expected, rest) in [
            ("SELECT 1", vec![], "SELECT 1"),
            ("SELECT 1;", vec!["SELECT 1;"], ""),
            (
                "SELECT ';' ; SELECT \"a;b\", [c;d], `e;f`;",
                vec!["SELECT ';' ;", "SELECT \"a;b\", [c;d], `e;f`;"],
                "",
            ),
            ("SELECT 'it''s;' -- no; end\n; x", vec!["SELECT 'it''s;' -- no; end\n;"], " x"),
            ("SELECT /* ; */ 1;", vec!["SELECT /* ; */ 1;"], ""),
            ("SELECT 'open ; ", vec![], "SELECT 'open ; "),
            (
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END; SELECT 3;",
                vec![
                    "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;",
                    "SELECT 3;",
                ],
                "",
            ),
            (
                "create temp trigger t after insert on a begin select 1;",
                vec![],
                "create temp trigger t after insert on a begin select 1;",
            ),
            ("BEGIN; UPDATE a SET b = 1; END;", vec!["BEGIN;", "UPDATE a SET b = 1;", "END;"], ""),
        ] {
            assert_eq!(statements(text), (expected, rest), "{text}");
        }
        assert!(is_blank(" -- nothing\n /* more */ "));
        for text in ["x", "'", "/* more", "[ "] {
            assert!(!is_blank(text), "{text}");
        }
    }
}
