package sequencer

import (
	"context"

	"custodex.dev/internal/bloom"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// List gives entries newest first, at most limit, as store.AuditList does. It passes over the blocks
// that cannot hold what is asked for. A block without an intact row is read.
func (s *Sequencer) List(ctx context.Context, app id.App, list store.AuditList, limit int) ([]store.AuditRow, error) {
	if list.Customer == nil && list.Actor == "" && list.From == 0 && list.To == 0 {
		return s.cfg.Store.AuditList(ctx, app, list, limit)
	}
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return nil, err
	}
	head, err := s.cfg.Store.Head(ctx, app)
	if err != nil {
		return nil, err
	}
	if list.Before == 0 || list.Before > head.Entries {
		list.Before = head.Entries
	}
	w := walk{s: s, app: app, key: key, list: list, limit: limit, end: list.Before}
	return w.run(ctx)
}

// walk is one list, from its newest entry to its oldest.
type walk struct {
	s     *Sequencer
	app   id.App
	key   *seal.App
	list  store.AuditList
	limit int
	end   int64 // the entries from this one on are done
	found []store.AuditRow
}

func (w *walk) run(ctx context.Context) ([]store.AuditRow, error) {
	for w.end > w.list.Since && len(w.found) < w.limit {
		to := (w.end + store.BlockEntries - 1) / store.BlockEntries // the last one may be incomplete
		from := max(to-blocksPage, w.list.Since/store.BlockEntries)
		blocks, err := w.s.blocks(ctx, w.app, w.key, from, to)
		if err != nil {
			return nil, err
		}
		if err := w.page(ctx, blocks, from, to); err != nil {
			return nil, err
		}
	}
	return w.found, nil
}

// page goes through the blocks from <= n < to, the last first. Those that may match and follow each
// other are read together.
func (w *walk) page(ctx context.Context, blocks map[int64]*store.BlockRow, from, to int64) error {
	for n := to - 1; n >= from && len(w.found) < w.limit; n-- {
		start := n * store.BlockEntries
		if !w.mayMatch(blocks[n]) {
			w.end = start
			continue
		}
		for n > from && w.mayMatch(blocks[n-1]) {
			n--
			start -= store.BlockEntries
		}
		if err := w.read(ctx, start); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) mayMatch(b *store.BlockRow) bool {
	if b == nil {
		return true
	}
	l := &w.list
	switch {
	case l.From != 0 && b.LastAt < l.From, l.To != 0 && b.FirstAt >= l.To:
		return false
	case l.Actor != "" && !bloom.MayHold(b.Filter, actorKey(l.Actor)):
		return false
	}
	return l.Customer == nil || bloom.MayHold(b.Filter, customerKey(l.Customer[:]))
}

// read lists the entries before the end, from start on.
func (w *walk) read(ctx context.Context, start int64) error {
	part := w.list
	part.Before, part.Since = w.end, max(start, w.list.Since)
	w.end = start
	if part.Before <= part.Since {
		return nil
	}
	rows, err := w.s.cfg.Store.AuditList(ctx, w.app, part, w.limit-len(w.found))
	if err != nil {
		return err
	}
	w.found = append(w.found, rows...)
	return nil
}
