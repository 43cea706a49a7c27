//! Disks and images, which are simulated: any UUID names one.

use std::collections::BTreeMap;

use tracing::info;

use super::{no_disk, parse, visible};
use crate::domain::access::Caller;
use crate::domain::disk::{Becoming, Disk, DiskEvent};
use crate::domain::ids::random_with_dashes;
use crate::service::{App, Result, ServiceError};

/// What is asked for when a disk is copied into an image.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// Whether a disk in use is copied too.
    pub forced: bool,
}

/// A copy of a disk into an image that has begun.
#[derive(Debug, Clone)]
pub struct ImageUpload {
    /// The disk.
    pub disk: Disk,
    /// The image's id, a UUID.
    pub image: String,
}

impl App {
    /// Copies a disk into a new image, of which nothing is kept but its id in the answer.
    pub async fn upload_image(
        &self,
        caller: &Caller,
        id: &str,
        new: NewImage,
    ) -> Result<ImageUpload> {
        let wanted = parse(id)?;
        let event = if new.forced { DiskEvent::ForceUploadImage } else { DiskEvent::UploadImage };
        let mut unit = self.write().await?;
        let begun = async {
            let before = visible(&mut *unit, caller, wanted).await?.disk;
            let after = self.happen(
                &mut *unit,
                caller,
                &before,
                before.clone(),
                event,
                Becoming::default(),
            )?;
            self.save(&mut *unit, caller, "disk.upload_image", &before, after)
                .ok_or_else(|| no_disk(id.to_owned()))
        }
        .await;
        let disk = self.settle_disk(unit, begun).await?;
        let image = random_with_dashes();
        info!(disk.id = %disk.id, image.id = image, "copied disk {} into an image", disk.id);
        Ok(ImageUpload { disk, image })
    }

    /// Adds to what is known of the image that a disk was made from, and returns all of it.
    pub async fn set_image_metadata(
        &self,
        caller: &Caller,
        id: &str,
        values: BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        let disk = self
            .change_disk(caller, id, "disk.set_image_metadata", DiskEvent::Update, |disk| {
                disk.image_metadata.extend(values);
            })
            .await?;
        Ok(disk.image_metadata)
    }

    /// Takes one key out of what is known of the image that a disk was made from.
    pub async fn unset_image_metadata(&self, caller: &Caller, id: &str, key: &str) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = async {
            let before = visible(&mut *unit, caller, wanted).await?.disk;
            before.step(DiskEvent::Update)?;
            let mut after = before.clone();
            if after.image_metadata.remove(key).is_none() {
                return Err(ServiceError::NoImageMetadata);
            }
            self.save(&mut *unit, caller, "disk.unset_image_metadata", &before, Some(after))
                .ok_or_else(|| no_disk(id.to_owned()))
        }
        .await;
        self.settle_disk(unit, removed).await?;
        Ok(())
    }
}
