# %% style="the row by its name, parents one by one"
def place_of_bug(mine, reference, images):
    found = first_divergence(mine, reference, images)
    names = [row.name for row in found.rows]
    row = found.rows[names.index(found.first)]
    if row.verdict == "differs":
        return row.name, row.name
    parts = row.name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        if (around := ".".join(parts[:end])) in names:
            return row.name, around
    return row.name, "(output)"


# %% style="the longest name that is a beginning"
def place_of_bug(mine, reference, images):
    found = first_divergence(mine, reference, images)
    (verdict,) = {row.verdict for row in found.rows if row.name == found.first}
    if verdict == "differs":
        return found.first, found.first
    around = [row.name for row in found.rows if found.first.startswith(row.name + ".")]
    return found.first, max(around, key=len, default="(output)")


# %% style="recursion over names"
def caller(name, rows):
    around, dot, _ = name.rpartition(".")
    if not dot:
        return "(output)"
    return around if around in rows else caller(around, rows)


def place_of_bug(mine, reference, images):
    divergence = first_divergence(mine, reference, images)
    rows = {row.name: row for row in divergence.rows}
    first = divergence.first
    own = rows[first].verdict not in ("input differs", "never called")
    return [first, first if own else caller(first, rows)]
