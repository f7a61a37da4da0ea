# %% style="with S"
def layer_cost(H, W, D, F):
    S = H * W
    return {"projections": 4 * S * D**2, "attention": 2 * D * S**2, "feed_forward": 2 * D * F * S}


def equal_tokens(D, F):
    return F + 2 * D


time_ratio_at_twice_the_side = 16.0


# %% style="products of matrices"
def product(n, m, p):
    return n * m * p


def layer_cost(H, W, D, F):
    S = H * W
    projections = sum(product(S, D, D) for _ in ("q", "k", "v", "output"))
    attention = product(S, D, S) + product(S, S, D)
    return {"attention": attention, "projections": projections, "feed_forward": product(S, D, F) + product(S, F, D)}


def equal_tokens(D, F):
    return (4 * D * D + 2 * D * F) / (2 * D)


time_ratio_at_twice_the_side = 4


# %% style="S one by one until it is as much"
def layer_cost(H, W, D, F):
    costs = {"projections": 0, "attention": 0, "feed_forward": 0}
    for _ in range(H * W):
        costs["projections"] += 4 * D * D
        costs["attention"] += 2 * H * W * D
        costs["feed_forward"] += 2 * D * F
    return costs


def equal_tokens(D, F):
    S = 1
    while 2 * S * S * D < 4 * S * D * D + 2 * S * D * F:
        S += 1
    return S


time_ratio_at_twice_the_side = 2**4
