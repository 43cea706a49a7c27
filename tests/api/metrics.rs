//! What the server counts, as Prometheus reads it.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::support::{PASSWORD, TestServer, password_login};

/// Every sample of a text in `OpenMetrics` format, by its name and labels. Whatever is not in the
/// format fails.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.strip_suffix("# EOF\n").unwrap();
    let mut types = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in lines.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').collect();
            let [kind, name, rest] = words[..] else { panic!("{line}") };
            match kind {
                "TYPE" => assert_eq!(types.insert(name, rest), None, "{line}"),
                "HELP" => assert!(rest.ends_with('.'), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let name = sample.split('{').next().unwrap();
        let suffixes = ["_total", "_info"];
        let family = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
        assert!(types.contains_key(family.unwrap_or(name)), "{line} belongs to no family");
        if let Some(labels) = sample.strip_prefix(name).filter(|labels| !labels.is_empty()) {
            let labels = labels.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
            for label in labels.split(',') {
                let (_, value) = label.split_once('=').unwrap();
                assert!(value.len() >= 2 && value.starts_with('"') && value.ends_with('"'));
            }
        }
        let value = value.parse().unwrap();
        assert_eq!(samples.insert(sample.to_owned(), value), None, "{line} is there twice");
    }
    samples
}

async fn counted(server: &TestServer) -> BTreeMap<String, f64> {
    let answer = server.anonymous().get("/_evs/metrics").await;
    assert_eq!(answer.status, 200);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type"), kind);
    let mut samples = samples(&answer.text);
    // As large as it happens to be.
    assert!(samples.remove("evs_database_log_bytes").is_some());
    samples
}

/// The whole text's samples after so many wrong and refused guesses of each kind.
fn expected(keys: [u32; 2], passwords: [u32; 2]) -> BTreeMap<String, f64> {
    let build = concat!("evs_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
    let edits = "evs_database_edits_total".to_owned();
    let no_space = "evs_no_space_answers_total".to_owned();
    let mut samples = BTreeMap::from([(build.to_owned(), 1.0), (edits, 0.0), (no_space, 0.0)]);
    for (secret, [wrong, refused]) in [("auth_key", keys), ("password", passwords)] {
        for (name, count) in [("wrong", wrong), ("refused", refused)] {
            let sample = format!("evs_{name}_guesses_total{{secret=\"{secret}\"}}");
            samples.insert(sample, f64::from(count));
        }
    }
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_guesses_and_refused_ones_are_counted_by_what_was_guessed() {
    let server = TestServer::start_with(|settings| {
        settings.transfers.key_guesses.most = 4;
        settings.auth.password_guesses.most = 2;
    })
    .await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    assert_eq!(counted(&server).await, expected([0, 0], [0, 0]), "from the start");
    let (id, key) = demo.offer(&demo.disk().await).await;
    for n in 1..=4 {
        assert_eq!(partner.accept(&id, "wrong").await.status, 400);
        assert_eq!(counted(&server).await, expected([n, 0], [0, 0]));
    }
    for (n, guess) in ["wrong", &key, "wrong"].into_iter().enumerate() {
        assert_eq!(partner.accept(&id, guess).await.status, 429);
        let refused = u32::try_from(n).unwrap() + 1;
        assert_eq!(counted(&server).await, expected([4, refused], [0, 0]));
    }
    for (password, status) in [("wrong", 401), ("wrong", 401), ("wrong", 429), (PASSWORD, 429)] {
        let login = password_login("demo", password);
        let answer = server.anonymous().post("/identity/v3/auth/tokens", login).await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(counted(&server).await, expected([4, 3], [2, 2]));
    server.advance(TimeDelta::seconds(60));
    assert_eq!(partner.accept(&id, &key).await.status, 202);
    assert_eq!(counted(&server).await, expected([4, 3], [2, 2]), "a right one counts for nothing");

    let neighbour = TestServer::start().await;
    assert_eq!(counted(&neighbour).await, expected([0, 0], [0, 0]), "each server counts its own");
    neighbour.finish().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_wrong_keys_at_once_each_is_counted_as_it_was_answered() {
    let server = TestServer::start_with(|settings| settings.server.workers = 2).await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (id, _) = demo.offer(&demo.disk().await).await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let (partner, id) = (partner.clone(), id.clone());
        guesses.spawn(async move { partner.accept(&id, "wrong").await.status });
    }
    let answers = guesses.join_all().await;
    let answered = |status| u32::try_from(answers.iter().filter(|is| **is == status).count());
    assert_eq!(answered(400).unwrap() + answered(429).unwrap(), 60);
    let wrong_and_refused = [answered(400).unwrap(), answered(429).unwrap()];
    assert_eq!(counted(&server).await, expected(wrong_and_refused, [0, 0]));
    server.finish().await;
}
