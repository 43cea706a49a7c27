//! Role assignments in projects and domains, and the tokens that rest on them.

use evs_local::domain::access::Role;
use evs_local::domain::account::{TokenHash, TokenScope};
use evs_local::domain::role_assignment::{AssignmentFilter, NamedPlace, Place, RoleAssignment};

use crate::support::{Bench, account, at, domain, session};

#[tokio::test]
async fn roles_are_given_listed_by_each_filter_and_taken_in_projects_and_domains() {
    let bench = Bench::new().await;
    let (home, ann) = account("a");
    let (other, bob) = account("b");
    let (project, whole) = (Place::Project(home.id.clone()), Place::Domain("default".to_owned()));
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            for (project, user) in [(&home, &ann), (&other, &bob)] {
                unit.insert_project(project);
                unit.insert_user(user);
            }
            unit.assign(&ann.id, &project, Role::Reader);
            unit.assign(&ann.id, &project, Role::Admin);
            unit.assign(&bob.id, &whole, Role::Member);
        })
        .await;
    let of = |user: &evs_local::domain::account::User, place: NamedPlace, role| RoleAssignment {
        user: user.id.clone(),
        user_name: user.name.clone(),
        user_domain: user.domain.clone(),
        place,
        role,
    };
    let in_home = || NamedPlace::Project(home.clone());
    let (admin, reader_role, member) = (
        of(&ann, in_home(), Role::Admin),
        of(&ann, in_home(), Role::Reader),
        of(&bob, NamedPlace::Domain(domain()), Role::Member),
    );
    let mut reader = bench.store.read().await.unwrap();
    let none = AssignmentFilter::default;
    for (filter, expected) in [
        (none(), vec![&admin, &reader_role, &member]),
        (AssignmentFilter { user: Some(bob.id.clone()), ..none() }, vec![&member]),
        (AssignmentFilter { place: Some(project.clone()), ..none() }, vec![&admin, &reader_role]),
        (AssignmentFilter { place: Some(whole.clone()), ..none() }, vec![&member]),
        (AssignmentFilter { role: Some(Role::Reader), ..none() }, vec![&reader_role]),
    ] {
        let found = reader.role_assignments(&filter).await.unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
    let roles = reader.roles_in(&ann.id, &project).await.unwrap();
    assert_eq!(roles, [Role::Admin, Role::Reader]);
    assert_eq!(reader.roles_in(&bob.id, &whole).await.unwrap(), [Role::Member]);
    assert!(reader.is_admin_somewhere(&ann.id).await.unwrap());
    assert!(!reader.is_admin_somewhere(&bob.id).await.unwrap());
    bench
        .commit(|unit| {
            unit.unassign(&ann.id, &project, Role::Admin);
            unit.unassign(&bob.id, &whole, Role::Member);
        })
        .await;
    assert!(!reader.is_admin_somewhere(&ann.id).await.unwrap());
    assert_eq!(reader.role_assignments(&none()).await.unwrap(), [reader_role]);
    assert_eq!(reader.domains().await.unwrap(), [domain()]);
}

#[tokio::test]
async fn tokens_of_a_domain_and_of_the_system_have_the_roles_of_the_moment() {
    let bench = Bench::new().await;
    let (home, ann) = account("a");
    let (project, whole) = (Place::Project(home.id.clone()), Place::Domain("default".to_owned()));
    let token = |digit: &str| TokenHash(digit.repeat(64));
    let mut of_domain = session(&ann, None, &[Role::Member]);
    of_domain.scope = TokenScope::Domain(domain());
    let mut of_system = session(&ann, None, &[Role::Admin]);
    of_system.scope = TokenScope::System;
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&ann);
            unit.assign(&ann.id, &whole, Role::Member);
            unit.assign(&ann.id, &project, Role::Admin);
            unit.insert_token(&token("1"), &of_domain);
            unit.insert_token(&token("2"), &of_system);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.session(&token("1"), at(0)).await.unwrap(), Some(of_domain.clone()));
    assert_eq!(reader.session(&token("2"), at(0)).await.unwrap(), Some(of_system.clone()));
    bench
        .commit(|unit| {
            unit.unassign(&ann.id, &whole, Role::Member);
            unit.unassign(&ann.id, &project, Role::Admin);
        })
        .await;
    of_domain.roles.clear();
    of_system.roles.clear();
    assert_eq!(reader.session(&token("1"), at(0)).await.unwrap(), Some(of_domain));
    assert_eq!(reader.session(&token("2"), at(0)).await.unwrap(), Some(of_system));
}
