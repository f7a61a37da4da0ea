# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # C. Controls and comparison
#
# ### Step 27 · Controls for the decoder · 3 points · 12 min · ●●●○○
# **Goal:** tell what comes from this image, from the query's habits and from the architecture.
#
# "92 % of the query's attention is in its box" explains something only if the number is smaller *without* the object.
# Three controls:
#
# | control | what stays | what is taken away |
# |---|---|---|
# | other images | the query, the box | the object; what remains is the query's habit |
# | shifted boxes | the map, the size of the box | the place; what remains is brightness everywhere |
# | untrained weights | image, query, box, architecture | everything learned |
#
# On another image it is the **same query** (not the best one there) and the **same box** (not the one predicted there).
# A shifted box keeps its size: add (dx, dy) to both corners.
#
# Every mass is of the query's map, `run.maps[query]`, by `measures.mass_in_box(map_hw, box_xyxy, run.grid)`.
#
# *Example.* Masses .2, .4, .3, .1, .3 elsewhere have the median .3 (sorted: .1 .2 **.3** .3 .4) and the range .1
# to .4.

# %% exercise="decoder_controls"
def control_masses(here, elsewhere, untrained, query, shifts):
    """Mass of one query's map in the box it predicts, and the three controls.

    here: Run of the picture. elsewhere: list of Runs of other pictures (an odd number).
    untrained: Run of the same picture with an untrained model. query: index of the query.
    shifts: list of (dx, dy) in pixels; the shifted boxes lie in the picture.
    The box is always here.boxes_xyxy[query], shifted or not.
    Returns a dict: numbers "here", "median", "lowest", "highest", "untrained", and lists of numbers
    "elsewhere" (in the order of the pictures) and "shifted" (in the order of the shifts).
    """
    ### BEGIN SOLUTION
    box = here.boxes_xyxy[query]
    other = [measures.mass_in_box(run.maps[query], box, run.grid).item() for run in elsewhere]
    shifted = [box + torch.tensor([dx, dy, dx, dy]) for dx, dy in shifts]
    return {
        "here": measures.mass_in_box(here.maps[query], box, here.grid).item(),
        "elsewhere": other,
        "median": sorted(other)[len(other) // 2],
        "lowest": min(other),
        "highest": max(other),
        "shifted": [measures.mass_in_box(here.maps[query], each, here.grid).item() for each in shifted],
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }
    ### END SOLUTION

# %% check="decoder_controls" points=3
RANGE = "median", "lowest", "highest"

@check(parts={"here": 0.5, "elsewhere": 0.5, "range": 0.5, "shifted": 1, "untrained": 0.5})
def decoder_controls(draw):
    Q, H, W = draw.sizes(3, 3, 11)
    grid = FeatureGrid(cells_hw=(H, W), input_hw=(8 * H, 8 * W), picture_hw=(40 * H, 40 * W), stride=8)

    def a_run():
        return Run(draw.attention(Q, H * W).reshape(Q, H, W), draw.boxes_xyxy(Q, width=40 * W, height=40 * H),
                   draw.uniform(Q, 5), grid)

    here, untrained, elsewhere = a_run(), a_run(), [a_run() for _ in range(7)]
    reports = []
    for count, query in zip((5, 7, 3), draw.permutation(Q)[:3].tolist()):
        x0, y0, x1, y1 = here.boxes_xyxy[query].tolist()
        shifts = [(draw.number(-x0, 40 * W - x1), draw.number(-y0, 40 * H - y1)) for _ in range(3)]
        reports.append(as_numbers(control_masses(here, elsewhere[:count], untrained, query, shifts)))
    found = {name: [report.get(name) for report in reports] for name in ("here", "elsewhere", "shifted", "untrained")}
    return found | {"range": [[report.get(name) for name in RANGE] for report in reports]}

@decoder_controls.must("the median lies between the lowest and the highest")
def _(found):
    return all(lowest <= median <= highest for median, lowest, highest in found["range"])

# %% [raw] hints="decoder_controls"
# 1. A control repeats the measurement with one thing changed. Write down for each of the three what changes;
#    query and box come from `here` every time, unless the box is what changes.
# 2. `box = here.boxes_xyxy[query]`; then `measures.mass_in_box(run.maps[query], box, run.grid)` for here, for
#    each run of elsewhere and for untrained. A shifted box is the box plus (dx, dy, dx, dy), on here's map.
# 3. `other = [measures.mass_in_box(run.maps[query], box, run.grid).item() for run in elsewhere]`; the median is the
#    middle one of `sorted(other)`. A shifted box is `box + torch.tensor([dx, ...])`: four numbers, on which map?

# %% [raw] mistake="decoder_controls/query_chosen_anew"
# On the other images the best query there was measured, a new one each time. Then habits of the query are
# no longer controlled for: keep the same query index everywhere.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, q, box: measures.mass_in_box(run.maps[q], box, run.grid).item()
#     other = [mass(run, run.scores.argmax(), box) for run in elsewhere]
#     return {"here": mass(here, query, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, query, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, query, box)}

# %% [raw] mistake="decoder_controls/box_of_the_other_picture"
# On the other images the box that the query predicts there was used. The box has to stay where the object
# is in this image: what is asked is how much the query looks at that place when the object is gone.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, run.boxes_xyxy[query]) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/shift_changes_the_size"
# Only the first corner was shifted, so the box grew or shrank, and with it the mass one would expect by chance. Add
# (dx, dy) to both corners.
# ---
# - shifted = [box + torch.tensor([dx, dy, dx, dy]) for dx, dy in shifts]
# + shifted = [box + torch.tensor([dx, dy, 0, 0]) for dx, dy in shifts]

# %% [raw] mistake="decoder_controls/mean_for_median"
# Everything agrees but the median: this is the mean. With a handful of images one odd image drags the
# mean along; the median is the middle value of the sorted masses.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sum(other) / len(other),
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/untrained_box"
# The untrained model was measured in the box that it predicts itself. Change one thing only: its map, but the
# box from here.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, untrained.boxes_xyxy[query])}

# %% [raw] mistake="decoder_controls/sorted_list"
# The masses elsewhere are sorted. Keep them in the order of the images, so that each can be traced to its image;
# sort a copy for the median.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box, query=query: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": sorted(other), "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/median_of_the_unsorted"
# The median was taken from the masses as they came. It is the middle value of the sorted masses.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box, query=query: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": other[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/query_chosen_anew_untrained"
# The untrained model was measured by its own best query. Keep the query index: only the weights may change.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box, query=query: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box, untrained.scores.argmax())}

# %% [raw] mistake="decoder_controls/shifted_elsewhere"
# The shifted boxes were measured on another image. They ask about this image: same map, another place.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box, query=query: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(elsewhere[0], box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/most_mass_elsewhere"
# On the other images the query with most mass in the box was measured. It is there by selection; keep the same query
# index everywhere.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [measures.mass_in_box(run.maps, box, run.grid).max().item() for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/dy_first"
# The shifts were added as (dy, dx). Boxes are (x0, y0, x1, y1), x first, so add (dx, dy, dx, dy).
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dy, dx, dy, dx])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/here_for_untrained"
# The untrained model's mass is of the trained model's map. Take untrained.maps.
# ---
# - "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
# + "untrained": measures.mass_in_box(here.maps[query], box, untrained.grid).item(),

