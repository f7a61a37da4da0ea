# %% style="places in the tuple"
def encode(text, words):
    found = []
    for word in text.lower().split():
        word = word.strip(",.")
        if word == "an":
            word = "a"
        found.append(words.index(word) + 1)
    found.append(len(words) + 1)
    return found


def padded(rows, T):
    filled = []
    for row in rows:
        if len(row) > T:
            row = row[: T - 1] + [row[-1]]
        filled.append(row + [0] * (T - len(row)))
    return torch.tensor(filled)


# %% style="regular expression, and torch's padding"
import re


def encode(text, words):
    said = re.findall(r"[a-z0-9]+", text.lower())
    vocabulary = ["", *words, "EOT"]
    return torch.tensor([vocabulary.index({"an": "a"}.get(word, word)) for word in [*said]] + [len(vocabulary) - 1])


def padded(rows, T):
    cut = [torch.tensor(row[: min(len(row), T) - 1] + row[-1:]) for row in rows]
    cut.append(torch.zeros(T, dtype=torch.int64))  # so that the longest has T
    return nn.utils.rnn.pad_sequence(cut, batch_first=True)[:-1]


# %% style="numpy"
def encode(text, words):
    for sign in ",.":
        text = text.replace(sign, " ")
    spellings = dict(zip(words, range(1, 1 + len(words))))
    ids = map(spellings.__getitem__, ("a" if word == "an" else word for word in text.casefold().split()))
    return np.append(np.fromiter(ids, dtype=np.int64), len(words) + 1)


def padded(rows, T):
    tokens = np.zeros((len(rows), T), dtype=np.int64)
    for b in range(len(rows)):
        n = min(len(rows[b]), T)
        tokens[b, :n] = rows[b][:n]
        tokens[b, n - 1] = rows[b][-1]
    return torch.from_numpy(tokens)
