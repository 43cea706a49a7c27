//! Tags of policies, and policies by their tags. A project has so few policies that those that are
//! looked for are picked from all of them.

use std::collections::{BTreeMap, BTreeSet};

use tracing::info;

use super::super::{App, Result, settle};
use super::{PolicyRefused, parse, record};
use crate::domain::access::Caller;
use crate::domain::policy::Policy;
use crate::domain::tag::{MOST_TAGS, TagChange, Tags};

/// A tag's key with the values that it may have; none of them stands for any.
pub type WantedTag = (String, Vec<String>);

/// Which policies are looked for.
#[derive(Debug, Clone, Default)]
pub struct PolicySearch {
    /// With all of these.
    pub tags: Vec<WantedTag>,
    /// With one of these, if there are any.
    pub tags_any: Vec<WantedTag>,
    /// With none of these.
    pub not_tags: Vec<WantedTag>,
    /// Without one of these, if there are any.
    pub not_tags_any: Vec<WantedTag>,
    /// With this in its name, in any letter case.
    pub name: String,
}

impl PolicySearch {
    fn finds(&self, policy: &Policy) -> bool {
        let has = |(key, values): &WantedTag| {
            let value = policy.tags.get(key);
            value.is_some_and(|value| values.is_empty() || values.contains(value))
        };
        self.tags.iter().all(has)
            && (self.tags_any.is_empty() || self.tags_any.iter().any(has))
            && !self.not_tags.iter().any(has)
            && (self.not_tags_any.is_empty() || !self.not_tags_any.iter().all(has))
            && policy.name.to_lowercase().contains(&self.name.to_lowercase())
    }
}

impl App {
    /// Every policy of the caller's project that is looked for.
    pub async fn find_policies(
        &self,
        caller: &Caller,
        search: &PolicySearch,
    ) -> Result<Vec<Policy>> {
        let all = self.policies(caller).await?;
        Ok(all.into_iter().filter(|policy| search.finds(policy)).collect())
    }

    /// Every tag key of the caller's project's policies with the values that it has.
    pub async fn project_policy_tags(
        &self,
        caller: &Caller,
    ) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let mut tags = BTreeMap::<String, BTreeSet<String>>::new();
        for (key, value) in self.policies(caller).await?.into_iter().flat_map(|policy| policy.tags)
        {
            tags.entry(key).or_default().insert(value);
        }
        Ok(tags)
    }

    /// Changes the tags of a policy and says what they are then.
    pub async fn change_policy_tags(
        &self,
        caller: &Caller,
        id: &str,
        change: TagChange,
    ) -> Result<Tags> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let changed = async {
            let policy = self.written_policy(&mut *unit, caller, wanted).await?;
            let tags = change.of(&policy.tags).ok_or(PolicyRefused::NoTag(wanted))?;
            if tags.len() > MOST_TAGS {
                return Err(PolicyRefused::TooManyTags(MOST_TAGS).into());
            }
            let differs = |(key, value): &(&String, &String)| policy.tags.get(*key) != Some(*value);
            for (key, value) in tags.iter().filter(differs) {
                unit.set_policy_tag(wanted, key, value);
            }
            for key in policy.tags.keys().filter(|key| !tags.contains_key(*key)) {
                unit.delete_policy_tag(wanted, key);
            }
            let after = Policy { tags: tags.clone(), ..policy.clone() };
            record(&mut *unit, caller, "policy.tag", self.now(), Some(&policy), Some(&after));
            Ok(tags)
        }
        .await;
        let tags = settle(unit, changed).await?;
        info!(policy.id = %wanted, policy.tags = tags.len(), "changed the tags of policy {wanted}");
        Ok(tags)
    }
}
