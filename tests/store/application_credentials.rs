//! Application credentials are read back as they were written, and their tokens end with them.

use evs_local::domain::access::Role;
use evs_local::domain::account::{IssuedFor, TokenHash};
use evs_local::domain::application_credential::ApplicationCredential;
use evs_local::domain::ids::ApplicationCredentialId;
use evs_local::domain::transfer::KeyHash;

use crate::support::{Bench, HASH, account, at, domain, session};

#[tokio::test]
async fn a_credential_is_found_by_id_and_name_gives_only_its_roles_and_ends_its_tokens() {
    let bench = Bench::new().await;
    let (home, ann) = account("a");
    let (_, bob) = account("b");
    let credential = |name: &str| ApplicationCredential {
        id: ApplicationCredentialId::new(format!("id-{name}")),
        name: name.to_owned(),
        description: Some("d".to_owned()),
        user: ann.id.clone(),
        project: home.id.clone(),
        roles: vec![Role::Member, Role::Reader],
        secret: KeyHash::from_phc(HASH.to_owned()),
        unrestricted: false,
        created_at: at(0),
        expires_at: None,
    };
    let (one, mut two) = (credential("one"), credential("two"));
    two.expires_at = Some(at(5));
    two.unrestricted = true;
    two.description = None;
    let token = TokenHash("a".repeat(64));
    let mut expected = session(&ann, Some(&home), &[Role::Member, Role::Reader]);
    expected.credential =
        Some(IssuedFor { id: one.id.clone(), name: one.name.clone(), unrestricted: false });
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&ann);
            unit.insert_user(&bob);
            for role in Role::ALL {
                unit.grant(&ann.id, &home.id, *role);
            }
            unit.insert_application_credential(&one);
            unit.insert_application_credential(&two);
            unit.insert_token(&token, &expected);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.application_credential(&one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(
        reader.application_credential(&ApplicationCredentialId::new("x")).await.unwrap(),
        None
    );
    let list = reader.application_credentials(&ann.id, None).await.unwrap();
    assert_eq!(list, [one.clone(), two.clone()]);
    let list = reader.application_credentials(&ann.id, Some("two")).await.unwrap();
    assert_eq!(list, [two.clone()]);
    assert_eq!(reader.application_credentials(&bob.id, None).await.unwrap(), []);
    assert_eq!(reader.session(&token, at(0)).await.unwrap(), Some(expected), "no admin in it");

    bench.commit(|unit| unit.delete_application_credential(&one.id)).await;
    assert_eq!(reader.session(&token, at(0)).await.unwrap(), None);
    bench.commit(|unit| unit.delete_application_credentials_in(&bob.id, &home.id)).await;
    assert_eq!(reader.application_credentials(&ann.id, None).await.unwrap(), [two]);
    bench.commit(|unit| unit.delete_application_credentials_in(&ann.id, &home.id)).await;
    assert_eq!(reader.application_credentials(&ann.id, None).await.unwrap(), []);
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}
