# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · Words become tokens · 3 points · 16 min · ●●○○○
# **You will be able to** turn captions into rows of whole numbers of one length, so that each says where its text ends.
#
# CLIP cuts texts into pieces of words, by byte pair encoding (section 2.4). Captions of scenes have so few words that
# each word is a token of its own. The ids:
#
# | id | token |
# |---|---|
# | 0 | padding |
# | 1 ... | the words, in the order of the vocabulary |
# | one more than the last word | the end of the text, EOT |
#
# So the end has the *largest* id. The official code relies on this: it finds the end as `text.argmax(-1)`. There a
# start token stands in front as well; we leave it out. Write
#
# 1. `encode(text, words)` (1 point): the ids of the words of a text and of the end, a list. `words` is the vocabulary,
#    a tuple. Capitals do not count, nor do commas and full stops, and "an" is another spelling of "a". All other words
#    of a text are in the vocabulary.
# 2. `padded(rows, T)` (2 points): B such lists → (B, T) int64. Short rows are padded behind their end. Rows of more
#    than T ids are cut, and still end with EOT: it is the only place where the text tower will be read.
#
# *Example.* With the words `("a", "red", "ring", "star")` the end is 5, and "A red ring, a star." becomes
# `[1, 2, 3, 1, 4, 5]`. For T = 8 that row is `[1, 2, 3, 1, 4, 5, 0, 0]`, for T = 4 it is `[1, 2, 3, 5]`.
#
# The library's `Tokenizer` may not be used.

# %% exercise="tokenizer" forbids="detrlab.clip.tokenizer.Tokenizer, detrlab.clip.tokenizer.Tokenizer.encode, detrlab.clip.tokenizer.Tokenizer.__call__"
def encode(text, words):
    """The ids of a text's words and of the end: a list."""
    ### BEGIN SOLUTION
    ids = {word: id for id, word in enumerate(words, start=1)}
    ids["an"] = ids["a"]
    plain = text.lower().replace(",", "").replace(".", "")
    return [ids[word] for word in plain.split()] + [len(words) + 1]
    ### END SOLUTION


def padded(rows, T):
    """Lists of ids, each with the end as its last -> (B, T) int64."""
    ### BEGIN SOLUTION
    tokens = torch.zeros(len(rows), T, dtype=torch.int64)
    for b, row in enumerate(rows):
        if len(row) > T:
            row = row[: T - 1] + row[-1:]
        tokens[b, : len(row)] = torch.tensor(row)
    return tokens
    ### END SOLUTION

# %% check="tokenizer" points=3
def listed(ids):
    """A list of whole numbers, whatever held them; a text stays one."""
    return [id if isinstance(id, str) else int(id) for id in ids]


def whole(tokens):
    """An array or tensor of whole numbers as int64; anything else as it is."""
    tokens = torch.from_numpy(tokens) if isinstance(tokens, np.ndarray) else tokens
    if not isinstance(tokens, torch.Tensor) or tokens.is_floating_point() or tokens.dtype == torch.bool:
        return tokens
    return tokens.long()


@check(parts={"1. encode": 1, "2. padded": 2})
def tokenizer(draw):
    others = [CAPTION_WORDS[1:][i] for i in draw.permutation(len(CAPTION_WORDS) - 1)[: draw.size(17, 29)]]
    others = ["orange", *(word for word in others if word != "orange")]  # it has an "an" inside
    place = draw.integer(2, 12)
    words = (*others[:place], "a", *others[place:])
    u, v, w, x, y, z = (words[i] for i in draw.permutation(len(words))[:6])
    T, end = draw.size(11, 17), draw.integer(30, 50)
    draw.name(words=len(words), T=T)
    rows = [[draw.integer(1, end - 1) for _ in range(n - 1)] + [end] for n in (T + 4, T - 5, T, T + 1, T - 3)]
    return {"1. encode": {
                "words": attempted(lambda: listed(encode(f"{u} {v} {w} {u} {x} {y}", words))),
                "capitals": attempted(lambda: listed(encode(f"{u} {v} {w} {x}".title() + f" {z.upper()}", words))),
                "commas and full stop": attempted(lambda: listed(encode(f"{u} {v}, {x} {y}, {w} {z}.", words))),
                "an": attempted(lambda: listed(encode(f"an {u} {v} {x} an orange {y}", words)))},
            "2. padded": attempted(lambda: whole(padded([list(row) for row in rows], T)))}


