//! The text of the table `README`: what whoever opens the file with a shell of SQLite reads first.

use std::fmt::Write as _;

use sqlx::SqliteConnection;

/// Topics and texts, in the order in which to read them.
const ROWS: &[(&str, &str)] = &[
    (
        "what this is",
        "The data of an evs-local server: every disk, snapshot, backup, policy, transfer, account and event. The \
         server keeps nothing else; what you change here is what its next answer shows.",
    ),
    (
        "begin with",
        "SELECT * FROM v_disks; v_pending_transfers, v_transfers, v_usage and v_events tell the same with names in \
         place of ids; v_history what a disk was at each moment.",
    ),
    (
        "why not",
        "SELECT * FROM v_why_not_transferable tells what stands in the way of a transfer, one row for each obstacle.",
    ),
    (
        "is it healthy",
        "SELECT * FROM v_broken is empty for a healthy file, or names what is wrong, as `evs doctor` does. Ask it after \
         an edit, and tell what it says when you report something.",
    ),
    (
        "columns",
        ".schema TABLE shows a comment on every column. Times are UTC with microseconds, sizes are GiB, ids are text.",
    ),
    (
        "reading",
        "Open it with `sqlite3 -readonly evs.db` or `evs db shell`: neither holds the server up. A read transaction \
         that stays open (BEGIN) keeps the file evs.db-wal growing.",
    ),
    (
        "editing",
        "Edits beside the running server are fine: `evs db shell --write`. Guards (triggers) refuse what would break \
         something and say why; the server notes each burst of edits as an event, database.edit. With sqlite3, say \
         PRAGMA foreign_keys = ON first, which it leaves off. Do not hold a write lock for more than 5 seconds: writes \
         answer 503 meanwhile.",
    ),
    (
        "copying",
        "Never copy evs.db alone: the newest changes may be in evs.db-wal. Say `sqlite3 evs.db '.backup copy.db'`, or \
         `evs db query --format csv` for a table.",
    ),
    (
        "old shells",
        "The views need SQLite 3.38 or newer: `sqlite3 --version`. On a host that has an older one, `evs db query` and \
         `evs db shell` bring their own. A shell older than 3.51.3 that writes beside the server may meet a known bug \
         of SQLite in WAL mode, so read with it and write with `evs db shell --write`.",
    ),
    (
        "secrets",
        "No key, password or token stands here: argon2id and SHA-256 hashes only. The exception is access_keys.secret, \
         with which signatures are verified. So a copy of this file lets in whoever has it by those keys.",
    ),
    (
        "how to report",
        "Tell the request id of the answer (x-openstack-request-id), SELECT * FROM v_events WHERE request_id = '...', \
         SELECT * FROM v_broken, and `evs --version`.",
    ),
];

/// Whether the table says all of it, and nothing else.
pub(super) async fn is_told(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT topic, text FROM README ORDER BY place")
            .fetch_all(connection)
            .await?;
    Ok(rows.iter().map(|(topic, text)| (topic.as_str(), text.as_str())).eq(ROWS.iter().copied()))
}

/// What makes the table say it.
pub(super) fn telling() -> String {
    let mut sql = "DELETE FROM README;\n".to_owned();
    for (place, (topic, text)) in ROWS.iter().enumerate() {
        let (place, topic, text) = (place + 1, quoted(topic), quoted(text));
        // Writing to a String does not fail.
        let _ = writeln!(
            sql,
            "INSERT INTO README (place, topic, text) VALUES ({place}, {topic}, {text});"
        );
    }
    sql
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
