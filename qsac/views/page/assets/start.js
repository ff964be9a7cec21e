// The page of `qsac view`. Every text of the artifact is put into the document as text, never as markup.

const page = {
  data: null, // what the artifact says, without its columns
  scenes: [], // one for each circuit: columns of its gates, ops, blocks
  current: 0, // the circuit that is shown
  lit: null, // what is pointed at: {gate, ops, field, pass}
  found: null, // of each gate of the current circuit whether the search has found it
  chosen: null, // of each gate whether the selected area holds it
};

const listeners = new Map();

/** Call `listener` whenever `name` happens. */
function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, []);
  listeners.get(name).push(listener);
}

/** Tell all listeners that `name` has happened. */
function emit(name, value) {
  for (const listener of listeners.get(name) ?? []) listener(value);
}

/** The circuit that is shown. */
function scene() {
  return page.scenes[page.current];
}

const waiting = new Set();

/** Call `draw` in the next frame, once, however often it is asked for. */
function soon(draw) {
  if (!waiting.size) {
    requestAnimationFrame(() => {
      const all = [...waiting];
      waiting.clear();
      for (const one of all) one();
    });
  }
  waiting.add(draw);
}
