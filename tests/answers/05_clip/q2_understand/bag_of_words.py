# %% style="sorted words, heaviside"
share_colours, share_order, share_ties_right = 1 / 2, 1 / 2, 1


def same_bag(text, other):
    first, second = (sorted(each.replace("an ", "a ").split()) for each in (text, other))
    return first == second


def preferred(similar_true, similar_false):
    return torch.heaviside(similar_true - similar_false, torch.tensor(0.5)).mean()


# %% style="counting and taking off"
share_colours = 0.5
share_order = 0.5
share_ties_right = 1.0


def same_bag(text, other):
    left = [word if word != "an" else "a" for word in other.split()]
    for word in text.split():
        word = "a" if word == "an" else word
        if word not in left:
            return False
        left.remove(word)
    return not left


def preferred(similar_true, similar_false):
    score = 0.0
    for true, false in zip(similar_true.tolist(), similar_false.tolist()):
        score += 1 if true > false else 0.5 if true == false else 0
    return score / len(similar_true)


# %% style="counts of every word; the sign"
share_colours = share_order = 0.5
share_ties_right = 1.0


def same_bag(text, other):
    words = set(text.split()) | set(other.split()) | {"a", "an"}
    bags = [{word: each.split().count(word) for word in words} for each in (text, other)]
    for bag in bags:
        bag["a"] += bag.pop("an")
    return bags[0] == bags[1]


def preferred(similar_true, similar_false):
    return ((similar_true - similar_false).sign().mean() / 2 + 0.5).item()
