# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · Retrieval, both ways · 4 points · 18 min · ●●○○○
# **You will be able to** measure how well images find texts and texts find images, when several are right.
#
# R@k asks: is a right one among the k most similar? Every image asks it of all texts, and every text of all images, so
# there are two figures. Chance gives about k over the number of those that are asked, where one of them is right.
#
# Captions of small scenes are often equal. Then a text is right for all images whose caption is equal to it: nobody
# can tell which of them was meant.
#
# **Write**
#
# 1. `recall(similarity, right, k)` (2 points): similarity (N, T), images by texts, and `right` (N, T), True where text
#    and image fit → two shares: of the images with a right text among their k most similar, and of the texts with a
#    right image among theirs. Every image and every text has a right one.
# 2. `right_pairs(image_captions, texts)` (2 points): the captions of N images, and T texts → (N, T) truth values: is
#    the text equal to the image's caption, word for word and in this order?
#
# *Example.* Two images, three texts: similarities `[[.9, .1, .2], [.8, .3, .7]]`, right are `[[False, True, False],
# [True, False, True]]`. At k = 1 image 0 chooses text 0, wrongly; image 1 chooses text 0, rightly: .5. Text 0 chooses
# image 0, wrongly, text 1 image 1, wrongly, text 2 image 1, rightly: .33. At k = 2 it is .5 and 1.
#
# The library's `recall_at_k` may not be used.

# %% exercise="recall_at_k" forbids="detrlab.clip.measures.recall_at_k, detrlab.clip.measures.measure_clip"
def recall(similarity, right, k):
    """R@k of similarity (N, T) and right (N, T): a share of the images, and a share of the texts."""
    ### BEGIN SOLUTION
    shares = []
    for scores, fits in ((similarity, right), (similarity.T, right.T)):
        best = scores.topk(k, dim=1).indices
        shares.append(fits.gather(1, best).any(1).float().mean().item())
    return shares[0], shares[1]
    ### END SOLUTION


def right_pairs(image_captions, texts):
    """Does a text say the image's caption? Lists of N and T strings -> (N, T) truth values."""
    ### BEGIN SOLUTION
    return torch.tensor([[caption == text for text in texts] for caption in image_captions])
    ### END SOLUTION

# %% check="recall_at_k" points=4
@check(parts={"1. recall": 2, "2. right_pairs": 2})
def recall_at_k(draw):
    (N, T) = draw.letters("N T", 13, 31)
    similarity, right = draw.normal(N, T), draw.uniform(N, T) < 0.1
    own = torch.arange(max(N, T))
    right[own % N, (own + draw.integer(0, T - 1)) % T] = True  # every image and every text has a right one
    shares = {}
    for k in (1, 3, 7):
        def both(k=k):
            found = recall(similarity.clone(), right.clone(), k)
            return [plain(each) for each in found] if len(found) == 2 else found

        value = attempted(both)
        shares[f"k = {k}"] = (
            dict(zip(("image to text", "text to image"), value)) if isinstance(value, list) and len(value) == 2 else value)

    colour, shape, other, another = drawn_words(draw)
    one, two = article(f"{colour} {shape}"), article(f"{other} {another}")
    pool = [one, f"{one} and {two}", f"{two} and {one}", f"{one} left of {two}", f"{two} left of {one}"]
    captions = [pool[n % 5] for n in draw.permutation(N).tolist()]
    texts = [pool[n % 5] for n in draw.permutation(T).tolist()]
    pairs = attempted(lambda: torch.as_tensor(right_pairs(list(captions), list(texts))).bool())
    return {"1. recall": shares, "2. right_pairs": pairs}


# %% [raw] hints="recall_at_k"
# 1. For the images look along a row, for the texts along a column: that is a row of the transposed matrix. "Is one of
#    the k right?" asks for any, not for how many.
# 2. `similarity.topk(k, dim=1).indices` has the columns (N, k); `right.gather(1, columns)` what is right there. Two
#    strings are compared by `==`.
# 3. `right.gather(1, best).any(1).float().mean().item()`, and the same of `similarity.T` and `right.T`. For the pairs a
#    list in a list: `[[... for text in texts] for caption in image_captions]`.

# %% [raw] mistake="recall_at_k/same_way_twice"
# Both shares are those of the images. A text chooses among the images: along a column of the similarity.
# ---
# - for scores, fits in ((similarity, right), (similarity.T, right.T)):
# + for scores, fits in ((similarity, right), (similarity, right)):

# %% [raw] mistake="recall_at_k/right_not_turned"
# The similarities were turned for the texts, and `right` was not. Turn both.
# ---
# - for scores, fits in ((similarity, right), (similarity.T, right.T)):
# + for scores, fits in ((similarity, right), (similarity.T, right)):

# %% [raw] mistake="recall_at_k/texts_twice"
# Both shares are those of the texts. An image chooses among the texts: along a row of the similarity.
# ---
# - for scores, fits in ((similarity, right), (similarity.T, right.T)):
# + for scores, fits in ((similarity.T, right.T), (similarity.T, right.T)):

# %% [raw] mistake="recall_at_k/ways_exchanged"
# The two shares changed places. The first is that of the images, each of which chooses along its row.
# ---
# - return shares[0], shares[1]
# + return shares[1], shares[0]

# %% [raw] mistake="recall_at_k/k_ignored"
# Only the most similar one was looked at. A right one among the k most similar is enough.
# ---
# - best = scores.topk(k, dim=1).indices
# + best = scores.topk(1, dim=1).indices

