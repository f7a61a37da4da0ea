# %% style="autograd.grad"
iou_derivative = -0.0
giou_moves = +1
l1_ratio = 0.05 / 0.005


def slope(loss, boxes_cxcywh, goal_cxcywh):
    x = boxes_cxcywh.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(x, goal_cxcywh).sum(), x)
    return gradient


# %% style="a vector of ones backward"
iou_derivative, giou_moves, l1_ratio = 0.0, 1, 10.0


def slope(loss, boxes_cxcywh, goal_cxcywh):
    x = torch.nn.Parameter(boxes_cxcywh.detach().clone())
    each = loss(x, goal_cxcywh)
    each.backward(torch.ones_like(each))
    return x.grad


# %% style="torch.func"
iou_derivative, giou_moves, l1_ratio = torch.tensor(0), 1.0, 10


def slope(loss, boxes_cxcywh, goal_cxcywh):
    return torch.func.grad(lambda x: loss(x, goal_cxcywh).sum())(boxes_cxcywh)
