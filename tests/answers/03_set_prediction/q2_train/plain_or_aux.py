# %% style="total_loss of three names"
def comparable(losses):
    return total_loss({name: losses[name] for name in ("loss_ce", "loss_bbox", "loss_giou")})


def final_ap(reports):
    if reports[-1].progress < 1:
        return None
    return reports[-1].measured["AP50"]


def mean_and_spread(values):
    return np.mean(values), np.ptp(values)


# %% style="loops, names without a number"
def comparable(losses):
    weights, total = {"loss_ce": 1, "loss_bbox": 5, "loss_giou": 2}, 0
    for name, value in losses.items():
        if name != "loss" and not name[-1].isdigit():
            total += weights[name] * value
    return total


def final_ap(reports):
    *_, last = reports
    ap = None
    if last.progress == 1.0:
        ap = last.measured.get("AP50")
    return ap


def mean_and_spread(values):
    ordered = sorted(values)
    return [sum(ordered) / len(ordered), ordered[-1] - ordered[0]]


# %% style="tensors"
def comparable(losses):
    parts = torch.tensor([losses["loss_ce"], losses["loss_bbox"], losses["loss_giou"]], dtype=torch.float64)
    return parts @ torch.tensor([1.0, 5.0, 2.0], dtype=torch.float64)


def final_ap(reports):
    finished = [each.measured["AP50"] for each in reports if each.progress >= 1.0]
    return finished[-1] if finished else None


def mean_and_spread(values):
    values = torch.tensor(values)
    return values.mean(), values.max() - values.min()
