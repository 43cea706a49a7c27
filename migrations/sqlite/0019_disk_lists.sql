-- Lists of disks that are to cost no more than their page. Names are looked up by administrators in
-- all projects too, and many disks may have the same one: the name leads, and what has it stands in
-- the default order. Statuses: only those that no disk comes by on the way from its creation to a
-- transfer, so that neither pays for this; what asks for them says that it means none of the others.

DROP INDEX disks_by_name;
CREATE INDEX disks_by_name ON disks (name, project_id, created_at, id);
CREATE INDEX disks_by_status ON disks (status, project_id, created_at, id)
    WHERE status NOT IN ('available', 'awaiting-transfer', 'creating', 'deleting');
