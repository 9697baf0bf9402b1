package config_test

import (
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/config"
)

// TestFieldE16EverySettingNamesItsForm: a wrong value of a setting that has a form is answered
// with that form, in a variable and in the file, and not with what a parser says, nor with the value.
func TestFieldE16EverySettingNamesItsForm(t *testing.T) {
	t.Parallel()
	bad := map[reflect.Type]string{
		reflect.TypeFor[time.Duration]():  "100d",
		reflect.TypeFor[slog.Level]():     "chatty",
		reflect.TypeFor[[]netip.Prefix](): "10.0.0.1",
		reflect.TypeFor[int]():            "1.5",
		reflect.TypeFor[int64]():          "64k",
		reflect.TypeFor[bool]():           "maybe",
	}
	of, tried := reflect.TypeFor[config.Config](), 0
	for i := range of.NumField() {
		name := of.Field(i).Tag.Get("name")
		value, ok := bad[of.Field(i).Type]
		if name == "" || !ok {
			continue
		}
		tried++
		member := strings.ReplaceAll(name, "-", "_")
		for from, source := range map[string]config.Sources{
			"variable": {Env: env("CUSTODEX_"+strings.ToUpper(member), value)},
			"file":     {File: write(t, `{"`+member+`":"`+value+`"}`, 0o600)},
		} {
			_, err := config.Load(source)
			if err == nil || !strings.Contains(err.Error(), ": use ") || strings.Contains(err.Error(), value) ||
				strings.Contains(err.Error(), "strconv") || strings.Contains(err.Error(), "parse") {
				t.Errorf("%s with %q in a %s: %v; want a sentence that says what to use", name, value, from, err)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d settings were tried", tried)
	}
}
