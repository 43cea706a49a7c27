//! `evs db query` and `evs db shell`, with a server and without one.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::commands::{done, failed};
use crate::process::{Client, Server, evs, serve, text};
use crate::{Outcome, run};

fn db(data: &Path, words: &[&str]) -> Command {
    let mut command = evs();
    command.arg("--data").arg(data).arg("db").args(words);
    command
}

/// What a shell makes of lines that another program writes.
fn shell(data: &Path, words: &[&str], lines: &str) -> Outcome {
    let mut command = db(data, &[&["shell"], words].concat());
    command.env("EVS__LOG__FILTER", "off");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended before it has read everything.
    drop(child.stdin.take().unwrap().write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_answered_beside_a_server_and_without_one() {
    let home = TempDir::new().unwrap();
    let mut server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let answer = demo.create_disk("ledger").await.unwrap();
    let disk = text(&answer.body, "volume", "id");
    let sql = "SELECT name, size_gib, project, updated_at FROM v_disks";
    let expected = done(
        "name    size_gib  project  updated_at\n------  --------  -------  ----------\nledger  1         demo\n",
    );
    assert_eq!(run(&mut db(home.path(), &["query", sql])), expected);
    let csv = done("name,size_gib,project,updated_at\nledger,1,demo,\n");
    assert_eq!(run(&mut db(home.path(), &["query", sql, "--format", "csv"])), csv);
    let json =
        done("[{\"name\":\"ledger\",\"size_gib\":1,\"project\":\"demo\",\"updated_at\":null}]\n");
    assert_eq!(run(&mut db(home.path(), &["query", sql, "--format", "json"])), json);

    let rename = format!("UPDATE disks SET name = 'by hand' WHERE id = '{disk}'");
    assert_eq!(
        run(&mut db(home.path(), &["query", &rename])),
        failed(1, "evs: the data file is open for reading only; --write opens it for changes\n")
    );
    assert_eq!(run(&mut db(home.path(), &["query", &rename, "--write"])), done("1 row changed\n"));
    let shown = demo.get(&format!("volumes/{disk}")).await.unwrap();
    assert_eq!(text(&shown.body, "volume", "name"), "by hand");
    let take = format!("UPDATE disks SET project_id = 'x' WHERE id = '{disk}'");
    assert_eq!(
        run(&mut db(home.path(), &["query", &take, "--write"])),
        failed(
            1,
            "evs: a disk changes its project by an accepted transfer only: offer it and accept it through the \
             API\n"
        )
    );
    server.signal("TERM");
    server.end();
    let names = "SELECT name FROM disks; SELECT count(*) AS n FROM v_broken";
    let both = "name\n-------\nby hand\nn\n-\n0\n";
    assert_eq!(run(&mut db(home.path(), &["query", names])), done(both));
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_sentence() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("evs.db");
    assert_eq!(
        run(&mut db(home.path(), &["query", "SELECT 1"])),
        failed(
            1,
            &format!(
                "evs: cannot read {}: No such file or directory (os error 2)\n",
                file.display()
            )
        )
    );
    std::fs::write(&file, "not a database".repeat(100)).unwrap();
    let refused = run(&mut db(home.path(), &["query", "SELECT 1"]));
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("is not a SQLite database"), "{}", refused.err);
    std::fs::remove_file(&file).unwrap();

    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    for (sql, why) in [
        ("SELECT * FROM notes", "evs: no such table: notes\n"),
        ("SELEKT 1", "evs: near \"SELEKT\": syntax error\n"),
        ("SELECT 'open", "evs: unrecognized token: \"'open\"\n"),
        (
            "SELECT 1; DROP TABLE disks",
            "evs: the data file is open for reading only; --write opens it for changes\n",
        ),
    ] {
        let refused = run(&mut db(home.path(), &["query", sql]));
        assert_eq!((refused.code, refused.err.as_str()), (1, why), "{sql}");
    }
    drop(server);
}

#[test]
fn a_shell_reads_statements_line_by_line_and_stops_at_the_first_error() {
    let home = TempDir::new().unwrap();
    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let outcome = shell(
        home.path(),
        &[],
        ".mode csv\nSELECT name\n  FROM users -- who; there is\n  ORDER BY name;\n.tables\n.quit\nSELECT 1;\n",
    );
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    assert!(
        outcome.out.starts_with("name\nadmin\ndemo\npartner\nname,type\nREADME,table\n"),
        "{}",
        outcome.out
    );
    assert!(outcome.out.contains("\nv_broken,view\n") && !outcome.out.contains("\n1\n"));

    let schema = shell(home.path(), &[], ".schema transfers\n");
    assert_eq!(schema.code, 0);
    for part in [
        "-- argon2id of the auth key",
        "CREATE UNIQUE INDEX",
        "CREATE TRIGGER transfers_are_never_deleted",
    ] {
        assert!(schema.out.contains(part), "{part}: {}", schema.out);
    }
    let help = shell(home.path(), &[], ".help\n");
    assert!(help.out.contains(".schema [NAME]"), "{}", help.out);

    let stopped = shell(home.path(), &["--write"], "DELETE FROM events;\nSELECT 1;\n");
    assert_eq!(
        stopped,
        failed(1, "evs: events are never deleted, since they tell what happened\n")
    );
    let unknown = shell(home.path(), &[], ".dump\n");
    assert_eq!(unknown, failed(1, "evs: there is no command .dump; .help names those there are\n"));
    drop(server);
}

/// A trigger has semicolons inside; one that is made in several lines is one statement.
#[test]
fn a_shell_takes_a_trigger_for_one_statement() {
    let home = TempDir::new().unwrap();
    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let lines = "CREATE TRIGGER mine AFTER DELETE ON quotas\nBEGIN\n  SELECT 1;\n  SELECT 2;\nEND;\n\
                 SELECT count(*) AS n FROM sqlite_schema WHERE name = 'mine';\nDROP TRIGGER mine;\n";
    assert_eq!(shell(home.path(), &["--write"], lines), done("n\n-\n1\n"));
    drop(server);
}
