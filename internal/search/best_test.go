package search_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
)

// Of the ranks added, in whatever order and with however many alike, a page has those that sorting all of
// them would put there.
func TestBestEqualsSorting(t *testing.T) {
	t.Parallel()
	aRank := rapid.Custom(func(t *rapid.T) search.Rank {
		return search.Rank{Bought: rapid.Int64Range(0, 3).Draw(t, "bought"),
			Position: page.Position{CreatedAt: rapid.Int64Range(0, 9).Draw(t, "created"), Seq: rapid.Int64Range(0, 9).Draw(t, "seq")}}
	})
	rapid.Check(t, func(t *rapid.T) {
		ranks := rapid.SliceOfN(aRank, 0, 200).Draw(t, "ranks")
		skip, take := rapid.IntRange(0, 120).Draw(t, "skip"), rapid.IntRange(1, 20).Draw(t, "take")
		got := search.BestOf(ranks, skip, take)
		slices.SortFunc(ranks, search.Rank.Compare)
		want := ranks[min(skip, len(ranks)):min(skip+take, len(ranks))]
		if !slices.Equal(got, want) {
			t.Fatalf("page from %d of %d ranks = %v, want %v", skip, len(ranks), got, want)
		}
	})
}
