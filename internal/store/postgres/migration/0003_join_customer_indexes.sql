-- +goose Up
--
-- Nothing to do: here every unique index begins with app_id, so that the tables can
-- be spread over machines by it, and the question that crosses applications keeps
-- its own index.
SELECT 1;
