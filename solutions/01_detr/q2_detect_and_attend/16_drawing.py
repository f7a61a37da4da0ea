# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 16 · Draw detections · 2 points · 10 min · ●●○○○
# **Goal:** show detections on an image, however many there are.
#
# On the `axes` given (not on `plt.gca()`), show the image, and for each detection the outline of its box and, in or
# close to that box, one text with **class name and score**, two decimals, such as `star 0.93`. Return the axes. There
# may be no detection (just the image), one, or many.
#
# `Rectangle((x0, y0), width, height, fill=False, edgecolor=...)` wants one corner and the *size*; `axes.add_patch` adds
# it, `axes.text(x, y, "...")` writes.
#
# The check looks at what a person sees: colours, outlines, and which label is nearest to which box. Style is yours to
# choose. `plot_detections`, `draw_box` and `draw_labels` may not be called.

# %% exercise="drawing" forbids="detrlab.figures.detections.plot_detections, detrlab.figures.drawing.draw_box, detrlab.figures.drawing.draw_labels"
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    """Draw a picture with its detections on matplotlib `axes`, and return the axes.

    picture: PIL. boxes_xyxy: (N, 4) tensor, corners in pixels of the picture. names: N class names.
    scores: (N,) tensor of probabilities. N may be 0.
    """
    ### BEGIN SOLUTION
    axes.imshow(picture)
    axes.set_axis_off()
    for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
    return axes
    ### END SOLUTION


# %% check="drawing" points=2
def label_in(text):
    """(name, score) of a label such as '#1 Star: 93 %': ('star', '0.93'), as many decimals as written; '' if missing."""
    names = [name for name in shapes.classes if re.search(rf"(?<![a-z]){name}(?![a-z])", text.lower())]
    score = re.search(r"(\d+(?:\.\d+)?)\s*%|(\d*\.\d+)", text)  # a number with decimals or per cent, not that of a list
    written = ""
    if score:
        decimals = len((score[1] or score[2]).partition(".")[2]) + (2 if score[1] else 0)
        written = f"{float(score[1] or score[2]) / (100 if score[1] else 1):.{decimals}f}"
    return names[0] if len(names) == 1 else "", written


def gap(one, other):
    """How far apart two boxes xyxy are; 0 where they touch or overlap."""
    return sum(max(one[i] - other[i + 2], other[i] - one[i + 2], 0) ** 2 for i in (0, 1)) ** 0.5


