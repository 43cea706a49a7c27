//! Scenarios as people read them: one table a thing, in a fixed order of keys, without what is usual.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use chrono::SecondsFormat;

use crate::domain::clock::Time;
use crate::domain::policy::{Days, Retention};
use crate::domain::scenario::{
    At, AttachmentEntry, BackupEntry, DiskEntry, Ends, PolicyEntry, ProjectEntry, Scenario,
    SnapshotEntry, TransferEntry, TypeEntry, UnderWay, UserEntry,
};

/// What stands above every scenario that was written.
const HEAD: &str = "\
# What is there, as a scenario: `evs seed FILE` makes it so elsewhere.
#
# Not in here: passwords and auth keys, of which only hashes are kept (new users get bootstrap.password unless
# you give them a password here, transfers get new keys unless you give them an auth_key); access keys, application
# credentials and tokens; qualities of service and how exactly types are encrypted; limits of every project at once;
# what disks were made from and what is known of their images; enterprise projects; with whom backups are shared;
# when policies ran and run next; jobs, messages and events.
";

/// The text of a scenario.
pub fn render(scenario: &Scenario) -> String {
    let mut text = HEAD.to_owned();
    scenario.projects.iter().for_each(|entry| project(&mut Table::of(&mut text, "project"), entry));
    scenario.users.iter().for_each(|entry| user(&mut Table::of(&mut text, "user"), entry));
    scenario.types.iter().for_each(|entry| disk_type(&mut Table::of(&mut text, "type"), entry));
    scenario.disks.iter().for_each(|entry| disk(&mut Table::of(&mut text, "disk"), entry));
    scenario
        .snapshots
        .iter()
        .for_each(|entry| snapshot(&mut Table::of(&mut text, "snapshot"), entry));
    scenario.policies.iter().for_each(|entry| policy(&mut Table::of(&mut text, "policy"), entry));
    scenario.backups.iter().for_each(|entry| backup(&mut Table::of(&mut text, "backup"), entry));
    scenario
        .transfers
        .iter()
        .for_each(|entry| transfer(&mut Table::of(&mut text, "transfer"), entry));
    text
}

/// A table that is being written.
struct Table<'a>(&'a mut String);

impl<'a> Table<'a> {
    fn of(text: &'a mut String, kind: &str) -> Self {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n[[{kind}]]\n");
        Self(text)
    }

    fn line(&mut self, key: &str, value: impl Display) {
        let _ = writeln!(self.0, "{key} = {value}");
    }

    fn text(&mut self, key: &str, value: Option<&At<impl Display>>) {
        if let Some(value) = value {
            self.line(key, quoted(&value.value.to_string()));
        }
    }

    fn plain(&mut self, key: &str, value: Option<&At<impl Display>>) {
        if let Some(value) = value {
            self.line(key, &value.value);
        }
    }

    fn time(&mut self, key: &str, value: Option<&At<Time>>) {
        if let Some(value) = value {
            self.line(key, moment(value.value));
        }
    }

    fn texts(&mut self, key: &str, values: &[String]) {
        if !values.is_empty() {
            self.line(key, list(values));
        }
    }

    fn values(&mut self, key: &str, values: Option<&At<BTreeMap<String, String>>>) {
        if let Some(values) = values {
            let members =
                values.iter().map(|(key, value)| format!("{} = {}", bare(key), quoted(value)));
            let members: Vec<String> = members.collect();
            self.line(key, braces(&members));
        }
    }

    fn ends(&mut self, after: &str, at: &str, ends: Option<&At<Ends>>) {
        match ends.map(|ends| ends.value) {
            Some(Ends::At(moment_of)) => self.line(at, moment(moment_of)),
            #[expect(clippy::cast_precision_loss, reason = "it is below 1e12")]
            Some(Ends::In(ms)) => self.line(after, ms as f64 / 1000.0),
            None => {}
        }
    }

    fn under_way(&mut self, under_way: &UnderWay) {
        self.ends("ends_in_s", "ends_at", under_way.ends.as_ref());
        self.text("outcome", under_way.outcome.as_ref());
    }
}

fn project(table: &mut Table<'_>, entry: &ProjectEntry) {
    table.text("name", Some(&entry.name));
    table.text("id", entry.id.as_ref());
    table.text("description", entry.description.as_ref());
    table.plain("enabled", entry.enabled.as_ref());
    if !entry.quota.is_empty() {
        let limits =
            entry.quota.iter().map(|(key, limit)| format!("{} = {}", bare(key), limit.value));
        table.line("quota", braces(&limits.collect::<Vec<_>>()));
    }
}

fn user(table: &mut Table<'_>, entry: &UserEntry) {
    table.text("name", Some(&entry.name));
    table.text("id", entry.id.as_ref());
    table.text("description", entry.description.as_ref());
    table.text("email", entry.email.as_ref());
    table.plain("enabled", entry.enabled.as_ref());
    table.text("default_project", entry.default_project.as_ref());
    let roles = entry.projects.iter().map(|of| format!("{}:{}", of.value.0, of.value.1.as_str()));
    table.texts("projects", &roles.collect::<Vec<_>>());
    let roles = entry.domain_roles.iter().map(|role| role.value.as_str().to_owned());
    table.texts("domain_roles", &roles.collect::<Vec<_>>());
}

fn disk_type(table: &mut Table<'_>, entry: &TypeEntry) {
    table.text("name", Some(&entry.name));
    table.text("id", entry.id.as_ref());
    table.text("description", entry.description.as_ref());
    table.plain("public", entry.public.as_ref());
    table.plain("encrypted", entry.encrypted.as_ref());
    if let Some(specs) = &entry.extra_specs {
        let text = |value: &Option<String>| quoted(value.as_deref().unwrap_or_default());
        let specs = specs.iter().map(|(key, value)| format!("{} = {}", bare(key), text(value)));
        table.line("extra_specs", braces(&specs.collect::<Vec<_>>()));
    }
    table.texts("access", &owned(&entry.access));
}

