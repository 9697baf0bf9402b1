package framing

import "net"

// ListenWith is Listen with another limit for unfinished requests. cfg is without TLS.
func ListenWith(l net.Listener, cfg Config, budget int64) net.Listener {
	p := Listen(l, cfg).(plain)
	p.crowd.unfinished.budget, p.crowd.silent.budget = budget, budget
	return p
}
