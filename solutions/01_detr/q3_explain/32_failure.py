# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 32 · Where it fails · 3 points · 7 min · ●●○○○
# **You will be able to** report a failure as carefully as a success.
#
# An analysis that shows only what worked is an advertisement. The cell below tries the model on a scene that
# was composed to be hard, and on a photograph, which is unlike anything it was trained on; for the scene, the
# true objects are listed with what was found of them. Change the scene, or use a failure on your own picture;
# the attention of the failing query is one line away (`plot_decoder_attention(...)`).

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
for number, name in enumerate(hard.names):
    hits = [f"{hit.name} {hit.score:.2f} (IoU {iou.max():.2f})"
            for hit, iou in zip(hard_found, overlaps.T, strict=True) if iou.argmax() == number and iou.max() > 0.5]
    print(f"hard scene, true {name:6} found as: {', '.join(hits) or 'nothing'}")
maps, grid = (run := observe(model, photograph)).maps, run.grid
for hit in photograph_found:
    print(f"photograph, no shape in truth, found: {hit.name:8} {hit.score:.2f}, attention mass in its box "
          f"{measures.mass_in_box(maps[hit.query], hit.box_xyxy, grid):.2f}")

figure, axes = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
plot_detections(hard.picture, hard_found, ax=axes[0])
plot_detections(photograph, photograph_found, ax=axes[1])
plt.show()

# %% [markdown]
# **Criterion 32a · A concrete failure (1 point).** 1: one object or place, what was expected, what came, with
# its number. 0: "sometimes it fails", or only successes.

# %% [markdown] written="failure" points=1
# The photograph holds none of the six shapes, so the right answer is no detection at all. The model reports
# several (the lines "photograph"). The first is a triangle with a score of 0.98, far above the threshold used
# here: it is the name plate on a uniform.

# %% [markdown]
# **Criterion 32b · A likely cause (1 point).** 1: a cause that fits this failure, and how one could test it.
# 0: "not enough training", with nothing that would show it.

# %% [markdown] written="cause" points=1
# All training pictures are drawn, and everything in them that stands out from the background *is* one of the
# six shapes; "no object" was learned on plain and patterned backgrounds only. So for this model edges and
# blobs of colour mean a shape, and a photograph is full of them. That can be tested: train on with
# photographs as scenes without objects. If this is the cause, the false detections go, and AP on drawn scenes
# stays. A cheaper test is to blur the photograph: if edges are what it answers to, the scores must fall.

# %% [markdown]
# **Criterion 32c · A limit of attention as an explanation (1 point).** 1: something about this model or your
# claim that attention maps cannot show, and why. 0: "attention explains the decision", or a general remark
# that fits any method.

# %% [markdown] written="limit" points=1
# The maps do not tell the right detections from the wrong ones. The table prints for the false detections in
# the photograph a mass in their own box of the same order as for the true ones in step 30: the query looks
# just as firmly at a shape that is not there. The map shows where weights are large, not what was read at
# that place (the values), nor what came along the residual paths, nor whether the answer is right. So I use
# maps to form hypotheses; experiments like those of step 31 decide between them.
