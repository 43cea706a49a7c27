//! The clock in SQLite: one row, or none.

use async_trait::async_trait;

use super::errors;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::clock::{ClockSetting, Scale};
use crate::store::{ClockReads, ClockWrites, Result};

#[async_trait]
impl<T: AsConnection> ClockReads for T {
    async fn clock(&mut self) -> Result<Option<ClockSetting>> {
        let found = sqlx::query_as::<_, (String, String, i64, bool)>(
            "SELECT moment, since, scale_thousandths, frozen FROM clock WHERE id = 1",
        )
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        let row = Row { table: "clock", id: "1" };
        found
            .map(|(moment, since, thousandths, frozen)| {
                let scale = Scale::of_thousandths(thousandths);
                Ok(ClockSetting {
                    moment: row.time("moment", &moment)?,
                    since: row.time("since", &since)?,
                    scale: row.need("scale_thousandths", "scale", scale)?,
                    frozen,
                })
            })
            .transpose()
    }
}

impl ClockWrites for Unit {
    fn set_clock(&mut self, setting: ClockSetting) {
        self.queue(
            Write::of_one_row(
                "set clock",
                "INSERT INTO clock (id, moment, since, scale_thousandths, frozen)
                 VALUES (1, ?, ?, ?, ?)
                 ON CONFLICT (id) DO UPDATE
                 SET moment = excluded.moment, since = excluded.since,
                     scale_thousandths = excluded.scale_thousandths, frozen = excluded.frozen",
            )
            .bind(setting.moment)
            .bind(setting.since)
            .bind(setting.scale.thousandths())
            .bind(setting.frozen),
        );
    }

    fn reset_clock(&mut self) {
        self.queue(Write::of_any_rows("reset clock", "DELETE FROM clock"));
    }
}
