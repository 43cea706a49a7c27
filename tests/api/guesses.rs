//! Guessing keys and passwords is bounded, and never ends or changes what is guessed at.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{Answer, TestServer, password_login};

fn is_too_many(answer: &Answer, seconds: u32) {
    let message =
        format!("Too many requests: too many wrong guesses; the next one is taken in {seconds} s.");
    let fault = json!({"code": 429, "message": message, "retryAfter": seconds.to_string()});
    answer.is(429, &json!({"overLimit": fault}));
    assert_eq!(answer.header("retry-after"), seconds.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_wrong_keys_not_even_the_right_one_is_taken_until_the_window_is_over() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (id, key) = demo.offer(&demo.disk().await).await;
    let (other, other_key) = demo.offer(&demo.disk().await).await;
    for _ in 0..10 {
        assert_eq!(partner.accept(&id, "wrong").await.status, 400);
        server.advance(TimeDelta::seconds(1));
    }
    for guess in ["wrong", &key] {
        is_too_many(&partner.accept(&id, guess).await, 50);
    }
    assert_eq!(partner.accept(&other, &other_key).await.status, 202, "others are not concerned");
    let path = demo.path("v3", &format!("os-volume-transfer/{id}"));
    assert_eq!(demo.get(&path).await.status, 200, "the transfer is still there");

    let server = server.restart().await;
    let partner = partner.moved_to(&server);
    is_too_many(&partner.accept(&id, &key).await, 50);
    server.advance(TimeDelta::milliseconds(49_999));
    is_too_many(&partner.accept(&id, &key).await, 1);
    server.advance(TimeDelta::milliseconds(1));
    assert_eq!(partner.accept(&id, &key).await.status, 202);
    server.finish().await;
}

/// 10 000 wrong keys from 12 clients at once: the answers are bounded as the settings say.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_wrong_keys_at_once_get_ten_answers_and_change_nothing() {
    let server = TestServer::start_with(|settings| settings.server.workers = 2).await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let (id, key) = demo.offer(&disk).await;
    let id = Arc::new(id);
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..12 {
        let (partner, id) = (partner.clone(), Arc::clone(&id));
        clients.spawn(async move {
            let mut answered = 0;
            for guess in 0..=10_000 / 12 {
                let answer = partner.accept(&id, &format!("{client:x}{guess:015x}")).await;
                assert!([400, 429].contains(&answer.status), "{answer:?}");
                answered += usize::from(answer.status == 400);
            }
            answered
        });
    }
    assert_eq!(clients.join_all().await.into_iter().sum::<usize>(), 10);
    assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
    server.advance(TimeDelta::seconds(60));
    assert_eq!(partner.accept(&id, &key).await.status, 202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_too_many_wrong_passwords_an_account_waits_whether_it_exists_or_not() {
    let server = TestServer::start_with(|settings| settings.auth.password_guesses.most = 3).await;
    let nobody = server.anonymous();
    let login = async |name: &str, password: &str| {
        nobody.post("/identity/v3/auth/tokens", password_login(name, password)).await
    };
    for name in ["demo", "nobody-of-that-name"] {
        for _ in 0..3 {
            login(name, "wrong").await.is_unauthenticated();
        }
        let answer = login(name, crate::support::PASSWORD).await;
        let message = "Too many requests: too many wrong guesses; the next one is taken in 60 s.";
        answer.is_keystone_fault(429, "Too Many Requests", message);
        assert_eq!(answer.header("retry-after"), "60");
    }
    assert_eq!(login("partner", crate::support::PASSWORD).await.status, 201);
    server.advance(TimeDelta::seconds(60));
    assert_eq!(login("demo", crate::support::PASSWORD).await.status, 201);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_a_password_guesses_at_the_present_one_no_more_often_than_who_logs_in() {
    let server = TestServer::start_with(|settings| settings.auth.password_guesses.most = 3).await;
    let demo = server.login("demo").await;
    demo.keep_secret("another-battery-2e9f");
    let path = format!("/v3/users/{}/password", demo.user);
    let change = async |original: &str| {
        let body = json!({"original_password": original, "password": "another-battery-2e9f"});
        demo.post(&path, json!({ "user": body })).await
    };
    for _ in 0..3 {
        let answer = change("wrong").await;
        answer.is_identity_fault(401, "The original password is wrong.");
    }
    let message = "Too many requests: too many wrong guesses; the next one is taken in 60 s.";
    let right = change(crate::support::PASSWORD).await;
    right.is_keystone_fault(429, "Too Many Requests", message);
    let login = password_login("demo", crate::support::PASSWORD);
    let answer = demo.with_token(None).post("/v3/auth/tokens", login).await;
    answer.is_keystone_fault(429, "Too Many Requests", message);
    server.advance(TimeDelta::seconds(60));
    change(crate::support::PASSWORD).await.is_empty(204);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_zero_is_none() {
    let server = TestServer::start_with(|settings| settings.transfers.key_guesses.most = 0).await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (id, key) = demo.offer(&demo.disk().await).await;
    for _ in 0..50 {
        assert_eq!(partner.accept(&id, "wrong").await.status, 400);
    }
    assert_eq!(partner.accept(&id, &key).await.status, 202);
    server.finish().await;
}
