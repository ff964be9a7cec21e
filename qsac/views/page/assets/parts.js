// Parts of the document. What is given as a string becomes a text node, whatever it holds.

/** An element with properties and children. `on` holds listeners, `data` the dataset; other properties are attributes. */
function el(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** The same, of SVG. */
function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

/** A section that can be folded, with a sentence on what it shows. */
function section(id, title, about, ...children) {
  return el(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    el(
      "details",
      { open: true, class: "section" },
      el("summary", {}, el("h2", { id: `${id}-title` }, title), el("span", { class: "about" }, about)),
      el("div", { class: "body" }, ...children),
    ),
  );
}

/** A table of texts; columns whose number is in `numbers` are aligned to the right. `rows` may be elements. */
function table(caption, head, rows, numbers = []) {
  const side = (place) => (numbers.includes(place) ? "number" : null);
  return el(
    "div",
    { class: "scroll" },
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, caption),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          head.map((text, i) => el("th", { scope: "col", class: side(i) }, text)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          row instanceof Element
            ? row
            : el(
                "tr",
                {},
                row.map((cell, i) => el("td", { class: side(i) }, cell ?? "")),
              ),
        ),
      ),
    ),
  );
}

/** A table behind a drawing, made when it is opened: what screen readers and searches read. */
function behind(caption, make) {
  const details = el("details", { class: "behind" }, el("summary", {}, `${caption}, as a table`));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(make());
  });
  return details;
}

/** A canvas that fills its width, sharp on every screen; `draw(context, width, height)` draws it. */
function canvas(height, label, draw) {
  const element = el("canvas", { role: "img", "aria-label": label });
  const box = el("div", { class: "canvas" }, element);
  const resized = () => {
    const width = box.clientWidth;
    const tall = typeof height === "function" ? height() : height;
    const ratio = window.devicePixelRatio || 1;
    if (!width) return;
    const [w, h] = [Math.round(width * ratio), Math.round(tall * ratio)];
    if (element.width !== w || element.height !== h) {
      element.width = w;
      element.height = h;
      element.style.height = `${tall}px`;
    }
    const context = element.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, tall);
    draw(context, width, tall);
  };
  new ResizeObserver(() => soon(resized)).observe(box);
  on("theme", () => soon(resized));
  on("print", resized); // at once: the next frame would be too late
  return { box, element, redraw: () => soon(resized), now: resized };
}

/** How wide drawings of whole sections are: their letters keep their size. */
function drawingWidth() {
  return Math.max(700, Math.min(1350, window.innerWidth - 50));
}

const grouped = new Intl.NumberFormat("en-US");

/** A whole number as it is read: 65,764. */
function whole(number) {
  return number === null || number === undefined ? "–" : grouped.format(number);
}

/** A number to some digits, in the shortest form. */
function short(number, digits = 4) {
  if (number === null || number === undefined) return "–";
  if (Number.isInteger(number) && Math.abs(number) < 1e6) return whole(number);
  if (Math.abs(number) >= 1e6) return number.toExponential(2);
  return String(Number(number.toPrecision(digits)));
}

/** A share in per cent. */
function percent(part, all) {
  if (!all) return "0 %";
  const share = (100 * part) / all;
  return `${share > 0 && share < 1 ? share.toPrecision(1) : Math.round(share)} %`;
}

/** What floats beside the pointer while it is over something. */
const tip = el("div", { class: "tip", role: "tooltip", hidden: true });

function showTip(event, ...lines) {
  tip.replaceChildren(...lines.filter(Boolean).map((line, i) => el(i ? "div" : "strong", {}, line)));
  tip.hidden = false;
  const [w, h] = [tip.offsetWidth, tip.offsetHeight];
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, window.innerWidth - w - 8))}px`;
  tip.style.top = `${event.clientY + 18 + h > window.innerHeight ? event.clientY - h - 10 : event.clientY + 18}px`;
}

function hideTip() {
  tip.hidden = true;
}
