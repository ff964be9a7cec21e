// The time axis that circuit, minimap and op tracks share: steps, each gate as early as its qubits allow.

const GUTTER = 74; // pixels left of the axis, for names
const axisView = { scale: 1, offset: 0, width: 1000 };

/** Pixels of one step at scale 1, where the whole circuit is in view. */
function basePixels() {
  return Math.max(1, axisView.width - GUTTER - 6) / scene().end;
}

/** Pixels of one step. */
function stepPixels() {
  return basePixels() * axisView.scale;
}

/** Where a step is, in pixels. */
function xOf(step) {
  return GUTTER + step * stepPixels() + axisView.offset;
}

/** Which step is at a pixel. */
function stepAt(x) {
  return (x - GUTTER - axisView.offset) / stepPixels();
}

/** The largest scale: a step has 120 pixels then. */
function mostScale() {
  return Math.max(1, 120 / basePixels());
}

/** Show another part of the axis; what is beyond its ends is not shown. */
function setAxis(scale, offset) {
  const most = mostScale();
  axisView.scale = Math.max(1, Math.min(most, scale));
  const least = -(axisView.width - GUTTER - 6) * (axisView.scale - 1);
  axisView.offset = Math.max(least, Math.min(0, offset));
  emit("axis");
}

/** Zoom by a factor around a pixel, by default the middle. */
function zoomBy(factor, x = GUTTER + (axisView.width - GUTTER) / 2) {
  const step = stepAt(x);
  const scale = Math.max(1, Math.min(mostScale(), axisView.scale * factor));
  setAxis(scale, x - GUTTER - step * basePixels() * scale);
}

/** Move by a share of what is in view. */
function panBy(share) {
  setAxis(axisView.scale, axisView.offset - share * (axisView.width - GUTTER));
}

/** Show the steps from one to another, with a margin. */
function showSteps(from, to) {
  const span = Math.max(4, (to - from) * 1.2);
  const scale = Math.min(mostScale(), scene().end / span);
  setAxis(scale, -((from + to - span) / 2) * basePixels() * Math.max(1, scale));
}

/** How much is drawn at this scale: ops, blocks, gates or angles. */
function levelOfDetail() {
  const pixels = stepPixels();
  return pixels < 2 ? "ops" : pixels < 10 ? "blocks" : pixels < 34 ? "gates" : "angles";
}
