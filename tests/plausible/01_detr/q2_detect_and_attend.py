# ruff: noqa
# fmt: off
"""Plausible errors in notebook 2, each a student's whole cell; its comment says what is wrong in truth."""


# %% error="resize/reshaped" names="resize/reshaped"
# The colours were poured into (3, H, W): reshape does not move the channels to the front, permute does.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.reshape(3, x.shape[0], x.shape[1])
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/max_for_min" names="resize/max_for_min"
# The larger of the two factors was taken, so the limit is passed: both wishes hold for the smaller one.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = max(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/bgr" names="resize/bgr"
# The channels were turned to blue, green, red, as OpenCV has them: the model was trained with red first.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)[:, :, ::-1].copy()).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/fixed_size" names="resize/fixed_size"
# Every picture became longest x shorter, whatever its shape: both sides take the same factor.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    return longest, shorter


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/mean_and_std_exchanged" names="resize/mean_and_std_exchanged"
# Mean and deviation changed places: subtract the mean, divide by the deviation.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - std) / mean

# %% error="resize/not_resized" names="resize/not_resized"
# `prepare` does not resize: call new_size and resize before the colours.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/divided_at_the_end" names="resize/divided_at_the_end"
# 255 divides only after mean and deviation were used, which belong to colours in 0..1.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float()
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std / 255

# %% error="resize/mean_on_the_last_axis" names="resize/mean_on_the_last_axis"
# Mean and deviation have shape (3,), so they are broadcast over the columns: give them (3, 1, 1).
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN)
    std = torch.tensor(IMAGENET_STD)
    return (x - mean) / std

# %% error="resize/transposed" names="resize/transposed"
# The channels are in front, but rows and columns changed places: permute(2, 0, 1).
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 1, 0)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/batch_axis" names="resize/batch_axis"
# There is an axis for the batch: asked for is one picture, (3, H, W).
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return ((x - mean) / std).unsqueeze(0)

# %% error="resize/limit_on_the_shorter_side" names="resize/limit_on_the_shorter_side"
# Where the limit is passed, the shorter side was brought to `longest`: it is the longer side that becomes `longest`.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = shorter / min(w, h)
    if max(w, h) * r > longest:
        r = longest / min(w, h)
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/limit_forgotten_in_prepare" names="resize/limit_forgotten_in_prepare"
# `prepare` does not pass `longest` on, so the default limit of 1333 holds for every model.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/nearest" names="resize/nearest"
# The resize takes the nearest pixel instead of BILINEAR.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.NEAREST)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="resize/no_limit_channels_last" names="resize/no_limit + resize/channels_last"
# The limit on the longer side is missing. And the channels still come last.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = shorter / min(w, h)
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    mean = torch.tensor(IMAGENET_MEAN)
    std = torch.tensor(IMAGENET_STD)
    return (x - mean) / std

# %% error="resize/longer_side_not_standardised" names="resize/longer_side + resize/not_standardised"
# The longer side was brought to `shorter`. And mean and deviation were left out.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = shorter / max(w, h)
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return x

# %% error="resize/height_first_bgr" names="resize/height_first + resize/bgr"
# The new size came as (height, width). And the channels were turned to blue, green, red.
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(h * r), round(w * r)


def prepare(picture, shorter=800, longest=1333):
    picture = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    x = torch.tensor(np.array(picture)[..., [2, 1, 0]]).float() / 255
    x = x.permute(2, 0, 1)
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (x - mean) / std

# %% error="scores/raw_logits" names="scores/raw_logits"
# The softmax was forgotten: these are logits, not probabilities.
def scores_and_labels(logits):
    return logits[:, :-1].max(-1)

# %% error="scores/log" names="scores/log"
# These are logarithms of probabilities: take softmax, not log_softmax.
def scores_and_labels(logits):
    logp = torch.log_softmax(logits, dim=-1)
    scores, labels = logp[:, :-1].max(dim=-1)
    return scores, labels

# %% error="scores/first_dropped" names="scores/first_dropped"
# The first class was dropped; no-object is the last.
def scores_and_labels(logits):
    probs = logits.softmax(dim=-1)[:, 1:]
    scores, labels = probs.max(dim=-1)
    return scores, labels

# %% error="scores/max_over_queries" names="scores/max_over_queries"
# The largest was looked for over the queries: each query has its own label, so look along the classes.
def scores_and_labels(logits):
    probs = logits.softmax(-1)[:, :-1]
    return probs.max(0)

# %% error="scores/two_dropped" names="scores/two_dropped"
# Two classes were dropped: no-object alone is the last one.
def scores_and_labels(logits):
    probs = logits.softmax(-1)[:, :-2]
    return probs.max(-1)

# %% error="scores/label_may_be_no_object" names="scores/label_may_be_no_object"
# The scores are right, but the labels were looked for among all K + 1 classes, so no-object may win.
def scores_and_labels(logits):
    probs = logits.softmax(-1)
    scores = probs[:, :-1].max(-1).values
    labels = probs.argmax(-1)
    return scores, labels

# %% error="scores/labels_missing" names="scores/labels_missing"
# Only the scores came: the labels are asked for as well.
def scores_and_labels(logits):
    probs = logits.softmax(-1)[:, :-1]
    return probs.max(-1).values

