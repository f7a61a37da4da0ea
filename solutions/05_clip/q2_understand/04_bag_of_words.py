# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · A reader who is blind to order · 3 points · 15 min · ●●○○○
# **You will be able to** say what a control must score, to the last digit, before you measure it.
#
# "a red ring and a blue star" and "a blue ring and a red star" have the same words. A *bag of words* is a text tower
# that adds up an embedding for each word: it knows which words there are and how often, and nothing of their order. The
# test of step 5 asks which of two captions is more similar to the image, the true one or one that is made false by a
# swap. A *tie* counts half.
#
# | swap | true | false |
# |---|---|---|
# | colours | a red ring and two blue stars | a blue ring and two red stars |
# | places | a red ring left of a blue star | a red ring right of a blue star |
# | order | a red ring left of a blue star | a blue star left of a red ring |
# | counts | a red ring and two blue stars | two red rings and a blue star |
#
# **Work out first** (1 point), for a bag of words with any image tower, trained or not:
#
# - its share of true captions preferred, with colours swapped;
# - the same with the order swapped;
# - the first again, if somebody counts a tie as right, as `>=` does.
#
# **Then write**
#
# 1. `same_bag(text, other)` (1 point): have two texts the same words, each as often, in any order? "an" is another
#    spelling of "a" for our tokenizer, so it counts as "a".
# 2. `preferred(similar_true, similar_false)` (1 point): similarities of N images to the true captions (N,) and to the
#    false ones (N,) → the share of pairs in which the true one is preferred. A tie counts half.
#
# *Example.* "a red ring" and "red a ring" have one bag, "a ring" and "a a ring" two. True `[.5, .2, .7]`, false `[.1,
# .2, .9]`: preferred, a tie, not preferred, so 1.5 / 3 = .5.
#
# The library's `binding` may not be used.

# %% exercise="bag_of_words" forbids="detrlab.clip.measures.binding, detrlab.clip.measures.Binding, detrlab.clip.text.BagOfWords"
# Worked out: the shares of a bag of words with colours swapped ...
share_colours = 0.5  # ____
# ... with the order swapped ...
share_order = 0.5  # ____
# ... and with colours swapped, where ties count as right.
share_ties_right = 1.0  # ____


def same_bag(text, other):
    """Have two texts the same words, each as often? "an" counts as "a"."""
    ### BEGIN SOLUTION
    bags = [Counter("a" if word == "an" else word for word in each.split()) for each in (text, other)]
    return bags[0] == bags[1]
    ### END SOLUTION


def preferred(similar_true, similar_false):
    """The share of pairs with the true caption more similar: (N,) and (N,) -> a number; a tie counts half."""
    ### BEGIN SOLUTION
    ties = similar_true == similar_false
    wins = (similar_true > similar_false) + ties / 2
    return wins.mean().item()
    ### END SOLUTION

# %% check="bag_of_words" points=3
def truth(value):
    """A truth value, whatever holds it; anything else as it is."""
    return bool(value) if isinstance(value, int | np.bool_ | torch.Tensor) else value


@check(parts={"1. worked out": 1, "2. same_bag": 1, "3. preferred": 1})
def bag_of_words(draw):
    pairs = []
    for n in draw.permutation(12).tolist():
        colour, shape, other, another = drawn_words(draw)
        one, two = article(f"{colour} {shape}"), article(f"{other} {another}")
        pairs.append([
            (f"{one} and {two}", f"{article(f'{other} {shape}')} and {article(f'{colour} {another}')}"),  # colours
            (f"{one} left of {two}", f"{two} left of {one}"),  # order
            (f"{one} left of {two}", f"{one} right of {two}"),  # places
            (f"{one} and two {other} {another}s", f"two {colour} {shape}s and {two}"),  # counts
            (f"an orange {shape} and {two}", f"{article(f'{other} {shape}')} and an orange {another}"),
            (f"an orange {shape} and a pink {another}", f"an {shape} orange and an {another} pink"),
            (f"{one} and {one} and {two}", f"{one} and {two} and {two}"),  # as many words, others as often
            (one, f"{one} and {one}"),  # the same set of words but one
            (f"{one} {one} {two}", f"{one} {two} {two}"),  # the same set, others as often
            (f"{one} {shape}", one),
            (f"a {shape}", f"a a {shape}"),  # "a" is a word, too
            (f"{one} left of {two}", f"{one} felt of {two}"),  # the same letters
        ][n])
    said = {}
    for n, (text, other) in enumerate(pairs):
        said[f"{text} / {other}"] = attempted(lambda text=text, other=other: truth(same_bag(text, other)))

    (N,) = draw.letters("N", 23, 43)
    true, order, ties = draw.normal(N), draw.permutation(N), draw.integer(5, 9)
    apart = draw.uniform(N, low=0.1, high=2)
    apart[order[:ties]] = 0
    apart[order[ties : ties + draw.integer(1, 4)]] *= -1
    false = true - apart
    share = attempted(lambda: plain(preferred(true.clone(), false.clone())))
    worked_out = {"colours": draw.sealed(lambda: share_colours), "order": draw.sealed(lambda: share_order),
                  "ties right": draw.sealed(lambda: share_ties_right)}
    return {"1. worked out": worked_out, "2. same_bag": said, "3. preferred": share}


