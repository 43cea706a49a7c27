//! Projects, users, types, policies and transfers as tables.

use std::collections::BTreeMap;

use super::reader::{Entry, whole};
use crate::domain::access::Role;
use crate::domain::disk_type::go_together;
use crate::domain::ids::{DiskTypeId, PolicyId, ProjectId, UserId};
use crate::domain::name;
use crate::domain::policy::{Days, Hours, LONGEST_INTERVAL, Retention, Week, Zone};
use crate::domain::quota::{KEYS, TYPE_KINDS};
use crate::domain::scenario::{
    At, Ends, Hidden, PolicyEntry, ProjectEntry, TransferEntry, TypeEntry, UserEntry,
};
use crate::domain::tag::{self, MOST_TAGS, Tags};
use crate::domain::transfer::AuthKey;

/// The longest name of an account or a policy, in characters.
const LONGEST_NAME: usize = 64;

pub(super) fn project(entry: &mut Entry<'_>) -> Option<ProjectEntry> {
    let quota = entry.members("quota", "limits by key, in braces", |key, value| {
        let of_type = |kind: &str| key.strip_prefix(kind).is_some_and(|rest| rest.starts_with('_'));
        if !KEYS.contains(&key) && !TYPE_KINDS.iter().any(|kind| of_type(kind)) {
            return Err(format!(
                "there is no limit {key:?}; there are {}, and volumes, gigabytes and snapshots with \
                 _TYPE behind it",
                KEYS.join(", ")
            ));
        }
        let limit = whole(value).filter(|limit| (-1..=i64::from(i32::MAX)).contains(limit));
        limit.ok_or_else(|| format!("{key} is a whole number; -1 is no limit"))
    });
    let id = entry.parsed("id", |id| {
        if ProjectId::is_well_formed(id) {
            Ok(ProjectId::new(id))
        } else {
            Err("id is 1 to 64 letters, digits, _ and -".to_owned())
        }
    });
    let (description, enabled) = (entry.text("description"), entry.flag("enabled"));
    let name = account_name(entry)?;
    let quota = quota.map_or_else(BTreeMap::new, |quota| quota.value);
    Some(ProjectEntry { name, id, description, enabled, quota })
}

pub(super) fn user(entry: &mut Entry<'_>) -> Option<UserEntry> {
    let id = entry.parsed("id", |id| {
        let good = ProjectId::is_well_formed(id);
        if good {
            Ok(UserId::new(id))
        } else {
            Err("id is 1 to 64 letters, digits, _ and -".to_owned())
        }
    });
    let password = entry.parsed("password", |text| {
        if text.is_empty() {
            Err("password is empty".to_owned())
        } else {
            Ok(Hidden::new(text.to_owned()))
        }
    });
    let mut projects = Vec::new();
    for At { value, place } in entry.texts("projects").map(|texts| texts.value).unwrap_or_default()
    {
        let parsed =
            value.rsplit_once(':').and_then(|(of, role)| Some((of.to_owned(), Role::parse(role)?)));
        match parsed {
            Some(value) => projects.push(At { value, place }),
            None => entry.complain(
                place,
                format!("{value:?} is no \"PROJECT:ROLE\"; a role is reader, member or admin"),
            ),
        }
    }
    let mut domain_roles = Vec::new();
    for At { value, place } in
        entry.texts("domain_roles").map(|texts| texts.value).unwrap_or_default()
    {
        match Role::parse(&value) {
            Some(value) => domain_roles.push(At { value, place }),
            None => entry.complain(place, format!("{value:?} is no role: reader, member or admin")),
        }
    }
    let (description, email) = (entry.text("description"), entry.text("email"));
    let (enabled, default_project) = (entry.flag("enabled"), entry.text("default_project"));
    let name = account_name(entry)?;
    Some(UserEntry {
        name,
        id,
        password,
        description,
        email,
        enabled,
        default_project,
        projects,
        domain_roles,
    })
}

pub(super) fn disk_type(entry: &mut Entry<'_>) -> Option<TypeEntry> {
    let id = entry.parsed("id", |id| DiskTypeId::parse(id).ok_or_else(|| no_uuid(id)));
    let specs = entry.values("extra_specs").map(|At { value, place }| {
        let specs = value.into_iter().map(|(key, value)| (key, Some(value)));
        At { value: specs.collect::<BTreeMap<_, _>>(), place }
    });
    if let Some(specs) = &specs
        && !go_together(&specs.value)
    {
        entry.complain(specs.place, "cacheable and multiattach exclude each other");
    }
    let access = entry.texts("access").map(|texts| texts.value).unwrap_or_default();
    let (description, public) = (entry.text("description"), entry.flag("public"));
    let encrypted = entry.flag("encrypted");
    let name = named(entry)?;
    Some(TypeEntry { name, id, description, public, encrypted, extra_specs: specs, access })
}

