// Package auth knows who an officer is and what he may do: accounts, roles,
// sessions and tokens.
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
)

// Officer is one signed-in person.
type Officer struct {
	ID    string `json:"id"` // sign-in name: lower case letters, digits, dot, dash; at most 40
	Name  string `json:"name"`
	Unit  string `json:"unit"`
	Roles []Role `json:"roles"`
}

// Has says whether o holds r.
func (o Officer) Has(r Role) bool {
	return slices.Contains(o.Roles, r)
}
