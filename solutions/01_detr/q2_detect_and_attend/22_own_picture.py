# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## C. Your own image
#
# ### Step 22 · Detect in your own image · 2 points · 14 min · ●●●○○
# **Goal:** run a detector on any image file.
#
# First the function (1 point). Call your functions from above or the library's: `open_picture(path)`,
# `to_input(picture, *model.input_size)` (take this one: interpolation differs between libraries),
# `detrlab.boxes.cxcywh_to_xyxy`; not `detect`, which does all of it. Two things are new:
#
# - the model may come **in training mode**, where batch norm uses the statistics of the batch at hand and dropout
#   drops. Leave it in evaluation mode: `model.eval()`;
# - run it without gradients, under `torch.no_grad()`.
#
# Then your image (1 point), **drawn or composed by you** and none of this notebook's: a photograph of shapes drawn with
# a thick pen on white paper, a drawing from a paint program, or a scene composed below. Let two shapes overlap.
#
# `my_source` returns a path, an address (such as the official notebook's
# `"http://images.cocodataset.org/val2017/000000039769.jpg"`, for the official model; it needs the network once),
# `upload.value`, `composer.picture` or another PIL image. It is kept as **`my_picture.png` beside this notebook**,
# without the camera's place and time, at most 1600 pixels a side: hand it in with the notebook.

# %%
# One way: choose a file from your computer, and return upload.value in my_source below.
upload = upload_button()
upload

# %% [markdown]
# Or compose one: drag shapes onto the paper, and the model says what it finds. Then let `my_source` return
# `composer.picture`, and run its cell.

# %%
composer = compose_scene(shapes)
composer

# %%
# A third way: describe a scene. `help(Shape)` lists what a shape can have. These two are an example, not yours.
compose(example_shapes, Background("squared"), size=(256, 256)).picture

# %% exercise="own_picture" forbids="detrlab.detr.detect.detect"
def detect_in_file(model, path, threshold=0.7):
    """Detect objects in an image file; the model comes in any mode, and is in evaluation mode afterwards.

    Returns (boxes_xyxy, labels, scores), without gradients: (N, 4) corners in pixels of the image in
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
    """Your own image: a path, a URL, `upload.value`, `composer.picture` or another PIL image."""
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


def keep_my_picture():
    """What my_source returns, as it is kept beside this notebook."""
    try:
        return keep_picture(my_source())
    except NameError as error:
        if error.name not in ("upload", "composer"):
            raise
        print(f"Run the cell above that makes `{error.name}` first.")


attempt(keep_my_picture)

# %% check="own_picture" points=2
from PIL import Image, ImageOps
from torch.nn.modules.module import register_module_forward_pre_hook

# As the library has them, whatever these names stood for above.
from coursework import runs_inside
from detrlab import detect, open_picture, picture_difference



def thumbnail(picture):
    """As small as picture_difference compares pictures."""
    return picture.convert("RGB").resize((16, 16), Image.Resampling.BOX)


shown = draw_scene(11).picture, compose(example_shapes, Background("squared"), size=(256, 256)).picture
turned = [[way.rotate(angle) for way in (one, ImageOps.mirror(one)) for angle in (0, 90, 180, 270)]
          for one in map(thumbnail, shown)]


def found_in(draw, size, ending):
    """What detect_in_file finds in a scene that nobody has looked at before, and how the model was run."""
    picture, model = draw_scene(draw.scene_seed(), size=size).picture, copy.deepcopy(shapes).train()
    parts, called, by_detect = set(model.modules()), set(), []

    def note(module, inputs):
        called.add(module)
        if isinstance(module, DETR):  # the given model or any other
            by_detect.append(runs_inside(detect))

    with tempfile.TemporaryDirectory() as folder, register_module_forward_pre_hook(note):
        path = f"{folder}/scene.{ending}"
        picture.save(path)
        boxes_xyxy, labels, scores = detect_in_file(model, path, draw.number(0.3, 0.6))
        mode = "training" if model.training else "evaluation"
        *_, of_all = detect_in_file(model, path, 0.0)  # of all queries: nearly none of them stand in order by chance
    steps = as_tensor(of_all).detach().diff()
    order = "best first" if (steps < 1e-4).all() else "worst first" if (steps > -1e-4).all() else "in no order"
    first = "boxes, labels, scores"
    if as_tensor(labels).is_floating_point() and not as_tensor(scores).is_floating_point():
        first, labels, scores = "boxes, scores, labels", scores, labels
    return {
        "what comes in which place": first,
        "detections": from_left_to_right(boxes_xyxy, labels, scores),
        "gradients": any(bool(getattr(numbers, "requires_grad", False)) for numbers in (boxes_xyxy, scores)),
        "order of all queries": order,
        "how many score above 0": len(of_all),
        "the given model ran": not parts.isdisjoint(called),
        "its mode afterwards": mode,
        "model runs that the library's detect began": sum(by_detect),
    }


def kept_picture(enough):
    """How much the kept picture differs from the notebook's own, however these are turned, and whether it is blank."""
    if not Path(KEPT_NAME).exists():  # the cell above says why, where something stands there
        return ____
    mine = open_picture(KEPT_NAME)
    spread = np.array(mine.convert("RGB"), dtype=float).std((0, 1)).max()  # of one colour's pixels, 0..127.5
    small = thumbnail(mine)
    differs = [min(enough, *(picture_difference(small, way) for way in ways)) for ways in turned]
    return {"it differs from this notebook's own by": differs, "it shows something": bool(spread > 5)}


