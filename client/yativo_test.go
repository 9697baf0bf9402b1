package client_test

import (
	"testing"

	"custodex.dev/client"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/yativo"
)

func TestEveryOperationOfYativo(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	ctx := t.Context()
	key := keyOf(t, s, tenant.Yativo)
	y, err := client.NewYativo(s.URL, key.PublicKey, key.Secret.Reveal(), recording(t, yativo.Routes(),
		"GET /api/v1/customer/customer/{id}", "PUT /api/v1/customer/customer/{id}", "GET /customer/{id}", "PUT /customer/{id}"))
	check(t, err)
	y = y.ActingFor("clerk-7")

	token, err := y.Login(ctx)
	check(t, err)
	newer, err := y.RefreshToken(ctx)
	check(t, err)
	equal(t, "tokens", token.AccessToken != "" && newer.ExpiresIn > 0, true)

	ada, err := y.Create(ctx, client.YativoInput{
		Name: text("Ada Lovelace"), Email: text("ada@example.com"), Phone: text("+442079460000"), Country: text("GBR"),
		Type: text(string(client.Individual)), Address: &client.YativoAddress{Street: "St James's Square", Number: "12", City: "London"},
	}, "")
	check(t, err)
	_, err = y.Create(ctx, client.YativoInput{Name: text("Ada Lovelace")}, "")
	answer, ok := client.AsError(err)
	equal(t, "problems of a customer without an address", ok && answer.Status == 422 && len(answer.Fields) > 0, true)
	other, err := y.Create(ctx, client.YativoInput{
		Name: text("Babbage"), Email: text("b@example.com"), Phone: text("+442079460001"), Country: text("GBR"), Type: text(string(client.Business)),
	}, "")
	check(t, err)
	changed, err := y.Update(ctx, ada.ID, client.YativoInput{Name: text("Ada King")}, "")
	check(t, err)
	equal(t, "name", changed.Name, "Ada King")
	fetched, err := y.Fetch(ctx, ada.ID)
	check(t, err)
	equal(t, "city", fetched.Address.City, "London")
	past, err := y.ListHistory(ctx, ada.ID, 1, "")
	check(t, err)
	equal(t, "what she was", past.Items[0].Customer.Name, ada.Name)
	was, err := y.FetchAsOf(ctx, ada.ID, past.Items[0].ValidFrom)
	check(t, err)
	equal(t, "as of her creation", was.Name, ada.Name)
	first, err := y.List(ctx, client.YativoQuery{Page: 1, PerPage: 1})
	check(t, err)
	second, err := y.List(ctx, client.YativoQuery{Next: first.Next})
	check(t, err)
	equal(t, "pages", first.Customers[0].ID+second.Customers[0].ID+second.Next, other.ID+ada.ID)
	equal(t, "total", first.Total, 2)

	for _, side := range []struct {
		id   string
		side client.YativoSide
	}{{ada.ID, client.Individual}, {other.ID, client.Business}} {
		_, err := y.SubmitKYC(ctx, side.id, side.side, "")
		check(t, err)
		_, err = y.PatchKYC(ctx, side.id, side.side, "")
		check(t, err)
		updated, err := y.UpdateKYC(ctx, side.id, side.side, "")
		check(t, err)
		equal(t, "type", updated.Type, string(side.side))
	}
	check(t, operator(t, s).SetKYC(ctx, string(s.App.ID), ada.ID, client.KYC{Status: "approved", VirtualAccounts: true}))
	kyc, err := y.FetchKYC(ctx, ada.ID)
	check(t, err)
	equal(t, "approved", kyc.IsVAApproved && kyc.FirstName == "Ada", true)
	_, err = y.ResubmitEndorsement(ctx, ada.ID, "base", "")
	status(t, "an endorsement", err, 404)
	check(t, y.Delete(ctx, ada.ID))
	_, err = y.Fetch(ctx, ada.ID)
	status(t, "fetch of a deleted customer", err, 404)
}
