-- Some changes are not explained by their action alone: an offer that ended because its time was over, a step that a
-- fault made fail.

ALTER TABLE events ADD COLUMN reason TEXT /* why it happened, a sentence for people; null: the action says it */;
