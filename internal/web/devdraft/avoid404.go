package devdraft

import (
	"net/http"
	"strconv"
	"strings"

	"custodex.dev/internal/web"
)

// A published PHP snippet takes any failure for "not found" if the digits 404 occur in one
// of its headers. With the setting devdraft-avoid-404 they do not occur in the headers of
// any other failure.

// maxLateReset is how many seconds after the truth a reset may be.
const maxLateReset = 60

// writeFailure writes a failure as the settings want it.
func (c *Config) writeFailure(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	if c.Avoid404 {
		writeAvoiding(w, r, status, body)
		return
	}
	web.JSON(w, status, body)
}

// writeAvoiding writes a failure. Unless it is 404, numbers of the rate limit are moved
// by the least amount that avoids the digits, or left out, and the body gets line
// breaks at its end where its length would show them.
func writeAvoiding(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	if status != http.StatusNotFound {
		avoid404InQuota(w.Header(), web.EventOf(r.Context()).Quota)
		for has404(int64(len(body))) {
			body = append(body, '\n')
		}
	}
	web.JSON(w, status, body)
}

// avoid404InQuota writes the headers of a quota without the digits. A number a
// little below the truth does a client no harm.
func avoid404InQuota(h http.Header, q web.Quota) {
	reset := q.Reset
	for has404(q.Limit) {
		q.Limit--
	}
	for has404(q.Remaining) {
		q.Remaining--
	}
	for has404(q.Reset) {
		q.Reset++
	}
	q.SetHeaders(h)
	if q.Reset-reset > maxLateReset {
		h.Del("X-RateLimit-Reset") // some days it would be hours: better left out
	}
}

func has404(n int64) bool { return strings.Contains(strconv.FormatInt(n, 10), "404") }
