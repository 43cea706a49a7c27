//! Accounts and tokens are read back as they were written.

use evs_local::domain::access::Role;
use evs_local::domain::account::{DomainNamedBy, NamedBy, TokenHash};
use evs_local::domain::ids::{ProjectId, UserId};

use crate::support::{Bench, account, at, domain, project, session};

fn named(name: &str, domain: Option<DomainNamedBy>) -> NamedBy {
    NamedBy::Name { name: name.to_owned(), domain }
}

#[tokio::test]
async fn users_and_projects_are_found_by_id_and_by_name_in_a_domain() {
    let bench = Bench::new().await;
    let (project, user) = account("atlas");
    let mut other_domain = domain();
    (other_domain.id, other_domain.name) = ("other".to_owned(), "Other".to_owned());
    let (mut namesake, mut namesake_user) = account("atlas");
    namesake.id = ProjectId::new("atlas-2");
    namesake_user.id = UserId::new("u-atlas-2");
    namesake.domain = other_domain.clone();
    namesake_user.domain = other_domain.clone();
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_domain(&other_domain);
            for (project, user) in [(&project, &user), (&namesake, &namesake_user)] {
                unit.insert_project(project);
                unit.insert_user(user);
            }
        })
        .await;

    let mut reader = bench.store.read().await.unwrap();
    let by_id = |id: &str| Some(DomainNamedBy::Id(id.to_owned()));
    let by_name = |name: &str| Some(DomainNamedBy::Name(name.to_owned()));
    let cases = [
        (NamedBy::Id("atlas".to_owned()), Some(&project), None),
        (NamedBy::Id("u-atlas".to_owned()), None, Some(&user)),
        (named("ATLAS", None), Some(&project), Some(&user)),
        (named("ATLAS", by_id("default")), Some(&project), Some(&user)),
        (named("ATLAS", by_id("other")), Some(&namesake), Some(&namesake_user)),
        (named("ATLAS", by_name("Other")), Some(&namesake), Some(&namesake_user)),
        (named("ATLAS", by_name("other")), None, None),
        (named("atlas", None), None, None),
    ];
    for (by, project, user) in cases {
        let found = reader.project(&by, "default").await.unwrap();
        assert_eq!(found.as_ref(), project, "{by:?}");
        let found = reader.user(&by, "default").await.unwrap();
        assert_eq!(found.as_ref(), user, "{by:?}");
    }
    assert_eq!(reader.domain(&by_id("other").unwrap()).await.unwrap(), Some(other_domain.clone()));
    assert_eq!(reader.domain(&by_name("Default").unwrap()).await.unwrap(), Some(domain()));
    assert_eq!(reader.domain(&by_name("default").unwrap()).await.unwrap(), None);
    let users = reader.users().await.unwrap();
    assert_eq!(users, [user, namesake_user]);
}

#[tokio::test]
async fn a_token_stands_for_its_session_until_it_expires_with_the_roles_of_the_moment() {
    let bench = Bench::new().await;
    let (home, user) = account("atlas");
    let hash = TokenHash("a".repeat(64));
    let mut expected = session(&user, Some(&home), &[Role::Member]);
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&user);
            unit.grant(&user.id, &home.id, Role::Member);
            unit.insert_token(&hash, &expected);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.session(&hash, at(0)).await.unwrap(), Some(expected.clone()));
    assert_eq!(reader.session(&hash, at(999_999)).await.unwrap(), Some(expected.clone()));
    assert_eq!(reader.session(&hash, at(1_000_000)).await.unwrap(), None, "expired");
    assert_eq!(reader.session(&TokenHash("b".repeat(64)), at(0)).await.unwrap(), None);

    bench.commit(|unit| unit.grant(&user.id, &home.id, Role::Admin)).await;
    expected.roles = vec![Role::Admin, Role::Member];
    assert_eq!(reader.session(&hash, at(0)).await.unwrap(), Some(expected));
    let roles = reader.roles(&user.id, &home.id).await.unwrap();
    assert_eq!(roles, [Role::Admin, Role::Member]);
    assert_eq!(reader.roles(&user.id, &project("beta")).await.unwrap(), []);
}

#[tokio::test]
async fn an_unscoped_token_has_no_project_and_no_roles() {
    let bench = Bench::new().await;
    let (home, user) = account("atlas");
    let hash = TokenHash("c".repeat(64));
    let expected = session(&user, None, &[]);
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&user);
            unit.grant(&user.id, &home.id, Role::Member);
            unit.insert_token(&hash, &expected);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.session(&hash, at(0)).await.unwrap(), Some(expected));
}

#[tokio::test]
async fn expired_tokens_are_counted_and_removed_the_oldest_first_and_no_others() {
    let bench = Bench::new().await;
    let (home, user) = account("atlas");
    let token = |digit: &str| TokenHash(digit.repeat(64));
    let ending = |expires_at| {
        let mut session = session(&user, None, &[]);
        session.expires_at = at(expires_at);
        session
    };
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&user);
            for (digit, expires_at) in [("3", 30), ("1", 10), ("4", 40), ("2", 20)] {
                unit.insert_token(&token(digit), &ending(expires_at));
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    for (now, most, expired) in [(9, 9, 0), (10, 9, 1), (30, 9, 3), (30, 2, 2), (30, 0, 0)] {
        assert_eq!(reader.expired_tokens(at(now), most).await.unwrap(), expired);
    }
    for (most, left) in [(2, ["3", "4"].as_slice()), (9, &["4"]), (9, &["4"])] {
        bench.commit(|unit| unit.delete_expired_tokens(at(30), most)).await;
        for digit in ["1", "2", "3", "4"] {
            let found = reader.session(&token(digit), at(0)).await.unwrap();
            assert_eq!(found.is_some(), left.contains(&digit), "{digit}");
        }
    }
}
