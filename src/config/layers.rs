//! The layers of settings: every key with its value and where that came from.
//!
//! The defaults hold every key, so they say both which keys exist and of which kind each value is. Must not know what
//! a value means.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use ::config::{File, FileFormat, Source, Value, ValueKind};

use super::Flags;

pub(super) const ENVIRONMENT_PREFIX: &str = "EVS__";
const DEFAULTS: &str = include_str!("../../config/default.toml");
const SECRET_KEYS: [&str; 2] = ["bootstrap.password", "events.webhook_secret"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The defaults built into the binary.
    Default,
    /// The file given with `--config`.
    File(PathBuf),
    /// The environment variable of this name.
    Environment(String),
    /// The flag of this name, dashes included.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings file cannot be opened or is not UTF-8.
    #[error("cannot read the settings file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A layer is not TOML.
    #[error("{origin} does not hold valid settings: {reason}")]
    Malformed {
        /// The layer.
        origin: Origin,
        /// The parser's complaint, on one line.
        reason: String,
    },
    /// A key that the defaults do not have.
    #[error(
        "unknown setting {key} ({origin}){}",
        nearest.as_ref().map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"))
    )]
    UnknownKey {
        /// The key as it was written.
        key: String,
        /// Where it was written.
        origin: Origin,
        /// The closest known key, if one is close.
        nearest: Option<String>,
    },
    /// A value of the wrong kind or out of bounds.
    #[error("{key} ({origin}) must be {rule}{found}")]
    Invalid {
        /// The key.
        key: String,
        /// Where the value was given.
        origin: Origin,
        /// What it must be.
        rule: String,
        /// `, not …`, or empty for a secret.
        found: String,
    },
    /// The embedded defaults lack a key: our own mistake.
    #[error("the setting {0} has no default")]
    NoDefault(String),
    /// An environment variable of ours that is not UTF-8.
    #[error("the environment variable {0} is not UTF-8")]
    NotUnicode(String),
}

/// A value before its check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Setting {
    Text(String),
    Whole(i64),
    Flag(bool),
    List(Vec<String>),
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) value: Setting,
    pub(super) origin: Origin,
}

/// Every key, flat (`section.key`).
pub(super) type Entries = BTreeMap<String, Entry>;

