// The area page while an officer chooses: every change is looked up by the
// server, which ticks what a circle, a shape, a group or a list of names takes in
// and counts who would get the alert. Nothing is saved by it. Without this
// script the page's own button does the same.
const form = document.querySelector("[data-area]");
const said = form.querySelector("[data-estimate]");
const list = form.querySelector(".checks");
const field = (name) => form.elements.namedItem(name);
const boxes = () => [...form.querySelectorAll("[name=areas]")];

let waiting; // the pause after a key, so that a number is not looked up digit by digit
let asked; // the look-up under way: a newer one ends it

function line(className, text, strong) {
  const p = document.createElement("p");
  p.className = className;
  const inner = strong ? p.appendChild(document.createElement("strong")) : p;
  inner.textContent = text;
  return p;
}

function tick(areas) {
  const have = new Map(boxes().map((box) => [box.value, box]));
  for (const { code, name } of areas) {
    let box = have.get(code);
    if (!box) {
      const row = list.appendChild(document.createElement("div"));
      row.className = "choice";
      box = row.appendChild(document.createElement("input"));
      Object.assign(box, { type: "checkbox", name: "areas", value: code, id: `area-${code}` });
      const label = row.appendChild(document.createElement("label"));
      label.htmlFor = box.id;
      label.textContent = `${name} – ${code}`;
    }
    box.checked = true;
    have.delete(code);
  }
  for (const box of have.values()) box.checked = false;
}

function show(answer) {
  const { reach, outside, beyond } = answer.estimate;
  said.replaceChildren(line("", reach || said.dataset.nobody, reach));
  if (outside) said.append(line("inset amber", said.dataset.outside.replace("{names}", outside)));
  if (beyond) said.append(line("quiet", said.dataset.beyond.replace("{names}", beyond)));
  for (const fault of answer.faults ?? []) said.append(line("inset red", fault));
}

// lose takes the number away: it was of other ticks than those that are set now.
function lose(out) {
  said.replaceChildren(line("inset amber", out ? said.dataset.out : said.dataset.lost));
}

async function find() {
  asked?.abort();
  asked = new AbortController();
  const body = new URLSearchParams(new FormData(form));
  body.set("do", "find");
  try {
    const res = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, signal: asked.signal });
    if (!res.ok || !res.headers.get("Content-Type")?.startsWith("application/json")) {
      lose(res.status === 401 || res.redirected); // or changed by somebody else: saving will say it
      return;
    }
    const answer = await res.json();
    if (!answer.faults) {
      tick(answer.areas);
      field("shapes").value = answer.shapes;
      const group = field("areas.group");
      if (group) group.value = "";
      field("areas.paste").value = "";
      if (field("circle.km").value && document.activeElement !== field("circle.centre")) field("circle.centre").value = answer.centre;
    }
    show(answer);
    form.dispatchEvent(new CustomEvent("looked-up"));
  } catch (err) {
    if (err.name !== "AbortError") lose(false);
  }
}

function soon(ms) {
  clearTimeout(waiting);
  waiting = setTimeout(find, ms);
}

form.addEventListener("change", (e) => {
  if (e.target.name === "country") form.querySelector("button[value=find]").click(); // another list: the page's own button brings it
  else if (e.target.id !== "area-filter") soon(0);
});
form.addEventListener("input", (e) => {
  if (e.target.name === "circle.km" || e.target.name === "polygons.points") soon(600);
});
