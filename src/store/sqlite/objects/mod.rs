//! What of the schema is code: the views that testers look at, the guards that refuse what would break
//! something, and the text of the table `README`.
//!
//! Tables come by migrations, since rows lie in them. These hold no rows of anybody: what a file has is compared with
//! what stands here at each opening, and replaced in one transaction where it differs, so that a start that is killed
//! leaves the old ones or the new ones. Views and triggers of others are left alone.

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::doctor;

mod readme;

/// Where the views and guards stand.
const TEXTS: [&str; 7] = [
    include_str!("views/disks.sql"),
    include_str!("views/transfers.sql"),
    include_str!("views/events.sql"),
    include_str!("guards/disks.sql"),
    include_str!("guards/transfers.sql"),
    include_str!("guards/events.sql"),
    include_str!("guards/others.sql"),
];

/// What the sentence of every guard begins with; no trigger of anybody else says so.
const OF_A_GUARD: &str = "RAISE(ABORT, 'evs: ";

/// The first schema whose views are not made by migrations any more.
const FIRST_SCHEMA: i64 = 36;

/// A view or a guard, in the words in which SQLite keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
struct Object {
    kind: String,
    name: String,
    sql: String,
}

/// All that a file is to have, ordered.
fn wanted() -> Vec<Object> {
    let mut wanted: Vec<Object> =
        TEXTS.into_iter().flat_map(statements).filter_map(|sql| object(&sql)).collect();
    wanted.extend(object(&broken()));
    wanted.sort();
    wanted
}

/// The names of the guards.
#[cfg(test)]
pub(super) fn guards() -> Vec<String> {
    let guards = wanted().into_iter().filter(|object| object.kind == "trigger");
    guards.map(|object| object.name).collect()
}

/// The statements of a file: each from a line that begins with CREATE to one that ends it.
fn statements(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut statement: Option<String> = None;
    for line in text.lines() {
        let mut so_far = match statement.take() {
            Some(so_far) => so_far + "\n",
            None if line.starts_with("CREATE ") => String::new(),
            None => continue,
        };
        so_far.push_str(line);
        let is_over = if so_far.starts_with("CREATE TRIGGER ") {
            line == "END;"
        } else {
            line.ends_with(';')
        };
        if is_over {
            found.push(so_far.trim_end_matches(';').to_owned());
        } else {
            statement = Some(so_far);
        }
    }
    found
}

fn object(sql: &str) -> Option<Object> {
    let mut words = sql.split_whitespace().skip(1);
    let (kind, name) = (words.next()?.to_lowercase(), words.next()?.to_owned());
    Some(Object { kind, name, sql: sql.to_owned() })
}

/// The doctor's checks as a view.
fn broken() -> String {
    let mut questions = String::new();
    let mut answers = String::new();
    for (number, check) in doctor::checks().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let union = if number == 0 { "" } else { "\nUNION ALL " };
        // Writing to a String does not fail.
        let _ = write!(questions, "{comma}\nc{number} (sentence) AS (\n{}\n)", check.sql);
        let _ = write!(
            answers,
            "{union}SELECT '{}' AS invariant, sentence FROM c{number}",
            check.invariant
        );
    }
    format!(
        "CREATE VIEW v_broken AS\n-- What does not hold, as `evs doctor` tells it: empty for a healthy file. Asks \
         everything anew.\nWITH{questions}\n{answers}"
    )
}

/// The views and guards that the file has, ours and those of others, ordered.
async fn present(connection: &mut SqliteConnection) -> sqlx::Result<Vec<Object>> {
    let mut present: Vec<Object> = sqlx::query_as(
        "SELECT type AS kind, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger')",
    )
    .fetch_all(connection)
    .await?;
    present.sort();
    Ok(present)
}

/// Those of `present` that are ours, in these words or in others.
fn ours<'a>(present: &'a [Object], wanted: &'a [Object]) -> impl Iterator<Item = &'a Object> {
    let is_ours = |object: &&Object| {
        object.sql.contains(OF_A_GUARD)
            || wanted.iter().any(|wanted| wanted.name == object.name && wanted.kind == object.kind)
    };
    present.iter().filter(is_ours)
}

