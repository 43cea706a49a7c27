-- A webhook that fails.

INSERT INTO webhooks (url, delivered_seq, failures, next_try_at, last_error) VALUES ('http://127.0.0.1:9/hook', 1, 3, '2099-01-01T00:00:00.000000Z', 'connection refused');
