//! A data file has begun when something was written down beyond its first start.

use evs_local::domain::event::Event;
use evs_local::domain::ids::RequestId;

use crate::support::{Bench, disk, event};

async fn has_begun(bench: &Bench) -> bool {
    bench.store.read().await.unwrap().has_begun().await.unwrap()
}

#[tokio::test]
async fn a_file_has_begun_when_something_happened_after_its_first_start() {
    let bench = Bench::new().await;
    assert!(!has_begun(&bench).await, "a new file");
    let disk = disk("atlas");
    let made = event("disk.create", None, Some(&disk));
    let of_start = Event { request: RequestId::new("start"), ..made };
    bench
        .commit(|unit| {
            unit.insert_disk(&disk);
            unit.record(&of_start);
        })
        .await;
    assert!(!has_begun(&bench).await, "the first start itself");
    let later = event("disk.update", Some(&disk), Some(&disk));
    bench.commit(|unit| unit.record(&later)).await;
    assert!(has_begun(&bench).await);
}
