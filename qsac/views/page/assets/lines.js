// The difference of two texts, line by line (Myers, An O(ND) difference algorithm, 1986).

const MOST_EDITS = 2000;

/** Which lines are kept, taken out and put in: [" " | "-" | "+", line] of two lists of line numbers. */
function difference(one, other) {
  let head = 0;
  while (head < one.length && head < other.length && one[head] === other[head]) head++;
  let tail = 0;
  while (
    tail < one.length - head &&
    tail < other.length - head &&
    one[one.length - 1 - tail] === other[other.length - 1 - tail]
  )
    tail++;
  const [a, b] = [one.slice(head, one.length - tail), other.slice(head, other.length - tail)];
  const kept = (line) => [" ", line];
  return [...Array.from(one.slice(0, head), kept), ...edits(a, b), ...Array.from(one.slice(one.length - tail), kept)];
}

function edits(a, b) {
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const ends = new Map([[1, 0]]);
  const trace = [];
  for (let d = 0; d <= most; d++) {
    trace.push(new Map(ends));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
      let x = down ? ends.get(k + 1) : ends.get(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      ends.set(k, x);
      if (x >= a.length && x - k >= b.length) return path(a, b, trace, d);
    }
  }
  // Too different for a path to be worth its time: all of one, then all of the other.
  return [...Array.from(a, (line) => ["-", line]), ...Array.from(b, (line) => ["+", line])];
}

function path(a, b, trace, depth) {
  const found = [];
  let [x, y] = [a.length, b.length];
  for (let d = depth; d >= 0; d--) {
    const ends = trace[d];
    const k = x - y;
    const down = k === -d || (k !== d && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    const from = d === 0 ? 0 : ends.get(before);
    const start = d === 0 ? [0, 0] : [from, from - before];
    while (x > start[0] && y > start[1]) {
      found.push([" ", a[--x]]);
      y--;
    }
    if (d > 0) found.push(down ? ["+", b[--y]] : ["-", a[--x]]);
  }
  return found.reverse();
}

const AROUND = 2;

/** What is shown of a difference: changed lines, some around them, and how many are left out between. */
function hunks(rows) {
  const near = new Uint8Array(rows.length);
  rows.forEach(([sign], i) => {
    if (sign !== " ") near.fill(1, Math.max(0, i - AROUND), Math.min(rows.length, i + AROUND + 1));
  });
  const shown = [];
  let left = 0;
  rows.forEach((row, i) => {
    if (near[i]) {
      if (left) shown.push(["…", left]);
      left = 0;
      shown.push(row);
    } else left++;
  });
  if (left) shown.push(["…", left]);
  return shown;
}
