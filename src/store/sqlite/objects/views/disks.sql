-- What disks there are, what they have, and what stands in their way. Each view says inside itself what it shows, so
-- that `.schema` tells it.

CREATE VIEW v_disks AS
-- Every disk, with names in place of ids where they are known, and what belongs to it.
SELECT d.id,
       d.name,
       d.status,
       coalesce(p.name, d.project_id) AS project,
       d.size_gib,
       d.disk_type,
       d.zone,
       d.bootable,
       (SELECT count(*) FROM attachments AS a WHERE a.disk_id = d.id) AS attachments,
       (SELECT count(*) FROM snapshots AS s WHERE s.disk_id = d.id) AS snapshots,
       (SELECT count(*) FROM backups AS b WHERE b.disk_id = d.id) AS backups,
       (SELECT o.name FROM policy_disks AS l JOIN policies AS o ON o.id = l.policy_id WHERE l.disk_id = d.id) AS policy,
       d.transfer_id AS pending_transfer,
       d.next_at AS under_way_until,
       d.next_outcome AS and_then,
       d.created_at,
       d.updated_at
FROM disks AS d
LEFT JOIN projects AS p ON p.id = d.project_id;

CREATE VIEW v_usage AS
-- What each project has, counted from rows as the quotas are: what a disk will be counts at once.
SELECT o.project_id,
       p.name AS project,
       (SELECT count(*) FROM disks WHERE disks.project_id = o.project_id) AS disks,
       (SELECT coalesce(sum(coalesce(next_size_gib, size_gib)), 0) FROM disks WHERE disks.project_id = o.project_id)
       + (SELECT coalesce(sum(size_gib), 0) FROM snapshots WHERE snapshots.project_id = o.project_id)
           AS gib,
       (SELECT count(*) FROM snapshots WHERE snapshots.project_id = o.project_id) AS snapshots,
       (SELECT count(*) FROM backups WHERE backups.project_id = o.project_id) AS backups,
       (SELECT coalesce(sum(size_gib), 0) FROM backups WHERE backups.project_id = o.project_id) AS backup_gib
FROM (SELECT id AS project_id FROM projects
      UNION SELECT project_id FROM disks
      UNION SELECT project_id FROM snapshots
      UNION SELECT project_id FROM backups) AS o
LEFT JOIN projects AS p ON p.id = o.project_id;

CREATE VIEW v_why_not_transferable AS
-- Why a disk cannot be offered: one row for each obstacle, none for a disk without any.
SELECT o.disk_id, o.obstacle, d.name AS disk_name, coalesce(p.name, d.project_id) AS project
FROM (SELECT id AS disk_id, 'its status is ' || status || ', not available' AS obstacle
      FROM disks WHERE status <> 'available'
      UNION ALL
      SELECT s.disk_id, 'it has ' || count(*) || ' snapshot(s)' FROM snapshots AS s GROUP BY s.disk_id
      UNION ALL
      SELECT b.disk_id, 'it has ' || count(*) || ' backup(s)' FROM backups AS b GROUP BY b.disk_id
      UNION ALL
      SELECT l.disk_id, 'it is under the backup policy ' || o.name
      FROM policy_disks AS l JOIN policies AS o ON o.id = l.policy_id
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
      FROM disks WHERE dedicated_storage IS NOT NULL) AS o
JOIN disks AS d ON d.id = o.disk_id
LEFT JOIN projects AS p ON p.id = d.project_id;
