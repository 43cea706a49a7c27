//! Transfers in SQLite. Questions find pending ones only.

use async_trait::async_trait;

use super::page::{List, id_or_nothing};
use super::readers::Question;
use super::rows::{OfferRow, TransferRow, disk_columns, fact_columns, read};
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, TransferId};
use crate::domain::transfer::{Transfer, TransferEnd, TransferFacts, TransferQuery, TransferSort};
use crate::store::{Result, TransferReads, TransferWrites};

#[async_trait]
impl<T: AsConnection> TransferReads for T {
    async fn transfer(&mut self, id: TransferId) -> Result<Option<Transfer>> {
        let question = Question::of(
            "SELECT id, disk_id, source_project_id, source_user_id, name, no_snapshots, key_hash,
                    created_at, expires_at, expiry_source
             FROM transfers WHERE id = ? AND status = 'pending'",
        );
        self.one(question.bind(id))
            .await?
            .map(|row| read::<TransferRow>(&row)?.try_into())
            .transpose()
    }

    async fn transfer_with_facts(
        &mut self,
        id: TransferId,
    ) -> Result<Option<(Transfer, TransferFacts)>> {
        let question = Question::of(concat!(
            "SELECT t.id AS offer_id, t.source_project_id, t.source_user_id, t.name AS offer_name,
                    t.no_snapshots, t.key_hash, t.created_at AS offered_at, t.expires_at,
                    t.expiry_source,
                    ",
            disk_columns!("d"),
            ", ",
            fact_columns!(),
            " FROM transfers AS t
             JOIN disks AS d ON d.id = t.disk_id
             LEFT JOIN policy_disks AS l ON l.disk_id = d.id
             LEFT JOIN policies AS p ON p.id = l.policy_id
             WHERE t.id = ? AND t.status = 'pending'"
        ));
        self.one(question.bind(id)).await?.map(|row| read::<OfferRow>(&row)?.try_into()).transpose()
    }

    async fn transfers(&mut self, query: &TransferQuery, now: Time) -> Result<Vec<Transfer>> {
        List::new(
            "SELECT id, disk_id, source_project_id, source_user_id, name, no_snapshots, key_hash,
                    created_at, expires_at, expiry_source
             FROM transfers WHERE status = 'pending'",
            "transfers",
        )
        .only(" AND (expires_at IS NULL OR expires_at > ", Some(codec::time_to_text(now)))
        .and(")")
        .only(" AND source_project_id = ", query.project.as_ref())
        .only(" AND name = ", query.name.as_ref())
        .only(" AND id = ", id_or_nothing(query.id.as_deref(), TransferId::parse))
        .only(" AND disk_id = ", id_or_nothing(query.disk.as_deref(), DiskId::parse))
        .page(&query.page, TransferSort::Id, |sort| match sort {
            TransferSort::CreatedAt => "created_at",
            TransferSort::Id => "id",
            TransferSort::Name => "coalesce(name, '')",
            TransferSort::Disk => "disk_id",
        })
        .build_query_as::<TransferRow>()
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Transfer::try_from)
        .collect()
    }
}

impl TransferWrites for Unit {
    fn insert_transfer(&mut self, transfer: &Transfer) {
        self.queue(
            Write::of_one_row(
                "insert transfer",
                "INSERT INTO transfers (id, disk_id, source_project_id, source_user_id, name,
                                        no_snapshots, key_hash, status, created_at, expires_at,
                                        expiry_source)
                 VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)",
            )
            .bind(transfer.id)
            .bind(transfer.disk)
            .bind(&transfer.source_project)
            .bind(&transfer.source_user)
            .bind(transfer.name.as_deref())
            .bind(transfer.no_snapshots)
            .bind(transfer.key_hash.as_phc())
            .bind(transfer.created_at)
            .bind(transfer.expiry.map(|expiry| expiry.at))
            .bind(transfer.expiry.map(|expiry| expiry.source.as_str())),
        );
    }

    fn finish_transfer(&mut self, end: &TransferEnd) {
        let (project, user) = end.destination.as_ref().map(|(p, u)| (p, u)).unzip();
        self.queue(
            Write::of_one_row(
                "finish transfer",
                "UPDATE transfers
                 SET status = ?, destination_project_id = ?, destination_user_id = ?,
                     finished_at = ?
                 WHERE id = ? AND status = 'pending'",
            )
            .bind(end.status.as_str())
            .bind(project)
            .bind(user)
            .bind(end.finished_at)
            .bind(end.id),
        );
    }
}
