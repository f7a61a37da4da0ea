# %% style="the official code's lines"
def matched_boxes(pred_boxes, goals, matches):
    batch_idx = torch.cat([torch.full_like(src, i) for i, (src, _) in enumerate(matches)])
    src_idx = torch.cat([src for src, _ in matches])
    return pred_boxes[batch_idx, src_idx], torch.cat([t[i] for t, (_, i) in zip(goals, matches)], dim=0)


def l1_and_giou(boxes_cxcywh, goal_cxcywh, sizes):
    num_boxes = torch.clamp(torch.as_tensor(sum(sizes), dtype=torch.float), min=1).item()
    loss_bbox = F.l1_loss(boxes_cxcywh, goal_cxcywh, reduction="none")
    loss_giou = 1 - torch.diag(generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh)))
    return loss_bbox.sum() / num_boxes, loss_giou.sum() / num_boxes


# %% style="torchvision's loss"
from torchvision.ops import generalized_box_iou_loss


def matched_boxes(pred_boxes, goals, matches):
    boxes, own = [], []
    for i in range(len(matches)):
        queries, targets = matches[i]
        boxes.append(pred_boxes[i].index_select(0, queries))
        own.append(goals[i].index_select(0, targets))
    return torch.cat(boxes), torch.cat(own)


def l1_and_giou(boxes_cxcywh, goal_cxcywh, sizes):
    N = max(1, sum(sizes))
    giou = generalized_box_iou_loss(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh), reduction="sum")
    return F.l1_loss(boxes_cxcywh, goal_cxcywh, reduction="sum") / N, giou / N


# %% style="pair by pair"
def matched_boxes(pred_boxes, goals, matches):
    pairs = [(i, q, t) for i, match in enumerate(matches) for q, t in zip(*(index.tolist() for index in match))]
    return torch.stack([pred_boxes[i, q] for i, q, _ in pairs]), torch.stack([goals[i][t] for i, _, t in pairs])


def l1_and_giou(boxes_cxcywh, goal_cxcywh, sizes):
    targets = 0
    for size in sizes:
        targets += size
    l1, giou = boxes_cxcywh.sum() * 0, boxes_cxcywh.sum() * 0
    for box, goal in zip(boxes_cxcywh, goal_cxcywh):
        l1 = l1 + torch.norm(box - goal, p=1)
        giou = giou + 1 - generalized_box_iou(cxcywh_to_xyxy(box)[None], cxcywh_to_xyxy(goal)[None]).squeeze()
    return [l1 / (targets or 1), giou / (targets or 1)]
