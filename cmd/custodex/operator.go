package main

import (
	"cmp"
	"errors"
	"io/fs"
	"net/http"
	"net/url"

	"custodex.dev/client"
	"custodex.dev/internal/config"
	"custodex.dev/internal/redact"
)

// operatorFlags are the flags of the verbs that speak to the management API.
type operatorFlags struct {
	ManageURL string `name:"manage-url" placeholder:"URL" env:"CUSTODEX_MANAGE_URL" help:"Address of the management listener. Default: the dev server's, else http://127.0.0.1:8081."`
	KeyFile   string `name:"operator-key-file" placeholder:"FILE" env:"CUSTODEX_OPERATOR_KEY_FILE" help:"File that holds the operator key. Or set CUSTODEX_OPERATOR_KEY."`
	Data      string `name:"data" placeholder:"DIR" default:"./custodex-data" help:"Data folder of custodex dev, whose operator key is used when no other is given."`
}

// appFlags are those of the verbs that are about one application.
type appFlags struct {
	operatorFlags
	App string `name:"app" placeholder:"APP" help:"The application, app_… (app_system: the operators' own keys). Default: that of the dev data folder."`
}

const defaultManageURL = "http://127.0.0.1:8081"

// operator is a client of the management API.
type operator struct {
	*client.Manage
	devApp string // the application of the dev folder, if the key comes from there
}

// connect finds the operator key: file, environment, dev data folder.
func (o *operatorFlags) connect(env *environment) (operator, error) {
	address := o.ManageURL
	var op operator
	var key redact.Secret
	var err error
	if o.KeyFile != "" {
		key, err = config.ReadPrivate(o.KeyFile)
	} else if text, ok := env.lookup("CUSTODEX_OPERATOR_KEY"); ok && text != "" {
		key = redact.NewSecret(text)
	} else {
		var dev devCredentials
		dev, err = readDevCredentials(o.Data)
		key, op.devApp = dev.OperatorKey.secret(), dev.AppID
		if address == "" {
			address = dev.ManageURL
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = withHint(errors.New("no operator key was given, and "+o.Data+" is no data folder of custodex dev"),
				"use --operator-key-file FILE, CUSTODEX_OPERATOR_KEY, or --data DIR")
		}
	}
	if err != nil {
		return op, err
	}
	if address == "" {
		address = defaultManageURL
	}
	op.Manage, err = client.NewManage(address, key.Reveal(), client.Options{UserAgent: "custodex/" + programVersion()})
	if err != nil {
		return op, usage(err.Error(), "check --manage-url and the operator key")
	}
	return op, nil
}

// ask calls the management API and prints the answer. An error of the
// call comes with what the reader can do about it.
func ask[T any](env *environment, f *operatorFlags, call func(op operator) (T, error), print func(T) error) error {
	op, err := f.connect(env)
	if err != nil {
		return err
	}
	answer, err := call(op)
	if err != nil {
		return explain(err)
	}
	return print(answer)
}

// askApp is ask about the application that was named, or that of the dev folder.
func askApp[T any](env *environment, f *appFlags, call func(op operator, app string) (T, error), print func(T) error) error {
	return ask(env, &f.operatorFlags, func(op operator) (answer T, err error) {
		app := cmp.Or(f.App, op.devApp)
		if app == "" {
			return answer, usage("missing flags: --app=APP", "custodex app list shows the applications")
		}
		return call(op, app)
	}, print)
}

// explain adds to a failed call what the reader can do about it.
func explain(err error) error {
	answer, ok := client.AsError(err)
	if !ok {
		if unreachable, is := errors.AsType[*url.Error](err); is {
			return withHint(unreachable, "is the server running (custodex dev, custodex serve)? --manage-url says where")
		}
		return err
	}
	switch answer.Status {
	case http.StatusUnauthorized:
		return withHint(err, "the operator key is wrong, expired or revoked")
	case http.StatusForbidden:
		return withHint(err, "this is an auditor's key: it reads the audit log of its own application, and nothing else")
	case http.StatusNotFound:
		if answer.Code == "credential_not_found" {
			return withHint(err, "custodex key list shows the keys of an application")
		}
		if answer.Code == "job_not_found" {
			return withHint(err, "custodex job list shows the jobs of an application")
		}
		if answer.Code == "alarm_not_found" {
			return withHint(err, "no alarm is open; custodex audit alarms lists those that were")
		}
		return withHint(err, "custodex app list shows the applications")
	case http.StatusGone:
		return withHint(err, "custodex event list shows the events that are still there")
	case http.StatusBadRequest:
		return withHint(err, "see --help for what the flags take")
	case http.StatusInternalServerError:
		return withHint(err, "look for request "+answer.RequestID+" in the server's log")
	}
	return err
}
