# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 20 · Trained weights in your class · 1 point · 10 min · ●●○○○
# **You will be able to** load weights so that no mistake passes unseen, and settle a question about them by measuring.
#
# `load_state_dict(state)` is strict: a name too many, too few, or another shape, and it refuses. With `strict=False` it takes what
# fits and says nothing: a model with a misspelt layer runs on random numbers.
#
# **A question.** The docstring of the authors' `DETR.forward` says of a box: "(center_x, center_y, height, width)". The paper says
# nothing of the order. Measure it: `read_both_ways` loads `state` into `model`, strictly; runs it in evaluation mode, without
# gradients, on one image (3, H, W); and compares its boxes with the true ones (T, 4), xyxy in 0..1, under both readings. For a
# reading, take for each true box the best IoU with any of the Q boxes, and the mean of these.
#
# *Example.* A true box twice as wide as high, found exactly: read rightly its IoU is 1. With width and height exchanged the two
# cross in a square, half of each, and the IoU is 0.5 / (1 + 1 − 0.5) = 0.33.

# %% exercise="strict_load"
def read_both_ways(model, state, image, truth_xyxy):
    """Load `state`; the mean of each true box's best IoU, boxes read as (cx, cy, w, h) and as (cx, cy, h, w)."""
    ### BEGIN SOLUTION
    model.load_state_dict(state)
    model.eval()
    with torch.no_grad():
        boxes = model(image[None])["pred_boxes"][0]  # (Q, 4)

    def fit(boxes_cxcywh):
        return box_iou(truth_xyxy, cxcywh_to_xyxy(boxes_cxcywh)).amax(1).mean().item()

    return {"(cx, cy, w, h)": fit(boxes), "(cx, cy, h, w)": fit(boxes[:, [0, 1, 3, 2]])}
    ### END SOLUTION

# %% check="strict_load" points=1
trained = load_model("shapes").state_dict()

@check
def strict_load(draw):
    model, state = shapes_model(), dict(trained)
    scene = draw_scene(draw.scene_seed(), (64, 80))
    image = to_input(scene.picture, 64, 80)  # small, so that it is quick
    truth_xyxy = torch.as_tensor(scene.boxes_xyxy).float() / torch.tensor([80, 64, 80, 64])
    def readings():
        found = read_both_ways(model, dict(state), image, truth_xyxy)
        return {name: float(found[name]) for name in sorted(found)}

    table, found = trained["query_embed.weight"], [readings()]
    one, other, *_ = draw.permutation(len(table)).tolist()
    for alone, rest, place in ((one, other, 0), (other, one, 0), (one, other, -1), (other, one, -1)):
        # All queries but the first, or the last, are equal: so each of them is seen to be read.
        state["query_embed.weight"] = table[rest].repeat(len(table), 1)
        state["query_embed.weight"][place] = table[alone]
        found.append(readings())
    misspelt = {name.replace("query_embed", "query_pos"): tensor for name, tensor in state.items()}
    refused = attempted(lambda: read_both_ways(copy.deepcopy(model), misspelt, image, truth_xyxy))
    return {"readings": found,
            "a misspelt name is refused": getattr(refused, "error", "") == "RuntimeError",
            "weights loaded": bool(model.query_embed.weight.detach().equal(state["query_embed.weight"])),
            "in evaluation mode": not model.training}

# %% [raw] hints="strict_load"
# 1. Four things in a row: load, evaluation mode, run, compare. Only the comparison is done twice.
# 2. box_iou(truth_xyxy, boxes_xyxy) is (T, Q): the best box of each true one is the largest number of its row. The other reading has
#    columns 2 and 3 exchanged.
# 3. boxes = model(image[None])["pred_boxes"][0]; box_iou(truth_xyxy, cxcywh_to_xyxy(boxes)).amax(1).mean(); the same with
#    boxes[:, [0, 1, …, …]].

# %% [raw] mistake="strict_load/not_strict"
# strict=False lets a misspelt name pass: what was not loaded stays random, and nobody says so. Load strictly.
# ---
# - model.load_state_dict(state)
# + model.load_state_dict(state, strict=False)

# %% [raw] mistake="strict_load/not_loaded"
# The weights were not loaded: these are the boxes of a random model.
# ---
# - model.load_state_dict(state)
# + dict(state)

# %% [raw] mistake="strict_load/still_training"
# The model is still in training mode, so dropout removes numbers at random: each run gives other boxes. Call eval() first.
# ---
# - model.eval()

# %% [raw] mistake="strict_load/exchanged"
# The two readings changed places: the model's boxes as they are belong to (cx, cy, w, h).
# ---
# - return {"(cx, cy, w, h)": fit(boxes), "(cx, cy, h, w)": fit(boxes[:, [0, 1, 3, 2]])}
# + return {"(cx, cy, w, h)": fit(boxes[:, [0, 1, 3, 2]]), "(cx, cy, h, w)": fit(boxes)}

