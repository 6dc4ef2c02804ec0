package receive

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// manifest says what a folder holds.
type manifest struct {
	Identifier string           `json:"identifier"`
	Case       string           `json:"case"`
	Revision   int              `json:"revision"`
	MsgType    string           `json:"msg_type"`
	Status     string           `json:"status"`
	Sent       time.Time        `json:"sent"`
	Expires    time.Time        `json:"expires"`
	Received   time.Time        `json:"received"`
	Repeat     *repeat          `json:"repeat,omitempty"`
	Texts      map[string]Words `json:"texts"`
	Media      []mediaFile      `json:"media"`
	CAPSHA256  string           `json:"cap_sha256"`
}

func (m *manifest) encode() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "\t")
	return append(data, '\n'), err
}

// mediaFile is a picture or sound in the folder.
type mediaFile struct {
	File   string `json:"file,omitempty"`
	Kind   string `json:"kind"`
	Lang   string `json:"lang,omitempty"`
	MIME   string `json:"mime"`
	SHA256 string `json:"sha256"`
	Error  string `json:"error,omitempty"` // why there is no file
	URL    string `json:"url,omitempty"`   // where to ask again for what is missing
	Bytes  int64  `json:"bytes,omitempty"` // as well
}

// folder is the name of a revision's folder below alerts.
func folder(caseID string, revision int) string { return caseID + "-" + strconv.Itoa(revision) }

// store writes v's folder: into a hidden one first, then renamed, so that it appears whole.
func store(dir string, v *verified, files []fetched, now time.Time) (_ string, err error) {
	root := filepath.Join(dir, "alerts")
	final := filepath.Join(root, folder(v.Case, v.Revision))
	tmp := filepath.Join(root, "."+folder(v.Case, v.Revision)+".new")
	if err := errors.Join(os.RemoveAll(tmp), os.MkdirAll(tmp, 0o700)); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(tmp) // on a full disk the half of it would take the room of the next
		}
	}()
	m := manifest{
		Identifier: v.Identifier, Case: v.Case, Revision: v.Revision, MsgType: v.MsgType, Status: v.Status, Sent: v.Sent,
		Expires: v.expires, Received: now.UTC(), Repeat: v.Repeat, Texts: v.Texts, Media: []mediaFile{}, CAPSHA256: v.CAPSHA256,
	}
	out := map[string][]byte{"cap.xml": []byte(v.CAP)}
	for lang, w := range v.Texts {
		for kind, text := range map[string]string{"headline": w.Headline, "spoken": w.Spoken, "crawl": w.Crawl, "radiotext": w.RadioText} {
			out[lang+"-"+kind+".txt"] = []byte(text + "\n")
		}
	}
	for _, f := range files {
		if f.data != nil {
			f.file.File = freeName(out, f.file)
			out[f.file.File] = f.data
		}
		m.Media = append(m.Media, f.file)
	}
	data, err := m.encode()
	if err != nil {
		return "", err
	}
	out["manifest.json"] = data
	for name, data := range out {
		if err := writeSynced(filepath.Join(tmp, name), data); err != nil {
			return "", err
		}
	}
	if err := errors.Join(syncDir(tmp), os.RemoveAll(final)); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, final); err != nil {
		return "", err
	}
	return final, syncDir(root)
}

// extensions of what a feed sends; anything else is kept without a promise.
var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "application/pdf": ".pdf",
	"audio/mpeg": ".mp3", "audio/ogg": ".ogg", "audio/wav": ".wav", "text/plain": ".txt", "audio/x-wav": ".wav",
}

// freeName is photo.jpg, slide-fr.png, photo-2.jpg.
func freeName(taken map[string][]byte, f mediaFile) string {
	ext, ok := extensions[f.MIME]
	if !ok {
		ext = ".bin"
	}
	stem := f.Kind
	if f.Lang != "" {
		stem += "-" + f.Lang
	}
	name := stem + ext
	for n := 2; taken[name] != nil; n++ {
		name = stem + "-" + strconv.Itoa(n) + ext
	}
	return name
}

// erase deletes the folders of a case but the one of revision keep (0 = none).
func erase(dir, caseID string, keep int) error {
	root := filepath.Join(dir, "alerts")
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		id, rev := parseFolder(e.Name())
		if id != caseID || rev == keep {
			continue
		}
		errs = append(errs, os.RemoveAll(filepath.Join(root, e.Name())))
	}
	return errors.Join(append(errs, syncDir(root))...)
}

// parseFolder takes a folder's name apart; half-written ones belong to their case too.
func parseFolder(name string) (caseID string, revision int) {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "."), ".new")
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return "", 0
	}
	rev, err := strconv.Atoi(name[i+1:])
	if err != nil {
		return "", 0
	}
	return name[:i], rev
}

// tidy makes the folder agree with the state after a crash: half-written
// folders go, what was left of ended cases, and what the state does not know,
// which the feed sends again if it is still live.
func tidy(dir string, s *state) error {
	root := filepath.Join(dir, "alerts")
	if err := os.MkdirAll(root, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		id, rev := parseFolder(e.Name())
		h := s.Cases[id]
		left := h == nil || rev > h.Revision || !h.Ended.IsZero() && !(h.MsgType == "Cancel" && rev == h.Revision)
		if strings.HasPrefix(e.Name(), ".") || left {
			errs = append(errs, os.RemoveAll(filepath.Join(root, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// maxLog bounds the log: a feed that comes and goes for months must not fill the disk.
const maxLog = 16 << 20

// note adds one line to the folder's log: what happened to which revision.
func note(dir string, now time.Time, act, caseID string, revision int, detail string) error {
	line, err := json.Marshal(struct {
		At       time.Time `json:"at"`
		Act      string    `json:"act"`
		Case     string    `json:"case,omitempty"`
		Revision int       `json:"revision,omitempty"`
		Detail   string    `json:"detail,omitempty"`
	}{now.UTC(), act, caseID, revision, detail})
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "log.jsonl")
	if st, err := os.Stat(path); err == nil && st.Size() > maxLog {
		if err := os.Rename(path, filepath.Join(dir, "log.old.jsonl")); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// stored says whether a revision's folder is really there: the state may be older than a restored disk.
func stored(dir string, h *held, caseID string) bool {
	_, err := os.Stat(filepath.Join(dir, "alerts", folder(caseID, h.Revision), "manifest.json"))
	return err == nil
}
