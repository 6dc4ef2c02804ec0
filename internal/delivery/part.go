package delivery

import (
	"errors"
	"fmt"
	"time"

	"tocsin/internal/stream"
)

// maxParts is the largest number of parts that any configuration may have had.
const maxParts = 16

// errElsewhere: the job's people are held by another process. Processes that do not
// agree on the number of parts give each other such jobs, and nobody must be given
// up for it: whoever holds him may have the job next.
var errElsewhere = errors.New("these recipients are held by another process")

// elsewhereAfter is how long such a job rests: the queue buries what was tried twenty
// times, and the operator has ten minutes.
const elsewhereAfter = 30 * time.Second

// holds says whether everybody whom j is for can be reached from here.
func (d Deps) holds(j job) bool {
	if j.Only != "" {
		return d.Recipients.HoldsID(j.Channel, j.Only)
	}
	return d.Recipients.Holds(j.Channel, j.Shard, j.Shards)
}

// works are what c takes from the queue: of the whole channel, or of each of its
// parts that is worked here, first withdrawals, then the others.
func (c Channel) works() (all []stream.Work) {
	name := c.Driver.Name
	add := func(part, token string, share int) {
		for _, priority := range []string{first, then} {
			all = append(all, stream.Work{
				Name: name + "-" + priority + part, Filter: "jobs." + name + "." + priority + "." + token,
				InFlight: inFlight / share, AckWait: ackWait, Others: others(name+"-"+priority, share),
			})
		}
	}
	if c.Parts <= 1 {
		add("", ">", 1)
		return all
	}
	for n := 1; n <= c.Parts; n++ {
		if c.Part == 0 || c.Part == n {
			add(partName(n, c.Parts), fmt.Sprint(n, ".>"), c.Parts)
		}
	}
	return all
}

func partName(n, of int) string { return fmt.Sprintf("-%dof%d", n, of) }

// others are the names under which jobs are taken where the channel is cut into
// another number of parts than now.
func others(name string, now int) (all []string) {
	if now > 1 {
		all = append(all, name)
	}
	for of := 2; of <= maxParts; of++ {
		for n := 1; n <= of && of != now; n++ {
			all = append(all, name+partName(n, of))
		}
	}
	return all
}
