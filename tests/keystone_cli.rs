//! OpenStack's command line against the real binary: accounts, roles and application credentials.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails like a test")]

mod evs;
#[path = "python/openstack.rs"]
mod openstack;
mod python;

use std::path::Path;
use std::process::Command;

use evs::Evs;
use tempfile::TempDir;

/// An admin's accounts, then what the new user can do with them, then their end.
const WALK: &str = r#"
says() { test "$1" = "$2" || { echo "'$1' is not '$2'"; exit 1; }; }
openstack token issue -f value -c project_id > project
says "$(openstack project list -f value -c Name | sort | xargs)" "admin demo partner"
openstack project create --description d atlas -f value -c id > atlas
openstack user create --project atlas --password pw-9d41 --email a@example.com ann -f value -c id
openstack role add --project atlas --user ann member
says "$(openstack role assignment list --user ann --names -f value -c Role -c Project)" \
     "member atlas@Default"
says "$(openstack user show ann -f value -c default_project_id)" "$(cat atlas)"
openstack project set --description changed atlas
says "$(openstack project show atlas -f value -c description)" changed
openstack catalog list -f value -c Type > types
grep -qx block-storage types
openstack endpoint list --interface public -f value -c 'Service Type' > types
grep -qx volumev3 types
says "$(openstack region list -f value -c Region)" sim-1

export OS_USERNAME=ann OS_PASSWORD=pw-9d41 OS_PROJECT_NAME=atlas
says "$(openstack project list --my-projects -f value -c Name)" atlas
openstack volume create --size 1 ledger -f value -c id
openstack application credential create ci -f value -c id -c secret | xargs > credential
read -r id secret < credential
(
    unset OS_USERNAME OS_PASSWORD OS_PROJECT_NAME OS_USER_DOMAIN_NAME OS_PROJECT_DOMAIN_NAME
    unset OS_PROJECT_DOMAIN_ID OS_USER_DOMAIN_ID
    export OS_AUTH_TYPE=v3applicationcredential OS_APPLICATION_CREDENTIAL_ID=$id
    export OS_APPLICATION_CREDENTIAL_SECRET=$secret
    says "$(openstack volume list -f value -c Name)" ledger
)
(
    token=$(openstack token issue -f value -c id)
    unset OS_USERNAME OS_PASSWORD OS_USER_DOMAIN_NAME OS_USER_DOMAIN_ID
    export OS_AUTH_TYPE=v3token OS_TOKEN=$token
    says "$(openstack volume list -f value -c Name)" ledger
)
openstack application credential delete ci
if openstack user list 2> refused; then exit 1; fi
grep -q 'identity:list_users' refused

export OS_USERNAME=admin OS_PASSWORD=secret OS_PROJECT_NAME=admin
openstack role remove --project atlas --user ann member
openstack user set --disable ann
openstack user delete ann
openstack project delete atlas
"#;

#[test]
fn the_openstack_command_line_keeps_accounts() {
    let Some(programs) =
        python::programs("openstack", openstack::PACKAGES, "the OpenStack accounts")
    else {
        return;
    };
    let bash = |script: &str, folder: &Path, url: &str| {
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(folder)
            .env("PATH", format!("{}:{}", programs.display(), env!("PATH")))
            .env("OS_AUTH_URL", format!("{url}/identity"))
            .env("OS_IDENTITY_API_VERSION", "3")
            .env("OS_REGION_NAME", "sim-1")
            .envs([("OS_USERNAME", "admin"), ("OS_PASSWORD", "secret")])
            .envs([("OS_PROJECT_NAME", "admin"), ("OS_USER_DOMAIN_NAME", "Default")])
            .env("OS_PROJECT_DOMAIN_NAME", "Default")
            .output()
            .unwrap()
    };
    let (data, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let evs = Evs::start(data.path());
    let output = bash(WALK, folder.path(), &evs.url);
    let (out, err) = (&output.stdout, &output.stderr);
    let printed = [String::from_utf8_lossy(out), String::from_utf8_lossy(err)].concat();
    assert!(output.status.success(), "{printed}");
    evs.is_healthy();
}
