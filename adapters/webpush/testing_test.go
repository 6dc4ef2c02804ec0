package webpush

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// testingScript runs npm web-push-testing, the push service that authors of web push
// libraries test against, on a free port, until its input ends.
const testingScript = `
const { PushApiModel } = require("web-push-testing/src/PushApiModel");
const Server = require("web-push-testing/src/server");
const model = new PushApiModel(), service = new Server(model, 0);
const log = console.log;
console.log = () => {};
service.startServer();
service._server.on("listening", () => {
  const at = "http://127.0.0.1:" + service._server.address().port;
  model.notifyUrl = at + "/notify/";
  log(at);
});
process.stdin.resume().on("end", () => process.exit(0));
`

// foreignService is a running web-push-testing.
type foreignService struct {
	t  *testing.T
	at string
}

func startForeign(t *testing.T) *foreignService {
	t.Helper()
	node, dir := peertest.Node(t)
	cmd := exec.Command(node, "-e", testingScript)
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("web-push-testing says: %s", complaint.Bytes())
		}
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("web-push-testing did not start")
	}
	return &foreignService{t, lines.Text()}
}

// ask posts a form and reads what comes as data.
func (s *foreignService) ask(path string, form url.Values, data any) {
	s.t.Helper()
	res, err := http.PostForm(s.at+path, form)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s", path, res.Status)
	}
	if data == nil {
		return
	}
	if err := json.NewDecoder(res.Body).Decode(&struct{ Data any }{data}); err != nil {
		s.t.Fatal(err)
	}
}

// TestForeignPushService: a push service that shares no code with ours accepts our
// token and headers, opens our records, and tells us who has left.
func TestForeignPushService(t *testing.T) {
	s := startForeign(t)
	a := drill(t, nil)
	var batch []adapter.Recipient
	var hashes []string
	for range 3 {
		var sub struct {
			Endpoint string `json:"endpoint"`
			Keys     struct {
				P256dh string `json:"p256dh"`
				Auth   string `json:"auth"`
			} `json:"keys"`
			ClientHash string `json:"clientHash"`
		}
		s.ask("/subscribe", url.Values{"userVisibleOnly": {"true"}, "applicationServerKey": {a.keys.Public}}, &sub)
		raw, err := json.Marshal(sub)
		if err != nil {
			t.Fatal(err)
		}
		batch, hashes = append(batch, recipientOf(t, a, raw)), append(hashes, sub.ClientHash)
	}
	s.ask("/expire-subscription/"+hashes[2], nil, nil)

	d := delivery(t, a, message(alert.TypeAlert, 1))
	receipts, err := a.Send(t.Context(), d, batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, hash := range hashes[:2] {
		if receipts[i].State != adapter.Accepted {
			t.Errorf("subscriber %d: %+v", i, receipts[i].Failure)
		}
		var got struct{ Messages []string }
		s.ask("/get-notifications", url.Values{"clientHash": {hash}}, &got)
		if len(got.Messages) != 1 || got.Messages[0] != string(d.Payloads[alert.English].Body) {
			t.Errorf("subscriber %d reads %q", i, got.Messages)
		}
	}
	if f := receipts[2].Failure; f == nil || f.Class != adapter.Gone {
		t.Errorf("who has left: %+v, want gone", receipts[2])
	}
}
