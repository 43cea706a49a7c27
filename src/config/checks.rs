//! The checks of the settings: from text and numbers to typed values.
//!
//! Each failure names the key, its origin and the rule. Must not know where a value may come from.

use std::{
    collections::BTreeSet, net::SocketAddr, num::NonZero, ops::RangeInclusive, path::PathBuf,
    time::Duration,
};

use chrono::TimeDelta;

use super::{
    Account, Auth, AuthMode, Bootstrap, Cloud, ConfigError, Data, Disks, Faults, Guesses, HashCost,
    Log, LogFormat, MissedRuns, Policies, Quotas, Server, Settings, Store, Transfers, events,
    layers::{Entries, Entry, Setting, invalid, render},
    simulation,
};

const ROLES: [&str; 3] = ["reader", "member", "admin"];
const LONGEST_NAME: usize = 64;
const TEN_YEARS_S: i64 = 10 * 366 * 24 * 3600;
const ONE_YEAR_S: i64 = 365 * 24 * 3600;
const ONE_DAY_S: i64 = 24 * 3600;
pub(super) const ONE_DAY_MS: i64 = ONE_DAY_S * 1000;

pub(super) fn check(entries: &Entries) -> Result<Settings, ConfigError> {
    let checks = Checks(entries);
    Ok(Settings {
        server: checks.server()?,
        data: Data {
            dir: PathBuf::from(checks.filled("data.dir")?),
            allow_network_file_system: checks.flag("data.allow_network_file_system")?,
        },
        store: Store {
            readers: checks.whole("store.readers", 1..=64)?,
            group_size: checks.whole("store.group_size", 1..=1024)?,
            busy_timeout: Duration::from_millis(
                checks.whole("store.busy_timeout_ms", 0..=ONE_DAY_MS)?,
            ),
        },
        log: Log {
            format: checks.one_of(
                "log.format",
                &[
                    ("auto", LogFormat::Human),
                    ("human", LogFormat::Human),
                    ("json", LogFormat::Json),
                ],
            )?,
            filter: checks.filled("log.filter")?,
        },
        auth: Auth {
            mode: checks
                .one_of("auth.mode", &[("token", AuthMode::Token), ("open", AuthMode::Open)])?,
            token_lifetime: TimeDelta::seconds(
                checks.whole("auth.token_lifetime_s", 1..=TEN_YEARS_S)?,
            ),
            signature_skew: TimeDelta::seconds(
                checks.whole("auth.signature_skew_s", 1..=TEN_YEARS_S)?,
            ),
            purge_interval: Duration::from_secs(
                checks.whole("auth.purge_interval_s", 1..=24 * 3600)?,
            ),
            password_guesses: checks
                .guesses("auth.password_guesses", "auth.password_guesses_window_s")?,
            password: checks.hash_cost(
                "auth.password_memory_kib",
                "auth.password_iterations",
                None,
            )?,
        },
        bootstrap: Bootstrap {
            password: checks.filled("bootstrap.password")?.into(),
            domain: checks.filled("bootstrap.domain")?,
            accounts: checks.accounts("bootstrap.accounts")?,
            scenario: Some(checks.text("bootstrap.scenario")?)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
        },
        cloud: Cloud {
            region: checks.name("cloud.region")?,
            availability_zones: checks.names("cloud.availability_zones")?,
        },
        disks: checks.disks()?,
        transfers: Transfers {
            key: checks.hash_cost(
                "transfers.key_memory_kib",
                "transfers.key_iterations",
                Some("transfers.key_parallelism"),
            )?,
            key_guesses: checks
                .guesses("transfers.key_guesses", "transfers.key_guesses_window_s")?,
            expire_after_s: checks.whole("transfers.expire_after_s", 0..=ONE_YEAR_S)?,
            idempotency_window: TimeDelta::seconds(
                checks.whole("transfers.idempotency_window_s", 1..=TEN_YEARS_S)?,
            ),
            refuse_yearly_monthly: checks.flag("transfers.refuse_yearly_monthly")?,
            refuse_dedicated_storage: checks.flag("transfers.refuse_dedicated_storage")?,
        },
        policies: Policies {
            missed_runs: checks.one_of(
                "policies.missed_runs",
                &[
                    ("all", MissedRuns::All),
                    ("latest", MissedRuns::Latest),
                    ("skip", MissedRuns::Skip),
                ],
            )?,
            missed_after: TimeDelta::seconds(
                checks.whole("policies.missed_after_s", 0..=ONE_DAY_S)?,
            ),
        },
        simulation: simulation::check(&checks)?,
        faults: Faults { file: checks.path("faults.file")? },
        events: events::check(&checks)?,
        quotas: Quotas {
            volumes: checks.limit("quotas.volumes")?,
            gigabytes: checks.limit("quotas.gigabytes")?,
            snapshots: checks.limit("quotas.snapshots")?,
            backups: checks.limit("quotas.backups")?,
            backup_gigabytes: checks.limit("quotas.backup_gigabytes")?,
            per_volume_gigabytes: checks.limit("quotas.per_volume_gigabytes")?,
            groups: checks.limit("quotas.groups")?,
        },
    })
}

