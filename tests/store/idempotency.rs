//! First answers are read back as they were kept, replaced when their time is over, and forgotten by age.

use evs_local::domain::idempotency::{KeptAnswer, RetriedAction};
use evs_local::domain::ids::{TransferId, UserId};

use crate::support::{Bench, at, project};

/// What is done to an answer.
type Edit = fn(&mut KeptAnswer);

fn kept(digit: &str, expires: i64) -> KeptAnswer {
    KeptAnswer {
        key_hash: digit.repeat(64),
        request_hash: "f".repeat(64),
        project: project("atlas"),
        user: UserId::new("ann"),
        action: RetriedAction::CreateTransfer,
        transfer: TransferId::random(),
        status: 202,
        nonce: "0".repeat(48),
        sealed: "c2VhbGVk".to_owned(),
        created_at: at(0),
        expires_at: at(expires),
    }
}

#[tokio::test]
async fn an_answer_is_read_back_as_it_was_kept_by_the_hash_of_its_key() {
    let bench = Bench::new().await;
    let (first, other) = (kept("a", 10), kept("b", 20));
    bench
        .commit(|unit| {
            unit.keep_answer(&first);
            unit.keep_answer(&other);
        })
        .await;
    let found = async |hash: &str| {
        bench.store.read().await.unwrap().kept_answer(&hash.repeat(64)).await.unwrap()
    };
    assert_eq!(found("a").await, Some(first));
    assert_eq!(found("b").await, Some(other));
    assert_eq!(found("c").await, None);
    let later =
        KeptAnswer { action: RetriedAction::DeleteTransfer, created_at: at(10), ..kept("a", 30) };
    bench.commit(|unit| unit.keep_answer(&later)).await;
    assert_eq!(found("a").await, Some(later));
    assert_eq!(bench.count("SELECT count(*) FROM idempotency_keys").await, 2);
}

#[tokio::test]
async fn answers_are_forgotten_from_their_moment_on_the_oldest_first() {
    let bench = Bench::new().await;
    bench
        .commit(|unit| {
            for (digit, expires) in [("a", 30), ("b", 10), ("c", 20)] {
                unit.keep_answer(&kept(digit, expires));
            }
        })
        .await;
    let expired = async |now, most| {
        bench.store.read().await.unwrap().expired_answers(at(now), most).await.unwrap()
    };
    assert_eq!((expired(9, 9).await, expired(10, 9).await, expired(30, 9).await), (0, 1, 3));
    assert_eq!(expired(30, 2).await, 2, "nobody counts further than asked");
    bench.commit(|unit| unit.delete_expired_answers(at(20), 1)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.kept_answer(&"b".repeat(64)).await.unwrap(), None);
    bench.commit(|unit| unit.delete_expired_answers(at(20), 9)).await;
    let left =
        [reader.kept_answer(&"c".repeat(64)).await, reader.kept_answer(&"a".repeat(64)).await];
    assert_eq!(left.map(|answer| answer.unwrap().is_some()), [false, true]);
}

#[tokio::test]
async fn the_schema_keeps_no_key_no_plain_answer_and_no_refusal() {
    let bench = Bench::new().await;
    let edits: [(Edit, &str); 6] = [
        (
            |kept| kept.key_hash = "my-key-in-clear-text".to_owned(),
            "idempotency_keys_key_is_hashed",
        ),
        (|kept| kept.request_hash = "{}".to_owned(), "idempotency_keys_request_is_hashed"),
        (|kept| kept.sealed = "{\"a\": 1}".to_owned(), "idempotency_keys_answer_is_sealed"),
        (|kept| kept.nonce = "0".repeat(47), "idempotency_keys_nonce_is_hexadecimal"),
        (|kept| kept.status = 404, "idempotency_keys_status_is_a_success"),
        (|kept| kept.expires_at = at(0), "idempotency_keys_last_a_while"),
    ];
    for (edit, constraint) in edits {
        let mut answer = kept("a", 10);
        edit(&mut answer);
        let mut unit = bench.store.write().await.unwrap();
        unit.keep_answer(&answer);
        let refused = unit.commit().await.unwrap_err().to_string();
        assert!(refused.contains(constraint), "{refused}");
    }
    assert_eq!(bench.count("SELECT count(*) FROM idempotency_keys").await, 0);
}

#[tokio::test]
async fn the_answers_to_a_project_are_forgotten_and_no_others() {
    let bench = Bench::new().await;
    let (ours, theirs) = (kept("a", 10), KeptAnswer { project: project("beta"), ..kept("b", 10) });
    bench
        .commit(|unit| {
            unit.keep_answer(&ours);
            unit.keep_answer(&theirs);
        })
        .await;
    bench.commit(|unit| unit.delete_answers_of(&project("atlas"))).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.kept_answer(&ours.key_hash).await.unwrap(), None);
    assert_eq!(reader.kept_answer(&theirs.key_hash).await.unwrap(), Some(theirs.clone()));
}
