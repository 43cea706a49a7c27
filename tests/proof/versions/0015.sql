-- Wrong guesses.

INSERT INTO wrong_guesses (what, subject, failed_at) VALUES ('auth_key', '77777777-0000-4000-8000-000000000001', '2099-01-01T00:00:00.000000Z'), ('password', 'ann', '2099-01-01T00:00:00.000000Z');