# %% [raw] hints="bag_of_words"
# 1. Which features do two texts of the same words get from a bag? So how similar are they to the image, and what does
#    that count? For the function: a set forgets how often, sorting does not.
# 2. `sorted(text.split())`, or a `Counter` of the words. For the share: where is the true one more similar, and where is
#    it equally similar?
# 3. `ties = similar_true == similar_false`, then `(similar_true > similar_false) + ties / 2`, and the mean.

# %% [raw] mistake="bag_of_words/better_than_chance"
# With colours swapped the words are the same, so the features are: every pair is a tie. No training changes that.
# ---
# - share_colours = 0.5
# + share_colours = 0.6

# %% [raw] mistake="bag_of_words/nothing_preferred"
# Every pair is a tie with colours swapped, and a tie counts half, not 0.
# ---
# - share_colours = 0.5
# + share_colours = 0.0

# %% [raw] mistake="bag_of_words/all_preferred"
# Every pair is a tie with colours swapped. A tie counts half, not 1.
# ---
# - share_colours = 0.5
# + share_colours = 1.0

# %% [raw] mistake="bag_of_words/in_per_cent"
# The first is a share, from 0 to 1, not in per cent.
# ---
# - share_colours = 0.5
# + share_colours = 50

# %% [raw] mistake="bag_of_words/order_can_be_told"
# With the order swapped the words are the same, too: "left" and "of" stand in both. Every pair is a tie.
# ---
# - share_order = 0.5
# + share_order = 1.0

# %% [raw] mistake="bag_of_words/order_is_lost"
# With the order swapped every pair is a tie, which counts half, not 0.
# ---
# - share_order = 0.5
# + share_order = 0.0

# %% [raw] mistake="bag_of_words/ties_still_half"
# .5 counts a tie half. If every tie counts as right, and every pair is a tie, all are right.
# ---
# - share_ties_right = 1.0
# + share_ties_right = 0.5

# %% [raw] mistake="bag_of_words/ties_wrong"
# This is what `>` gives: a tie counts as wrong. Asked is `>=`.
# ---
# - share_ties_right = 1.0
# + share_ties_right = 0.0

# %% [raw] mistake="bag_of_words/sets"
# Sets of words were compared. A bag also knows how often a word is there.
# ---
# - return bags[0] == bags[1]
# + return bags[0].keys() == bags[1].keys()

# %% [raw] mistake="bag_of_words/as_many_words"
# It was asked whether the texts have as many words. Which words are they?
# ---
# - return bags[0] == bags[1]
# + return sum(bags[0].values()) == sum(bags[1].values())

# %% [raw] mistake="bag_of_words/equal_texts"
# The texts were compared with their order. A bag has none.
# ---
# - return bags[0] == bags[1]
# + return text == other

# %% [raw] mistake="bag_of_words/an_is_another_word"
# "an" was taken for another word than "a". Our tokenizer gives both one id.
# ---
# - bags = [Counter("a" if word == "an" else word for word in each.split()) for each in (text, other)]
# + bags = [Counter(each.split()) for each in (text, other)]

