package sqlite_test
import ("testing";"os";"path/filepath";"time";"fmt";"sync";"sync/atomic"
"custodex.dev/internal/store/sqlite";"custodex.dev/internal/store";"slices")
func TestScratchWal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "custodex.db")
	if err := sqlite.Init(t.Context(), path); err != nil { t.Fatal(err) }
	s := reopen(t, path)
	app := addApp(t, s)
	var stop atomic.Bool
	var n atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex; var lat []time.Duration
	for i := range 32 { wg.Go(func(){ for !stop.Load() { st := time.Now(); if err := create(t, s, app); err != nil { t.Error(err); return }; n.Add(1); mu.Lock(); lat = append(lat, time.Since(st)); mu.Unlock() } }); _ = i }
	for range 4 { wg.Go(func(){ for !stop.Load() { s.CustomerList(t.Context(), app, store.CustomerList{Take: 50}); time.Sleep(time.Millisecond) } }) }
	for range 10 {
		time.Sleep(time.Second)
		a, _ := os.Stat(path); b, _ := os.Stat(path+"-wal")
		mu.Lock(); slices.Sort(lat); l := lat; lat = nil; mu.Unlock()
		fmt.Println(n.Load(), "db MB", a.Size()>>20, "wal MB", b.Size()>>20, "p50", l[len(l)/2], "p99", l[len(l)*99/100], "max", l[len(l)-1])
	}
	stop.Store(true); wg.Wait()
}
