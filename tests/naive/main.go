// Command naive is what a Go team writes in a day, to compare Custodex with: customers and an audit log
// in clear in two tables of PostgreSQL, one transaction a request, no authentication, no limits. It knows
// the requests that `custodex bench` needs to fetch, list, create and update.
//
//	go run ./tests/naive -postgres postgres://…/empty -addr 127.0.0.1:9001
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const schema = `
	CREATE TABLE customer (
		id text PRIMARY KEY,
		first_name text NOT NULL,
		last_name text NOT NULL,
		email text UNIQUE,
		phone_number text NOT NULL,
		customer_type text NOT NULL,
		status text NOT NULL,
		created_at timestamptz NOT NULL DEFAULT now(),
		updated_at timestamptz NOT NULL DEFAULT now()
	);
	CREATE INDEX ON customer (created_at DESC, id);
	CREATE TABLE audit (
		seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		at timestamptz NOT NULL DEFAULT now(),
		action text NOT NULL,
		customer text NOT NULL,
		address text NOT NULL
	);`

// customer is a row, and the body of an answer.
type customer struct {
	ID     string  `json:"id"`
	Given  string  `json:"first_name"`
	Family string  `json:"last_name"`
	Email  *string `json:"email"`
	Phone  string  `json:"phone_number"`
	Type   string  `json:"customer_type"`
	Status string  `json:"status"`
	Made   string  `json:"created_at"`
	Last   string  `json:"updated_at"`
}

const columns = `id, first_name, last_name, email, phone_number, customer_type, status, created_at::text, updated_at::text`

func (c *customer) fields() []any {
	return []any{&c.ID, &c.Given, &c.Family, &c.Email, &c.Phone, &c.Type, &c.Status, &c.Made, &c.Last}
}

type server struct{ pool *pgxpool.Pool }

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "naive:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	url := flag.String("postgres", "", "URL of an empty database")
	addr := flag.String("addr", "127.0.0.1:9001", "address to serve on")
	flag.Parse()
	cfg, err := pgxpool.ParseConfig(*url)
	if err != nil {
		return err
	}
	cfg.MaxConns = 16 // as many as custodex has
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, schema); err != nil {
		return err
	}
	s := &server{pool}
	http.HandleFunc("GET /api/v0/customers/{id}", s.fetch)
	http.HandleFunc("GET /api/v0/customers", s.list)
	http.HandleFunc("POST /api/v0/customers", s.create)
	http.HandleFunc("PATCH /api/v0/customers/{id}", s.update)
	log.Println("serving on", *addr)
	return http.ListenAndServe(*addr, nil)
}

// do runs a request's statements and its entry in one transaction, and answers with what they gave.
func (s *server) do(w http.ResponseWriter, r *http.Request, status int, action string, fn func(tx pgx.Tx) (answer any, id string, err error)) {
	var answer any
	err := pgx.BeginFunc(r.Context(), s.pool, func(tx pgx.Tx) error {
		var id string
		var err error
		if answer, id, err = fn(tx); err != nil {
			return err
		}
		_, err = tx.Exec(r.Context(), `INSERT INTO audit (action, customer, address) VALUES ($1, $2, $3)`, action, id, r.RemoteAddr)
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		http.Error(w, "not found", http.StatusNotFound)
	case err != nil:
		http.Error(w, "failed", http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer) // the client has gone
	}
}

func (s *server) fetch(w http.ResponseWriter, r *http.Request) {
	s.do(w, r, http.StatusOK, "fetch", func(tx pgx.Tx) (any, string, error) {
		var c customer
		err := tx.QueryRow(r.Context(), `SELECT `+columns+` FROM customer WHERE id = $1`, r.PathValue("id")).Scan(c.fields()...)
		return c, c.ID, err
	})
}

// list gives the newest customers, without a further page.
func (s *server) list(w http.ResponseWriter, r *http.Request) {
	s.do(w, r, http.StatusOK, "list", func(tx pgx.Tx) (any, string, error) {
		if r.Header.Get("Prefer") == "count=exact" { // bench asks once
			var total string
			if err := tx.QueryRow(r.Context(), `SELECT count(*)::text FROM customer`).Scan(&total); err != nil {
				return nil, "", err
			}
			w.Header().Set("X-Total-Count", total)
		}
		take, err := strconv.Atoi(cmp.Or(r.URL.Query().Get("take"), "10"))
		if err != nil {
			return nil, "", err
		}
		rows, err := tx.Query(r.Context(), `SELECT `+columns+` FROM customer ORDER BY customer.created_at DESC, customer.id LIMIT $1`, take)
		if err != nil {
			return nil, "", err
		}
		list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c customer, err error) { return c, row.Scan(c.fields()...) })
		return list, "", err
	})
}

func (s *server) create(w http.ResponseWriter, r *http.Request) {
	c := customer{ID: rand.Text()}
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		http.Error(w, "not a customer", http.StatusBadRequest)
		return
	}
	s.do(w, r, http.StatusCreated, "create", func(tx pgx.Tx) (any, string, error) {
		err := tx.QueryRow(r.Context(), `
			INSERT INTO customer (id, first_name, last_name, email, phone_number, customer_type, status)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			RETURNING `+columns, c.ID, c.Given, c.Family, c.Email, c.Phone, c.Type, c.Status).Scan(c.fields()...)
		return c, c.ID, err
	})
}

// update changes the phone number.
func (s *server) update(w http.ResponseWriter, r *http.Request) {
	var in customer
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, "not a customer", http.StatusBadRequest)
		return
	}
	s.do(w, r, http.StatusOK, "update", func(tx pgx.Tx) (any, string, error) {
		var c customer
		err := tx.QueryRow(r.Context(), `
			UPDATE customer
			SET phone_number = $2, updated_at = now()
			WHERE id = $1
			RETURNING `+columns, r.PathValue("id"), in.Phone).Scan(c.fields()...)
		return c, c.ID, err
	})
}
