//! Messages are read back as they were written.

use evs_local::domain::ids::RequestId;
use evs_local::domain::message::{Message, MessageQuery, MessageSort};
use evs_local::domain::page::{Direction, Paging};
use evs_local::domain::progress::Operation;

use crate::support::{self, Bench, at, disk, project};

#[tokio::test]
async fn a_message_is_read_back_listed_and_removed() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    bench.commit(|unit| support::create(unit, &disk)).await;
    let of = |number: i64, operation| {
        let request = RequestId::new(format!("req-{number}"));
        Message::new(project("atlas"), request, disk.id, operation, at(number))
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
        disk: None,
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
        MessageQuery { disk: Some("x".to_owned()), ..everything.clone() },
    ] {
        assert_eq!(reader.messages(&query).await.unwrap(), []);
    }
    let end = other.guaranteed_until;
    assert_eq!(reader.expired_messages(end, 9).await.unwrap(), 1, "the other is kept so long");
    bench.commit(|unit| unit.delete_expired_messages(end, 9)).await;
    assert_eq!(reader.messages(&everything).await.unwrap(), std::slice::from_ref(&other));
    bench.commit(|unit| unit.delete_message(other.id)).await;
    assert_eq!(reader.message(other.id).await.unwrap(), None);
    let last = reader.last_request(disk.id).await.unwrap();
    assert_eq!(last, Some(RequestId::new("req-1")), "the one that made the disk");
    assert_eq!(reader.last_request(support::disk("atlas").id).await.unwrap(), None);
}