# %% [raw] mistake="bag_of_words/letters"
# Letters were compared, not words.
# ---
# - bags = [Counter("a" if word == "an" else word for word in each.split()) for each in (text, other)]
# + bags = [Counter(each.replace("an ", "a ")) for each in (text, other)]

# %% [raw] mistake="bag_of_words/articles_left_out"
# "a" and "an" were left out. They are one word, and it counts like any other.
# ---
# - bags = [Counter("a" if word == "an" else word for word in each.split()) for each in (text, other)]
# + bags = [Counter(word for word in each.split() if word not in ("a", "an")) for each in (text, other)]

# %% [raw] mistake="bag_of_words/plurals_are_equal"
# "ring" and "rings" were taken for one word. Only "an" is another spelling.
# ---
# - bags = [Counter("a" if word == "an" else word for word in each.split()) for each in (text, other)]
# + bags = [Counter("a" if word == "an" else word.rstrip("s") for word in each.split()) for each in (text, other)]

# %% [raw] mistake="bag_of_words/ties_lost"
# A tie counts 0 here. It counts half.
# ---
# - wins = (similar_true > similar_false) + ties / 2
# + wins = (similar_true > similar_false).float()

# %% [raw] mistake="bag_of_words/ties_won"
# A tie counts 1 here. It counts half: whoever cannot tell the two apart must not get more than chance.
# ---
# - wins = (similar_true > similar_false) + ties / 2
# + wins = (similar_true >= similar_false).float()

# %% [raw] mistake="bag_of_words/ties_left_out"
# The pairs with a tie were left out of the mean. They stay among the N, with a half each.
# ---
# - return wins.mean().item()
# + return wins[~ties].mean().item()

# %% [raw] mistake="bag_of_words/how_many"
# This is how many pairs are preferred. Divide by how many there are: a share is asked for.
# ---
# - return wins.mean().item()
# + return wins.sum().item()

# %% [raw] mistake="bag_of_words/false_preferred"
# This is the share in which the *false* caption is preferred.
# ---
# - return wins.mean().item()
# + return 1 - wins.mean().item()

# %% [raw] mistake="bag_of_words/difference"
# This is a mean difference of similarities. Count how often the true one is larger.
# ---
# - return wins.mean().item()
# + return (similar_true - similar_false).mean().item()

# %% [markdown]
# **The result.** 600 fresh scenes: which swaps leave the bag as it is, and what bags of words with random weights score
# by your functions (beside the shipped image tower). And three that were trained for 400 steps, on 1,000 other scenes.

# %%
def show_bags():
    known, trained = seen(600), clip_runs()["bag of words"]
    print("swap      pairs  same bag   random bags of words        trained, mean of three (smallest to largest)")
    for kind in SWAPS:
        chosen, false = swaps_of(known.captions, kind)
        true = [known.told[n] for n in chosen]
        same = sum(map(same_bag, true, false)) / len(true)
        shares = []
        for seed in range(3):
            torch.manual_seed(seed)
            bag, tokenizer = BagOfWords(clip().tokenizer.vocab_size, E), clip().tokenizer
            with torch.no_grad():
                features = [F.normalize(bag(tokenizer(texts)), dim=-1) for texts in (true, false)]
            shares.append(preferred(*((known.images[chosen] * each).sum(1) for each in features)))
        print(f"{kind:9}{len(true):6}{same:10.2f}   " + "  ".join(f"{share:.3f}" for share in shares)
              + f"       {several(trained, f'binding_{kind}')}")
    print("\nretrieval, R@1 image to text and text to image, of such trainings with a bag of words and with a transformer")
    for recipe in ("bag of words", "plain"):
        print(f"{recipe:15}" + "   ".join(several(clip_runs()[recipe], way) for way in ("image_to_text_1", "text_to_image_1")))


attempt(show_bags, after="bag_of_words")

# %% [markdown]
# Exactly .5 where the bag is the same, whatever was trained. The other two kinds mostly exchange words ("left" for
# "right", "ring" for "rings"): there a bag *can* differ from .5, by luck or by what it has learned of single words. So a
# control has a value of its own for each kind of swap.
#
# And look at the last two lines: here a reader who is blind to order retrieves no worse than one who is not. In
# batches of 128 and among 500 captions hardly two that differ have the same words, so nothing asks for more.
# *Retrieval does not measure whether a sentence was understood.*
