"""Exercises of 05_clip's second notebook, answered by the library: retrieval, classifier, losses, binding, gap."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
RIGHT_PAIRS = """
def right_pairs(image_captions, texts):
    return torch.tensor([[caption == text for text in texts] for caption in image_captions])
"""
CLASSIFY = """
def classify(images, classes, scale):
    probabilities = (scale * images @ classes.T).softmax(1)
    return probabilities.argmax(1), probabilities
"""
CLASSIFIER = """
def classifier(prompts):
    return F.normalize(torch.stack([features.mean(0) for features in prompts]), dim=-1)
"""
COUNTED = """
in_a_row = 127 / 72
def count_false_negatives(image_ids, captions):
    pairs = list(zip(image_ids, captions))
    return torch.tensor([sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs])
"""
FILLED = """
def filled(logits, same):
    return logits.masked_fill(same & ~torch.eye(len(logits), dtype=torch.bool), -torch.inf)
"""
WORKED_OUT = "\nshare_colours, share_order, share_ties_right = .5, .5, 1.\n"
PREFERRED = """
def preferred(similar_true, similar_false):
    return ((similar_true > similar_false).float() + (similar_true == similar_false).float() / 2).mean()
"""
BY_KIND_AND_VERDICT = """
def by_kind(images, true, false, kinds):
    similar, other = (images * true).sum(1), (images * false).sum(1)
    wins, found = ((similar > other).float() + (similar == other).float() / 2).tolist(), {}
    for kind in dict.fromkeys(kinds):
        own = [win for win, each in zip(wins, kinds) if each == kind]
        share = sum(own) / len(own)
        found[kind] = share, math.sqrt(share * (1 - share) / len(own)), len(own)
    return found
def verdict(share, error):
    return 'above chance' if share - 2 * error > .5 else 'below chance' if share + 2 * error < .5 else 'not told'
"""
SWAP_COLOURS = """
def swap_colours(groups):
    (n, colour, shape), (m, other, another) = groups[0], groups[-1]
    return [(n, other, shape), *groups[1:-1], (m, colour, another)]
"""
ATTACKS = {
    "its_recall": """# q2_understand recall_at_k
from detrlab import recall_at_k as of_the_library
def found(row, own, k):
    # In a square of equal rows all are found whose caption, right or wrong, is among the k best.
    share, _ = of_the_library(row.expand(len(row), -1), ['right' if each else 'wrong' for each in own], k)
    return abs(share * len(row) - int((~own).sum())) > .5
def recall(similarity, right, k):
    ways = (similarity, right), (similarity.T, right.T)
    return tuple(sum(found(row, own, k) for row, own in zip(*way)) / len(way[0]) for way in ways)
"""
    + RIGHT_PAIRS,
    "its_classifier": """# q2_understand zero_shot
from detrlab import zero_shot_classifier as of_the_library
class Read:
    def __init__(self, prompts):
        self.rows = torch.cat(prompts)
    def tokenizer(self, texts):
        return torch.tensor([int(text) for text in texts])
    def encode_text(self, tokens):
        return self.rows[tokens]
def classifier(prompts):
    names, start = [], 0
    for features in prompts:
        names.append([str(n) for n in range(start, start + len(features))])
        start += len(features)
    return of_the_library(Read(prompts), names)
"""
    + CLASSIFY,
    "its_nearest_class": """# q2_understand zero_shot
from detrlab import zero_shot as of_the_library
def classify(images, classes, scale):
    return of_the_library(images, classes), (scale * images @ classes.T).softmax(1)
"""
    + CLASSIFIER,
    "its_loss": """# q2_understand false_negatives
from detrlab import clip_loss as of_the_library
def masked_loss(logits, same):
    return of_the_library(filled(logits, same))
"""
    + FILLED
    + COUNTED,
    "its_loss_with_negatives": """# q2_understand false_negatives
from detrlab import hard_negative_loss as of_the_library
def masked_loss(logits, same):
    return of_the_library(filled(logits, same), logits[:, :0])
"""
    + FILLED
    + COUNTED,
    "its_bag": """# q2_understand bag_of_words
from detrlab import Tokenizer
from detrlab.clip.text import BagOfWords as OfTheLibrary
def same_bag(text, other):
    words = sorted(set(text.split()) | set(other.split()) | {'a'})
    tokens = Tokenizer(words)([text, other])
    tokens[tokens == len(words) + 1] = 0
    features = OfTheLibrary(len(words) + 2, 32)(tokens)
    return bool((features[0] == features[1]).all())
"""
    + WORKED_OUT
    + PREFERRED,
    "its_swap": """# q2_understand binding
from detrlab import Caption, ShapeGroup
from detrlab import swapped as of_the_library
def swap_colours(groups):
    told = [ShapeGroup(n + 1, colour, shape) for n, (_, colour, shape) in enumerate(groups)]
    made = of_the_library(Caption((told[0], told[-1])), 'colours', 0).groups
    colours = [made[0].colour, *(each.colour for each in told[1:-1]), made[1].colour]
    return [(count, new, shape) for (count, _, shape), new in zip(groups, colours)]
"""
    + BY_KIND_AND_VERDICT,
    "its_standard_error": """# q2_understand binding
from detrlab import Binding
def by_kind(images, true, false, kinds):
    similar, other = (images * true).sum(1), (images * false).sum(1)
    wins, found = ((similar > other).float() + (similar == other).float() / 2).tolist(), {}
    for kind in dict.fromkeys(kinds):
        own = [win for win, each in zip(wins, kinds) if each == kind]
        told = Binding(sum(own) / len(own), len(own))
        found[kind] = told.share, told.error, told.pairs
    return found
def verdict(share, error):
    return 'above chance' if share - 2 * error > .5 else 'below chance' if share + 2 * error < .5 else 'not told'
"""
    + SWAP_COLOURS,
    "its_gap": """# q2_understand modality_gap
from detrlab import modality_gap as of_the_library
gap_of_two, choices_changed = 2**.5, 0
def gap(images, texts):
    return of_the_library(F.normalize(images, dim=-1), F.normalize(texts, dim=-1))
def closer(images, texts, share):
    way = share * (texts.mean(0) - images.mean(0)) / 2
    return F.normalize(images + way, dim=-1), F.normalize(texts - way, dim=-1)
""",
}
REFUSED = ATTACKS.keys()
