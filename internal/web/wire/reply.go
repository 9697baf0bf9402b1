package wire

import (
	"net/http"
	"time"

	"custodex.dev/internal/records"
	"custodex.dev/internal/web"
)

// WriteReply writes the answer of a change, and says if it was given before.
func WriteReply(w http.ResponseWriter, status int, reply records.Reply) {
	if reply.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	web.JSON(w, status, reply.Body)
}

// RetrySeconds is what an answer says of a wait: rounded up, 1 to 60 seconds.
func RetrySeconds(d time.Duration) int64 {
	return int64(min(max((d+time.Second-1)/time.Second, 1), 60))
}
