# %% style="a one-hot vector from left and right"
# Times the matrix, in double precision; an array and nested lists.
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    here = np.zeros((H, W))
    here[tuple(cell)] = 1
    matrix, here = attention.squeeze(0).numpy(), here.flatten()
    return {"is looked at from": (matrix @ here).reshape(H, W).tolist(), "looks at": (here @ matrix).reshape(H, W)}


# %% style="four axes"
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    r, c = cell
    weights = attention[0].reshape(H, W, H, W)
    return {"looks at": weights[r, c], "is looked at from": weights[:, :, r, c]}


# %% style="row and column by number"
def maps_of_cell(attention, cell, features):
    H, W = features.shape[2], features.shape[3]
    token = cell[0] * W + cell[1]
    row, column = attention[0, token, :], attention[0, :, token]
    return {"looks at": row.view(H, W), "is looked at from": column.reshape(H, W)}


# %% style="the matrix and its transpose"
def maps_of_cell(attention, cell, features):
    shape = tuple(features.shape[-2:])
    token = int(np.ravel_multi_index(tuple(cell), shape))
    directions = {"looks at": attention, "is looked at from": attention.mT}
    return {direction: matrix[0][token].unflatten(0, shape) for direction, matrix in directions.items()}


# %% style="cell by cell"
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    r, c = cell
    looks_at, looked_at = torch.empty(H, W), torch.empty(H, W)
    for y in range(H):
        for x in range(W):
            looks_at[y, x] = attention[0, r * W + c, y * W + x]
            looked_at[y, x] = attention[0, y * W + x, r * W + c]
    return {"looks at": looks_at, "is looked at from": looked_at}


# %% style="einops"
from einops import rearrange


def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    weights = rearrange(attention, "1 (y x) (v u) -> y x v u", y=H, v=H)
    turned = rearrange(weights, "y x v u -> v u y x")
    return {"looks at": weights[tuple(cell)], "is looked at from": turned[tuple(cell)]}
