-- Answers to the questions that people ask with a SQLite shell beside the running server. They show
-- no hashes, and the server itself reads none of them.

-- Every transfer, pending or finished, with names in place of ids where they are known.
CREATE VIEW v_transfers AS
SELECT t.id,
       t.status,
       t.name,
       t.disk_id,
       d.name AS disk_name,
       coalesce(s.name, t.source_project_id) AS source_project,
       coalesce(r.name, t.destination_project_id) AS destination_project,
       t.created_at,
       t.finished_at
FROM transfers AS t
LEFT JOIN disks AS d ON d.id = t.disk_id
LEFT JOIN projects AS s ON s.id = t.source_project_id
LEFT JOIN projects AS r ON r.id = t.destination_project_id;

-- What each project has, counted from rows as the quotas are.
CREATE VIEW v_usage AS
SELECT o.project_id,
       p.name AS project,
       (SELECT count(*) FROM disks WHERE disks.project_id = o.project_id) AS disks,
       (SELECT coalesce(sum(size_gib), 0) FROM disks WHERE disks.project_id = o.project_id)
       + (SELECT coalesce(sum(size_gib), 0) FROM snapshots WHERE snapshots.project_id = o.project_id)
           AS gib,
       (SELECT count(*) FROM snapshots WHERE snapshots.project_id = o.project_id) AS snapshots,
       (SELECT count(*) FROM backups WHERE backups.project_id = o.project_id) AS backups
FROM (SELECT id AS project_id FROM projects
      UNION SELECT project_id FROM disks
      UNION SELECT project_id FROM snapshots
      UNION SELECT project_id FROM backups) AS o
LEFT JOIN projects AS p ON p.id = o.project_id;

-- Why a disk cannot be offered: one row for each obstacle, none for a disk without any.
CREATE VIEW v_why_not_transferable AS
SELECT id AS disk_id, 'its status is ' || status || ', not available' AS obstacle
FROM disks WHERE status <> 'available'
UNION ALL
SELECT d.id, 'it has ' || count(*) || ' snapshot(s)'
FROM disks AS d JOIN snapshots AS s ON s.disk_id = d.id GROUP BY d.id
UNION ALL
SELECT d.id, 'it has ' || count(*) || ' backup(s)'
FROM disks AS d JOIN backups AS b ON b.disk_id = d.id GROUP BY d.id
UNION ALL
SELECT b.disk_id, 'it is under the backup policy ' || p.name
FROM policy_disks AS b JOIN policies AS p ON p.id = b.policy_id
UNION ALL
SELECT id, 'it is a system disk' FROM disks WHERE bootable = 1
UNION ALL
SELECT id, 'it is encrypted'
FROM disks WHERE encrypted = 1 OR json_extract(metadata, '$.__system__encrypted') = '1'
UNION ALL
SELECT id, 'it is paid for by the year or the month'
FROM disks WHERE coalesce(json_extract(metadata, '$.orderID'), '') <> ''
UNION ALL
SELECT id, 'it lies on the dedicated storage ' || dedicated_storage
FROM disks WHERE dedicated_storage IS NOT NULL;
