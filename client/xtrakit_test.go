package client_test

import (
	"testing"

	"custodex.dev/client"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/xtrakit"
)

func TestEveryOperationOfXtrakit(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	ctx := t.Context()
	key := keyOf(t, s, tenant.Xtrakit)
	x, err := client.NewXtrakit(s.URL, key.PublicKey+"."+key.Secret.Reveal(), recording(t, xtrakit.Routes()))
	check(t, err)
	x = x.ActingFor("clerk-7")

	user, err := x.AuthenticateUser(ctx)
	check(t, err)
	group, err := x.AddGroup(ctx, client.XtrakitGroupInput{Name: "Gold", Description: text("the best")}, "")
	check(t, err)
	renamed, err := x.EditGroup(ctx, group.ID, client.XtrakitGroupInput{Name: "Silver"}, "")
	check(t, err)
	one, err := x.FetchGroup(ctx, group.ID)
	check(t, err)
	groups, err := x.ListGroups(ctx, client.XtrakitQuery{From: "2020-01-01", To: "2120-01-01"})
	check(t, err)
	equal(t, "group", one, renamed)
	equal(t, "groups", groups.Items[0], renamed)

	in := client.XtrakitInput{
		Name: text("Ada Lovelace"), Email: text("ada@example.com"), Phone: text("020 7946 0000"), Country: text("Singapore"),
		City: text("Singapore"), Address1: text("1 Raffles Place"), GroupID: &group.ID,
	}
	ada, err := x.Add(ctx, in, "")
	check(t, err)
	equal(t, "whose", ada.XtrakitUser, user)
	equal(t, "who made her", ada.CreatedBy, "Grace")
	in.Email = text("")
	changed, err := x.Edit(ctx, ada.ID, in, "")
	check(t, err)
	fetched, err := x.Fetch(ctx, ada.ID)
	check(t, err)
	equal(t, "tags of Fetch and Edit", fetched.ETag != "" && changed.ETag == "", true)
	fetched.ETag = ""
	equal(t, "customer", fetched, changed)
	equal(t, "e-mail after it was cleared", fetched.Email, "")
	past, err := x.ListHistory(ctx, ada.ID, "")
	check(t, err)
	equal(t, "what she was", past.Items[0].Customer.Email, ada.Email)
	was, err := x.FetchAsOf(ctx, ada.ID, past.Items[0].ValidFrom)
	check(t, err)
	equal(t, "as of her creation", was, past.Items[0].Customer)
	list, err := x.List(ctx, client.XtrakitQuery{GroupID: group.ID})
	check(t, err)
	equal(t, "list", list.Items[0], fetched)
	check(t, x.Delete(ctx, ada.ID))
	check(t, x.DeleteGroup(ctx, group.ID))
	_, err = x.Fetch(ctx, ada.ID)
	status(t, "fetch of a deleted customer", err, 404)
}
