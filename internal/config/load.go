package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/web/body"
)

// Sources tells where settings come from. Each source overrides those before it.
type Sources struct {
	File     string                           // a JSON file; empty: none
	Env      func(name string) (string, bool) // such as os.LookupEnv; nil: none
	EnvNames []string                         // the variables that are set, to find those that are misspelt
	Flags    *Config                          // values of the flags named in SetFlags; nil: none
	SetFlags []string                         // names of the flags on the command line
}

// Load combines the settings: defaults, file, environment, flags. It reads
// database-url-file, so that DatabaseURL holds the URL either way. Its errors are
// sentences and never contain a value. Call Validate on the result.
func Load(from Sources) (Config, error) {
	c, _, err := combine(from)
	if err != nil {
		return Config{}, err
	}
	return c, c.readDatabaseURL()
}

// combine is Load without database-url-file. origin says for each setting that is not
// the default, by name, where it comes from.
func combine(from Sources) (c Config, origin map[string]string, err error) {
	c, origin = Default(), make(map[string]string)
	if from.File != "" {
		if err := c.readFile(from.File, origin); err != nil {
			return Config{}, nil, err
		}
	}
	if err := checkNames(from.EnvNames); err != nil {
		return Config{}, nil, err
	}
	for _, s := range settings() {
		if from.Env == nil {
			break
		}
		if text, ok := from.Env(s.env()); ok {
			if err := Set(s.of(&c), text); err != nil {
				return Config{}, nil, fmt.Errorf("the variable %s: %w", s.env(), err)
			}
			origin[s.name] = s.env()
		}
	}
	for _, name := range from.SetFlags {
		if s, ok := find(name, func(s setting) string { return s.name }); ok {
			s.of(&c).Set(s.of(from.Flags))
			origin[s.name] = "--" + s.name
		}
	}
	return c, origin, nil
}

// readFile reads a JSON object of settings. Unknown and repeated members are errors: a
// misspelt setting would have no effect.
func (c *Config) readFile(path string, origin map[string]string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	object, err := body.Parse(data)
	if err != nil {
		why := strings.TrimPrefix(fault.Of(err).Message, "Request body ")
		return fmt.Errorf("the configuration %s cannot be used: it %s", path, why)
	}
	for name, value := range object.Members() {
		s, ok := find(name, setting.member)
		if !ok {
			return fmt.Errorf("the configuration %s has an unknown setting %q; custodex config explain lists them", path, name)
		}
		text, err := scalar(value)
		if err == nil {
			err = Set(s.of(c), text)
		}
		if err != nil {
			return fmt.Errorf("the setting %s in %s: %w", name, path, err)
		}
		origin[s.name] = path
	}
	return nil
}

// scalar is a value as text: a string, number or boolean, or an array of them.
func scalar(v body.Value) (string, error) {
	switch v.Kind() {
	case body.KindString, body.KindNumber, body.KindBool:
		return v.ScalarText(), nil
	case body.KindArray:
		var parts []string
		for element := range v.Elements() {
			text, err := scalar(element)
			if err != nil {
				return "", err
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, ","), nil
	}
	return "", errors.New("use a string, a number, true, false or a list of them")
}

// readDatabaseURL puts what database-url-file holds into DatabaseURL.
func (c *Config) readDatabaseURL() error {
	path := c.DatabaseURLFile
	if path == "" {
		return nil
	}
	if !c.DatabaseURL.IsZero() {
		return errors.New("database-url and database-url-file exclude each other; set one")
	}
	text, err := ReadPrivate(path)
	if err != nil {
		return fmt.Errorf("database-url-file: %w", err)
	}
	c.DatabaseURL, c.DatabaseURLFile = text, ""
	return nil
}

// ReadPrivate reads a file that holds one secret. It refuses an empty file and one that
// anybody but its owner can read, with a sentence that says what to do.
func ReadPrivate(path string) (redact.Secret, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return redact.Secret{}, fmt.Errorf("there is no file %s: %w", path, fs.ErrNotExist)
	case err != nil:
		return redact.Secret{}, err
	case info.Mode().Perm()&0o077 != 0:
		return redact.Secret{}, fmt.Errorf("%s can be read by others (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return redact.Secret{}, err
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return redact.Secret{}, fmt.Errorf("%s is empty", path)
	}
	return redact.NewSecret(text), nil
}
