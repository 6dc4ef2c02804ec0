// Package auth knows who an officer is and what he may do: accounts, roles,
// sessions and tokens. A station's editors have accounts of the same strength
// beside the officers', and no right of theirs.
package auth

import "slices"

// Role is a right to act.
type Role string

// The roles. Two-person rule: who approves is never who wrote, whatever his roles.
const (
	Author   Role = "author"   // drafts, edits, submits, withdraws what he wrote
	Approver Role = "approver" // releases, returns, rejects, withdraws anything
	Admin    Role = "admin"    // accounts and settings
	Auditor  Role = "auditor"  // reads everything, changes nothing
	// Editor works for one broadcaster and speaks for it in the newsroom. He is no
	// officer: the role goes with no other, and From never gives him.
	Editor Role = "editor"
)

// Officer is one signed-in person: an officer, or a station's editor.
type Officer struct {
	ID    string `json:"id"` // sign-in name: lower case letters, digits, dot, dash; at most 40
	Name  string `json:"name"`
	Unit  string `json:"unit"`
	Roles []Role `json:"roles"`
	// Station is the broadcaster an editor belongs to, by its id in the registry;
	// empty for officers.
	Station string `json:"station,omitempty"`
	// Areas is the officer's jurisdiction: ISO 3166-1 countries and 3166-2 units,
	// at most 100; empty = everywhere the server knows.
	Areas []string `json:"areas,omitempty"`

	// life is that of the account which was proved: what a proof leads to is refused
	// once the account has another. 0 = nothing was proved.
	life uint64
}

// editor says whether o belongs to a station and not to the police.
func (o Officer) editor() bool { return o.Station != "" || o.Has(Editor) }

// Has says whether o holds r.
func (o Officer) Has(r Role) bool {
	return slices.Contains(o.Roles, r)
}
