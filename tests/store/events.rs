//! Events are numbered without gaps, in the unit of their change.

use evs_local::domain::disk::DiskStatus;
use sqlx::Row as _;

use crate::support::{self, Bench, disk};

#[tokio::test]
async fn an_event_is_written_as_it_is_and_in_its_changes_unit() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    bench.commit(|unit| support::create(unit, &disk)).await;

    let mut undone = bench.store.write().await.unwrap();
    undone.record(&support::event("disk.delete", Some(&disk), None));
    undone.delete_disk(disk.id, DiskStatus::Error);
    undone.commit().await.unwrap_err();

    bench
        .commit(|unit| {
            let event = support::event("disk.delete", Some(&disk), None);
            unit.record(&event.because("its time was over"));
            unit.delete_disk(disk.id, DiskStatus::Available);
        })
        .await;
    let rows = sqlx::query("SELECT * FROM events ORDER BY seq")
        .fetch_all(&mut bench.other().await)
        .await
        .unwrap();
    let id = disk.id.to_string();
    let state = r#"{"status":"available","project_id":"atlas","name":"ledger","size_gib":40,"bootable":false,"values":{"team":"ops"}}"#;
    let rows: Vec<(i64, Vec<Option<String>>)> = rows
        .iter()
        .map(|row| (row.get(0), (1..row.len()).map(|column| row.get(column)).collect()))
        .collect();
    let row = |action: &str, before: Option<&str>, after: Option<&str>, reason: Option<&str>| {
        vec![
            Some("2025-07-31T22:13:20.000000Z".to_owned()),
            Some("req-1".to_owned()),
            Some("ann".to_owned()),
            Some("atlas".to_owned()),
            Some(action.to_owned()),
            Some(id.clone()),
            Some(id.clone()),
            before.map(str::to_owned),
            after.map(str::to_owned),
            reason.map(str::to_owned),
        ]
    };
    let expected = [
        (1, row("disk.create", None, Some(state), None)),
        (2, row("disk.delete", Some(state), None, Some("its time was over"))),
    ];
    assert_eq!(rows, expected);
}