fn disk(table: &mut Table<'_>, entry: &DiskEntry) {
    table.text("project", Some(&entry.project));
    table.text("name", entry.name.as_ref());
    table.text("id", entry.id.as_ref());
    table.text("user", entry.user.as_ref());
    table.text("description", entry.description.as_ref());
    table.plain("size", entry.size.as_ref());
    table.text("type", entry.disk_type.as_ref());
    table.text("zone", entry.zone.as_ref());
    table.text("status", entry.status.as_ref());
    table.under_way(&entry.under_way);
    table.text("former", entry.former.as_ref());
    table.plain("new_size", entry.new_size.as_ref());
    table.text("new_type", entry.new_type.as_ref());
    table.plain("bootable", entry.bootable.as_ref());
    table.plain("multiattach", entry.multiattach.as_ref());
    table.plain("read_only", entry.read_only.as_ref());
    table.text("dedicated_storage", entry.dedicated_storage.as_ref());
    table.values("metadata", entry.metadata.as_ref());
    table.values("tags", entry.tags.as_ref());
    if let Some(attachments) = &entry.attachments {
        let lines: String = attachments.iter().map(attachment).collect();
        table.line("attachments", format!("[\n{lines}]"));
    }
    table.time("created_at", entry.created_at.as_ref());
}

fn attachment(entry: &AttachmentEntry) -> String {
    let members = [
        ("id", entry.id.as_ref().map(|id| id.value.to_string())),
        ("server", entry.server.as_ref().map(|server| server.value.to_string())),
        ("host", entry.host.as_ref().map(|host| host.value.clone())),
        ("mountpoint", entry.mountpoint.as_ref().map(|mountpoint| mountpoint.value.clone())),
        ("mode", entry.mode.as_ref().map(|mode| mode.as_str().to_owned())),
        ("status", entry.status.as_ref().map(|status| status.value.to_string())),
    ];
    let said =
        members.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}", quoted(&value?))));
    format!("    {},\n", braces(&said.collect::<Vec<_>>()))
}

fn snapshot(table: &mut Table<'_>, entry: &SnapshotEntry) {
    table.text("project", entry.project.as_ref());
    table.text("disk", Some(&entry.disk));
    table.text("name", entry.name.as_ref());
    table.text("id", entry.id.as_ref());
    table.text("description", entry.description.as_ref());
    table.plain("size", entry.size.as_ref());
    table.text("status", entry.status.as_ref());
    table.under_way(&entry.under_way);
    table.values("metadata", entry.metadata.as_ref());
    table.time("created_at", entry.created_at.as_ref());
}

fn backup(table: &mut Table<'_>, entry: &BackupEntry) {
    table.text("project", entry.project.as_ref());
    table.text("disk", Some(&entry.disk));
    table.text("name", entry.name.as_ref());
    table.text("id", entry.id.as_ref());
    table.text("description", entry.description.as_ref());
    table.text("container", entry.container.as_ref());
    table.plain("size", entry.size.as_ref());
    table.text("zone", entry.zone.as_ref());
    table.text("status", entry.status.as_ref());
    table.under_way(&entry.under_way);
    table.text("fail_reason", entry.fail_reason.as_ref());
    table.plain("incremental", entry.incremental.as_ref());
    table.text("base", entry.base.as_ref());
    table.text("snapshot", entry.snapshot.as_ref());
    table.plain("own_snapshot", entry.own_snapshot.as_ref());
    table.text("policy", entry.policy.as_ref());
    table.plain("native", entry.native.as_ref());
    table.values("metadata", entry.metadata.as_ref());
    table.time("data_at", entry.data_at.as_ref());
    table.time("created_at", entry.created_at.as_ref());
}

fn policy(table: &mut Table<'_>, entry: &PolicyEntry) {
    table.text("project", Some(&entry.project));
    table.text("name", Some(&entry.name));
    table.text("id", entry.id.as_ref());
    if let Some(hours) = &entry.hours {
        let hours: Vec<String> = hours.to_string().split(',').map(str::to_owned).collect();
        table.texts("hours", &hours);
    }
    match entry.days.as_ref().map(|days| &days.value) {
        Some(Days::Every(days)) => table.line("every_days", days),
        Some(Days::Week(week)) => {
            table.texts("week_days", &week.words().map(str::to_owned).collect::<Vec<_>>());
        }
        None => {}
    }
    table.text("time_zone", entry.time_zone.as_ref());
    match entry.retention.as_ref().map(|retention| retention.value) {
        Some(Retention::Count(count)) => table.line("keep_count", count),
        Some(Retention::Days(days)) => table.line("keep_days", days),
        None => {}
    }
    table.plain("keep_first_of_month", entry.keep_first_of_month.as_ref());
    table.plain("enabled", entry.enabled.as_ref());
    table.values("tags", entry.tags.as_ref());
    table.texts("disks", &owned(&entry.disks));
}

fn transfer(table: &mut Table<'_>, entry: &TransferEntry) {
    table.text("project", entry.project.as_ref());
    table.text("disk", Some(&entry.disk));
    table.text("name", entry.name.as_ref());
    table.plain("no_snapshots", entry.no_snapshots.as_ref());
    table.ends("expires_in_s", "expires_at", entry.expires.as_ref());
}

fn owned(texts: &[At<String>]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

fn braces(members: &[String]) -> String {
    if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
}

/// A key, in quotes if it needs them.
fn bare(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(plain) { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn moment(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
