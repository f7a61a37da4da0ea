# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## C. Your own picture
#
# ### Step 22 · Detect in your own picture · 2 points · 12 min · ●●●○○
# **You will be able to** run a detector on any picture file, the way it is meant to be run.
#
# First the function. It gets a path and does everything from opening the file to boxes in pixels. You may call your
# functions from above or the library's: `open_picture(path)`, `to_input(picture, *model.input_size)` (use this one
# here: interpolation differs between libraries), `detrlab.boxes.cxcywh_to_xyxy`. The library's `detect` does the whole
# of it in one call, so it is the one function that you may *not* use here. Two things are new:
#
# - the model you are given may be **in training mode**, where batch norm uses the statistics of the batch at hand and
#   dropout drops: `model.eval()` ends that;
# - nobody wants gradients here: run it under `torch.no_grad()`.
#
# Then your picture. With the shapes model, "your own" means **drawn or composed by you**: a photograph of shapes
# drawn with a thick pen on white paper, a drawing from a paint program, or a scene that you put together below, with
# the mouse or with `compose`. Not one of this notebook's own pictures. Make it one you can learn from: two shapes that overlap, something
# it has never seen, a star drawn badly. For photographs of everyday things you need the official model, see below.
#
# `my_source` returns where the picture comes from: a path, an address (URL), `upload.value`, `composer.picture`, or
# any other PIL picture. It is kept as **`my_picture.png` beside this notebook**, without the camera's place and time, at most 1600 pixels a side.
# Hand it in together with the notebook. When the notebook is run again somewhere else, the kept picture is taken.
#
# If stuck: `hint("own_picture")`.

# %%
# One way: choose a file from your computer, and return upload.value in my_source below.
upload = upload_button()
upload

# %% [markdown]
# Or make one here and now: drag shapes onto the paper, and the model says at each moment what it finds. Hide one behind
# another, shrink one until it is lost. When you like it, let `my_source` return `composer.picture` and run the cell of
# the exercise. It is kept then, so an empty paper after the next start of the kernel does no harm.

# %%
composer = compose_scene(shapes)
composer

# %%
# A third way: describe a scene. `help(Shape)` lists what a shape can have; these two are an example, not yours.
compose(example_shapes, Background("squared"), size=(256, 256)).picture

# %% exercise="own_picture" forbids="detrlab.detr.detect.detect"
def detect_in_file(model, path, threshold=0.7):
    """Detect objects in a picture file; the model comes in any mode.

    Returns (boxes_xyxy, labels, scores), without gradients: (N, 4) corners in pixels of the picture in
    the file, (N,) and (N,). Detections score above the threshold, best first.
    """
    ### BEGIN SOLUTION
    model.eval()
    picture = open_picture(path)
    with torch.no_grad():
        out = model(to_input(picture, *model.input_size)[None])
    probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)  # (Q,) each
    queries = probabilities.argsort(descending=True)
    queries = queries[probabilities[queries] > threshold]  # (N,)
    boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])  # (N, 4) in 0..1
    return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
    ### END SOLUTION


def my_source():
    """Your own picture: a path, a URL, `upload.value`, `composer.picture` or another PIL picture."""
    ### BEGIN SOLUTION
    mine = [  # the model answers of notebook 3 are about this picture
        Shape("ring", (0.32, 0.36), 0.23, colour="blue", proportion=0.6),
        Shape("star", (0.52, 0.50), 0.19, angle=12, colour="orange", proportion=0.7),
        Shape("square", (0.79, 0.24), 0.14, angle=20, colour="green"),
        Shape("triangle", (0.24, 0.80), 0.15, angle=-8, colour="purple"),
        Shape("cross", (0.80, 0.78), 0.13, angle=30, colour="red"),
    ]
    return compose(mine, Background("gradient", "grey", tint=0.5, seed=3), size=(320, 320)).picture
    ### END SOLUTION


attempt(lambda: keep_picture(my_source()))

