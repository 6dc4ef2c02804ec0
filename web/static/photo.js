// Drags, resizes and straightens a photo over the numbers of its form: what
// counts is in the form, and the server makes every picture of it. Without this
// script the numbers and buttons do the same.
const form = document.querySelector("[data-photo]");
const stage = form.querySelector("[data-stage]");
const part = form.querySelector("[data-part]");
const whole = form.querySelector("[data-whole]");
const slider = form.querySelector("[data-slider]");
const status = form.querySelector("[data-status]");
const field = (name) => form.elements[name];
const LEAST = 5; // per cent of a side: a smaller frame cannot be taken hold of

const box = { left: 0, top: 0, width: 100, height: 100 };
// Of the photo as it stands now; a quarter turn swaps them.
const size = { width: Number(form.dataset.width), height: Number(form.dataset.height) };
let turn = Number(field("turn").value);

const clamp = (n, low, high) => Math.min(high, Math.max(low, n));
const tenth = (n) => Math.round(n * 10) / 10;

// What was typed, brought within the picture.
function read() {
  const n = (name, otherwise) => (field(name).value === "" ? otherwise : Number(field(name).value) || 0);
  box.left = clamp(n("left", 0), 0, 100 - LEAST);
  box.top = clamp(n("top", 0), 0, 100 - LEAST);
  box.width = clamp(n("width", 100), LEAST, 100 - box.left);
  box.height = clamp(n("height", 100), LEAST, 100 - box.top);
}

function draw() {
  for (const side of ["left", "top", "width", "height"]) part.style[side] = `${box[side]}%`;
}

function write() {
  for (const side of ["left", "top", "width", "height"]) field(side).value = tenth(box[side]);
  draw();
  say();
  show(false);
}

let saying;
function say() {
  clearTimeout(saying);
  saying = setTimeout(() => {
    status.textContent = form.dataset.say.replace(/\{(\w+)\}/g, (_, side) => Math.round(box[side]));
  }, 400);
}

// The server draws; one request of each picture is under way, and the newest wins.
const busy = new Map();
function load(img, as) {
  const query = new URLSearchParams({ turn, tilt: field("tilt").value || "0", as });
  for (const side of ["left", "top", "width", "height"]) query.set(side, tenth(box[side]));
  const address = `${form.dataset.photo}?${query}`;
  if (busy.has(img)) {
    busy.set(img, address);
    return;
  }
  busy.set(img, null);
  const next = new Image();
  const done = () => {
    if (next.naturalWidth) img.src = next.src;
    const waiting = busy.get(img);
    busy.delete(img);
    if (waiting) load(img, as);
  };
  next.onload = done;
  next.onerror = done;
  next.src = address;
}

let later;
function show(all) {
  show.all = show.all || all;
  clearTimeout(later);
  later = setTimeout(() => {
    if (show.all) load(whole, "whole");
    show.all = false;
    for (const img of form.querySelectorAll("[data-as]")) load(img, img.dataset.as);
  }, 200);
}

function shape(width, height) {
  const w = box.width * size.width;
  const h = box.height * size.height;
  if ((h * width) / height < w) {
    const now = (h * width) / height / size.width;
    box.left += (box.width - now) / 2;
    box.width = now;
  } else {
    const now = (w * height) / width / size.height;
    box.top += (box.height - now) / 2;
    box.height = now;
  }
}

function reset() {
  Object.assign(box, { left: 0, top: 0, width: 100, height: 100 });
}

const presses = {
  left: () => rotate(270),
  right: () => rotate(90),
  portrait: () => shape(4, 5),
  square: () => shape(1, 1),
  whole: reset,
};

function rotate(by) {
  turn = (turn + by) % 360;
  field("turn").value = turn;
  [size.width, size.height] = [size.height, size.width];
  reset();
  show(true);
}

function move(dx, dy) {
  box.left = clamp(box.left + dx, 0, 100 - box.width);
  box.top = clamp(box.top + dy, 0, 100 - box.height);
}

// The side that a corner does not hold stays where it is.
function resize(corner, dx, dy) {
  if (corner.includes("w")) {
    const to = clamp(box.left + dx, 0, box.left + box.width - LEAST);
    box.width += box.left - to;
    box.left = to;
  } else {
    box.width = clamp(box.width + dx, LEAST, 100 - box.left);
  }
  if (corner.includes("n")) {
    const to = clamp(box.top + dy, 0, box.top + box.height - LEAST);
    box.height += box.top - to;
    box.top = to;
  } else {
    box.height = clamp(box.height + dy, LEAST, 100 - box.top);
  }
}

part.addEventListener("pointerdown", (event) => {
  const corner = event.target.dataset.corner;
  const frame = stage.getBoundingClientRect();
  let at = [event.clientX, event.clientY];
  part.setPointerCapture(event.pointerId);
  part.focus();
  event.preventDefault();
  const drag = (to) => {
    const dx = ((to.clientX - at[0]) / frame.width) * 100;
    const dy = ((to.clientY - at[1]) / frame.height) * 100;
    at = [to.clientX, to.clientY];
    if (corner) resize(corner, dx, dy);
    else move(dx, dy);
    draw();
  };
  const end = () => {
    part.removeEventListener("pointermove", drag);
    write();
  };
  part.addEventListener("pointermove", drag);
  part.addEventListener("pointerup", end, { once: true });
  part.addEventListener("pointercancel", end, { once: true });
});

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
part.addEventListener("keydown", (event) => {
  const way = arrows[event.key];
  if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  if (event.shiftKey) resize("se", ...way);
  else move(...way);
  write();
});

form.addEventListener("click", (event) => {
  const press = event.target.name === "do" && presses[event.target.value];
  if (!press) return;
  event.preventDefault();
  press();
  write();
});

form.addEventListener("input", (event) => {
  if (event.target === slider) field("tilt").value = slider.value;
  else if (event.target === field("tilt")) slider.value = field("tilt").value;
  read();
  draw();
  show(event.target === slider || event.target === field("tilt"));
});

form.addEventListener("keydown", (event) => {
  // Enter in a number would press the first button, which turns the photo.
  if (event.key === "Enter" && event.target.type === "number") event.preventDefault();
});

read();
draw();
part.hidden = false;
slider.hidden = false;
for (const el of form.querySelectorAll("[data-with-script]")) el.hidden = false;
for (const el of form.querySelectorAll("[data-without-script]")) el.hidden = true;
load(whole, "whole");
