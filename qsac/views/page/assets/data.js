// Columns of the artifact: compressed, in base64, little-endian as the machines that browsers run on.

const TYPES = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array };

/** The content of a packed column: a typed array, or what its JSON says. */
async function unpacked([type, text]) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  return type === "json" ? JSON.parse(new TextDecoder().decode(buffer)) : new TYPES[type](buffer);
}

/** The data of the page, with `column(name)` for the columns that are unpacked when they are first asked for. */
async function readData() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const blobs = new Map(Object.entries(data.blobs));
  const known = new Map();
  delete data.blobs;
  data.column = (name) => {
    if (!known.has(name)) known.set(name, unpacked(blobs.get(name)));
    return known.get(name);
  };
  return data;
}
