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
	Add    usersAddCmd    `cmd:"" help:"Add an officer, or a station's editor; the password is read from standard input, unless --invite makes a link."`
	List   usersListCmd   `cmd:"" help:"List the officers and the editors."`
	Token  usersTokenCmd  `cmd:"" help:"Make a token for the officers' API; it is shown once."`
	Invite usersInviteCmd `cmd:"" help:"Make a link, good once and for 24 hours, for an officer who has lost every way to sign in."`
	SSO    usersSSOCmd    `cmd:"" name:"sso" help:"Say what single sign-on calls an officer, when it is not his sign-in name."`
	Revoke usersRevokeCmd `cmd:"" help:"Take all rights from an officer: sessions and tokens end at once."`
}

type usersAddCmd struct {
	operator
	ID      string   `arg:"" help:"Sign-in name: lower case letters, digits, dot, dash."`
	Name    string   `required:"" help:"Full name, as the record shows it."`
	Unit    string   `help:"Unit."`
	Area    []string `placeholder:"CODE" help:"Jurisdiction: ISO code of a country or unit; may be given more than once. None is everywhere."`
	Role    []string `required:"" enum:"author,approver,admin,auditor,editor" help:"Roles; may be given more than once. An editor has no other."`
	Invite  bool     `help:"Ask for no password: print a link, good once and for 24 hours, with which he sets up how he signs in."`
	SSO     string   `name:"sso" placeholder:"NAME" help:"What single sign-on calls him, when it is not his sign-in name."`
	Station string   `placeholder:"ID" help:"An editor's station, as list broadcast of recipients shows it."`
}

// Help is the example.
func (usersAddCmd) Help() string {
	return `Example:
  echo 'a long sentence only she knows' | tocsin users add anna --data /var/lib/tocsin --name "Anna Peeters" --role author
  tocsin users add bram --data /var/lib/tocsin --name "Bram Willems" --role approver --invite
  echo 'another sentence, known to him' | tocsin users add ivo --data /var/lib/tocsin --name "Ivo Maes" --role editor --station st-abc123`
}

// Run adds the account.
func (c usersAddCmd) Run(ctx context.Context) error {
	o := app.NewOfficer{Officer: auth.Officer{ID: c.ID, Name: c.Name, Unit: c.Unit, Areas: c.Area, Station: c.Station}}
	for _, r := range c.Role {
		o.Roles = append(o.Roles, auth.Role(r))
	}
	var invited app.Invitation
	if c.Invite {
		if err := c.call(ctx, "POST", "/invitations", o.Officer, &invited); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(os.Stderr, "Password (at least 12 characters), then Enter:")
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && line == "" {
			return fmt.Errorf("read the password: %w", err)
		}
		o.Password = strings.TrimRight(line, "\r\n")
		if err := c.call(ctx, "POST", "/officers", o, nil); err != nil {
			return err
		}
	}
	fmt.Printf("added %s (%s)\n", c.ID, strings.Join(c.Role, ", "))
	if c.Invite {
		showInvitation(invited)
	}
	if c.SSO == "" {
		return nil
	}
	if err := c.call(ctx, "PUT", "/officers/"+c.ID+"/sso", c.SSO, nil); err != nil {
		return fmt.Errorf("%s is added, and not linked to single sign-on: %w", c.ID, err)
	}
	return nil
}

// showInvitation prints an invitation, once.
func showInvitation(i app.Invitation) {
	fmt.Printf("%s\ngood once, until %s; give it to nobody else\n", i.Link, i.Until.Local().Format("2006-01-02 15:04 MST"))
}

type usersInviteCmd struct {
	operator
	ID string `arg:"" help:"The officer."`
}

// Help is the example.
func (usersInviteCmd) Help() string {
	return `What he signed in with before is void as soon as he has used the link.
Example:
  tocsin users invite anna --data /var/lib/tocsin`
}

// Run makes the link.
func (c usersInviteCmd) Run(ctx context.Context) error {
	var i app.Invitation
	if err := c.call(ctx, "POST", "/officers/"+c.ID+"/invitation", nil, &i); err != nil {
		return err
	}
	showInvitation(i)
	return nil
}

type usersSSOCmd struct {
	operator
	ID   string `arg:"" help:"The officer."`
	Name string `arg:"" optional:"" help:"His name as the provider's claim holds it; none = his sign-in name again."`
}

// Help is the example.
func (usersSSOCmd) Help() string {
	return "Example:\n  tocsin users sso anna anna.peeters@police.example --data /var/lib/tocsin"
}

// Run links him.
func (c usersSSOCmd) Run(ctx context.Context) error {
	if err := c.call(ctx, "PUT", "/officers/"+c.ID+"/sso", c.Name, nil); err != nil {
		return err
	}
	if c.Name == "" {
		fmt.Println(c.ID, "goes by his sign-in name in single sign-on")
		return nil
	}
	fmt.Println(c.ID, "goes by", c.Name, "in single sign-on")
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
		fmt.Printf("%-20s %-30s %-20s %v %s%s\n", o.ID, o.Name, o.Unit, o.Roles, o.Station, strings.Join(o.Areas, " "))
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
