# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 14 · From centre to corners · 3 points · 8 min · ●●○○○
# **You will be able to** convert between the two ways of writing a box, in your sleep.
#
# DETR predicts a box by its **centre and size**, $(c_x, c_y, w, h)$. To draw it or to compare it with another one you
# want the **corners**, $(x_0, y_0, x_1, y_1)$: left, top, right, bottom. $x$ grows to the right, $y$ downwards. The
# unit stays what it was.
#
# For example, a box with its centre at (0.5, 0.4), 0.2 wide and 0.4 high, reaches from 0.5 - 0.1 to 0.5 + 0.1 and
# from 0.4 - 0.2 to 0.4 + 0.2, so its corners are (0.4, 0.2, 0.6, 0.6).
#
# There are functions for this, the library's `detrlab.boxes.cxcywh_to_xyxy` and `torchvision.ops.box_convert`. Write it
# yourself this once: your answer may not call them, nor what converts boxes elsewhere in these libraries (`detect`,
# torchvision's transforms, its detectors' `BoxCoder`, rotated boxes, private helpers).
#
# If stuck: `hint("corners")`.

# %% exercise="corners" library="detrlab.boxes.cxcywh_to_xyxy" forbids="torchvision.ops.box_convert, torchvision.ops._box_convert._box_cxcywh_to_xyxy, torchvision.transforms.v2.functional.convert_bounding_box_format, torchvision.transforms.v2.functional._meta._convert_bounding_box_format, torchvision.transforms.v2.functional._meta._cxcywh_to_xyxy, torchvision.transforms.v2.functional._meta._cxcywh_to_xywh, torchvision.transforms.v2.functional._meta._cxcywhr_to_xywhr, torchvision.transforms.v2.functional._meta._xywhr_to_xyxyxyxy, torchvision.ops._box_convert._box_cxcywhr_to_xywhr, torchvision.ops._box_convert._box_xywhr_to_xyxyxyxy, torchvision.models.detection._utils.BoxCoder.decode, torchvision.models.detection._utils.BoxCoder.decode_single, torchvision.models.detection._utils.BoxLinearCoder.decode, torchvision.transforms.v2.ConvertBoundingBoxFormat, torchvision.transforms.v2.Transform.forward, detrlab.detr.detect.detect"

# %% check="corners" points=3
@check
def corners(draw):
    return cxcywh_to_xyxy(draw.boxes_cxcywh(draw.size(3, 13)))


@corners.must("x0 <= x1 and y0 <= y1 in every box")
def _(boxes_xyxy):
    return (boxes_xyxy[:, :2] <= boxes_xyxy[:, 2:]).all()


@corners.must("every box lies inside the picture, 0..1, since these boxes do")
def _(boxes_xyxy):
    return boxes_xyxy.min() >= -1e-4 and boxes_xyxy.max() <= 1 + 1e-4


# %% [raw] hints="corners"
# 1. A corner lies half a width and half a height away from the centre.
# 2. `boxes_cxcywh.unbind(-1)` gives four tensors cx, cy, w, h. Compute the four new columns and put them side by side
#    on the last axis.
# 3. `torch.stack([cx - w / 2, ..., ..., cy + h / 2], dim=-1)`, with left, top, right, bottom in this order.

# %% [raw] mistake="corners/half_width"
# Width and height were used as if they were half of it, so the boxes came out twice as large: the corner lies half a
# width from the centre.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w, cy - h, cx + w, cy + h], dim=-1)

# %% [raw] mistake="corners/centre_as_corner"
# The centre was taken for the upper left corner, as in COCO's files, so that every box is shifted by half its size.
# DETR's first two numbers are the centre.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx, cy, cx + w, cy + h], dim=-1)

# %% [raw] mistake="corners/x_x_y_y"
# The numbers are right, their order is not: left, right, top, bottom. The task asks for left, top, right, bottom.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w / 2, cx + w / 2, cy - h / 2, cy + h / 2], dim=-1)

# %% [raw] mistake="corners/unchanged"
# The boxes came back as they were, centre and size: the corners are still to be computed.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     return boxes_cxcywh
