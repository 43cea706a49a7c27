//! Events are numbered without gaps, in the unit of their change.

use evs_local::domain::access::Caller;
use evs_local::domain::disk::DiskStatus;
use evs_local::domain::event::{Event, EventFilter, Line, Recorded, Span, Words};
use evs_local::domain::ids::{RequestId, UserId};
use sqlx::Row as _;

use crate::support::{self, Bench, at, disk};

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

/// Six events: three of one disk, whose reason the last one says, one of another in another project, and
/// two of a clock.
async fn recorded() -> (Bench, String) {
    let bench = Bench::new().await;
    let (one, other) = (disk("atlas"), disk("beta"));
    let asker = |of: &str, user: &str, request: &str| Caller {
        user: UserId::new(user),
        request: RequestId::new(request),
        ..support::caller(of)
    };
    let ann = asker("atlas", "ann", "req-1");
    let bob = asker("beta", "bob", "req-2");
    let all = [
        Event::of_disk(&ann, at(1), "disk.create", &one.id, None, Some(&one)),
        Event::of_disk(&bob, at(2), "disk.create", &other.id, None, Some(&other)),
        Event::of_disk(&ann, at(3), "transfer.create", &"t", Some(&one), Some(&one)),
        Event::of(&bob, at(4), "clock.freeze", &"clock", None, None),
        Event::of(&bob, at(5), "clock.run", &"clock", None, None),
        Event::of_disk(&ann, at(6), "disk.update", &one.id, Some(&one), Some(&one)).because("tidy"),
    ];
    bench.commit(|unit| all.iter().for_each(|event| unit.record(event))).await;
    (bench, one.id.to_string())
}

async fn found(bench: &Bench, filter: &EventFilter, span: (i64, i64, u32)) -> Vec<Recorded> {
    let (after, up_to, limit) = span;
    let mut reader = bench.store.read().await.unwrap();
    reader.events(filter, Span { after, up_to, limit }).await.unwrap()
}

#[tokio::test]
async fn events_are_read_back_as_they_were_written() {
    let (bench, disk) = recorded().await;
    let all = found(&bench, &EventFilter::default(), (0, 9, 9)).await;
    assert_eq!(all.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let state = r#"{"status":"available","project_id":"atlas","name":"ledger","size_gib":40,"bootable":false,"values":{"team":"ops"}}"#;
    let last = Recorded {
        seq: 6,
        at: at(6),
        request: RequestId::new("req-1"),
        user: UserId::new("ann"),
        project: support::project("atlas"),
        action: "disk.update".to_owned(),
        resource: disk.clone(),
        disk: Some(disk),
        before: Some(state.to_owned()),
        after: Some(state.to_owned()),
        reason: Some("tidy".to_owned()),
    };
    assert_eq!(all[5], last);
    assert_eq!(
        (&all[3].disk, &all[3].before, &all[3].after, &all[3].reason),
        (&None, &None, &None, &None)
    );
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.line().await.unwrap(), Line { epoch: 1, latest: 6 });
    let empty = Bench::new().await;
    let mut reader = empty.store.read().await.unwrap();
    assert_eq!(reader.line().await.unwrap(), Line { epoch: 1, latest: 0 });
}

#[tokio::test]
async fn each_filter_lets_its_events_through_and_a_span_its_numbers() {
    let (bench, disk) = recorded().await;
    let of = |change: fn(&mut EventFilter)| {
        let mut filter = EventFilter::default();
        change(&mut filter);
        filter
    };
    let on_disk = EventFilter { disk: Some(disk), ..EventFilter::default() };
    for (filter, numbers) in [
        (EventFilter::default(), vec![1, 2, 3, 4, 5, 6]),
        (of(|filter| filter.project = Some(support::project("beta"))), vec![2, 4, 5]),
        (of(|filter| filter.action = Words::parse("disk.create")), vec![1, 2]),
        (of(|filter| filter.action = Words::parse("disk.*")), vec![1, 2, 6]),
        (of(|filter| filter.action = Words::parse("*")), vec![1, 2, 3, 4, 5, 6]),
        (of(|filter| filter.among = Some(vec!["clock.run".to_owned(), "x".to_owned()])), vec![5]),
        (of(|filter| filter.among = Some(Vec::new())), vec![]),
        (on_disk, vec![1, 3, 6]),
        (of(|filter| filter.resource = Some("clock".to_owned())), vec![4, 5]),
        (of(|filter| filter.request = Some("req-2".to_owned())), vec![2, 4, 5]),
        (of(|filter| filter.user = Some("ann".to_owned())), vec![1, 3, 6]),
        (of(|filter| filter.since = Some(at(5))), vec![5, 6]),
        (of(|filter| filter.until = Some(at(2))), vec![1, 2]),
    ] {
        let events = found(&bench, &filter, (0, 9, 9)).await;
        let seen: Vec<i64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seen, numbers, "{filter:?}");
        let mut reader = bench.store.read().await.unwrap();
        let last = reader.last_event(&filter, 0).await.unwrap();
        assert_eq!(last, numbers.last().copied(), "{filter:?}");
        assert_eq!(reader.last_event(&filter, 6).await.unwrap(), None, "{filter:?}");
    }
    for (span, numbers) in [
        ((2, 9, 9), vec![3, 4, 5, 6]),
        ((2, 5, 9), vec![3, 4, 5]),
        ((2, 5, 2), vec![3, 4]),
        ((6, 9, 9), vec![]),
    ] {
        let events = found(&bench, &EventFilter::default(), span).await;
        let seen: Vec<i64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seen, numbers, "{span:?}");
    }
}
