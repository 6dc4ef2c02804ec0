package alert

import "math"

// The bounds of a circle: under a kilometre it is an address and not an area;
// over a thousand it is a list of States.
const (
	minCircleKM = 1
	maxCircleKM = 1000
)

// earthKM is the mean radius of the Earth: good to half a percent everywhere.
const earthKM = 6371.0088

// Circle is an area around a point: where the child can be by now.
type Circle struct {
	Centre Point   `json:"centre"`
	KM     float64 `json:"km"` // radius in kilometres, 1 to 1000
}

// circle finds the faults of a circle; nil has none.
func (c *checker) circle(field string, o *Circle) {
	if o == nil {
		return
	}
	if !o.Centre.valid() {
		c.add(field+".centre", "range", "Give degrees: latitude -90 to 90 and longitude -180 to 180.")
	}
	if !(o.KM >= minCircleKM && o.KM <= maxCircleKM) { // false for NaN too
		c.add(field+".km", "range", "Give the radius of the circle in kilometres, 1 to 1000.")
	}
}

// Kilometres is how far p is from q over the ground.
func (p Point) Kilometres(q Point) float64 {
	const rad = math.Pi / 180
	dLat, dLon := (q.Lat-p.Lat)*rad/2, (q.Lon-p.Lon)*rad/2
	h := math.Sin(dLat)*math.Sin(dLat) + math.Cos(p.Lat*rad)*math.Cos(q.Lat*rad)*math.Sin(dLon)*math.Sin(dLon)
	return 2 * earthKM * math.Asin(math.Sqrt(min(1, h)))
}

// circlePoints are the points of a circle's outline: at 500 km off by 600 metres.
const circlePoints = 64

// Outline is the circle as a ring, for maps. Across the 180th meridian its
// longitudes go on beyond 180, so that it stays in one piece.
func (o Circle) Outline() Polygon {
	const rad = math.Pi / 180
	d, lat := o.KM/earthKM, o.Centre.Lat*rad
	ring := make(Polygon, 0, circlePoints+1)
	for i := range circlePoints {
		way := 2 * math.Pi * float64(i) / circlePoints
		y := math.Asin(math.Sin(lat)*math.Cos(d) + math.Cos(lat)*math.Sin(d)*math.Cos(way))
		x := math.Atan2(math.Sin(way)*math.Sin(d)*math.Cos(lat), math.Cos(d)-math.Sin(lat)*math.Sin(y))
		ring = append(ring, Point{Lat: y / rad, Lon: o.Centre.Lon + x/rad})
	}
	return append(ring, ring[0])
}