# %% error="scores/argmax_over_all" names="scores/argmax_over_all"
# argmax without an axis looks through the whole table, so there is a single label: name the axis of the classes.
def scores_and_labels(logits):
    probs = logits.softmax(-1)[:, :-1]
    return probs.max(-1).values, probs.argmax()

# %% error="scores/sigmoid_swapped" names="scores/sigmoid + scores/swapped"
# These are sigmoids. And scores and labels are in the wrong order.
def scores_and_labels(logits):
    probs = logits.sigmoid()[:, :-1]
    return probs.argmax(-1), probs.amax(-1)

# %% error="scores/over_queries_no_object" names="scores/over_queries + scores/no_object_kept"
# The softmax ran over the queries. And no-object was allowed to win.
def scores_and_labels(logits):
    probs = logits.softmax(dim=0)
    return probs.max(dim=1)

# %% error="scores/too_early_swapped" names="scores/dropped_too_early + scores/swapped"
# No-object was dropped before the softmax. And scores and labels are in the wrong order.
def scores_and_labels(logits):
    probs = torch.softmax(logits[:, :-1], dim=1)
    return probs.argmax(dim=1), probs.max(dim=1)[0]

# %% error="kept/mask_in_other_order" names="kept/mask_in_other_order"
# The mask is in the order of the output, but it was used on the sorted ids: compare scores[order].
def kept_queries(scores, threshold):
    order = scores.argsort(descending=True)
    return order[scores > threshold]

# %% error="kept/enumerated_ranks" names="kept/ranks"
# These are places in the sorted list, not ids of queries.
def kept_queries(scores, threshold):
    ordered = sorted(scores.tolist(), reverse=True)
    return [i for i, score in enumerate(ordered) if score > threshold]

# %% error="kept/places_among_the_kept" names="kept/places_among_the_kept"
# These are places among the kept ones: sort the ids, not what is left of the scores.
def kept_queries(scores, threshold):
    kept = scores[scores > threshold]
    return kept.argsort(descending=True)

# %% error="kept/fixed_number" names="kept/fixed_number"
# Always five queries were kept: how many there are is decided by the threshold.
def kept_queries(scores, threshold):
    return scores.topk(5).indices

# %% error="kept/fixed_threshold" names="kept/fixed_threshold"
# 0.7 stands in the code: the threshold is an argument.
def kept_queries(scores, threshold):
    order = torch.argsort(scores, descending=True)
    return order[scores[order] > 0.7]

# %% error="kept/below" names="kept/below"
# These are the queries below the threshold.
def kept_queries(scores, threshold):
    order = torch.argsort(scores, descending=True)
    return order[scores[order] < threshold]

# %% error="kept/pair" names="kept/pair"
# Scores and ids came together: asked for are the ids alone.
def kept_queries(scores, threshold):
    values, ids = scores.sort(descending=True)
    return values[values > threshold], ids[values > threshold]

# %% error="kept/only_the_best" names="kept/only_the_best"
# Only the best query was kept: all above the threshold are asked for.
def kept_queries(scores, threshold):
    best = scores.argmax()
    return best[None] if scores[best] > threshold else []

# %% error="kept/at_least" names="kept/at_least"
# A score equal to the threshold was kept: above is meant.
def kept_queries(scores, threshold):
    order = scores.argsort(descending=True)
    return order[scores[order] >= threshold]

# %% error="kept/worst_first_other_mask" names="kept/worst_first + kept/mask_in_other_order"
# The worst comes first. And the mask is in another order than the ids.
def kept_queries(scores, threshold):
    order = scores.argsort()
    return order[scores > threshold]

# %% error="kept/not_sorted_fixed" names="kept/not_sorted + kept/fixed_threshold"
# The queries are in the order of the output. And 0.7 stands where the threshold belongs.
def kept_queries(scores, threshold):
    return torch.where(scores > 0.7)[0]

# %% error="corners/size_as_corner" names="corners/size_as_corner"
# The last two numbers are width and height, where the lower right corner was asked for.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx - w / 2, cy - h / 2, w, h], dim=-1)

# %% error="corners/stacked_first" names="corners/stacked_first"
# The four numbers of a box lie on the first axis, (4, N): stack on the last.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])

# %% error="corners/unbound_first" names="corners/unbound_first"
# The boxes were taken apart one by one, not number by number: unbind the last axis.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1)

# %% error="corners/upside_down" names="corners/upside_down"
# Top and bottom changed places: y grows downwards, so the top is cy - h / 2.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx - w / 2, cy + h / 2, cx + w / 2, cy - h / 2], dim=-1)

# %% error="corners/sides_mixed" names="corners/sides_mixed"
# The height was used for x and the width for y.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, h, w = boxes_cxcywh.unbind(-1)
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1)

# %% error="corners/one_sign" names="corners/one_sign"
# The bottom was computed with a minus, so it equals the top.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy - h / 2], dim=-1)

# %% error="corners/centre_to_corner" names="corners/centre_to_corner"
# The first corner is still the centre: half a width and half a height belong off it.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx, cy, cx + w / 2, cy + h / 2], dim=-1)

