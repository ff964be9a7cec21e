// The circuit on a canvas: what is drawn of it depends on how many pixels a step has.

const RULER = 20;
const TRACK = 17;

/** Heights of the canvas: ruler, tracks of ops, lanes of qubits. */
function heights(view) {
  const lane = Math.max(9, Math.min(24, Math.floor(560 / view.qubits.length)));
  const tracks = RULER + Math.min(view.tracks, 14) * TRACK + 6;
  return { lane, tracks, all: tracks + view.qubits.length * lane + 4 };
}

function drawCircuit(context, width, height) {
  const view = scene();
  if (axisView.width !== width) {
    axisView.width = width;
    emit("sized");
  }
  const size = heights(view);
  const from = Math.max(0, Math.floor(stepAt(GUTTER)) - 1);
  const to = Math.min(view.end, Math.ceil(stepAt(width)) + 1);
  const level = levelOfDetail();
  context.save();
  context.beginPath();
  context.rect(GUTTER - 5, 0, width - GUTTER + 5, height);
  context.clip();
  drawLanes(context, view, size, width);
  if (level === "ops") drawDensity(context, view, size, width, from, to);
  else drawDetail(context, view, size, from, to, level);
  drawTracks(context, view, size, from, to);
  drawRuler(context, width, from, to);
  drawChosen(context, size);
  context.restore();
  drawNames(context, view, size);
}

function drawLanes(context, view, size, width) {
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.beginPath();
  for (let i = 0; i < view.qubits.length; i++) {
    const y = Math.round(size.tracks + (i + 0.5) * size.lane) + 0.5;
    context.moveTo(GUTTER, y);
    context.lineTo(width, y);
  }
  context.stroke();
}

function drawNames(context, view, size) {
  context.font = "11px ui-monospace, monospace";
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = theme.soft;
  const gap = Math.max(1, Math.ceil(11 / size.lane));
  for (let i = 0; i < view.qubits.length; i += gap)
    context.fillText(clipped(view.qubits[i], 9), GUTTER - 8, size.tracks + (i + 0.5) * size.lane);
  context.fillText("ops", GUTTER - 8, RULER + TRACK / 2);
  context.fillText("step", GUTTER - 8, 9);
}

function drawRuler(context, width, from, to) {
  const scale = d3.scaleLinear([from, to], [xOf(from), xOf(to)]);
  context.font = "10px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = theme.soft;
  for (const tick of scale.ticks(Math.max(2, Math.floor(width / 110)))) {
    if (!Number.isInteger(tick)) continue;
    context.fillText(whole(tick), xOf(tick), 8);
    context.fillRect(xOf(tick), 14, 1, 4);
  }
}

/** Ops: a pixel of a lane has the colour of its gates, stronger where there are more. */
function drawDensity(context, view, size, width, from, to) {
  const left = GUTTER;
  const columns = Math.max(1, Math.ceil(width - left));
  const lanes = view.qubits.length;
  const [counts, colours] = density(view, columns, lanes, from, to, (step) => Math.floor(xOf(step) - left), page.lit);
  const image = densityImage(counts, colours, columns, lanes);
  context.imageSmoothingEnabled = false;
  const inset = Math.max(1, size.lane * 0.14);
  context.drawImage(image, left, size.tracks + inset / 2, columns, lanes * size.lane - inset);
}

let scratch = null;

const FAINT = 128; // added to the colour of what is not lit

/** How many gates each pixel has, two-qubit gates twice, and the colour of the last one; those of `lit` ops come first. */
function density(view, columns, lanes, from, to, pixel, lit) {
  const cells = columns * lanes;
  if (scratch === null || scratch[0].length < cells) scratch = [new Uint16Array(cells), new Uint8Array(cells)];
  const [counts, colours] = scratch;
  counts.fill(0, 0, cells);
  const { order, starts, first, second, group, kind, two } = view;
  const dimmed = page.found;
  const shades = view.sets.map(
    (ids, set) => view.colourOf[set] + (lit === null || ids.some((id) => lit.ops.includes(id)) ? 0 : FAINT),
  );
  const add = (cell, weight, shade) => {
    if (shade < FAINT || !counts[cell] || colours[cell] >= FAINT) colours[cell] = shade;
    counts[cell] += weight;
  };
  for (let step = from; step < to; step++) {
    const x = pixel(step);
    if (x < 0 || x >= columns) continue;
    for (let at = starts[step]; at < starts[step + 1]; at++) {
      const gate = order[at];
      if (dimmed !== null && !dimmed[gate]) continue;
      const shade = shades[group[gate]];
      const pair = two[kind[gate]];
      add(first[gate] * columns + x, pair ? 2 : 1, shade);
      if (pair) add(second[gate] * columns + x, 2, shade);
    }
  }
  return [counts, colours];
}

