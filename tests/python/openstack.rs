//! OpenStack's own clients.

/// In these versions, since transcripts hold what they print.
pub(crate) const PACKAGES: &[&str] =
    &["python-openstackclient==10.5.0", "python-cinderclient==9.10.0", "openstacksdk==4.22.0"];