# %% error="corners/list" names="corners/list"
# A list of four tensors came: put them side by side in one tensor.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]

# %% error="corners/concatenated" names="corners/concatenated"
# The four columns were put one after the other in a single row: stack them on a new last axis.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.cat([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1)

# %% error="corners/used_after_change" names="corners/used_after_change"
# cx was overwritten before the right edge was computed from it, which is then the centre.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    cx = cx - w / 2
    cy = cy - h / 2
    return torch.stack([cx, cy, cx + w / 2, cy + h / 2], dim=-1)

# %% error="corners/half_width_order" names="corners/half_width + corners/x_x_y_y"
# Width and height were used as if they were half of it. And the order is left, right, top, bottom.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx - w, cx + w, cy - h, cy + h], dim=-1)

# %% error="corners/corner_and_order" names="corners/centre_as_corner + corners/x_x_y_y"
# The centre was taken for the upper left corner. And the order is left, right, top, bottom.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx, cx + w, cy, cy + h], dim=-1)

# %% error="corners/axis_one" names="corners/axis_one"
# unbind(1) takes axis 1, which is the last one only of (N, 4): boxes (..., 4) are asked for.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(1)
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=1)

# %% error="corners/clamped" names="corners/clamped"
# The corners were cut off at 0 and 1: a box may reach beyond the picture, and in pixels all would be 1.
def cxcywh_to_xyxy(boxes_cxcywh):
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1).clamp(0, 1)

# %% error="corners/changed_in_place" names="corners/changed_in_place"
# The boxes that were handed in were changed: whoever calls this still needs them.
def cxcywh_to_xyxy(boxes_cxcywh):
    boxes_cxcywh[..., :2] -= boxes_cxcywh[..., 2:] / 2
    boxes_cxcywh[..., 2:] += boxes_cxcywh[..., :2]
    return boxes_cxcywh

# %% error="pixels/order_of_four" names="pixels/order_of_four"
# The four factors are in the order width, height, height, width: x0, y0, x1, y1 need w, h, w, h.
def to_pixels(boxes_xyxy, picture):
    w, h = picture.size
    return boxes_xyxy * torch.tensor([w, h, h, w])

# %% error="pixels/rounded" names="pixels/rounded"
# The pixels were rounded: the task asks for them as they are.
def to_pixels(boxes_xyxy, picture):
    w, h = picture.size
    return (boxes_xyxy * torch.tensor([w, h, w, h])).round()

# %% error="pixels/cut_to_integers" names="pixels/cut_to_integers"
# The pixels were cut to whole numbers: the task asks for them as they are.
def to_pixels(boxes_xyxy, picture):
    w, h = picture.size
    return (boxes_xyxy * torch.tensor([w, h, w, h])).int()

# %% error="pixels/divided" names="pixels/divided"
# The fractions were divided by the size; multiply to get pixels.
def to_pixels(boxes_xyxy, picture):
    w, h = picture.size
    return boxes_xyxy / torch.tensor([w, h, w, h])

# %% error="pixels/two_for_four" names="pixels/two_for_four"
# Two factors for four numbers: a box has two corners, so width and height are needed twice.
def to_pixels(boxes_xyxy, picture):
    return boxes_xyxy * torch.tensor(picture.size)

# %% error="pixels/converted_again" names="pixels/converted_again"
# The corners were converted once more, as if they were centre and size.
def to_pixels(boxes_xyxy, picture):
    w, h = picture.size
    return cxcywh_to_xyxy(boxes_xyxy) * torch.tensor([w, h, w, h])

# %% error="pixels/array_shape" names="pixels/height_first"
# The shape of an array is (height, width), so x was multiplied by the height.
def to_pixels(boxes_xyxy, picture):
    w, h = np.array(picture).shape[:2]
    return boxes_xyxy * torch.tensor([w, h, w, h], dtype=torch.float32)

# %% error="pixels/height_for_both" names="pixels/height_for_both"
# All four numbers were multiplied by the height: x goes with the width.
def to_pixels(boxes_xyxy, picture):
    return boxes_xyxy * picture.height

# %% error="pixels/example_size" names="pixels/example_size"
# 640 x 480 is the example's picture: this one has a size of its own.
def to_pixels(boxes_xyxy, picture):
    return boxes_xyxy * torch.tensor([640, 480, 640, 480])

# %% error="pixels/height_first_rounded" names="pixels/height_first + pixels/rounded"
# Width and height changed places. And the pixels were rounded.
def to_pixels(boxes_xyxy, picture):
    h, w = picture.size
    return torch.round(boxes_xyxy * torch.tensor([w, h, w, h]))

# %% error="pixels/clamped" names="pixels/clamped"
# The boxes were cut off at the picture's edge: the task asks for them as they are.
def to_pixels(boxes_xyxy, picture):
    w, h = picture.size
    scaled = boxes_xyxy * torch.tensor([w, h, w, h])
    return scaled.clamp(min=0, max=max(w, h))

# %% error="drawing/other_axes" names="drawing/other_axes"
# plt.gca() makes axes of its own: draw on the `axes` that were given.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    ax = plt.gca()
    ax.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        ax.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")
    return ax