# %% [raw] hints="tokenizer"
# 1. A word's id is one more than its place in the vocabulary, since 0 is taken. What has to happen to a text before it
#    is split at its blanks? For the rows: begin with padding everywhere, and write each row over its first places.
# 2. `text.lower()`, `.replace(",", "")`, `.split()`; `words.index(word) + 1`, or a dict. The end is `len(words) + 1`.
#    `torch.zeros(B, T, dtype=torch.int64)`; a row that is too long keeps its first T − 1 ids, and its last one.
# 3. `[ids[word] for word in plain.split()] + [len(words) + 1]`, with `ids["an"] = ids["a"]`. And, for each row, `row[:
#    T - 1] + row[-1:]` if `len(row) > T`, then `tokens[b, : len(row)] = ...`.

# %% [raw] mistake="tokenizer/no_end"
# The end token is missing.
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [ids[word] for word in plain.split()]

# %% [raw] mistake="tokenizer/words_from_zero"
# The first word has the id 0, which is padding. Words begin at 1.
# ---
# - ids = {word: id for id, word in enumerate(words, start=1)}
# + ids = {word: id for id, word in enumerate(words)}

# %% [raw] mistake="tokenizer/other_vocabulary"
# The ids are places in `CAPTION_WORDS`. Take the vocabulary that the function is given, `words`.
# ---
# - ids = {word: id for id, word in enumerate(words, start=1)}
# + ids = {word: id for id, word in enumerate(CAPTION_WORDS, start=1)}

# %% [raw] mistake="tokenizer/all_from_zero"
# All ids are one too small: words begin at 1, since 0 is padding, and the end comes after the last word.
# ---
# - ids = {word: id for id, word in enumerate(words, start=1)}
# + ids = {word: id for id, word in enumerate(words)}
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [ids[word] for word in plain.split()] + [len(words)]

# %% [raw] mistake="tokenizer/end_is_last_word"
# The end has the id of the last word. It needs one of its own: one more than the last word's.
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [ids[word] for word in plain.split()] + [len(words)]

# %% [raw] mistake="tokenizer/end_too_far"
# The end's id is two more than the last word's, so one id belongs to no token. It is one more.
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [ids[word] for word in plain.split()] + [len(words) + 2]

# %% [raw] mistake="tokenizer/end_always_37"
# The end is 37 whatever the vocabulary is. It is one more than the last word of `words` has.
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [ids[word] for word in plain.split()] + [37]

# %% [raw] mistake="tokenizer/end_is_padding"
# The end has the id 0, which is padding: nobody could tell where the text ends. It has the largest id.
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [ids[word] for word in plain.split()] + [0]

# %% [raw] mistake="tokenizer/end_in_front"
# The end token stands in front. It closes the text.
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [len(words) + 1] + [ids[word] for word in plain.split()]

# %% [raw] mistake="tokenizer/each_word_once"
# A word that comes twice is there once. Every word of the text has a token, in the text's order.
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [ids[word] for word in dict.fromkeys(plain.split())] + [len(words) + 1]

# %% [raw] mistake="tokenizer/sorted"
# The ids were sorted, and the order of the words is lost: "a red ring and a blue star" would equal "a blue ring and a
# red star".
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return sorted(ids[word] for word in plain.split()) + [len(words) + 1]

