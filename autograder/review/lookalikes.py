"""Answers that look alike: a pointer for a person who then reads both, never a mark.

Code, prose and pictures are compared apart. Pieces of the release count nothing, nor do pieces that half of the class
shares; of the others one that few share weighs most (inverse document frequency). Names of variables do not matter in
code. What is the same word by word is listed however many have it: half a class with one essay is a sign, too. A
picture is compared by a perceptual hash: 64 bits that say which of two neighbours is brighter. Weights are the same
byte by byte, or they say nothing.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import re
import warnings
from collections import Counter
from dataclasses import dataclass, field

import nbformat
import numpy as np
from nbgrader.utils import is_solution
from PIL import Image
from scipy import sparse

ALIKE = 0.8  # cosine of two students' weighted pieces
EVIDENCE = 60.0  # weight that the pieces in common must have: short common answers are no sign
SAME_WORDS = 12  # of a written answer that others have word by word
SAME_TOKENS = 200  # of all code that others have to the letter
PICTURE_BITS = 6  # of 64 that may differ
MAX_PIXELS = 25_000_000
MAX_PICTURES = 10  # of one student
WEIGHTS = ".safetensors"
_TOKEN = re.compile(r"#[^\n]*|[A-Za-z_]\w*|\d+\.?\d*|\"[^\"\n]*\"|'[^'\n]*'|\S")
_NAME = re.compile(r"[A-Za-z_]\w*")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_LENGTH = {"code": 5, "prose": 4}  # tokens or words in one piece


@dataclass
class Answers:
    """What one student wrote, drew and trained: texts of code and prose cells, pictures, and digests of weights."""

    code: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    weights: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Alike:
    """Students whose answers look alike, in what ("code", "prose", "picture" or "weights"), and how much (0..1).

    Where they are the same word by word, `same` says how many texts (or files of weights) that is; of pictures and
    likeness it is 0.
    """

    what: str
    students: tuple[str, ...]
    score: float
    same: int = 0


def answers_of(notebooks: list[nbformat.NotebookNode], files: dict[str, bytes]) -> Answers:
    """The answers in a student's autograded notebooks, their own cells and files included."""
    pictures = [name for name in files if name.lower().endswith((".png", ".jpg", ".jpeg"))][:MAX_PICTURES]
    weights = {hashlib.sha256(data).hexdigest() for name, data in files.items() if name.endswith(WEIGHTS)}
    found = Answers(pictures={name: files[name] for name in pictures}, weights=weights)
    for notebook in notebooks:
        for cell in notebook.cells:
            if is_solution(cell) or cell.get("id", "").startswith("own-"):
                (found.code if cell.cell_type == "code" else found.prose).append(cell.source)
    return found


def look_alikes(students: dict[str, Answers], release: list[nbformat.NotebookNode]) -> list[Alike]:
    """Groups of students whose answers look alike, the most alike first."""
    released = [cell.source for notebook in release for cell in notebook.cells]
    vocabulary = {name for text in released for name in _NAME.findall(text)}
    found = []
    for kind in _LENGTH:
        template = _pieces(kind, released, vocabulary)
        own = {
            name: np.setdiff1d(_pieces(kind, getattr(answers, kind), vocabulary), template)
            for name, answers in students.items()
        }
        found += _groups(kind, _similar_texts(own))
    found += _groups("picture", _similar_pictures(students))
    same = [*_same_texts(students, released), *_same_code(students, released), *_same_weights(students)]
    within = [(alike.what, set(alike.students)) for alike in same]
    found = [f for f in found if not any(f.what == what and set(f.students) <= others for what, others in within)]
    return sorted([*same, *found], key=lambda alike: (-alike.score, -alike.same, alike.students))


def _same_texts(students: dict[str, Answers], released: list[str]) -> list[Alike]:
    """Written answers that are the same word by word, however many have them; by who shares them."""
    template = {_words(text) for text in released}
    who: dict[tuple[str, ...], set[str]] = {}
    for name, answers in students.items():
        for text in answers.prose:
            words = _words(text)
            if len(words) >= SAME_WORDS and words not in template:
                who.setdefault(words, set()).add(name)
    texts = Counter(tuple(sorted(names)) for names in who.values() if len(names) > 1)
    return [Alike("prose", names, 1.0, count) for names, count in texts.items()]


def _same_code(students: dict[str, Answers], released: list[str]) -> list[Alike]:
    """Everything that was coded, the same to the letter. Single cells are no sign: many right answers are short."""
    template = {line.strip() for text in released for line in text.splitlines()}
    who: dict[tuple[str, ...], set[str]] = {}
    for name, answers in students.items():
        own = [[line for line in text.splitlines() if line.strip() not in template] for text in answers.code]
        texts = tuple("\n".join(lines).strip() for lines in own if lines)
        if sum(len(_TOKEN.findall(text)) for text in texts) >= SAME_TOKENS:
            who.setdefault(texts, set()).add(name)
    return [Alike("code", tuple(sorted(names)), 1.0, len(texts)) for texts, names in who.items() if len(names) > 1]


