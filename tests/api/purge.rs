//! What has expired goes away by itself, and nothing else does.

use std::time::Duration;

use chrono::TimeDelta;
use sqlx::Connection as _;

use crate::support::{PASSWORD, TestServer, password_login};

/// How long a background task may take in a test.
const PATIENCE: Duration = Duration::from_secs(30);

async fn rows(server: &TestServer) -> (i64, i64) {
    let sql = "SELECT (SELECT count(*) FROM tokens), count(*) FROM wrong_guesses WHERE what <> $1";
    server.rows(sql, "").await[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_tokens_and_old_wrong_guesses_are_removed_and_the_others_stay() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (id, _) = demo.offer(&demo.disk().await).await;
    for _ in 0..3 {
        assert_eq!(partner.accept(&id, "wrong").await.status, 400);
    }
    assert_eq!((rows(&server).await, server.purge().await), ((2, 3), 0), "nothing has expired");

    server.advance(TimeDelta::seconds(86_399));
    let fresh = server.login("demo").await;
    let login = password_login("demo", "wrong");
    assert_eq!(fresh.post("/identity/v3/auth/tokens", login).await.status, 401);
    assert_eq!((server.purge().await, rows(&server).await), (3, (3, 1)), "the old wrong keys");
    server.advance(TimeDelta::seconds(1));
    partner.get(&partner.path("v3", "volumes")).await.is_unauthenticated();
    assert_eq!((server.purge().await, rows(&server).await), (2, (1, 1)), "the first two tokens");
    assert_eq!(fresh.get(&fresh.path("v3", "volumes")).await.status, 200);
    assert_eq!(server.purge().await, 0);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_expired_tokens_go_in_batches_between_which_others_write() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    fill(&server, 2_600, "2026-11-23T07:41:05.318204Z").await;
    let disk = demo.disk().await;
    let (removed, offered) = tokio::join!(server.purge(), demo.offer(&disk));
    assert_eq!(removed, 2_600);
    assert_eq!(demo.accept(&offered.0, &offered.1).await.status, 202);
    assert_eq!(rows(&server).await, (1, 0));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_purges_by_itself_and_outlasts_a_locked_file() {
    let server = TestServer::start_with(|settings| {
        settings.auth.purge_interval = Duration::from_millis(20);
        settings.store.busy_timeout = Duration::from_millis(1);
    })
    .await;
    let demo = server.login("demo").await;
    let mut tester = server.tester().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut tester).await.unwrap();
    server.advance(TimeDelta::days(2));
    // Each turn asks something, so it waits without sleeping; the bound only ends a broken test.
    let words = "what has expired was not removed: the database is locked by another process";
    let begun = std::time::Instant::now();
    while !TestServer::has_logged(words) {
        assert!(begun.elapsed() < PATIENCE, "no failure was logged");
        assert_eq!(rows(&server).await.0, 1);
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut tester).await.unwrap();
    tester.close().await.unwrap();
    while rows(&server).await != (0, 0) {
        assert!(begun.elapsed() < PATIENCE, "nothing was removed");
    }
    let login = password_login("demo", PASSWORD);
    assert_eq!(demo.post("/identity/v3/auth/tokens", login).await.status, 201);
    assert_eq!(rows(&server).await, (1, 0));
    // Ends by stopping the server, which waits for the purge to end.
    server.finish().await;
}

/// Writes that many unscoped tokens of demo's into the file.
async fn fill(server: &TestServer, tokens: i64, expires_at: &str) {
    let mut tester = server.tester().await;
    let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $1)
               INSERT INTO tokens (hash, user_id, methods, audit_id, issued_at, expires_at)
               SELECT printf('%064x', n.n), u.id, 'password', printf('%022x', n.n), $2, $2
               FROM n, users AS u WHERE u.name = 'demo'";
    let filled = sqlx::query(sql).bind(tokens).bind(expires_at.to_owned());
    assert_eq!(filled.execute(&mut tester).await.unwrap().rows_affected(), tokens.unsigned_abs());
    tester.close().await.unwrap();
}
