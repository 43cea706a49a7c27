//! What is asked at every request or run in the background looks its rows up: however many tokens
//! there are, none of it reads through a table.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Once;
use std::time::{Duration, Instant};

use evs_local::domain::access::Role;
use evs_local::domain::account::TokenHash;
use evs_local::domain::event::{EventFilter, Span, Words};
use evs_local::domain::guess::{Secret, Target};
use evs_local::domain::ids::BackupId;
use evs_local::domain::policy::{Task, TaskStatus, Trigger};
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use tracing::{Instrument as _, info_span};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::statements::{self, Watch};
use crate::support::{self, Bench, account, at, disk, domain, policy, session};

/// How many tokens there are beside the one that is looked up.
const TOKENS: i64 = 100_000;

fn watch() -> Watch {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing_subscriber::registry().with(statements::layer()).init());
    Watch::begin()
}

fn hash() -> TokenHash {
    TokenHash("a".repeat(64))
}

/// A bench with one account that has one token.
async fn with_a_token() -> Bench {
    let bench = Bench::new().await;
    let (home, user) = account("atlas");
    let session = session(&user, Some(&home), &[Role::Member]);
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&user);
            unit.grant(&user.id, &home.id, Role::Member);
            unit.insert_token(&hash(), &session);
        })
        .await;
    bench
}

/// How SQLite would run a statement, line by line.
async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::query(explain).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

