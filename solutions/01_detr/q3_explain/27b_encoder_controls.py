# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 27, continued · Controls for the encoder · 4 points · 20 min · ●●●●○
# **Goal:** tell attention that follows the image from attention that is merely local.
#
# An encoder cell on an object may look at that object only because it is *near*. The control: for every distance,
# average the attention over **all pairs of cells in the image that lie this far apart**; then draw, for the cell in
# question, the map that these averages give. Distances are Euclidean, in cells; compare their squares
# $\Delta y^2 + \Delta x^2$, which are whole numbers.
#
# *Example.* One row of three cells with weights [query, key]
#
# | | key 0 | key 1 | key 2 |
# |---|---|---|---|
# | **query 0** | .6 | .3 | .1 |
# | **query 1** | .2 | .5 | .3 |
# | **query 2** | .1 | .2 | .7 |
#
# At distance 0 the mean is (.6 + .5 + .7)/3 = .6, at distance 1 (.3 + .2 + .3 + .2)/4 = .25, at distance 2 .1. The
# control map of cell 0 is (.6, .25, .1), that of cell 1 is (.25, .6, .25).
#
# Write `same_distance_map` (2 points), the control map from all pairs, the cell's own included; and `encoder_masses` (2
# points), by `measures.mass_in_box`: mass in the box of where the cell looks here, on the other images, and in the
# control map.

# %% exercise="encoder_controls"
def same_distance_map(weights, cell):
    """What a cell's map would be if attention depended on distance alone: (H, W).

    weights: (H, W, H, W), [y, x] of the cell that looks, then [y, x] of the cell looked at. cell: (y, x).
    Each place holds the mean weight over all pairs of cells that are as far apart as it is from `cell`.
    """
    ### BEGIN SOLUTION
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")      # (H, W) each
    squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2    # (H, W, H, W)
    total = torch.bincount(squared.flatten(), weights=weights.double().flatten())
    count = torch.bincount(squared.flatten())
    return (total / count.clamp(min=1))[squared[cell]]      # (H, W)
    ### END SOLUTION


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    """Mass in a box of where a cell looks, with its two controls.

    here: (H, W, H, W) weights of the picture. elsewhere: list of such weights of other pictures.
    cell: (y, x). box_xyxy: (4,) pixels of grid's picture.
    Returns a dict of numbers "here", "equal distance" and a list of numbers "elsewhere".
    """
    ### BEGIN SOLUTION
    def mass(map_hw):
        return measures.mass_in_box(map_hw, box_xyxy, grid).item()

    return {
        "here": mass(here[cell]),
        "elsewhere": [mass(other[cell]) for other in elsewhere],
        "equal distance": mass(same_distance_map(here, cell)),
    }
    ### END SOLUTION

# %% check="encoder_controls" points=4
@check(parts={"control map": 2, "here": 0.5, "elsewhere": 0.5, "equal distance": 1})
def encoder_controls(draw):
    H, W = draw.sizes(2, 3, 7)
    S = H * W
    grid = FeatureGrid(cells_hw=(H, W), input_hw=(8 * H, 8 * W), picture_hw=(40 * H, 40 * W), stride=8)
    places = torch.cartesian_prod(torch.arange(H), torch.arange(W)).float()      # (S, 2)
    logits = [2 * draw.normal(S, S) - torch.cdist(places, places) for _ in range(4)]     # near cells get more
    here, *elsewhere = (each.softmax(-1).reshape(H, W, H, W) for each in logits)
    maps, reports = [], []
    for y in (0, draw.integer(1, H - 2), H - 1):
        cell, box_xyxy = (y, draw.integer(0, W - 1)), draw.boxes_xyxy(width=40 * W, height=40 * H)
        maps.append(torch.as_tensor(as_numbers(same_distance_map(here, cell))).float())
        reports.append(as_numbers(encoder_masses(here, elsewhere, cell, box_xyxy, grid)))
    masses = {name: [report.get(name) for report in reports] for name in ("here", "elsewhere", "equal distance")}
    return {"control map": maps} | masses

@encoder_controls.must("the masses lie between 0 and 1")
def _(report):
    masses = [*report["here"], *report["equal distance"], *sum(report["elsewhere"], [])]
    return all(0 <= mass <= 1 for mass in masses)

# %% [raw] hints="encoder_controls"
# 1. Build a table that says for every pair of cells how far apart they are, in the same shape (H, W, H, W) as
#    the weights. Then "the mean at distance d" is the mean of the weights where that table equals d.
# 2. With `y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")` the squared distances are
#    `(y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2`. For each place of the map take the
#    mean of `weights[squared == squared[cell][that place]]`. A row of the attention is `weights[cell]`.
# 3. `torch.stack([weights[squared == d].mean() for d in ...]).reshape(H, W)` with the table `squared` of all pairs; which
#    distances does d run over, one for each place of the map? For the masses write one function of a map, and give it
#    three: two of them are rows of the attention.

