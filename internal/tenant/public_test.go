package tenant_test

import (
	"regexp"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

// What clients have stored must not change with a release.
func TestPublicIDsStay(t *testing.T) {
	t.Parallel()
	const app = id.App("app_b7kqm2xw9dhr4tzc")
	if got, want := tenant.UserID(app), "4e42df92-e921-4e9b-8f7e-d18c7c2609da"; got != want {
		t.Errorf("UserID(%s) = %s, want %s", app, got, want)
	}
	if got, want := tenant.BusinessCode(app), "35522247"; got != want {
		t.Errorf("BusinessCode(%s) = %s, want %s", app, got, want)
	}
}

func TestPublicIDs(t *testing.T) {
	t.Parallel()
	var (
		user     = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
		business = regexp.MustCompile(`^[1-9][0-9]{7}$`)
	)
	users, businesses := map[string]bool{}, map[string]bool{}
	const apps = 1000
	for range apps {
		app := id.NewApp()
		u, b := tenant.UserID(app), tenant.BusinessCode(app)
		if !user.MatchString(u) || !business.MatchString(b) {
			t.Fatalf("%s: %s, %s", app, u, b)
		}
		if u != tenant.UserID(app) || b != tenant.BusinessCode(app) {
			t.Fatalf("%s: another at the second call", app)
		}
		users[u], businesses[b] = true, true
	}
	if len(users) != apps || len(businesses) < apps-2 {
		t.Errorf("%d applications have %d users and %d businesses", apps, len(users), len(businesses))
	}
}
