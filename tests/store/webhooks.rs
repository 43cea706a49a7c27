//! Webhooks: how far each has been told is read back as it was set last.

use evs_local::domain::webhook::{Trouble, Webhook};
use evs_local::store::StoreError;

use crate::support::{Bench, at};

fn webhook(url: &str, delivered: i64, trouble: Option<Trouble>) -> Webhook {
    Webhook { url: url.to_owned(), delivered, trouble }
}

fn trouble() -> Trouble {
    Trouble { failures: 3, next_try_at: at(7), error: "it answered 500".to_owned() }
}

#[tokio::test]
async fn a_webhook_is_read_back_as_it_was_set_last() {
    let bench = Bench::new().await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.webhook("http://a/").await.unwrap(), None);
    assert_eq!(reader.webhooks().await.unwrap(), []);
    let other = webhook("http://b/", 0, None);
    bench.commit(|unit| unit.set_webhook(&other)).await;
    for set in [
        webhook("http://a/", 0, None),
        webhook("http://a/", 4, Some(trouble())),
        webhook("http://a/", 5, None),
    ] {
        bench.commit(|unit| unit.set_webhook(&set)).await;
        assert_eq!(reader.webhook("http://a/").await.unwrap(), Some(set.clone()));
        assert_eq!(reader.webhooks().await.unwrap(), [set, other.clone()]);
    }
}

#[tokio::test]
async fn a_webhook_that_cannot_be_is_an_error_that_names_it() {
    let bench = Bench::new().await;
    for (column, value, what) in [
        ("failures", "4294967296", "failures is no number"),
        ("next_try_at", "'soon'", "next_try_at is no time"),
    ] {
        let set = webhook("http://a/", 4, Some(trouble()));
        bench.commit(|unit| unit.set_webhook(&set)).await;
        let wrong = format!("UPDATE webhooks SET {column} = {value}");
        bench.run(&format!("PRAGMA ignore_check_constraints = ON; {wrong}")).await;
        let mut reader = bench.store.read().await.unwrap();
        let error = reader.webhook("http://a/").await.unwrap_err();
        let StoreError::Corrupt { table: "webhooks", what: found, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(found, what);
    }
}