@check(parts={"detections": 1, "my picture": 1})
def own_picture(draw):
    sizes = {"png": (256, 192), "bmp": (150, 210)}
    return {
        "detections": {e: attempted(lambda e=e, size=size: found_in(draw, size, e)) for e, size in sizes.items()},
        "my picture": attempted(lambda: kept_picture(draw.number(5.0, 6.0))),
    }


@own_picture.must("my_picture.png is none of this notebook's own")
def _(value):
    mine = value["my picture"]
    return not isinstance(mine, dict) or min(mine["it differs from this notebook's own by"]) > 4.9


# %% [raw] hints="own_picture"
# 1. The function is steps 11 to 15 in a row, with the model in evaluation mode and without gradients. For your
#    image, anything that you drew yourself will do.
# 2. `model.eval()`, then under `torch.no_grad()` the model on `to_input(open_picture(path),
#    *model.input_size)[None]`; after it scores, kept queries, corners, pixels of the opened image. `my_source`
#    returns, for example, `compose([...]).picture`.
# 3. After the model: `probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)`, the kept `queries`
#    as in step 13, `detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])`, times which four numbers? For the
#    image: draw, save the file beside this notebook, and `return "my_drawing.jpg"`.

# %% [raw] mistake="own_picture/training_mode"
# The model ran in training mode, where batch norm uses the statistics of this one image instead of those it has
# learned. Put it into evaluation mode first: `model.eval()`.
# ---
# - model.eval()

# %% [raw] mistake="own_picture/eval_too_late"
# The model ran in training mode, where batch norm uses the statistics of this one image instead of those it has
# learned. It was put into evaluation mode only after it had run.
# ---
# - model.eval()
# - picture = open_picture(path)
# + picture = open_picture(path)
# - with torch.no_grad():
# -     out = model(to_input(picture, *model.input_size)[None])
# + with torch.no_grad():
# +     out = model(to_input(picture, *model.input_size)[None])
# + model.eval()

# %% [raw] mistake="own_picture/training_restored"
# The model was put back into training mode. The task asks to leave it in evaluation mode: whoever uses it next would get
# the statistics of a single image.
# ---
# - probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)  # (Q,) each
# + model.train()
# + probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)  # (Q,) each

# %% [raw] mistake="own_picture/resized_frame"
# The boxes are in pixels of the resized image that the model saw. Scale them with the size of the image in the file.
# ---
# - return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
# + size = to_input(picture, *model.input_size).shape[:0:-1]
# + return detrlab.boxes.scale_to_pixels(boxes_xyxy, size), labels[queries], probabilities[queries]

# %% [raw] mistake="own_picture/height_first"
# Width and height changed places when the boxes were scaled: `picture.size` is (width, height).
# ---
# - return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
# + return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size[::-1]), labels[queries], probabilities[queries]

# %% [raw] mistake="own_picture/not_scaled"
# The boxes are still fractions of the image. Asked for are pixels.
# ---
# - return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
# + return boxes_xyxy, labels[queries], probabilities[queries]

# %% [raw] mistake="own_picture/not_converted"
# The boxes are still centre and size. Asked for are corners.
# ---
# - boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])  # (N, 4) in 0..1
# + boxes_xyxy = out["pred_boxes"][0, queries]

# %% [raw] mistake="own_picture/no_object_kept"
# "No object" was allowed to win. Drop the last class after the softmax.
# ---
# - probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)  # (Q,) each
# + probabilities, labels = out["pred_logits"][0].softmax(-1).max(-1)

