# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### For fun · Where a word is, and what each tower knows · 8 min
# **Which words does the image tower know?** `similarity_map` says from which cells of an image its similarity to a text
# comes (gradients, as Grad-CAM does it). A word alone is taken as the mean of prompts that share it.

# %%
WORDS = ("ring", "cross", "red", "blue")  # your choice, of shapes and colours


def show_words():
    known, rows = seen(300), []
    wanted = [n for n, truth in enumerate(known.scenes.truths) if len({shape.name for shape in truth.shapes}) > 1]
    named = {n: {part for shape in known.scenes.truths[n].shapes for part in (shape.name, shape.colour)} for n in wanted}
    chosen = sorted(wanted, key=lambda n: -len(named[n] & set(WORDS)))[:3]
    figure, axes = clear_subplots(3, len(WORDS) + 1, (8.4, 5.2))
    for row, n in zip(axes, chosen):
        row[0].imshow(known.scenes.pictures[n])
        row[0].set_title("the image", fontsize=9.5)
        for ax, word in zip(row[1:], WORDS):
            texts = [article(f"{c} {word}") for c in COLOURS] if word in SHAPES else [article(f"{word} {s}") for s in SHAPES]
            feature = F.normalize(encode_texts(clip(), texts).mean(0), dim=0)
            where = similarity_map(clip(), known.scenes.normalised([n]), feature)[0]
            ax.imshow(where.numpy(), cmap="inferno")
            ax.set_title(f"{word}, cosine {known.images[n] @ feature:.2f}", fontsize=9.5)
    for ax in axes.flat:
        ax.set(xticks=(), yticks=())
    return figure


show_if_known(show_words)

# %% [markdown]
# Each map has the scale of its own brightest cell, so a word that is not there lights up something, too: look at the
# cosine. A map says where a similarity comes from, not that the model understood the word.
#
# **Where the end of a sentence looks.** The text feature is read at the end token: how much it looks at each word, in
# both layers, mean of the heads.

# %%
TEXT = "a red ring left of two blue stars"  # your choice


def show_sentence():
    weights = word_attention(clip().text, clip().tokenizer(TEXT)[0]).mean(1)  # (L, n)
    words = [*clip().tokenizer.decode(clip().tokenizer(TEXT)[0]), "(end)"]
    figure, axes = clear_subplots(1, 1, (8.4, 1.9))
    ax = axes.flat[0]
    ax.imshow(weights.numpy(), cmap="inferno", vmin=0, aspect="auto")
    ax.set_xticks(range(len(words)), words, fontsize=9.5)
    ax.set_yticks(range(len(weights)), [f"layer {n + 1}" for n in range(len(weights))], fontsize=9.5)
    ax.set_title("the end token looks at each word (weights, mean of four heads)", fontsize=10)
    return figure


show_if_known(show_sentence)

# %% [markdown]
# **Both at once**, for an image and its caption: move over the words, or click one to hold it. How strong a word is drawn
# is how much the end token looks at it, in the layer and head that you choose; the map is where the image speaks for it.
# Words without a map of their own, such as "left", have none because no prompt stands for them alone.

# %%
def look_inside(n=27):
    from PIL import Image

    from detrlab import explore_caption

    known = seen(300)
    return explore_caption(clip(), Image.fromarray(known.scenes.pictures[n]), known.told[n])


explorer = attempt(look_inside)
explorer

# %% [markdown]
# **Frozen against trained towers.** The image tower reads stages of the detector "shapes", which stay frozen. The runs
# *from scratch* start the same stages from random weights and train them, for about as many seconds as *plain* (110
# steps, since each takes longer). Means of three seeds, smallest to largest:

# %%
RUNS = clip_runs()
for measure, name in (("image_to_text_1", "R@1, image to text"), ("zero_shot_shape", "6 shapes"),
                      ("zero_shot_colour", "12 colours"), ("zero_shot_72", "72 coloured shapes")):
    print(f"{name:22}frozen {several(RUNS['plain'], measure):26}from scratch {several(RUNS['from scratch'], measure)}")
plot_clip_runs(RUNS, ("plain", "from scratch"), ("image_to_text_1", "zero_shot_shape", "zero_shot_colour"))

# %% [markdown]
# The frozen stages were trained for an hour to find these very shapes, so this does not compare two ways to learn: it
# shows what one gets for a minute. That detector was trained with exchanged colour channels and hardly knows colours;
# so the tower also reads a histogram of the pixels.