# %% [raw] mistake="encoder_controls/own_rings_only"
# Only the cell's own row was averaged over rings. Its own object is in there, so this control takes nothing
# away: average over all pairs of cells in the image that are equally far apart.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y - cell[0]) ** 2 + (x - cell[1]) ** 2
#     row = weights[cell]
#     return torch.stack([row[squared == d].mean() for d in squared.flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/city_block"
# Distances were counted along rows and columns, |dy| + |dx|. Asked for is the Euclidean distance, dy² + dx²
# under the root.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     steps = (y[:, :, None, None] - y).abs() + (x[:, :, None, None] - x).abs()
#     return torch.stack([weights[steps == d].mean() for d in steps[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/sum_for_mean"
# The weights at each distance were added up, not averaged. There are many more pairs at middle distances than
# near ones, so divide by the number of pairs.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2
#     return torch.stack([weights[squared == d].sum() for d in squared[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/column_for_row"
# The masses are of who looks at the cell, its column. Where the cell itself looks is its row, weights[y, x],
# since the first two dimensions are the cell that looks.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2
#     return torch.stack([weights[squared == d].mean() for d in squared[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     column = lambda weights: weights[:, :, cell[0], cell[1]]
#     return {"here": mass(column(here)), "elsewhere": [mass(column(other)) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/column_for_row_here"
# On this image the mass is of who looks at the cell, its column; elsewhere it is of where the cell looks. Take the
# row, weights[y, x], in both.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2
#     return torch.stack([weights[squared == d].mean() for d in squared[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[:, :, cell[0], cell[1]]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/whole_distances"
# Distances were rounded to whole cells, so pairs that are 2.8 and 3 cells apart share one mean. Compare the squares, which
# are whole numbers and exact.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     away = ((y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2).sqrt().round()
#     return torch.stack([weights[away == d].mean() for d in away[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/own_row_left_out"
# The cell's own pairs were left out of the means. Asked for is the mean over all pairs, the cell's own included.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2
#     asked, squared = squared[cell].flatten(), squared.clone()
#     squared[cell] = -1
#     means = [weights[squared == d].mean() if (squared == d).any() else weights.new_zeros(()) for d in asked]
#     return torch.stack(means).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/own_sum_kept"
# The mass of the control map was not divided by the map's own sum. Averages need not sum to 1, so take
# measures.mass_in_box, which divides.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2
#     return torch.stack([weights[squared == d].mean() for d in squared[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: (map_hw * grid.cover(box_xyxy)).sum().item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/larger_step"
# The distance is the larger of the two steps, |dy| or |dx|. Asked for is the Euclidean distance: compare dy² + dx².
# ---
# - squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2    # (H, W, H, W)
# + squared = torch.maximum((y[:, :, None, None] - y).abs(), (x[:, :, None, None] - x).abs())

# %% [raw] mistake="encoder_controls/cell_turned"
# The cell was taken as (x, y). It comes as (y, x), as the map's dimensions do.
# ---
# - return (total / count.clamp(min=1))[squared[cell]]      # (H, W)
# + return (total / count.clamp(min=1))[squared[cell[::-1]]]      # (H, W)
# - "here": mass(here[cell]),
# + "here": mass(here[cell[::-1]]),
# - "elsewhere": [mass(other[cell]) for other in elsewhere],
# + "elsewhere": [mass(other[cell[::-1]]) for other in elsewhere],

# %% [raw] mistake="encoder_controls/distance_ignored"
# The control map is even: the mean ran over all pairs, whatever their distance. Take a mean for each distance.
# ---
# - return (total / count.clamp(min=1))[squared[cell]]      # (H, W)
# + return weights.mean().expand(H, W)

# %% [raw] mistake="encoder_controls/same_step"
# Only pairs with the same step (dy, dx) were averaged. Asked for are all pairs at this distance, in every direction.
# ---
# - squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2    # (H, W, H, W)
# + squared = (y[:, :, None, None] - y + H) * 2 * W + (x[:, :, None, None] - x + W)

# %% [raw] mistake="encoder_controls/control_of_another_image"
# The control map was made from another image's weights. It takes the content away by averaging over this image's
# pairs.
# ---
# - "equal distance": mass(same_distance_map(here, cell)),
# + "equal distance": mass(same_distance_map(elsewhere[0], cell)),

# %% [raw] mistake="encoder_controls/elsewhere_averaged"
# The masses elsewhere were averaged to one number. Give a list, one for each image.
# ---
# - "elsewhere": [mass(other[cell]) for other in elsewhere],
# + "elsewhere": sum(mass(other[cell]) for other in elsewhere) / len(elsewhere),

# %% [raw] mistake="encoder_controls/divided_by_cells"
# The weights at each distance were divided by the number of cells. Divide by the number of pairs at that distance.
# ---
# - return (total / count.clamp(min=1))[squared[cell]]      # (H, W)
# + return (total / (H * W))[squared[cell]]
