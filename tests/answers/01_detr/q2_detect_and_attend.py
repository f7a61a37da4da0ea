# ruff: noqa: E402, F811, F821
"""Differently written correct answers to notebook 2, from its text alone: the checks must take every one of them."""

# %% exercise="resize"
# torchvision: the resize rule by v2.Resize with max_size, and the whole preparation as one v2.Compose.
from fractions import Fraction

from torchvision.transforms import v2


def new_size(size_wh, shorter=800, longest=1333):
    factors = Fraction(shorter, min(size_wh)), Fraction(longest, max(size_wh))
    return [int(side * min(factors) + Fraction(1, 2)) for side in size_wh]


def prepare(picture, shorter=800, longest=1333):
    steps = v2.Compose([
        v2.Resize(shorter, max_size=longest), v2.ToImage(), v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(mean=IMAGENET_MEAN, std=IMAGENET_STD),
    ])
    return steps(picture)


# %% exercise="scores"
# numpy all the way: logits minus their log-sum-exp, sorted; returns two arrays.
def scores_and_labels(logits):
    logits = logits.detach().numpy().astype(np.float64)
    log_probabilities = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    labels = np.argsort(log_probabilities[:, :-1], axis=1)[:, -1]
    return np.exp(np.take_along_axis(log_probabilities, labels[:, None], axis=1))[:, 0], labels


# %% exercise="kept"
# A plain Python list: pairs sorted by score, then the ids picked out.
def kept_queries(scores, threshold):
    pairs = [(float(score), query) for query, score in enumerate(scores) if score > threshold]
    return [query for _, query in sorted(pairs, key=lambda pair: -pair[0])]


# %% exercise="corners"
# One matrix product: the conversion is linear.
def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    matrix = torch.tensor([[1, 0, -0.5, 0], [0, 1, 0, -0.5], [1, 0, 0.5, 0], [0, 1, 0, 0.5]])
    return boxes_cxcywh @ matrix.to(boxes_cxcywh).T


# %% exercise="pixels"
# numpy in double precision, and the picture's size from its array's shape, turned around.
def to_pixels(boxes_xyxy, picture):
    height, width, *_ = np.asarray(picture).shape
    return np.asarray(boxes_xyxy, dtype=float) @ np.diag([width, height, width, height])


# %% exercise="drawing"
# One collection of patches; numbered labels as annotations, each with a shadow; titles that hold class names.
from matplotlib.collections import PatchCollection


def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(np.asarray(picture), extent=(0, picture.width, picture.height, 0))
    corners = np.asarray(boxes_xyxy).reshape(-1, 2, 2)
    frames = [Rectangle(upper_left, *(lower_right - upper_left)) for upper_left, lower_right in corners]
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor="red"))
    for number, (((x0, y0), _), name, score) in enumerate(zip(corners, names, scores), start=1):
        for shift, colour in ((0.3, "black"), (0, "white")):
            axes.annotate(f"#{number} {name.capitalize()}: {score:.2f}", xy=(x0 + shift, y0 + shift), color=colour)
    axes.set_title(f"{len(names)} detections: {', '.join(names)}", loc="left")
    axes.set_title("scoring above 0.7", loc="right")
    return axes


# %% exercise="hooks"
# One forward hook for all modules, which asks who is calling; a `with` block removes it, error or not.
from torch.nn.modules.module import register_module_forward_hook


def look_inside(model, image):
    modules = {
        "features": model.backbone[0],
        "encoder": list(model.transformer.encoder.layers)[-1].self_attn,
        "decoder": list(model.transformer.decoder.layers)[-1].multihead_attn,
    }
    seen = {}

    def note(module, inputs, output):
        for name, wanted in modules.items():
            if module is wanted:
                seen[name] = (output if name == "features" else output[1]).detach()

    with torch.inference_mode(), register_module_forward_hook(note):
        return model(image), seen


# %% exercise="decoder_maps"
# A one-hot matrix picks the rows in a matrix product; a list of numpy arrays, one for each map.
def maps_of_queries(cross, queries, features):
    one_hot = torch.nn.functional.one_hot(torch.as_tensor(queries, dtype=torch.long), cross.shape[1]).to(cross)
    rows = torch.einsum("nq,bqs->bns", one_hot, cross).squeeze(0)
    return [row.unflatten(-1, features.shape[2:]).numpy() for row in rows]


# %% exercise="cell"
# Counts the cell borders that lie at or before the point, with numpy's searchsorted.
def cell_at(point_xy, size_wh, input_hw, stride):
    found = []
    for place, original, resized in zip(point_xy, size_wh, reversed(input_hw)):
        borders = np.arange(0, resized + stride, stride) * (original / resized)  # in pixels of the original
        found.append(np.searchsorted(borders, place, side="right") - 1)
    return tuple(found[::-1])


# %% exercise="encoder_maps"
# A one-hot vector times the matrix from the left and from the right, in double precision; an array and nested lists.
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    here = np.zeros((H, W))
    here[tuple(cell)] = 1
    matrix, here = attention.squeeze(0).numpy(), here.flatten()
    return {"is looked at from": (matrix @ here).reshape(H, W).tolist(), "looks at": (here @ matrix).reshape(H, W)}


# %% exercise="four_points"
# Two subfigures, the right one with the title and its maps in inset axes; circles as one collection, each with a halo.
from matplotlib.collections import PatchCollection
from matplotlib.patches import CirclePolygon


def draw_points(picture, points_01, maps, direction):
    figure = plt.figure(figsize=(9, 4))
    left, right = figure.subfigures(1, 2)
    axes, frame = left.subplots(), right.subplots()
    frame.set_axis_off()
    axes.imshow(np.asarray(picture))
    places = np.asarray(points_01) * picture.size
    axes.add_collection(PatchCollection([CirclePolygon(place, 3) for place in places], edgecolor="white"))
    for number, (place, map_hw) in enumerate(zip(places, maps)):
        axes.add_patch(Circle(place, 2, facecolor="none", edgecolor="black"))
        axes.annotate(str(number), place, color="red")
        inset = frame.inset_axes([0.5 * (number % 2), 0.5 * (number // 2), 0.45, 0.4])
        inset.imshow(map_hw.numpy(), cmap="viridis")
        inset.set_title(f"point {number}", loc="right")
    right.suptitle(f"Each point {direction}")
    return figure


# %% exercise="own_picture"
# torchvision's box_convert, topk over all queries, inference mode, a list of pictures; numpy results; ImageDraw.
from PIL import ImageDraw
from torchvision.ops import box_convert


def detect_in_file(model, path, threshold=0.7):
    picture = open_picture(path)
    with torch.inference_mode():
        out = model.train(False)([to_input(picture, *model.input_size)])
        logits, boxes = out["pred_logits"].squeeze(0), out["pred_boxes"].squeeze(0)
        scores, labels = torch.nn.functional.softmax(logits, dim=1).narrow(1, 0, logits.shape[1] - 1).max(dim=1)
        scores, order = scores.topk(len(scores))
        order, scores = order[scores > threshold], scores[scores > threshold]
        boxes = box_convert(boxes.index_select(0, order), "cxcywh", "xyxy") * torch.tensor(picture.size).repeat(2)
    return [boxes.numpy(), labels.take(order).tolist(), scores.numpy()]


def my_source():
    picture = Image.new("RGB", (360, 240), "ivory")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((30, 40, 150, 160), fill="crimson")
    pen.rectangle((200, 90, 310, 200), fill="navy")
    return picture


attempt(lambda: keep_picture(my_source()))
