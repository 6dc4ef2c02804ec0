package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// answerWithin bounds one answer: a part that hangs must not hang the bench.
const answerWithin = 3 * time.Minute

// Process is a part of a bench that is asked, and answers, in JSON lines.
type Process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
}

// reply is a line of a part.
type reply struct {
	Error  string          `json:"error,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
}

// Start starts cmd. Its stderr is ours.
func Start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd}
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = json.NewDecoder(out)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return p, nil
}

// Self is this program in another role.
func Self(args ...string) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.Command(exe, args...), nil
}

// Node is node with script and its arguments, which finds the npm peers of
// web/. The error says what is missing and how to mend it.
func Node(script, module string, args ...string) (*exec.Cmd, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("node is missing: run `make peers`, or install Node.js")
	}
	web, err := above("web")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(web, "node_modules", module)); err != nil {
		return nil, fmt.Errorf("npm %s is missing: run `make peers`, or npm ci in web/", module)
	}
	cmd := exec.Command(node, append([]string{"-e", script, "--"}, args...)...)
	cmd.Dir = web // a script without a file looks for modules from where it is run
	return cmd, nil
}

// above finds dir in the working directory or above it.
func above(dir string) (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if path := filepath.Join(at, dir); exists(path) {
			return path, nil
		}
		if filepath.Dir(at) == at {
			return "", fmt.Errorf("%s is not here nor above: run the bench in the project's tree", dir)
		}
		at = filepath.Dir(at)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Ask sends one question and waits for its answer.
func (p *Process) Ask(question, answer any) error {
	if err := json.NewEncoder(p.in).Encode(question); err != nil {
		return fmt.Errorf("the part has ended: %w", err)
	}
	late := time.AfterFunc(answerWithin, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	var r reply
	if err := p.answers.Decode(&r); err != nil {
		return fmt.Errorf("no answer from the part: %w", err)
	}
	if r.Error != "" {
		return errors.New(r.Error)
	}
	return json.Unmarshal(r.Answer, answer)
}

// Stop ends the part: a good one ends with its input, a bad one is killed.
func (p *Process) Stop() {
	_ = p.in.Close()
	late := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	_ = p.cmd.Wait()
}

// Serve is the part's side: each question of in is answered on out, until in ends.
func Serve(in io.Reader, out io.Writer, answer func(question json.RawMessage) (any, error)) error {
	questions, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var question json.RawMessage
		if err := questions.Decode(&question); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var r reply
		got, err := answer(question)
		if err == nil {
			r.Answer, err = json.Marshal(got)
		}
		if err != nil {
			r = reply{Error: err.Error()}
		}
		if err := answers.Encode(r); err != nil {
			return err
		}
	}
}
