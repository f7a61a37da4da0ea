# %% style="as in the official code: sum, divide, average"
def loss_and_centre(loss, student, teacher, centre, momentum=0.9):
    total = loss(student, teacher, centre)
    with torch.no_grad():
        rows = teacher.flatten(0, 1)
        batch_centre = torch.sum(rows, dim=0) / len(rows)
        centre = centre * momentum + batch_centre * (1 - momentum)
    return total, centre


# %% style="lerp in place, after the loss"
def loss_and_centre(loss, student, teacher, centre, momentum=0.9):
    value = loss(student, teacher, centre)
    centre.lerp_(teacher.detach().mean(dim=(0, 1)), 1 - momentum)
    return value, centre


# %% style="mean of means, as a list"
def loss_and_centre(loss, student, teacher, centre, momentum=0.9):
    of_views = [view.detach().mean(0) for view in teacher]
    moved = centre.clone()
    moved += (1 - momentum) * (sum(of_views) / len(of_views) - centre)
    return [loss(student, teacher, centre), moved]
