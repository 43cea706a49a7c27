-- A clock that stands still.

INSERT INTO clock (id, moment, since, scale_thousandths, frozen) VALUES (1, '2026-03-03T00:00:00.000000Z', '2026-03-02T08:30:00.250000Z', 1000, 1);
