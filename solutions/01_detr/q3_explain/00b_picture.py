# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## Your picture and your model
#
# The next cell takes `my_picture.png`, the picture you kept in notebook 2. Where it is missing, a composed
# scene stands in, so that everything below runs; **your texts in part D should be about your own picture.**
# To use another one, change the line that opens it.
#
# The model is "shapes", a small DETR that was trained on drawn scenes of six shapes. With official weights in
# your cache you may write `load_model("detr_resnet50", "official")` and `load_model("detr_resnet50")` (random
# weights) instead, and photographs in `others`.

# %%
model = load_model("shapes")
torch.manual_seed(0)
untrained = shapes_model().eval()       # the same architecture before training: one of the controls

if Path("my_picture.png").exists():
    picture = open_picture("my_picture.png")
    picture.thumbnail((320, 320))
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
others = [draw_scene(seed, picture.size).picture for seed in range(301, 306)]   # five other pictures

here = observe(model, picture)
elsewhere = [observe(model, other) for other in others]
found = detect(model, picture, threshold=0.7)
# All measurements below follow this query: the best detection, or the best query if nothing was detected.
query = int(here.scores.argmax())
label = int(here.probabilities[query].argmax())
print(f"{len(found)} detections above 0.7; the measurements follow query {query}: "
      f"{model.classes[label]}, score {here.scores[query]:.2f}")
plot_detections(picture, found)
