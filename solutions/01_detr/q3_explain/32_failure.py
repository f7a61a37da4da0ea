# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 32 · Where it fails · 3 points · 15 min · ●●○○○
# **Goal:** report a failure as carefully as a success.
#
# A scene composed to be hard, and a photograph, unlike anything in training. Each true object is listed with the
# detection that overlaps it most. Change the scene, or use a failure on your own image; `plot_decoder_attention(...)`
# shows where the failing query looks.

# %%
hard = compose(
    [
        Shape("star", (0.24, 0.26), 0.17, angle=10, colour="purple"),
        Shape("square", (0.30, 0.22), 0.15, angle=15, colour="orange"),     # hides most of the star
        Shape("circle", (0.74, 0.22), 0.035, colour="blue"),                # far smaller than any in training
        Shape("circle", (0.28, 0.74), 0.12, colour="turquoise", stretch=3),    # an ellipse: which class?
        Shape("ring", (0.72, 0.72), 0.20, colour="red"),
        Shape("ring", (0.72, 0.72), 0.11, colour="red"),                   # a ring in a ring
    ],
    Background("plain", "white", seed=2),
    size=(320, 320),
)
with get_sample_data("grace_hopper.jpg") as file:
    photograph = open_picture(file.read())
photograph.thumbnail((320, 320))

hard_found, photograph_found = (detect(model, each, threshold=0.6) for each in (hard.picture, photograph))
overlaps = box_iou(torch.tensor(hard.boxes_xyxy).float(), hard_found.boxes_xyxy)       # (T, N)
for name, ious in zip(hard.names, overlaps, strict=True):
    best = list(hard_found)[int(ious.argmax())] if len(hard_found) else None
    said = f"best overlap IoU {ious.max():.2f}, with {best.name} {best.score:.2f}" if best else ""
    said = said if said and ious.max() > 0.1 else "no detection overlaps it by IoU 0.1"
    print(f"hard scene, true {name:6}: {said}")
maps, grid = (run := observe(model, photograph)).maps, run.grid
for hit in photograph_found:
    print(f"photograph, no shape in truth, found: {hit.name:8} {hit.score:.2f}, attention mass in its box "
          f"{measures.mass_in_box(maps[hit.query], hit.box_xyxy, grid):.2f}")

figure, axes = clear_subplots(1, 2, (8.8, 4.8))
plot_detections(hard.picture, hard_found, ax=axes[0, 0])
plot_detections(photograph, photograph_found, ax=axes[0, 1])
display(figure)

# %% [markdown]
# **Criterion 32a · A concrete failure (1 point)**
# - 1: one object or place, what was expected, what came, with its number.
# - 0.5: the same without a number.
# - 0: "sometimes it fails", or only successes.

# %% [markdown] written="failure" points=1
# The star behind the square was not found: expected a star, came nothing but the square itself, score 1.00, which
# overlaps it by IoU 0.64. The photograph holds none of the six shapes, so the right answer is no detection; the
# model reports a cross with a score of 0.84.

# %% [markdown]
# **Criterion 32b · A likely cause (1 point)**
# - 1: a cause that fits this failure, and how one could test it.
# - 0.5: such a cause without a test.
# - 0: "not enough training", with nothing that would show it.

# %% [markdown] written="cause" points=1
# For the star: training scenes keep at least 60 % of a shape's inside visible, and here the square hides most of it.
# That can be tested by moving the square away step by step: if this is the cause, the star is found about when 60 %
# are visible. For the photograph: in training everything that stands out from the background *is* a shape. A cheap
# test is to blur the photograph: if edges are what it answers to, the score must fall.

# %% [markdown]
# **Criterion 32c · A limit of attention as an explanation (1 point)**
# - 1: something about this model or your claim that attention maps cannot show, and why.
# - 0.5: the same without a reason.
# - 0: "attention explains the decision", or a remark that fits any method.

# %% [markdown] written="limit" points=1
# The maps do not tell right detections from wrong ones: the false cross has 0.91 of its attention in its own box,
# about as much as the true detections of step 30. A map shows where weights are large, not what was read there (the
# values), nor what came along the residual paths, nor whether the answer is right. So I use maps to form hypotheses;
# experiments like those of step 31 decide.
