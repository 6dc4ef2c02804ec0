package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tocsin/adapters/broadcast"
	"tocsin/adapters/website"
	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/config"
)

const password = "correct horse battery"

// stage is a whole server with an officer's browser beside it.
type stage struct {
	app    *app.App
	base   string
	dir    string
	author auth.Officer
	http   *http.Client
}

// newStage starts a server of the exercise realm on an empty folder and signs an
// officer in. Both have no way out of this machine.
func newStage(ctx context.Context) (_ *stage, err error) {
	s := &stage{author: auth.Officer{ID: "anna", Name: "Anna Peeters", Unit: "Brussels", Roles: []auth.Role{auth.Author, auth.Approver}}}
	if s.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	c := config.Default()
	c.Data, c.Listen, c.Ops, c.AllowLoopback = filepath.Join(s.dir, "data"), "127.0.0.1:0", "127.0.0.1:0", true
	c.PublicURL, c.TimeZone, c.Authority, c.LinkTest.Off = "http://127.0.0.1", "Europe/Brussels", "Police", true
	c.Channels = map[string]json.RawMessage{broadcast.Name: json.RawMessage(`{}`), website.Name: json.RawMessage(`{}`)}
	if s.app, err = app.Start(ctx, c, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))); err != nil {
		return s, err
	}
	s.base = "http://" + s.app.Addr()
	if err := s.app.AddOfficer(ctx, s.author, password); err != nil {
		return s, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return s, err
	}
	s.http = &http.Client{Jar: jar, Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8}}
	return s, s.signIn(ctx)
}

func (s *stage) signIn(ctx context.Context) error {
	form := url.Values{"id": {s.author.ID}, "password": {password}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/console/sign-in", strings.NewReader(form))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.http.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != "/console/cases" {
		return fmt.Errorf("sign-in leads to %s with %s", res.Request.URL.Path, res.Status)
	}
	return nil
}

func (s *stage) close() error {
	var err error
	if s.app != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err = s.app.Stop(ctx)
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// draft is a case as an officer leaves it, with its facts.
func draft(n int) casework.Draft {
	now := time.Now()
	var d casework.Draft
	d.Internal = casework.Internal{Reference: fmt.Sprintf("BXL-2026-%05d", n), ReportedAt: now.Add(-time.Hour)}
	d.Facts = alert.Facts{
		Circumstances: alert.AbductionStranger,
		Children: []alert.Person{{
			GivenName: "Lina", Age: 9, Sex: alert.Female, HeightCM: 132, Build: alert.BuildSlim, HairColour: alert.HairBrown,
			Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}},
		}},
		LastSeen:    alert.LastSeen{At: now.Add(-90 * time.Minute).Truncate(time.Minute), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Bruxelles", Transport: alert.ByCar},
		Instruction: alert.InstructionDoNotApproach, Contact: alert.Contact{Phone: "+3225544000", Hotline: "116000"},
		Areas: []string{"BE-BRU"}, Languages: []alert.Lang{alert.French, alert.English},
		Expires: now.Add(12 * time.Hour).Truncate(time.Minute), Authority: "Police",
	}
	return d
}

// fill drafts cases until there are n, and gives one of them.
func (s *stage) fill(ctx context.Context, n int) (casework.Case, error) {
	have := len(s.app.Cases.List())
	jobs := make(chan int)
	errs := make(chan error, 1)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range jobs {
				if _, err := s.app.Cases.Draft(ctx, s.author, draft(i)); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for i := have; i < n; i++ {
		jobs <- i
	}
	close(jobs)
	all.Wait()
	select {
	case err := <-errs:
		return casework.Case{}, err
	default:
	}
	list := s.app.Cases.List()
	return list[len(list)/2], nil
}
