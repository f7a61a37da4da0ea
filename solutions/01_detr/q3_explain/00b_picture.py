# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## Your image and your model
#
# The next cell opens `my_picture.png` from notebook 2, or else a composed scene, but **your texts in part D should be
# about your own image.**
#
# | name | what it is |
# |---|---|
# | `model`, `untrained` | "shapes"; the same architecture with random weights |
# | `picture`, `others` | your image; five other images of the same size |
# | `here`, `elsewhere` | a `Run` of your image, and one of each other image |
# | `Run` | `maps` (Q, H, W): last cross-attention, mean over heads; `boxes_xyxy` (Q, 4) in pixels; `scores` (Q,); `grid`; `attention`: all other maps |
# | `grid` | a `FeatureGrid`: `grid.cell_at((x, y))` is (row, column) |
# | `query`, `label` | the best detection's object query and class: the *followed* query |
#
# **How "shapes" was trained limits what you may conclude.** Five helpers in its training (`data/README.md`) are not the
# paper's:
#
# | helper | what it may have caused |
# |---|---|
# | a class and box loss on every encoder token inside an object | encoder tokens that know their object |
# | queries start as position codes of a 5 × 4 grid of points | queries that prefer a place in any image |
# | keys' weights start equal to the queries' weights | tokens that look at similar tokens, themselves first |
# | heads of the last cross-attention with flat maps are restarted once | sharper maps in the last layer |
# | the weight of no-object in the loss rises from 0.1 to 0.4 | fewer repeats |
#
# With official weights, write `load_model("detr_resnet50", "official")` for `model`, and put photographs into `others`.

# %%
model = load_model("shapes")
torch.manual_seed(0)
untrained = shapes_model().eval()       # the same architecture before training: one of the controls

if Path("my_picture.png").exists():
    picture = open_picture("my_picture.png")
else:
    picture = compose(
        [
            Shape("ring", (0.32, 0.36), 0.23, colour="blue", proportion=0.6),
            Shape("star", (0.52, 0.50), 0.19, angle=12, colour="orange", proportion=0.7),
            Shape("square", (0.79, 0.24), 0.14, angle=20, colour="green"),
            Shape("triangle", (0.24, 0.80), 0.15, angle=-8, colour="purple"),
            Shape("cross", (0.80, 0.78), 0.13, angle=30, colour="red"),
        ],
        Background("gradient", "grey", tint=0.5, seed=3),
        size=(320, 320),
    ).picture
drawn_at = tuple(round(side * 320 / max(picture.size)) for side in picture.size)
others = [draw_scene(seed, drawn_at).picture for seed in range(301, 306)]       # five other images ...
others = [other.resize(picture.size) for other in others]       # ... in the same frame: a box is the same place

here = observe(model, picture)
elsewhere = [observe(model, other) for other in others]
found = detect(model, picture, threshold=0.7)
# Without any detection, the best query is followed.
query = int(here.scores.argmax())
label = int(here.probabilities[query].argmax())
print(f"image of {picture.width} x {picture.height} pixels, "
      f"{here.grid.cells_hw[0]} x {here.grid.cells_hw[1]} cells")
print(f"{len(found)} detections above 0.7; the measurements follow query {query}: "
      f"{model.classes[label]}, score {here.scores[query]:.2f}")
if not len(found):
    print("No detection above 0.7: choose another image in notebook 2, or use the composed scene, "
          "before you write.")
plot_detections(picture, found)
