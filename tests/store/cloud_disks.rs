//! Disks with their tags are read back, listed and counted by every condition, and page by page.

use std::collections::{BTreeMap, BTreeSet};

use evs_local::domain::cloud_disk::{
    CloudCondition as C, CloudDisk, CloudFilter, CloudQuery, CloudSort,
};
use evs_local::domain::disk::{Disk, DiskStatus};
use evs_local::domain::ids::DiskId;
use evs_local::domain::page::{Direction, Paging};
use evs_local::store::{Constraint, StoreError};

use crate::support::{self, Bench, at, disk, policy, project};

const UP: Direction = Direction::Ascending;

fn query(conditions: Vec<C>, sort: CloudSort, direction: Direction) -> CloudQuery {
    CloudQuery {
        filter: CloudFilter { project: project("atlas"), conditions },
        page: Paging { limit: 100, offset: 0, marker: None, sort: vec![(sort, direction)] },
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn a_disk_is_read_back_with_its_tags_policy_and_enterprise_project() {
    let bench = Bench::new().await;
    let (disk, policy) = (disk("atlas"), policy("atlas"));
    bench.commit(|unit| support::create(unit, &disk)).await;
    let mut expected =
        CloudDisk { disk: disk.clone(), enterprise_project: "0".to_owned(), tags: BTreeMap::new() };
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.cloud_disk(disk.id).await.unwrap(), Some(expected.clone()));
    assert_eq!(reader.cloud_disk(DiskId::random()).await.unwrap(), None);

    bench
        .commit(|unit| {
            unit.set_enterprise_project(disk.id, "eps-1");
            unit.set_tag(disk.id, "team", "ops");
            unit.set_tag(disk.id, "empty", "");
            unit.set_tag(disk.id, "team", "dev");
            unit.insert_policy(&policy);
            unit.bind_disk(disk.id, policy.id, at(1));
        })
        .await;
    expected.enterprise_project = "eps-1".to_owned();
    expected.disk.policy = Some(policy.id);
    expected.tags = [("team", "dev"), ("empty", "")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    assert_eq!(reader.cloud_disk(disk.id).await.unwrap(), Some(expected.clone()));
    let tags = reader.project_tags(&project("atlas")).await.unwrap();
    let values = |values: &[&str]| texts(values).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(
        tags,
        [("team".to_owned(), values(&["dev"])), ("empty".to_owned(), values(&[""]))].into()
    );
    assert!(reader.project_tags(&project("beta")).await.unwrap().is_empty());

    bench.commit(|unit| unit.delete_tag(disk.id, "empty")).await;
    expected.tags.remove("empty");
    assert_eq!(reader.cloud_disk(disk.id).await.unwrap(), Some(expected));
    let mut unit = bench.store.write().await.unwrap();
    unit.delete_tag(disk.id, "empty");
    assert!(matches!(unit.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
    let mut unit = bench.store.write().await.unwrap();
    unit.set_tag(DiskId::random(), "k", "v");
    assert!(matches!(unit.commit().await, Err(StoreError::Conflict(Constraint::Reference))));

    bench.commit(|unit| unit.delete_disk(disk.id, disk.status)).await;
    assert_eq!(bench.count("SELECT count(*) FROM disk_tags").await, 0, "they go with it");
}

#[tokio::test]
async fn each_condition_finds_what_it_says_and_the_count_is_that_of_all_pages() {
    let bench = Bench::new().await;
    let plain = disk("atlas");
    let mut other = disk("atlas");
    other.name = Some("50%_off".to_owned());
    other.status = DiskStatus::Error;
    other.zone = "az-sim-2".to_owned();
    other.disk_type = "SAS".to_owned();
    other.multiattach = true;
    other.dedicated_storage = Some("dss-1".to_owned());
    other.metadata = BTreeMap::new();
    other.size_gib = 50;
    other.created_at = at(1);
    let foreign = disk("beta");
    bench
        .commit(|unit| {
            for disk in [&plain, &other, &foreign] {
                support::create(unit, disk);
            }
            unit.set_enterprise_project(other.id, "eps-1");
            unit.set_tag(plain.id, "a", "1");
            unit.set_tag(other.id, "a", "2");
            unit.set_tag(other.id, "b", "1");
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let both = [plain.id, other.id];
    let (one, two) = ([plain.id], [other.id]);
    let none: [DiskId; 0] = [];
    let tag = |key: &str, values: &[&str]| C::Tag(key.to_owned(), texts(values));
    let not_tag = |key: &str, values: &[&str]| C::NotTag(key.to_owned(), texts(values));
    let metadata = ("team".to_owned(), "ops".to_owned());
    let cases: Vec<(Vec<C>, &[DiskId])> = vec![
        (vec![], &both),
        (vec![C::Among(vec![plain.id, foreign.id])], &one),
        (vec![C::Among(vec![])], &none),
        (vec![C::NameContains("EDG".to_owned())], &one),
        (vec![C::NameContains("0%_".to_owned())], &two),
        (vec![C::NameContains("5%o".to_owned())], &none),
        (vec![C::Status("error".to_owned())], &two),
        (vec![C::Status("nonsense".to_owned())], &none),
        (vec![C::Zone("az-sim-1".to_owned())], &one),
        (vec![C::Type("SAS".to_owned())], &two),
        (vec![C::Multiattach(false)], &one),
        (vec![C::DedicatedStorage("dss-1".to_owned())], &two),
        (vec![C::Dedicated(true)], &two),
        (vec![C::Dedicated(false)], &one),
        (vec![C::EnterpriseProject("eps-1".to_owned())], &two),
        (vec![C::EnterpriseProject("0".to_owned())], &one),
        (vec![C::Metadata(metadata.0.clone(), metadata.1.clone())], &one),
        (vec![C::NotMetadata(metadata.0, metadata.1)], &two),
        (vec![tag("a", &[])], &both),
        (vec![tag("a", &["1", "3"])], &one),
        (vec![tag("a", &[]), tag("b", &[])], &two),
        (vec![not_tag("b", &[])], &one),
        (vec![not_tag("a", &["2"])], &one),
        (vec![C::Any(vec![tag("a", &["1"]), tag("b", &["1"])])], &both),
        (vec![C::Any(vec![])], &none),
        (vec![C::Never], &none),
    ];
    for (conditions, expected) in cases {
        let query = query(conditions, CloudSort::CreatedAt, UP);
        let found = reader.cloud_disks(&query).await.unwrap();
        let ids: Vec<DiskId> = found.iter().map(|cloud| cloud.disk.id).collect();
        assert_eq!(ids, expected, "{query:?}");
        let count = reader.count_cloud_disks(&query.filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{query:?}");
    }
}

#[tokio::test]
async fn pages_in_every_order_list_every_disk_once() {
    let bench = Bench::new().await;
    let disks: Vec<Disk> = (0..7)
        .map(|n: i64| Disk { size_gib: 10 + n % 3, created_at: at(n / 2), ..disk("atlas") })
        .collect();
    bench
        .commit(|unit| {
            for disk in &disks {
                support::create(unit, disk);
            }
        })
        .await;
    let all: BTreeSet<DiskId> = disks.iter().map(|disk| disk.id).collect();
    let mut reader = bench.store.read().await.unwrap();
    for sort in [CloudSort::CreatedAt, CloudSort::Id, CloudSort::Status, CloudSort::Size] {
        for direction in [UP, Direction::Descending] {
            let mut query = query(vec![], sort, direction);
            query.page.limit = 2;
            let mut seen = Vec::new();
            loop {
                let page = reader.cloud_disks(&query).await.unwrap();
                seen.extend(page.iter().map(|cloud| cloud.disk.id));
                match page.last() {
                    Some(last) => query.page.marker = Some(last.disk.id),
                    None => break,
                }
            }
            assert_eq!(seen.len(), all.len(), "{sort:?} {direction:?}");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
        }
    }
}
