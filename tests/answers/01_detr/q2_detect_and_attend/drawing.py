# %% style="a collection of patches, labels with a shadow"
# Numbered labels as annotations, each with a shadow; titles that hold class names.
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


# %% style="rectangles and texts"
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist()):
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="lime", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", bbox={"facecolor": "yellow", "alpha": 0.5})
    axes.set_axis_off()
    return axes


# %% style="closed lines"
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for i in range(len(names)):
        x0, y0, x1, y1 = boxes_xyxy[i].numpy()
        axes.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=f"C{i}")
        axes.text(x0 + 1, y1 - 1, "%s %.2f" % (names[i], scores[i]), color=f"C{i}", ha="left", va="bottom")
    return axes


# %% style="polygons with a halo"
from matplotlib import patheffects
from matplotlib.patches import Polygon


def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture, interpolation="nearest")
    for box, name, score in zip(boxes_xyxy, names, scores, strict=True):
        x0, y0, x1, y1 = map(float, box)
        for width, colour in ((4, "white"), (1.5, "black")):
            axes.add_patch(Polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], closed=True, fill=False,
                                   edgecolor=colour, linewidth=width))
        label = axes.annotate(f"{name} ({score:.2f})", (x0, y0), xytext=(2, -2), textcoords="offset points", va="top")
        label.set_path_effects([patheffects.withStroke(linewidth=2, foreground="white")])
    return axes


# %% style="one collection of closed lines"
from matplotlib.collections import LineCollection


def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(np.asarray(picture) / 255)
    boxes = boxes_xyxy.numpy().reshape(-1, 4)
    axes.add_collection(LineCollection(boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3], [0, 1]]], colors="magenta"))
    for x, y, text in zip(boxes[:, 0], boxes[:, 1], map("{} {:.2f}".format, names, scores.tolist())):
        axes.text(x, y, text, color="magenta", clip_on=True)
    return axes


# %% style="bars and artists made by hand"
from matplotlib.text import Text


def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture, zorder=0)
    x0, y0, x1, y1 = boxes_xyxy.reshape(-1, 4).T.numpy()
    axes.bar(x0, y1 - y0, width=x1 - x0, bottom=y0, align="edge", fill=False, edgecolor="cyan")
    for x, y, name, score in zip(x0, y0, names, scores):
        axes.add_artist(Text(x, y, f"{name}\n{score.item():.2f}", color="cyan"))
    axes.set(xlim=(0, picture.width), ylim=(picture.height, 0))
    return axes


# %% style="square boxes of FancyBboxPatch"
from matplotlib.patches import FancyBboxPatch


def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores):
        axes.add_patch(FancyBboxPatch((x0, y0), x1 - x0, y1 - y0, boxstyle="square,pad=0", fill=False, edgecolor="red"))
        axes.text(x0, y0, f"{name} {score:.2f}", color="red")
    return axes


# %% style="picture with an alpha channel"
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture.convert("RGBA"))
    for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores):
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
        axes.text(x0, y0, f"{name} {score:.2f}", color="red")
    return axes


# %% style="a filled rectangle behind each label"
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores):
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
        axes.add_patch(Rectangle((x0, y0 - 3), 12, 3, facecolor="red"))
        axes.text(x0, y0, f"{name} {score:.2f}", color="white", fontsize=7)
    return axes


# %% style="half the pixels over the whole extent"
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    width, height = picture.size
    axes.imshow(picture.resize((width // 2, height // 2)), extent=(0, width, height, 0))
    for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores):
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
        axes.text(x0, y0, f"{name} {score:.2f}", color="red")
    return axes


# %% style="picture as a mesh of colours"
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.pcolormesh(np.arange(picture.width + 1), np.arange(picture.height + 1), np.asarray(picture))
    axes.invert_yaxis()
    axes.set_aspect("equal")
    for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores):
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
        axes.text(x0, y0, f"{name} {score:.2f}", color="red")
    return axes
