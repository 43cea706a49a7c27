//! Projects are read back as they were written, listed by every filter, and removed with all that
//! hangs on them.

use evs_local::domain::access::Role;
use evs_local::domain::account::{ProjectFilter, ProjectProfile, TokenHash};
use evs_local::domain::ids::ProjectId;

use crate::support::{Bench, account, at, disk, domain, session};

fn all() -> ProjectFilter {
    ProjectFilter { limit: 10, ..ProjectFilter::default() }
}

#[tokio::test]
async fn a_project_is_described_disabled_and_listed_by_each_filter() {
    let bench = Bench::new().await;
    let (one, user) = account("a");
    let (two, _) = account("b");
    let described =
        ProjectProfile { project: one.clone(), description: "what for".to_owned(), enabled: false };
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&one);
            unit.insert_project(&two);
            unit.insert_user(&user);
            unit.grant(&user.id, &two.id, Role::Reader);
            unit.update_project(&described);
        })
        .await;
    let plain = ProjectProfile { project: two, description: String::new(), enabled: true };
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.project_profile(&one.id).await.unwrap(), Some(described.clone()));
    assert_eq!(reader.project_profile(&ProjectId::new("x")).await.unwrap(), None);
    let some = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (all(), vec![&described, &plain]),
        (ProjectFilter { name: some("B"), ..all() }, vec![&plain]),
        (ProjectFilter { name: some("b"), ..all() }, vec![]),
        (ProjectFilter { domain: some("default"), ..all() }, vec![&described, &plain]),
        (ProjectFilter { domain: some("other"), ..all() }, vec![]),
        (ProjectFilter { enabled: Some(false), ..all() }, vec![&described]),
        (ProjectFilter { enabled: Some(true), ..all() }, vec![&plain]),
        (ProjectFilter { member: Some(user.id.clone()), ..all() }, vec![&plain]),
        (ProjectFilter { limit: 1, ..all() }, vec![&described]),
        (ProjectFilter { marker: Some(one.id.clone()), ..all() }, vec![&plain]),
        (ProjectFilter { marker: Some(ProjectId::new("x")), ..all() }, vec![]),
    ] {
        let found = reader.list_projects(&filter).await.unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_disabled_project_stops_its_tokens_and_a_deleted_one_removes_them_but_not_its_disks() {
    let bench = Bench::new().await;
    let (home, user) = account("atlas");
    let hash = TokenHash("a".repeat(64));
    let expected = session(&user, Some(&home), &[Role::Member]);
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&user);
            unit.grant(&user.id, &home.id, Role::Member);
            unit.insert_token(&hash, &expected);
            crate::support::create(unit, &disk("atlas"));
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let mut profile = reader.project_profile(&home.id).await.unwrap().unwrap();
    profile.enabled = false;
    bench.commit(|unit| unit.update_project(&profile)).await;
    assert_eq!(reader.session(&hash, at(0)).await.unwrap(), None, "disabled");
    profile.enabled = true;
    bench.commit(|unit| unit.update_project(&profile)).await;
    assert_eq!(reader.session(&hash, at(0)).await.unwrap(), Some(expected));
    bench.commit(|unit| unit.delete_project(&home.id)).await;
    assert_eq!(reader.session(&hash, at(0)).await.unwrap(), None, "deleted");
    assert_eq!(bench.count("SELECT count(*) FROM tokens").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM role_assignments").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 1);
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}