# %% error="drawing/returned_in_the_loop" names="drawing/returned_in_the_loop"
# `return` stands inside the loop, so it ends after the first detection.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")
        return axes

# %% error="drawing/no_labels" names="drawing/no_labels"
# There are boxes, but no label at all: write class name and score beside each.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
    return axes

# %% error="drawing/same_name" names="drawing/same_name"
# Every label has the first name: take each detection's own.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{names[0]} {score:.2f}", fontsize=10, color="red")
    return axes

# %% error="drawing/returned_figure" names="drawing/returned_figure"
# The figure was returned: the axes are asked for.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")
    return axes.figure

# %% error="drawing/lower_corner" names="drawing/lower_corner"
# The rectangle begins at the lower corner and reaches further down: y grows downwards, so begin at y0.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y1), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")
    return axes

# %% error="drawing/one_decimal" names="drawing/one_decimal"
# The score has one decimal: two are asked for.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.1f}", fontsize=10, color="red")
    return axes

# %% error="drawing/scaled_again" names="drawing/scaled_again, drawing/no_labels"
# The corners were multiplied by the picture's size, although they are in pixels already.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        x0, x1 = x0 * picture.width, x1 * picture.width
        y0, y1 = y0 * picture.height, y1 * picture.height
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")
    return axes

# %% error="drawing/title_for_text" names="drawing/no_labels"
# The labels were set as the title of the axes, where each replaces the one before: write a text at each box.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.set_title(f"{name} {score:.2f}")
    return axes

# %% error="drawing/corner_as_centre" names="drawing/corner_as_centre"
# The corner was taken for the centre, so every box is shifted by half its size.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0 - (x1 - x0) / 2, y0 - (y1 - y0) / 2), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")
    return axes

# %% error="drawing/size_no_scores" names="drawing/corner_as_size + drawing/no_scores"
# The lower right corner was given as the size. And the scores are missing.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1, y1, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, name, fontsize=10, color="red")
    return axes

# %% error="drawing/no_picture_no_return" names="drawing/no_picture + drawing/no_return"
# The picture is missing. And the axes are not returned.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")

# %% error="drawing/y_first_no_return" names="drawing/y_first, drawing/label_y_first + drawing/no_return"
# The boxes were drawn with y first. And the axes are not returned.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        y0, x0, y1, x1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")

# %% error="drawing/label_y_first" names="drawing/label_y_first"
# The labels stand at (y, x), far from their boxes: matplotlib wants x first.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(y0, x0, f"{name} {score:.2f}", fontsize=10, color="red")
    return axes

# %% error="drawing/labels_in_the_corner" names="drawing/labels_in_the_corner"
# All labels stand on top of each other in the picture's corner: write each at its own box.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(0, 0, f"{name} {score:.2f}", fontsize=10, color="red")
    return axes

# %% error="drawing/labels_of_others" names="drawing/labels_of_others"
# The labels stand at other boxes: they were drawn in the opposite order.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
    for box, name, score in zip(boxes_xyxy.flip(0), names, scores):
        axes.text(box[0], box[1], f"{name} {score:.2f}")
    return axes

# %% error="drawing/picture_in_fractions" names="drawing/picture_in_fractions"
# The picture was drawn into 0..1, so boxes in pixels lie far outside of it.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture, extent=(0, 1, 1, 0))
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")
    return axes

# %% error="drawing/filled" names="drawing/filled"
# The rectangles are filled and hide what they are about: fill=False.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.2f}", fontsize=10, color="red")
    return axes

# %% error="drawing/three_decimals" names="drawing/three_decimals"
# The scores have three decimals: two are asked for.
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    axes.imshow(picture)
    for box, name, score in zip(boxes_xyxy, names, scores):
        x0, y0, x1, y1 = box.tolist()
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        axes.text(x0, y0, f"{name} {score:.3f}", fontsize=10, color="red")
    return axes

# %% error="hooks/late_binding" names="hooks/not_a_pair"
# All hooks share the loop's variable, which is "decoder" when the model runs: bind it, with name=name.
def look_inside(model, image):
    seen, handles = {}, []
    modules = {
        "features": model.backbone[0],
        "encoder": model.transformer.encoder.layers[-1].self_attn,
        "decoder": model.transformer.decoder.layers[-1].multihead_attn,
    }
    for name, module in modules.items():
        def hook(module, inputs, output):
            seen[name] = output.detach() if name == "features" else output[1].detach()
        handles.append(module.register_forward_hook(hook))
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/late_binding_lambda" names="hooks/late_binding_lambda"
# All lambdas share the loop's variable, so everything was kept under the last name.
def look_inside(model, image):
    seen, handles = {}, []
    modules = {
        "features": model.backbone[0],
        "encoder": model.transformer.encoder.layers[-1].self_attn,
        "decoder": model.transformer.decoder.layers[-1].multihead_attn,
    }
    for name, module in modules.items():
        handles.append(module.register_forward_hook(lambda module, inputs, output: seen.update({name: output})))
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/batch_dropped" names="hooks/batch_dropped"
# The axis for the batch was dropped by the second [0]: keep (1, S, S) and (1, Q, S).
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1][0].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1][0].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/position_encoding" names="hooks/position_encoding"
# backbone[-1] is the position encoding; the features come from backbone[0].
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[-1].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/returned_value" names="hooks/returned_value"
# A hook that returns something replaces the module's output by it: return nothing.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()
        return seen["encoder"]

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/first_encoder_layer" names="hooks/first_encoder_layer"
# The encoder's weights are those of its first layer: the last is layers[-1].
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[0].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/pair_order" names="hooks/pair_order"
# The pair is in the wrong order: (out, seen).
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return seen, out

