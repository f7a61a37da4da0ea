# %% style="a permutation matrix, one batch"
# Both runs in one batch; the order is undone with the transposed matrix.
def order_gaps(encode, src, pos, order):
    matrix = torch.eye(len(order))[order]  # (S, S): row i picks token order[i]

    def gap(pos):
        both = encode(torch.cat([src, matrix @ src]), pos.repeat(2, 1, 1))
        as_given, shuffled = both.chunk(2)
        return torch.dist(as_given, matrix.T @ shuffled, p=float("inf"))

    return {"without positions": gap(pos * 0), "with positions": gap(pos)}


# %% style="outputs in the shuffled order"
def order_gaps(encode, src, pos, order):
    gaps = {}
    for name, positions in (("without positions", torch.zeros_like(pos)), ("with positions", pos)):
        as_given = encode(src, positions)
        shuffled = encode(src[:, order], positions)
        gaps[name] = (as_given[:, order] - shuffled).abs().max().item()
    return gaps


# %% style="outputs back in the given order"
def order_gaps(encode, src, pos, order):
    inverse = torch.argsort(order)

    def gap(pos):
        back = encode(src.index_select(1, order), pos).index_select(1, inverse)
        return float((encode(src, pos) - back).abs().amax())

    return {"without positions": gap(torch.zeros(pos.shape)), "with positions": gap(pos)}


# %% style="token by token"
def order_gaps(encode, src, pos, order):
    def gap(pos):
        as_given, shuffled = encode(src, pos), encode(torch.stack([src[:, i] for i in order], dim=1), pos)
        return max(
            float(torch.linalg.vector_norm(shuffled[:, place] - as_given[:, token], ord=torch.inf))
            for place, token in enumerate(order.tolist()))

    return {"with positions": gap(pos), "without positions": gap(torch.zeros_like(src))}


# %% style="written back by assignment"
def order_gaps(encode, src, pos, order):
    report = {}
    for name, factor in {"without positions": 0.0, "with positions": 1.0}.items():
        shuffled = encode(src[:, order, :], factor * pos)
        back = torch.empty_like(shuffled)
        back[:, order] = shuffled
        difference = back - encode(src, factor * pos)
        report[name] = torch.maximum(difference.max(), -difference.min())
    return report
