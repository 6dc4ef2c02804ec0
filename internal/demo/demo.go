// Package demo plays one exercise alert through the whole system on this
// machine: real server, embedded event stream, a local receiver for every
// channel, two officers, an update and a withdrawal, with the times.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/client"
	"tocsin/internal/config"
	"tocsin/internal/exercise"
)

// Options of a demonstration.
type Options struct {
	Listen      string // "127.0.0.1:8080"; a port of 0 takes any
	Once        bool   // end after the table
	Subscribers int    // push subscribers
	Phones      int
	Out         io.Writer
	Log         *slog.Logger
}

// The demo's accounts. They exist only on a drill server on this machine, in a
// folder that is removed afterwards.
const (
	authorID     = "anna"
	approverID   = "boris"
	editorID     = "eva"
	demoPassword = "tocsin exercise 2026"
)

// stage is one demonstration under way.
type stage struct {
	Options
	dir      string
	app      *app.App
	peers    *peers
	author   client.Officer
	approver client.Officer
}

// Run plays the demonstration. nil: every channel received every revision and
// confirmed the withdrawal.
func Run(ctx context.Context, o Options) (err error) {
	dir, err := os.MkdirTemp("", "tocsin-demo-")
	if err != nil {
		return err
	}
	s := &stage{Options: o, dir: dir}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err = errors.Join(err, s.close(stop), os.RemoveAll(dir))
	}()
	s.say("Tocsin demonstration. Nothing leaves this machine; every text says EXERCISE.\n")
	if err := s.start(ctx); err != nil {
		return err
	}
	result, err := s.play(ctx)
	if err != nil {
		return err
	}
	s.say("%s\n", result.line())
	if o.Once || result.err() != nil {
		return result.err()
	}
	return s.stay(ctx)
}

func (s *stage) say(format string, args ...any) { _, _ = fmt.Fprintf(s.Out, format, args...) }

// start brings up the receivers, the server, the officers and the recipients.
func (s *stage) start(ctx context.Context) (err error) {
	if s.peers, err = startPeers(s.dir); err != nil {
		return err
	}
	begun := time.Now()
	if s.app, err = app.Start(ctx, s.config(), s.Log); err != nil {
		return err
	}
	s.say("server ready in %d ms at http://%s\n", time.Since(begun).Milliseconds(), s.app.Addr())
	if err := s.officers(ctx); err != nil {
		return err
	}
	return s.register(ctx)
}

func (s *stage) config() config.Config {
	c := config.Default()
	c.Data = filepath.Join(s.dir, "data")
	c.Listen, c.Ops = s.Listen, "127.0.0.1:0"
	c.PublicURL = "http://" + s.Listen
	c.Agency, c.Authority, c.TimeZone = "BEPOL", "Police fédérale", "Europe/Brussels"
	c.Sender = "exercise@tocsin.invalid"
	c.Languages = []alert.Lang{alert.French, alert.German, alert.English}
	c.AllowLoopback = true
	c.Criteria = "osce"
	c.Channels = map[string]json.RawMessage{
		"broadcast": json.RawMessage(`{}`),
		"website":   json.RawMessage(`{}`),
		"webpush":   s.peers.pushSettings(),
		"sms":       s.peers.smsSettings(),
	}
	return c
}

// officers makes the author and the approver.
func (s *stage) officers(ctx context.Context) error {
	all := []struct {
		officer auth.Officer
		to      *client.Officer
	}{
		{auth.Officer{ID: authorID, Name: "Anna Peeters", Unit: "Brussels", Roles: []auth.Role{auth.Author}}, &s.author},
		{auth.Officer{ID: approverID, Name: "Boris Janssens", Unit: "Brussels", Roles: []auth.Role{auth.Author, auth.Approver}}, &s.approver},
	}
	for _, o := range all {
		if err := s.app.Officers.Add(ctx, o.officer, demoPassword); err != nil {
			return err
		}
		token, err := s.app.Officers.NewToken(ctx, o.officer.ID)
		if err != nil {
			return err
		}
		*o.to = client.New("http://"+s.app.Addr(), token)
	}
	return nil
}

func (s *stage) close(ctx context.Context) error {
	var errs []error
	if s.peers != nil {
		s.peers.stopStation()
	}
	if s.app != nil {
		errs = append(errs, s.app.Stop(ctx))
	}
	if s.peers != nil {
		errs = append(errs, s.peers.close())
	}
	return errors.Join(errs...)
}

// stay leaves things to click: one alert live, one waiting for release.
func (s *stage) stay(ctx context.Context) error {
	live, err := s.author.Draft(ctx, luc(time.Now()))
	if err != nil {
		return err
	}
	if err := s.withPhoto(ctx, live.ID, exercise.Blond, exercise.Green); err != nil {
		return err
	}
	if err := s.author.Submit(ctx, live.ID); err != nil {
		return err
	}
	if _, err := s.approver.Release(ctx, live.ID); err != nil {
		return err
	}
	waiting, err := s.author.Draft(ctx, anna(time.Now()))
	if err != nil {
		return err
	}
	if err := s.withPhoto(ctx, waiting.ID, exercise.Brown, exercise.Red); err != nil {
		return err
	}
	if err := s.author.Submit(ctx, waiting.ID); err != nil {
		return err
	}
	base := "http://" + s.app.Addr()
	s.say(`
A second exercise is live, and a third waits for release. Click through:
  citizens    %[1]s/
  officers    %[1]s/console      author %[2]s, approver %[3]s, password: %[4]s
  newsroom    %[1]s/newsroom     editor %[7]s of Radio Nord, the same password
  feed        %[1]s/feed.atom    JSON %[1]s/v1/alerts
  operator    http://%[5]s/metrics
  station     writes what it gets to %[6]s
Press Ctrl-C to end; the folder is removed then.
`, base, authorID, approverID, demoPassword, s.app.OpsAddr(), s.peers.stationDir, editorID)
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.app.Failed():
		return err
	}
}

// withPhoto adds a portrait to a draft.
func (s *stage) withPhoto(ctx context.Context, id string, hair, clothes color.RGBA) error {
	png, err := exercise.Portrait(hair, clothes)
	if err != nil {
		return err
	}
	photo, err := s.author.AddPhoto(ctx, id, png)
	if err != nil {
		return err
	}
	return s.author.Edit(ctx, id, func(d *casework.Draft) { d.Facts.Children[0].Photo = photo })
}
