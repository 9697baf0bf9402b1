package client_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"custodex.dev/client"
)

func text(s string) *string { return &s }

func ExampleCustomers() {
	c, err := client.NewCustomers("http://127.0.0.1:8080", os.Getenv("CLIENT_KEY"), os.Getenv("CLIENT_SECRET"),
		client.Options{Retries: 3})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	// The key names the intention: whoever runs this again gets the same customer.
	made, err := c.Create(ctx, client.CustomerInput{
		FirstName: text("Ada"), LastName: text("Lovelace"), PhoneNumber: text("+442079460000"),
	}, "signup-4711")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(made.ID)

	for customer, err := range c.All(ctx, client.CustomerQuery{Name: "love"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(customer.ID, customer.CreatedAt)
	}
}

func ExampleManage() {
	m, err := client.NewManage("http://127.0.0.1:8081", os.Getenv("CUSTODEX_OPERATOR_KEY"), client.Options{})
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
	fmt.Println(key.PublicKey) // and key.Secret, which nobody can show again
}

func ExampleAsError() {
	c, err := client.NewCustomers("http://127.0.0.1:8080", os.Getenv("CLIENT_KEY"), os.Getenv("CLIENT_SECRET"), client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Fetch(context.Background(), "550e8400-e29b-41d4-a716-446655440000")
	if answer, ok := client.AsError(err); ok && answer.Status == 404 {
		fmt.Println("there is no such customer")
	}
}
