//! A start that cannot be: exit code 1 and one sentence that says what is wrong and what to do.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use sqlx::Connection as _;
use tempfile::TempDir;

use crate::process::{Server, evs, serve};
use crate::{run, tester};

/// Asserts that the start is refused with this sentence alone.
#[track_caller]
fn refuses(command: &mut Command, sentence: &str) {
    let outcome = run(command);
    let said = (outcome.code, outcome.out.as_str(), outcome.err.as_str());
    assert_eq!(said, (1, "", format!("evs: {sentence}\n").as_str()));
}

/// A data file that a server has left.
fn used(data: &Path) {
    let mut server = Server::start(serve(data).stderr(Stdio::null())).unwrap();
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
}

/// Runs statements in a data file, as another program would.
async fn edit(database: &Path, sql: &'static str) {
    let mut tester = tester(database).await;
    sqlx::raw_sql(sql).execute(&mut tester).await.unwrap();
    tester.close().await.unwrap();
}

#[test]
fn a_port_that_is_taken_is_named() {
    let home = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    refuses(
        evs().arg("--data").arg(home.path()).args(["--listen", &addr.to_string()]),
        &format!(
            "cannot listen on {addr}: another process has taken the port; stop it or choose \
             another one with --listen"
        ),
    );
}

#[test]
fn a_data_directory_that_cannot_be_made_or_written_is_named() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    refuses(
        &mut serve(&file.join("data")),
        &format!(
            "cannot create the data directory {}/data (choose another with --data): Not a \
             directory (os error 20)",
            file.display()
        ),
    );
    refuses(
        &mut serve(&file),
        &format!("{} is not a directory; choose another with --data", file.display()),
    );
    // Root may write everywhere, but no directory.
    fs::create_dir_all(home.path().join("data/evs.lock")).unwrap();
    refuses(
        &mut serve(&home.path().join("data")),
        &format!(
            "cannot write {}/data/evs.lock (make it writable, or choose another directory with \
             --data): Is a directory (os error 21)",
            home.path().display()
        ),
    );
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("evs.db");
    edit(&database, "PRAGMA application_id = 7; CREATE TABLE theirs (a)").await;
    let before = fs::read(&database).unwrap();
    refuses(
        &mut serve(home.path()),
        &format!(
            "{} is the database of another program and is left alone; choose another directory \
             with --data",
            database.display()
        ),
    );
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("evs.db");
    fs::write(&database, "Dear diary, today I named a file evs.db.").unwrap();
    refuses(
        &mut serve(home.path()),
        &format!(
            "{} is not a SQLite database and is left alone; choose another directory with --data",
            database.display()
        ),
    );
    let left = fs::read_to_string(&database).unwrap();
    assert_eq!(left, "Dear diary, today I named a file evs.db.");
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_left_alone() {
    let home = TempDir::new().unwrap();
    used(home.path());
    let database = home.path().join("evs.db");
    let mut reader = tester(&database).await;
    let known: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut reader).await.unwrap();
    reader.close().await.unwrap();
    edit(&database, "PRAGMA user_version = 9999").await;
    let before = fs::read(&database).unwrap();
    refuses(
        &mut serve(home.path()),
        &format!(
            "{} has schema 9999, which is newer than {known}, the newest this program knows; run \
             the newer program, or choose another directory with --data",
            database.display()
        ),
    );
    assert_eq!(fs::read(&database).unwrap(), before);
}

/// Found by killing first starts: for good, no start succeeded any more.
#[tokio::test]
async fn a_file_that_a_killed_first_start_had_only_begun_is_begun_anew() {
    let home = TempDir::new().unwrap();
    unfinished(home.path(), "SELECT 1").await;
    used(home.path());
}

#[tokio::test]
async fn an_unfinished_transaction_of_another_program_is_left_to_it() {
    let home = TempDir::new().unwrap();
    unfinished(home.path(), "CREATE TABLE theirs (a)").await;
    let files = ["evs.db", "evs.db-journal"].map(|name| home.path().join(name));
    let before = files.clone().map(|file| fs::read(file).unwrap());
    refuses(
        &mut serve(home.path()),
        &format!(
            "{} is in the middle of another program's transaction and is left alone; finish that \
             with the other program, or choose another directory with --data",
            files[0].display()
        ),
    );
    assert_eq!(files.map(|file| fs::read(file).unwrap()), before);
}

