//! What must always hold in a data file, as questions that a healthy one has no answer to.
//!
//! Works on a file that a server runs on and on one that a killed server left. Each check is one
//! statement and so sees one moment; it changes nothing.

mod checks;

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};

use super::{errors, look, open};

pub use checks::checks;
pub use open::OpenError;

/// One thing that must hold.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The invariant of the design that it belongs to.
    pub invariant: &'static str,
    /// What must hold.
    pub name: &'static str,
    /// Gives a sentence for each row that breaks it.
    pub sql: &'static str,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The invariant of the design that it belongs to.
    pub invariant: &'static str,
    /// What is wrong, for people.
    pub sentence: String,
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many checks were made.
    pub checks: usize,
    /// What does not hold; empty for a healthy file.
    pub violations: Vec<Violation>,
}

/// Makes every check on `file`.
pub async fn examine(file: &Path) -> Result<Report, OpenError> {
    let (mut connection, header) = look::open(file).await?;
    header.check_complete(file)?;
    let mut violations = Vec::new();
    for check in checks() {
        let sentences = match sentences(&mut connection, check.sql).await {
            Ok(sentences) => sentences,
            // A damaged file may not let a question be answered; that is a finding too.
            Err(error) => {
                vec![format!("whether {} cannot be told: {}", check.name, errors::text(error))]
            }
        };
        violations.extend(
            sentences
                .into_iter()
                .map(|sentence| Violation { invariant: check.invariant, sentence }),
        );
    }
    connection.close().await.map_err(|error| errors::of_opening(file, error))?;
    Ok(Report { checks: checks().count(), violations })
}

async fn sentences(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(sql).fetch_all(connection).await
}