# %% [raw] mistake="own_picture/fixed_threshold"
# 0.7 stands in the code. The threshold is an argument.
# ---
# - queries = queries[probabilities[queries] > threshold]  # (N,)
# + queries = queries[probabilities[queries] > 0.7]

# %% [raw] mistake="own_picture/not_sorted"
# The detections come in the order of the queries, as in the official notebook. Best first is asked for.
# ---
# - queries = probabilities.argsort(descending=True)
# - queries = queries[probabilities[queries] > threshold]  # (N,)
# + queries = (probabilities > threshold).nonzero().flatten()

# %% [raw] mistake="own_picture/worst_first"
# The detections come worst first. Best first is asked for: sort in descending order.
# ---
# - queries = probabilities.argsort(descending=True)
# + queries = probabilities.argsort()

# %% [raw] mistake="own_picture/order"
# Labels and scores changed places. The task asks for (boxes, labels, scores).
# ---
# - return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
# + return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), probabilities[queries], labels[queries]

# %% [raw] mistake="own_picture/gradients"
# The detections are right, but they keep the whole graph for gradients, with all its memory. Run the model under
# torch.no_grad().
# ---
# - with torch.no_grad():
# -     out = model(to_input(picture, *model.input_size)[None])
# + out = model(to_input(picture, *model.input_size)[None])

# %% [raw] mistake="own_picture/other_model"
# The notebook's `shapes` ran instead of the model that was given: use the argument.
# ---
# - model.eval()
# + model = shapes

# %% [raw] mistake="own_picture/other_picture"
# The sample was used instead of the image in the file: open `path`.
# ---
# - picture = open_picture(path)
# + picture = sample.picture

# %% [raw] mistake="own_picture/no_batch_axis"
# The axis for the batch is missing. The model takes (B, 3, H, W): add it with `[None]` or `unsqueeze(0)`.
# ---
# - out = model(to_input(picture, *model.input_size)[None])
# + out = model(to_input(picture, *model.input_size))

# %% [raw] mistake="own_picture/path_for_picture"
# A path was handed on where an image is needed. `open_picture(path)` opens it.
# ---
# - picture = open_picture(path)
# + picture = path

# %% [raw] mistake="own_picture/library_detect"
# The detections are right, but they are those of the library's `detect`, called as a whole. Take the steps yourself:
# open, prepare, run the model, scores and labels, kept queries, corners, pixels.
# ---
# - return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
# + found = detect(model, path, threshold)
# + return found.boxes_xyxy, found.labels, found.scores

# %% [raw] mistake="own_picture/the_sample"
# The image is one of this notebook's own. Draw or compose one yourself: it is what you will write about in the next
# notebook.
# ---
# - return compose(mine, Background("gradient", "grey", tint=0.5, seed=3), size=(320, 320)).picture
# + return sample.picture

# %% [raw] mistake="own_picture/blank"
# The image is of one colour, or nearly: nothing is seen on it. Draw or compose shapes that the model can find.
# ---
# - return compose(mine, Background("gradient", "grey", tint=0.5, seed=3), size=(320, 320)).picture
# + return Image.new("RGB", (320, 320), "white")

# %% [raw] mistake="own_picture/the_example"
# The image is this notebook's example. Draw or compose one yourself: it is what you will write about in the next
# notebook.
# ---
# - return compose(mine, Background("gradient", "grey", tint=0.5, seed=3), size=(320, 320)).picture
# + return compose(example_shapes, Background("squared"), size=(256, 256)).picture

# %% [markdown]
# #### Detection and attention on your image
# `"shapes"` is for drawings. For a photograph take `"detr_resnet50"`: its official weights (166 MB) are fetched once.

# %%
MODEL = "shapes"  # or "detr_resnet50"
POINTS = None  # or four points (x, y) in pixels of your image: [(100, 120), (300, 120), ...]


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
# Did the model find everything? Where two shapes overlap, does each query look at its own?
#
# #### All points, layers and heads
# Move the mouse over your image for the encoder's attention from that point, or click a detection for its query's. What
# changes at the edge of a shape, and when the direction is turned around? (A click holds the point; on the keyboard,
# Tab reaches the image and the arrow keys move the point.)

# %%
explorer = attempt(lambda: explore(chosen_model(), KEPT_NAME))
explorer

# %% [markdown]
# `explorer.save("my_explorer.html")` keeps it as a page that opens without Python and without a network.