def _same_weights(students: dict[str, Answers]) -> list[Alike]:
    """Files of weights that are the same, by who has them: two trainings never give the same numbers."""
    who: dict[str, set[str]] = {}
    for name, answers in students.items():
        for digest in answers.weights:
            who.setdefault(digest, set()).add(name)
    files = Counter(tuple(sorted(names)) for names in who.values() if len(names) > 1)
    return [Alike("weights", names, 1.0, count) for names, count in files.items()]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(text))


def _pieces(kind: str, texts: list[str], vocabulary: set[str]) -> np.ndarray:
    """Hashes of all runs of a few tokens or words, each once; int64: a class of thousands must fit into memory."""
    length = _LENGTH[kind]
    hashes: set[int] = set()
    for text in texts:
        if kind == "prose":
            tokens = list(_words(text))
        else:
            found = [token for token in _TOKEN.findall(text) if not token.startswith("#")]
            tokens = [_anonymous(token, before, vocabulary) for before, token in zip(["", *found], found, strict=False)]
        hashes.update(hash(tuple(tokens[i : i + length])) for i in range(len(tokens) - length + 1))
    return np.array(sorted(hashes), dtype=np.int64)


def _anonymous(token: str, before: str, vocabulary: set[str]) -> str:
    """A name of the student's own becomes `v`; keywords, attributes and names of the release stay."""
    own = token.isidentifier() and not keyword.iskeyword(token) and before != "." and token not in vocabulary
    return "v" if own else token


def _similar_texts(own: dict[str, np.ndarray]) -> dict[tuple[str, str], float]:
    """Pairs whose weighted pieces point the same way: {(student, student): cosine}."""
    names = sorted(own)
    pieces, counts = np.unique(np.concatenate([np.empty(0, np.int64), *own.values()]), return_counts=True)
    weight = np.log((len(names) + 1) / np.maximum(counts, 1))
    shared = (counts > 1) & (counts <= max(3, len(names) // 2))  # what half of the class has is no sign
    rows, columns, norms = [], [], []
    for row, name in enumerate(names):
        mine = np.searchsorted(pieces, own[name])
        norms.append(float(np.sqrt((weight[mine] ** 2).sum())) or 1.0)
        columns.append(mine[shared[mine]])
        rows.append(np.full(len(columns[-1]), row))
    if not names:
        return {}
    where = np.concatenate(rows), np.concatenate(columns)
    matrix = sparse.csr_array((weight[where[1]], where), shape=(len(names), max(len(pieces), 1)))
    common = sparse.triu(matrix @ matrix.T, k=1).tocoo()
    return {
        (names[i], names[j]): min(1.0, float(value / (norms[i] * norms[j])))
        for i, j, value in zip(common.row, common.col, common.data, strict=True)
        if value >= EVIDENCE and value / (norms[i] * norms[j]) >= ALIKE
    }


def _similar_pictures(students: dict[str, Answers]) -> dict[tuple[str, str], float]:
    hashes = [
        (name, bits)
        for name in sorted(students)
        for data in students[name].pictures.values()
        if (bits := picture_hash(data)) is not None
    ]
    found: dict[tuple[str, str], float] = {}
    for i, (one, bits) in enumerate(hashes):
        for other, others in hashes[i + 1 :]:
            different = int(np.count_nonzero(bits != others))
            if one != other and different <= PICTURE_BITS:
                found[one, other] = max(found.get((one, other), 0.0), 1 - different / bits.size)
    return found


def picture_hash(data: bytes) -> np.ndarray | None:
    """64 bits: is a pixel of the picture, shrunk to 9 x 8 grey ones, brighter than its right neighbour? (8, 8) bool.

    None for what is no PNG or JPEG, is very large, or is so even that the bits would say nothing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a decompression bomb is a warning first
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                grey = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=np.int64)
    except Exception:  # a stranger's picture may fail in any way
        return None
    if np.ptp(grey) < 16:
        return None
    return grey[:, :-1] > grey[:, 1:]


def _groups(what: str, pairs: dict[tuple[str, str], float]) -> list[Alike]:
    """Students who are alike in pairs, joined into groups; a group's score is that of its most alike pair."""
    group: dict[str, set[str]] = {}
    for one, other in pairs:
        joined = group.get(one, {one}) | group.get(other, {other})
        for name in joined:
            group[name] = joined
    distinct = {tuple(sorted(members)) for members in group.values()}
    return [
        Alike(what, members, max(score for (one, other), score in pairs.items() if one in members and other in members))
        for members in distinct
    ]
