"""Exercises of 06_dino's second notebook, answered by the library: its entropies and its Jaccard index; and by PyTorch
and scipy."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
ENTROPY = """
def entropy(p):
    return -torch.xlogy(p, p).sum(-1)
"""
TWO = """
def two_entropies(p):
    return entropy(p).mean(), entropy(p.mean(0))
"""
KL = """
def kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1).mean()
"""
KEEP = """
def keep_most(maps, share=0.6):
    flat = maps.flatten(-2)
    values, order = flat.sort(dim=-1, descending=True)
    kept = values.cumsum(-1) - values < share * flat.sum(-1, keepdim=True)
    return torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape)
"""
IOUS = """
def ious(kept, masks):
    found = F.interpolate(kept.float(), size=masks.shape[-2:], mode='nearest').bool()
    return (found & masks[:, None]).sum((2, 3)) / (found | masks[:, None]).sum((2, 3))
"""
FIXED = """
def fixed_and_best(choosing, found):
    return found[:, choosing.mean(0).argmax()].mean(), found.amax(1).mean()
"""
ATTACKS = {
    "its_entropies": """# q2_collapse entropies
from detrlab import output_entropies
def two_entropies(p):
    return output_entropies(p)
"""
    + ENTROPY
    + KL,
    "its_private_entropy": """# q2_collapse entropies
from detrlab.dino.loss import _entropy as entropy
"""
    + TWO
    + KL,
    "the_entropy_of_a_map": """# q2_collapse entropies
import detrlab
def entropy(p):
    return math.log(p.shape[-1]) * detrlab.entropy(p[..., None, :])
"""
    + TWO
    + KL,
    "the_entropy_of_a_distribution": """# q2_collapse entropies
from torch.distributions import Categorical
def entropy(p):
    return Categorical(probs=p).entropy()
"""
    + TWO
    + KL,
    "pytorchs_divergence": """# q2_collapse entropies
def kl(p, q):
    return F.kl_div(q.log(), p, reduction='batchmean')
"""
    + ENTROPY
    + TWO,
    "the_divergence_as_a_module": """# q2_collapse entropies
def kl(p, q):
    return nn.KLDivLoss(reduction='batchmean')(q.log(), p)
"""
    + ENTROPY
    + TWO,
    "what_a_map_keeps": """# q2_collapse jaccard
from detrlab import keep_mass
def keep_most(maps, share=0.6):
    return keep_mass(maps, share)
"""
    + IOUS
    + FIXED,
    "its_index": """# q2_collapse jaccard
from detrlab import jaccard as of_the_library
def ious(kept, masks):
    found = F.interpolate(kept.float(), size=masks.shape[-2:], mode='nearest').bool()
    return of_the_library(found, masks[:, None])
"""
    + KEEP
    + FIXED,
    "its_index_of_heads": """# q2_collapse jaccard
from detrlab.dino import attention_maps
def ious(kept, masks):
    return attention_maps.head_jaccard(kept.float(), masks, 1.0)
"""
    + KEEP
    + FIXED,
}
REFUSED = ATTACKS.keys()