/// A data file as a kill leaves it that strikes while SQLite writes the pages of a transaction
/// after the one that is given.
async fn unfinished(data: &Path, before: &'static str) {
    let elsewhere = TempDir::new().unwrap();
    let mut program = tester(&elsewhere.path().join("evs.db")).await;
    for sql in [
        // With so small a cache, pages go to the file, and their journal first, before the COMMIT.
        "PRAGMA cache_size = 1",
        before,
        "BEGIN",
        "CREATE TABLE unfinished (a)",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
         INSERT INTO unfinished SELECT zeroblob(4000) FROM n",
    ] {
        sqlx::raw_sql(sql).execute(&mut program).await.unwrap();
    }
    for name in ["evs.db", "evs.db-journal"] {
        let copied = fs::copy(elsewhere.path().join(name), data.join(name)).unwrap();
        assert!(copied > 0, "{name} is empty");
    }
    program.close().await.unwrap();
}

#[test]
fn a_second_server_on_a_directory_is_told_who_has_it() {
    let home = TempDir::new().unwrap();
    let first = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    refuses(
        &mut serve(home.path()),
        &format!(
            "another evs (pid {}, {}) already serves {}; stop it or choose another directory with \
             --data",
            first.pid(),
            first.url,
            home.path().display()
        ),
    );
}

#[test]
fn a_setting_that_is_none_is_named_with_its_origin() {
    let home = TempDir::new().unwrap();
    let (data, file) = (home.path().join("data"), home.path().join("evs.toml"));
    fs::write(&file, "[server]\nlisen = \"127.0.0.1:1\"\n").unwrap();
    refuses(
        serve(&data).arg("--config").arg(&file),
        &format!(
            "unknown setting server.lisen (file {}); did you mean server.listen?",
            file.display()
        ),
    );
    refuses(
        serve(&data).env("EVS__SERVER__LISEN", "127.0.0.1:1"),
        "unknown setting server.lisen (environment EVS__SERVER__LISEN); did you mean \
         EVS__SERVER__LISTEN?",
    );
    assert!(!data.exists());
}

#[test]
fn a_value_that_breaks_a_rule_is_named_with_the_rule() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    refuses(
        serve(&data).env("EVS__STORE__READERS", "many"),
        "store.readers (environment EVS__STORE__READERS) must be a whole number, not \"many\"",
    );
    refuses(
        evs().arg("--data").arg(&data).args(["--listen", "localhost"]),
        "server.listen (flag --listen) must be an IP address (or localhost) and a port, as \
         127.0.0.1:8776, not \"localhost\"",
    );
    let absent = home.path().join("absent.toml");
    refuses(
        serve(&data).arg("--config").arg(&absent),
        &format!(
            "cannot read the settings file {}: No such file or directory (os error 2)",
            absent.display()
        ),
    );
    assert!(!data.exists());
}

#[test]
fn open_mode_and_the_default_password_stay_on_loopback() {
    let on = |data: &Path, address: &str| {
        let mut command = evs();
        command.arg("--data").arg(data).args(["--listen", address]);
        command
    };
    let remote = |data: &Path| on(data, "0.0.0.0:0");
    let start = "refusing to listen on 0.0.0.0:0, which is beyond loopback,";
    let home = TempDir::new().unwrap();
    refuses(
        remote(home.path()).env("EVS__AUTH__MODE", "open"),
        &format!(
            "{start} in open mode: set auth.mode to \"token\", or allow it with --allow-remote"
        ),
    );
    let default = format!(
        "{start} with the default password: set bootstrap.password and begin a new data directory, \
         or allow it with --allow-remote"
    );
    refuses(remote(home.path()).env("EVS__BOOTSTRAP__PASSWORD", "secret"), &default);

    // The refusal made no accounts: with another password, the same directory is as good as new.
    used(home.path());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    refuses(
        &mut on(home.path(), &format!("0.0.0.0:{port}")),
        &format!(
            "cannot listen on 0.0.0.0:{port}: another process has taken the port; stop it or \
             choose another one with --listen"
        ),
    );

    // What counts is the password that the accounts have, not the one in the settings.
    let open = TempDir::new().unwrap();
    let mut server = serve(open.path());
    let server = server.env("EVS__BOOTSTRAP__PASSWORD", "secret").stderr(Stdio::null());
    drop(Server::start(server).unwrap());
    refuses(&mut remote(open.path()), &default);
}
