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
ATTACKS = {
    "its_tokenizer": """# q1_clip tokenizer
def encode(text, words):
    return Tokenizer(words).encode(text)
"""
    + PADDED,
    "the_tokenizer_of_its_model": """# q1_clip tokenizer
own = load_clip().tokenizer
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
}
REFUSED = ATTACKS.keys()
