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
	counter := func(name, help string, value func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "custodex", Name: name, Help: help},
			func() float64 { return float64(value()) })
	}
	s.metrics.MustRegister(
		gauge("jobs_running", "Jobs that this process has taken.", func() float64 { return float64(s.records.JobCounts().Running) }),
		counter("job_steps_total", "Steps of jobs that were committed.", func() int64 { return s.records.JobCounts().Steps }),
		counter("job_step_failures_total", "Steps of jobs that failed; most are tried again.", func() int64 { return s.records.JobCounts().Failures }),
		counter("jobs_succeeded_total", "Jobs that this process has ended with success.", func() int64 { return s.records.JobCounts().Succeeded }),
		counter("jobs_failed_total", "Jobs that this process has ended because a step failed for good.", func() int64 { return s.records.JobCounts().Failed }),
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
		gauge("altered_rows", "Rows of applications, credentials, customers, items and groups that this process has found not to be as they were written last.", func() float64 {
			return float64(s.records.AlteredRows())
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
