"""Exercises of 06_dino's first notebook, steps 1 to 4, answered by the library: its patches, positions, blocks and
crops; and by PyTorch."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
EMBED = """
def embed(patches, weight, bias):
    return patches @ weight.flatten(1).T + bias
"""
TAKEN_APART = """
def taken_apart(table):
    side = math.isqrt(table.shape[1] - 1)
    return table[:, :1], table[:, 1:].unflatten(1, (side, side)).permute(0, 3, 1, 2)
"""
TOKENS_OF = """
def tokens_of(patches, class_token, positions):
    return torch.cat([class_token.expand(len(patches), -1, -1), patches], dim=1) + positions
"""
BLOCK = """
def block(x, norm1, attn, norm2, mlp):
    y = norm1(x)
    x = x + attn(y, y, y)[0]
    return x + mlp(norm2(x))
"""
VIEWS_OF = """
def views_of(side, n_local, split):
    changed = {'jitter': 0.4, 'grey': 0.2}
    one = View(size=side, area=(split, 1.0), blur=1.0, **changed)
    two = View(size=side, area=(split, 1.0), blur=0.1, solarise=0.2, **changed)
    return [one, two] + n_local * [View(size=side // 2, area=(0.05, split), blur=0.5, **changed)]
"""
SOLARISED = """
def solarised(images, chosen):
    return torch.where((images >= 0.5) & chosen[:, None, None, None], 1 - images, images)
"""
BOTH_SAY = """
def both_say(views, student, teacher):
    return [student(view) for view in views], [teacher(view).detach() for view in views[:2]]
"""
ATTACKS = {
    "its_patches": """# q1_dino patches
from detrlab import PatchEmbed
def cut(images, P):
    C = images.shape[1]
    embedding = PatchEmbed(P, C * P * P)
    embedding.proj = nn.Conv2d(C, C * P * P, P, P, bias=False)
    embedding.proj.weight.data = torch.eye(C * P * P).view(-1, C, P, P)
    return embedding(images)
"""
    + EMBED,
    "the_patches_of_its_network": """# q1_dino patches
def cut(images, P):
    C = images.shape[1]
    embedding = dino_vit().patch_embed
    embedding.patch_size = P
    embedding.proj = nn.Conv2d(C, C * P * P, P, P, bias=False)
    embedding.proj.weight.data = torch.eye(C * P * P).view(-1, C, P, P)
    return embedding(images)
"""
    + EMBED,
    "pytorchs_unfold": """# q1_dino patches
def cut(images, P):
    return F.unfold(images, P, stride=P).transpose(1, 2)
"""
    + EMBED,
    "the_module_of_unfold": """# q1_dino patches
def cut(images, P):
    return nn.Unfold(P, stride=P)(images).transpose(1, 2)
"""
    + EMBED,
    "the_kernel_of_unfold": """# q1_dino patches
def cut(images, P):
    return torch.ops.aten.im2col(images, [P, P], [1, 1], [0, 0], [P, P]).transpose(1, 2)
"""
    + EMBED,
    "pytorchs_pixel_unshuffle": """# q1_dino patches
def cut(images, P):
    return torch.pixel_unshuffle(images, P).flatten(2).transpose(1, 2)
"""
    + EMBED,
    "the_module_of_pixel_unshuffle": """# q1_dino patches
def cut(images, P):
    return nn.PixelUnshuffle(P)(images).flatten(2).transpose(1, 2)
"""
    + EMBED,
    "the_kernel_of_pixel_unshuffle": """# q1_dino patches
def cut(images, P):
    return torch.ops.aten.pixel_unshuffle(images, P).flatten(2).transpose(1, 2)
"""
    + EMBED,
    "its_interpolation": """# q1_dino interpolate
from detrlab import interpolate_pos_encoding
def positions_for(of_class, grid, H, W):
    return interpolate_pos_encoding(torch.cat([of_class, grid.flatten(2).transpose(1, 2)], dim=1), H, W)
"""
    + TAKEN_APART,
    "the_positions_of_its_network": """# q1_dino interpolate
from detrlab import VisionTransformer
def positions_for(of_class, grid, H, W):
    me = SimpleNamespace(cls_token=torch.zeros_like(of_class))
    me.pos_embed = torch.cat([of_class, grid.flatten(2).transpose(1, 2)], dim=1)
    nothing = torch.zeros(1, H * W, grid.shape[1])
    me.patch_embed = type('Silent', (), {'patch_size': 1, '__call__': lambda self, images: nothing})()
    return VisionTransformer.prepare_tokens(me, torch.zeros(1, 3, H, W))
"""
    + TAKEN_APART,
    "the_tokens_of_its_network": """# q1_dino vit_block
from detrlab import VisionTransformer
def tokens_of(patches, class_token, positions):
    side = patches.shape[1]
    me = SimpleNamespace(cls_token=class_token, pos_embed=positions)
    me.patch_embed = type('Given', (), {'patch_size': 1, '__call__': lambda self, images: patches})()
    import detrlab.dino.vision_transformer as home
    kept, home.interpolate_pos_encoding = home.interpolate_pos_encoding, lambda table, H, W: table
    try:
        return VisionTransformer.prepare_tokens(me, torch.zeros(len(patches), 3, 1, side))
    finally:
        home.interpolate_pos_encoding = kept
"""
    + BLOCK,
    "its_block": """# q1_dino vit_block
from detrlab.dino.vision_transformer import Block
def block(x, norm1, attn, norm2, mlp):
    own = Block(x.shape[2], attn.num_heads)
    own.norm1, own.attn, own.norm2, own.mlp = norm1, attn, norm2, mlp
    return own(x)
"""
    + TOKENS_OF,
    "a_block_of_its_network": """# q1_dino vit_block
def block(x, norm1, attn, norm2, mlp):
    own = dino_vit().blocks[0]
    own.norm1, own.attn, own.norm2, own.mlp = norm1, attn, norm2, mlp
    return own(x)
"""
    + TOKENS_OF,
    "a_block_of_clip": """# q1_dino vit_block
from detrlab import ResidualAttentionBlock
def block(x, norm1, attn, norm2, mlp):
    me = SimpleNamespace(ln_1=norm1, attn=attn, ln_2=norm2, mlp=mlp)
    return ResidualAttentionBlock.forward(me, x, None)
"""
    + TOKENS_OF,
    "pytorchs_encoder_layer": """# q1_dino vit_block
def block(x, norm1, attn, norm2, mlp):
    layer = nn.TransformerEncoderLayer(x.shape[2], attn.num_heads, 4, dropout=0, activation='gelu', batch_first=True,
                                       norm_first=True)
    layer.norm1, layer.self_attn, layer.norm2, layer.linear1, layer.linear2 = norm1, attn, norm2, mlp[0], mlp[2]
    return layer(x)
"""
    + TOKENS_OF,
    "its_solarise": """# q1_dino multi_crop
from detrlab.dino.multi_crop import solarise
def solarised(images, chosen):
    images = images.clone()
    images[chosen] = solarise(images[chosen])
    return images
"""
    + VIEWS_OF
    + BOTH_SAY,
    "its_pair_of_networks": """# q1_dino multi_crop
from detrlab import DINO
def both_say(views, student, teacher):
    def each(network):
        return lambda crops: [network(crop) for crop in crops]
    said = DINO.forward(SimpleNamespace(student=each(student), teacher=each(teacher)), views)
    return said['student'], said['teacher']
"""
    + VIEWS_OF
    + SOLARISED,
    "its_backbone_with_head": """# q1_dino multi_crop
from detrlab.dino.teacher import BackboneWithHead
def both_say(views, student, teacher):
    of_student = BackboneWithHead(student, nn.Identity())(views)
    return of_student, [each.detach() for each in BackboneWithHead(teacher, nn.Identity())(views[:2])]
"""
    + VIEWS_OF
    + SOLARISED,
}
REFUSED = ATTACKS.keys()
