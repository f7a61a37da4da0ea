# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 14 · From centre to corners · 3 points · 8 min · ●●○○○
# **Goal:** convert between the two ways of writing a box.
#
# DETR predicts **centre and size**, $(c_x, c_y, w, h)$; drawing wants the **corners**, $(x_0, y_0, x_1, y_1)$: left,
# top, right, bottom, in the same unit. $y$ grows downwards.
#
# *Example.* A box with its centre at (0.5, 0.4), 0.2 wide and 0.4 high, has the corners (0.4, 0.2, 0.6, 0.6).
#
# Boxes come as $(N, 4)$ or, of a batch, as $(B, Q, 4)$. A box may reach beyond the image. The tensor you are given
# stays as it is.
#
# Your answer may not call `detrlab.boxes.cxcywh_to_xyxy`, `torchvision.ops.box_convert`, nor what else converts boxes
# in these libraries (`detect`, transforms, `BoxCoder`, private helpers).
#
# This step leads from the first of a box's four frames to the second:

# %%
plot_box_frames()

# %% exercise="corners" library="detrlab.boxes.cxcywh_to_xyxy" forbids="torchvision.ops.box_convert, torchvision.ops._box_convert._box_cxcywh_to_xyxy, torchvision.transforms.v2.functional.convert_bounding_box_format, torchvision.transforms.v2.functional._meta._convert_bounding_box_format, torchvision.transforms.v2.functional._meta._cxcywh_to_xyxy, torchvision.transforms.v2.functional._meta._cxcywh_to_xywh, torchvision.transforms.v2.functional._meta._cxcywhr_to_xywhr, torchvision.transforms.v2.functional._meta._xywhr_to_xyxyxyxy, torchvision.ops._box_convert._box_cxcywhr_to_xywhr, torchvision.ops._box_convert._box_xywhr_to_xyxyxyxy, torchvision.models.detection._utils.BoxCoder.decode, torchvision.models.detection._utils.BoxCoder.decode_single, torchvision.models.detection._utils.BoxLinearCoder.decode, torchvision.transforms.v2.ConvertBoundingBoxFormat, torchvision.transforms.v2.Transform.forward, detrlab.detr.detect.detect"

# %% check="corners" points=3
@check
def corners(draw):
    (B, Q), N = draw.letters("B Q", 3, 13), draw.size(3, 13)
    boxes, batch, over_the_edge = draw.boxes_cxcywh(N), draw.boxes_cxcywh(B, Q), draw.boxes_cxcywh(2)
    over_the_edge[0, :2] += 0.9
    over_the_edge[1, :2] -= 0.9
    given = boxes.clone()
    return {
        "boxes (N, 4)": attempted(lambda: cxcywh_to_xyxy(given)),
        "boxes (B, Q, 4)": attempted(lambda: cxcywh_to_xyxy(batch)),
        "boxes over the edge": attempted(lambda: cxcywh_to_xyxy(over_the_edge)),
        "what was given, afterwards": given,
    }


@corners.must("x0 <= x1 and y0 <= y1 in every box")
def _(value):
    boxes_xyxy = value["boxes (N, 4)"]
    return not isinstance(boxes_xyxy, torch.Tensor) or (boxes_xyxy[:, :2] <= boxes_xyxy[:, 2:]).all()


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

# %% [raw] mistake="corners/centre_to_corner"
# The first corner is still the centre, and only the second was computed: half a width and half a height belong off the
# first one, too (from cx and cy as they were, not as you changed them).
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx, cy, cx + w / 2, cy + h / 2], dim=-1)

# %% [raw] mistake="corners/used_after_change"
# `cx` and `cy` were overwritten before the right and lower edge were computed from them, so these lie at the centre.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     cx, cy = cx - w / 2, cy - h / 2
#     return torch.stack([cx, cy, cx + w / 2, cy + h / 2], dim=-1)

# %% [raw] mistake="corners/size_as_corner"
# The last two numbers are still width and height, as in COCO's files (x0, y0, w, h). Asked for is the lower right corner.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w / 2, cy - h / 2, w, h], dim=-1)

# %% [raw] mistake="corners/x_x_y_y"
# The numbers are right, their order is not: left, right, top, bottom. The task asks for left, top, right, bottom.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w / 2, cx + w / 2, cy - h / 2, cy + h / 2], dim=-1)

# %% [raw] mistake="corners/y_first"
# The numbers are right, but y comes first: top, left, bottom, right. The task asks for x first: left, top, right, bottom.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cy - h / 2, cx - w / 2, cy + h / 2, cx + w / 2], dim=-1)

# %% [raw] mistake="corners/upside_down"
# Top and bottom changed places: $y$ grows downwards, so the top is cy - h / 2.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w / 2, cy + h / 2, cx + w / 2, cy - h / 2], dim=-1)

# %% [raw] mistake="corners/one_sign"
# The bottom was computed with a minus, so it equals the top.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy - h / 2], dim=-1)

# %% [raw] mistake="corners/sides_mixed"
# The height was used for x and the width for y.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - h / 2, cy - w / 2, cx + h / 2, cy + w / 2], dim=-1)

# %% [raw] mistake="corners/unchanged"
# The boxes came back as they were, centre and size: the corners are still to be computed.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     return boxes_cxcywh

# %% [raw] mistake="corners/stacked_first"
# The four numbers of a box lie on the first axis, (4, N). Boxes are rows: stack on the last axis, `dim=-1`.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])

# %% [raw] mistake="corners/concatenated"
# The four columns were put one after the other in a single row. `stack` makes a new last axis; `cat` does not.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.cat([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1)

# %% [raw] mistake="corners/list"
# A list of four tensors came. Put them side by side in one tensor, on the last axis.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]

# %% [raw] mistake="corners/unbound_first"
# The tensor was taken apart box by box, not number by number. `unbind(-1)` takes the last axis apart.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh
#     return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1)

# %% [raw] mistake="corners/axis_one"
# `unbind(1)` takes axis 1, which is the last one only of (N, 4). In a batch (B, Q, 4) that axis is the queries: count
# from the end, `-1`.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(1)
#     return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=1)

# %% [raw] mistake="corners/clamped"
# The corners were cut off at 0 and 1. A box may reach beyond the image, and in pixels nearly every corner lies above 1.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1).clamp(0, 1)

# %% [raw] mistake="corners/changed_in_place"
# The tensor that was handed in was changed: an operation with `=` on its columns, or one such as `-=`, works in place.
# Whoever calls this still needs centre and size.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     boxes_cxcywh[..., :2] -= boxes_cxcywh[..., 2:] / 2
#     boxes_cxcywh[..., 2:] += boxes_cxcywh[..., :2]
#     return boxes_cxcywh
