package main

import (
	"custodex.dev/internal/config"
	"custodex.dev/internal/redact"
)

// explainHint follows an error in the configuration.
const explainHint = "custodex config explain describes every setting"

// configFile is the flag of the verbs that read the configuration.
type configFile struct {
	File string `name:"config" placeholder:"FILE" env:"CUSTODEX_CONFIG" help:"JSON file of settings; environment and flags override it."`
}

// sources are where the configuration comes from. flags has the values of the flags that
// were set.
func (f *configFile) sources(env *environment, flags *config.Config) config.Sources {
	return config.Sources{
		File: f.File, Env: env.lookup, EnvNames: env.names(), Flags: flags, SetFlags: env.setFlags,
	}
}

func (f *configFile) load(env *environment, flags *config.Config) (config.Config, error) {
	cfg, err := config.Load(f.sources(env, flags))
	if err != nil {
		return config.Config{}, withHint(err, explainHint)
	}
	return cfg, nil
}

// settings are the flags of a verb that serves: a configuration file, and each setting
// by its name.
type settings struct {
	configFile
	Flags values `embed:""`
}

// values is config.Config without its methods: kong would call Validate before the
// file and the environment have been read.
type values config.Config

// loadValid combines the sources of the configuration and checks the result.
func (s *settings) loadValid(env *environment) (config.Config, error) {
	cfg, err := s.load(env, (*config.Config)(&s.Flags))
	return validated(cfg, err)
}

func validated(cfg config.Config, err error) (config.Config, error) {
	if err != nil {
		return cfg, err
	}
	if err := cfg.Validate(); err != nil {
		return cfg, withHint(err, explainHint)
	}
	return cfg, nil
}

// schemaFlags are the flags of a verb that works on the schema. The file and the
// environment may hold the other settings too, so that a server and its verbs share them.
type schemaFlags struct {
	configFile
	Data            string        `name:"data" placeholder:"DIR"`
	DatabaseURL     redact.Secret `name:"database-url" placeholder:"URL"`
	DatabaseURLFile string        `name:"database-url-file" placeholder:"FILE"`
}

func (d *schemaFlags) values() config.Config {
	return config.Config{DataDir: d.Data, DatabaseURL: d.DatabaseURL, DatabaseURLFile: d.DatabaseURLFile}
}
