-- +goose Up
--
-- An application can be renamed and removed. A removed one keeps its row, its key and its audit
-- log, and takes no new customer, group or credential: its head says so, which every writer holds.

ALTER TABLE application ADD COLUMN removed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE head ADD COLUMN removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1));
