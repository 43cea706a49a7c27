-- The offers of disks. No view shows a hash.

CREATE VIEW v_transfers AS
-- Every transfer, pending or finished, with names in place of ids where they are known.
SELECT t.id,
       t.status,
       t.name,
       t.disk_id,
       d.name AS disk_name,
       coalesce(s.name, t.source_project_id) AS source_project,
       coalesce(r.name, t.destination_project_id) AS destination_project,
       t.created_at,
       t.finished_at,
       t.expires_at,
       coalesce(f.name, t.source_user_id) AS source_user,
       coalesce(u.name, t.destination_user_id) AS destination_user
FROM transfers AS t
LEFT JOIN disks AS d ON d.id = t.disk_id
LEFT JOIN projects AS s ON s.id = t.source_project_id
LEFT JOIN projects AS r ON r.id = t.destination_project_id
LEFT JOIN users AS f ON f.id = t.source_user_id
LEFT JOIN users AS u ON u.id = t.destination_user_id;

CREATE VIEW v_pending_transfers AS
-- The transfers that wait for somebody to accept them, with the disk that each offers.
SELECT t.id,
       t.name,
       t.disk_id,
       d.name AS disk_name,
       d.size_gib,
       coalesce(s.name, t.source_project_id) AS source_project,
       coalesce(f.name, t.source_user_id) AS source_user,
       t.created_at,
       t.expires_at
FROM transfers AS t
LEFT JOIN disks AS d ON d.id = t.disk_id
LEFT JOIN projects AS s ON s.id = t.source_project_id
LEFT JOIN users AS f ON f.id = t.source_user_id
WHERE t.status = 'pending';
