# %% style="class weights in the loss"
percent_if_equally_wrong = 57
divisor_of_four_images = 4 * (7 + 9.3)
percent_when_trained = 99.5


def no_object_share(logits, classes, no_object):
    K = logits.shape[-1] - 1
    weights = torch.ones(K + 1)
    weights[-1] = no_object
    each = F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights, reduction="none").view(classes.shape)
    return (each[classes == K].sum() / each.sum()).item()


# %% style="gather, a tensor returned"
percent_if_equally_wrong, divisor_of_four_images, percent_when_trained = 57.06, 65.2, 0


def no_object_share(logits, classes, no_object):
    nll = -logits.log_softmax(2).gather(2, classes.unsqueeze(2)).squeeze(2)
    empty = (classes == logits.shape[2] - 1).float()
    weights = empty * no_object + (1 - empty)
    return (weights * nll * empty).sum() / (weights * nll).sum()


# %% style="a loop over queries"
percent_if_equally_wrong = 100 * 9.3 / 16.3
divisor_of_four_images = 28 + 37.2
percent_when_trained = 12


def no_object_share(logits, classes, no_object):
    K = logits.shape[-1] - 1
    p = logits.softmax(-1)
    theirs = others = 0.0
    for b, row in enumerate(classes.tolist()):
        for q, c in enumerate(row):
            loss = -math.log(p[b, q, c])
            if c == K:
                theirs += no_object * loss
            else:
                others += loss
    return theirs / (theirs + others)


# %% style="numbers as tensors"
percent_if_equally_wrong = torch.tensor(57.06)
divisor_of_four_images = torch.tensor(65)
percent_when_trained = torch.tensor(40.0)


def no_object_share(logits, classes, no_object):
    empty = classes.eq(logits.shape[-1] - 1)
    loss = F.nll_loss(logits.log_softmax(-1).flatten(0, 1), classes.flatten(), reduction="none").view_as(classes)
    nothing, objects = no_object * loss[empty].sum(), loss[~empty].sum()
    return nothing / (nothing + objects)