# %% [raw] mistake="recall_at_k/kth_only"
# Only the one at place k was looked at. A right one among the first k is enough.
# ---
# - best = scores.topk(k, dim=1).indices
# + best = scores.topk(k, dim=1).indices[:, -1:]

# %% [raw] mistake="recall_at_k/own_place_only"
# Only the text, or image, at the same place counted as right. Which ones are right stands in `right`.
# ---
# - shares.append(fits.gather(1, best).any(1).float().mean().item())
# + shares.append((best == torch.arange(len(scores))[:, None]).any(1).float().mean().item())

# %% [raw] mistake="recall_at_k/least_similar"
# These are the k *least* similar. Sort from the largest similarity down.
# ---
# - best = scores.topk(k, dim=1).indices
# + best = scores.topk(k, dim=1, largest=False).indices

# %% [raw] mistake="recall_at_k/share_of_the_named"
# This is how many of the k named ones are right (precision). R@k asks whether any is.
# ---
# - shares.append(fits.gather(1, best).any(1).float().mean().item())
# + shares.append(fits.gather(1, best).float().mean().item())

# %% [raw] mistake="recall_at_k/share_of_the_right"
# This is how many of all right pairs were found. R@k counts an image once, as soon as one right text is named.
# ---
# - shares.append(fits.gather(1, best).any(1).float().mean().item())
# + shares.append((fits.gather(1, best).sum() / fits.sum()).item())

# %% [raw] mistake="recall_at_k/all_k_right"
# It was asked that all k named ones are right. One is enough.
# ---
# - shares.append(fits.gather(1, best).any(1).float().mean().item())
# + shares.append(fits.gather(1, best).all(1).float().mean().item())

# %% [raw] mistake="recall_at_k/how_many"
# These are numbers of images and of texts. Divide them by how many there are.
# ---
# - shares.append(fits.gather(1, best).any(1).float().mean().item())
# + shares.append(fits.gather(1, best).any(1).float().sum().item())

# %% [raw] mistake="recall_at_k/in_per_cent"
# These are percentages. A share lies between 0 and 1.
# ---
# - shares.append(fits.gather(1, best).any(1).float().mean().item())
# + shares.append(100 * fits.gather(1, best).any(1).float().mean().item())

# %% [raw] mistake="recall_at_k/only_its_own"
# A text was taken as right for the image at its own place alone. Every image with an equal caption fits it as well.
# ---
# - return torch.tensor([[caption == text for text in texts] for caption in image_captions])
# + return torch.tensor([[i == j for j in range(len(texts))] for i in range(len(image_captions))])

# %% [raw] mistake="recall_at_k/first_equal_text"
# Only the first equal text of each image is marked. All that are equal are right.
# ---
# - return torch.tensor([[caption == text for text in texts] for caption in image_captions])
# + return torch.tensor([[j == texts.index(caption) for j in range(len(texts))] for caption in image_captions])

# %% [raw] mistake="recall_at_k/same_words"
# Texts of the same words in another order count as equal here. "A left of b" and "b left of a" say opposite things.
# ---
# - return torch.tensor([[caption == text for text in texts] for caption in image_captions])
# + return torch.tensor([[sorted(caption.split()) == sorted(text.split()) for text in texts] for caption in image_captions])

# %% [raw] mistake="recall_at_k/part_of_the_text"
# A text that holds the caption and says more counts as equal here. It has to be equal, word for word.
# ---
# - return torch.tensor([[caption == text for text in texts] for caption in image_captions])
# + return torch.tensor([[caption in text for text in texts] for caption in image_captions])

# %% [raw] mistake="recall_at_k/texts_by_images"
# The matrix is turned: images are rows, texts are columns.
# ---
# - return torch.tensor([[caption == text for text in texts] for caption in image_captions])
# + return torch.tensor([[caption == text for caption in image_captions] for text in texts])

# %% [markdown]
# **The result.** The shipped CLIP on 300 scenes that it has not seen, by your functions. *Strict* counts only the text
# at the image's own place as right.

# %%
def show_recall():
    known = seen(300)
    similarity, right = known.images @ known.texts.T, torch.as_tensor(right_pairs(known.told, known.told)).bool()
    own = torch.eye(len(right)).bool()
    print(f"{len(set(known.told))} different captions of {len(known.told)}")
    print("            equal captions right              strict")
    print("        image to text  text to image  image to text  text to image")
    for k in (1, 5, 10):
        row = [share for fits in (right, own) for share in recall(similarity, fits, k)]
        print(f"R@{k:<4}" + "".join(f"{share:15.3f}" for share in row))


attempt(show_recall, after="recall_at_k")

# %% [markdown]
# The strict figures say as much of the captions as of the model: whoever knew everything would still have to guess
# among equal ones.
#
# **Search by a sentence.** The six scenes of 300 whose images are most similar to it, and their cosines. Change one word,
# then write a sentence of your own; `print(CAPTION_WORDS)` shows which words there are. A scene that fits need not be
# among the 300: then all cosines are lower.

# %%
SENTENCE = "a turquoise ring left of a brown ring"  # your choice


def show_search():
    known = seen(300)
    similar = known.images @ encode_texts(clip(), [SENTENCE])[0]
    figure, axes = clear_subplots(1, 6, (8.6, 1.9), SENTENCE)
    for ax, n in zip(axes.flat, similar.topk(6).indices.tolist()):
        ax.imshow(known.scenes.pictures[n])
        ax.set_title(f"{similar[n]:.2f}", fontsize=9.5)
        ax.set(xticks=(), yticks=())
    return figure


show_if_known(show_search)
