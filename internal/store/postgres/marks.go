package postgres

import "slices"

// marks is what an application's head remembers of the batches that were committed:
// for each store that has written to it, newest first, the store's number and the
// mark of its last batch. Both are random.
//
// A store that lost the connection in COMMIT looks for its mark here. It has one
// batch of an application under way at most, so one mark is enough, however many
// batches others commit in between. The server's own transaction numbers would not
// do: after a crash that lost the first use of a number, it is given again.
type marks []int64

// writers is how many stores a head remembers. More processes than that, all writing
// to one application within resolveLimit, could make it forget one that still asks.
const writers = 32

// with returns marks in which mark is the last of writer.
func (m marks) with(writer, mark int64) marks {
	out := append(make(marks, 0, 2*writers), writer, mark)
	for pair := range slices.Chunk(m, 2) {
		if pair[0] != writer && len(out) < 2*writers {
			out = append(out, pair...)
		}
	}
	return out
}

// last gives the mark of writer's last batch. If the writer is not there, known says
// whether it has never been; otherwise it may have been forgotten.
func (m marks) last(writer int64) (mark int64, known bool) {
	for pair := range slices.Chunk(m, 2) {
		if pair[0] == writer {
			return pair[1], true
		}
	}
	return 0, len(m) < 2*writers
}