#[tokio::test]
async fn no_statement_about_tokens_or_wrong_guesses_reads_through_a_table() {
    let watch = watch();
    let bench = with_a_token().await;
    let target = Target { secret: Secret::Password, subject: "x".to_owned() };
    bench
        .commit(|unit| {
            unit.insert_failure(&target, at(0));
            unit.delete_expired_tokens(at(0), 10);
            unit.forget_failures(at(0), 10);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let reading = async {
        reader.session(&hash(), at(0)).await.unwrap().unwrap();
        reader.expired_tokens(at(0), 10).await.unwrap();
        reader.failures(&target, at(0)).await.unwrap();
        reader.old_failures(at(0), 10).await.unwrap();
    };
    reading.instrument(info_span!("request", request.id = "reading")).await;
    drop(reader);
    bench.commit(|unit| unit.delete_token(&hash())).await;

    let mut other = bench.other().await;
    let written: BTreeSet<String> = watch
        .of_request("")
        .iter()
        .flat_map(|sql| sql.split("; "))
        .filter(|sql| sql.starts_with("INSERT") || sql.starts_with("DELETE"))
        .map(str::to_owned)
        .collect();
    let read = watch.of_request("reading");
    let mut seen = Vec::new();
    for sql in read.iter().chain(&written) {
        let (verb, rest) = sql.split_once(' ').unwrap();
        let about = ["tokens", "wrong_guesses"].into_iter().find(|table| rest.contains(table));
        // Tests beside this one write other things.
        let Some(table) = about else { continue };
        let plan = plan(&mut other, sql).await;
        for line in &plan {
            // The rows of a subquery are those that its LIMIT lets through.
            let scans = line.starts_with("SCAN") && !line.starts_with("SCAN (subquery");
            assert!(!scans, "{line} in {sql}");
        }
        assert!(verb == "INSERT" || plan.iter().any(|line| line.starts_with("SEARCH")), "{sql}");
        seen.push((verb, table));
    }
    for (verb, table, times) in [
        ("SELECT", "tokens", 2),
        ("SELECT", "wrong_guesses", 2),
        ("INSERT", "tokens", 1),
        ("INSERT", "wrong_guesses", 1),
        ("DELETE", "tokens", 2),
        ("DELETE", "wrong_guesses", 1),
    ] {
        let count = seen.iter().filter(|of| **of == (verb, table)).count();
        assert!(count >= times, "{verb} {table}: {count}");
    }
    let scanned = plan(&mut other, "SELECT 1 FROM tokens WHERE audit_id = 'x'").await;
    assert!(scanned[0].starts_with("SCAN"), "a scan would have been seen: {scanned:?}");
}

#[tokio::test]
async fn no_statement_that_runs_policies_in_the_background_reads_through_a_table() {
    let watch = watch();
    let bench = Bench::new().await;
    let (policy, disk) = (policy("atlas"), disk("atlas").id);
    let task = Task::waiting(policy.id, disk, (at(1), Trigger::Schedule), at(2));
    let running = task.clone().running(BackupId::random(), "autobk_a61d".to_owned());
    bench.commit(|unit| unit.insert_policy(&policy)).await;
    bench
        .commit(|unit| {
            unit.insert_policy_task(&task);
            unit.set_next_run(policy.id, at(60), at(90));
            unit.update_policy_task(TaskStatus::Waiting, &running);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let reading = async {
        reader.due(Some(at(0)), at(0), 10).await.unwrap();
        reader.next_due(None).await.unwrap();
        reader.running_task(disk).await.unwrap();
        reader.policy_backups(policy.id, disk).await.unwrap();
        reader.unfinished_tasks(policy.id).await.unwrap();
        reader.policy_task(&task.id).await.unwrap();
        reader.policy(policy.id).await.unwrap();
        reader.bound_disks(policy.id).await.unwrap();
    };
    reading.instrument(info_span!("request", request.id = "running policies")).await;
    drop(reader);

    let mut other = bench.other().await;
    let read = watch.of_request("running policies");
    assert_eq!(read.len(), 8);
    let written = watch.of_request("");
    let writes = written.iter().flat_map(|sql| sql.split("; ")).filter(|sql| {
        sql.starts_with("UPDATE polic") || sql.starts_with("INSERT INTO policy_tasks")
    });
    let mut count = 0;
    for sql in read.iter().map(String::as_str).chain(writes) {
        for line in plan(&mut other, sql).await {
            // An index that holds only what is due or waiting is read from its start.
            let due = ["_due", "policy_tasks_waiting", "(subquery", "CONSTANT ROW"];
            let short = due.iter().any(|index| line.contains(index));
            assert!(!line.starts_with("SCAN") || short, "{line} in {sql}");
        }
        count += 1;
    }
    assert!(count >= 11, "the writes were seen: {count}");
}

/// Whoever reads events asks again and again, and the table only grows.
#[tokio::test]
async fn no_statement_about_events_reads_more_than_its_span_or_its_disk() {
    let watch = watch();
    let bench = Bench::new().await;
    let all = EventFilter::default;
    let mut reader = bench.store.read().await.unwrap();
    let reading = async {
        let span = Span { after: 0, up_to: 9, limit: 10 };
        reader.line().await.unwrap();
        reader.webhook("http://a/").await.unwrap();
        reader.events(&all(), span).await.unwrap();
        for filter in [
            EventFilter { project: Some(support::project("atlas")), ..all() },
            EventFilter { action: Words::parse("disk.*"), ..all() },
            EventFilter { among: Some(vec!["disk.create".to_owned()]), ..all() },
            EventFilter { resource: Some("x".to_owned()), ..all() },
            EventFilter { request: Some("x".to_owned()), ..all() },
            EventFilter { user: Some("x".to_owned()), ..all() },
            EventFilter { since: Some(at(0)), until: Some(at(1)), ..all() },
        ] {
            reader.events(&filter, span).await.unwrap();
            reader.last_event(&filter, 0).await.unwrap();
        }
        let of_disk = EventFilter { disk: Some("x".to_owned()), ..all() };
        reader.events(&of_disk, span).await.unwrap();
    };
    reading.instrument(info_span!("request", request.id = "reading events")).await;
    drop(reader);
    let mut other = bench.other().await;
    let read = watch.of_request("reading events");
    assert_eq!(read.len(), 18);
    for sql in &read {
        for line in plan(&mut other, sql).await {
            let looked_up = line.starts_with("SEARCH") || line.contains("SUBQUERY");
            let one_row = line == "SCAN CONSTANT ROW";
            assert!(looked_up || one_row, "{line} in {sql}");
            assert!(!line.contains("TEMP B-TREE"), "{line} in {sql}");
        }
    }
    let last = plan(&mut other, read.last().unwrap()).await;
    assert_eq!(last, ["SEARCH events USING INDEX events_by_disk (disk_id=? AND seq>? AND seq<?)"]);
}

#[tokio::test]
async fn removing_what_a_token_hangs_on_looks_the_tokens_up() {
    let bench = Bench::new().await;
    let unindexed = "SELECT count(*) FROM pragma_foreign_key_list('tokens') AS f
                     WHERE NOT EXISTS (SELECT 1 FROM pragma_index_list('tokens') AS i
                                       JOIN pragma_index_info(i.name) AS c
                                       WHERE c.seqno = 0 AND c.name = f.\"from\")";
    assert_eq!(bench.count(unindexed).await, 0);
    let all = "SELECT count(*) FROM pragma_foreign_key_list('tokens')";
    assert_eq!(bench.count(all).await, 4);
}

/// The median of many lookups of one token.
async fn lookup(bench: &Bench) -> Duration {
    let mut reader = bench.store.read().await.unwrap();
    let mut times = Vec::new();
    for _ in 0..1_000 {
        let begun = Instant::now();
        assert!(reader.session(&hash(), at(0)).await.unwrap().is_some());
        times.push(begun.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

/// Shown rather than asserted: how fast a machine is, and what else it does, is no property of ours.
#[tokio::test]
async fn a_token_among_many_is_looked_up_and_purged_like_one_alone() {
    let bench = with_a_token().await;
    let alone = lookup(&bench).await;
    let filling = Instant::now();
    bench
        .run(&format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {TOKENS})
             INSERT INTO tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at)
             SELECT printf('%08x%056x', n.n * 2654435761 & 0xffffffff, n.n), t.user_id, t.project_id,
                    t.methods, t.audit_id, t.issued_at, '2025-01-01T00:00:00.000000Z'
             FROM n, tokens AS t WHERE t.hash = '{}'",
            hash().0
        ))
        .await;
    let filling = filling.elapsed();
    let among = lookup(&bench).await;
    let purging = Instant::now();
    bench.commit(|unit| unit.delete_expired_tokens(at(0), 500)).await;
    let purging = purging.elapsed();
    assert_eq!(bench.count("SELECT count(*) FROM tokens").await, TOKENS + 1 - 500);
    assert!(bench.store.read().await.unwrap().session(&hash(), at(0)).await.unwrap().is_some());
    // Past the runner's capture: it is to be seen.
    let _ = writeln!(
        std::io::stderr(),
        "a token is looked up in {alone:?} alone, in {among:?} among {TOKENS} (median of 1000, ratio \
         {:.2}; filled in {filling:?}); 500 expired ones are removed in {purging:?}",
        among.as_secs_f64() / alone.as_secs_f64()
    );
}
