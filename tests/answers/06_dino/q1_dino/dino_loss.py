# %% style="as in the official code: no_grad, loops over pairs"
def teacher_says(logits, centre, temperature=0.04):
    with torch.no_grad():
        return F.softmax((logits - centre) / temperature, dim=-1)


def cross_entropies(targets, logits, temperature=0.1):
    rows = []
    for q in targets:
        row = []
        for v in logits:
            loss = torch.sum(-q * F.log_softmax(v / temperature, dim=-1), dim=-1)
            row.append(loss.mean())
        rows.append(torch.stack(row))
    return torch.stack(rows)


def mean_of_pairs(pairs):
    total_loss, n_loss_terms = 0, 0
    for iq, row in enumerate(pairs):
        for v, loss in enumerate(row):
            if v == iq:
                continue
            total_loss += loss
            n_loss_terms += 1
    return total_loss / n_loss_terms


# %% style="einsum, and a mask of all but the diagonal"
def teacher_says(logits, centre, temperature=0.04):
    exponents = torch.exp((logits.detach() - centre) / temperature)
    return exponents / exponents.sum(-1, keepdim=True)


def cross_entropies(targets, logits, temperature=0.1):
    scaled = logits / temperature
    log_q = scaled - scaled.logsumexp(-1, keepdim=True)
    return -torch.einsum("gbk,vbk->gv", targets, log_q) / logits.shape[1]


def mean_of_pairs(pairs):
    G, V = pairs.shape
    return (pairs.sum() - pairs.diagonal().sum()) / (G * V - G)


# %% style="PyTorch's cross_entropy with probabilities, in place"
def teacher_says(logits, centre, temperature=0.04):
    z = logits.detach().clone()
    z -= centre.view(1, 1, -1)
    z /= temperature
    return torch.softmax(z, 2)


def cross_entropies(targets, logits, temperature=0.1):
    (G, B, K), V = targets.shape, len(logits)
    p = targets.unsqueeze(1).expand(G, V, B, K).reshape(-1, K)
    z = logits.unsqueeze(0).expand(G, V, B, K).reshape(-1, K)
    return F.cross_entropy(z / temperature, p, reduction="none").view(G, V, B).mean(dim=2)


def mean_of_pairs(pairs):
    G, V = pairs.shape
    return torch.cat([pairs[g, [v for v in range(V) if v != g]] for g in range(G)]).mean()
