package postgres_test
import ("testing";"time";"custodex.dev/internal/store")
func BenchmarkZZ(b *testing.B){
	s := newStore(b); app := newApp(b, s)
	var g int64
	s.Update(b.Context(), app, func(tx store.Tx) (err error) { g, err = tx.GroupInsert(store.GroupRow{Sealed: []byte("x")}); return err })
	for range 100 { if err := s.Update(b.Context(), app, func(tx store.Tx) error { for range 1000 { r := newRow(1); r.Group = g; if _, err := tx.CustomerInsert(r); err != nil { return err } }; return nil }); err != nil { b.Fatal(err) } }
	st := time.Now()
	err := s.Update(b.Context(), app, func(tx store.Tx) error { return tx.GroupDelete(g) })
	b.Log("group delete of 100k", time.Since(st), err)
	n := 0
	s.CustomerScan(b.Context(), app, 0, 1<<62, func(r *store.CustomerRow) error { if r.Group != 0 || r.Version < 101 { n++ }; return nil })
	b.Log(n)
}
