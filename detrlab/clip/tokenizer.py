"""From captions to whole numbers: one for each word, and one that says where the text ends.

CLIP (arXiv:2103.00020), section 2.4, cuts texts into pieces of words (byte pair encoding), between a start and an end
token. The captions of scenes have few words, so each is a token of its own. The end token keeps its part: it has the
largest id, so that the official code finds it as `text.argmax(-1)`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from detrlab.scenes.captions import CAPTION_WORDS

PAD = 0
CONTEXT_LENGTH = 20  # tokens with the end token; the longest caption has 18


class Tokenizer:
    """Word tokenizer: id 0 is padding, 1 .. len(words) are the words, `end` is the last.

    Args:
        words: the vocabulary; its order decides the ids.
        context_length: T, the tokens of every text; shorter ones are padded behind the end token.
    """

    def __init__(self, words: Sequence[str] = CAPTION_WORDS, context_length: int = CONTEXT_LENGTH) -> None:
        self.words = tuple(words)
        self.context_length = context_length
        self.end = len(self.words) + 1
        self.vocab_size = len(self.words) + 2
        self._ids = {word: id for id, word in enumerate(self.words, start=1)}

    def encode(self, text: str) -> list[int]:
        """The ids of a text's words and of the end, as many as there are. Capitals and punctuation do not count, and
        "an" is "a".

        Raises:
            ValueError: a word that is not in the vocabulary.
        """
        words = "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
        words = ["a" if word == "an" else word for word in words]
        if unknown := [word for word in words if word not in self._ids]:
            raise ValueError(f"the word {unknown[0]!r} of {text!r} is not in the vocabulary: {', '.join(self.words)}")
        return [*(self._ids[word] for word in words), self.end]

    def decode(self, tokens: Tensor | Sequence[int]) -> list[str]:
        """The words of one row of tokens (T,), up to the end token."""
        ids = [int(id) for id in tokens]
        return [self.words[id - 1] for id in ids[: ids.index(self.end)]]

    def __call__(self, texts: str | Sequence[str]) -> Tensor:
        """Texts -> (B, T) int64. A text that is too long is cut so that the end token stays."""
        rows = torch.full((1 if isinstance(texts, str) else len(texts), self.context_length), PAD)
        for row, text in zip(rows, [texts] if isinstance(texts, str) else texts, strict=True):
            ids = self.encode(text)
            if len(ids) > self.context_length:
                ids = [*ids[: self.context_length - 1], self.end]
            row[: len(ids)] = torch.tensor(ids)
        return rows
