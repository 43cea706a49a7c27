//! Wrong guesses: counted by target and window, forgotten by age.

use chrono::TimeDelta;
use evs_local::domain::guess::{Failures, Secret, Target};

use crate::support::{Bench, at};

fn target(secret: Secret, subject: &str) -> Target {
    Target { secret, subject: subject.to_owned() }
}

#[tokio::test]
async fn wrong_guesses_are_counted_by_target_within_a_window_and_forgotten_by_age() {
    let bench = Bench::new().await;
    let (key, password) = (target(Secret::AuthKey, "x"), target(Secret::Password, "x"));
    bench
        .commit(|unit| {
            for second in [1, 2, 3] {
                unit.insert_failure(&key, at(second));
            }
            unit.insert_failure(&password, at(2));
        })
        .await;
    let failures = async |target: &Target, since| {
        bench.store.read().await.unwrap().failures(target, since).await.unwrap()
    };
    let found = |count, oldest| Failures { count, oldest };
    assert_eq!(failures(&key, at(0)).await, found(3, Some(at(1))));
    assert_eq!(failures(&key, at(1)).await, found(2, Some(at(2))), "after, not at");
    assert_eq!(failures(&key, at(3)).await, found(0, None));
    assert_eq!(failures(&password, at(0)).await, found(1, Some(at(2))));
    assert_eq!(failures(&target(Secret::AuthKey, "y"), at(0)).await, found(0, None));

    let old =
        async |most| bench.store.read().await.unwrap().old_failures(at(2), most).await.unwrap();
    assert_eq!((old(2).await, old(9).await), (2, 3), "nobody counts further than asked");
    bench.commit(|unit| unit.forget_failures(at(2), 1)).await;
    assert_eq!(failures(&key, at(0)).await, found(2, Some(at(2))), "the oldest goes first");
    bench.commit(|unit| unit.forget_failures(at(2), 9)).await;
    assert_eq!(old(9).await, 0);
    assert_eq!(failures(&key, at(0)).await, found(1, Some(at(3))));
    assert_eq!(failures(&password, at(0) - TimeDelta::days(1)).await, found(0, None));
}