const palette = KINDS.map((kind) => channels(kind.colour));

let picture = null;

function densityImage(counts, colours, columns, lanes) {
  if (picture === null || picture.width !== columns || picture.height !== lanes)
    picture = new OffscreenCanvas(columns, lanes);
  const context = picture.getContext("2d");
  const image = context.createImageData(columns, lanes);
  const out = image.data;
  let most = 1;
  for (let i = 0; i < columns * lanes; i++) if (counts[i] > most) most = counts[i];
  for (let i = 0; i < columns * lanes; i++) {
    if (!counts[i]) continue;
    const faint = colours[i] >= FAINT;
    const colour = palette[colours[i] % FAINT];
    out[4 * i] = colour[0];
    out[4 * i + 1] = colour[1];
    out[4 * i + 2] = colour[2];
    out[4 * i + 3] = faint ? 50 : 120 + Math.min(135, (135 * counts[i]) / most);
  }
  context.putImageData(image, 0, 0);
  return picture;
}

/** Whether something is drawn strongly: it is lit, or nothing is; it is found, or nothing is searched. */
function strength(gate, ops) {
  if (page.found !== null && !page.found[gate]) return 0.12;
  if (page.lit === null) return 1;
  if (page.lit.gate === gate) return 1;
  return ops.some((id) => page.lit.ops.includes(id)) ? 1 : 0.28;
}

/** Blocks, gates, or gates with their angles. */
function drawDetail(context, view, size, from, to, level) {
  const pixels = stepPixels();
  if (level === "blocks") drawBlocks(context, view, size, from, to);
  const box = Math.max(2, Math.min(size.lane - 3, pixels - 2));
  const strengths = view.sets.map((ids) =>
    page.lit === null || ids.some((id) => page.lit.ops.includes(id)) ? 1 : 0.28,
  );
  for (let at = view.starts[from]; at < view.starts[Math.min(to, view.end) + 1]; at++) {
    const gate = view.order[at];
    const set = view.group[gate];
    context.globalAlpha = page.found !== null && !page.found[gate] ? 0.12 : strengths[set];
    const colour = KINDS[view.colourOf[set]].colour;
    const x = xOf(view.step[gate]);
    const y = size.tracks + (view.first[gate] + 0.5) * size.lane;
    if (view.pair(gate)) drawPair(context, view, size, gate, x + pixels / 2, y, colour, level);
    else drawSingle(context, view, gate, x, y, box, pixels, colour, level, size.lane);
  }
  context.globalAlpha = 1;
}

function drawPair(context, view, size, gate, x, y, colour, level) {
  const other = size.tracks + (view.second[gate] + 0.5) * size.lane;
  const radius = level === "blocks" ? 1.5 : Math.min(4.5, size.lane / 3);
  const move = view.moves === null ? 0 : view.moves[gate];
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = level === "blocks" ? 1 : 2;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x, other);
  context.stroke();
  for (const end of [y, other]) {
    context.beginPath();
    context.arc(x, end, radius, 0, 2 * Math.PI);
    if (move === 1 && level !== "blocks") {
      context.fillStyle = theme.paper;
      context.fill();
      context.stroke();
      context.fillStyle = colour;
    } else context.fill();
  }
  if (level === "angles" && view.kinds[view.kind[gate]][2])
    angleText(context, short(view.angle[gate], 3), x + 6, (y + other) / 2);
  if (page.lit !== null && page.lit.gate === gate) ring(context, x, Math.min(y, other), Math.abs(other - y));
}

