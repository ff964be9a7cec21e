// Where the nodes of a graph are drawn: distances on paper as near as can be to those in the graph (stress majorization,
// Gansner, Koren and North, 2004), from a first guess by classical scaling. No chance is in it.

const ROUNDS = 60;
const POWERS = 60;
const LARGE = 400; // nodes beyond which the first guess is all there is time for

/** Positions from 0 to 1 of the nodes of a graph: [[x, y], ..]. Parts that are not connected lie side by side. */
function layout(count, edges) {
  const beside = Array.from({ length: count }, () => []);
  for (const [a, b] of edges) {
    beside[a].push(b);
    beside[b].push(a);
  }
  const distances = (from) => {
    const found = new Float32Array(count).fill(-1);
    const queue = [from];
    found[from] = 0;
    for (let i = 0; i < queue.length; i++) {
      for (const node of beside[queue[i]]) {
        if (found[node] < 0) {
          found[node] = found[queue[i]] + 1;
          queue.push(node);
        }
      }
    }
    return found;
  };
  const places = new Array(count);
  let left = 0;
  for (let node = 0; node < count; node++) {
    if (places[node] !== undefined) continue;
    const part = Array.from(distances(node)).flatMap((far, i) => (far >= 0 ? [i] : []));
    const found = arranged(part, distances);
    const xs = found.map(([x]) => x);
    const least = Math.min(...xs);
    part.forEach((one, i) => (places[one] = [found[i][0] - least + left, found[i][1]]));
    left += Math.max(...xs) - least + 1;
  }
  const spans = [0, 1].map((side) => [
    Math.min(...places.map((place) => place[side])),
    Math.max(...places.map((place) => place[side])),
  ]);
  const size = Math.max(1, ...spans.map(([least, most]) => most - least));
  return {
    places: places.map((place) => place.map((value, side) => (value - spans[side][0]) / size)),
    ratio: (spans[1][1] - spans[1][0]) / size,
  };
}

function arranged(part, distances) {
  const apart = part.map((node) => {
    const row = distances(node);
    return Float64Array.from(part, (other) => row[other]);
  });
  return turned(improved(scaled(apart), apart));
}

/** The plane that shows the distances best (classical scaling), by power iteration from a fixed start. */
function scaled(apart) {
  const size = apart.length;
  const means = apart.map((row) => row.reduce((sum, far) => sum + far * far, 0) / size);
  const mean = means.reduce((sum, value) => sum + value, 0) / size;
  const inner = apart.map((row, i) => row.map((far, j) => -0.5 * (far * far - means[i] - means[j] + mean)));
  const directions = [];
  for (let side = 0; side < 2; side++) {
    let vector = Float64Array.from(inner, (_, i) => Math.cos(1 + i * (side + 1)));
    let length = 0;
    for (let round = 0; round < POWERS; round++) {
      for (const { vector: other } of directions) {
        const share = vector.reduce((sum, value, i) => sum + value * other[i], 0);
        vector = vector.map((value, i) => value - share * other[i]);
      }
      const next = Float64Array.from(inner, (row) => row.reduce((sum, value, j) => sum + value * vector[j], 0));
      length = Math.hypot(...next);
      if (length < 1e-12) break;
      vector = next.map((value) => value / length);
    }
    directions.push({ vector, length });
  }
  return apart.map((_, i) => directions.map(({ vector, length }) => vector[i] * Math.sqrt(length)));
}

/** Moved until the distances on paper are near those in the graph, short ones first of all. */
function improved(places, apart) {
  const size = places.length;
  const x = Float64Array.from(places, (place) => place[0]);
  const y = Float64Array.from(places, (place) => place[1]);
  for (let round = 0; round < (size > LARGE ? 0 : ROUNDS); round++) {
    for (let i = 0; i < size; i++) {
      const row = apart[i];
      let [toX, toY, sum] = [0, 0, 0];
      for (let j = 0; j < size; j++) {
        if (i === j) continue;
        const weight = 1 / (row[j] * row[j]);
        const [dx, dy] = [x[i] - x[j], y[i] - y[j]];
        const stretch = row[j] / (Math.sqrt(dx * dx + dy * dy) || 1e-6);
        toX += weight * (x[j] + stretch * dx);
        toY += weight * (y[j] + stretch * dy);
        sum += weight;
      }
      if (!sum) continue;
      x[i] = toX / sum;
      y[i] = toY / sum;
    }
  }
  return places.map((_, i) => [x[i], y[i]]);
}

/** Turned so that the longest direction lies flat. */
function turned(places) {
  const mean = [0, 1].map((side) => places.reduce((sum, place) => sum + place[side], 0) / places.length);
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of places) {
    xx += (x - mean[0]) ** 2;
    yy += (y - mean[1]) ** 2;
    xy += (x - mean[0]) * (y - mean[1]);
  }
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return places.map(([x, y]) => [c * x + s * y, c * y - s * x]);
}
