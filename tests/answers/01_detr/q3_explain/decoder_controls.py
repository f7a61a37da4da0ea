# %% style="numpy's quantiles"
# They give lowest, median and highest at once; the box as two corners that move together.
import numpy as np


def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]

    def mass(run, box=box):
        return measures.mass_in_box(run.maps.index_select(0, torch.tensor([query])), box, run.grid)[0]

    report = {"here": mass(here), "untrained": mass(untrained)}
    report["elsewhere"] = np.array([float(mass(run)) for run in elsewhere])
    report |= zip(("lowest", "median", "highest"), np.quantile(report["elsewhere"], (0, 0.5, 1)))
    corners = box.reshape(2, 2) + torch.tensor(shifts)[:, None, :]  # (shifts, 2, 2)
    report["shifted"] = tuple(mass(here, shifted.flatten()) for shifted in corners)
    return report


# %% style="a helper and a sorted list"
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]

    def mass(run, box_xyxy):
        return measures.mass_in_box(run.maps[query], box_xyxy, run.grid).item()

    others = [mass(run, box) for run in elsewhere]
    return {
        "here": mass(here, box),
        "elsewhere": others,
        "median": sorted(others)[len(others) // 2],
        "lowest": min(others),
        "highest": max(others),
        "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
        "untrained": mass(untrained, box),
    }


# %% style="tensors and their methods"
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    runs = [here, untrained, *elsewhere]
    masses = torch.stack([measures.mass_in_box(run.maps[query], box, run.grid) for run in runs])
    others = masses[2:]
    moved = box + torch.tensor(shifts).repeat(1, 2)
    return dict(
        here=masses[0], untrained=masses[1], elsewhere=others,
        median=others.median(), lowest=others.min(), highest=others.max(),
        shifted=torch.stack([measures.mass_in_box(here.maps[query], each, here.grid) for each in moved]),
    )


# %% style="statistics, line by line"
import statistics


def control_masses(here, elsewhere, untrained, query, shifts):
    x0, y0, x1, y1 = here.boxes_xyxy[query].tolist()
    report = {}
    report["here"] = float(measures.mass_in_box(here.maps[query], (x0, y0, x1, y1), here.grid))
    report["elsewhere"] = []
    for run in elsewhere:
        report["elsewhere"].append(float(measures.mass_in_box(run.maps[query], (x0, y0, x1, y1), run.grid)))
    report["median"] = statistics.median(report["elsewhere"])
    report["lowest"], *_, report["highest"] = sorted(report["elsewhere"])
    report["shifted"] = []
    for dx, dy in shifts:
        box = x0 + dx, y0 + dy, x1 + dx, y1 + dy
        report["shifted"].append(float(measures.mass_in_box(here.maps[query], box, here.grid)))
    report["untrained"] = float(measures.mass_in_box(untrained.maps[query], (x0, y0, x1, y1), untrained.grid))
    return report


# %% style="from the grid's cover"
# The library's cover is free here: the mass is a sum of what it covers.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]

    def mass(run, shift=(0.0, 0.0)):
        weights = run.maps[query].double()
        return float((weights * run.grid.cover(box + torch.tensor([*shift, *shift]))).sum() / weights.sum())

    others = {"elsewhere": list(map(mass, elsewhere))}
    low, middle, high = torch.tensor(others["elsewhere"]).quantile(torch.tensor([0.0, 0.5, 1.0])).tolist()
    others.update(lowest=low, median=middle, highest=high)
    return others | {"here": mass(here), "untrained": mass(untrained), "shifted": [mass(here, each) for each in shifts]}
