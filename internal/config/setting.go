package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// setting is one named field of Config.
type setting struct {
	name  string // kebab-case, as the flag
	field int    // its index in Config
}

// member is the setting's name in the file.
func (s setting) member() string { return strings.ReplaceAll(s.name, "-", "_") }

// env is the variable that sets it.
func (s setting) env() string { return "CUSTODEX_" + strings.ToUpper(s.member()) }

// of is the setting's value in c.
func (s setting) of(c *Config) reflect.Value { return reflect.ValueOf(c).Elem().Field(s.field) }

// settings lists them in the order of the struct.
func settings() []setting {
	var all []setting
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("name"); name != "" {
			all = append(all, setting{name, i})
		}
	}
	return all
}

// find returns the setting for which key gives text.
func find(text string, key func(setting) string) (setting, bool) {
	for _, s := range settings() {
		if key(s) == text {
			return s, true
		}
	}
	return setting{}, false
}

// The expected forms.
var (
	errBool     = errors.New("use true or false")
	errNumber   = errors.New("use a whole number")
	errDuration = errors.New("use a duration like 30s, 5m or 24h; a day is 24h")
	errSize     = errors.New("use a number of bytes")
)

// Set parses text into the value of a setting or flag. Its errors name the expected form
// and never repeat the text, which may be a secret.
func Set(v reflect.Value, text string) error {
	text = strings.TrimSpace(text)
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return formOf(v)
		}
		return nil
	}
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errBool
		}
		*p = b
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errNumber
		}
		*p = n
	case *int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errSize
		}
		*p = n
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errDuration
		}
		*p = d
	default:
		return setList(v, text)
	}
	return nil
}

// setList reads a comma-separated list.
func setList(v reflect.Value, text string) error {
	if v.Kind() != reflect.Slice {
		return fmt.Errorf("settings of type %s cannot be read", v.Type())
	}
	v.SetZero()
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := Set(element, part); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
	}
	return nil
}

// formOf names the expected form of a type that parses itself.
func formOf(v reflect.Value) error {
	switch v.Type().String() {
	case "netip.Prefix":
		return errors.New("use networks like 192.0.2.7/32 or 10.1.2.0/24; one address ends in /32, one of IPv6 in /128")
	case "slog.Level":
		return errors.New("use debug, info, warn or error")
	}
	return errors.New("it cannot be read")
}