# %% [raw] mistake="strict_load/both_alike"
# Both readings are the same here. For (cx, cy, h, w) the last two columns change places.
# ---
# - return {"(cx, cy, w, h)": fit(boxes), "(cx, cy, h, w)": fit(boxes[:, [0, 1, 3, 2]])}
# + return {"(cx, cy, w, h)": fit(boxes), "(cx, cy, h, w)": fit(boxes)}

# %% [raw] mistake="strict_load/centres_exchanged"
# The centres were exchanged as well. In question are the last two numbers only.
# ---
# - return {"(cx, cy, w, h)": fit(boxes), "(cx, cy, h, w)": fit(boxes[:, [0, 1, 3, 2]])}
# + return {"(cx, cy, w, h)": fit(boxes), "(cx, cy, h, w)": fit(boxes[:, [1, 0, 3, 2]])}

# %% [raw] mistake="strict_load/best_truth"
# For every predicted box the best true one was taken. Most of the Q boxes are for no object: ask for each *true* box.
# ---
# - return box_iou(truth_xyxy, cxcywh_to_xyxy(boxes_cxcywh)).amax(1).mean().item()
# + return box_iou(truth_xyxy, cxcywh_to_xyxy(boxes_cxcywh)).amax(0).mean().item()

# %% [raw] mistake="strict_load/mean_of_all"
# The mean runs over all pairs of boxes. Take the best box of each true one first.
# ---
# - return box_iou(truth_xyxy, cxcywh_to_xyxy(boxes_cxcywh)).amax(1).mean().item()
# + return box_iou(truth_xyxy, cxcywh_to_xyxy(boxes_cxcywh)).mean().item()

# %% [raw] mistake="strict_load/no_corners"
# Centre and size were handed to box_iou, which expects corners: cxcywh_to_xyxy first.
# ---
# - return box_iou(truth_xyxy, cxcywh_to_xyxy(boxes_cxcywh)).amax(1).mean().item()
# + return box_iou(truth_xyxy, boxes_cxcywh).amax(1).mean().item()

# %% [markdown]
# **Your class, trained.** The shipped weights go strictly into the class that you wrote, and both readings are measured in scenes
# with known boxes.

# %%
def my_shapes_model():
    """Your class in the sizes of the shapes model."""
    position = PositionEmbeddingSine(64, temperature=30.0, scale=6 * math.pi)
    transformer = Transformer(128, 4, 3, 3, 256, dropout=0.0)
    model = MyDETR(small_backbone(), position, transformer, len(SHAPES_CLASSES), 20)
    model.classes, model.input_size = SHAPES_CLASSES, (128, 213)  # `detect` asks for both
    return model


def measure_both_readings():
    model, state = my_shapes_model(), load_model("shapes").state_dict()
    sums = {}
    for seed in range(200, 210):
        scene = draw_scene(seed)
        width, height = scene.picture.size
        size = torch.tensor([width, height, width, height])
        truth_xyxy = torch.as_tensor(scene.boxes_xyxy, dtype=torch.float32) / size
        image = to_input(scene.picture, *model.input_size)
        for name, fit in read_both_ways(model, state, image, truth_xyxy).items():
            sums[name] = sums.get(name, 0) + fit / 10
    for name, fit in sums.items():
        print(f"read as {name}: mean of the best IoU in 10 scenes {fit:.2f}")
    picture = draw_scene(1).picture
    return plot_detections(picture, detect(model, picture))


attempt(measure_both_readings, after=("detr_class", "strict_load"))

# %% [markdown]
# The weights have the answer: (cx, cy, w, h), whatever the docstring says.
#
# **The authors' weights, in your class.** The backbone is torchvision's ResNet-50 with *your* frozen norm. The weights are 166 MB, and
# this cell never downloads them: to fetch them once, run `official_weights("detr_resnet50")` in a cell of your own.

# %%
def official_in_my_class():
    if not is_cached("detr_resnet50"):
        print("The official weights are not on this computer. To fetch them once:")
        print('official_weights("detr_resnet50")')
        return None
    from torchvision.models import resnet50

    stages = list(resnet50(norm_layer=FrozenNorm).named_children())[:-2]  # without avgpool and fc
    body = nn.Sequential()
    for name, stage in stages:
        body.add_module(name, stage)
    model = MyDETR(Backbone(body, 2048), PositionEmbeddingSine(128), Transformer(), len(COCO_CLASSES), 100)
    model.load_state_dict(official_weights("detr_resnet50"))
    model.classes, model.input_size = COCO_CLASSES, (800, 1333)
    photograph = open_picture(get_sample_data("grace_hopper.jpg", asfileobj=False))
    return plot_detections(photograph, detect(model.eval(), photograph))


attempt(official_in_my_class, after=("frozen_bn", "detr_class"))