/// Lays the layers over each other, later ones winning.
pub(super) fn merge(
    flags: &Flags,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Entries, ConfigError> {
    let mut entries = defaults()?;
    if let Some(path) = &flags.config {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        add_toml(&mut entries, &text, &Origin::File(path.clone()))?;
    }
    for (name, text) in environment {
        add_variable(&mut entries, name, &text)?;
    }
    if let Some(listen) = &flags.listen {
        replace(&mut entries, "server.listen", Setting::Text(listen.clone()), "--listen");
    }
    if let Some(dir) = &flags.data {
        let text = dir.to_str().ok_or_else(|| {
            invalid(
                "data.dir",
                &Origin::Flag("--data"),
                "a path in UTF-8",
                &dir.display().to_string(),
            )
        })?;
        replace(&mut entries, "data.dir", Setting::Text(text.to_owned()), "--data");
    }
    if flags.allow_remote {
        replace(&mut entries, "server.allow_remote", Setting::Flag(true), "--allow-remote");
    }
    if flags.allow_crash {
        replace(&mut entries, "server.allow_crash", Setting::Flag(true), "--allow-crash");
    }
    Ok(entries)
}

/// The value as TOML, or `[redacted]`.
pub(super) fn render(key: &str, value: &Setting) -> String {
    if SECRET_KEYS.contains(&key) {
        return "[redacted]".to_owned();
    }
    match value {
        Setting::Text(text) => format!("{text:?}"),
        Setting::Whole(number) => number.to_string(),
        Setting::Flag(flag) => flag.to_string(),
        Setting::List(list) => format!("{list:?}"),
    }
}

/// The error for a value that breaks `rule`.
pub(super) fn invalid(key: &str, origin: &Origin, rule: &str, found: &str) -> ConfigError {
    let found = if SECRET_KEYS.contains(&key) { String::new() } else { format!(", not {found}") };
    ConfigError::Invalid {
        key: key.to_owned(),
        origin: origin.clone(),
        rule: rule.to_owned(),
        found,
    }
}

fn defaults() -> Result<Entries, ConfigError> {
    let mut entries = Entries::new();
    for (key, value) in parse(DEFAULTS, &Origin::Default)? {
        let found = found(&value);
        let value = from_toml(value)
            .ok_or_else(|| invalid(&key, &Origin::Default, "text, number, flag or list", &found))?;
        entries.insert(key, Entry { value, origin: Origin::Default });
    }
    Ok(entries)
}

fn add_toml(entries: &mut Entries, text: &str, origin: &Origin) -> Result<(), ConfigError> {
    for (key, value) in parse(text, origin)? {
        let Some(entry) = entries.get_mut(&key) else {
            let nearest = nearest(entries, &key);
            return Err(ConfigError::UnknownKey { key, origin: origin.clone(), nearest });
        };
        let found = found(&value);
        match from_toml(value) {
            Some(new) if std::mem::discriminant(&new) == std::mem::discriminant(&entry.value) => {
                *entry = Entry { value: new, origin: origin.clone() };
            }
            Some(_) | None => return Err(invalid(&key, origin, kind(&entry.value), &found)),
        }
    }
    Ok(())
}

fn add_variable(entries: &mut Entries, name: String, text: &str) -> Result<(), ConfigError> {
    let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else { return Ok(()) };
    let key = rest.to_ascii_lowercase().replace("__", ".");
    // Only the upper-case spelling counts: of two spellings of one key, which wins would be chance.
    let entry = entries.get_mut(&key).filter(|_| variable_name(&key) == name);
    let Some(entry) = entry else {
        let nearest = nearest(entries, &key).map(|key| variable_name(&key));
        return Err(ConfigError::UnknownKey { key, origin: Origin::Environment(name), nearest });
    };
    let value = match &entry.value {
        Setting::Text(_) => Some(Setting::Text(text.to_owned())),
        Setting::Whole(_) => text.trim().parse().ok().map(Setting::Whole),
        Setting::Flag(_) => text.trim().parse().ok().map(Setting::Flag),
        Setting::List(_) if text.trim().is_empty() => Some(Setting::List(Vec::new())),
        Setting::List(_) => {
            Some(Setting::List(text.split(',').map(|item| item.trim().to_owned()).collect()))
        }
    };
    let origin = Origin::Environment(name);
    let value =
        value.ok_or_else(|| invalid(&key, &origin, kind(&entry.value), &format!("{text:?}")))?;
    *entry = Entry { value, origin };
    Ok(())
}

fn replace(entries: &mut Entries, key: &str, value: Setting, flag: &'static str) {
    entries.insert(key.to_owned(), Entry { value, origin: Origin::Flag(flag) });
}

fn parse(text: &str, origin: &Origin) -> Result<BTreeMap<String, Value>, ConfigError> {
    let tables = File::from_str(text, FileFormat::Toml).collect().map_err(|error| {
        ConfigError::Malformed { origin: origin.clone(), reason: on_one_line(&error) }
    })?;
    let mut flat = BTreeMap::new();
    for (key, value) in tables {
        flatten(key, value, &mut flat);
    }
    Ok(flat)
}

/// The position and the complaint, without the drawing of the line that toml puts between them.
fn on_one_line(error: &::config::ConfigError) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next_back()) {
        (Some(first), Some(last)) => format!("{first}: {last}"),
        (first, _) => first.unwrap_or_default().to_owned(),
    }
}

fn flatten(key: String, value: Value, flat: &mut BTreeMap<String, Value>) {
    match value.kind {
        ValueKind::Table(table) if !table.is_empty() => {
            for (name, inner) in table {
                flatten(format!("{key}.{name}"), inner, flat);
            }
        }
        // A section whose every line is commented out. Misspelt, it would do no harm either.
        ValueKind::Table(_) => {}
        ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::String(_)
        | ValueKind::Array(_) => {
            flat.insert(key, value);
        }
    }
}

