package check

// InParts gives a Config that keeps what the log says of only so many customers at a time.
func InParts(cfg Config, customers int64) Config {
	cfg.maxSaid = customers
	return cfg
}
