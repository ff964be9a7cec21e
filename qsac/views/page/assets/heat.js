// Heat maps of matrices: darker is more, entries that a mask leaves out are hatched.

const LEFT = 46;
const TOP = 18;

/** A heat map with its title, labels and the table behind it. */
function heatMap(map, number) {
  let values = null;
  const [rows, columns] = [map.rowPlaces.length, map.columnPlaces.length];
  const side = Math.max(2, Math.min(26, Math.floor(300 / Math.max(rows, columns))));
  const wide = () => Math.max(2, Math.min(side * 2, Math.floor(300 / columns)));
  const [w, h] = [columns * Math.min(wide(), side * 2), rows * side];
  const drawn = canvas(
    h + TOP + 4,
    `${map.title}: ${rows} rows (${map.rows}), ${columns} columns (${map.columns})`,
    (context) => {
      if (values !== null) drawHeat(context, map, values, w, h);
    },
  );
  page.data.column(map.blob).then((column) => {
    values = column;
    drawn.redraw();
  });
  const at = (event) => {
    const box = drawn.element.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left - LEFT) / w) * columns);
    const row = Math.floor(((event.clientY - box.top - TOP) / h) * rows);
    return row >= 0 && row < rows && column >= 0 && column < columns ? [row, column] : null;
  };
  drawn.element.addEventListener("mousemove", (event) => {
    const place = at(event);
    if (place === null || values === null) return hideTip();
    const value = values[place[0] * columns + place[1]];
    const said = value < 0 ? "left out by the mask" : short(value);
    return showTip(
      event,
      said,
      `${map.rows} = ${label(map, "row", place[0])}`,
      `${map.columns} = ${label(map, "column", place[1])}`,
    );
  });
  drawn.element.addEventListener("mouseleave", hideTip);
  const part = page.data.model.parts.findIndex(
    (one) => one.field === map.field || one.field.startsWith(`${map.field}/`),
  );
  drawn.box.style.minWidth = `${Math.min(w + LEFT + 8, 300)}px`;
  drawn.box.style.width = `${w + LEFT + 8}px`;
  return el(
    "figure",
    { class: "heat", data: { part: map.field === "/attention" ? partNamed("mask") : part, map: number } },
    el("figcaption", {}, map.title, el("span", { class: "note" }, ` 0 to ${short(map.most, 3)}`)),
    drawn.box,
    behind(map.title, () => heatTable(map, values)),
  );
}

function partNamed(title) {
  return page.data.model.parts.findIndex((part) => part.title === title);
}

function label(map, side, place) {
  const texts = map[`${side}Labels`];
  const number = map[`${side}Places`][place];
  return texts.length ? `${number} (${texts[place]})` : String(number);
}

function drawHeat(context, map, values, w, h) {
  const [rows, columns] = [map.rowPlaces.length, map.columnPlaces.length];
  const image = new ImageData(columns, rows);
  const blank = channels(theme.paper);
  for (let i = 0; i < rows * columns; i++) {
    const colour = values[i] < 0 ? blank : ramp(map.most ? values[i] / map.most : 0);
    image.data.set([...colour, 255], 4 * i);
  }
  const small = new OffscreenCanvas(columns, rows);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, LEFT, TOP, w, h);
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  hatch(context, values, rows, columns, w, h);
  context.strokeRect(LEFT + 0.5, TOP + 0.5, w - 1, h - 1);
  context.fillStyle = theme.soft;
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  const gapRow = Math.max(1, Math.ceil((14 * rows) / h));
  for (let row = 0; row < rows; row += gapRow) {
    const text = map.rowLabels.length ? clipped(map.rowLabels[row], 6) : String(map.rowPlaces[row]);
    context.fillText(text, LEFT - 5, TOP + ((row + 0.5) * h) / rows);
  }
  context.textAlign = "center";
  const longest = Math.min(5, Math.max(0, ...map.columnLabels.map((text) => text.length)));
  const digits = String(map.columnPlaces[columns - 1]).length;
  const gapColumn = Math.max(1, Math.ceil(((10 + 7 * (longest || digits)) * columns) / w));
  for (let column = 0; column < columns; column += gapColumn) {
    const text = map.columnLabels.length ? clipped(map.columnLabels[column], 5) : String(map.columnPlaces[column]);
    context.fillText(text, LEFT + ((column + 0.5) * w) / columns, TOP - 8);
  }
}

/** Strokes through the entries that a mask leaves out, where they are large enough. */
function hatch(context, values, rows, columns, w, h) {
  const [wide, tall] = [w / columns, h / rows];
  if (wide < 8 || tall < 8) return;
  context.beginPath();
  for (let i = 0; i < rows * columns; i++) {
    if (values[i] >= 0) continue;
    const [x, y] = [LEFT + (i % columns) * wide, TOP + Math.floor(i / columns) * tall];
    context.moveTo(x, y + tall);
    context.lineTo(x + wide, y);
  }
  context.stroke();
}

function clipped(text, most) {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}

const MOST_CELLS = 4096;

function heatTable(map, values) {
  const columns = map.columnPlaces.length;
  const shown = Math.min(map.rowPlaces.length, Math.max(1, Math.floor(MOST_CELLS / columns)));
  const rows = [];
  for (let row = 0; row < shown; row++) {
    const cells = Array.from(values.slice(row * columns, (row + 1) * columns), (value) =>
      value < 0 ? "–" : short(value),
    );
    rows.push([label(map, "row", row), ...cells]);
  }
  const head = [map.rows, ...map.columnPlaces.map((_, i) => label(map, "column", i))];
  const rest = map.rowPlaces.length - shown;
  return el(
    "div",
    {},
    table(map.title, head, rows),
    rest ? el("p", { class: "note" }, `and ${whole(rest)} more rows`) : null,
  );
}
