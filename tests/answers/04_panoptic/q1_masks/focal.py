# %% style="as in the official code"
def focal_pixels(logits, targets, alpha=0.25, gamma=2.0):
    targets = targets.to(logits.dtype)
    prob = logits.sigmoid()
    ce_loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    p_t = prob * targets + (1 - prob) * (1 - targets)
    loss = ce_loss * ((1 - p_t) ** gamma)
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return loss


def over_masks(pixels, num_boxes):
    return pixels.mean(1).sum() / num_boxes


# %% style="where, and the logit of the truth"
def focal_pixels(logits, targets, alpha=0.25, gamma=2.0):
    of_truth = torch.where(targets, logits, -logits)
    weight = torch.where(targets, alpha, 1 - alpha)
    return -weight * torch.sigmoid(-of_truth).pow(gamma) * F.logsigmoid(of_truth)


def over_masks(pixels, num_boxes):
    N, P = pixels.shape
    return pixels.sum() / (P * num_boxes)


# %% style="two masks, softplus"
def focal_pixels(logits, targets, alpha=0.25, gamma=2.0):
    p, on = torch.sigmoid(logits), targets.float()
    inside = alpha * (1 - p) ** gamma * F.softplus(-logits)
    outside = (1 - alpha) * p**gamma * F.softplus(logits)
    return on * inside + (1 - on) * outside


def over_masks(pixels, num_boxes):
    total = 0
    for mask in pixels:
        total = total + sum(mask) / len(mask)
    return total / num_boxes
