# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 15 · To pixels of the original image · 2 points · 6 min · ●●○○○
# **Goal:** say in which frame a box is given, and take it to another one.
#
# The boxes are fractions of the image, 0..1: multiply $x$ by the width and $y$ by the height of the image **as it was
# before** the resize (in the figure of step 14, from the second frame to the last).
#
# *Example.* In an image of 640 x 480 pixels the box (0.25, 0.5, 0.75, 1.0) becomes (160, 240, 480, 480). Do not round
# or clip boxes.
#
# `picture.size` of a PIL image is (width, height).
#
# The library's `detrlab.boxes.scale_to_pixels` may not be called in your answer, nor what scales boxes elsewhere
# (`detect`, torchvision's detectors and transforms).

# %% exercise="pixels" forbids="detrlab.boxes.scale_to_pixels, torchvision.models.detection.transform.resize_boxes, torchvision.models.detection.transform.GeneralizedRCNNTransform.postprocess, torchvision.transforms.v2.functional.resize_bounding_boxes, torchvision.transforms.v2.functional.resize, torchvision.transforms.v2.Transform.forward, detrlab.detr.detect.detect"
def to_pixels(boxes_xyxy, picture):
    """Boxes in pixels of an image.

    boxes_xyxy: (N, 4) corners in 0..1 of the image. picture: the original image (PIL).
    Returns (N, 4) float: corners (x0, y0, x1, y1) in pixels of that image, not rounded.
    """
    ### BEGIN SOLUTION
    width, height = picture.size
    return boxes_xyxy * torch.tensor([width, height, width, height])
    ### END SOLUTION


# %% check="pixels" points=2
@check
def pixels(draw):
    width, height = (10 * side for side in draw.sizes(2, 23, 47))
    boxes, over_the_edge = draw.boxes_xyxy(draw.size(3, 7)), draw.boxes_xyxy(2)
    over_the_edge += torch.tensor([[0.8], [-0.8]])
    given = boxes.clone()

    def scaled(boxes_xyxy, width=width, height=height):
        return attempted(lambda: as_tensor(to_pixels(boxes_xyxy, Image.new("RGB", (width, height)))).float())

    return {
        "pixels": scaled(given),
        "pixels of a tiny image": scaled(boxes.clone(), *draw.sizes(2, 11, 19)),
        "pixels of boxes over the edge": scaled(over_the_edge),
        "what was given, afterwards": given,
    }


# %% [raw] hints="pixels"
# 1. A fraction of the width times the width is a number of pixels; the same for the height. Columns 0 and 2 of the
#    boxes are x, columns 1 and 3 are y.
# 2. Multiply the (N, 4) boxes by four numbers at once: broadcasting repeats them for each box.
# 3. `width, height = picture.size`, and then `boxes_xyxy * torch.tensor([width, ...])`, a factor for each column.

# %% [raw] mistake="pixels/height_first"
# Width and height changed places: x was multiplied by the height. PIL's `picture.size` is (width, height), unlike the
# shape of a tensor.
# ---
# - width, height = picture.size
# + height, width = picture.size

# %% [raw] mistake="pixels/resized_frame"
# These are pixels of the resized image that the model saw. On the original, boxes would be drawn too small and shifted
# to the upper left: multiply by the size of the original.
# ---
# - width, height = picture.size
# + r = min(shapes.input_size[0] / min(picture.size), shapes.input_size[1] / max(picture.size))
# + width, height = (side * r for side in picture.size)

# %% [raw] mistake="pixels/one_side_for_both"
# All four numbers were multiplied by the width. That works on square images only: y goes with the height.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + return boxes_xyxy * width

# %% [raw] mistake="pixels/height_for_both"
# All four numbers were multiplied by the height. x goes with the width.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + return boxes_xyxy * height

# %% [raw] mistake="pixels/order_of_four"
# The four factors are not in the order of x0, y0, x1, y1: that is width, height, width, height.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + return boxes_xyxy * torch.tensor([width, height, height, width])

# %% [raw] mistake="pixels/sides_in_pairs"
# The four factors are width, width, height, height. The numbers of a box are x0, y0, x1, y1, so the factors are width,
# height, width, height.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + return boxes_xyxy * torch.tensor([width, width, height, height])

# %% [raw] mistake="pixels/example_size"
# 640 x 480 is the image of the example. This one has a size of its own.
# ---
# - width, height = picture.size
# + width, height = 640, 480

# %% [raw] mistake="pixels/two_for_four"
# There are two factors for four numbers. A box has two corners, so width and height are needed twice.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + return boxes_xyxy * torch.tensor(picture.size)

# %% [raw] mistake="pixels/divided"
# The fractions were divided by the size. A fraction of the width *times* the width is a number of pixels.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + return boxes_xyxy / torch.tensor([width, height, width, height])

# %% [raw] mistake="pixels/converted_again"
# The corners were converted once more, as if they were centre and size. They are corners already.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + centre, half = boxes_xyxy[:, :2], boxes_xyxy[:, 2:] / 2
# + return torch.cat([centre - half, centre + half], 1) * torch.tensor([width, height, width, height])

# %% [raw] mistake="pixels/rounded"
# The pixels were rounded. The task asks for them as they are: later steps compute with them.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + return (boxes_xyxy * torch.tensor([width, height, width, height])).round()

# %% [raw] mistake="pixels/cut_to_integers"
# The pixels were cut to whole numbers. The task asks for them as they are: later steps compute with them.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + return (boxes_xyxy * torch.tensor([width, height, width, height])).int()

# %% [raw] mistake="pixels/clamped"
# The boxes were cut off at the edge of the image. The task asks for them as they are.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + scaled = boxes_xyxy * torch.tensor([width, height, width, height])
# + return scaled.clamp(min=0, max=max(width, height))

# %% [raw] mistake="pixels/changed_in_place"
# The tensor that was handed in was changed (`*=`, `mul_` and assignments to its columns work in place). Whoever calls
# this still needs the fractions.
# ---
# - return boxes_xyxy * torch.tensor([width, height, width, height])
# + boxes_xyxy *= torch.tensor([width, height, width, height])
# + return boxes_xyxy