fn drops<'a>(objects: impl Iterator<Item = &'a Object>) -> String {
    // A name of ours has no quote in it.
    let mut sql = String::new();
    for object in objects {
        // Writing to a String does not fail.
        let _ = writeln!(sql, "DROP {} \"{}\";", object.kind, object.name);
    }
    sql
}

/// Takes ours out of the way of migrations to come, which may rename or drop what they read. Files of older schemas
/// have views that migrations made and that migrations expect.
pub(super) async fn make_way(connection: &mut SqliteConnection, schema: i64) -> sqlx::Result<()> {
    if schema < FIRST_SCHEMA {
        return Ok(());
    }
    let (present, wanted) = (present(connection).await?, wanted());
    replace(connection, &drops(ours(&present, &wanted))).await
}

/// Brings the views, the guards and the table `README` up to date; says whether anything differed. Where nothing
/// does, it takes no lock.
pub(super) async fn bring_up_to_date(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    let (present, wanted) = (present(connection).await?, wanted());
    let differs = ours(&present, &wanted).any(|object| !wanted.contains(object))
        || wanted.iter().any(|object| !present.contains(object));
    let reads = readme::is_told(connection).await?;
    if !differs && reads {
        return Ok(false);
    }
    let mut sql = String::new();
    if differs {
        sql.push_str(&drops(ours(&present, &wanted)));
        for object in &wanted {
            sql.push_str(&object.sql);
            sql.push_str(";\n");
        }
    }
    if !reads {
        sql.push_str(&readme::telling());
    }
    replace(connection, &sql).await?;
    Ok(true)
}

/// All of it or nothing.
async fn replace(connection: &mut SqliteConnection, sql: &str) -> sqlx::Result<()> {
    // Only texts of this folder are joined here, and names that they give.
    let whole = AssertSqlSafe(format!("BEGIN IMMEDIATE;\n{sql}COMMIT"));
    let done = sqlx::raw_sql(whole).execute(&mut *connection).await;
    if let Err(why) = done {
        // Nothing to roll back if it is the BEGIN that failed.
        let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
        return Err(why);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_statement_of_the_files_is_found_and_has_a_name_of_its_own() {
        let wanted = wanted();
        let created: usize = TEXTS.iter().map(|text| text.matches("\nCREATE ").count()).sum();
        assert_eq!(wanted.len(), created + 1, "and v_broken");
        let names: BTreeSet<&str> = wanted.iter().map(|object| object.name.as_str()).collect();
        assert_eq!(names.len(), wanted.len());
        for object in &wanted {
            let as_kept = format!("CREATE {} {}", object.kind.to_uppercase(), object.name);
            assert!(object.sql.starts_with(&as_kept), "{}", object.sql);
            assert_eq!(object.kind == "view", object.name.starts_with("v_"), "{}", object.name);
            if object.kind == "view" {
                assert!(
                    object.sql.contains(" AS\n-- "),
                    "{} does not say what it shows",
                    object.name
                );
            }
        }
    }

    #[test]
    fn every_guard_says_in_a_sentence_of_its_own_why_it_refuses() {
        for object in wanted().iter().filter(|object| object.kind == "trigger") {
            let (_, rest) = object.sql.split_once(OF_A_GUARD).expect(&object.name);
            let (sentence, rest) = rest.split_once('\'').unwrap();
            assert!(sentence.len() > 20, "{sentence}");
            assert_eq!(
                rest, ");\nEND",
                "a text alone: older shells know no other: {}",
                object.name
            );
        }
    }

    #[test]
    fn the_doctor_asks_after_every_guard() {
        let check = doctor::checks().find(|check| check.name == "every guard is there").unwrap();
        let (_, list) = check.sql.split_once("VALUES ").unwrap();
        let named: BTreeSet<&str> = list.split('\'').skip(1).step_by(2).collect();
        for guard in guards() {
            assert!(named.contains(guard.as_str()), "('{guard}'),");
        }
        assert_eq!(named.len(), guards().len() + 1, "and 'trigger'");
    }
}
