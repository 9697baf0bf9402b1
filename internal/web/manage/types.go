package manage

// Wire types: exactly the names and the order of the wire.

type appResponse struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`

	RemovedAt *string `json:"removed_at"`
}

type keyResponse struct {
	ID         string   `json:"id"`
	AppID      string   `json:"app_id"`
	Kind       string   `json:"kind"`
	PublicKey  string   `json:"public_key"`
	Name       string   `json:"name"`
	Owner      string   `json:"owner"`
	Scopes     []string `json:"scopes"`
	RateLimit  int      `json:"rate_limit"`
	Handling   string   `json:"handling"`
	CreatedAt  string   `json:"created_at"`
	ExpiresAt  *string  `json:"expires_at"`
	RevokedAt  *string  `json:"revoked_at"`
	LastUsedAt *string  `json:"last_used_at"`
	OldUntil   *string  `json:"old_secret_until"`
}

// issuedResponse is a key with its secret, which no later answer shows again.
type issuedResponse struct {
	keyResponse
	Secret string `json:"secret"`
}

// kycResponse says what was recorded, and nothing else of the customer.
type kycResponse struct {
	CustomerID string `json:"customer_id"`
	Status     string `json:"status"`
}

// listResponse is every list. Next is what to pass on for the following page, or
// null when there is none.
type listResponse[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next"`
}

type eventResponse struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Time     string   `json:"time"`
	Object   string   `json:"object"`
	Customer *string  `json:"customer"`
	Version  *int64   `json:"version"`
	Fields   []string `json:"fields"`
}

type entryResponse struct {
	Seq     int64          `json:"seq"`
	Time    string         `json:"time"`
	Actor   string         `json:"actor"`
	Action  string         `json:"action"`
	Outcome string         `json:"outcome"`
	Code    string         `json:"code"`
	Dialect string         `json:"dialect"`
	Request string         `json:"request"`
	Targets []string       `json:"targets"`
	Subject string         `json:"subject"`
	Fields  []string       `json:"fields"`
	Origin  originResponse `json:"origin"`
	Damaged bool           `json:"damaged"`

	PersonalGone bool `json:"personal_gone"`
}

type originResponse struct {
	Owner      string `json:"owner"`
	Address    string `json:"address"`
	UserAgent  string `json:"user_agent"`
	ActingUser string `json:"acting_user"`
	Reason     string `json:"reason"`
	Purpose    string `json:"purpose"`
	Operator   string `json:"operator"`
}

type checkpointResponse struct {
	AppID      string   `json:"app_id"`
	Key        string   `json:"key"`
	Keys       []string `json:"keys"`
	Entries    int64    `json:"entries"`
	Checkpoint string   `json:"checkpoint"`
}

type alarmResponse struct {
	Number         int64   `json:"number"`
	RaisedAt       string  `json:"raised_at"`
	Damage         string  `json:"damage"`
	AcknowledgedAt *string `json:"acknowledged_at"`
	AcknowledgedBy *string `json:"acknowledged_by"`
	Reason         *string `json:"reason"`
}

type jobResponse struct {
	ID        string  `json:"id"`
	AppID     string  `json:"app_id"`
	Kind      string  `json:"kind"`
	State     string  `json:"state"`
	Done      int64   `json:"done"`
	Total     *int64  `json:"total"`
	Error     *string `json:"error"`
	Reason    *string `json:"reason"`
	StartedBy string  `json:"started_by"`
	CreatedAt string  `json:"created_at"`
	StartedAt *string `json:"started_at"`
	EndedAt   *string `json:"ended_at"`
	Damaged   bool    `json:"damaged"`
}

// acknowledgedResponse is an alarm that was closed.
type acknowledgedResponse struct {
	alarmResponse
	RaisedAgain bool `json:"raised_again"`
}

type errorResponse struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code      string      `json:"code"`
	Message   string      `json:"message"`
	Fields    []fieldBody `json:"fields"`
	RequestID string      `json:"request_id"`
}

type fieldBody struct {
	Path    string `json:"path"`
	Code    string `json:"code"`
	Message string `json:"message"`
}
