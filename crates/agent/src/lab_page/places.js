// Where each node is: in columns by number, so that the halves that a cut parts are left and right.

/**
 * @param {number} nodes
 * @param {number} width
 * @param {number} height
 */
export function places(nodes, width, height) {
  const margin = 8;
  const [w, h] = [Math.max(1, width - 2 * margin), Math.max(1, height - 2 * margin)];
  const rows = Math.max(1, Math.min(nodes, Math.round(Math.sqrt((nodes * h) / w))));
  const columns = Math.ceil(nodes / rows);
  const [dx, dy] = [w / columns, h / (rows + 0.5)];
  const [x, y] = [new Float32Array(nodes), new Float32Array(nodes)];
  for (let i = 0; i < nodes; i++) {
    const column = Math.floor(i / rows);
    x[i] = margin + (column + 0.5) * dx;
    // Every other column is lower by half a place: discs stand closer.
    y[i] = margin + ((i % rows) + (column % 2 ? 1 : 0.5)) * dy;
  }
  const half = Math.floor(nodes / 2);
  return { x, y, radius: Math.min(14, Math.min(dx, dy) * 0.4), middle: margin + (half / rows) * dx };
}

/** @typedef {ReturnType<typeof places>} Places */