# %% [raw] mistake="decoder_controls/shifts_added_up"
# Each shift was added to the box that the one before had moved. Every shift starts from the predicted box.
# ---
# - shifted = [box + torch.tensor([dx, dy, dx, dy]) for dx, dy in shifts]
# + shifted = [box + torch.tensor(shifts[: i + 1]).sum(0).repeat(2) for i in range(len(shifts))]

# %% [raw] mistake="decoder_controls/range_swapped"
# The lowest and the highest have changed places.
# ---
# - "lowest": min(other),
# - "highest": max(other),
# + "lowest": max(other),
# + "highest": min(other),

# %% [raw] mistake="decoder_controls/lift_for_mass"
# These are lifts, masses over the box's share of the area. Masses are asked for: measures.mass_in_box.
# ---
# - other = [measures.mass_in_box(run.maps[query], box, run.grid).item() for run in elsewhere]
# + other = [measures.lift(run.maps[query], box, run.grid).item() for run in elsewhere]
# - "here": measures.mass_in_box(here.maps[query], box, here.grid).item(),
# + "here": measures.lift(here.maps[query], box, here.grid).item(),
# - "shifted": [measures.mass_in_box(here.maps[query], each, here.grid).item() for each in shifted],
# + "shifted": [measures.lift(here.maps[query], each, here.grid).item() for each in shifted],
# - "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
# + "untrained": measures.lift(untrained.maps[query], box, untrained.grid).item(),

# %% [raw] mistake="decoder_controls/untrained_missing"
# There is nothing under "untrained". The third control is the untrained model's map in the same box.
# ---
# - "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
# + "untrained": None,
