//! Messages are read back as they were written.

use evs_local::domain::event::{Event, State};
use evs_local::domain::ids::RequestId;
use evs_local::domain::message::{Message, MessageQuery, MessageSort};
use evs_local::domain::page::{Direction, Paging};
use evs_local::domain::progress::{Operation, Thing, ThingKind};

use crate::support::{self, Bench, at, disk, project};

#[tokio::test]
async fn a_message_is_read_back_listed_and_removed() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    bench.commit(|unit| support::create(unit, &disk)).await;
    let of = |number: i64, operation| {
        let request = RequestId::new(format!("req-{number}"));
        Message::new(project("atlas"), request, Thing::Disk(disk.id), operation, at(number))
    };
    let (one, other) = (of(1, Operation::Extend), of(2, Operation::Retype));
    bench
        .commit(|unit| {
            unit.insert_message(&one);
            unit.insert_message(&other);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.message(one.id).await.unwrap(), Some(one.clone()));
    let everything = MessageQuery {
        project: None,
        thing: None,
        kind: None,
        request: None,
        operation: None,
        page: Paging {
            limit: 9,
            offset: 0,
            marker: None,
            sort: vec![(MessageSort::CreatedAt, Direction::Descending)],
        },
    };
    let listed = reader.messages(&everything).await.unwrap();
    assert_eq!(listed, [other.clone(), one.clone()]);
    for query in [
        MessageQuery { operation: Some("extend".to_owned()), ..everything.clone() },
        MessageQuery { request: Some("req-1".to_owned()), ..everything.clone() },
    ] {
        assert_eq!(reader.messages(&query).await.unwrap(), std::slice::from_ref(&one));
    }
    for query in [
        MessageQuery { project: Some(project("beta")), ..everything.clone() },
        MessageQuery { thing: Some("x".to_owned()), ..everything.clone() },
        MessageQuery { kind: Some(ThingKind::Backup), ..everything.clone() },
    ] {
        assert_eq!(reader.messages(&query).await.unwrap(), []);
    }
    let end = other.guaranteed_until;
    assert_eq!(reader.expired_messages(end, 9).await.unwrap(), 1, "the other is kept so long");
    bench.commit(|unit| unit.delete_expired_messages(end, 9)).await;
    assert_eq!(reader.messages(&everything).await.unwrap(), std::slice::from_ref(&other));
    bench.commit(|unit| unit.delete_message(other.id)).await;
    assert_eq!(reader.message(other.id).await.unwrap(), None);
    let last = reader.last_request(Thing::Disk(disk.id)).await.unwrap();
    assert_eq!(last, Some(RequestId::new("req-1")), "the one that made the disk");
    let absent = Thing::Disk(support::disk("atlas").id);
    assert_eq!(reader.last_request(absent).await.unwrap(), None);
}

#[tokio::test]
async fn a_message_about_a_snapshot_or_a_backup_is_found_by_it_and_by_its_kind() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let (snapshot, backup) = (support::snapshot(&disk), support::backup(&disk));
    let of = |thing, operation| {
        let request = RequestId::new("req-1");
        Message::new(project("atlas"), request, thing, operation, at(1))
    };
    let taken = of(Thing::Snapshot(snapshot.id), Operation::Snapshot);
    let copied = of(Thing::Backup(backup.id), Operation::DeleteBackup);
    let event = |action, id: &dyn ToString, n, state| {
        Event::of(&support::caller("atlas"), at(n), action, &id.to_string(), None, Some(state))
    };
    let state = State::from(&snapshot);
    bench
        .commit(|unit| {
            support::create(unit, &disk);
            unit.insert_message(&taken);
            unit.insert_message(&copied);
            unit.record(&event("snapshot.create", &snapshot.id, 2, state.clone()));
            unit.record(&event("backup.delete", &backup.id, 3, state.clone()));
            // What somebody does to it meanwhile is not what failed.
            let mut update = event("snapshot.update", &snapshot.id, 4, state.clone());
            update.request = RequestId::new("req-later");
            unit.record(&update);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let by = |thing: Option<String>, kind| MessageQuery {
        project: Some(project("atlas")),
        thing,
        kind,
        request: None,
        operation: None,
        page: Paging {
            limit: 9,
            offset: 0,
            marker: None,
            sort: vec![
                (MessageSort::Kind, Direction::Ascending),
                (MessageSort::Thing, Direction::Ascending),
            ],
        },
    };
    let loose = snapshot.id.to_string().replace('-', "");
    for (query, expected) in [
        (by(None, None), vec![copied.clone(), taken.clone()]),
        (by(Some(loose), None), vec![taken.clone()]),
        (by(None, Some(ThingKind::Snapshot)), vec![taken.clone()]),
        (by(None, Some(ThingKind::Backup)), vec![copied.clone()]),
        (by(None, Some(ThingKind::Disk)), vec![]),
    ] {
        assert_eq!(reader.messages(&query).await.unwrap(), expected, "{query:?}");
    }
    let began = Some(support::caller("atlas").request);
    for thing in [taken.thing, copied.thing] {
        assert_eq!(reader.last_request(thing).await.unwrap(), began, "{thing}");
    }
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_messages_to_a_project_are_removed_and_no_others() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let to = |of: &str| {
        let (request, thing) = (RequestId::new("req-1"), Thing::Disk(disk.id));
        Message::new(project(of), request, thing, Operation::Extend, at(1))
    };
    let (ours, theirs) = (to("atlas"), to("beta"));
    bench
        .commit(|unit| {
            unit.insert_message(&ours);
            unit.insert_message(&theirs);
        })
        .await;
    bench.commit(|unit| unit.delete_messages_of(&project("atlas"))).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.message(ours.id).await.unwrap(), None);
    assert_eq!(reader.message(theirs.id).await.unwrap(), Some(theirs.clone()));
}
