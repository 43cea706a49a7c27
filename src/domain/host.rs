//! Hosts as administrators see them: one node, on which each disk type is a backend with one pool.

/// The one node.
pub const NODE: &str = "evs";

/// The backend that a disk type is: `evs@SSD`.
pub fn backend(disk_type: &str) -> String {
    format!("{NODE}@{disk_type}")
}

/// The pool that the disks of a type lie in: `evs@SSD#SSD`.
pub fn pool(disk_type: &str) -> String {
    format!("{NODE}@{disk_type}#{disk_type}")
}

/// What a host that somebody names stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// The node with all of its backends.
    Node,
    /// The backend of the disk type of that name, if there is one.
    Backend(String),
    /// A pool of that backend, if there is one.
    Pool(String),
    /// None of ours.
    Unknown,
}

impl Host {
    /// Reads `evs`, `evs@TYPE` or `evs@TYPE#TYPE`; of a type's name nothing is asked but that pool
    /// and backend agree on it.
    pub fn parse(text: &str) -> Self {
        let Some(rest) = text.strip_prefix(NODE) else { return Self::Unknown };
        if rest.is_empty() {
            return Self::Node;
        }
        let Some(rest) = rest.strip_prefix('@').filter(|rest| !rest.is_empty()) else {
            return Self::Unknown;
        };
        match rest.split_once('#') {
            None => Self::Backend(rest.to_owned()),
            Some((backend, pool)) if backend == pool => Self::Pool(pool.to_owned()),
            Some(_) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_as_it_is_written_and_nothing_else_is_one() {
        assert_eq!(Host::parse(NODE), Host::Node);
        assert_eq!(Host::parse(&backend("SSD")), Host::Backend("SSD".to_owned()));
        assert_eq!(Host::parse(&pool("SSD")), Host::Pool("SSD".to_owned()));
        for text in ["", "evs@", "evs2", "other", "evs@SSD#SAS", "evs#SSD", "EVS"] {
            assert_eq!(Host::parse(text), Host::Unknown, "{text}");
        }
    }
}
