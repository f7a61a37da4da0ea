"""Exercises of 04_panoptic, answered by the library: its attention, mask head, losses, post-processing and quality; and
by torchvision."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
OVER_MASKS = """
def over_masks(pixels, num_boxes):
    return pixels.mean(1).sum() / num_boxes
"""
ENLARGED = """
def enlarged(logits, size_hw):
    return F.interpolate(logits[:, None], size=size_hw, mode='bilinear').flatten(1)
"""
MASK_IOUS = """
def mask_ious(logits, masks):
    inside = logits > 0
    return (inside & masks).sum((1, 2)) / (inside | masks).sum((1, 2))
"""
OWNERS = """
def owners(masks, smallest=5):
    owner = masks.argmax(0)
    large = torch.nonzero(torch.bincount(owner.flatten(), minlength=len(masks)) >= smallest)[:, 0]
    return large[masks[large].argmax(0)] if len(large) else torch.full_like(owner, -1)
"""
MERGED_OWNERS = """
def merged_owners(masks, group, smallest=5):
    owner = group[masks.argmax(0)]
    large = torch.nonzero(torch.bincount(owner.flatten(), minlength=len(masks))[group] >= smallest)[:, 0]
    return group[large[masks[large].argmax(0)]] if len(large) else torch.full_like(owner, -1)
"""
SHARED_PIXELS = """
def shared_pixels(truth_ids, predicted_ids, T, P):
    pairs = truth_ids * (P + 1) + predicted_ids
    return np.bincount(pairs.ravel(), minlength=(T + 1) * (P + 1)).reshape(T + 1, P + 1)
"""
# Two maps of one row with this table of shared pixels; segments without a pixel are no segments of theirs.
MAPS_OF_A_TABLE = """
def maps_of(shared, labels_t, labels_p, crowd):
    rows, columns = (np.repeat(each.ravel(), shared.ravel()) for each in np.indices(shared.shape))
    truth = [Segment(t + 1, int(label), bool(crowd[t])) for t, label in enumerate(labels_t) if (rows == t + 1).any()]
    found = [Segment(p + 1, int(label)) for p, label in enumerate(labels_p) if (columns == p + 1).any()]
    return PanopticMap(rows[None], tuple(truth)), PanopticMap(columns[None], tuple(found))
"""
ATTACKS = {
    "torchvisions_focal_loss": """# q1_masks focal
from torchvision.ops import sigmoid_focal_loss as of_torchvision
def focal_pixels(logits, targets, alpha=0.25, gamma=2.0):
    return of_torchvision(logits, targets.float(), alpha, gamma)
"""
    + OVER_MASKS,
    "the_focal_loss_pixel_by_pixel": """# q1_masks focal
def focal_pixels(logits, targets, alpha=0.25, gamma=2.0):
    each = zip(logits.flatten(), targets.flatten())
    pixels = [sigmoid_focal_loss(one.view(1, 1), truth.view(1, 1), 1, alpha, gamma) for one, truth in each]
    return torch.stack(pixels).view_as(logits)
"""
    + OVER_MASKS,
    "the_dice_loss_mask_by_mask": """# q1_masks dice
def dice_of_masks(logits, targets):
    return torch.stack([dice_loss(one[None], truth[None], 1) for one, truth in zip(logits, targets)])
"""
    + ENLARGED,
    "the_losses_of_a_batch": """# q1_masks dice
from detrlab import mask_losses
def dice_of_masks(logits, targets):
    first = torch.tensor([0])
    losses = []
    for one, truth in zip(logits, targets):
        target = {'masks': truth.view(1, 1, -1)}
        losses.append(mask_losses(one.view(1, 1, 1, -1), [target], [(first, first)])['loss_dice'])
    return torch.stack(losses)
"""
    + ENLARGED,
    "the_layers_of_its_mask_head": """# q1_masks mask_head
def head_layers(dim, fpn_dims, D, groups):
    return nn.ModuleDict(dict(MaskHeadSmallConv(dim, fpn_dims, D, groups).named_children()))
def join(x, maps):
    return torch.cat([x.repeat_interleave(maps.shape[1], dim=0), maps.flatten(0, 1)], dim=1)
def finer(x, fpn, adapter, Q):
    return F.interpolate(x, size=fpn.shape[2:]) + adapter(fpn).repeat_interleave(Q, dim=0)