/// The checks that sections have in common.
pub(super) struct Checks<'a>(&'a Entries);

impl<'a> Checks<'a> {
    fn server(&self) -> Result<Server, ConfigError> {
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let workers = self.whole("server.workers", 0..=1024)?;
        Ok(Server {
            listen: self.address("server.listen")?,
            public_url: self.url("server.public_url")?,
            workers: if workers == 0 { cores() } else { workers },
            allow_remote: self.flag("server.allow_remote")?,
            allow_crash: self.flag("server.allow_crash")?,
            stop_grace: Duration::from_secs(self.whole("server.stop_grace_s", 0..=3600)?),
            request_timeout: Duration::from_secs(self.whole("server.request_timeout_s", 1..=3600)?),
            max_body_bytes: self.whole("server.max_body_bytes", 1024..=1 << 30)?,
        })
    }

    fn disks(&self) -> Result<Disks, ConfigError> {
        let types = self.names("disks.types")?;
        let encrypted_types = self.list("disks.encrypted_types")?.to_vec();
        let default_type = self.name("disks.default_type")?;
        if encrypted_types.iter().any(|name| !types.contains(name)) {
            let rule = format!("some of disks.types ({})", types.join(", "));
            return Err(self.broken("disks.encrypted_types", &rule));
        }
        let max_size_gib = self.whole("disks.max_size_gib", 1..=i64::from(i32::MAX))?;
        Ok(Disks { types, encrypted_types, default_type, max_size_gib })
    }

