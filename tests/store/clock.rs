//! The clock: read back as it was set last, and gone when it is reset.

use evs_local::domain::clock::{ClockSetting, LATEST, Scale};
use evs_local::store::StoreError;

use crate::support::{Bench, at};

async fn found(bench: &Bench) -> Option<ClockSetting> {
    bench.store.read().await.unwrap().clock().await.unwrap()
}

#[tokio::test]
async fn the_clock_is_read_back_as_it_was_set_last_until_it_is_reset() {
    let bench = Bench::new().await;
    assert_eq!(found(&bench).await, None, "a new file has the machine's clock");
    let scale = |thousandths| Scale::of_thousandths(thousandths).unwrap();
    for setting in [
        ClockSetting { moment: at(1), since: at(2), scale: scale(1500), frozen: false },
        ClockSetting { moment: at(9), since: at(3), scale: Scale::FASTEST, frozen: true },
        ClockSetting { moment: LATEST, since: at(4), scale: Scale::SLOWEST, frozen: true },
    ] {
        bench.commit(|unit| unit.set_clock(setting)).await;
        assert_eq!(found(&bench).await, Some(setting));
    }
    for _ in ["set", "not set"] {
        bench.commit(|unit| unit.reset_clock()).await;
        assert_eq!(found(&bench).await, None);
    }
}

#[tokio::test]
async fn a_clock_that_cannot_be_is_an_error_that_names_it() {
    let bench = Bench::new().await;
    let setting = ClockSetting { moment: at(1), since: at(2), scale: Scale::ONE, frozen: false };
    bench.commit(|unit| unit.set_clock(setting)).await;
    for (column, value, what) in [
        ("moment", "'soon'", "moment is no time"),
        ("since", "''", "since is no time"),
        ("scale_thousandths", "0", "scale_thousandths is no scale"),
    ] {
        bench
            .run(&format!(
                "PRAGMA ignore_check_constraints = ON; UPDATE clock SET {column} = {value}"
            ))
            .await;
        let error = bench.store.read().await.unwrap().clock().await.unwrap_err();
        let StoreError::Corrupt { table: "clock", what: found, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(found, what);
        bench.commit(|unit| unit.set_clock(setting)).await;
    }
}
