package config

import (
	"tocsin/internal/alert"
	"tocsin/internal/criteria"
)

// CriteriaSet is the set that Criteria names; nil = nothing is asked.
func (c *Config) CriteriaSet() (*criteria.Set, error) { return criteria.Load(c.Criteria) }

// checkCriteria lists the faults of the State's own set with the rest.
func (c *Config) checkCriteria(bad *alert.Invalid) {
	if _, err := c.CriteriaSet(); err != nil {
		bad.Add("criteria", "unreadable", err.Error())
	}
}