function drawSingle(context, view, gate, x, y, box, pixels, colour, level, lane) {
  const kind = view.kind[gate];
  if (kind === view.rz) {
    if (level === "blocks") return;
    context.fillStyle = colour;
    context.fillRect(x - 1, y - lane / 3, 2, (2 * lane) / 3);
    return;
  }
  const wide = level === "angles" ? Math.min(pixels - 6, 46) : box;
  const left = x + (pixels - wide) / 2;
  context.fillStyle = colour;
  if (kind === view.measure || kind === view.reset) {
    context.fillStyle = theme.paper;
    context.fillRect(left, y - box / 2, wide, box);
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.strokeRect(left, y - box / 2, wide, box);
  } else context.fillRect(left, y - box / 2, wide, box);
  if (wide >= 9 && box >= 9) {
    context.fillStyle = kind === view.measure || kind === view.reset ? theme.ink : inkOn(colour);
    context.font = `${Math.min(11, box - 1)}px ui-monospace, monospace`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(letters(view, gate, wide), x + pixels / 2, y + 0.5);
  }
  if (page.lit !== null && page.lit.gate === gate) ring(context, x + pixels / 2, y, 0);
}

/** What stands in the box of a one-qubit gate: its letter, or its angle where there is room. */
function letters(view, gate, wide) {
  const kind = view.kind[gate];
  if (kind === view.measure) return wide > 40 ? "meas" : "M";
  if (kind === view.reset) return wide > 40 ? "reset" : "0";
  const [name, , parameters] = view.kinds[kind];
  if (parameters && wide > 34) return short(view.angle[gate], 3);
  return name === "PhasedX" ? "R" : name === "SX" ? "√" : name[0];
}

function angleText(context, text, x, y) {
  context.font = "10px ui-monospace, monospace";
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = theme.ink;
  context.fillText(text, x, y);
}

function ring(context, x, y, tall) {
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  context.strokeRect(x - 9, y - 9, 18, tall + 18);
}

function drawBlocks(context, view, size, from, to) {
  context.lineWidth = 1;
  for (const block of view.blocks) {
    if (block.to < from) continue;
    if (block.from > to) break;
    const colour = KINDS[view.colourOf[block.group]].colour;
    context.globalAlpha = 0.16;
    context.fillStyle = colour;
    const [x, w] = [xOf(block.from), xOf(block.to) - xOf(block.from)];
    context.fillRect(x, size.tracks + block.top * size.lane + 1, w, (block.bottom - block.top + 1) * size.lane - 2);
    context.globalAlpha = 0.55;
    for (const qubit of block.shared.slice(0, 1))
      context.fillRect(x, size.tracks + qubit * size.lane + size.lane * 0.3, w, size.lane * 0.4);
  }
  context.globalAlpha = 1;
}

/** The ops as boxes on the same axis, as many rows as are needed for boxes not to overlap. */
function drawTracks(context, view, size, from, to) {
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const op of view.ops) {
    const track = view.track[op.id];
    const [first, last] = view.spans[op.id];
    if (track < 0 || track >= 14 || last < from || first > to) continue;
    const x = Math.max(xOf(first), GUTTER - 4);
    const width = Math.max(2, Math.min(xOf(Math.max(last, first + 1)), axisView.width + 4) - x - 1);
    const y = RULER + track * TRACK;
    const colour = KINDS[kindOf(op)].colour;
    context.globalAlpha = page.lit === null || page.lit.ops.includes(op.id) ? 1 : 0.3;
    context.fillStyle = colour;
    context.fillRect(x, y, width, TRACK - 2);
    if (width > 26) {
      context.fillStyle = inkOn(colour);
      context.fillText(clipped(op.words, Math.floor((width - 8) / 6)), x + 4, y + TRACK / 2 - 0.5);
    }
  }
  context.globalAlpha = 1;
}

function drawChosen(context, size) {
  if (page.chosen === null || page.chosen.area === null) return;
  const { from, to, top, bottom } = page.chosen.area;
  context.fillStyle = theme.accent;
  context.globalAlpha = 0.14;
  const y = size.tracks + top * size.lane;
  context.fillRect(xOf(from), y, xOf(to) - xOf(from), (bottom - top + 1) * size.lane);
  context.globalAlpha = 1;
  context.strokeStyle = theme.accent;
  context.lineWidth = 1.5;
  context.strokeRect(xOf(from), y, xOf(to) - xOf(from), (bottom - top + 1) * size.lane);
}
