-- How far a snapshot has come.

UPDATE snapshots SET progress = 50 WHERE id = '55555555-0000-4000-8000-000000000003';