# %% [raw] mistake="tokenizer/capitals_kept"
# A word with capitals was not found. Make the text lower case first.
# ---
# - plain = text.lower().replace(",", "").replace(".", "")
# + plain = text.replace(",", "").replace(".", "")

# %% [raw] mistake="tokenizer/commas_kept"
# A word was looked up with its comma. Take commas and full stops away before you split.
# ---
# - plain = text.lower().replace(",", "").replace(".", "")
# + plain = text.lower()

# %% [raw] mistake="tokenizer/full_stop_kept"
# The last word was looked up with its full stop. Take full stops away, too.
# ---
# - plain = text.lower().replace(",", "").replace(".", "")
# + plain = text.lower().replace(",", "")

# %% [raw] mistake="tokenizer/an_not_known"
# "an" was not found. It is another spelling of "a", and has its id.
# ---
# - ids["an"] = ids["a"]

# %% [raw] mistake="tokenizer/an_not_in_tuple"
# A word was not found in the vocabulary: "an" itself, or one that has lost letters, as "orage" has. Only the whole word
# "an" is another spelling of "a".
# ---
# def encode(text, words):
#     plain = text.lower().replace(",", "").replace(".", "")
#     return [words.index(word) + 1 for word in plain.split()] + [len(words) + 1]
#
#
# def padded(rows, T):
#     tokens = torch.zeros(len(rows), T, dtype=torch.int64)
#     for b, row in enumerate(rows):
#         if len(row) > T:
#             row = row[: T - 1] + row[-1:]
#         tokens[b, : len(row)] = torch.tensor(row)
#     return tokens

# %% [raw] mistake="tokenizer/an_has_its_own_id"
# "an" has an id of its own. It is another spelling of "a", and has its id.
# ---
# - ids["an"] = ids["a"]
# + ids["an"] = len(words) + 2

# %% [raw] mistake="tokenizer/an_left_out"
# "an" was left out. It is another spelling of "a", and has its id.
# ---
# - return [ids[word] for word in plain.split()] + [len(words) + 1]
# + return [ids[word] for word in plain.split() if word != "an"] + [len(words) + 1]

# %% [raw] mistake="tokenizer/an_inside_of_words"
# Inside of words, too, "an" became "a": "orange" is "orage" now. Only the whole word "an" is another spelling of "a".
# ---
# - plain = text.lower().replace(",", "").replace(".", "")
# + plain = text.lower().replace(",", "").replace(".", "").replace("an", "a")

# %% [raw] mistake="tokenizer/end_cut_off"
# A row that is too long lost its end: the text tower would find no place to be read. Keep T − 1 ids, and the end.
# ---
# - row = row[: T - 1] + row[-1:]
# + row = row[:T]

# %% [raw] mistake="tokenizer/front_cut_off"
# A row that is too long lost its beginning. Keep the first T − 1 ids, and the end.
# ---
# - row = row[: T - 1] + row[-1:]
# + row = row[-T:]

# %% [raw] mistake="tokenizer/one_word_short"
# A row that is too long was cut one word too short: its first T − 1 ids and the end fit.
# ---
# - row = row[: T - 1] + row[-1:]
# + row = row[: T - 2] + row[-1:]

# %% [raw] mistake="tokenizer/padded_in_front"
# The padding stands in front of the text. It belongs behind the end, so that the first word is always at the first
# position.
# ---
# - tokens[b, : len(row)] = torch.tensor(row)
# + tokens[b, T - len(row) :] = torch.tensor(row)

# %% [raw] mistake="tokenizer/padded_with_end"
# Rows were filled up with the end token. Padding is 0; the end stands once.
# ---
# - tokens[b, : len(row)] = torch.tensor(row)
# + tokens[b] = row[-1]
# + tokens[b, : len(row)] = torch.tensor(row)

# %% [raw] mistake="tokenizer/padding_above_the_end"
# Padding has an id above the end's. Then `text.argmax(-1)` finds the padding, not the end; padding is 0.
# ---
# - tokens[b, : len(row)] = torch.tensor(row)
# + tokens[b] = row[-1] + 1
# + tokens[b, : len(row)] = torch.tensor(row)

