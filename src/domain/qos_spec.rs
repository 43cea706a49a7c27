//! Qualities of service: how fast the disks of a type may be.

use super::clock::Time;
use super::disk_type::Specs;
use super::ids::QosSpecsId;
use super::page::Paging;

/// A quality of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QosSpecs {
    /// Its id.
    pub id: QosSpecsId,
    /// Its name.
    pub name: String,
    /// Who applies it.
    pub consumer: Consumer,
    /// What it consists of.
    pub specs: Specs,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

/// Who applies a quality of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumer {
    /// The storage.
    BackEnd,
    /// The server that a disk is attached to.
    FrontEnd,
    /// Both of them.
    Both,
}

impl Consumer {
    /// Every consumer.
    pub const ALL: &[Self] = &[Self::BackEnd, Self::FrontEnd, Self::Both];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BackEnd => "back-end",
            Self::FrontEnd => "front-end",
            Self::Both => "both",
        }
    }

    /// The consumer with that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|consumer| consumer.as_str() == word)
    }
}

/// By what a list of qualities of service can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QosSort {
    /// When it was made.
    CreatedAt,
    /// When it last changed; never comes first.
    UpdatedAt,
    /// Its id.
    Id,
    /// Its name.
    Name,
    /// The word of its consumer.
    Consumer,
}

/// Which qualities of service to list, and which page of them.
#[derive(Debug, Clone)]
pub struct QosQuery {
    /// With exactly this id.
    pub id: Option<String>,
    /// With exactly this name.
    pub name: Option<String>,
    /// With this word as consumer.
    pub consumer: Option<String>,
    /// The page.
    pub page: Paging<QosSpecsId, QosSort>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_consumer_has_one_word_and_is_read_back_from_it() {
        for consumer in Consumer::ALL {
            assert_eq!(Consumer::parse(consumer.as_str()), Some(*consumer));
        }
        assert_eq!(Consumer::parse("backend"), None);
    }
}
