# %% style="one list, masks in place, crops of one size together"
def views_of(side, n_local, split):
    views = [
        View(size=side, area=(split, 1), jitter=0.4, grey=0.2, blur=1, solarise=0),
        View(size=side, area=(split, 1), jitter=0.4, grey=0.2, blur=0.1, solarise=0.2),
    ]
    for _ in range(n_local):
        views.append(View(size=side // 2, area=(0.05, split), jitter=0.4, grey=0.2, blur=0.5))
    return views


def solarised(images, chosen):
    changed = images.clone()
    own = changed[chosen]
    own[own > 0.5] = 1 - own[own > 0.5]
    changed[chosen] = own
    return changed


def both_say(views, student, teacher):
    B = len(views[0])
    large, small = torch.cat(views[:2]), torch.cat(views[2:])
    of_student = [*student(large).split(B), *student(small).split(B)]
    return of_student, list(teacher(large).detach().split(B))


# %% style="from tables, by arithmetic, tuples"
def views_of(side, n_local, split):
    table = [(side, split, 1.0, 1.0, 0.0), (side, split, 1.0, 0.1, 0.2)]
    table += n_local * [(side // 2, 0.05, split, 0.5, 0.0)]
    return tuple(
        View(size=size, area=(low, high), jitter=0.4, grey=0.2, blur=blur, solarise=solarise)
        for size, low, high, blur, solarise in table
    )


def solarised(images, chosen):
    weight = chosen.float().view(-1, 1, 1, 1)
    return (1 - weight) * images + weight * torch.minimum(images, 1 - images)


@torch.no_grad()
def of_the_teacher(views, teacher):
    return tuple(teacher(view) for view in views[:2])


def both_say(views, student, teacher):
    return tuple(map(student, views)), of_the_teacher(views, teacher)


# %% style="replace, images one by one, stacked outputs"
def views_of(side, n_local, split):
    from dataclasses import replace

    first = View(size=side, area=(split, 1.0), jitter=0.4, grey=0.2, blur=1.0)
    second = replace(first, blur=0.1, solarise=0.2)
    local = replace(first, size=side // 2, area=[0.05, split], blur=0.5)
    return [first, second, *(local for _ in range(n_local))]


def solarised(images, chosen):
    made = []
    for image, yes in zip(images, chosen.tolist()):
        made.append(torch.where(image < 0.5, image, 1 - image) if yes else image)
    return torch.stack(made)


def both_say(views, student, teacher):
    of_student, of_teacher = [], []
    for number, view in enumerate(views):
        of_student.append(student(view))
        if number < 2:
            with torch.inference_mode():
                of_teacher.append(teacher(view))
    return torch.stack(of_student), torch.stack(of_teacher)
