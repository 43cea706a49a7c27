-- What happened, from the events.

CREATE VIEW v_events AS
-- What happened, with names in place of ids where they are known, and what of the resource changed.
SELECT e.seq,
       e.at,
       coalesce(u.name, e.user_id) AS user,
       coalesce(p.name, e.project_id) AS project,
       e.action,
       e.resource_id,
       CASE WHEN e.before IS NULL AND e.after IS NULL THEN NULL
            WHEN e.before IS NULL THEN 'new'
            WHEN e.after IS NULL THEN 'gone'
            ELSE (SELECT group_concat(k.key || ': ' || coalesce(json_extract(e.before, '$.' || k.key), 'none')
                                      || ' -> ' || coalesce(json_extract(e.after, '$.' || k.key), 'none'), ', ')
                  FROM (SELECT key FROM json_each(e.before) UNION SELECT key FROM json_each(e.after)) AS k
                  WHERE json_extract(e.before, '$.' || k.key) IS NOT json_extract(e.after, '$.' || k.key))
       END AS changed,
       e.reason,
       e.disk_id,
       d.name AS disk_name,
       e.request_id
FROM events AS e
LEFT JOIN users AS u ON u.id = e.user_id
LEFT JOIN projects AS p ON p.id = e.project_id
LEFT JOIN disks AS d ON d.id = e.disk_id;

CREATE VIEW v_history AS
-- What each disk was, gone ones too: from since to before until, which is null for what it is still.
-- At a moment M: WHERE since <= M AND (until > M OR until IS NULL).
SELECT h.disk_id,
       h.since,
       h.until,
       h.status,
       coalesce(p.name, h.project_id) AS project,
       h.project_id,
       h.name,
       h.size_gib,
       h.action,
       h.request_id,
       h.seq
FROM (SELECT e.disk_id,
             e.at AS since,
             (SELECT n.at FROM events AS n WHERE n.disk_id = e.disk_id AND n.seq > e.seq ORDER BY n.seq LIMIT 1) AS until,
             json_extract(e.after, '$.status') AS status,
             json_extract(e.after, '$.project_id') AS project_id,
             json_extract(e.after, '$.name') AS name,
             json_extract(e.after, '$.size_gib') AS size_gib,
             e.action,
             e.request_id,
             e.seq
      FROM events AS e
      WHERE e.disk_id IS NOT NULL AND e.after IS NOT NULL) AS h
LEFT JOIN projects AS p ON p.id = h.project_id;
