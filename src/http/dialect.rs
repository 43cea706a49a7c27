//! The dialects of the errors, and which path speaks which.

/// How an error looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `{"badRequest": {"code": 400, "message": …}}`.
    OpenStack,
    /// `{"error": {"code": "EVS.5400", "message": …}}`.
    Evs,
    /// `{"error": {"code": 401, "title": "Unauthorized", "message": …}}`.
    Keystone,
    /// `{"error_code": "APIGW.0301", "error_msg": …, "request_id": …}`: refused signatures only.
    Gateway,
}

/// What begins a path, or without a slash what follows its project, speaks which dialect; what is
/// not listed speaks OpenStack's.
const DIALECTS: &[(&str, Dialect)] = &[
    ("/identity", Dialect::Keystone),
    ("/v3/auth", Dialect::Keystone),
    ("/v3/projects", Dialect::Keystone),
    ("/v3/users", Dialect::Keystone),
    ("/v3/groups", Dialect::Keystone),
    ("/v3/domains", Dialect::Keystone),
    ("/v3/regions", Dialect::Keystone),
    ("/v3/services", Dialect::Keystone),
    ("/v3/endpoints", Dialect::Keystone),
    ("/v3/roles", Dialect::Keystone),
    ("/v3/role_assignments", Dialect::Keystone),
    ("/v3.0", Dialect::Keystone),
    ("/v2.1", Dialect::Evs),
    ("backuppolicy", Dialect::Evs),
    ("cloudbackups", Dialect::Evs),
    ("cloudvolumes", Dialect::Evs),
    ("cloudsnapshots", Dialect::Evs),
    ("os-vendor-", Dialect::Evs),
    ("jobs", Dialect::Evs),
];

impl Dialect {
    /// The dialect of a path, whether there is such a route or not.
    pub fn of(path: &str) -> Self {
        let after_project = path.splitn(4, '/').nth(3).unwrap_or_default();
        // The one native operation below an OpenStack path.
        if after_project.starts_with("volumes/") && after_project.ends_with("/retype") {
            return Self::Evs;
        }
        DIALECTS
            .iter()
            .find(|(part, _)| {
                if !part.starts_with('/') {
                    return after_project.starts_with(part);
                }
                path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .map_or(Self::OpenStack, |(_, dialect)| *dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_speaks_one_dialect_whether_it_exists_or_not() {
        for (path, dialect) in [
            ("/v3/p/os-volume-transfer/x", Dialect::OpenStack),
            ("/nowhere", Dialect::OpenStack),
            ("/v2/p/backuppolicyresources/x/deleted_resources", Dialect::Evs),
            ("/v2/p/volumes/backuppolicy", Dialect::OpenStack),
            ("/v3/p/cloudvolumes/x/nowhere", Dialect::Evs),
            ("/v2/p/os-vendor-tags/volumes", Dialect::Evs),
            ("/v2/p/cloudsnapshots/x/nowhere", Dialect::Evs),
            ("/v3/p/os-vendor-snapshots/x/rollback", Dialect::Evs),
            ("/v3/p/snapshots/x/rollback", Dialect::OpenStack),
            ("/v2.1/p/nowhere", Dialect::Evs),
            ("/v1/p/jobs/x", Dialect::Evs),
            ("/v2/p/cloudbackups/x/restore", Dialect::Evs),
            ("/v2/p/volumes/x/retype", Dialect::Evs),
            ("/v2/p/volumes/x/action", Dialect::OpenStack),
            ("/identity/v3/nowhere", Dialect::Keystone),
            ("/v3/auth/tokens", Dialect::Keystone),
            ("/v3.0/OS-CREDENTIAL/credentials", Dialect::Keystone),
            ("/v3/users", Dialect::Keystone),
            ("/v3/users-of-mine/volumes", Dialect::OpenStack),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }
}