    /// Passwords have a single lane: their cost is meant for one core.
    fn hash_cost(
        &self,
        memory: &str,
        iterations: &str,
        parallelism: Option<&str>,
    ) -> Result<HashCost, ConfigError> {
        let cost = HashCost {
            memory_kib: self.whole(memory, 1..=4 << 20)?,
            iterations: self.whole(iterations, 1..=1000)?,
            parallelism: parallelism.map_or(Ok(1), |key| self.whole(key, 1..=64))?,
        };
        // Of what is within these bounds, argon2 refuses less than 8 KiB a lane.
        argon2::Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None).map_err(
            |error| self.broken(memory, &format!("a cost that argon2 accepts (it says: {error})")),
        )?;
        Ok(cost)
    }

    fn guesses(&self, most: &str, window: &str) -> Result<Guesses, ConfigError> {
        Ok(Guesses {
            most: self.whole(most, 0..=1_000_000)?,
            window: TimeDelta::seconds(self.whole(window, 1..=TEN_YEARS_S)?),
        })
    }

    fn accounts(&self, key: &str) -> Result<Vec<Account>, ConfigError> {
        let mut names = BTreeSet::new();
        let accounts = self.list(key)?.iter().map(|text| {
            let (name, role) = text.split_once(':')?;
            let fits = is_name(name) && !name.contains('.') && ROLES.contains(&role);
            (fits && names.insert(name))
                .then(|| Account { name: name.to_owned(), role: role.to_owned() })
        });
        let accounts = accounts.collect::<Option<Vec<_>>>().filter(|accounts| !accounts.is_empty());
        accounts.ok_or_else(|| {
            let roles = ROLES.join(", ");
            let rule = format!(
                "NAME:ROLE once or more, each name unique, of 1 to {LONGEST_NAME} letters, digits, _ and -, \
                 each role one of {roles}"
            );
            self.broken(key, &rule)
        })
    }

    /// `localhost` is loopback without asking a resolver, which might say otherwise.
    fn address(&self, key: &str) -> Result<SocketAddr, ConfigError> {
        let text = self.text(key)?;
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        numeric.parse().map_err(|_| {
            self.broken(key, "an IP address (or localhost) and a port, as 127.0.0.1:8776")
        })
    }

    fn url(&self, key: &str) -> Result<Option<String>, ConfigError> {
        let text = self.text(key)?.trim_end_matches('/');
        if text.is_empty() {
            return Ok(None);
        }
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let fits = |host: &str| {
            !host.starts_with('/')
                && host.chars().all(|c| c.is_ascii_graphic() && !"\"'<>\\?#".contains(c))
        };
        if host.is_some_and(fits) {
            Ok(Some(text.to_owned()))
        } else {
            Err(self.broken(key, "empty or a URL that begins with http:// or https://"))
        }
    }

    fn names(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let names = self.list(key)?;
        let unique = names.iter().collect::<BTreeSet<_>>().len() == names.len();
        if names.is_empty() || !unique || !names.iter().all(|name| is_name(name)) {
            let rule = format!(
                "at least one name, each unique, of 1 to {LONGEST_NAME} letters, digits, _, - and ."
            );
            return Err(self.broken(key, &rule));
        }
        Ok(names.to_vec())
    }

    fn name(&self, key: &str) -> Result<String, ConfigError> {
        let name = self.text(key)?;
        if is_name(name) {
            return Ok(name.to_owned());
        }
        Err(self.broken(key, &format!("1 to {LONGEST_NAME} letters, digits, _, - and .")))
    }

    /// A path, or none where the text is empty.
    fn path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(Some(PathBuf::from(self.text(key)?)).filter(|path| !path.as_os_str().is_empty()))
    }

    fn filled(&self, key: &str) -> Result<String, ConfigError> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            return Err(self.broken(key, "filled in"));
        }
        Ok(text.to_owned())
    }

    fn limit(&self, key: &str) -> Result<i64, ConfigError> {
        // Twice the largest limit still fits: a sum of limits and usage cannot overflow.
        self.whole(key, -1..=i64::MAX / 2)
    }

    pub(super) fn one_of<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<T, ConfigError> {
        let text = self.text(key)?;
        let choice = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        choice.ok_or_else(|| {
            let names = choices.iter().map(|(name, _)| *name).collect::<Vec<_>>();
            self.broken(key, &format!("one of {}", names.join(", ")))
        })
    }

    pub(super) fn whole<T: TryFrom<i64>>(
        &self,
        key: &str,
        range: RangeInclusive<i64>,
    ) -> Result<T, ConfigError> {
        let number = match self.setting(key)? {
            Setting::Whole(number) if range.contains(number) => T::try_from(*number).ok(),
            Setting::Whole(_) | Setting::Text(_) | Setting::Flag(_) | Setting::List(_) => None,
        };
        number.ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            self.broken(key, &format!("a whole number from {least} to {most}"))
        })
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str, ConfigError> {
        match self.setting(key)? {
            Setting::Text(text) => Ok(text),
            Setting::Whole(_) | Setting::Flag(_) | Setting::List(_) => {
                Err(self.broken(key, "text"))
            }
        }
    }

    fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        match self.setting(key)? {
            Setting::Flag(flag) => Ok(*flag),
            Setting::Whole(_) | Setting::Text(_) | Setting::List(_) => {
                Err(self.broken(key, "true or false"))
            }
        }
    }

    pub(super) fn list(&self, key: &str) -> Result<&'a [String], ConfigError> {
        match self.setting(key)? {
            Setting::List(list) => Ok(list),
            Setting::Whole(_) | Setting::Text(_) | Setting::Flag(_) => {
                Err(self.broken(key, "a list of texts"))
            }
        }
    }

    fn setting(&self, key: &str) -> Result<&'a Setting, ConfigError> {
        let entry = self.0.get(key).map(|entry| &entry.value);
        entry.ok_or_else(|| ConfigError::NoDefault(key.to_owned()))
    }

    pub(super) fn broken(&self, key: &str, rule: &str) -> ConfigError {
        match self.0.get(key) {
            Some(Entry { value, origin }) => invalid(key, origin, rule, &render(key, value)),
            None => ConfigError::NoDefault(key.to_owned()),
        }
    }

    /// The same without what it is.
    pub(super) fn broken_secretly(&self, key: &str, rule: &str) -> ConfigError {
        match self.0.get(key) {
            Some(Entry { origin, .. }) => invalid(key, origin, rule, "this one"),
            None => ConfigError::NoDefault(key.to_owned()),
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Flags, load_with},
        *,
    };

    fn with(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = pairs.iter().map(|(key, value)| {
            let name = format!("EVS__{}", key.replace('.', "__").to_ascii_uppercase());
            (name, (*value).to_owned())
        });
        match load_with(&Flags::default(), environment) {
            Ok(loaded) => Ok(loaded.settings),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn an_address_is_numeric_or_localhost() {
        let listen = |text| with(&[("server.listen", text)]).map(|settings| settings.server.listen);
        assert_eq!(listen("localhost:9000").unwrap().to_string(), "127.0.0.1:9000");
        assert_eq!(listen("[::1]:0").unwrap().to_string(), "[::1]:0");
        assert_eq!(
            listen("example.org:80").unwrap_err(),
            "server.listen (environment EVS__SERVER__LISTEN) must be an IP address (or localhost) and a port, \
             as 127.0.0.1:8776, not \"example.org:80\""
        );
        assert!(listen("8776").is_err());
        assert!(listen("127.0.0.1:65536").is_err());
    }

    #[test]
    fn a_public_url_has_a_scheme_and_a_host_and_loses_its_last_slash() {
        let url =
            |text| with(&[("server.public_url", text)]).map(|settings| settings.server.public_url);
        assert_eq!(url("https://evs.test/a/").unwrap().as_deref(), Some("https://evs.test/a"));
        assert_eq!(url("").unwrap(), None);
        for bad in ["evs.test", "ftp://evs.test", "http://", "http:///x", "http://a b"] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_keep_within_their_bounds() {
        let cases = [
            ("store.readers", "0", "65"),
            ("store.group_size", "0", "1025"),
            ("auth.token_lifetime_s", "0", "9999999999"),
            ("auth.signature_skew_s", "0", "9999999999"),
            ("auth.password_guesses", "-1", "1000001"),
            ("transfers.key_guesses_window_s", "0", "9999999999"),
            ("transfers.expire_after_s", "-1", "31536001"),
            ("transfers.idempotency_window_s", "0", "9999999999"),
            ("disks.max_size_gib", "0", "2147483648"),
            ("server.max_body_bytes", "1023", "1073741825"),
            ("quotas.volumes", "-2", "9223372036854775807"),
        ];
        for (key, below, above) in cases {
            for bad in [below, above] {
                let error = with(&[(key, bad)]).unwrap_err();
                assert!(
                    error.starts_with(key) && error.ends_with(&format!("not {bad}")),
                    "{error}"
                );
            }
        }
        assert_eq!(with(&[("quotas.volumes", "-1")]).unwrap().quotas.volumes, -1);
    }

    #[test]
    fn a_hash_cost_is_one_that_argon2_accepts() {
        let key = |memory, lanes| {
            with(&[("transfers.key_memory_kib", memory), ("transfers.key_parallelism", lanes)])
                .map(|settings| settings.transfers.key)
        };
        let cost = HashCost { memory_kib: 8, iterations: 1, parallelism: 1 };
        assert_eq!(key("8", "1").unwrap(), cost);
        let error = key("8", "2").unwrap_err();
        assert!(error.contains("must be a cost that argon2 accepts"), "{error}");
        assert!(with(&[("auth.password_iterations", "0")]).is_err());
    }

    #[test]
    fn accounts_have_unique_names_and_known_roles() {
        let accounts = |text| with(&[("bootstrap.accounts", text)]).map(|s| s.bootstrap.accounts);
        let parsed = accounts("a_1:reader, b-2:admin").unwrap();
        let parsed = parsed.iter().map(|a| (a.name.as_str(), a.role.as_str())).collect::<Vec<_>>();
        assert_eq!(parsed, [("a_1", "reader"), ("b-2", "admin")]);
        for bad in ["", "a", "a:owner", ":admin", "a:admin,a:member", "a b:admin", "a:admin,"] {
            let error = accounts(bad).unwrap_err();
            assert!(error.contains("must be NAME:ROLE"), "{bad}: {error}");
        }
    }

    #[test]
    fn disk_types_agree_with_each_other() {
        let error = with(&[("disks.types", "A,B"), ("disks.encrypted_types", "A,C")]).unwrap_err();
        assert_eq!(
            error,
            "disks.encrypted_types (environment EVS__DISKS__ENCRYPTED_TYPES) must be some of disks.types \
             (A, B), not [\"A\", \"C\"]"
        );
        // The types of a data file are its rows: only the start can tell whether one is the default.
        let disks = with(&[("disks.types", "A,B"), ("disks.default_type", "C")]).unwrap().disks;
        assert_eq!(disks.default_type, "C");
        assert!(with(&[("disks.types", "SSD"), ("disks.encrypted_types", "SSD,X")]).is_err());
        assert!(with(&[("disks.types", "SSD,SSD")]).is_err());
        assert!(with(&[("disks.types", "")]).is_err());
        let disks = with(&[("disks.encrypted_types", "SSD")]).unwrap().disks;
        assert_eq!(disks.encrypted_types, ["SSD"]);
    }

    #[test]
    fn a_password_is_filled_in_and_never_part_of_the_complaint() {
        assert_eq!(
            with(&[("bootstrap.password", " ")]).unwrap_err(),
            "bootstrap.password (environment EVS__BOOTSTRAP__PASSWORD) must be filled in"
        );
    }

    #[test]
    fn words_are_chosen_from_their_list() {
        assert_eq!(with(&[("log.format", "auto")]).unwrap().log.format, LogFormat::Human);
        assert_eq!(with(&[("auth.mode", "open")]).unwrap().auth.mode, AuthMode::Open);
        let error = with(&[("auth.mode", "none")]).unwrap_err();
        assert!(error.ends_with("must be one of token, open, not \"none\""), "{error}");
    }
}
