//! Attachments: the servers and hosts that a disk is attached to, or kept for.

use thiserror::Error;

use super::clock::Time;
use super::disk::{Disk, DiskStatus};
use super::ids::{AttachmentId, DiskId, ProjectId, ServerId};
use super::page::Paging;
use super::status::statuses;

statuses! {
    /// How far an attachment has come (Cinder's `attach_status`). One that is over is not there.
    AttachStatus {
        /// The disk is kept for it.
        Reserved = "reserved",
        /// The host is connected and the server is not told yet.
        Attaching = "attaching",
        /// Done.
        Attached = "attached",
        /// It could not be attached.
        ErrorAttaching = "error_attaching",
        /// It could not be detached.
        ErrorDetaching = "error_detaching",
    }
}

/// What a server may do with an attached disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachMode {
    /// Read and write.
    ReadWrite,
    /// Read.
    ReadOnly,
}

impl AttachMode {
    /// The word for it, on the wire and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadWrite => "rw",
            Self::ReadOnly => "ro",
        }
    }

    /// The mode that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::ReadWrite, Self::ReadOnly].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// An attachment of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The disk.
    pub disk: DiskId,
    /// The project that owns the disk.
    pub project: ProjectId,
    /// The server; a host may go without one.
    pub server: Option<ServerId>,
    /// The host.
    pub host_name: Option<String>,
    /// Where the server sees the disk: `/dev/vdb`.
    pub mountpoint: Option<String>,
    /// What the server may do with it, if somebody said.
    pub mode: Option<AttachMode>,
    /// How far it has come.
    pub status: AttachStatus,
    /// What the host says of itself, a JSON object as text.
    pub connector: Option<String>,
    /// When the host was connected.
    pub attached_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

/// A host that connects, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    /// All that it says, a JSON object as text.
    pub json: String,
    /// Its name.
    pub host: Option<String>,
    /// Where the server will see the disk.
    pub mountpoint: Option<String>,
    /// What the server wants to do with it.
    pub mode: Option<AttachMode>,
}

/// Why a disk is not attached, detached or connected to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AttachRefused {
    /// A server that may write does not get a disk that servers may only read.
    #[error("disk {0} is read-only")]
    ReadOnly(DiskId),
    /// It is attached, and several servers may not share it.
    #[error("the disk is attached already")]
    Already,
    /// It has no attachment of that id.
    #[error("the disk has no attachment {0}")]
    NotBy(String),
    /// Of several attachments none was named.
    #[error("the disk has several attachments")]
    Several,
    /// A host connects a second time, and servers may not share it.
    #[error("a host connects twice to disk {0}")]
    Twice(DiskId),
    /// No host connects to a disk in maintenance.
    #[error("the disk is in maintenance")]
    Maintenance,
}

/// What stands for a mountpoint that a host does not name (Cinder).
const NO_MOUNTPOINT: &str = "na";

impl Attachment {
    /// Keeps `disk` for a server, or for a host without one.
    pub fn reserved(disk: &Disk, id: AttachmentId, server: Option<ServerId>, at: Time) -> Self {
        Self {
            id,
            disk: disk.id,
            project: disk.project.clone(),
            server,
            host_name: None,
            mountpoint: None,
            mode: None,
            status: AttachStatus::Reserved,
            connector: None,
            attached_at: None,
            created_at: at,
            updated_at: None,
        }
    }

    /// Connects the host. A mode that was given when the disk was reserved counts more.
    pub fn connect(&mut self, connector: Connector, at: Time) {
        self.status = AttachStatus::Attaching;
        self.attached_at = Some(at);
        self.host_name = connector.host;
        self.mountpoint = Some(connector.mountpoint.unwrap_or_else(|| NO_MOUNTPOINT.to_owned()));
        self.mode = self.mode.or(connector.mode).or(Some(AttachMode::ReadWrite));
        self.connector = Some(connector.json);
    }

    /// Moves it to another status; what is attached has a time.
    pub fn come_to(&mut self, status: AttachStatus, at: Time) {
        self.status = status;
        if status == AttachStatus::Attached {
            self.attached_at.get_or_insert(at);
        }
    }
}

impl Disk {
    /// Keeps a new disk for a server under this device name, which has it as soon as it is there;
    /// that is at once if it takes no time to make.
    pub fn keep_for(&mut self, server: ServerId, device: String, at: Time) {
        self.read_only.get_or_insert(false);
        let kept = Attachment::reserved(self, AttachmentId::random(), Some(server), at);
        let mode = Some(AttachMode::ReadWrite);
        self.attachments.push(Attachment { mountpoint: Some(device), mode, ..kept });
        self.hand_over_to_servers(at);
    }

    /// An available disk goes to the servers that it was kept for, and one that failed to none.
    pub fn hand_over_to_servers(&mut self, at: Time) {
        if self.pending.is_some() {
            return;
        }
        if self.status != DiskStatus::Available {
            self.attachments.retain(|attachment| attachment.status != AttachStatus::Reserved);
            return;
        }
        for attachment in &mut self.attachments {
            attachment.come_to(AttachStatus::Attached, at);
        }
        self.status = self.settled();
    }

    /// Whether a server has it.
    pub fn is_attached(&self) -> bool {
        self.attachments.iter().any(|attachment| attachment.status == AttachStatus::Attached)
    }

    /// Gives it the status that its attachments ask for, the one that has come furthest first (as
    /// Cinder decides when one is deleted). If something is under way, that is what follows it; a
    /// status that tells of something else stays.
    pub fn settle(&mut self) {
        let settled = self.settled();
        let tells = match &mut self.pending {
            Some(pending) => match &mut pending.former {
                Some(former) => former,
                None => return,
            },
            None => &mut self.status,
        };
        if tells_of_attachments(*tells) {
            *tells = settled;
        }
    }

    fn settled(&self) -> DiskStatus {
        use AttachStatus as A;
        let has = |some: &[AttachStatus]| self.attachments.iter().any(|a| some.contains(&a.status));
        if has(&[A::Attached, A::ErrorDetaching]) {
            DiskStatus::InUse
        } else if has(&[A::Attaching, A::ErrorAttaching]) {
            DiskStatus::Attaching
        } else if has(&[A::Reserved]) {
            DiskStatus::Reserved
        } else {
            DiskStatus::Available
        }
    }
}

fn tells_of_attachments(status: DiskStatus) -> bool {
    [
        DiskStatus::Available,
        DiskStatus::Reserved,
        DiskStatus::Attaching,
        DiskStatus::InUse,
        DiskStatus::Detaching,
    ]
    .contains(&status)
}

/// By what a list of attachments can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentSort {
    /// When it was made.
    CreatedAt,
    /// Its id.
    Id,
    /// Its disk's id.
    Disk,
    /// Its server's id; those without one first.
    Server,
    /// Its status word.
    Status,
}

/// Which attachments to list, and which page of them.
#[derive(Debug, Clone)]
pub struct AttachmentQuery {
    /// Of this project, or of all.
    pub project: Option<ProjectId>,
    /// Of this disk; a text that is no disk's id matches nothing.
    pub disk: Option<String>,
    /// To this server; a text that is no server's id matches nothing.
    pub server: Option<String>,
    /// With this status word.
    pub status: Option<String>,
    /// The page.
    pub page: Paging<AttachmentId, AttachmentSort>,
}
