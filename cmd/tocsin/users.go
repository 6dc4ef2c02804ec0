package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"tocsin/internal/app"
	"tocsin/internal/auth"
)

type usersCmd struct {
	Add    usersAddCmd    `cmd:"" help:"Add an officer, or a station's editor; the password is read from standard input."`
	List   usersListCmd   `cmd:"" help:"List the officers and the editors."`
	Token  usersTokenCmd  `cmd:"" help:"Make a token for the officers' API; it is shown once."`
	Revoke usersRevokeCmd `cmd:"" help:"Take all rights from an officer: sessions and tokens end at once."`
}

type usersAddCmd struct {
	operator
	ID      string   `arg:"" help:"Sign-in name: lower case letters, digits, dot, dash."`
	Name    string   `required:"" help:"Full name, as the record shows it."`
	Unit    string   `help:"Unit."`
	Role    []string `required:"" enum:"author,approver,admin,auditor,editor" help:"Roles; may be given more than once. An editor has no other."`
	Station string   `placeholder:"ID" help:"An editor's station, as list broadcast of recipients shows it."`
}

// Help is the example.
func (usersAddCmd) Help() string {
	return `Example:
  echo 'a long sentence only she knows' | tocsin users add anna --data /var/lib/tocsin --name "Anna Peeters" --role author
  echo 'another sentence, known to him' | tocsin users add ivo --data /var/lib/tocsin --name "Ivo Maes" --role editor --station st-abc123`
}

// Run adds the account.
func (c usersAddCmd) Run(ctx context.Context) error {
	fmt.Fprintln(os.Stderr, "Password (at least 12 characters), then Enter:")
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return fmt.Errorf("read the password: %w", err)
	}
	o := app.NewOfficer{
		Officer:  auth.Officer{ID: c.ID, Name: c.Name, Unit: c.Unit, Station: c.Station},
		Password: strings.TrimRight(line, "\r\n"),
	}
	for _, r := range c.Role {
		o.Roles = append(o.Roles, auth.Role(r))
	}
	if err := c.call(ctx, "POST", "/officers", o, nil); err != nil {
		return err
	}
	fmt.Printf("added %s (%s)\n", c.ID, strings.Join(c.Role, ", "))
	return nil
}

type usersListCmd struct{ operator }

// Help is the example.
func (usersListCmd) Help() string { return "Example:\n  tocsin users list --data /var/lib/tocsin" }

// Run lists the accounts.
func (c usersListCmd) Run(ctx context.Context) error {
	var all []auth.Officer
	if err := c.call(ctx, "GET", "/officers", nil, &all); err != nil {
		return err
	}
	for _, o := range all {
		fmt.Printf("%-20s %-30s %-20s %v %s\n", o.ID, o.Name, o.Unit, o.Roles, o.Station)
	}
	return nil
}

type usersTokenCmd struct {
	operator
	ID string `arg:"" help:"The officer."`
}

// Help is the example.
func (usersTokenCmd) Help() string {
	return "Example:\n  tocsin users token anna --data /var/lib/tocsin"
}

// Run makes a token.
func (c usersTokenCmd) Run(ctx context.Context) error {
	var s app.Secret
	if err := c.call(ctx, "POST", "/officers/"+c.ID+"/token", nil, &s); err != nil {
		return err
	}
	fmt.Println(s.Secret)
	return nil
}

type usersRevokeCmd struct {
	operator
	ID string `arg:"" help:"The officer."`
}

// Help is the example.
func (usersRevokeCmd) Help() string {
	return "Example:\n  tocsin users revoke anna --data /var/lib/tocsin"
}

// Run revokes.
func (c usersRevokeCmd) Run(ctx context.Context) error {
	if err := c.call(ctx, "DELETE", "/officers/"+c.ID, nil, nil); err != nil {
		return err
	}
	fmt.Println("revoked", c.ID)
	return nil
}