# %% error="hooks/misspelt_key" names="hooks/misspelt_key"
# One key is "feature"; the task calls it "features".
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["feature"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/kept_in_lists" names="hooks/kept_in_lists"
# Each value is a list, as in the official notebook: keep the tensor itself.
def look_inside(model, image):
    seen = {"features": [], "encoder": [], "decoder": []}

    def features_hook(module, inputs, output):
        seen["features"].append(output.detach())

    def encoder_hook(module, inputs, output):
        seen["encoder"].append(output[1].detach())

    def decoder_hook(module, inputs, output):
        seen["decoder"].append(output[1].detach())

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/remove_not_called" names="hooks/never_removed"
# `handle.remove` without brackets is not called, so the hooks stay.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove
    return out, seen

# %% error="hooks/whole_layer" names="hooks/not_a_pair"
# The hook is on the whole encoder layer, which returns no weights: hook its self_attn.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/pre_hook" names="" wants="hooks/pre_hook"
# A forward *pre*-hook is called before the module, without an output: register_forward_hook.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_pre_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_pre_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_pre_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/removed_before" names="hooks/removed_before"
# The hooks were removed before the model ran, so nothing was seen.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    for handle in handles:
        handle.remove()
    out = model(image)
    return out, seen

# %% error="hooks/keys_exchanged" names="hooks/keys_exchanged"
# The two keys are exchanged: the encoder's weights are kept as the decoder's.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/values_left_after_error" names="hooks/values_not_weights + hooks/left_after_error"
# The attended values were kept, not the weights. And the hooks stay on after an error.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[0].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[0].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    out = model(image)
    for handle in handles:
        handle.remove()
    return out, seen

# %% error="hooks/self_never_removed" names="hooks/decoder_self + hooks/never_removed"
# The decoder's self-attention was hooked, not its cross-attention. And the hooks were never removed.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].self_attn.register_forward_hook(decoder_hook),
    ]
    out = model(image)
    return out, seen

# %% error="hooks/first_left_after_error" names="hooks/first_layer + hooks/left_after_error"
# These are the first layers. And the hooks stay on after an error.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[0].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[0].multihead_attn.register_forward_hook(decoder_hook),
    ]
    out = model(image)
    for handle in handles:
        handle.remove()
    return out, seen

# %% error="hooks/batch_dropped_left" names="hooks/left_after_error + hooks/batch_dropped"
# The axis for the batch was dropped. And the hooks stay on after an error.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].squeeze(0).detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].squeeze(0).detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    out = model(image)
    for handle in handles:
        handle.remove()
    return out, seen