# %% check="own_picture" points=2
from torch.nn.modules.module import register_module_forward_pre_hook

# As the library has them, whatever these names stood for above.
from coursework import runs_inside
from detrlab import detect, open_picture, picture_difference

shown = draw_scene(11).picture, compose(example_shapes, Background("squared"), size=(256, 256)).picture


@check
def own_picture(draw):
    found, gradients, ran, by_detect = [], [], [], []
    for ending, size in (("png", (256, 192)), ("bmp", (150, 210))):
        picture, model = draw_scene(draw.scene_seed(), size=size).picture, copy.deepcopy(shapes).train()
        parts, called = set(model.modules()), set()

        def note(module, inputs):
            called.add(module)
            if isinstance(module, DETR):  # the given model or any other
                by_detect.append(runs_inside(detect))

        with tempfile.TemporaryDirectory() as folder, register_module_forward_pre_hook(note):
            picture.save(f"{folder}/scene.{ending}")
            # Nobody has looked at this picture before: what comes back is the answer's own work.
            boxes_xyxy, labels, values = detect_in_file(model, f"{folder}/scene.{ending}", draw.number(0.3, 0.7))
        ran.append(not parts.isdisjoint(called))
        found.append(from_left_to_right(boxes_xyxy, labels, values))
        gradients += [bool(getattr(numbers, "requires_grad", False)) for numbers in (boxes_xyxy, values)]
    mine, enough = open_picture(KEPT_NAME), draw.number(5.0, 6.0)
    return {
        "drawn scenes": found,
        "gradients": gradients,
        "the given model ran": ran,
        "model runs that the library's detect began": sum(by_detect),
        "my picture differs from this notebook's own by": [min(picture_difference(mine, one), enough) for one in shown],
    }


@own_picture.must("my_picture.png is a picture of your own, none of this notebook's")
def _(value):
    return min(value["my picture differs from this notebook's own by"]) > 4.9


# %% [raw] hints="own_picture"
# 1. The function is steps 11 to 15 in a row, with the model in evaluation mode and without gradients. For your
#    picture, anything that you drew yourself will do.
# 2. `model.eval()`, then under `torch.no_grad()` the model on `to_input(open_picture(path),
#    *model.input_size)[None]`; after it scores, kept queries, corners, pixels of the opened picture. `my_source`
#    returns, for example, `compose([...]).picture`.
# 3. After the model: `probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)`, the kept `queries`
#    as in step 13, `detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])`, times (width, height, width,
#    height). For the picture: draw, save the file beside this notebook, and `return "my_drawing.jpg"`.

