package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"custodex.dev/client"
	"custodex.dev/internal/config"
	"custodex.dev/internal/server"
	"custodex.dev/internal/testkit"
)

func text(s string) *string { return &s }

func ExampleCustomers() {
	s := startExample()
	defer s.stop()
	c, err := client.NewCustomers(s.url, s.key.PublicKey, s.key.Secret, client.Options{Retries: 3})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	// The key names the intention: whoever runs this again gets the same customer.
	made, err := c.Create(ctx, client.CustomerInput{
		FirstName: text("Ada"), LastName: text("Lovelace"), PhoneNumber: text("+442079460000"), Email: text("ada@example.com"),
	}, "signup-4711")
	if err != nil {
		log.Fatal(err)
	}
	// The audit log shows whom the program acts for.
	if _, err := c.ActingFor("grace").Update(ctx, made.ID, client.CustomerInput{LastName: text("King"), ClearEmail: true}, ""); err != nil {
		log.Fatal(err)
	}
	// The name is in the request's body, not in its URL.
	for customer, err := range c.All(ctx, client.CustomerQuery{Name: "king"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(customer.FirstName, customer.LastName, customer.Email == nil)
	}
	// Output: Ada King true
}

func ExampleCustomers_GetOrCreate() {
	s := startExample()
	defer s.stop()
	c, err := client.NewCustomers(s.url, s.key.PublicKey, s.key.Secret, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		customer, created, err := c.GetOrCreate(context.Background(), client.CustomerInput{
			FirstName: text("Ada"), LastName: text("Lovelace"), PhoneNumber: text("+442079460000"), Email: text("ada@example.com"),
		}, "")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(customer.FirstName, created)
	}
	// Output:
	// Ada true
	// Ada false
}

// Two people edit one customer; the second one's change does not undo the first one's.
func ExampleIfMatch() {
	s := startExample()
	defer s.stop()
	c, err := client.NewCustomers(s.url, s.key.PublicKey, s.key.Secret, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	made, err := c.Create(ctx, client.CustomerInput{FirstName: text("Ada"), LastName: text("Byron"), PhoneNumber: text("+442079460000")}, "")
	if err != nil {
		log.Fatal(err)
	}
	seen, err := c.Fetch(ctx, made.ID)
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Fetch(ctx, made.ID, client.IfNoneMatch(seen.ETag))
	fmt.Println("changed since:", !errors.Is(err, client.ErrNotModified))
	for _, name := range []string{"King", "Lovelace"} {
		_, err := c.Update(ctx, made.ID, client.CustomerInput{LastName: text(name)}, "", client.IfMatch(seen.ETag))
		if refused, ok := client.AsError(err); ok {
			fmt.Println(name, refused.Status)
		} else if err == nil {
			fmt.Println(name, "saved")
		}
	}
	// Output:
	// changed since: false
	// King saved
	// Lovelace 412
}

func ExampleCustomers_RecordTransaction() {
	s := startExample()
	defer s.stop()
	c, err := client.NewCustomers(s.url, s.key.PublicKey, s.key.Secret, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	group, err := c.CreateGroup(ctx, client.GroupInput{Name: text("Gold")}, "")
	if err != nil {
		log.Fatal(err)
	}
	ada, err := c.Create(ctx, client.CustomerInput{
		FirstName: text("Ada"), LastName: text("Lovelace"), PhoneNumber: text("+442079460000"), GroupID: &group.ID,
	}, "")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.RecordTransaction(ctx, ada.ID, client.TransactionInput{Amount: "12.50", Currency: "EUR"}, "order-4711"); err != nil {
		log.Fatal(err)
	}
	ada, err = c.Fetch(ctx, ada.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ada.LastSpent, *ada.GroupID == group.ID)
	// Output: 12.5 true
}

func ExampleManage() {
	s := startExample()
	defer s.stop()
	m, err := client.NewManage(s.manageURL, s.operatorKey, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	app, err := m.CreateApp(ctx, "Checkout")
	if err != nil {
		log.Fatal(err)
	}
	key, err := m.CreateKey(ctx, app.ID, client.NewKey{Name: "checkout production", Owner: "payments team"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(app.Name, key.Kind, key.PublicKey != "") // and key.Secret, which nobody can show again
	// Output: Checkout devdraft true
}

func ExampleAsError() {
	s := startExample()
	defer s.stop()
	c, err := client.NewCustomers(s.url, s.key.PublicKey, s.key.Secret, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Fetch(context.Background(), "550e8400-e29b-41d4-a716-446655440000")
	if answer, ok := client.AsError(err); ok && answer.Status == 404 {
		fmt.Println(answer.Message)
	}
	// Output: Customer not found
}

// exampleServer is a server with a Devdraft key, for examples, which have no testing.T.
type exampleServer struct {
	url, manageURL, operatorKey string
	key                         client.IssuedKey
	stop                        func()
}

func startExample() exampleServer {
	ctx, cancel := context.WithCancel(context.Background())
	dir, err := os.MkdirTemp("", "custodex-example")
	if err != nil {
		log.Fatal(err)
	}
	cfg := testkit.Database{Engine: "sqlite", Dir: dir}.Config()
	operator, running, err := initAndOpen(ctx, cfg)
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- running.Run(ctx) }()
	s := exampleServer{
		url: "http://" + running.Addr(), manageURL: "http://" + running.ManageAddr(), operatorKey: operator,
		stop: func() {
			cancel()
			if err := errors.Join(<-ended, os.RemoveAll(dir)); err != nil {
				log.Fatal(err)
			}
		},
	}
	m, err := client.NewManage(s.manageURL, s.operatorKey, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	app, err := m.CreateApp(ctx, "Example")
	if err != nil {
		log.Fatal(err)
	}
	if s.key, err = m.CreateKey(ctx, app.ID, client.NewKey{Name: "example"}); err != nil {
		log.Fatal(err)
	}
	return s
}

func initAndOpen(ctx context.Context, cfg config.Config) (operatorKey string, running *server.Server, err error) {
	operator, err := server.Init(ctx, cfg, nil)
	if err != nil {
		return "", nil, err
	}
	if running, err = server.New(ctx, cfg, "example"); err != nil {
		return "", nil, err
	}
	return operator.OperatorToken().Reveal(), running, running.Listen()
}
