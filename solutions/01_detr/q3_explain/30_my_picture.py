# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 30 · What my picture shows · 8 points · 18 min · ●●●○○
# **You will be able to** describe attention in a picture so that a sceptic can check every sentence.
#
# First the encoder. Points 1 and 2 are where the queries of your two best detections look most, the others
# lie near two corners. **Choose your own** (x, y) in pixels: on an object, at its border, between two
# objects, on the background. The first figure shows rows (where the point looks), the second columns (who
# looks at the point: this is what the official notebook draws). The last layer is only one of several: try
# `layer=0`.

# %%
width, height = picture.size


def brightest_point(map_hw):
    """(x, y) in pixels of the centre of the cell with the largest weight."""
    row, column = divmod(int(map_hw.argmax()), here.grid.cells_hw[1])
    x0, y0, x1, y1 = here.grid.cell_box_xyxy(row, column)
    return (x0 + x1) / 2, (y0 + y1) / 2


queries_shown = [detection.query for detection in found][:2] or [query]
points = [brightest_point(here.maps[each]) for each in queries_shown]
points += [(0.06 * width, 0.06 * height), (0.94 * width, 0.94 * height)]

display(plot_encoder_attention(picture, here.attention, points, "looks at"))
display(plot_encoder_attention(picture, here.attention, points, "is looked at from"))


def encoder_table():
    """Of each point on a detected object: where it looks, against its controls."""
    weights = here.attention.encoder().weights
    others_weights = [run.attention.encoder().weights for run in elsewhere]
    for number, (point_xy, detection) in enumerate(zip(points[:2], found, strict=False), start=1):
        cell = here.grid.cell_at(point_xy)
        masses = encoder_masses(weights, others_weights, cell, detection.box_xyxy, here.grid)
        other = sorted(masses["elsewhere"])
        print(f"point {number} ({detection.name}): mass in its box {masses['here']:.2f}, "
              f"at equal distance {masses['equal distance']:.2f}")
        print(f"    the same cell in {len(other)} other pictures: median {other[len(other) // 2]:.2f}, "
              f"range {other[0]:.2f} to {other[-1]:.2f}")


attempt(encoder_table)

# %% [markdown]
# **Criterion 30a · A pattern of the encoder (2 points)**
# - 2: a pattern that can be checked in the figure (which point, where its weight goes and where not) *and* a
#   number of the own run that belongs to it.
# - 1: one of the two.
# - 0: a sentence that would fit any picture ("the encoder attends to global context").
#
# *A text in 30a to 30e that would fit any picture holds the whole of step 30 at 2 points.*

# %% [markdown] written="encoder_pattern" points=2
# Figure "looks at": the bright cells of points 1 and 2 lie on and right around the object that the point is
# on, and the other objects of the picture stay dark. Points 3 and 4 lie on the background; their weight stays
# on the background near their corner, and no object stands out in their maps.
#
# Number: in the table, the mass in the own box (first number of the line of point 1) is above the median of
# the same cell in other pictures, so the picture does matter. But the number "at equal distance" is what
# nearness alone would give, and what goes beyond it is the smaller part of the mass. So I do not say that
# this layer "finds objects": a cell looks around itself, and beyond that it prefers its own object a little.

# %% [markdown]
# Now the decoder: where the query of each detection looks, above the picture with its box. The table gives
# for each one its mass and lift in the box, its entropy, and the share of the box's mass that lies in the
# **inner quarter** (the box shrunk to half its width and height, a quarter of its area). Even attention in
# the box gives .25 there; attention to the centre gives more, attention to the extremities less.

# %%
display(plot_decoder_attention(picture, found, here.attention))
for number, detection in enumerate(found, start=1):
    map_hw, box = here.maps[detection.query], detection.box_xyxy
    x0, y0, x1, y1 = box
    inner = (3 * x0 + x1) / 4, (3 * y0 + y1) / 4, (x0 + 3 * x1) / 4, (y0 + 3 * y1) / 4
    mass, in_the_middle = (measures.mass_in_box(map_hw, each, here.grid) for each in (box, inner))
    print(f"{number} {detection.name:9} query {detection.query:3}: mass {mass:.2f}, "
          f"lift {measures.lift(map_hw, box, here.grid):5.1f}, entropy {measures.entropy(map_hw):.2f}, "
          f"inner quarter {in_the_middle / mass:.2f} of the box's mass")

# %% [markdown]
# **Criterion 30b · A pattern of the decoder (2 points)**
# - 2: a pattern that can be checked in the figure *and* a number of the own run that belongs to it. Where on
#   the object does the query look: centre, border, one part? What does it do where objects overlap?
# - 1: one of the two.
# - 0: a sentence that would fit any picture ("queries attend to their objects").