# %% [raw] mistake="own_picture/training_mode"
# The model was left in training mode, where batch norm uses the statistics of this one picture instead of those it
# has learned: the detections differ from run to run of other pictures. Put it into evaluation mode first.
# ---
# def detect_in_file(model, path, threshold=0.7):
#     picture = open_picture(path)
#     with torch.no_grad():
#         out = model(to_input(picture, *model.input_size)[None])
#     probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
#     queries = probabilities.argsort(descending=True)
#     queries = queries[probabilities[queries] > threshold]
#     boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])
#     return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
#
#
# def my_source():
#     return compose([Shape("ring", centre_xy=(0.4, 0.4), radius=0.2)]).picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [raw] mistake="own_picture/resized_frame"
# The boxes are in pixels of the resized picture that the model saw. Scale them with the size of the picture in the
# file.
# ---
# def detect_in_file(model, path, threshold=0.7):
#     model.eval()
#     image = to_input(open_picture(path), *model.input_size)
#     with torch.no_grad():
#         out = model(image[None])
#     probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
#     queries = probabilities.argsort(descending=True)
#     queries = queries[probabilities[queries] > threshold]
#     boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])
#     return detrlab.boxes.scale_to_pixels(boxes_xyxy, image.shape[:0:-1]), labels[queries], probabilities[queries]
#
#
# def my_source():
#     return compose([Shape("ring", centre_xy=(0.4, 0.4), radius=0.2)]).picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [raw] mistake="own_picture/gradients"
# The detections are right, but they drag along the whole graph for gradients, with all its memory. Run the model
# under torch.no_grad().
# ---
# def detect_in_file(model, path, threshold=0.7):
#     model.eval()
#     picture = open_picture(path)
#     out = model(to_input(picture, *model.input_size)[None])
#     probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
#     queries = probabilities.argsort(descending=True)
#     queries = queries[probabilities[queries] > threshold]
#     boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])
#     return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
#
#
# def my_source():
#     return compose([Shape("ring", centre_xy=(0.4, 0.4), radius=0.2)]).picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [raw] mistake="own_picture/the_sample"
# The function is right, but the picture is one of this notebook's own. Draw or compose one yourself: it is what you
# will write about in the next notebook.
# ---
# def detect_in_file(model, path, threshold=0.7):
#     model.eval()
#     picture = open_picture(path)
#     with torch.no_grad():
#         out = model(to_input(picture, *model.input_size)[None])
#     probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
#     queries = probabilities.argsort(descending=True)
#     queries = queries[probabilities[queries] > threshold]
#     boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])
#     return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
#
#
# def my_source():
#     return sample.picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [raw] mistake="own_picture/library_detect"
# The detections are right, but they are those of the library's `detect`, called as a whole. Take the steps yourself:
# open, prepare, run the model, scores and labels, kept queries, corners, pixels.
# ---
# def detect_in_file(model, path, threshold=0.7):
#     found = detect(model, path, threshold)
#     return found.boxes_xyxy, found.labels, found.scores
#
#
# def my_source():
#     return compose([Shape("ring", centre_xy=(0.4, 0.4), radius=0.2)]).picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [markdown]
# #### Detection and attention on your picture
# One line switches the model. `"shapes"` is for drawings. For a photograph take `"detr_resnet50"`: its official
# weights (160 MB) are fetched once into a cache, so this needs the network the first time, and a detection takes
# seconds instead of milliseconds. The checks above use "shapes" in any case.
#
# These are the library's figures. They do what yours do, and you will use them in the next notebook.

# %%
MODEL = "shapes"  # or "detr_resnet50"
POINTS = None  # or four points (x, y) in pixels of your picture: [(100, 120), (300, 120), ...]


def chosen_model():
    return shapes if MODEL == "shapes" else load_model(MODEL, "official")


def look_at_my_picture():
    model, picture = chosen_model(), open_picture(KEPT_NAME)
    with capture_attention(model) as attention:
        found = detect(model, picture)
    for detection in found:
        print(f"{detection.name:10} {detection.score:.2f}  box", [round(side) for side in detection.box_xyxy])
    return picture, found, attention


mine = attempt(look_at_my_picture)
if mine:
    picture, found, attention = mine
    display(plot_decoder_attention(picture, found, attention))
    display(plot_encoder_attention(picture, attention, POINTS, "looks at"))

# %% [markdown]
# Look for a while before you go on. Did the model find everything? Where two shapes overlap, does each query look at
# its own? Which cells does a point on the background look at? Notebook 3 asks for the answers, and for controls that
# show whether they would hold for any picture.
#
# #### Move around in it
# A figure shows four points; here are all of them. Move the mouse over your picture: the encoder's attention from that
# point floods it at once. Then click a detection to see where its query looks, and walk through layers and heads. Watch
# what changes when you cross the edge of a shape, and turn the direction around: is a point looked at from where it
# looks? (A click holds the point. On the keyboard, Tab reaches the picture and the arrow keys move the point.)

# %%
explorer = attempt(lambda: explore(chosen_model(), KEPT_NAME))
explorer

# %% [markdown]
# `explorer.save("my_explorer.html")` in a cell of your own keeps it as a page that opens anywhere, without Python and
# without a network.
