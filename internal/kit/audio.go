package kit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// The bounds of the speaking program: a text of a minute takes it a tenth of a
// second, so whatever takes longer has hung.
const (
	speakTime = 10 * time.Second
	killDelay = time.Second
	speakRate = "160" // words a minute: as a newsreader
)

// audio is the approved spoken words, read by espeak-ng: sound in WAV, one
// channel. A presenter's voice is better; this one is there at four in the morning.
func (j *job) audio(ctx context.Context, lang alert.Lang) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, speakTime, fmt.Errorf("the voice took more than %v", speakTime))
	defer cancel()
	// No shell, no text among the arguments, nothing of our environment: the
	// words come from a case, and the program is not ours.
	cmd := exec.CommandContext(ctx, j.opt.Espeak, "-v", string(lang), "-s", speakRate, "-b", "1", "--stdin", "--stdout")
	cmd.Env = []string{"LANG=C.UTF-8", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.Stdin = strings.NewReader(j.m.Texts[lang].Spoken)
	out := &bounded{most: maxAudio}
	cmd.Stdout = out
	cmd.WaitDelay = killDelay
	aGroup(cmd) // its children end with it
	err := cmd.Run()
	switch {
	case out.over:
		return nil, errTooLong
	case context.Cause(ctx) != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	}
	return wave(out.Bytes())
}

var errTooLong = errors.New("more sound than an item may have")

// bounded takes no more than most bytes: a program gone mad must not fill the memory.
type bounded struct {
	bytes.Buffer
	most int
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		b.over = true
		return 0, errTooLong
	}
	return b.Buffer.Write(p)
}

// wave writes the true lengths into a WAV that was written to a pipe, where they
// were not known yet: players would else show an hour of silence.
func wave(data []byte) ([]byte, error) {
	const head = 44 // RIFF, fmt and the data's head, as espeak-ng writes them
	if len(data) <= head || string(data[:4]) != "RIFF" || string(data[8:16]) != "WAVEfmt " || string(data[36:40]) != "data" {
		return nil, errors.New("the voice gave no sound")
	}
	binary.LittleEndian.PutUint32(data[4:], uint32(len(data)-8))
	binary.LittleEndian.PutUint32(data[40:], uint32(len(data)-head))
	return data, nil
}
