package server

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// registerMetrics registers what /metrics shows beside the HTTP figures.
func (s *Server) registerMetrics() {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "custodex", Name: name, Help: help}, value)
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "custodex_build_info", Help: "1, with the version of the program as a label.",
	}, []string{"version", "go_version", "store"})
	build.WithLabelValues(s.version, runtime.Version(), s.engine()).Set(1)
	s.metrics.MustRegister(
		build,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("search_memory_bytes", "Bytes that search indexes hold.", func() float64 {
			bytes, _ := s.records.SearchMemory()
			return float64(bytes)
		}),
		gauge("search_indexes", "Applications whose search index is in memory.", func() float64 {
			_, count := s.records.SearchMemory()
			return float64(count)
		}),
		gauge("damaged_customers", "Customers that this process has read and could not decrypt.", func() float64 {
			return float64(s.records.CorruptCustomers())
		}),
		gauge("clock_offset_seconds", "Seconds that the database's clock is ahead of this machine's.", func() float64 {
			return s.records.ClockOffset().Seconds()
		}),
		gauge("audit_unsequenced_applications", "Applications with audit entries that are not in their tree yet.", func() float64 {
			return float64(s.records.AuditHealth().Unsequenced)
		}),
		gauge("audit_stopped_applications", "Applications whose audit log is damaged and is not sequenced further.", func() float64 {
			return float64(s.records.AuditHealth().Stopped)
		}),
		gauge("audit_alarms", "Applications whose audit log has an alarm that no operator has acknowledged.", func() float64 {
			return float64(s.records.AuditHealth().Alarms)
		}),
	)
}
