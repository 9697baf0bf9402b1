-- +goose Up
--
-- A credential may want requests refused that have names which its API does not know.

ALTER TABLE credential ADD COLUMN strict INTEGER NOT NULL DEFAULT 0 CHECK (strict IN (0, 1));
