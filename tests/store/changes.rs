//! Who has the store's count of changes is told of each, and of those of other processes.

use std::time::Duration;

use evs_local::store::{Changes, Store as _};

use crate::support::{self, Bench, disk};

/// Waits until the count is this.
async fn until(bench: &Bench, wanted: Changes) {
    let mut changes = bench.sqlite.changes();
    let told = changes.wait_for(|changes| *changes == wanted);
    drop(
        tokio::time::timeout(Duration::from_secs(20), told)
            .await
            .expect("nobody told of it")
            .unwrap(),
    );
}

#[tokio::test]
async fn our_writes_and_those_of_another_process_are_told_apart() {
    let bench = Bench::new().await;
    let changes = bench.sqlite.changes();
    assert_eq!(*changes.borrow(), Changes::default());
    let mine = disk("atlas");
    bench.commit(|unit| support::create(unit, &mine)).await;
    assert_eq!(*changes.borrow(), Changes { ours: 1, others: 0 });

    // The next unit of work notices, even one that comes to nothing.
    let mut other = bench.other().await;
    let edit = "UPDATE disks SET size_gib = size_gib + 1";
    sqlx::query(edit).execute(&mut other).await.unwrap();
    bench.store.write().await.unwrap().refuse().await.unwrap();
    assert_eq!(*changes.borrow(), Changes { ours: 1, others: 1 });
    bench.store.write().await.unwrap().refuse().await.unwrap();
    assert_eq!(*changes.borrow(), Changes { ours: 1, others: 1 });

    // An idle writer notices too, and neither the log that it empties then nor who only reads counts.
    sqlx::query(edit).execute(&mut other).await.unwrap();
    until(&bench, Changes { ours: 1, others: 2 }).await;
    sqlx::query("SELECT * FROM disks").fetch_all(&mut other).await.unwrap();
    sqlx::query(edit).execute(&mut other).await.unwrap();
    until(&bench, Changes { ours: 1, others: 3 }).await;
}
