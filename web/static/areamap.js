// A map beside the list of areas: both show and change the same ticks, and the
// circle and the shapes are those of the fields. Its outlines come from this
// server, once it is opened; no other host is ever asked. With the keyboard,
// arrows move the map under a cross in its middle and Enter does what a click
// there does. Without this script the list and the fields are there.
const box = document.querySelector("[data-map]");
const form = document.querySelector("[data-area]");
const says = box.querySelector("[data-says]");
const field = (name) => form.elements.namedItem(name);
const say = (text, values = {}) => {
  says.textContent = Object.entries(values).reduce((s, [name, value]) => s.replace(`{${name}}`, value), text);
};

const units = new Map(); // by code: { layer, name }
const loaded = new Set(); // countries
let L;
let map;
let shown; // the layer of circle and shapes
let mode = "area";
let corners = []; // of the shape being drawn

const boxOf = (code) => form.querySelector(`[name=areas][value="${code}"]`);
const chosen = (code) => Boolean(boxOf(code)?.checked || boxOf(code.slice(0, 2))?.checked);
const looks = (code) => (chosen(code)
  ? { color: "#7a4800", weight: 2, fillColor: "#ffb000", fillOpacity: 0.75 }
  : { color: "#5d6b78", weight: 1, fillColor: "#d9e0d6", fillOpacity: 1 });

// rings turns TopoJSON arcs into latitudes and longitudes.
function rings(topo, geometry) {
  const [sx, sy] = topo.transform.scale;
  const [tx, ty] = topo.transform.translate;
  const line = ([arc]) => {
    let x = 0;
    let y = 0;
    return topo.arcs[arc].map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [y * sy + ty, x * sx + tx];
    });
  };
  return geometry.arcs.map((polygon) => polygon.map(line));
}

// load draws a State's units and says which States are around it.
async function load(country) {
  if (loaded.has(country)) return [];
  loaded.add(country);
  let topo;
  try {
    const res = await fetch(`/console/map/${country}`);
    if (!res.ok) return []; // a State that is not drawn
    topo = await res.json();
  } catch {
    loaded.delete(country);
    say(box.dataset.lost);
    return [];
  }
  for (const geometry of topo.objects.units.geometries) {
    const layer = L.polygon(rings(topo, geometry), looks(geometry.id)).addTo(map);
    units.set(geometry.id, { layer, name: geometry.properties.name });
    // As an element: Leaflet reads a string as markup, and names come with a State's own file.
    const name = Object.assign(document.createElement("span"), { textContent: geometry.properties.name });
    layer.bindTooltip(name, { sticky: true });
    layer.on("click", (e) => {
      L.DomEvent.stop(e); // the map under it hears the same click
      press(e.latlng, geometry.id);
    });
  }
  shown.bringToFront();
  return topo.near;
}

function paint() {
  for (const [code, { layer }] of units) layer.setStyle(looks(code));
}

function point(text) { // as the server reads it, for what the server wrote
  const [lat, lon] = text.split(",").map(Number);
  return Number.isFinite(lat) && Number.isFinite(lon) ? [lat, lon] : null;
}

function shapes() {
  shown.clearLayers();
  const look = { color: "#0b2a5b", weight: 3, fill: false, interactive: false };
  const centre = point(field("circle.centre").value);
  const km = Number.parseFloat(field("circle.km").value.replace(",", "."));
  if (centre && km > 0) L.circle(centre, { ...look, radius: km * 1000 }).addTo(shown);
  for (const block of field("polygons.points").value.split(/\n\s*\n/)) {
    const ring = block.split("\n").map((s) => s.trim()).filter(Boolean).map(point);
    if (ring.length > 2 && ring.every(Boolean)) L.polygon(ring, look).addTo(shown);
  }
  if (corners.length) L.polyline(corners, { ...look, dashArray: "6 6" }).addTo(shown);
  for (const corner of corners) L.circleMarker(corner, { ...look, radius: 5 }).addTo(shown);
}

const changed = (element) => element.dispatchEvent(new Event("change", { bubbles: true }));
const short = (x) => String(Math.round(x * 1e4) / 1e4);
const written = ({ lat, lng }) => `${short(lat)}, ${short(L.Util.wrapNum(lng, [-180, 180], true))}`;

