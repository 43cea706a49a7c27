//! Who reads the data file beside the server slows nobody, and who reads for long stops nobody.
//!
//! `cargo test --test cli readers_beside_the_server -- --nocapture` prints by how much. Timings decide nothing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{Client, Server, evs, serve, violations};
use crate::tester;

/// Rounds with readers, and as many without.
const ROUNDS: usize = 4;
/// Clients that write all the time.
const WRITERS: usize = 4;
/// What each of them writes in a round.
const WRITES: usize = 60;
/// Testers who each look something up, again and again with a pause between ...
const READERS: usize = 2;
/// ... of so long.
const PAUSE: Duration = Duration::from_millis(50);

const QUESTION: &str = "SELECT * FROM v_disks ORDER BY created_at DESC LIMIT 20; SELECT * FROM v_usage; \
                        SELECT * FROM v_events ORDER BY seq DESC LIMIT 20";

/// A question by the real shell of SQLite where there is one, else by our own.
fn question(data: &Path) -> Command {
    let real =
        Command::new("sqlite3").arg("--version").output().is_ok_and(|out| out.status.success());
    if real {
        let mut command = Command::new("sqlite3");
        command.arg("-readonly").arg(data.join("evs.db")).arg(QUESTION);
        return command;
    }
    let mut command = evs();
    command.arg("--data").arg(data).args(["db", "query", QUESTION]);
    command
}

fn read_until(stop: &AtomicBool, asked: &AtomicU32, data: &Path) {
    while !stop.load(Ordering::Relaxed) {
        let output = question(data).stdout(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        asked.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(PAUSE);
    }
}

/// How long each of the writes took.
async fn write(client: &Client) -> Vec<Duration> {
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let client = client.clone();
        writers.spawn(async move {
            let mut times = Vec::new();
            for _ in 0..WRITES {
                let began = Instant::now();
                let answer = client.create_disk("ledger").await.unwrap();
                times.push(began.elapsed());
                assert_eq!(answer.status, 202, "{}", answer.body);
            }
            times
        });
    }
    writers.join_all().await.concat()
}

fn milliseconds(times: &mut [Duration], percent: usize) -> f64 {
    times.sort();
    times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e3
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_beside_the_server_under_full_write_load() {
    let home = TempDir::new().unwrap();
    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    write(&demo).await;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let asked = Arc::new(AtomicU32::new(0));
    for _ in 0..ROUNDS {
        without.extend(write(&demo).await);
        let stop = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let (stop, asked): (Arc<AtomicBool>, Arc<AtomicU32>) =
                    (Arc::clone(&stop), Arc::clone(&asked));
                let data: PathBuf = home.path().to_owned();
                std::thread::spawn(move || read_until(&stop, &asked, &data))
            })
            .collect();
        with.extend(write(&demo).await);
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
    }
    let mut text = String::new();
    for percent in [50, 99] {
        let (without, with) =
            (milliseconds(&mut without, percent), milliseconds(&mut with, percent));
        writeln!(
            text,
            "p{percent} of {} writes: {with:.2} ms beside readers, {without:.2} ms without: {:.2} times",
            WRITERS * WRITES * ROUNDS,
            with / without
        )
        .unwrap();
    }
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked > 0);
    writeln!(text, "{asked} questions by other processes meanwhile, all answered").unwrap();
    std::io::stdout().write_all(text.as_bytes()).unwrap();
    assert_eq!(violations(home.path()).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_transaction_that_stays_open_stops_no_write() {
    use sqlx::Connection as _;
    let home = TempDir::new().unwrap();
    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let mut tester = tester(&home.path().join("evs.db")).await;
    sqlx::raw_sql("BEGIN; SELECT count(*) FROM disks").execute(&mut tester).await.unwrap();
    for _ in 0..3 {
        // Past the second after which an idle server moves its log into the main file.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        write(&demo).await;
    }
    let text =
        reqwest::get(format!("{}/_evs/metrics", server.url)).await.unwrap().text().await.unwrap();
    let bytes = text.lines().find_map(|line| line.strip_prefix("evs_database_log_bytes ")).unwrap();
    let log = std::fs::metadata(home.path().join("evs.db-wal")).unwrap().len();
    assert_eq!(bytes.parse::<u64>().unwrap(), log);
    assert!(log > 100_000, "the log grows while somebody reads: {log}");
    let seen: i64 =
        sqlx::query_scalar("SELECT count(*) FROM disks").fetch_one(&mut tester).await.unwrap();
    assert_eq!(seen, 0, "the reader sees its own moment");
    sqlx::raw_sql("COMMIT").execute(&mut tester).await.unwrap();
    tester.close().await.unwrap();
    assert_eq!(violations(home.path()).await, Vec::<String>::new());
}

/// What somebody of the group, who is not the owner, gets from a command; none where nobody can become one.
fn as_member(data: &Path, words: &[&str]) -> Option<(bool, String)> {
    use std::os::unix::fs::MetadataExt as _;
    let group = std::fs::metadata(data).unwrap().gid().to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", &group, "--clear-groups"]).args(words);
    let output = command.output().ok()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let cannot = said.starts_with("setpriv: ") || said.contains("Permission denied (os error 13)");
    (!cannot).then_some((output.status.success(), said))
}

#[test]
fn a_member_of_the_group_reads_and_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = TempDir::new().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let data = home.path().join("data");
    let mut server = Server::start(serve(&data).stderr(Stdio::null())).unwrap();
    let names = || {
        let mut names: Vec<_> =
            std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let directory = data.to_str().unwrap().to_owned();
    let ask = |sql: &str| {
        as_member(
            &data,
            &[
                env!("CARGO_BIN_EXE_evs"),
                "--data",
                &directory,
                "db",
                "query",
                "--format",
                "csv",
                sql,
            ],
        )
    };
    let before = names();
    let Some(found) = ask("SELECT count(*) AS n FROM v_usage") else {
        writeln!(std::io::stderr(), "SKIPPED: nobody can become a member of the group here")
            .unwrap();
        return;
    };
    assert_eq!(found, (true, "n\n3\n".to_owned()), "beside the server");
    assert_eq!(names(), before);
    server.signal("TERM");
    server.end();
    let before = names();
    assert_eq!(
        ask("SELECT count(*) AS n FROM v_usage").unwrap(),
        (true, "n\n3\n".to_owned()),
        "without one"
    );
    let doctor = [env!("CARGO_BIN_EXE_evs"), "--data", &directory, "doctor"];
    let (healthy, said) = as_member(&data, &doctor).unwrap();
    assert!(healthy, "{said}");
    assert_eq!(names(), before);
}
