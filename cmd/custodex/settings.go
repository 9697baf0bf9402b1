package main

import "custodex.dev/internal/config"

// settings are the flags of the verbs that open a database: a configuration file,
// and each setting by its name.
type settings struct {
	File  string `name:"config" placeholder:"FILE" env:"CUSTODEX_CONFIG" help:"JSON file of settings; environment and flags override it."`
	Flags values `embed:""`
}

// values is config.Config without its methods: kong would call Validate before the
// file and the environment have been read.
type values config.Config

// load combines the sources of the configuration.
func (s *settings) load(env *environment) (config.Config, error) {
	cfg, err := config.Load(config.Sources{
		File: s.File, Env: env.lookup, Flags: (*config.Config)(&s.Flags), SetFlags: env.setFlags,
	})
	if err != nil {
		return config.Config{}, withHint(err, "custodex config explain describes every setting")
	}
	return cfg, nil
}

// loadValid is load for verbs that serve.
func (s *settings) loadValid(env *environment) (config.Config, error) {
	cfg, err := s.load(env)
	if err != nil {
		return cfg, err
	}
	if err := cfg.Validate(); err != nil {
		return cfg, withHint(err, "custodex config explain describes every setting")
	}
	return cfg, nil
}