def masks_of(layers, x, maps, fpns):
    Q, x = maps.shape[1], join(x, maps)
    for i in range(1, 5):
        x = finer(x, fpns[i - 3], layers[f'adapter{i - 2}'], Q) if i > 2 else x
        x = layers[f'gn{i}'](layers[f'lay{i}'](x)).relu()
    return layers['out_lay'](x).unflatten(0, (-1, Q))[:, :, 0]
""",
    "the_masks_of_its_segmenter": """# q1_masks train_head
def matched_logits(attention, head, seen, matches, gain):
    me, logits = SimpleNamespace(bbox_attention=attention, mask_head=head, map_gain=gain), []
    for i, (queries, _) in enumerate(matches):
        one = slice(i, i + 1)
        own = SimpleNamespace(memory=seen.memory[one], mask=seen.mask[one], src=seen.src[one],
                              fpns=[fpn[one] for fpn in seen.fpns])
        logits.append(DETRsegm.masks(me, own, seen.hs[-1, one, queries])[0])
    return torch.cat(logits)
"""
    + MASK_IOUS,
    "its_instance_masks": """# q2_panoptic instance_masks
from detrlab import instance_masks as of_the_library
def picture_masks(logits, padded_hw, input_hw, original_hw, threshold=0.5):
    batch = torch.stack([logits, logits])
    return of_the_library(batch, [input_hw, padded_hw], [original_hw, original_hw], threshold)[0]
""",
    "its_confident_queries": """# q2_panoptic panoptic
from detrlab.panoptic.postprocess import _confident
def confident(logits, threshold=0.85):
    return _confident(logits, threshold)
"""
    + OWNERS,
    "its_merging_of_stuff": """# q2_panoptic stuff_trap
from detrlab.panoptic.postprocess import _merged
circle_pixels, sky_pixels = 27, 9
def first_of_stuff(labels, things):
    return _merged(labels, things)
"""
    + MERGED_OWNERS,
    "its_enlarged_masks": """# q2_panoptic padded_trap
from detrlab.panoptic.postprocess import _enlarged
right_end, iou_of_squeezed = 24, 0.4
def squeezed(masks, image_hw):
    return _enlarged(masks, image_hw)
def fitted(masks, padded_hw, image_hw):
    return _enlarged(masks, padded_hw)[:, : image_hw[0], : image_hw[1]]
""",
    "its_matching_of_segments": """# q2_panoptic pq_match
from detrlab import match_segments as of_the_library
"""
    + SHARED_PIXELS
    + MAPS_OF_A_TABLE
    + """
def matched_ious(shared, labels_t, labels_p, crowd):
    iou = np.zeros((len(labels_t), len(labels_p)))
    for truth, predicted, value in of_the_library(*maps_of(shared, labels_t, labels_p, crowd)).matched:
        iou[truth.id - 1, predicted.id - 1] = value
    return iou
def left_over(shared, labels_t, labels_p, crowd, iou):
    found = of_the_library(*maps_of(shared, labels_t, labels_p, crowd))
    missed, invented = np.zeros(len(labels_t), bool), np.zeros(len(labels_p), bool)
    missed[[each.id - 1 for each in found.missed]] = True
    invented[[each.id - 1 for each in found.invented]] = True
    return missed, invented
""",
    "the_quality_of_its_classes": """# q2_panoptic pq
from detrlab.panoptic.quality import ClassQuality
def class_counts(images, K):
    counts = np.zeros((K, 4))
    for image in images:
        for label, iou in image['matched']:
            counts[label, :2] += iou, 1
        for column, name in ((2, 'invented'), (3, 'missed')):
            for label in image[name]:
                counts[label, column] += 1
    return counts
def qualities(counts):
    rows = []
    for iou_sum, *others in counts:
        own = ClassQuality(iou_sum, *others)
        rows.append((own.pq, own.sq, own.rq) if any(others) else (np.nan,) * 3)
    return np.array(rows)
def mean_quality(quality, labels):
    chosen = quality[list(labels)]
    known = chosen[~np.isnan(chosen[:, 0])]
    return known.mean(0) if len(known) else np.full(3, np.nan)
""",
}
REFUSED = ATTACKS.keys()
