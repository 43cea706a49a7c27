//! Who logs in where a command asks a running server: what `evs env` prints, or an administrator.

use super::{Settings, readable};
use secrecy::SecretString;

/// A login by names.
#[derive(Debug, Clone)]
pub struct Login {
    /// `OS_USERNAME`, or the first account that is an administrator.
    pub user: String,
    /// `OS_PASSWORD`, or that of the first accounts.
    pub password: SecretString,
    /// `OS_PROJECT_NAME`, or the project of the user's name.
    pub project: String,
    /// `OS_USER_DOMAIN_NAME`, or that of the first accounts.
    pub user_domain: String,
    /// `OS_PROJECT_DOMAIN_NAME`, or that of the first accounts.
    pub project_domain: String,
}

/// The login that the environment of the process asks for, over that of the settings; none: nobody is
/// named.
pub fn login(settings: &Settings) -> Option<Login> {
    let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OS_"));
    let ours: Vec<(String, String)> = ours.filter_map(readable).filter_map(Result::ok).collect();
    login_with(settings, &ours)
}

fn login_with(settings: &Settings, environment: &[(String, String)]) -> Option<Login> {
    let given = |wanted: &str| {
        let found = environment.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let bootstrap = &settings.bootstrap;
    let admin = || bootstrap.accounts.iter().find(|account| account.role == "admin");
    let user = given("OS_USERNAME").or_else(|| admin().map(|account| account.name.clone()))?;
    let domain = |name: &str| given(name).unwrap_or_else(|| bootstrap.domain.clone());
    Some(Login {
        password: given("OS_PASSWORD")
            .map_or_else(|| bootstrap.password.clone(), SecretString::from),
        project: given("OS_PROJECT_NAME").unwrap_or_else(|| user.clone()),
        user_domain: domain("OS_USER_DOMAIN_NAME"),
        project_domain: domain("OS_PROJECT_DOMAIN_NAME"),
        user,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn named(environment: &[(&str, &str)]) -> Option<[String; 5]> {
        let mut settings = Settings::defaults().unwrap();
        settings.bootstrap.accounts.rotate_left(1);
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment: Vec<(String, String)> = environment.iter().map(own).collect();
        let Login { user, password, project, user_domain, project_domain } =
            login_with(&settings, &environment)?;
        let password = password.expose_secret().to_owned();
        Some([user, password, project, user_domain, project_domain])
    }

    #[test]
    fn an_administrator_logs_in_unless_the_environment_names_somebody() {
        let all = |words: [&str; 5]| Some(words.map(str::to_owned));
        assert_eq!(named(&[]), all(["admin", "secret", "admin", "Default", "Default"]));
        assert_eq!(
            named(&[("OS_USERNAME", "ann"), ("OS_PASSWORD", "p"), ("OS_PROJECT_NAME", "")]),
            all(["ann", "p", "ann", "Default", "Default"])
        );
        assert_eq!(
            named(&[
                ("OS_PROJECT_NAME", "x"),
                ("OS_USER_DOMAIN_NAME", "y"),
                ("OS_PROJECT_DOMAIN_NAME", "z"),
            ]),
            all(["admin", "secret", "x", "y", "z"])
        );
    }

    #[test]
    fn without_an_administrator_in_the_settings_nobody_is_named() {
        let mut settings = Settings::defaults().unwrap();
        settings.bootstrap.accounts.retain(|account| account.role != "admin");
        assert!(login_with(&settings, &[]).is_none());
    }
}
