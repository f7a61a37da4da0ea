# %% style="nothing from measures"
# torch.distributions for the entropy, the grid's cover for the lift.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    S = grid.cells_hw[0] * grid.cells_hw[1]
    matrix, rows = encoder.reshape(S, S), cross.reshape(len(cross), S)
    number, cover = y * grid.cells_hw[1] + x, grid.cover(box_xyxy).flatten()
    table = {
        "encoder looks at": matrix[number], "encoder is looked at from": matrix[:, number],
        "decoder looks at": rows[query], "decoder is looked at from": rows[:, number],
    }
    for name, weights in table.items():
        categories = torch.distributions.Categorical(probs=weights.double())
        table[name] = {"total": weights.sum().item(), "entropy": categories.entropy() / math.log(len(weights))}
        if len(weights) == S and name != "decoder is looked at from":
            table[name]["lift"] = (categories.probs @ cover / cover.mean()).item()
    return table


# %% style="measures, row by row"
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
    }
    table = {}
    for name, map_hw in maps.items():
        table[name] = {
            "total": map_hw.sum().item(),
            "entropy": measures.entropy(map_hw).item(),
            "lift": measures.lift(map_hw, box_xyxy, grid).item(),
        }
    weights = cross[:, y, x]
    table["decoder is looked at from"] = {
        "total": weights.sum().item(), "entropy": measures.entropy(weights[None]).item()}
    return table


# %% style="the three maps in one stack"
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    cell, names = tuple(cell), ("encoder looks at", "encoder is looked at from", "decoder looks at")
    stack = torch.stack([encoder[cell], encoder[..., cell[0], cell[1]], cross[query]])
    columns = stack.sum((1, 2)), measures.entropy(stack), measures.lift(stack, box_xyxy, grid)
    table = {name: dict(zip(("total", "entropy", "lift"), row)) for name, row in zip(names, zip(*columns))}
    from_queries = cross[:, cell[0], cell[1]].unsqueeze(0)
    table["decoder is looked at from"] = {"total": from_queries.sum(), "entropy": measures.entropy(from_queries)}
    return table


# %% style="plain numbers and logarithms"
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    r, c = cell
    cover = [share for row in grid.cover(box_xyxy).tolist() for share in row]

    def describe(weights, over_picture=True):
        weights = weights.flatten().tolist()
        total = sum(weights)
        shares = [weight / total for weight in weights]
        row = {"total": total, "entropy": -sum(a * math.log(a) for a in shares if a) / math.log(len(shares))}
        if over_picture:
            row["lift"] = sum(a * b for a, b in zip(shares, cover)) / (sum(cover) / len(cover))
        return row

    return {
        "encoder looks at": describe(encoder[r, c]),
        "encoder is looked at from": describe(encoder[:, :, r, c]),
        "decoder looks at": describe(cross[query]),
        "decoder is looked at from": describe(cross[:, r, c], over_picture=False),
    }


# %% style="mass over area"
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    area = grid.cover(box_xyxy).mean()
    encoder_columns = encoder.permute(2, 3, 0, 1)
    table = {}
    for who, rows, columns in (("encoder", encoder[tuple(cell)], encoder_columns[tuple(cell)]),
                               ("decoder", cross[query], cross.permute(1, 2, 0)[tuple(cell)])):
        for direction, weights in (("looks at", rows), ("is looked at from", columns)):
            shares = weights.double() / weights.double().sum()
            row = {"total": weights.sum(), "entropy": torch.special.entr(shares).sum() / math.log(shares.numel())}
            if weights.ndim == 2:
                row["lift"] = measures.mass_in_box(weights, box_xyxy, grid) / area
            table[f"{who} {direction}"] = row
    return table


# %% style="one-element tensors"
# Each map as a stack of one, so that every number is a tensor of shape (1,).
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    table = {}
    for name, maps in (("encoder looks at", encoder[[y], [x]]), ("decoder looks at", cross[[query]]),
                       ("encoder is looked at from", encoder[None, :, :, y, x])):
        table[name] = {"total": maps.sum((1, 2)), "entropy": measures.entropy(maps),
                       "lift": measures.lift(maps, box_xyxy, grid)}
    from_queries = cross[None, None, :, y, x]
    table["decoder is looked at from"] = {"total": from_queries.sum((1, 2)), "entropy": measures.entropy(from_queries)}
    return table
