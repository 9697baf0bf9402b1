package selftest

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// tokens presents bearer tokens that the server did not make as they are.
func tokens(ctx context.Context, t *trial, c *Check) error {
	head, rest, _ := strings.Cut(t.victim.token, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok {
		c.Skipped = "the token is not of three parts"
		return nil
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	forged := map[string]string{
		"no algorithm and no signature":      none + "." + payload + ".",
		"no algorithm and the old signature": none + "." + payload + "." + signature,
		"no signature":                       head + "." + payload + ".",
		"the attacker's signature":           head + "." + payload + "." + t.attacker.token[strings.LastIndexByte(t.attacker.token, '.')+1:],
		"another application's payload":      t.attacker.token[:strings.LastIndexByte(t.attacker.token, '.')] + "." + signature,
		"two parts":                          head + "." + payload,
		"four parts":                         t.victim.token + "." + signature,
		"the secret instead of a token":      t.victim.keys[yativo].Secret,
		"the public key instead of a token":  t.victim.keys[yativo].PublicKey,
		"an altered payload":                 head + "." + alter(payload) + "." + signature,
		"its signature in standard base64":   head + "." + payload + "." + standard(signature),
		"an Xtrakit key in a Yativo header":  t.victim.keys[xtrakit].PublicKey + "." + t.victim.keys[xtrakit].Secret,
		"its signature in padded base64":     head + "." + payload + "." + signature + "=",
	}
	// The last character holds bits that a loose decoder ignores.
	last := strings.IndexByte(base64Alphabet, signature[len(signature)-1])
	for _, bit := range []int{1, 2, 3} {
		forged["the unused bits of its last character changed by "+strconv.Itoa(bit)] = t.victim.token[:len(t.victim.token)-1] + string(base64Alphabet[last^bit])
	}
	// The token as it is must open the customer, or the refusals below would prove nothing.
	a, err := t.ask(ctx, http.MethodGet, "/api/v1/customer/"+t.victim.customer, nil, t.victim.headers(yativo))
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		c.found("GET /api/v1/customer/{id} with the victim's own token", strconv.Itoa(a.status), "200")
	}
	for name, token := range forged {
		if token == t.victim.token {
			continue // a signature without the characters in question
		}
		c.Tried++
		a, err := t.ask(ctx, http.MethodGet, "/api/v1/customer/"+t.victim.customer, nil, http.Header{"Authorization": {"Bearer " + token}})
		if err != nil {
			return err
		}
		t.judge(c, "GET /api/v1/customer/{id} with a token with "+name, a, true)
	}
	return nil
}

// standard writes unpadded URL-safe base64 in the standard alphabet.
func standard(s string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(s) }

// cursors walks lists with cursors that belong elsewhere.
func cursors(ctx context.Context, t *trial, c *Check) error {
	own, err := t.makeSecondPage(ctx, t.attacker)
	if err != nil || own == "" {
		c.Skipped = "no list has a second page"
		return err
	}
	foreign, err := t.makeSecondPage(ctx, t.victim)
	if err != nil {
		return err
	}
	wrong := map[string]string{"of another application": foreign, "altered": alter(own), "cut": own[:len(own)/2], "doubled": own + own, "empty": ""}
	for _, i := range []int{0, len(own) / 3, len(own) - 1} {
		b := []byte(own)
		b[i] = base64Alphabet[(strings.IndexByte(base64Alphabet, b[i])+1)%64]
		wrong["with character "+strconv.Itoa(i)+" altered"] = string(b)
	}
	for name, cursor := range wrong {
		c.Tried++
		a, err := t.ask(ctx, http.MethodGet, "/api/v0/customers?take=1&cursor="+cursor, nil, t.attacker.headers(devdraft))
		if err != nil {
			return err
		}
		t.judge(c, "GET /api/v0/customers with a cursor "+name, a, true)
	}
	c.Tried++
	a, err := t.ask(ctx, http.MethodGet, "/api/v0/customer-groups?take=1&cursor="+own, nil, t.attacker.headers(devdraft))
	if err != nil {
		return err
	}
	t.judge(c, "GET /api/v0/customer-groups with a cursor of customers", a, true)
	return nil
}

// makeSecondPage gives the cursor of the second page of a party's customers. It makes a second
// customer for that.
func (t *trial) makeSecondPage(ctx context.Context, p *party) (string, error) {
	if err := t.make(ctx, "/api/v0/customers", map[string]any{
		"first_name": p.canaries[0], "last_name": p.canaries[1], "phone_number": "+15550100998",
	}, p.headers(devdraft), nil); err != nil {
		return "", err
	}
	a, err := t.ask(ctx, http.MethodGet, "/api/v0/customers?take=1", nil, p.headers(devdraft))
	if err != nil {
		return "", err
	}
	_, after, _ := strings.Cut(a.header.Get("Link"), "cursor=")
	cursor, _, _ := strings.Cut(after, "&")
	cursor, _, _ = strings.Cut(cursor, ">")
	return cursor, nil
}
