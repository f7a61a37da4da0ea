# %% style="a loop and another guess"
differ_when_reversed, differ_one_after_another, causal_at_once_differs = 20, 19, 10.0


def one_after_another(decode, query_pos):
    outputs = []
    for i in range(1, len(query_pos) + 1):
        outputs.append(decode(query_pos[:i])[i - 1])
    return torch.stack(outputs)


# %% style="filled in place, from the last to the first"
differ_when_reversed = 0
differ_one_after_another = torch.tensor(20 - 1)
causal_at_once_differs = 0


def one_after_another(decode, query_pos):
    result = torch.zeros_like(query_pos)
    for i in reversed(range(query_pos.shape[0])):
        result[i] = decode(query_pos.narrow(0, 0, i + 1))[i]
    return result


# %% style="recursion"
differ_when_reversed = causal_at_once_differs = 5
differ_one_after_another = int(19.5)


def one_after_another(decode, query_pos):
    last = decode(query_pos)[-1:]
    if len(query_pos) == 1:
        return last
    return torch.cat([one_after_another(decode, query_pos[:-1]), last])
