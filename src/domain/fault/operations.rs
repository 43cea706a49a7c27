//! The words for what can be asked for. They follow from the table of actions, so that none is
//! forgotten, and what two dialects have actions of their own for is one word: `backup.create`.

use std::collections::BTreeSet;

use crate::domain::access::{Action, Role};

/// What stands for whatever there is.
pub(super) const EVERYTHING: &str = "*";

/// The cloud's name of a kind of thing, and ours, where that is not the singular of it.
const THINGS: &[(&str, &str)] = &[
    ("volumes", "disk"),
    ("volumeTags", "disk_tag"),
    ("backupSharing", "backup_share"),
    ("qosSpecs", "qos_specs"),
    ("capabilities", "capability"),
];

/// The word for a call, such as `transfer.accept`; none: no rule is about it, since it is how rules
/// and the like are steered, or belongs to the identity service.
pub fn word(action: Action) -> Option<String> {
    let (service, rest) = action.name().split_once(':')?;
    let (things, verb) = rest.split_once(':')?;
    // What only evs has, and only for administrators, is how people steer it: a rule about
    // everything must not keep them from it. Whether a disk can be offered is asked there too.
    let steers =
        service == "evs" && action.rule() == action.name() && action.needs() == Role::Admin;
    if steers || action == Action::ShowTransferable || service == "iam" {
        return None;
    }
    let thing = match THINGS.iter().find(|(cloud, _)| *cloud == things) {
        Some((_, ours)) => (*ours).to_owned(),
        None if things.ends_with("ses") => snake(things.strip_suffix("es").unwrap_or(things)),
        None => snake(things.strip_suffix('s').unwrap_or(things)),
    };
    let verb = if verb == "get" { "show".to_owned() } else { snake(verb) };
    Some(format!("{thing}.{verb}"))
}

/// Every word there is.
pub fn words() -> BTreeSet<String> {
    Action::ALL.iter().filter_map(|action| word(*action)).collect()
}

/// Every word for a call that changes something, so that its work has points.
pub fn writing_words() -> BTreeSet<String> {
    Action::ALL.iter().filter(|action| action.writes()).filter_map(|action| word(*action)).collect()
}

/// The actions that `transfer.accept`, `transfer.*` or `*` names.
pub fn fitting(written: &str) -> BTreeSet<Action> {
    let fits = |word: &str| match written.strip_suffix(EVERYTHING) {
        Some("") => true,
        Some(start) => start.ends_with('.') && word.starts_with(start),
        None => word == written,
    };
    Action::ALL.iter().copied().filter(|action| word(*action).is_some_and(|w| fits(&w))).collect()
}

/// `backupPolicy` as `backup_policy`.
fn snake(camel: &str) -> String {
    let mut snake = String::new();
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_clouds_has_a_word_of_two_parts() {
        for action in Action::ALL {
            let Some(word) = word(*action) else { continue };
            let (thing, verb) = word.split_once('.').unwrap();
            for part in [thing, verb] {
                let plain = part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                assert!(plain && !part.is_empty(), "{action:?}: {word}");
            }
            assert!(!word.contains("volume"), "{action:?}: {word}");
        }
        for (action, expected) in [
            (Action::CreateTransfer, "transfer.create"),
            (Action::ShowTransfer, "transfer.show"),
            (Action::CreateDisk, "disk.create"),
            (Action::InitializeConnection, "disk.initialize_connection"),
            (Action::ListTags, "disk_tag.list"),
            (Action::CreateBackup, "backup.create"),
            (Action::CreateCloudBackup, "backup.create"),
            (Action::BindPolicy, "backup_policy.associate"),
            (Action::ShowQuotaClass, "quota_class.show"),
            (Action::ShowCapabilities, "capability.show"),
            (Action::ListTypes, "type.list"),
        ] {
            assert_eq!(word(action).as_deref(), Some(expected), "{action:?}");
        }
    }

    #[test]
    fn no_rule_is_about_how_people_steer() {
        for action in [
            Action::StepProgress,
            Action::ChangeClock,
            Action::ShowTransferable,
            Action::CreateOthersAccessKey,
        ] {
            assert_eq!(word(action), None, "{action:?}");
            assert!(!fitting("*").contains(&action));
        }
        assert!(fitting("*").len() > 100);
    }

    #[test]
    fn a_rule_is_about_one_word_or_a_things_words_or_all() {
        assert_eq!(fitting("transfer.accept"), BTreeSet::from([Action::AcceptTransfer]));
        assert_eq!(fitting("transfer.*").len(), 5);
        assert_eq!(
            fitting("backup.create"),
            BTreeSet::from([Action::CreateBackup, Action::CreateCloudBackup])
        );
        for nothing in ["", "transfer", "transfer*", "tran*", ".*", "transfer.accept.*", "x.*"] {
            assert_eq!(fitting(nothing), BTreeSet::new(), "{nothing}");
        }
    }
}
