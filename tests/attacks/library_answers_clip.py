"""Exercises of 05_clip, answered by the library: its tokenizer, mask, towers and projections; and by torch."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
PADDED = """
def padded(rows, T):
    rows = [row if len(row) <= T else row[: T - 1] + row[-1:] for row in rows]
    return torch.tensor([row + [0] * (T - len(row)) for row in rows])
"""
MASKED_WEIGHTS = """
def masked_weights(scores, mask):
    return (scores + mask).softmax(-1)
"""
READ_AND_AT_END = """
def read(tower, tokens, mask):
    x = tower.token_embedding(tokens) + tower.positional_embedding[: tokens.shape[1]]
    for block in tower.blocks:
        x = block(x, mask)
    return tower.ln_final(x)
def at_end(x, tokens, end):
    return x[tokens == end]
"""
POOL = """
def pool(queries, attn, cells):
    return attn(queries.expand(len(cells), -1, -1), cells, cells)[0].flatten(1)
"""
RESIDUAL_PROJECTION = """
def residual_projection(layers, x):
    p = layers.linear1(x)
    return layers.layer_norm(p + layers.linear2(F.gelu(p)))
"""
LINEAR_FEATURES = """
def linear_features(x, W):
    return F.normalize(x @ W, dim=-1)
"""
LEARNED_SCALE = """
def learned_scale(temperature):
    return nn.Parameter(torch.tensor(-math.log(temperature)))
"""
NEGATIVES = """
def negatives(N):
    return N * N - N
"""
SCALED = """
def scaled(cosines, log_scale):
    scale = log_scale.exp()
    return scale * cosines
"""
ATTACKS = {
    "its_tokenizer": """# q1_clip tokenizer
def encode(text, words):
    return Tokenizer(words).encode(text)
"""
    + PADDED,
    "the_tokenizer_of_its_model": """# q1_clip tokenizer
from detrlab import clip_model
own = clip_model().tokenizer
def encode(text, words):
    own.words, own.end = words, len(words) + 1
    own._ids = {word: id for id, word in enumerate(words, start=1)}
    return own.encode(text)
"""
    + PADDED,
    "its_causal_mask": """# q1_clip causal_mask
from detrlab import causal_mask as of_the_library
def may_look(T):
    return of_the_library(T)
"""
    + MASKED_WEIGHTS,
    "torchs_causal_mask": """# q1_clip causal_mask
def may_look(T):
    return nn.Transformer.generate_square_subsequent_mask(T)
"""
    + MASKED_WEIGHTS,
    "torchs_private_causal_mask": """# q1_clip causal_mask
from torch.nn.modules.transformer import _generate_square_subsequent_mask as of_torch
def may_look(T):
    return of_torch(T)
"""
    + MASKED_WEIGHTS,
    "the_forward_of_its_block": """# q1_clip text_tower
def text_block(layers, x, mask):
    return ResidualAttentionBlock.forward(layers, x, mask)
"""
    + READ_AND_AT_END,
    "a_block_of_its_own_kind": """# q1_clip text_tower
def text_block(layers, x, mask):
    block = ResidualAttentionBlock(x.shape[2], layers.attn.num_heads)
    block.ln_1, block.attn, block.ln_2, block.mlp = layers.ln_1, layers.attn, layers.ln_2, layers.mlp
    return block(x, mask)
"""
    + READ_AND_AT_END,
    "its_attention_pooling": """# q1_clip projection
from detrlab import AttentionPool
def pool(queries, attn, cells):
    return AttentionPool.forward(SimpleNamespace(queries=queries, attn=attn), cells)
"""
    + RESIDUAL_PROJECTION
    + LINEAR_FEATURES,
    "the_forward_of_its_projection": """# q1_clip projection
def residual_projection(layers, x):
    layers.drop = nn.Identity()
    return Projection.forward(layers, x)
"""
    + POOL
    + LINEAR_FEATURES,
    "the_length_of_its_features": """# q1_clip projection
def linear_features(x, W):
    return CLIP.encode_image(SimpleNamespace(visual=lambda x: x @ W), x)
"""
    + POOL
    + RESIDUAL_PROJECTION,
    "its_logits": """# q1_clip logits
def cosine_logits(images, texts, log_scale):
    return clip_logits(F.normalize(images, dim=1), F.normalize(texts, dim=1), log_scale)[0]
"""
    + LEARNED_SCALE,
    "the_forward_of_its_model": """# q1_clip logits
def cosine_logits(images, texts, log_scale):
    towers = [lambda x: F.normalize(x, dim=1)] * 2
    me = SimpleNamespace(encode_image=towers[0], encode_text=towers[1], logit_scale=log_scale)
    return CLIP.forward(me, images, texts)[0]
"""
    + LEARNED_SCALE,
    "the_forward_of_its_learner": """# q1_clip logits
def cosine_logits(images, texts, log_scale):
    model = SimpleNamespace(visual=SimpleNamespace(pooled=lambda maps, pictures: maps), logit_scale=log_scale,
                            encode_text=lambda x: F.normalize(x, dim=1))
    batch = {'maps': images, 'pictures': None, 'tokens': texts}
    return CLIPLearner.forward(SimpleNamespace(model=model), batch)['logits']
"""
    + LEARNED_SCALE,
    "its_loss": """# q1_clip clip_loss
def symmetric_loss(logits):
    return detrlab.clip_loss(logits)
"""
    + NEGATIVES,
    "its_loss_without_hard_negatives": """# q1_clip clip_loss
from detrlab import hard_negative_loss
def symmetric_loss(logits):
    return hard_negative_loss(logits, logits[:, :0])
"""
    + NEGATIVES,
    "the_loss_of_its_training": """# q1_clip clip_loss
from detrlab import contrastive_losses
def symmetric_loss(logits):
    return contrastive_losses({'logits': logits, 'negative_logits': logits[:, :0]}, None, 0.1)['loss_clip']
"""
    + NEGATIVES,
    "its_clamp": """# q1_clip clamp
def keep_scale(log_scale):
    clamp_logit_scale(SimpleNamespace(logit_scale=log_scale))
"""
    + SCALED,
    "the_clamp_of_its_learner": """# q1_clip clamp
def keep_scale(log_scale):
    CLIPLearner.after_update(SimpleNamespace(model=SimpleNamespace(logit_scale=log_scale)), 0.5)
"""
    + SCALED,
}
REFUSED = ATTACKS.keys()
