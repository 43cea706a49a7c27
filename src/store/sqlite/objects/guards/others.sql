-- What else goes by ids, belongs to a project, builds on something, or must stay unread.

CREATE TRIGGER snapshots_id_never_changes
BEFORE UPDATE OF id ON snapshots
WHEN NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'evs: the id of a snapshot never changes, since disks, backups and events go by it');
END;

CREATE TRIGGER backups_id_never_changes
BEFORE UPDATE OF id ON backups
WHEN NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'evs: the id of a backup never changes, since other backups, jobs and events go by it');
END;

CREATE TRIGGER backups_build_on_their_own_disk
BEFORE UPDATE OF base_id ON backups
WHEN NEW.base_id IS NOT OLD.base_id
     AND (NEW.base_id = NEW.id OR EXISTS (SELECT 1 FROM backups AS b WHERE b.id = NEW.base_id AND b.disk_id <> NEW.disk_id))
BEGIN
    SELECT RAISE(ABORT, 'evs: a backup builds on another one of its own disk, or on none');
END;

CREATE TRIGGER backup_shares_are_with_others
BEFORE INSERT ON backup_shares
WHEN EXISTS (SELECT 1 FROM backups AS b WHERE b.id = NEW.backup_id AND b.project_id = NEW.project_id)
BEGIN
    SELECT RAISE(ABORT, 'evs: a backup is shared with other projects than its own');
END;

CREATE TRIGGER attachments_id_never_changes
BEFORE UPDATE OF id ON attachments
WHEN NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'evs: the id of an attachment never changes, since events go by it');
END;

CREATE TRIGGER attachments_belong_to_the_project_of_the_disk
BEFORE INSERT ON attachments
WHEN EXISTS (SELECT 1 FROM disks AS d WHERE d.id = NEW.disk_id AND d.project_id <> NEW.project_id)
BEGIN
    SELECT RAISE(ABORT, 'evs: an attachment belongs to the project that has its disk');
END;

CREATE TRIGGER policies_id_never_changes
BEFORE UPDATE OF id ON policies
WHEN NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'evs: the id of a backup policy never changes, since disks, tasks and backups go by it');
END;

CREATE TRIGGER policy_disks_are_of_the_project_of_the_policy
BEFORE INSERT ON policy_disks
WHEN EXISTS (SELECT 1 FROM disks AS d, policies AS p
             WHERE d.id = NEW.disk_id AND p.id = NEW.policy_id AND d.project_id <> p.project_id)
BEGIN
    SELECT RAISE(ABORT, 'evs: a backup policy has disks of its own project only');
END;

CREATE TRIGGER policy_disks_stay_with_the_project_of_the_policy
BEFORE UPDATE OF disk_id, policy_id ON policy_disks
WHEN EXISTS (SELECT 1 FROM disks AS d, policies AS p
             WHERE d.id = NEW.disk_id AND p.id = NEW.policy_id AND d.project_id <> p.project_id)
BEGIN
    SELECT RAISE(ABORT, 'evs: a backup policy has disks of its own project only');
END;

CREATE TRIGGER projects_id_never_changes
BEFORE UPDATE OF id ON projects
WHEN NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'evs: the id of a project never changes, since all that it has goes by it; its name may');
END;

CREATE TRIGGER users_id_never_changes
BEFORE UPDATE OF id ON users
WHEN NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'evs: the id of a user never changes, since all that a user did goes by it; the name may');
END;

CREATE TRIGGER users_password_is_hashed_when_made
BEFORE INSERT ON users
WHEN NEW.password_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
BEGIN
    SELECT RAISE(ABORT, 'evs: a password stands here as an argon2id hash only: make the user through the API');
END;

CREATE TRIGGER users_password_is_hashed
BEFORE UPDATE OF password_hash ON users
WHEN NEW.password_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
BEGIN
    SELECT RAISE(ABORT, 'evs: a password stands here as an argon2id hash only: set it through the API');
END;

CREATE TRIGGER application_credentials_secret_is_hashed_when_made
BEFORE INSERT ON application_credentials
WHEN NEW.secret_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
BEGIN
    SELECT RAISE(ABORT, 'evs: the secret of an application credential stands here as an argon2id hash only: make it through the API');
END;

CREATE TRIGGER application_credentials_secret_is_hashed
BEFORE UPDATE OF secret_hash ON application_credentials
WHEN NEW.secret_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
BEGIN
    SELECT RAISE(ABORT, 'evs: the secret of an application credential stands here as an argon2id hash only: make another through the API');
END;