# %% [markdown] written="decoder_pattern" points=2
# Each query of my detections has one blob, and it lies on the object whose box the query predicts: in the
# table all lifts are far above 1, and most of each mass is in the box. Where the star covers a part of the
# ring the two queries keep apart: the brightest cells of one are not those of the other, although the boxes
# overlap.
#
# Inside the box the blob is not even. The column "inner quarter" is above .25 in every line, so these queries
# look at the middle of the box rather than at its border. That contradicts what the paper's figure 6 shows
# for photographs, attention on the extremities (heads, feet). I take it for a property of this small model on
# these shapes: on a map of 16 × 16 cells a whole object is only a few cells wide.

# %% [markdown]
# The controls of step 27 for the followed query. The shifted boxes are the query's own, put into those
# corners of the picture where it does not overlap itself.

# %%
def decoder_table():
    """The followed query's mass in its box, with all controls."""
    with_untrained = observe(untrained, picture)
    x0, y0, x1, y1 = here.boxes_xyxy[query].tolist()
    corners = [(dx, dy) for dx in (-x0, width - x1) for dy in (-y0, height - y1)
               if abs(dx) >= x1 - x0 or abs(dy) >= y1 - y0]
    masses = control_masses(here, elsewhere, with_untrained, query, corners)
    print(f"query {query} ({model.classes[label]}): mass in its box {masses['here']:.2f}")
    print(f"  same query, same box, {len(elsewhere)} other pictures: median {masses['median']:.2f}, "
          f"range {masses['lowest']:.2f} to {masses['highest']:.2f}")
    print(f"  boxes of equal size in the free corners: {[round(float(mass), 2) for mass in masses['shifted']]}")
    print(f"  untrained weights: {masses['untrained']:.2f} (the box's share of the area: "
          f"{float(here.grid.cover(here.boxes_xyxy[query]).mean()):.2f})")


attempt(decoder_table)

# %% [markdown]
# **Criterion 30c · Controls (2 points)**
# - 2: at least two different controls with their numbers, *and* what each of them rules out or leaves open.
# - 1: one control with its number, or two without a conclusion.
# - 0: no control, or one that changes query and box along with the picture.

# %% [markdown] written="controls" points=2
# Same query, same box, other pictures: the median is lower than the mass here, but higher than the box's
# share of the area. So two things are true at once. The query has a habit: it prefers this region whatever is
# there. And it follows the picture: with the object in place the mass is higher than this habit explains. The
# upper end of the range says how far the habit alone can go; before I lean on it I would look whether that
# picture has an object in the same place.
#
# Boxes of equal size in the free corners: far less, so the map is not just bright everywhere. Untrained
# weights: about the area's share, so nothing of this comes with the architecture. Left open: whether the
# query looks there because of the object's *shape*, or because of any blob of colour.

# %% [markdown]
# The two directions once more, in numbers: the table of step 28 for the cell at point 1 and the followed
# query.

# %%
def comparison_table():
    """compare_maps on your picture, at point 1, for the followed query and its box."""
    table = compare_maps(here.attention.encoder().weights, here.maps, here.grid.cell_at(points[0]), query,
                         here.boxes_xyxy[query], here.grid)
    print(f"{'':28}{'total':>8}{'entropy':>9}{'lift':>7}")
    for name, row in table.items():
        lift = f"{row['lift']:7.1f}" if "lift" in row else "      -"
        print(f"{name:28}{row['total']:8.2f}{row['entropy']:9.2f}{lift}")


attempt(comparison_table)

# %% [markdown]
# **Criterion 30d · Direction (1 point)**
# - 1: says for one named map which direction it shows, *and* what changes when the direction is turned, by a
#   figure or number.
# - 0: rows and columns mixed up, or the direction not said.

# %% [markdown] written="direction" points=1
# "Encoder looks at" is the row of the cell at point 1: where this cell looks; its total is 1 by the softmax.
# "Encoder is looked at from" is its column: which cells look at it; its total in the table is not 1, as this
# cell gets more or less than the average share of looks. Turned round, lift and entropy change as well (same
# table), and in the second figure the bright region of point 1 has another outline than in the first. The
# official notebook's figure is the column, so it must not be described as "where the point looks".

# %% [markdown]
# **Criterion 30e · Encoder against decoder (1 point)**
# - 1: a contrast between the two that rests on comparable numbers or figures (lift or normalised entropy, not
#   raw mass or colour).
# - 0: a contrast without evidence, or none.

# %% [markdown] written="contrast" points=1
# The encoder has a map for every cell, object or not, and uses it to build features; the decoder has one for
# every query, and uses it to read one object. "Encoder looks at" and "decoder looks at" lie over the same S
# cells, so entropy and lift can be compared: both lifts are above 1, and in both numbers the decoder's map is
# the sharper one. It also needs no starting cell, while the encoder's is tied to the neighbourhood of its own
# (see the equal-distance control).
