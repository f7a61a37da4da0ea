"""Exercises of 04_panoptic, answered by the library: its attention, mask head and losses; and by torchvision."""

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
}
REFUSED = ATTACKS.keys()
