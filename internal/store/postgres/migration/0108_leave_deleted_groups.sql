-- +goose Up
--
-- A group that is deleted leaves its number with its customers, who are read as in no group: so
-- deleting it costs the same for one customer and for a million. Nothing looks for the customers of
-- a group in the database any more; the search index in memory does.

DROP INDEX customer_in_group;
