package web

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"custodex.dev/internal/admission"
)

// Metrics counts what all dialects do. Labels hold patterns and codes that are in
// the source, never an id, so their number is bounded. A nil Metrics counts
// nothing.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	faults   *prometheus.CounterVec
}

// NewMetrics makes the metrics and registers them; it panics if reg has them
// already.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "custodex_http_requests_total",
			Help: "Requests that were answered, by status code; 0 is an answer that was cut off.",
		}, []string{"dialect", "route", "method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "custodex_http_request_duration_seconds",
			Help:    "Time from a request's header to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .02, .05, .1, .15, .3, .5, 1, 2.5, 10, 30},
		}, []string{"dialect", "route"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "custodex_http_requests_in_flight",
			Help: "Requests that are being answered.",
		}, []string{"dialect"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "custodex_http_faults_total",
			Help: "Requests that failed, by the code of the fault.",
		}, []string{"dialect", "code"}),
	}
	reg.MustRegister(m.requests, m.duration, m.inFlight, m.faults)
	return m
}

// alerts are the codes of faults that operators alert on. They are counted from zero, so
// that the first one is an increase and not the begin of a series.
func alerts() []string {
	return []string{
		"audit_unavailable", "commit_unknown", "database_unavailable", "disk_failed", "disk_full", "internal", admission.ErrOverloaded.Code, "panic",
		"search_preparing", "search_saturated", "storage_failed", "timeout",
	}
}

// declare makes the series of a dialect that are there from the start.
func (m *Metrics) declare(dialect string) {
	if m == nil {
		return
	}
	m.inFlight.WithLabelValues(dialect)
	for _, code := range alerts() {
		m.faults.WithLabelValues(dialect, code)
	}
}

// begin counts a request in; the function it returns counts it out.
func (m *Metrics) begin(dialect string) func(e *Event, method string, status int, took time.Duration) {
	if m == nil {
		return func(*Event, string, int, time.Duration) {}
	}
	m.inFlight.WithLabelValues(dialect).Inc()
	return func(e *Event, method string, status int, took time.Duration) {
		m.inFlight.WithLabelValues(dialect).Dec()
		m.requests.WithLabelValues(dialect, e.Route, knownMethod(method), strconv.Itoa(status)).Inc()
		m.duration.WithLabelValues(dialect, e.Route).Observe(took.Seconds())
		if e.Fault != nil {
			m.faults.WithLabelValues(dialect, e.Fault.Code).Inc()
		}
	}
}