def boxes_apart(draw, N, width, height):
    """N boxes (N, 4) in pixels, each in a field of its own, so that it is clear which of them a label is close to."""
    fields = draw.permutation(12)[:N]
    corner = torch.stack([fields % 4, fields // 4], 1)
    low, high = draw.uniform(N, 2, low=0.1, high=0.25), draw.uniform(N, 2, low=0.6, high=0.9)
    return torch.cat([corner + low, corner + high], 1) * torch.tensor([width / 4, height / 3] * 2)


def what_is_drawn(draw, N):
    """What draw_detections shows for N drawn detections: boxes, picture, and the label close to each box."""
    width, height = draw.sizes(2, 31, 47)
    picture = four_colours(draw, width, height)
    boxes_xyxy = boxes_apart(draw, N, width, height)
    names = [draw.choice(shapes.classes) for _ in range(N)]
    values = (72 + draw.permutation(27)[:N]) / 100 - 0.003  # three decimals, different ones when rounded to two
    axes = Figure(figsize=(20, 16)).subplots()
    returned = draw_detections(axes, picture, boxes_xyxy, names, values)
    if returned is ____:
        return {"picture and boxes": ____, "labels": ____}
    near, far = [[] for _ in range(N)], 0  # the labels that are closer to this box than to any other, and not far off
    for text, place in drawn_labels(axes):
        gaps = [gap(place, box) for box in boxes_xyxy.tolist()]
        if gaps and min(gaps) < 0.12 * max(width, height):
            near[gaps.index(min(gaps))].append(label_in(text))
        elif any(label_in(text)):
            far += 1
    filled = drawn_boxes(axes, filled=True)
    seen = {
        "boxes": each_once(drawn_boxes(axes)),
        "boxes that are filled": sum(bool(((filled - box).abs().amax(1) < 0.1).any()) for box in boxes_xyxy),
        "a picture is there": any(np.ndim(image.get_array()) == 3 for image in [*axes.images, *axes.collections]),
        "colours of the picture": drawn_colours(axes, quarters(width, height)).nan_to_num(-1.0),
        "y grows": "downwards" if axes.yaxis_inverted() else "upwards",
        "returned": "the axes" if returned is axes else type(returned).__name__,
    }
    labels = {
        "names": [" ".join(sorted({name for name, _ in labels if name})) or "none" for labels in near],
        "labels far from every box": far,
        "scores": [" ".join(sorted({score for _, score in labels if score})) or "none" for labels in near],
    }
    return {"picture and boxes": seen, "labels": labels}


@check(parts={"picture and boxes": 1, "labels": 1})
def drawing(draw):
    found = {"picture and boxes": {}, "labels": {}}
    for case, N in (("many detections", draw.size(5, 11)), ("one detection", 1), ("no detection", 0)):
        drawn = attempted(lambda N=N: what_is_drawn(draw, N))
        for part in found:
            found[part][case] = drawn[part] if isinstance(drawn, dict) else drawn
    return found


# %% [raw] hints="drawing"
# 1. A loop over the detections: each turn takes one box, one name and one score. A loop over nothing draws nothing,
#    which is right for N = 0.
# 2. `zip(boxes_xyxy.tolist(), names, scores.tolist())` gives plain numbers; the rectangle's width is x1 - x0.
# 3. In the loop: `axes.add_patch(Rectangle((x0, y0), ..., ..., fill=False, edgecolor="red"))` and
#    `axes.text(x0, y0, f"{name} {score:.2f}")`. The image comes before the loop, `return axes` after it.

# %% [raw] mistake="drawing/corner_as_size"
# The right and lower edge were given as width and height, so every box reaches too far. `Rectangle` wants the size:
# x1 - x0 and y1 - y0.
# ---
# - axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + axes.add_patch(Rectangle((x0, y0), x1, y1, fill=False))

# %% [raw] mistake="drawing/y_first"
# The boxes were drawn with y first, as tensors are indexed. matplotlib wants (x, y), and the width before the height.
# ---
# - axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + axes.add_patch(Rectangle((y0, x0), y1 - y0, x1 - x0, fill=False))

# %% [raw] mistake="drawing/lower_corner"
# The rectangle begins at the lower corner and reaches further down. $y$ grows downwards, so begin at y0.
# ---
# - axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + axes.add_patch(Rectangle((x0, y1), x1 - x0, y1 - y0, fill=False))

# %% [raw] mistake="drawing/corner_as_centre"
# The corner was taken for the centre, so every box is shifted by half its size: `Rectangle` wants a corner.
# ---
# - axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + axes.add_patch(Rectangle((1.5 * x0 - x1 / 2, 1.5 * y0 - y1 / 2), x1 - x0, y1 - y0, fill=False))

# %% [raw] mistake="drawing/scaled_again"
# The corners were multiplied by the image's size, although they are in pixels already.
# ---
# - axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + axes.add_patch(Rectangle((x0 * picture.width, y0 * picture.height), (x1 - x0) * picture.width, (y1 - y0) * picture.height, fill=False))

# %% [raw] mistake="drawing/filled"
# The boxes are filled and hide what they are about. `fill=False` leaves the outline.
# ---
# - axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, edgecolor="red"))

# %% [raw] mistake="drawing/no_boxes"
# No outline of a box is seen. `axes.add_patch(Rectangle(...))` puts one there; it needs an edge colour and a width.
# ---
# - axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")

# %% [raw] mistake="drawing/squeezed"
# It stops at a single detection: `squeeze` turns (1, 4) into (4,), and the loop then runs over four numbers instead
# of one box. Leave the shape (N, 4) as it is.
# ---
# - for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
# + for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.squeeze().tolist(), names, scores.tolist(), strict=False):

# %% [raw] mistake="drawing/no_labels"
# There is no label close to any box. Write one text at each box, with the class name and the score.
# ---
# - axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))

# %% [raw] mistake="drawing/no_scores"
# The names are there, the scores are not: a label such as `star 0.93` shows how sure the model is.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(x0, y0, name)

# %% [raw] mistake="drawing/no_names"
# The scores are there, the class names are not: a label such as `star 0.93` says what was found.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(x0, y0, f"{score:.2f}")

# %% [raw] mistake="drawing/same_name"
# Every label has the name of the first detection. Take its own in each turn of the loop.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(x0, y0, f"{names[0]} {score:.2f}")

# %% [raw] mistake="drawing/one_decimal"
# The scores have one decimal. Two are asked for: `{score:.2f}`.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(x0, y0, f"{name} {score:.1f}")

# %% [raw] mistake="drawing/three_decimals"
# The scores have three decimals. Two are asked for: `{score:.2f}`.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(x0, y0, f"{name} {score:.3f}")

# %% [raw] mistake="drawing/not_rounded"
# The scores were not rounded. Two decimals are asked for: `{score:.2f}`.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(x0, y0, f"{name} {score}")

# %% [raw] mistake="drawing/label_y_first"
# The labels stand at (y, x), far from their boxes. matplotlib wants x first.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(y0, x0, f"{name} {score:.2f}")

# %% [raw] mistake="drawing/labels_in_the_corner"
# All labels stand on top of each other in the image's corner. Write each at its own box.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(0, 0, f"{name} {score:.2f}")

# %% [raw] mistake="drawing/labels_of_others"
# The labels stand at other boxes: boxes and labels were taken in different orders.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + axes.text(*places.pop(), f"{name} {score:.2f}")
# - for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
# + places = boxes_xyxy[:, :2].tolist()
# + for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):

# %% [raw] mistake="drawing/no_picture"
# The image is missing: show it on the same axes, before the boxes.
# ---
# - axes.imshow(picture)

# %% [raw] mistake="drawing/picture_in_fractions"
# The image was drawn into 0..1, so boxes in pixels lie far outside of it. Leave `extent` out, or give it pixels.
# ---
# - axes.imshow(picture)
# + axes.imshow(picture, extent=(0, 1, 1, 0))

# %% [raw] mistake="drawing/upside_down"
# The image and all that is drawn on it stand on their head: in images $y$ grows downwards, so leave `origin` as it is.
# ---
# - axes.imshow(picture)
# + axes.imshow(picture, origin="lower")

# %% [raw] mistake="drawing/other_axes"
# Nothing is on the axes that were given: `plt.gca()`, `plt.imshow` and `plt.figure` draw on others. Draw on `axes`.
# ---
# - axes.imshow(picture)
# + axes = plt.gca()
# + axes.imshow(picture)

# %% [raw] mistake="drawing/returned_in_the_loop"
# `return` stands inside the loop, so it ends after the first detection (and without one it returns nothing). It belongs
# after the loop.
# ---
# - axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# - return axes
# + axes.text(x0, y0, f"{name} {score:.2f}", color="white", backgroundcolor="red")
# + return axes

# %% [raw] mistake="drawing/no_return"
# The function returns nothing. Whoever calls it wants the axes back, to go on with them: end with `return axes`.
# ---
# - return axes

# %% [raw] mistake="drawing/nothing_for_none"
# Where there is no detection, the function ends before it shows the image, and returns nothing: a bare `return` gives
# None. Show the image and return the axes in this case, too.
# ---
# - axes.imshow(picture)
# + if len(boxes_xyxy) == 0:
# +     return
# + axes.imshow(picture)

# %% [raw] mistake="drawing/no_axes_for_none"
# Where there is no detection, the function returns nothing: a bare `return` gives None. Return the axes in this case, too.
# ---
# - axes.set_axis_off()
# + axes.set_axis_off()
# + if len(boxes_xyxy) == 0:
# +     return

# %% [raw] mistake="drawing/returned_figure"
# The figure was returned. The axes are asked for.
# ---
# - return axes
# + return axes.figure

# %% [markdown]
# #### Your six steps, one after the other
# Change the threshold to 0.1 and see what the model was less sure about.

# %%
def my_detections(picture, threshold=0.7):
    """Queries (N,), labels (N,), scores (N,) and boxes (N, 4) in pixels, by your own functions."""
    with torch.no_grad():
        out = shapes(prepare(picture, *shapes.input_size)[None])
    probabilities, labels = map(as_tensor, scores_and_labels(out["pred_logits"][0]))
    queries = as_tensor(kept_queries(probabilities, threshold)).long()
    boxes_xyxy = as_tensor(to_pixels(cxcywh_to_xyxy(out["pred_boxes"][0][queries]), picture))
    return queries, labels[queries], probabilities[queries], boxes_xyxy


def show_my_detections(picture, threshold=0.7):
    _, labels, probabilities, boxes_xyxy = my_detections(picture, threshold)
    figure = new_figure((4.2, 4.2))
    names = [shapes.classes[label] for label in labels]
    draw_detections(figure.subplots(), picture, boxes_xyxy, names, probabilities)
    return figure


PART_A = ("resize", "scores", "kept", "corners", "pixels", "drawing")
attempt(lambda: show_my_detections(sample.picture, threshold=0.7), after=PART_A)
