# %% style="norms by hand"
gap_of_two = 2**0.5
choices_changed = 0


def gap(images, texts):
    first = (images / images.norm(dim=1, keepdim=True)).sum(0) / len(images)
    second = (texts / texts.norm(dim=1, keepdim=True)).sum(0) / len(texts)
    return ((first - second) ** 2).sum().sqrt()


def closer(images, texts, share):
    middle = (images.mean(0) + texts.mean(0)) / 2
    images = images + share * (middle - images.mean(0))
    texts = texts + share * (middle - texts.mean(0))
    return images / images.norm(dim=1, keepdim=True), texts / texts.norm(dim=1, keepdim=True)


# %% style="numpy"
gap_of_two, choices_changed = 1.41, 0


def gap(images, texts):
    means = []
    for features in (images.numpy(), texts.numpy()):
        means.append((features / np.linalg.norm(features, axis=1, keepdims=True)).mean(axis=0))
    return np.linalg.norm(means[1] - means[0])


def closer(images, texts, share):
    d = texts.mean(dim=0) - images.mean(dim=0)
    moved = [images + d * share / 2, texts - d * share / 2]
    return tuple(F.normalize(each) for each in moved)


# %% style="dist; loops"
gap_of_two = math.dist([1, 0], [0, 1])
choices_changed = 0


def gap(images, texts):
    return torch.dist(F.normalize(images).mean(0), F.normalize(texts).mean(0)).item()


def closer(images, texts, share):
    mean_image, mean_text = images.mean(0), texts.mean(0)
    new_images = [x + share / 2 * (mean_text - mean_image) for x in images]
    new_texts = [x + share / 2 * (mean_image - mean_text) for x in texts]
    return [torch.stack([x / x.norm() for x in each]) for each in (new_images, new_texts)]
