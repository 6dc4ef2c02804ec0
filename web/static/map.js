// A map of a country's areas beside the list of the same areas: a touch on
// either marks both. For the keyboard the map is one stop; arrows go from area to
// area, Space and Enter mark. Without this script the list alone is there.
for (const map of document.querySelectorAll("[data-map]")) {
  const boxes = new Map([...document.querySelectorAll("[name=regions]")].map((box) => [box.value, box]));
  const shapes = [...map.querySelectorAll("path[data-code]")].filter((shape) => boxes.has(shape.dataset.code));
  const whole = boxes.get(map.dataset.map);
  const name = map.parentElement.querySelector("[data-map-name]");

  const paint = () => {
    for (const shape of shapes) {
      const on = boxes.get(shape.dataset.code).checked || Boolean(whole?.checked);
      shape.setAttribute("aria-checked", on);
    }
  };
  const enter = (shape) => {
    for (const other of shapes) other.tabIndex = other === shape ? 0 : -1;
    name.textContent = shape.getAttribute("aria-label");
  };
  const toggle = (shape) => {
    const box = boxes.get(shape.dataset.code);
    if (whole?.checked) { // one area out of all of them: the others stay
      whole.checked = false;
      for (const other of shapes) boxes.get(other.dataset.code).checked = true;
    }
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };
  // next is the nearest area in a direction of the screen.
  const next = (from, x, y) => {
    const middle = (shape) => {
      const b = shape.getBBox();
      return [b.x + b.width / 2, b.y + b.height / 2];
    };
    const [fx, fy] = middle(from);
    let best = from;
    let least = Infinity;
    for (const shape of shapes) {
      const [sx, sy] = middle(shape);
      const ahead = (sx - fx) * x + (sy - fy) * y;
      const aside = Math.abs((sx - fx) * y) + Math.abs((sy - fy) * x);
      if (ahead > 0 && ahead + 2 * aside < least) [best, least] = [shape, ahead + 2 * aside];
    }
    return best;
  };
  const arrows = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  for (const shape of shapes) {
    shape.setAttribute("role", "checkbox");
    shape.addEventListener("click", () => { enter(shape); toggle(shape); });
    shape.addEventListener("focus", () => enter(shape));
    shape.addEventListener("pointerenter", () => { name.textContent = shape.getAttribute("aria-label"); });
    shape.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") toggle(shape);
      else if (arrows[event.key]) next(shape, ...arrows[event.key]).focus();
      else return;
      event.preventDefault();
    });
  }
  document.addEventListener("change", paint);
  if (shapes.length) {
    enter(shapes[0]);
    name.textContent = "";
    paint();
    map.parentElement.hidden = false;
  }
}
