# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 15 · To pixels of the original picture · 2 points · 6 min · ●●○○○
# **You will be able to** say in which frame a box is given, and take it to another one.
#
# The boxes are fractions of the picture, 0..1. Fractions do not care that the picture was resized on its way into the
# model, so there is no way back to compute: multiply $x$ by the width and $y$ by the height of the picture **as it
# was before** the resize, which is the one you want to draw on.
#
# For example, in a picture of 640 x 480 pixels the box (0.25, 0.5, 0.75, 1.0) becomes (160, 240, 480, 480).
#
# `picture.size` of a PIL picture is (width, height); the shape of a tensor or array is (..., height, width). The two
# orders meet in this line, in your code as in everybody's.
#
# Write it yourself: the library's `detrlab.boxes.scale_to_pixels` may not be called in your answer, nor what scales
# boxes elsewhere (`detect`, torchvision's detectors and transforms).
#
# If stuck: `hint("pixels")`.

# %% exercise="pixels" forbids="detrlab.boxes.scale_to_pixels, torchvision.models.detection.transform.resize_boxes, torchvision.models.detection.transform.GeneralizedRCNNTransform.postprocess, torchvision.transforms.v2.functional.resize_bounding_boxes, torchvision.transforms.v2.functional.resize, torchvision.transforms.v2.Transform.forward, detrlab.detr.detect.detect"
def to_pixels(boxes_xyxy, picture):
    """Boxes in pixels of a picture.

    boxes_xyxy: (N, 4) corners in 0..1 of the picture. picture: the original one (PIL).
    Returns (N, 4) float: corners (x0, y0, x1, y1) in pixels of that picture, not rounded.
    """
    ### BEGIN SOLUTION
    width, height = picture.size
    return boxes_xyxy * torch.tensor([width, height, width, height])
    ### END SOLUTION


# %% check="pixels" points=2
@check
def pixels(draw):
    width, height = (10 * side for side in draw.sizes(2, 23, 47))
    return torch.as_tensor(to_pixels(draw.boxes_xyxy(draw.size(2, 7)), Image.new("RGB", (width, height)))).float()


# %% [raw] hints="pixels"
# 1. A fraction of the width times the width is a number of pixels; the same for the height. Columns 0 and 2 of the
#    boxes are x, columns 1 and 3 are y.
# 2. Multiply the (N, 4) boxes by four numbers at once: broadcasting repeats them for each box.
# 3. `width, height = picture.size`, and then `boxes_xyxy * torch.tensor([width, height, width, height])`.

# %% [raw] mistake="pixels/height_first"
# Width and height changed places: x was multiplied by the height. PIL's `picture.size` is (width, height), unlike the
# shape of a tensor.
# ---
# def to_pixels(boxes_xyxy, picture):
#     height, width = picture.size
#     return boxes_xyxy * torch.tensor([width, height, width, height])

# %% [raw] mistake="pixels/resized_frame"
# These are pixels of the resized picture that the model saw. On the original, boxes would be drawn too small and
# shifted to the upper left: multiply by the original's size.
# ---
# def to_pixels(boxes_xyxy, picture):
#     r = min(shapes.input_size[0] / min(picture.size), shapes.input_size[1] / max(picture.size))
#     width, height = (side * r for side in picture.size)
#     return boxes_xyxy * torch.tensor([width, height, width, height])

# %% [raw] mistake="pixels/one_side_for_both"
# All four numbers were multiplied by the width. That works on square pictures only: y goes with the height.
# ---
# def to_pixels(boxes_xyxy, picture):
#     return boxes_xyxy * picture.size[0]
