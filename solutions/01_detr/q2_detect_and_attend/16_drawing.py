# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 16 · Draw detections · 2 points · 10 min · ●●○○○
# **You will be able to** show detections on a picture, however many there are.
#
# On the `axes` given, show the picture, and for each detection a rectangle and near it a label: one text with **class
# name and score**, two decimals, such as `star 0.93`. Return the axes.
#
# `axes.imshow(picture)` draws in pixels, so nothing has to be scaled any more. `Rectangle((x0, y0), width, height,
# fill=False, edgecolor=...)` wants one corner and the *size*; `axes.add_patch` puts it there and `axes.text(x, y,
# "...")` writes. It has to work for no detection (just the picture) and for a single one as well as for many.
# Colours, line widths and further titles are yours to choose. Draw each rectangle as one: a patch, or a closed line
# through its four corners.
#
# Draw with matplotlib: the library's `plot_detections`, `draw_box` and `draw_labels` may not be called in your answer.
#
# If stuck: `hint("drawing")`.

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
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=4))
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="black", linewidth=1.5))
        axes.text(x0, y0, f"{name} {score:.2f}", color="white", va="bottom", bbox={"facecolor": "black", "pad": 2})
    return axes
    ### END SOLUTION


# %% check="drawing" points=2
def label_in(text):
    """'star 0.93' from a text with one class name and a score, as in '#1 Star: 93 %'; None from all others."""
    names = [name for name in shapes.classes if re.search(rf"(?<![a-z]){name}(?![a-z])", text.lower())]
    score = re.search(r"(\d+)\s*%|(\d*\.\d+)(\s*%)?", text)  # a number with decimals or per cent, not that of a list
    if len(names) != 1 or not score:
        return None
    value = float(score[1] or score[2]) / (100 if score[1] or score[3] else 1)
    return f"{names[0]} {value:.2f}"


def what_is_drawn(draw, N):
    """Boxes, labels and pictures that draw_detections puts on its axes for N drawn detections."""
    width, height = draw.sizes(2, 31, 47)
    picture = Image.new("RGB", (width, height), tuple(draw.integer(0, 255) for _ in range(3)))
    boxes_xyxy = draw.boxes_xyxy(N, width=width, height=height)
    names = [draw.choice(shapes.classes) for _ in range(N)]
    values = (71 + draw.permutation(29)[:N]) / 100  # no score twice, so a label drawn twice, as a shadow, is one label
    axes = Figure().subplots()
    returned = draw_detections(axes, picture, boxes_xyxy, names, values)
    if returned is ____:
        return ____
    return {
        "boxes": each_once(drawn_boxes(axes)),
        "labels": sorted({label for text in axes.texts if (label := label_in(text.get_text()))}),
        "pictures": [list(image["data"].shape) for image in drawn_images(axes)],
        "returned": "the axes" if returned is axes else type(returned).__name__,
    }


@check
def drawing(draw):
    found = {"many detections": what_is_drawn(draw, draw.size(5, 11))}
    for case, N in (("one detection", 1), ("no detection", 0)):
        try:
            found[case] = what_is_drawn(draw, N)
        except Exception as error:
            found[case] = f"stops with {type(error).__name__}"
    return found


# %% [raw] hints="drawing"
# 1. A loop over the detections: each turn takes one box, one name and one score. A loop over nothing draws nothing,
#    which is right for N = 0.
# 2. `zip(boxes_xyxy.tolist(), names, scores.tolist())` gives plain numbers; the rectangle's width is x1 - x0.
# 3. In the loop: `axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))` and
#    `axes.text(x0, y0, f"{name} {score:.2f}")`. Do not forget the picture before and `return axes` after it.

# %% [raw] mistake="drawing/corner_as_size"
# The right and lower edge were given as width and height, so every box reaches too far. `Rectangle` wants the size:
# x1 - x0 and y1 - y0.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
#         axes.add_patch(Rectangle((x0, y0), x1, y1, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")
#     return axes

# %% [raw] mistake="drawing/squeezed"
# It stops at a single detection: `squeeze` turns (1, 4) into (4,), and the loop then runs over four numbers instead
# of one box. Leave the shape (N, 4) as it is.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.squeeze().tolist(), names, scores.tolist()):
#         axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")
#     return axes

# %% [raw] mistake="drawing/y_first"
# The boxes were drawn with y first, as tensors are indexed. matplotlib wants (x, y), and the width before the height.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
#         axes.add_patch(Rectangle((y0, x0), y1 - y0, x1 - x0, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")
#     return axes

# %% [raw] mistake="drawing/no_scores"
# Boxes and names are there, the scores are not: a label such as `star 0.93` shows how sure the model is.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name in zip(boxes_xyxy.tolist(), names, strict=True):
#         axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))
#         axes.text(x0, y0, name)
#     return axes

# %% [raw] mistake="drawing/no_picture"
# Boxes and labels are there, but they hang in the air: show the picture on the same axes first.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
#         axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")
#     return axes

# %% [raw] mistake="drawing/no_return"
# Everything is drawn, but the function returns nothing. Whoever calls it wants the axes back, to go on with them: end
# with `return axes`.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
#         axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")

# %% [markdown]
# #### Your six functions, one after the other
# This is the whole way from a picture to its detections. Change the threshold to 0.1 and see what the model was less
# sure about.

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


attempt(lambda: show_my_detections(sample.picture, threshold=0.7))
