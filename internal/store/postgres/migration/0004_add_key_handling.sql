-- +goose Up
--
-- A credential may want requests refused that have names which its API does not know.

ALTER TABLE credential ADD COLUMN strict boolean NOT NULL DEFAULT false;
