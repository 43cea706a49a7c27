//! Access keys are read back as they were written, and let in whom they must.

use evs_local::domain::access::Role;
use evs_local::domain::access_key::{AccessKey, AccessSecret, KeyStatus, Signer};
use evs_local::domain::account::{Project, User};
use evs_local::domain::ids::{AccessId, UserId};
use evs_local::store::StoreError;

use crate::support::{Bench, account, at, domain, project};

fn key(name: &str, of: &User, home: &Project) -> AccessKey {
    AccessKey {
        access: AccessId::new(name),
        user: of.id.clone(),
        project: home.id.clone(),
        description: "for tests".to_owned(),
        status: KeyStatus::Active,
        created_at: at(0),
    }
}

fn secret(name: &str) -> AccessSecret {
    AccessSecret::new(format!("secret-of-{name}-0123456789"))
}

/// Two accounts with a role each in their own project; `ann` has another one in `beta`.
async fn bench() -> (Bench, (Project, User), (Project, User)) {
    let bench = Bench::new().await;
    let (atlas, beta) = (account("atlas"), account("beta"));
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            for (project, user) in [&atlas, &beta] {
                unit.insert_project(project);
                unit.insert_user(user);
                unit.grant(&user.id, &project.id, Role::Member);
            }
            unit.grant(&atlas.1.id, &atlas.0.id, Role::Admin);
            unit.grant(&atlas.1.id, &beta.0.id, Role::Reader);
        })
        .await;
    (bench, atlas, beta)
}

#[tokio::test]
async fn keys_are_read_back_listed_by_age_changed_and_removed() {
    let (bench, (home, user), (other_home, other)) = bench().await;
    let mut first = key("AK2", &user, &home);
    let second = AccessKey { created_at: at(1), ..key("AK1", &user, &home) };
    let theirs = AccessKey { created_at: at(2), ..key("AK3", &other, &other_home) };
    bench
        .commit(|unit| {
            for key in [&theirs, &second, &first] {
                unit.insert_access_key(key, &secret(key.access.as_str()));
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.access_key(&first.access).await.unwrap(), Some(first.clone()));
    assert_eq!(reader.access_key(&AccessId::new("ak2")).await.unwrap(), None);
    let listed = reader.access_keys(Some(&user.id)).await.unwrap();
    assert_eq!(listed, [first.clone(), second.clone()]);
    let all = reader.access_keys(None).await.unwrap();
    assert_eq!(all, [first.clone(), second.clone(), theirs]);
    assert_eq!(reader.access_keys(Some(&UserId::new("x"))).await.unwrap(), []);

    (first.status, first.description) = (KeyStatus::Inactive, String::new());
    bench.commit(|unit| unit.update_access_key(&first)).await;
    bench.commit(|unit| unit.delete_access_key(&second.access)).await;
    let listed = reader.access_keys(Some(&user.id)).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&first));

    for gone in [false, true] {
        let mut unit = bench.store.write().await.unwrap();
        if gone {
            unit.delete_access_key(&second.access);
        } else {
            unit.update_access_key(&second);
        }
        let refused = unit.commit().await.unwrap_err();
        assert!(matches!(refused, StoreError::RowsAffected { touched: 0, .. }), "{refused}");
    }
}

#[tokio::test]
async fn a_signer_is_an_active_key_with_the_roles_of_the_project_asked_for() {
    let (bench, (home, user), (other_home, _)) = bench().await;
    let mut mine = key("AK1", &user, &home);
    bench.commit(|unit| unit.insert_access_key(&mine, &secret("AK1"))).await;
    let mut reader = bench.store.read().await.unwrap();
    let signer = |project: Option<&Project>, roles: &[Role]| Signer {
        secret: secret("AK1"),
        user: user.clone(),
        project: project.cloned(),
        roles: roles.to_vec(),
    };
    let both = [Role::Admin, Role::Member];
    for (asked, expected) in [
        (None, signer(Some(&home), &both)),
        (Some(home.id.clone()), signer(Some(&home), &both)),
        (Some(other_home.id.clone()), signer(Some(&other_home), &[Role::Reader])),
        (Some(project("nowhere")), signer(None, &[])),
    ] {
        let found = reader.signer(&mine.access, asked.as_ref()).await.unwrap();
        assert_eq!(found, Some(expected), "{asked:?}");
    }
    assert_eq!(reader.signer(&AccessId::new("AK9"), None).await.unwrap(), None);
    mine.status = KeyStatus::Inactive;
    bench.commit(|unit| unit.update_access_key(&mine)).await;
    assert_eq!(reader.signer(&mine.access, None).await.unwrap(), None, "inactive");
}

#[tokio::test]
async fn the_usual_project_is_the_namesake_or_the_first_and_needs_a_role() {
    let (bench, (home, user), (other_home, other)) = bench().await;
    let mut stranger = account("aaron").1;
    stranger.name = "stranger".to_owned();
    bench
        .commit(|unit| {
            unit.insert_user(&stranger);
            unit.grant(&other.id, &home.id, Role::Reader);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let usual = reader.usual_project(&user.id).await.unwrap();
    assert_eq!(usual, Some(home.id.clone()));
    let usual = reader.usual_project(&other.id).await.unwrap();
    assert_eq!(usual, Some(other_home.id.clone()), "though the other is first by name");
    assert_eq!(reader.usual_project(&stranger.id).await.unwrap(), None);
    bench
        .commit(|unit| {
            unit.grant(&stranger.id, &other_home.id, Role::Reader);
            unit.grant(&stranger.id, &home.id, Role::Reader);
        })
        .await;
    assert_eq!(reader.usual_project(&stranger.id).await.unwrap(), Some(home.id));
}