/// `None` for what no setting is: fractions, tables in lists, numbers beyond 64 bits.
///
/// By hand, because the conversions of `config` are lenient: they take `"4"` for a number and 1 for true.
fn from_toml(value: Value) -> Option<Setting> {
    match value.kind {
        ValueKind::Boolean(flag) => Some(Setting::Flag(flag)),
        ValueKind::I64(number) => Some(Setting::Whole(number)),
        ValueKind::String(text) => Some(Setting::Text(text)),
        ValueKind::Array(items) => {
            let items = items.into_iter().map(|item| match from_toml(item) {
                Some(Setting::Text(text)) => Some(text),
                Some(Setting::Whole(_) | Setting::Flag(_) | Setting::List(_)) | None => None,
            });
            items.collect::<Option<_>>().map(Setting::List)
        }
        ValueKind::Nil
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::Table(_) => None,
    }
}

/// What a complaint calls a value of a TOML layer.
fn found(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(_) => "such a list".to_owned(),
        ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::Table(_) => value.to_string(),
    }
}

fn kind(value: &Setting) -> &'static str {
    match value {
        Setting::Text(_) => "text",
        Setting::Whole(_) => "a whole number",
        Setting::Flag(_) => "true or false",
        Setting::List(_) => "a list of texts",
    }
}