pub(super) fn policy(entry: &mut Entry<'_>) -> Option<PolicyEntry> {
    let project = entry.required("project");
    let id = entry.parsed("id", |id| PolicyId::parse(id).ok_or_else(|| no_uuid(id)));
    let hours = entry.texts("hours").and_then(|At { value, place }| {
        let words: Vec<&str> = value.iter().map(|hour| hour.value.as_str()).collect();
        let hours = Hours::parse(&words.join(","));
        if hours.is_none() {
            entry.complain(place, "hours are full hours \"HH:00\", ascending");
        }
        hours.map(|value| At { value, place })
    });
    let every = entry.whole("every_days", 1, LONGEST_INTERVAL);
    let every = every.map(|days| At { value: Days::Every(days.value), place: days.place });
    let week = entry.texts("week_days").and_then(|At { value, place }| {
        let words: Vec<&str> = value.iter().map(|day| day.value.as_str()).collect();
        let week = Week::parse(&words.join(","));
        if week.is_none() {
            entry.complain(place, "week_days are SUN, MON, TUE, WED, THU, FRI and SAT");
        }
        week.map(|week| At { value: Days::Week(week), place })
    });
    let count = entry.whole("keep_count", 2, 99);
    let count = count.map(|kept| At { value: Retention::Count(kept.value), place: kept.place });
    let days = entry.whole("keep_days", 2, 99_999);
    let days = days.map(|kept| At { value: Retention::Days(kept.value), place: kept.place });
    if let (Some(_), Some(other)) = (&every, &week) {
        entry.complain(other.place, "a policy runs every_days or on week_days, not both");
    }
    if let (Some(_), Some(other)) = (&count, &days) {
        entry.complain(other.place, "a policy has keep_count or keep_days, not both");
    }
    let time_zone = entry.parsed("time_zone", |zone| {
        Zone::parse(zone).ok_or_else(|| "time_zone is \"UTC+hh:mm\" or \"UTC-hh:mm\"".to_owned())
    });
    let (keep_first_of_month, enabled) = (entry.flag("keep_first_of_month"), entry.flag("enabled"));
    let tags = tags(entry);
    let disks = entry.texts("disks").map(|texts| texts.value).unwrap_or_default();
    let name = entry.required("name")?;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !plain || !(1..=LONGEST_NAME).contains(&name.len()) {
        entry.complain(name.place, "a policy's name is 1 to 64 letters, digits, _ and -");
    }
    Some(PolicyEntry {
        project: project?,
        name,
        id,
        hours,
        days: every.or(week),
        time_zone,
        retention: count.or(days),
        keep_first_of_month,
        enabled,
        tags,
        disks,
    })
}

pub(super) fn transfer(entry: &mut Entry<'_>) -> Option<TransferEntry> {
    let (project, name) = (entry.text("project"), short(entry, "name", true));
    let auth_key = entry.parsed("auth_key", |key| {
        let good = (1..=255).contains(&key.len());
        let key = AuthKey::presented(key.to_owned());
        good.then_some(key).ok_or_else(|| "auth_key has 1 to 255 bytes".to_owned())
    });
    Some(TransferEntry {
        place: entry.place,
        disk: entry.required("disk")?,
        project,
        name,
        auth_key,
        no_snapshots: entry.flag("no_snapshots"),
        expires: ends(entry, "expires_in_s", "expires_at"),
    })
}

/// When something ends: after a time, or at a moment.
pub(super) fn ends(
    entry: &mut Entry<'_>,
    after: &'static str,
    at: &'static str,
) -> Option<At<Ends>> {
    let in_ms = entry.milliseconds(after);
    let in_ms = in_ms.map(|in_ms| At { value: Ends::In(in_ms.value), place: in_ms.place });
    let at_time = entry.time(at);
    let at_time = at_time.map(|at| At { value: Ends::At(at.value), place: at.place });
    if let (Some(_), Some(moment)) = (&in_ms, &at_time) {
        entry.complain(moment.place, format!("{after} says already when it ends"));
    }
    in_ms.or(at_time)
}

/// Tags, as the cloud takes them.
pub(super) fn tags(entry: &mut Entry<'_>) -> Option<At<Tags>> {
    let tags = entry.values("tags")?;
    if tags.len() > MOST_TAGS {
        entry.complain(tags.place, format!("there are at most {MOST_TAGS} tags"));
    }
    for (key, value) in &tags.value {
        if let Err(wrong) = tag::check(key, value) {
            entry.complain(tags.place, wrong.to_string());
        }
    }
    Some(tags)
}

/// A name or description, trimmed; `filled`: not empty.
pub(super) fn short(entry: &mut Entry<'_>, key: &'static str, filled: bool) -> Option<At<String>> {
    entry.parsed(key, |text| {
        let read = if filled { name::non_empty } else { name::possibly_empty };
        read(text).map_err(|why| format!("{key} {why}"))
    })
}

/// What to say of a text that should be a UUID.
pub(super) fn no_uuid(text: &str) -> String {
    format!("{text:?} is no UUID")
}

fn named(entry: &mut Entry<'_>) -> Option<At<String>> {
    let name = entry.required("name")?;
    if let Err(why) = name::non_empty(&name) {
        entry.complain(name.place, format!("name {why}"));
    }
    Some(name)
}

fn account_name(entry: &mut Entry<'_>) -> Option<At<String>> {
    let name = named(entry)?;
    if name.chars().count() > LONGEST_NAME {
        entry.complain(name.place, format!("name has at most {LONGEST_NAME} characters"));
    }
    Some(name)
}
