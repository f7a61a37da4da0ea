# %% style="index of the first False"
first_of_keen, first_of_clones, first_of_askew, first_of_hot, first_of_blind = 4, 3, 5, 1, 2


def suspect(passed):
    if all(passed):
        return None
    return ["learning rate", "image", "queries", "no-object", "data"][passed.index(False)]


# %% style="a generator"
first_of_keen = 4
first_of_clones = 3
first_of_askew = 5.0
first_of_hot = 1
first_of_blind = 2

SUSPECTS = {0: "learning rate", 1: "image", 2: "queries", 3: "no-object", 4: "data"}


def suspect(passed):
    return next((SUSPECTS[i] for i, fine in enumerate(passed) if not fine), None)


# %% style="backwards, the earliest stays"
first_of_hot, first_of_blind, first_of_clones, first_of_keen, first_of_askew = range(1, 6)


def suspect(passed):
    blamed = None
    suspects = "learning rate,image,queries,no-object,data".split(",")
    for number in reversed(range(5)):
        if not passed[number]:
            blamed = suspects[number]
    return blamed
