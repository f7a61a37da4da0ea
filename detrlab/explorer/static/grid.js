/* Where the cells of the feature map lie in the picture, as detrlab/attention/grid.py. Points are (x, y) in pixels of the
   picture; a cell is a number y * W + x. The borders come from Python, so nothing here depends on a stride. */

/** The cell that holds a point; points outside count for the nearest cell. */
export function cellAt(grid, x, y) {
  const column = Math.floor(x / grid.cell_width + 1e-9);
  const row = Math.floor(y / grid.cell_height + 1e-9);
  return clampCell(row, grid.H) * grid.W + clampCell(column, grid.W);
}

/** { row, column, x0, y0, x1, y1 } of a cell's visible part. */
export function placeOf(grid, cell) {
  const row = Math.floor(cell / grid.W);
  const column = cell % grid.W;
  const [x0, x1] = [grid.x_edges[column], grid.x_edges[column + 1]];
  const [y0, y1] = [grid.y_edges[row], grid.y_edges[row + 1]];
  return { row, column, x0, y0, x1, y1 };
}

/** Float32Array (H*W): which share of each cell's visible area a box (x0, y0, x1, y1) covers. */
export function coverOf(grid, [x0, y0, x1, y1]) {
  const across = coveredShares(grid.x_edges, x0, x1);
  const down = coveredShares(grid.y_edges, y0, y1);
  const cover = new Float32Array(grid.H * grid.W);
  for (let row = 0; row < grid.H; row++) {
    for (let column = 0; column < grid.W; column++) cover[row * grid.W + column] = down[row] * across[column];
  }
  return cover;
}

function coveredShares(edges, start, stop) {
  const shares = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const inside = Math.max(0, Math.min(edges[i + 1], stop) - Math.max(edges[i], start));
    // In a padded batch a cell can lie wholly beyond the picture: no box covers it.
    shares.push(inside / Math.max(edges[i + 1] - edges[i], 1e-9));
  }
  return shares;
}

function clampCell(value, count) {
  return Math.min(Math.max(value, 0), count - 1);
}
