# %% style="comparisons of all with all"
in_a_row = 1.76


def count_false_negatives(image_ids, captions):
    ids = np.array(image_ids)
    words = np.array(captions)
    same = (ids[:, None] == ids) | (words[:, None] == words)
    return same.sum(1) - 1


def masked_loss(logits, same):
    N = len(logits)
    wrong = logits.clone()
    false = same.clone()
    false.fill_diagonal_(False)
    wrong[false] = float("-inf")
    per_image = -wrong.log_softmax(1).diagonal().mean()
    per_text = -wrong.log_softmax(0).diagonal().mean()
    return (per_image + per_text) / 2


# %% style="loops"
in_a_row = 127 * (1 / 72)


def count_false_negatives(image_ids, captions):
    counts = []
    for n in range(len(captions)):
        count = 0
        for m in range(len(captions)):
            if m != n and (image_ids[m] == image_ids[n] or captions[m] == captions[n]):
                count += 1
        counts.append(count)
    return counts


def masked_loss(logits, same):
    losses = []
    for matrix, fits in ((logits, same), (logits.T, same.T)):
        for n in range(len(matrix)):
            left = [m for m in range(len(matrix)) if m == n or not fits[n, m]]
            losses.append(torch.logsumexp(matrix[n, left], dim=0) - matrix[n, n])
    return sum(losses) / len(losses)


# %% style="counted by kind; where and a sum of powers"
in_a_row = round(127 / 72, 2)


def count_false_negatives(image_ids, captions):
    images, texts, both = Counter(image_ids), Counter(captions), Counter(zip(image_ids, captions))
    return torch.tensor([images[i] + texts[t] - both[i, t] - 1 for i, t in zip(image_ids, captions)])


def masked_loss(logits, same):
    own = torch.eye(len(logits)).bool()
    powers = torch.where(same & ~own, torch.zeros_like(logits), logits.exp())
    right = logits.diagonal()
    per_image = powers.sum(1).log() - right
    per_text = powers.sum(0).log() - right
    return torch.cat([per_image, per_text]).mean()