fn variable_name(key: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// The known key closest to a misspelt one, unless even that is far from it.
fn nearest(entries: &Entries, key: &str) -> Option<String> {
    let (distance, nearest) = entries.keys().map(|known| (edits(key, known), known)).min()?;
    (distance <= 3).then(|| nearest.clone())
}

/// The Levenshtein distance: how many letters to insert, delete or replace.
fn edits(from: &str, to: &str) -> usize {
    let mut row = (0..=to.chars().count()).collect::<Vec<_>>();
    for (above, letter) in from.chars().enumerate() {
        let (mut diagonal, mut left) = (above, above + 1);
        for (cell, other) in row.iter_mut().zip(std::iter::once(None).chain(to.chars().map(Some))) {
            let next = match other {
                None => left,
                Some(other) => {
                    (left + 1).min(*cell + 1).min(diagonal + usize::from(other != letter))
                }
            };
            diagonal = *cell;
            *cell = next;
            left = next;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Entries, String> {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&path, file.unwrap_or_default()).unwrap();
        let config = file.map(|_| path.path().to_owned());
        let environment = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        merge(&Flags { config, ..Flags::default() }, environment)
            .map_err(|error| error.to_string().replace(&path.path().display().to_string(), "FILE"))
    }

    fn value<'a>(entries: &'a Entries, key: &str) -> &'a Setting {
        &entries[key].value
    }

    #[test]
    fn each_layer_wins_over_the_one_before() {
        let file = "[server]\nlisten = \"127.0.0.1:2\"\nworkers = 2\nmax_body_bytes = 2000\n";
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&path, file).unwrap();
        let flags = Flags {
            config: Some(path.path().to_owned()),
            listen: Some("127.0.0.1:4".into()),
            ..Flags::default()
        };
        let environment = [("EVS__SERVER__LISTEN", "127.0.0.1:3"), ("EVS__SERVER__WORKERS", "3")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let entries = merge(&flags, environment.into_iter()).unwrap();
        let got = |key: &str| (entries[key].value.clone(), entries[key].origin.to_string());
        let text = |value: &str| Setting::Text(value.to_owned());
        assert_eq!(got("server.listen"), (text("127.0.0.1:4"), "flag --listen".into()));
        let origin = "environment EVS__SERVER__WORKERS".to_owned();
        assert_eq!(got("server.workers"), (Setting::Whole(3), origin));
        let origin = format!("file {}", path.path().display());
        assert_eq!(got("server.max_body_bytes"), (Setting::Whole(2000), origin));
        assert_eq!(got("data.dir"), (text("./data"), "default".into()));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_origin_and_the_nearest_key() {
        let unknown = |file| merged(Some(file), &[]).unwrap_err();
        assert_eq!(
            unknown("[server]\nlisen = 1"),
            "unknown setting server.lisen (file FILE); did you mean server.listen?"
        );
        assert_eq!(unknown("[weather]\nrain = true"), "unknown setting weather.rain (file FILE)");
        assert_eq!(
            unknown("[server.listen]\nport = 1"),
            "unknown setting server.listen.port (file FILE)"
        );
        assert_eq!(unknown("server = 1"), "unknown setting server (file FILE)");
        let unknown = |name| merged(None, &[(name, "1")]).unwrap_err();
        assert_eq!(
            unknown("EVS__SERVER_LISTEN"),
            "unknown setting server_listen (environment EVS__SERVER_LISTEN); \
             did you mean EVS__SERVER__LISTEN?"
        );
        assert_eq!(
            unknown("EVS__server__listen"),
            "unknown setting server.listen (environment EVS__server__listen); \
             did you mean EVS__SERVER__LISTEN?"
        );
        merged(None, &[("EVS_CONFIG", "x"), ("PATH", "/bin")]).unwrap();
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_with_key_origin_and_rule() {
        let refused = |file| merged(Some(file), &[]).unwrap_err();
        assert_eq!(
            refused("[server]\nworkers = \"4\""),
            "server.workers (file FILE) must be a whole number, not \"4\""
        );
        assert_eq!(
            refused("[server]\nallow_remote = 1"),
            "server.allow_remote (file FILE) must be true or false, not 1"
        );
        assert_eq!(
            refused("[quotas]\nvolumes = 1.5"),
            "quotas.volumes (file FILE) must be a whole number, not 1.5"
        );
        assert_eq!(
            refused("[disks]\ntypes = [1]"),
            "disks.types (file FILE) must be a list of texts, not such a list"
        );
        let refused = |name, text| merged(None, &[(name, text)]).unwrap_err();
        assert_eq!(
            refused("EVS__SERVER__WORKERS", "1e3"),
            "server.workers (environment EVS__SERVER__WORKERS) must be a whole number, not \"1e3\""
        );
        assert_eq!(
            refused("EVS__SERVER__ALLOW_REMOTE", "yes"),
            "server.allow_remote (environment EVS__SERVER__ALLOW_REMOTE) must be true or false, not \"yes\""
        );
        let secret = refused("EVS__BOOTSTRAP__PASSWORDS", "hush");
        assert!(!secret.contains("hush"), "{secret}");
    }

    #[test]
    fn a_list_in_the_environment_is_comma_separated_and_text_is_kept_as_it_is() {
        let entries = merged(
            None,
            &[
                ("EVS__CLOUD__AVAILABILITY_ZONES", "a, b"),
                ("EVS__DISKS__TYPES", ""),
                ("EVS__BOOTSTRAP__PASSWORD", "0123"),
            ],
        )
        .unwrap();
        let list = |items: &[&str]| Setting::List(items.iter().map(|&i| i.to_owned()).collect());
        assert_eq!(*value(&entries, "cloud.availability_zones"), list(&["a", "b"]));
        assert_eq!(*value(&entries, "disks.types"), list(&[]));
        assert_eq!(*value(&entries, "bootstrap.password"), Setting::Text("0123".to_owned()));
    }

    #[test]
    fn a_file_that_is_not_toml_or_not_there_is_one_clear_sentence() {
        let error = merged(Some("[server\n"), &[]).unwrap_err();
        assert!(error.starts_with("file FILE does not hold valid settings: "), "{error}");
        assert!(error.contains("line 1") && !error.contains('\n'), "{error}");
        let flags = Flags { config: Some("/no/such.toml".into()), ..Flags::default() };
        let error = merge(&flags, std::iter::empty()).unwrap_err().to_string();
        assert_eq!(error, "cannot read the settings file /no/such.toml");
    }

    #[test]
    fn the_distance_of_two_keys_counts_letters() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "ab"), 2);
        assert_eq!(edits("ab", ""), 2);
        assert_eq!(edits("log.level", "log.level"), 0);
    }
}
