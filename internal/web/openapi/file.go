package openapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"

	"custodex.dev/internal/web"
)

// file is one answer that never changes while the program runs. It is kept
// compressed, as nearly every client asks for it.
type file struct {
	route     string // for the log
	kind      string // media type; always UTF-8
	packed    []byte // gzip
	tag       string // fingerprint of packed
	immutable bool   // what is at this address never changes, in later releases either
	policy    string // Content-Security-Policy
	vary      string // headers of requests that choose the answer
}

func newFile(route, kind string, packed []byte) *file {
	sum := sha256.Sum256(packed)
	return &file{
		route: route, kind: kind + "; charset=utf-8", packed: packed, tag: hex.EncodeToString(sum[:12]),
		policy: "default-src 'none'; frame-ancestors 'none'", vary: "Accept-Encoding",
	}
}

// ServeHTTP writes the file, compressed if the client can read that, or 304 if the
// client has it already.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	web.EventOf(r.Context()).Route = f.route
	compressed := acceptsGzip(r)
	tag := `"` + f.tag + `"`
	if compressed {
		tag = `"` + f.tag + `-gzip"`
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache") // keep it, and ask whether it has changed
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", tag)
	h.Set("Vary", f.vary)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", f.policy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	if compressed {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(f.packed)))
		_, _ = w.Write(f.packed) // else the reader went away
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(f.packed))
	if err != nil {
		panic(err) // packed here, or checked by a test
	}
	_, _ = io.Copy(w, plain)
}

// acceptsGzip reads Accept-Encoding. Weights but 0 do not matter: there is one coding.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !weightless(weight)
		}
	}
	return false
}

func pack(plain []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	_, _ = z.Write(plain)                                 // a Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}
