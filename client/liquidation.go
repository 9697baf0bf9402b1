package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// LiquidationAddress is a blockchain address of a customer whose receipts are paid out.
// Fields without a value are empty.
type LiquidationAddress struct {
	ID                  string    `json:"id"`
	State               string    `json:"state"`
	CustomerID          string    `json:"customer_id"`
	Chain               string    `json:"chain"`
	Currency            string    `json:"currency"`
	Address             string    `json:"address"`
	ExternalAccountID   string    `json:"external_account_id"`
	PrefundedAccountID  string    `json:"prefunded_account_id"`
	BridgeWalletID      string    `json:"bridge_wallet_id"`
	PaymentRail         string    `json:"destination_payment_rail"`
	DestinationCurrency string    `json:"destination_currency"`
	DeveloperFeePercent string    `json:"custom_developer_fee_percent"`
	CreatedAt           time.Time `json:"created_at"`
	UpdatedAt           time.Time `json:"updated_at"`
}

// LiquidationAddressInput is an address to add. Chain, Currency, Address and one way out
// are needed: an account, a wallet or DestinationAddress. Empty fields are not sent.
type LiquidationAddressInput struct {
	Chain               string `json:"chain,omitempty"`
	Currency            string `json:"currency,omitempty"`
	Address             string `json:"address,omitempty"`
	ExternalAccountID   string `json:"external_account_id,omitempty"`
	PrefundedAccountID  string `json:"prefunded_account_id,omitempty"`
	BridgeWalletID      string `json:"bridge_wallet_id,omitempty"`
	PaymentRail         string `json:"destination_payment_rail,omitempty"`
	DestinationCurrency string `json:"destination_currency,omitempty"`
	WireMessage         string `json:"destination_wire_message,omitempty"`
	SEPAReference       string `json:"destination_sepa_reference,omitempty"`
	ACHReference        string `json:"destination_ach_reference,omitempty"`
	DestinationAddress  string `json:"destination_address,omitempty"`
	BlockchainMemo      string `json:"destination_blockchain_memo,omitempty"`
	ReturnAddress       string `json:"return_address,omitempty"`
	DeveloperFeePercent string `json:"custom_developer_fee_percent,omitempty"`
}

// CreateLiquidationAddress adds an address to a customer. idempotencyKey works as for
// Create.
func (c *Customers) CreateLiquidationAddress(ctx context.Context, customer string, in LiquidationAddressInput, idempotencyKey string) (LiquidationAddress, error) {
	return answer[LiquidationAddress](ctx, c.t, call{
		method: http.MethodPost, path: addressesPath(customer), body: in, idempotencyKey: keyOr(idempotencyKey),
	})
}

// ListLiquidationAddresses gives a customer's addresses, 1,000 a page. Take and Skip of
// the query do not count.
func (c *Customers) ListLiquidationAddresses(ctx context.Context, customer string, q PageQuery) (Page[LiquidationAddress], error) {
	q.Take, q.Skip = 0, 0
	return listPage[LiquidationAddress](ctx, c.t, addressesPath(customer), q)
}

// FetchLiquidationAddress gives one address of a customer.
func (c *Customers) FetchLiquidationAddress(ctx context.Context, customer, address string) (LiquidationAddress, error) {
	return answer[LiquidationAddress](ctx, c.t, call{
		method: http.MethodGet, path: addressesPath(customer) + "/" + url.PathEscape(address),
	})
}

func addressesPath(customer string) string { return customerPath(customer) + "/liquidation_addresses" }