// press is a click on the map, or Enter with the cross on it.
function press(latlng, code) {
  if (mode === "circle") {
    field("circle.centre").value = written(latlng);
    if (!field("circle.km").value) field("circle.km").value = "20";
    say(box.dataset.circle, { km: field("circle.km").value, point: written(latlng) });
    changed(field("circle.centre"));
  } else if (mode === "shape") {
    if (corners.length >= 199) return; // what one shape of an alert takes
    corners.push(latlng);
    box.querySelector("[data-do=close]").hidden = corners.length < 3;
    say(box.dataset.corner, { n: corners.length });
  } else if (code) {
    let tick = boxOf(code);
    if (!tick) { // an area of another country: the list takes it in
      field("areas.paste").value += `${field("areas.paste").value ? "\n" : ""}${code}`;
      changed(field("areas.paste"));
    } else {
      const whole = boxOf(code.slice(0, 2));
      if (whole?.checked) { // one area out of all of them: the others stay
        whole.checked = false;
        for (const other of units.keys()) if (other.startsWith(whole.value) && boxOf(other)) boxOf(other).checked = true;
      }
      tick.checked = !tick.checked;
      changed(tick);
    }
    tick = boxOf(code);
    say(tick && !tick.checked ? box.dataset.unticked : box.dataset.ticked, { name: units.get(code).name });
  }
  shapes();
}

// under is the unit in the middle of the map, for the keyboard.
function under() {
  const r = map.getContainer().getBoundingClientRect();
  const at = document.elementsFromPoint(r.left + r.width / 2, r.top + r.height / 2);
  for (const [code, { layer }] of units) if (at.includes(layer.getElement())) return code;
  return undefined;
}

function close() {
  if (corners.length < 3) {
    say(box.dataset.few);
    return;
  }
  const points = field("polygons.points");
  points.value = [points.value.trim(), corners.map(written).join("\n")].filter(Boolean).join("\n\n");
  say(box.dataset.closed, { n: corners.length });
  corners = [];
  box.querySelector("[data-do=close]").hidden = true;
  points.closest("details").open = true;
  shapes();
  changed(points);
}

function clear() {
  corners = [];
  for (const name of ["circle.centre", "circle.km", "polygons.points"]) field(name).value = "";
  box.querySelector("[data-do=close]").hidden = true;
  say(box.dataset.cleared);
  shapes();
  changed(field("circle.km"));
}

// bring adds what the map needs to the page; what does not come leaves it again.
function bring(name, properties) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(name), properties, {
      onload: resolve,
      onerror: () => {
        element.remove();
        reject(new Error("not loaded"));
      },
    });
    document.head.append(element);
  });
}

async function open() {
  if (map) {
    if (shown) await load(field("country").value); // what the line lost before
    return;
  }
  map = true; // one opening is enough
  try {
    await Promise.all([bring("script", { src: box.dataset.leaflet }), bring("link", { rel: "stylesheet", href: box.dataset.sheet })]);
  } catch {
    map = undefined; // the next opening tries again
    say(box.dataset.lost);
    return;
  }
  say("");
  L = window.L;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  map = L.map(box.querySelector("[data-canvas]"), {
    attributionControl: false, maxZoom: 12, zoomSnap: 0.5, zoomAnimation: !still, fadeAnimation: !still, inertia: !still, worldCopyJump: true,
  }).setView([50, 10], 4);
  map.on("click", (e) => press(e.latlng));
  map.getContainer().addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.target !== map.getContainer()) return;
    e.preventDefault(); // it would send the form
    press(map.getCenter(), under());
  });
  shown = L.featureGroup().addTo(map);
  const near = await load(field("country").value);
  const all = [...units.entries()];
  const own = all.filter(([code]) => chosen(code));
  const frame = L.featureGroup((own.length ? own : all).map(([, unit]) => unit.layer));
  if (all.length) map.fitBounds(frame.getBounds().pad(own.length && own.length < all.length ? 0.6 : 0.02));
  shapes();
  box.dataset.ready = "";
  // What is chosen elsewhere, then the surroundings, one after the other.
  const elsewhere = [...form.querySelectorAll("[name=areas]:checked")].map((tick) => tick.value.slice(0, 2));
  for (const country of [...elsewhere, ...near]) await load(country);
  for (const [, unit] of own) unit.layer.bringToFront();
  shown.bringToFront();
}

for (const button of box.querySelectorAll("[data-mode]")) {
  button.addEventListener("click", () => {
    mode = button.dataset.mode;
    for (const other of box.querySelectorAll("[data-mode]")) other.setAttribute("aria-pressed", String(other === button));
  });
}
box.querySelector("[data-do=close]").addEventListener("click", close);
box.querySelector("[data-do=clear]").addEventListener("click", clear);
form.addEventListener("change", () => { if (shown) { paint(); shapes(); } });
form.addEventListener("looked-up", () => {
  if (!shown) return;
  paint();
  shapes();
  const frame = shown.getBounds(); // a circle that was typed may lie out of sight
  if (frame.isValid() && !corners.length && !map.getBounds().contains(frame)) map.fitBounds(frame.pad(0.1));
});
box.addEventListener("toggle", () => { if (box.open) open(); });
box.hidden = false;
// On a wide screen it is open at once, unless the officer saves data.
if (matchMedia("(min-width: 60em)").matches && !navigator.connection?.saveData) box.open = true;