# %% error="hooks/not_detached" names="hooks/not_detached"
# The tensors are not detached, so they drag the whole graph along.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1]

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1]

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/left_in_training" names="hooks/left_in_training"
# The model was put into training mode, and left there.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    model.train()
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/frozen" names="hooks/frozen"
# The model's parameters were frozen on the way: looking inside is to change nothing.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    model.requires_grad_(False)
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/error_swallowed" names="hooks/error_swallowed"
# The model's error is swallowed, so the caller never hears of it.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        out = model(image)
    except Exception as error:
        print(error)
        out = None
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="hooks/run_twice" names="hooks/ran_twice"
# The model runs twice, once more for what it returns: the first run's result is enough.
def look_inside(model, image):
    seen = {}

    def features_hook(module, inputs, output):
        seen["features"] = output.detach()

    def encoder_hook(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def decoder_hook(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(features_hook),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(encoder_hook),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(decoder_hook),
    ]
    try:
        model(image)
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen

# %% error="decoder_maps/keys_for_queries" names="decoder_maps/keys_for_queries"
# The ids were looked up among the cells: queries are rows, the first axis after the batch.
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[0][:, queries].T.reshape(-1, H, W)

# %% error="decoder_maps/wrong_sizes" names="decoder_maps/wrong_sizes"
# Channels and rows were taken for H and W: these are the last two sizes.
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    _, H, W, _ = features.shape
    return cross[0, queries].reshape(-1, H, W)

# %% error="decoder_maps/batch_indexed" names="decoder_maps/batch_indexed"
# The ids were looked up along the batch: take cross[0] first.
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[queries].reshape(-1, H, W)

# %% error="decoder_maps/first_only" names="decoder_maps/first_only"
# Only the first query's map was returned.
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[0, queries[0]].reshape(1, H, W)

# %% error="decoder_maps/squeezed" names="decoder_maps/squeezed"
# With one query its axis is squeezed away: (1, H, W) is asked for.
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[0, queries].reshape(-1, H, W).squeeze()

# %% error="decoder_maps/averaged" names="decoder_maps/averaged"
# The maps of all given queries were averaged into one.
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[0, queries].mean(0).reshape(1, H, W)

# %% error="decoder_maps/rescaled" names="decoder_maps/rescaled"
# Each map was divided by its largest weight: leave the weights as they are.
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    maps = cross[0, queries].reshape(-1, H, W)
    return maps / maps.amax(dim=(1, 2), keepdim=True)

# %% error="decoder_maps/queries_last" names="decoder_maps/queries_last"
# The numbers were poured into (H, W, N), which mixes the queries: reshape to (N, H, W).
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[0, queries].reshape(H, W, -1).permute(2, 0, 1)

# %% error="decoder_maps/batch_kept" names="decoder_maps/batch_kept"
# The axis for the batch is still there: (N, H, W) is asked for.
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[:, queries].reshape(1, -1, H, W)

# %% error="decoder_maps/ranks_width_first" names="decoder_maps/ranks + decoder_maps/width_first"
# Ranks were used instead of ids. And the maps are (W, H).
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[0, torch.arange(len(queries))].view(-1, W, H)

# %% error="decoder_maps/sorted_width_first" names="decoder_maps/sorted + decoder_maps/width_first"
# The ids were sorted. And the maps are (W, H).
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    ids = sorted(queries.tolist())
    return cross[0, ids].view(-1, W, H)

# %% error="decoder_figure/one_query" names="decoder_figure/one_query"
# With one query plt.subplots gives a row of axes, which has no second index: squeeze=False.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4))
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i])
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/ranks" names="decoder_figure/ranks"
# The titles count 0, 1, 2: the id is queries[i].
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i])
        axes[0, i].set_title(f"query {i}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/names_only" names="decoder_figure/no_titles"
# No panel says the id of its query.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i])
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/first_map" names="decoder_figure/same_map"
# All panels show the first map.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[0])
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/map_by_id" names="decoder_figure/map_by_id"
# The ids index the maps, of which there are only N.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[queries[i]])
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/turned" names="decoder_figure/maps_turned"
# The maps are transposed.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i].T)
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/lower" names="decoder_figure/upside_down"
# The maps stand on their head.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i], origin="lower")
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/reversed" names="decoder_figure/maps_reversed"
# The maps come in another order than the boxes.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[N - i - 1])
        axes[0, i].set_title(f"query {queries[N - i - 1]}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/size" names="decoder_figure/corner_as_size"
# The lower right corner was given as the size.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i])
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1, y1, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/box_on_map" names="decoder_figure/no_boxes"
# The box is drawn on the map, in whose cells pixels mean nothing.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i])
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        axes[0, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/all_boxes" names="decoder_figure/all_boxes"
# Every panel shows all boxes.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i])
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        for x0, y0, x1, y1 in boxes_xyxy.tolist():
            axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    return fig

# %% error="decoder_figure/no_return" names="return_missing"
# The figure is not returned.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i])
        axes[0, i].set_title(f"query {queries[i]}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))
    plt.show()

# %% error="decoder_figure/rank_title_size" names="decoder_figure/ranks + decoder_figure/corner_as_size"
# The titles count 0, 1, 2. And the lower right corner was given as the size.
def draw_queries(picture, maps, queries, boxes_xyxy):
    N = len(queries)
    fig, axes = plt.subplots(2, N, figsize=(2 * N, 4), squeeze=False)
    for i in range(N):
        x0, y0, x1, y1 = boxes_xyxy[i].tolist()
        axes[0, i].imshow(maps[i])
        axes[0, i].set_title(f"query {i}")
        axes[1, i].imshow(picture)
        axes[1, i].add_patch(Rectangle((x0, y0), x1, y1, fill=False, edgecolor="red"))
    return fig

# %% error="cell/inverse_scaling" names="cell/inverse_scaling"
# The scaling is the wrong way round: from the picture to the input, multiply by w / width.
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    return int(y * height / h / stride), int(x * width / w / stride)

# %% error="cell/always_8" names="cell/always_8"
# 8 is the stride of the shapes model: the stride is an argument.
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    return int(y * h / height // 8), int(x * w / width // 8)

# %% error="cell/stretched_floored" names="cell/stretched_floored"
# The feature map was stretched over the picture, without its last cell: divide input pixels by the stride.
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    return int(y * (h // stride) / height), int(x * (w // stride) / width)

# %% error="cell/rounded_up" names="cell/rounded_up"
# The cell was rounded up, so the first has number 1: round down.
import math


def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    return math.ceil(y * h / height / stride), math.ceil(x * w / width / stride)

# %% error="cell/point_turned" names="cell/column_first"
# The point was taken as (y, x): it comes as (x, y).
def cell_at(point_xy, size_wh, input_hw, stride):
    y, x = point_xy
    width, height = size_wh
    h, w = input_hw
    return int(y * h / height / stride), int(x * w / width / stride)

# %% error="cell/not_divided" names="cell/not_divided"
# These are pixels of the input, not cells: divide by the stride.
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    return int(y * h / height), int(x * w / width)

# %% error="cell/input_turned" names="cell/input_turned"
# The input's size was taken as (w, h): it comes as (h, w).
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    w, h = input_hw
    return int(y * h / height / stride), int(x * w / width / stride)

# %% error="cell/flat_index" names="cell/flat_index"
# This is the token's number, one integer: asked for is the pair (row, column).
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    row, column = int(y * h / height / stride), int(x * w / width / stride)
    return row * (w // stride) + column

# %% error="cell/one_based" names="cell/one_based"
# One was added: cells are counted from 0.
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    return int(y * h / height / stride) + 1, int(x * w / width / stride) + 1

# %% error="cell/column_first_always_32" names="cell/column_first + cell/always_32"
# Row and column changed places. And 32 stands where the stride belongs.
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    column = int(x / width * w / 32)
    row = int(y / height * h / 32)
    return column, row

# %% error="cell/column_first_rounded" names="cell/column_first + cell/rounded"
# Row and column changed places. And the nearest cell was taken instead of rounding down.
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    column = round(x / width * w / stride)
    row = round(y / height * h / stride)
    return column, row

# %% error="cell/column_first_not_resized" names="cell/column_first + cell/not_resized"
# Row and column changed places. And pixels of the original picture were divided by the stride.
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    return x // stride, y // stride

# %% error="encoder_maps/row_times_height" names="encoder_maps/row_times_height"
# The token's number is row * W + column, not row * H + column: a row has W cells.
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    i = row * H + column
    return {"looks at": attention[0, i].reshape(H, W), "is looked at from": attention[0, :, i].reshape(H, W)}

# %% error="encoder_maps/cell_turned" names="encoder_maps/cell_turned"
# The cell was taken as (column, row): it comes as (row, column).
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(H, W, H, W)
    return {"looks at": weights[column, row], "is looked at from": weights[:, :, column, row]}

# %% error="encoder_maps/single_weight" names="encoder_maps/single_weight"
# attention[row, column] is a single weight between two tokens: unfold the cells first, each has a row and a column.
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    return {"looks at": attention[0][row, column], "is looked at from": attention[0][column, row]}

# %% error="encoder_maps/one_map" names="encoder_maps/one_map"
# Only one map came: both are asked for, by name.
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(H, W, H, W)
    return weights[row, column]

# %% error="encoder_maps/other_keys" names="encoder_maps/other_keys"
# The keys have underscores: they are "looks at" and "is looked at from".
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(H, W, H, W)
    return {"looks_at": weights[row, column], "is_looked_at_from": weights[..., row, column]}

# %% error="encoder_maps/column_twice" names="encoder_maps/column_twice"
# Both maps are the cell's column, as in the official notebook: where it looks is its row, weights[row, column].
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(H, W, H, W)
    return {"looks at": weights[..., row, column], "is looked at from": weights[..., row, column]}

# %% error="encoder_maps/rescaled" names="encoder_maps/rescaled"
# The maps were divided by their largest weight: leave the weights as they are.
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(H, W, H, W)
    return {"looks at": weights[row, column] / weights[row, column].max(), "is looked at from": weights[..., row, column] / weights[..., row, column].max()}

# %% error="encoder_maps/one_based" names="encoder_maps/one_based"
# One was subtracted from row and column: cells are counted from 0 here, too.
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(H, W, H, W)
    return {"looks at": weights[row - 1, column - 1], "is looked at from": weights[:, :, row - 1, column - 1]}

# %% error="encoder_maps/swapped_and_normalised" names="encoder_maps/directions_swapped + encoder_maps/columns_normalised"
# The two maps carry each other's names. And the column was divided by its sum.
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(H, W, H, W)
    return {"looks at": weights[..., row, column] / weights[..., row, column].sum(), "is looked at from": weights[row, column]}

# %% error="encoder_maps/swapped_width_first" names="encoder_maps/directions_swapped + encoder_maps/width_first"
# The two maps carry each other's names. And the weights were unfolded as (W, H, W, H).
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(W, H, W, H)
    return {"looks at": weights[:, :, column, row], "is looked at from": weights[column, row]}

# %% error="encoder_maps/swapped_and_turned" names="encoder_maps/directions_swapped + encoder_maps/cell_turned"
# The two maps carry each other's names. And the cell was taken as (column, row).
def maps_of_cell(attention, cell, features):
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention[0].reshape(H, W, H, W)
    return {"looks at": weights[:, :, column, row], "is looked at from": weights[column, row]}

# %% error="four_points/fixed_title" names="four_points/fixed_title"
# The title always says "looks at": the direction is an argument.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle("encoder self-attention: looks at")
    return fig

# %% error="four_points/circles_on_maps" names="four_points/no_circles"
# The circles were drawn on the maps; they belong on the picture, in its pixels.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[i + 1].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/map_frame" names="four_points/map_frame"
# The points were scaled by the map's size: the circles are drawn on the picture, so take its width and height.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    height, width = maps[0].shape
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/sides_swapped" names="four_points/sides_swapped"
# Width and height of the picture changed places: picture.size is (width, height).
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    height, width = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/one_missing" names="four_points/one_missing"
# The loop begins at 1, so the first point and its map are missing.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(1, 4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/overlaid" names="four_points/overlaid"
# The picture lies under every map: the maps are to have panels of their own, as they are.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(picture)
        axes[i + 1].imshow(maps[i], cmap="cividis", alpha=0.6, extent=(0, width, height, 0))
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/rounded" names="four_points/rounded"
# The points were cut to whole pixels: draw them where they are.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((int(x * width), int(y * height)), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/no_picture" names="four_points/no_picture"
# The picture is missing: show it under the circles.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/nothing_returned" names="return_missing"
# The figure is not returned.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    plt.show()

# %% error="four_points/other_words" names="four_points/direction_missing"
# The title says it in other words: the direction is to be named as it is given.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle("where the points look")
    return fig

# %% error="four_points/same_map_not_scaled" names="four_points/same_map + four_points/not_scaled"
# All panels show the first map. And the points were drawn as fractions.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x, y), 3, color="red"))
        axes[i + 1].imshow(maps[0], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/y_first_no_direction" names="four_points/y_first + four_points/direction_missing"
# The circles were drawn at (y, x). And no title says the direction.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((y * height, x * width), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    return fig

# %% error="four_points/turned_and_fixed" names="four_points/maps_turned + four_points/fixed_title"
# The maps were transposed. And the title always says "looks at".
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i].T, cmap="cividis")
    fig.suptitle("encoder self-attention: looks at")
    return fig

# %% error="four_points/maps_of_other_points" names="four_points/maps_of_other_points"
# The maps are in the order from last to first, so each panel shows another point's.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[3 - i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/huge_circles" names="four_points/no_circles"
# The circles' radius is 1000 pixels: they cover the picture.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 1000, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="four_points/upside_down" names="four_points/upside_down"
# origin="lower" turns the maps upside down against the picture.
def draw_points(picture, points_01, maps, direction):
    fig, axes = plt.subplots(1, 5, figsize=(15, 3))
    width, height = picture.size
    axes[0].imshow(picture)
    for i in range(4):
        x, y = points_01[i]
        axes[0].add_patch(Circle((x * width, y * height), 3, color="red"))
        axes[i + 1].imshow(maps[i], cmap="cividis", origin="lower")
    fig.suptitle(f"encoder self-attention: {direction}")
    return fig

# %% error="own_picture/height_first" names="own_picture/height_first"
# Width and height changed places when the boxes were scaled.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    h, w = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/no_object_kept" names="own_picture/no_object_kept"
# No-object was allowed to win: drop the last class after the softmax.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1).max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/fixed_threshold" names="own_picture/fixed_threshold"
# 0.7 stands in the code: the threshold is an argument.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > 0.7]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/not_scaled" names="own_picture/not_scaled"
# The boxes are still fractions: pixels of the picture are asked for.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/not_converted" names="own_picture/not_converted"
# The boxes are still centre and size: corners are asked for.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = out["pred_boxes"][0][keep]
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/other_model" names="own_picture/other_model"
# The notebook's `shapes` ran instead of the model that was given.
def detect_in_file(model, path, threshold=0.7):
    shapes.eval()
    picture = open_picture(path)
    image = to_input(picture, *shapes.input_size).unsqueeze(0)
    with torch.no_grad():
        out = shapes(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/other_picture" names="own_picture/other_picture"
# The sample was used instead of the picture in the file.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = sample.picture
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/order" names="own_picture/order"
# Labels and scores changed places: (boxes, labels, scores).
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, scores[keep], labels[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/eval_too_late" names="own_picture/eval_too_late"
# The model was put into evaluation mode after it had run.
def detect_in_file(model, path, threshold=0.7):
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    model.eval()
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/no_batch_axis" names="own_picture/no_batch_axis"
# The axis for the batch is missing: the model takes (B, 3, H, W).
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/path_for_picture" names="own_picture/path_for_picture"
# A path was handed on where a picture is needed: open it first.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = path
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/example_kept" names="own_picture/the_example"
# The picture is the notebook's own example.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose(example_shapes, Background("squared"), size=(256, 256)).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/training_and_gradients" names="own_picture/training_mode + own_picture/gradients"
# The model was left in training mode. And it ran with gradients.
def detect_in_file(model, path, threshold=0.7):
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/resized_and_gradients" names="own_picture/resized_frame + own_picture/gradients"
# The boxes are in pixels of the resized picture. And the model ran with gradients.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    h, w = image.shape[-2:]
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/not_sorted" names="own_picture/not_sorted"
# The detections are in the order of the queries: best first is asked for.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores > threshold
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/worst_first" names="own_picture/worst_first"
# The detections come worst first.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort()
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))

# %% error="own_picture/training_restored" names="own_picture/training_restored"
# The model was put back into training mode at the end.
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    image = to_input(picture, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        out = model(image)
    model.train()
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    keep = scores.argsort(descending=True)
    keep = keep[scores[keep] > threshold]
    boxes = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep])
    w, h = picture.size
    boxes = boxes * torch.tensor([w, h, w, h])
    return boxes, labels[keep], scores[keep]


def my_source():
    return compose([Shape("star", centre_xy=(0.6, 0.4), radius=0.25, colour="red")]).picture


attempt(lambda: keep_picture(my_source()))