# %% [raw] mistake="tokenizer/padded_with_minus_one"
# Padding is −1, which no embedding has a row for. It is 0.
# ---
# - tokens[b, : len(row)] = torch.tensor(row)
# + tokens[b] = -1
# + tokens[b, : len(row)] = torch.tensor(row)

# %% [raw] mistake="tokenizer/end_at_the_last_place"
# The end was moved behind the padding, to the last place of every row. It follows the last word.
# ---
# - tokens[b, : len(row)] = torch.tensor(row)
# + tokens[b, : len(row) - 1] = torch.tensor(row[:-1])
# + tokens[b, -1] = row[-1]

# %% [raw] mistake="tokenizer/as_long_as_the_longest"
# The rows are as long as the longest text. Every row has T ids.
# ---
# - tokens = torch.zeros(len(rows), T, dtype=torch.int64)
# + T = max(len(row) for row in rows)
# + tokens = torch.zeros(len(rows), T, dtype=torch.int64)

# %% [raw] mistake="tokenizer/end_on_top"
# The rows have T + 1 ids: T of the text and the end on top. The end counts among the T.
# ---
# - tokens = torch.zeros(len(rows), T, dtype=torch.int64)
# + T = T + 1
# + tokens = torch.zeros(len(rows), T, dtype=torch.int64)

# %% [raw] mistake="tokenizer/real_numbers"
# These are real numbers. Ids choose rows of a table, so they are whole: `dtype=torch.int64`.
# ---
# - tokens = torch.zeros(len(rows), T, dtype=torch.int64)
# + tokens = torch.zeros(len(rows), T)

# %% [raw] mistake="tokenizer/not_cut"
# A row that is too long was not cut, so it does not fit. Keep its first T − 1 ids, and the end.
# ---
# - if len(row) > T:
# -     row = row[: T - 1] + row[-1:]

# %% [markdown]
# **The result**: four scenes, the caption of each, and its tokens. Words are blue, the end is orange, padding is grey.

# %%
def show_tokens():
    scenes, chosen = captioned_scenes(60, "fresh"), [25, 7, 30, 16]
    captions = [str(scenes.caption(i)) for i in chosen]
    tokens = padded([listed(encode(caption, CAPTION_WORDS)) for caption in captions], T)
    end = len(CAPTION_WORDS) + 1
    figure, axes = clear_subplots(4, 1, (8.8, 6.0))
    for ax, picture, caption, row in zip(axes.flat, scenes.pictures[chosen], captions, tokens.tolist()):
        ax.imshow(picture, extent=(-3.6, -0.6, -0.4, 2.6))
        colours = ["#b8bcc2" if id == 0 else "#e69f00" if id == end else "#56b4e9" for id in row]
        ax.bar(np.arange(T) + 0.5, 1, 0.94, color=colours)
        for place, id in enumerate(row):
            ax.text(place + 0.5, 0.5, id, ha="center", va="center", fontsize=8.5, color="black")
            word = "" if id == 0 else "EOT" if id == end else CAPTION_WORDS[id - 1]
            ax.text(place + 0.25, 1.15, word, rotation=40, fontsize=9, color=GREY)
        ax.set_title(caption, fontsize=10, loc="left", color=GREY)
        ax.set(xlim=(-3.7, T), ylim=(-0.4, 2.6), aspect="equal")
        ax.axis("off")
    lengths = [len(encode(str(each), CAPTION_WORDS)) for each in captioned_scenes(300, "fresh").captions()]
    print(f"{len(CAPTION_WORDS)} words, padding and the end: V = {len(CAPTION_WORDS) + 2}. "
          f"300 other captions have {min(lengths)} to {max(lengths)} tokens, {np.mean(lengths):.1f} in the mean.")
    return figure


attempt(show_tokens, after="tokenizer")
