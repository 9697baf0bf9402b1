package client_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"

	"custodex.dev/client"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// A customer is fetched only if it has changed, and changed and deleted only in the state that was fetched,
// through each API, with the tag of any.
func TestConditions(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	ctx := t.Context()
	d, ya, xt := keyOf(t, s, tenant.Devdraft), keyOf(t, s, tenant.Yativo), keyOf(t, s, tenant.Xtrakit)
	c, err := client.NewCustomers(s.URL, d.PublicKey, d.Secret.Reveal(), client.Options{})
	check(t, err)
	y, err := client.NewYativo(s.URL, ya.PublicKey, ya.Secret.Reveal(), client.Options{})
	check(t, err)
	x, err := client.NewXtrakit(s.URL, xt.PublicKey+"."+xt.Secret.Reveal(), client.Options{})
	check(t, err)
	m := operator(t, s)
	in := client.XtrakitInput{
		Name: text("Ada Lovelace"), Phone: text("+442079460000"), Country: text("Singapore"), City: text("Singapore"), Address1: text("1 Raffles Place"),
	}
	add := func() (id string, seq int64) {
		made, err := x.Add(ctx, in, "")
		check(t, err)
		page, err := c.List(ctx, client.CustomerQuery{Take: 1})
		check(t, err)
		return page.Customers[0].ID, made.ID
	}
	id, seq := add()
	one, err := c.Fetch(ctx, id)
	check(t, err)
	two, err := y.Fetch(ctx, id)
	check(t, err)
	three, err := x.Fetch(ctx, seq)
	check(t, err)
	for name, fetch := range map[string]func(...client.Condition) (any, error){
		"Customers": func(is ...client.Condition) (any, error) { return c.Fetch(ctx, id, is...) },
		"Yativo":    func(is ...client.Condition) (any, error) { return y.Fetch(ctx, id, is...) },
		"Xtrakit":   func(is ...client.Condition) (any, error) { return x.Fetch(ctx, seq, is...) },
	} {
		tag := map[string]string{"Customers": one.ETag, "Yativo": two.ETag, "Xtrakit": three.ETag}[name]
		got, err := fetch(client.IfNoneMatch(tag))
		if tag == "" || !errors.Is(err, client.ErrNotModified) || !reflect.ValueOf(got).IsZero() {
			t.Errorf("%s.Fetch of what there is, tag %q: %+v, %v", name, tag, got, err)
		}
		_, err = fetch(client.IfNoneMatch(`"other"`))
		check(t, err)
		_, err = fetch(client.IfMatch(`"other"`))
		status(t, name+".Fetch of another state", err, http.StatusPreconditionFailed)
	}

	old := one.ETag
	_, err = c.Update(ctx, id, client.CustomerInput{FirstName: text("Augusta")}, "", client.IfMatch(two.ETag))
	check(t, err)
	for name, change := range map[string]func(client.Condition) error{
		"Customers.Update": func(is client.Condition) error {
			_, err := c.Update(ctx, id, client.CustomerInput{FirstName: text("Ada")}, "", is)
			return err
		},
		"Customers.Delete": func(is client.Condition) error { return c.Delete(ctx, id, is) },
		"Yativo.Update": func(is client.Condition) error {
			_, err := y.Update(ctx, id, client.YativoInput{Name: text("Ada King")}, "", is)
			return err
		},
		"Yativo.Delete": func(is client.Condition) error { return y.Delete(ctx, id, is) },
		"Xtrakit.Edit": func(is client.Condition) error {
			_, err := x.Edit(ctx, seq, in, "", is)
			return err
		},
		"Xtrakit.Delete": func(is client.Condition) error { return x.Delete(ctx, seq, is) },
		"Manage.SetKYC": func(is client.Condition) error {
			return m.SetKYC(ctx, string(s.App.ID), id, client.KYC{Status: "approved"}, is)
		},
	} {
		status(t, name+" of an old state", change(client.IfMatch(old)), http.StatusPreconditionFailed)
	}
	now, err := x.Fetch(ctx, seq)
	check(t, err)
	equal(t, "name", now.Name, "Augusta Lovelace")
	check(t, y.Delete(ctx, id, client.IfMatch(now.ETag)))
}

// Beside an error stands nothing, whichever operation it is and however much of the answer could be read.
func TestNothingBesideAnError(t *testing.T) {
	t.Parallel()
	half := `{"id":"half","name":"half","data":{"customer":{"id":7},"customers":[{"id":7}],"group":{"id":7}},"customer":{"id":"half"},"created":true,` +
		`"errors":["half"],"raised_again":true,"created_at":7,"createdAt":7,"data2":` // the rest is missing
	for _, body := range []string{half, half + `0,"status":{},"entries":"x","data":7,"errors":7,"customer":7,"created":7,"raised_again":7,"id":{}}`} {
		url, _ := answering(t, says(http.StatusOK, body))
		c := customers(t, url, client.Options{})
		y, err := client.NewYativo(url, "a", "b", client.Options{})
		check(t, err)
		x, err := client.NewXtrakit(url, "a.b", client.Options{})
		check(t, err)
		m, err := client.NewManage(url, "a.b", client.Options{})
		check(t, err)
		for _, of := range []any{c, y, x, m} {
			v := reflect.ValueOf(of)
			for i := range v.NumMethod() {
				method, name := v.Method(i), v.Type().Method(i).Name
				typ := method.Type()
				if typ.NumIn() == 0 || typ.In(0) != reflect.TypeFor[context.Context]() || typ.NumOut() < 2 || name == "ExportAudit" {
					continue
				}
				args := []reflect.Value{reflect.ValueOf(t.Context())}
				for k := 1; k < typ.NumIn() && !(typ.IsVariadic() && k == typ.NumIn()-1); k++ {
					args = append(args, reflect.Zero(typ.In(k)))
				}
				out := method.Call(args)
				if err, ok := out[len(out)-1].Interface().(error); !ok || err == nil {
					t.Errorf("%T.%s of half an answer: no error, %v", of, name, out)
				}
				for _, value := range out[:len(out)-1] {
					if !value.IsZero() {
						t.Errorf("%T.%s gives %+v beside an error", of, name, value)
					}
				}
			}
		}
	}
}
