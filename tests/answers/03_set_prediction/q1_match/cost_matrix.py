# %% style="1 - p, cdist, box_convert"
from torchvision.ops import box_convert


def class_cost(logits, labels):
    return 1 - F.softmax(logits, dim=-1).index_select(1, labels)


def l1_cost(boxes_cxcywh, goal_cxcywh):
    return torch.cdist(boxes_cxcywh, goal_cxcywh, p=1)


def pair_costs(by_class, by_l1, boxes_cxcywh, goal_cxcywh):
    a, b = box_convert(boxes_cxcywh, "cxcywh", "xyxy"), box_convert(goal_cxcywh, "cxcywh", "xyxy")
    return 1 * by_class + 5 * by_l1 + 2 * (1 - generalized_box_iou(a, b))


# %% style="loops over pairs"
def class_cost(logits, labels):
    e = logits.exp()
    p = e / e.sum(1, keepdim=True)
    return torch.tensor([[-float(p[q, label]) for label in labels] for q in range(len(logits))])


def l1_cost(boxes_cxcywh, goal_cxcywh):
    rows = [torch.stack([F.l1_loss(box, goal, reduction="sum") for goal in goal_cxcywh]) for box in boxes_cxcywh]
    return torch.stack(rows)


def pair_costs(by_class, by_l1, boxes_cxcywh, goal_cxcywh):
    cost = by_class.clone()
    for q, box in enumerate(boxes_cxcywh):
        for t, goal in enumerate(goal_cxcywh):
            overlap = generalized_box_iou(cxcywh_to_xyxy(box[None]), cxcywh_to_xyxy(goal[None]))
            cost[q, t] += 5 * by_l1[q, t] - 2 * overlap[0, 0]
    return cost


# %% style="one-hot and einsum, torchvision's GIoU"
import torchvision


def class_cost(logits, labels):
    chosen = F.one_hot(labels, logits.shape[1]).float()
    return -torch.einsum("qk,tk->qt", logits.softmax(-1), chosen)


def l1_cost(boxes_cxcywh, goal_cxcywh):
    Q, T = len(boxes_cxcywh), len(goal_cxcywh)
    return torch.linalg.vector_norm(boxes_cxcywh.unsqueeze(1).expand(Q, T, 4) - goal_cxcywh[None], ord=1, dim=-1)


def pair_costs(by_class, by_l1, boxes_cxcywh, goal_cxcywh):
    corners = cxcywh_to_xyxy(torch.cat([boxes_cxcywh, goal_cxcywh])).split([len(boxes_cxcywh), len(goal_cxcywh)])
    terms = torch.stack([by_class, by_l1, -torchvision.ops.generalized_box_iou(*corners)])
    return torch.tensordot(torch.tensor([1.0, 5.0, 2.0]), terms, dims=1)
