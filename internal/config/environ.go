package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// otherVariables are those of ours that are no settings: they belong to the verbs that
// call a server.
func otherVariables() []string {
	return []string{
		"CUSTODEX_CONFIG", "CUSTODEX_MANAGE_URL", "CUSTODEX_OPERATOR_KEY", "CUSTODEX_OPERATOR_KEY_FILE",
	}
}

// foreign matches variables with our prefix that somebody else sets: Kubernetes adds
// CUSTODEX_SERVICE_HOST, CUSTODEX_PORT_8080_TCP and more to every container beside a
// service named custodex, and our own tests have CUSTODEX_TEST_….
var foreign = regexp.MustCompile(`^CUSTODEX_(TEST_\w+|(\w+_)?SERVICE_(HOST|PORT)(_\w+)?|(\w+_)?PORT(_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)?)$`)

// checkNames refuses a variable with our prefix that is none of ours. A misspelt one
// would have no effect, and nobody would notice.
func checkNames(names []string) error {
	for _, name := range names {
		if !strings.HasPrefix(name, "CUSTODEX_") || foreign.MatchString(name) || slices.Contains(otherVariables(), name) {
			continue
		}
		if _, ok := find(name, setting.env); !ok {
			return fmt.Errorf("the variable %s is no setting; custodex config explain lists them", name)
		}
	}
	return nil
}
