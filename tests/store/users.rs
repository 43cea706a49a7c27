//! Users are read back as they were written, listed by every filter, and removed with all that
//! hangs on them.

use evs_local::domain::account::{TokenHash, UserFilter, UserProfile};
use evs_local::domain::ids::UserId;

use crate::support::{Bench, account, at, domain, session};

fn all() -> UserFilter {
    UserFilter { limit: 10, ..UserFilter::default() }
}

#[tokio::test]
async fn a_user_is_described_and_listed_by_each_filter_and_outlives_its_default_project() {
    let bench = Bench::new().await;
    let (home, one) = account("a");
    let (_, two) = account("b");
    let mut profile = UserProfile {
        user: one.clone(),
        description: Some("d".to_owned()),
        email: Some("a@example.com".to_owned()),
        enabled: false,
        default_project: Some(home.id.clone()),
    };
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&one);
            unit.insert_user(&two);
            unit.update_user(&profile);
        })
        .await;
    let plain = UserProfile {
        user: two,
        description: None,
        email: None,
        enabled: true,
        default_project: None,
    };
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.user_profile(&one.id).await.unwrap(), Some(profile.clone()));
    assert_eq!(reader.user_profile(&UserId::new("x")).await.unwrap(), None);
    let some = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (all(), vec![&profile, &plain]),
        (UserFilter { name: some("B"), ..all() }, vec![&plain]),
        (UserFilter { domain: some("default"), ..all() }, vec![&profile, &plain]),
        (UserFilter { domain: some("other"), ..all() }, vec![]),
        (UserFilter { enabled: Some(false), ..all() }, vec![&profile]),
        (UserFilter { limit: 1, ..all() }, vec![&profile]),
        (UserFilter { marker: Some(one.id.clone()), ..all() }, vec![&plain]),
    ] {
        let found = reader.list_users(&filter).await.unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
    bench.commit(|unit| unit.delete_project(&home.id)).await;
    profile.default_project = None;
    assert_eq!(reader.user_profile(&one.id).await.unwrap(), Some(profile));
}

#[tokio::test]
async fn tokens_end_with_their_user_or_alone_or_all_at_once() {
    let bench = Bench::new().await;
    let (_, user) = account("a");
    let token = |digit: &str| TokenHash(digit.repeat(64));
    let expected = session(&user, None, &[]);
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_user(&user);
            for digit in ["1", "2", "3"] {
                unit.insert_token(&token(digit), &expected);
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    bench.commit(|unit| unit.delete_token(&token("1"))).await;
    assert_eq!(reader.session(&token("1"), at(0)).await.unwrap(), None, "revoked");
    assert_eq!(reader.session(&token("2"), at(0)).await.unwrap(), Some(expected.clone()));
    let mut profile = reader.user_profile(&user.id).await.unwrap().unwrap();
    profile.enabled = false;
    bench.commit(|unit| unit.update_user(&profile)).await;
    assert_eq!(reader.session(&token("2"), at(0)).await.unwrap(), None, "disabled");
    bench.commit(|unit| unit.delete_tokens_of_user(&user.id)).await;
    assert_eq!(bench.count("SELECT count(*) FROM tokens").await, 0);
    profile.enabled = true;
    bench
        .commit(|unit| {
            unit.update_user(&profile);
            unit.insert_token(&token("1"), &expected);
        })
        .await;
    assert_eq!(reader.session(&token("1"), at(0)).await.unwrap(), Some(expected));
    bench.commit(|unit| unit.delete_user(&user.id)).await;
    assert_eq!(reader.session(&token("1"), at(0)).await.unwrap(), None, "gone");
    assert_eq!(reader.user_profile(&user.id).await.unwrap(), None);
}
