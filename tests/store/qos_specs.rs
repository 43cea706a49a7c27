//! Qualities of service are read back as they were written, with the types that have them.

use evs_local::domain::ids::QosSpecsId;
use evs_local::domain::page::{Direction, Paging};
use evs_local::domain::qos_spec::{Consumer, QosQuery, QosSort, QosSpecs};
use evs_local::store::{Constraint, StoreError};

use crate::support::{Bench, at, disk_type, qos_specs};

fn all(sort: QosSort, direction: Direction) -> QosQuery {
    let page = Paging { limit: 1000, offset: 0, marker: None, sort: vec![(sort, direction)] };
    QosQuery { id: None, name: None, consumer: None, page }
}

#[tokio::test]
async fn qos_specs_are_read_back_as_they_were_written_changed_and_removed() {
    let bench = Bench::new().await;
    let mut fast = qos_specs("fast");
    fast.specs.insert("note".to_owned(), None);
    bench.commit(|unit| unit.insert_qos_specs(&fast)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.qos_specs(fast.id).await.unwrap(), Some(fast.clone()));
    assert_eq!(reader.qos_specs(QosSpecsId::random()).await.unwrap(), None);
    (fast.consumer, fast.updated_at) = (Consumer::Both, Some(at(7)));
    fast.specs.remove("note");
    fast.specs.insert("total_iops_sec".to_owned(), Some("900".to_owned()));
    bench
        .commit(|unit| {
            unit.set_qos_value(fast.id, "total_iops_sec", Some("900"));
            unit.delete_qos_value(fast.id, "note");
            unit.update_qos_specs(&fast);
        })
        .await;
    assert_eq!(reader.qos_specs(fast.id).await.unwrap(), Some(fast.clone()));
    bench.commit(|unit| unit.delete_qos_specs(fast.id)).await;
    assert_eq!(reader.qos_specs(fast.id).await.unwrap(), None);
    assert_eq!(bench.count("SELECT count(*) FROM qos_spec_values").await, 0);
}

#[tokio::test]
async fn types_are_listed_with_their_qos_specs_which_stay_as_long_as_a_type_has_them() {
    let bench = Bench::new().await;
    let fast = qos_specs("fast");
    let mut types = ["b", "a", "c"].map(disk_type);
    types[0].qos_specs = Some(fast.id);
    types[1].qos_specs = Some(fast.id);
    bench
        .commit(|unit| {
            unit.insert_qos_specs(&fast);
            for one in &types {
                unit.insert_disk_type(one);
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let expected = [(types[1].id, "a".to_owned()), (types[0].id, "b".to_owned())];
    assert_eq!(reader.qos_associations(fast.id).await.unwrap(), expected);
    let mut unit = bench.store.write().await.unwrap();
    unit.delete_qos_specs(fast.id);
    let refused = unit.commit().await;
    assert!(matches!(refused, Err(StoreError::Conflict(Constraint::Reference))), "{refused:?}");
    bench
        .commit(|unit| {
            for one in &mut types {
                one.qos_specs = None;
                unit.update_disk_type(one);
            }
            unit.delete_qos_specs(fast.id);
        })
        .await;
    assert_eq!(reader.qos_associations(fast.id).await.unwrap(), []);
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let bench = Bench::new().await;
    let mut known = ["a", "b", "c"].map(qos_specs);
    (known[1].consumer, known[1].created_at) = (Consumer::FrontEnd, at(9));
    known[2].updated_at = Some(at(9));
    bench.commit(|unit| known.iter().for_each(|one| unit.insert_qos_specs(one))).await;
    let mut reader = bench.store.read().await.unwrap();
    let names = |found: Vec<QosSpecs>| found.into_iter().map(|one| one.name).collect::<String>();
    let by_name = all(QosSort::Name, Direction::Ascending);
    for (query, expected) in [
        (by_name.clone(), "abc"),
        (QosQuery { name: Some("b".to_owned()), ..by_name.clone() }, "b"),
        (QosQuery { consumer: Some("front-end".to_owned()), ..by_name.clone() }, "b"),
        (QosQuery { id: Some(known[2].id.to_string()), ..by_name.clone() }, "c"),
        (QosQuery { id: Some("x".to_owned()), ..by_name }, ""),
    ] {
        assert_eq!(names(reader.list_qos_specs(&query).await.unwrap()), expected, "{query:?}");
    }
    for sort in
        [QosSort::CreatedAt, QosSort::UpdatedAt, QosSort::Id, QosSort::Name, QosSort::Consumer]
    {
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut query = all(sort, direction);
            let whole = names(reader.list_qos_specs(&query).await.unwrap());
            query.page.limit = 1;
            let mut paged = String::new();
            while let [one] = reader.list_qos_specs(&query).await.unwrap().as_slice() {
                query.page.marker = Some(one.id);
                paged.push_str(&one.name);
            }
            assert_eq!(paged, whole, "{sort:?} {direction:?}");
            assert_eq!(paged.len(), 3);
        }
    }
}
