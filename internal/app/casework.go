package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/cap"
	"tocsin/internal/casework"
	"tocsin/internal/kit"
	"tocsin/internal/media"
)

// maxLife is the longest an alert may live before it must be released anew.
const maxLife = 7 * 24 * time.Hour

// startCasework wires what officers do to the stream, the signer and the channels' words.
func (a *App) startCasework(ctx context.Context) (err error) {
	c := a.Config
	if a.Signer, err = cap.LoadOrCreateSigner(keyDir(c), c.Agency+" "+string(c.Realm)); err != nil {
		return err
	}
	if err := a.openOfficers(ctx); err != nil {
		return err
	}
	if a.Audit, err = audit.New(ctx, a.Stream.Audit(), a.Stream.Cases(), a.log, auth.Audited, casework.Audited); err != nil {
		return err
	}
	a.Officers.RecordTo(a.Audit)
	a.loop("audit record", a.Audit.Run)
	if a.Passkeys, err = auth.NewPasskeys(a.Officers, c.PublicURL); errors.Is(err, auth.ErrNoPasskeys) {
		a.log.Info("officers sign in with passwords: " + err.Error())
	} else if err != nil {
		return err
	}
	var channels []casework.Channel
	for _, ch := range a.channels {
		channels = append(channels, casework.Channel{
			Name: ch.Driver.Name, Title: ch.Driver.Title, Render: ch.Adapter.Render,
		})
	}
	studio, err := a.studio()
	if err != nil {
		return err
	}
	asked, err := c.CriteriaSet()
	if err != nil {
		return fmt.Errorf("criteria: %w", err)
	}
	deps := casework.Deps{
		Cases: a.Stream.Cases(), Alerts: a.Stream.Alerts(), Sign: a.sign, Measure: measureCAP, Write: alert.WriteAll,
		Channels: channels, Audience: a.Registry, Areas: a.Atlas, Reached: a.Atlas.Reached, Intake: intake, Objects: a.Stream.Objects(),
		Policy: casework.Policy{
			Realm: c.Realm, Agency: c.Agency, Sender: c.Sender, PublicURL: c.PublicURL,
			Status: status(c.Realm), MaxExpiry: maxLife, Repeat: c.Repeat.Cadence(),
			Passkey: casework.PasskeyPolicy(c.ReleasePasskey), PractiseAlone: casework.PractisePolicy(c.PractiseAlone),
			NamelessSMS: c.NamelessSMS,
		},
		Log: a.log, Kit: studio, KitVersion: kit.Version, Criteria: asked, Rework: rework, Codes: a.Officers,
	}
	switch {
	case a.Passkeys != nil:
		deps.Passkeys = a.Passkeys
	case deps.Policy.Passkey == casework.PasskeyRequired:
		return fmt.Errorf("release_passkey is required: %w", auth.ErrNoPasskeys)
	}
	if a.Cases, err = casework.New(ctx, deps); err != nil {
		return err
	}
	a.startExercises()
	a.loop("casework", a.Cases.Run)
	return nil
}

// studio makes what stations air. A server without fonts for every script, or
// without a voice, starts all the same: what it cannot make is a warning in the preview.
func (a *App) studio() (casework.KitMaker, error) {
	voice, err := exec.LookPath("espeak-ng")
	if err != nil {
		a.log.Info("espeak-ng is not installed: alerts go out without spoken words as sound")
		voice = ""
	}
	s, err := kit.New(kit.Options{Atlas: a.Atlas, Fonts: kit.FontDir, Espeak: voice, Log: a.log})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, m *alert.Message, photos map[string][]byte, at time.Time) ([]casework.File, []string, error) {
		items, warnings, err := s.Make(ctx, m, photos, at)
		if err != nil {
			return nil, nil, err
		}
		files := make([]casework.File, len(items))
		for i, it := range items {
			files[i] = casework.File{Kind: it.Kind, Name: it.Name, MIME: it.MIME, Lang: it.Lang, Ext: it.Ext, Data: it.Data}
		}
		var texts []string
		for _, w := range warnings {
			texts = append(texts, w.String())
		}
		return files, texts, nil
	}, nil
}

// sign makes the signed CAP document of a complete message. What our own rules refuse is not signed.
func (a *App) sign(m *alert.Message) ([]byte, error) {
	doc, err := cap.FromMessage(m)
	if err != nil {
		return nil, err
	}
	if problems := cap.Validate(doc, m.Sent); len(problems) > 0 {
		errs := make([]error, len(problems))
		for i, p := range problems {
			errs[i] = fmt.Errorf("CAP %s: %s", p.Field, p.Text)
		}
		return nil, errors.Join(errs...)
	}
	return a.Signer.Sign(doc)
}

// measureCAP is the length of the document that sign makes, before it is signed:
// nothing that was not approved is ever signed.
func measureCAP(m *alert.Message) (int, error) {
	doc, err := cap.FromMessage(m)
	if err != nil {
		return 0, err
	}
	data, err := cap.Encode(doc)
	return len(data), err
}

func intake(r io.Reader) (casework.Image, error) {
	p, err := media.Intake(r)
	if err != nil {
		if bad := media.Fault("photo", err); bad != nil {
			return casework.Image{}, bad
		}
		return casework.Image{}, err
	}
	return imageOf(p), nil
}

// imageOf is a photo as casework stores it.
func imageOf(p media.Photo) casework.Image {
	return casework.Image{Full: p.JPEG, Small: p.Thumb, Width: p.Width, Height: p.Height, Work: p.Work}
}

// rework edits a photo that intake made.
func rework(ctx context.Context, jpeg []byte, e media.Edit) (casework.Image, error) {
	p, err := media.Rework(ctx, jpeg, e)
	if bad := media.Fault("photo", err); bad != nil {
		return casework.Image{}, bad
	}
	return imageOf(p), err
}
