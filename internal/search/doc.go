// Package search is the search index: the customers of one application in memory, in a form in which
// any fragment of a name, an e-mail address or a phone is found at once, newest customer first or by
// relevance.
//
// An [Index] is filled through a [Builder], kept current by [Index.Apply], and asked with
// [Index.Search], [Index.Rank] and [Index.Count]. It is pure: no clock, no store, no keys, no log. It holds
// personal data in clear, so nothing in it is ever written to disk, and its errors name none of it.
//
// How it works. Customers stand in blocks of about two thousand, in the order in which they are
// listed. A block holds the folded names in one piece of text, the folded addresses in another and
// the digits of phones in a third, and for each a summary: which byte pairs occur, and a hashed set of
// longer fragments; of the names it knows also how their words begin, for terms whose words stand in
// another order. A search walks the blocks from the newest, passes over those whose summary rules the term out, scans the
// text of the others, and stops when the page is full. Blocks never change. Recent changes stand in
// a small sorted list beside them, which every search merges in, and the customers they replace are
// marked dead; from time to time the list is folded into new blocks in the background.
//
// What a newcomer gets wrong: a term is compared with folded text (see [Fold]), never with what was
// typed, and the definition of a match is [Match]. All of the rest only makes it fast.
package search
