//! `evs env`: the environment of the OpenStack clients.

use std::process::ExitCode;

use anyhow::bail;
use evs_local::config::Settings;
use evs_local::data_dir;
use secrecy::ExposeSecret as _;

use super::{names, print, reachable};

/// Runs the command.
pub(crate) fn run(settings: &Settings, user: &str) -> anyhow::Result<ExitCode> {
    let names = names(settings);
    if !names.contains(&user) {
        bail!("there is no account {user:?}; choose one of {}", names.join(", "));
    }
    let running = data_dir::running(&settings.data.dir).and_then(|holder| holder.url);
    print(&exports(settings, user, running))?;
    Ok(ExitCode::SUCCESS)
}

fn exports(settings: &Settings, user: &str, running: Option<String>) -> String {
    let configured = || {
        let reachable = reachable(settings.server.listen);
        settings.server.public_url.clone().unwrap_or_else(|| format!("http://{reachable}"))
    };
    let url = running.unwrap_or_else(configured);
    let identity = format!("{url}/identity");
    let lines = [
        ("OS_AUTH_URL", identity.as_str()),
        ("OS_IDENTITY_API_VERSION", "3"),
        ("OS_USERNAME", user),
        ("OS_PASSWORD", settings.bootstrap.password.expose_secret()),
        ("OS_PROJECT_NAME", user),
        ("OS_USER_DOMAIN_NAME", &settings.bootstrap.domain),
        ("OS_PROJECT_DOMAIN_NAME", &settings.bootstrap.domain),
        ("OS_REGION_NAME", &settings.cloud.region),
    ];
    lines.map(|(name, value)| format!("export {name}={}\n", quoted(value))).concat()
}

/// In single quotes, inside which a shell reads nothing but their end; bare where nothing could be misread.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@,+".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_name_the_running_server_and_are_quoted_for_the_shell() {
        let mut settings = Settings::defaults().unwrap();
        settings.bootstrap.password = "it's $HOME".into();
        settings.server.listen = "0.0.0.0:9000".parse().unwrap();
        let expected = |url: &str| {
            format!(
                "export OS_AUTH_URL={url}/identity\nexport OS_IDENTITY_API_VERSION=3\n\
                 export OS_USERNAME=demo\nexport OS_PASSWORD='it'\\''s $HOME'\n\
                 export OS_PROJECT_NAME=demo\nexport OS_USER_DOMAIN_NAME=Default\n\
                 export OS_PROJECT_DOMAIN_NAME=Default\nexport OS_REGION_NAME=sim-1\n"
            )
        };
        assert_eq!(exports(&settings, "demo", None), expected("http://127.0.0.1:9000"));
        let running = Some("http://127.0.0.1:1".to_owned());
        assert_eq!(exports(&settings, "demo", running), expected("http://127.0.0.1:1"));
        settings.server.public_url = Some("https://evs.test".to_owned());
        assert_eq!(exports(&settings, "demo", None), expected("https://evs.test"));
    }

    #[test]
    fn an_unknown_user_is_told_the_names() {
        let error = run(&Settings::defaults().unwrap(), "bob").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no account \"bob\"; choose one of admin, demo, partner"
        );
    }
}
