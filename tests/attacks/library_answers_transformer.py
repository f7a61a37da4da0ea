"""Exercises of 02_transformer, answered by the library: its layers, and torch's and torchvision's."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
# Attention with nothing before and behind it.
IDENTITY = """
def untouched(attention):
    D = attention.embed_dim
    with torch.no_grad():
        attention.in_proj_weight.copy_(torch.eye(D).repeat(3, 1))
        attention.in_proj_bias.zero_()
        attention.out_proj.weight.copy_(torch.eye(D))
        attention.out_proj.bias.zero_()
    return attention
"""
OWN_WEIGHTS = """
def attention(q, k, v):
    weights = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    return weights @ v, weights
"""
HEADS = """
def split_heads(x, M):
    return x.unflatten(2, (M, -1)).transpose(1, 2)
def merge_heads(x):
    return x.transpose(1, 2).flatten(2)
"""
PROJECT = """
def project(query, key, value, w):
    weights, biases = w['in_proj_weight'].chunk(3), w['in_proj_bias'].chunk(3)
    return tuple(map(F.linear, (query, key, value), weights, biases))
"""
PRE_NORM = """
def pre_norm_layer(parts, src, pos, padding):
    x = parts.norm1(src)
    src = src + parts.self_attn(x + pos, x + pos, x, key_padding_mask=padding)[0]
    return src + parts.linear2(parts.linear1(parts.norm2(src)).relu())
"""
POST_NORM = """
def post_norm_layer(parts, src, pos, padding):
    src = parts.norm1(src + parts.self_attn(src + pos, src + pos, src, key_padding_mask=padding)[0])
    return parts.norm2(src + parts.linear2(parts.linear1(src).relu()))
"""
# The parts as torch's layers want them: positions are added where attention is called.
WITH_POSITIONS = """
from types import SimpleNamespace
def same(x):
    return x
def with_positions(attention, of_query, of_key, padding):
    def attend(query, key, value, **_):
        return attention(query + of_query, key + of_key, value, key_padding_mask=padding)
    attend.batch_first = True
    return attend
"""
PLACES = """
def places(padding):
    rows, columns = (~padding).float().cumsum(1), (~padding).float().cumsum(2)
    rows, columns = rows / (rows[:, -1:] + 1e-6), columns / (columns[..., -1:] + 1e-6)
    return rows * 2 * math.pi, columns * 2 * math.pi
"""
JOIN = """
def join_halves(row_waves, column_waves):
    return torch.cat([row_waves, column_waves], -1).movedim(-1, 1)
"""
INIT_OF_THE_HEAD = """
class BoxMLP(nn.Module):
    def __init__(self, input_dim, hidden_dim, output_dim, num_layers):
        super().__init__()
        widths = [input_dim] + [hidden_dim] * (num_layers - 1) + [output_dim]
        self.layers = nn.ModuleList(map(nn.Linear, widths, widths[1:]))
"""
PREDICT = """
def predict_boxes(head, objects):
    return head(objects).sigmoid()
"""
FOUR_BUFFERS = """
class FrozenNorm(nn.Module):
    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        self.eps = eps
        for name, start in (('weight', 1.0), ('bias', 0.0), ('running_mean', 0.0), ('running_var', 1.0)):
            self.register_buffer(name, torch.full((num_features,), start))
"""
FREEZE = """
def freeze(norm):
    frozen, state = FrozenNorm(norm.num_features), norm.state_dict()
    del state['num_batches_tracked']
    frozen.load_state_dict(state)
    return frozen
"""
MASK_BY_ONES = """
def pad_images(images):
    ones = [torch.ones_like(image) for image in images]
    return padded(images), padded(ones)[:, 0] == 0
"""
INIT_OF_DETR = """
class MyDETR(nn.Module):
    def __init__(self, backbone, position, transformer, num_classes, num_queries, aux_loss=False):
        super().__init__()
        D = transformer.d_model
        self.backbone, self.transformer = nn.Sequential(backbone, position), transformer
        self.input_proj = nn.Conv2d(backbone.num_channels, D, 1)
        self.query_embed, self.class_embed = nn.Embedding(num_queries, D), nn.Linear(D, num_classes + 1)
        self.bbox_embed, self.aux_loss = MLP(D, D, 4, 3), aux_loss
"""
ATTACKS = {
    # ------------------------------------------------------------------ scaled_attention
    "weights_out_of_torchs_attention": """# q1_attention scaled_attention
def attention(q, k, v):
    B, M, S, _ = k.shape
    weights = torch.nn.functional.scaled_dot_product_attention(q, k, torch.eye(S).expand(B, M, S, S))
    return weights @ v, weights
""",
    "the_mathematics_behind_torchs_attention": """# q1_attention scaled_attention
def attention(q, k, v):
    return torch._scaled_dot_product_attention_math(q, k, v)
""",
    "attention_of_a_module_of_torch": """# q1_attention scaled_attention
def attention(q, k, v):
    B, M, Q, d = q.shape
    each = untouched(nn.MultiheadAttention(d, 1, batch_first=True))
    weights = each(q.flatten(0, 1), k.flatten(0, 1), k.flatten(0, 1))[1].unflatten(0, (B, M))
    return weights @ v, weights
"""
    + IDENTITY,
    "attention_inside_a_transformer_of_torch": """# q1_attention scaled_attention
"""
    + IDENTITY
    + """
def attention(q, k, v):
    B, M, Q, d = q.shape
    each = untouched(nn.Transformer(d, 1, 1, 1, d, batch_first=True).encoder.layers[0].self_attn).eval()
    weights = each(q.flatten(0, 1), k.flatten(0, 1), k.flatten(0, 1))[1].unflatten(0, (B, M))
    return weights @ v, weights
""",
    "the_kernel_behind_torchs_attention": """# q1_attention scaled_attention
def attention(q, k, v):
    weights = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    width, scale = max(q.shape[-1], v.shape[-1]), 1 / math.sqrt(q.shape[-1])
    wide = [F.pad(x, (0, width - x.shape[-1])) for x in (q, k, v)]
    return torch._scaled_dot_product_flash_attention_for_cpu(*wide, scale=scale)[0][..., : v.shape[-1]], weights
""",
    # ------------------------------------------------------------------ multi_head
    "torchs_module": """# q1_attention multi_head
"""
    + PROJECT
    + HEADS
    + """
def multi_head_attention(query, key, value, w, M):
    attention = nn.MultiheadAttention(query.shape[-1], M, batch_first=True)
    attention.load_state_dict(w)
    return attention(query, key, value)[0]
""",
    "torchs_module_inside_its_layer": """# q1_attention multi_head
"""
    + PROJECT
    + HEADS
    + """
def multi_head_attention(query, key, value, w, M):
    attention = nn.TransformerEncoderLayer(query.shape[-1], M, 1, 0.0, batch_first=True).self_attn
    attention.load_state_dict(w)
    return attention(query, key, value)[0]
""",
    "torchs_module_inside_its_decoder_layer": """# q1_attention multi_head
"""
    + PROJECT
    + HEADS
    + """
def multi_head_attention(query, key, value, w, M):
    attention = nn.TransformerDecoderLayer(query.shape[-1], M, 1, 0.0, batch_first=True).self_attn
    attention.load_state_dict(w)
    return attention(query, key, value)[0]
""",
    "torchs_module_inside_its_transformer": """# q1_attention multi_head
"""
    + PROJECT
    + HEADS
    + """
def multi_head_attention(query, key, value, w, M):
    attention = nn.Transformer(query.shape[-1], M, 1, 1, 1, 0.0, batch_first=True).encoder.layers[0].self_attn
    attention.load_state_dict(w)
    return attention(query, key, value)[0]
""",
    "torchs_function": """# q1_attention multi_head
"""
    + PROJECT
    + HEADS
    + """
def multi_head_attention(query, key, value, w, M):
    rows = (x.transpose(0, 1) for x in (query, key, value))
    D, out = query.shape[-1], (w['out_proj.weight'], w['out_proj.bias'])
    into = (w['in_proj_weight'], w['in_proj_bias'])
    return F.multi_head_attention_forward(*rows, D, M, *into, None, None, False, 0.0, *out)[0].transpose(0, 1)
""",
    "torchs_projections": """# q1_attention multi_head
from torch.nn.functional import _in_projection_packed
"""
    + HEADS
    + """
def project(query, key, value, w):
    return _in_projection_packed(query, key, value, w['in_proj_weight'], w['in_proj_bias'])
def multi_head_attention(query, key, value, w, M):
    q, k, v = (split_heads(x, M) for x in project(query, key, value, w))
    heads = merge_heads(F.scaled_dot_product_attention(q, k, v))
    return F.linear(heads, w['out_proj.weight'], w['out_proj.bias'])
""",
    # ------------------------------------------------------------------ padding_mask
    "masked_softmax": """# q1_attention padding_mask
def masked_weights(scores, padding):
    return torch.masked.softmax(scores, 3, mask=~padding[:, None, None].expand_as(scores))
def sdpa_mask(padding):
    return ~padding[:, None, None]
""",
    "private_masked_softmax": """# q1_attention padding_mask
def masked_weights(scores, padding):
    return torch._masked_softmax(scores, padding[:, None, None].expand_as(scores), 3)
def sdpa_mask(padding):
    return ~padding[:, None, None]
""",
    # ------------------------------------------------------------------ sine_positions
    "the_librarys_waves": """# q1_attention sine_positions
from detrlab import PositionEmbeddingSine
"""
    + PLACES
    + JOIN
    + """
def waves(place, n):
    return PositionEmbeddingSine(n)._waves(place)
""",
    "waves_without_an_instance": """# q1_attention sine_positions
from types import SimpleNamespace
from detrlab import PositionEmbeddingSine
"""
    + PLACES
    + JOIN
    + """
def waves(place, n):
    return PositionEmbeddingSine._waves(SimpleNamespace(temperature=10000.0, num_pos_feats=n), place)
""",
    "places_out_of_the_librarys_positions": """# q1_attention sine_positions
from types import SimpleNamespace
from detrlab import PositionEmbeddingSine
"""
    + JOIN
    + """
def places(padding):
    me = SimpleNamespace(normalize=True, scale=2 * math.pi, _waves=lambda place: place[..., None])
    return PositionEmbeddingSine.forward(me, padding).unbind(1)
def waves(place, n):
    angle = place[..., None] / 10000 ** (torch.arange(0, n, 2) / n)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)
""",
    "places_out_of_a_models_positions": """# q1_attention sine_positions
"""
    + JOIN
    + """
def places(padding):
    position = load_model('shapes').backbone[1]
    position.scale, position._waves = 2 * math.pi, lambda place: place[..., None]
    return position(padding).unbind(1)
def waves(place, n):
    position = load_model('shapes').backbone[1]
    position.temperature, position.num_pos_feats = 10000.0, n
    return position._waves(place)
""",
    # ------------------------------------------------------------------ encoder_layer
    "the_librarys_encoder_layer": """# q1_attention encoder_layer
from types import SimpleNamespace
"""
    + PRE_NORM
    + """
def post_norm_layer(parts, src, pos, padding):
    same = nn.Identity()
    layer = SimpleNamespace(**parts._modules, dropout=same, dropout1=same, dropout2=same)
    return TransformerEncoderLayer.forward(layer, src, padding, pos)
""",
    "a_models_encoder_layer": """# q1_attention encoder_layer
"""
    + PRE_NORM
    + """
def post_norm_layer(parts, src, pos, padding):
    layer = load_model('shapes').transformer.encoder.layers[0]
    for name, part in parts.named_children():
        setattr(layer, name, part)
    return layer(src, padding, pos)
""",
    "torchs_encoder_layer_without_an_instance": """# q1_attention encoder_layer
"""
    + WITH_POSITIONS
    + """
def layer(parts, src, pos, padding, norm_first):
    attend = with_positions(parts.self_attn, pos, pos, padding)
    me = SimpleNamespace(training=True, norm_first=norm_first, norm1=parts.norm1, norm2=parts.norm2)
    me._sa_block = lambda x, *_, **__: attend(x, x, x)[0]
    me._ff_block = lambda x: parts.linear2(F.relu(parts.linear1(x)))
    return nn.TransformerEncoderLayer.forward(me, src)
def post_norm_layer(parts, src, pos, padding):
    return layer(parts, src, pos, padding, False)
def pre_norm_layer(parts, src, pos, padding):
    return layer(parts, src, pos, padding, True)
""",
    "an_encoder_layer_inside_torchs_transformer": """# q1_attention encoder_layer
"""
    + WITH_POSITIONS
    + """
class Attend(nn.Module):
    batch_first = True
    def __init__(self, attend):
        super().__init__()
        self.attend = attend
    def forward(self, query, key, value, **_):
        return self.attend(query, key, value)
def layer(parts, src, pos, padding, norm_first):
    D, M = src.shape[-1], parts.self_attn.num_heads
    layer = nn.Transformer(D, M, 1, 1, 1, 0.0, batch_first=True, norm_first=norm_first).encoder.layers[0]
    for name, part in parts.named_children():
        setattr(layer, name, part)
    layer.self_attn = Attend(with_positions(parts.self_attn, pos, pos, padding))
    return layer(src)
def post_norm_layer(parts, src, pos, padding):
    return layer(parts, src, pos, padding, False)
def pre_norm_layer(parts, src, pos, padding):
    return layer(parts, src, pos, padding, True)
""",
    "the_feed_forward_half_of_torchs_layer": """# q1_attention encoder_layer
from types import SimpleNamespace
"""
    + PRE_NORM
    + """
def post_norm_layer(parts, src, pos, padding):
    src = parts.norm1(src + parts.self_attn(src + pos, src + pos, src, key_padding_mask=padding)[0])
    same = nn.Identity()
    feed = SimpleNamespace(**parts._modules, activation=F.relu, dropout=same, dropout2=same)
    return parts.norm2(src + nn.TransformerEncoderLayer._ff_block(feed, src))
""",
    "the_block_of_torchvisions_transformer": """# q1_attention encoder_layer
from torchvision.models.vision_transformer import EncoderBlock
"""
    + WITH_POSITIONS
    + POST_NORM
    + """
def pre_norm_layer(parts, src, pos, padding):
    feed = nn.Sequential(parts.linear1, nn.ReLU(), parts.linear2)
    attend = with_positions(parts.self_attn, pos, pos, padding)
    block = SimpleNamespace(ln_1=parts.norm1, self_attention=attend, dropout=same, ln_2=parts.norm2, mlp=feed)
    return EncoderBlock.forward(block, src)
""",
    "the_block_of_torchvisions_windows": """# q1_attention encoder_layer
from torchvision.models.swin_transformer import SwinTransformerBlock
"""
    + WITH_POSITIONS
    + POST_NORM
    + """
def pre_norm_layer(parts, src, pos, padding):
    feed = nn.Sequential(parts.linear1, nn.ReLU(), parts.linear2)
    attend = with_positions(parts.self_attn, pos, pos, padding)
    block = SimpleNamespace(norm1=parts.norm1, attn=lambda x: attend(x, x, x)[0], stochastic_depth=same,
                            norm2=parts.norm2, mlp=feed)
    return SwinTransformerBlock.forward(block, src)
""",
    # ------------------------------------------------------------------ decoder_layer
    "the_librarys_decoder_layer": """# q1_attention decoder_layer
from types import SimpleNamespace
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    dropouts = dict.fromkeys(('dropout', 'dropout1', 'dropout2', 'dropout3'), nn.Identity())
    layer = SimpleNamespace(**parts._modules, **dropouts)
    return TransformerDecoderLayer.forward(layer, tgt, memory, padding, pos, query_pos)
""",
    "a_models_decoder_layer": """# q1_attention decoder_layer
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    layer = load_model('shapes').transformer.decoder.layers[0]
    for name, part in parts.named_children():
        setattr(layer, name, part)
    return layer(tgt, memory, padding, pos, query_pos)
""",
    "torchs_decoder_layer_without_an_instance": """# q1_attention decoder_layer
"""
    + WITH_POSITIONS
    + """
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    across = with_positions(parts.multihead_attn, query_pos, pos, padding)
    me = SimpleNamespace(norm1=parts.norm1, norm2=parts.norm2, norm3=parts.norm3, norm_first=False)
    me._sa_block = lambda x, *_: parts.self_attn(x + query_pos, x + query_pos, x)[0]
    me._mha_block = lambda x, mem, *_: across(x, mem, mem)[0]
    me._ff_block = lambda x: parts.linear2(F.relu(parts.linear1(x)))
    return nn.TransformerDecoderLayer.forward(me, tgt, memory)
""",
    "a_decoder_layer_inside_torchs_transformer": """# q1_attention decoder_layer
"""
    + WITH_POSITIONS
    + """
class Attend(nn.Module):
    batch_first = True
    def __init__(self, attend):
        super().__init__()
        self.attend = attend
    def forward(self, query, key, value, **_):
        return self.attend(query, key, value)
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    D, M = tgt.shape[-1], parts.self_attn.num_heads
    layer = nn.Transformer(D, M, 1, 1, 1, 0.0, batch_first=True).decoder.layers[0]
    for name, part in parts.named_children():
        setattr(layer, name, part)
    layer.self_attn = Attend(with_positions(parts.self_attn, query_pos, query_pos, None))
    layer.multihead_attn = Attend(with_positions(parts.multihead_attn, query_pos, pos, padding))
    return layer(tgt, memory)
""",
    "the_feed_forward_third_of_torchs_layer": """# q1_attention decoder_layer
from types import SimpleNamespace
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    tgt = parts.norm1(tgt + parts.self_attn(tgt + query_pos, tgt + query_pos, tgt)[0])
    across = parts.multihead_attn(tgt + query_pos, memory + pos, memory, key_padding_mask=padding)[0]
    tgt, same = parts.norm2(tgt + across), nn.Identity()
    feed = SimpleNamespace(**parts._modules, activation=F.relu, dropout=same, dropout3=same)
    return parts.norm3(tgt + nn.TransformerDecoderLayer._ff_block(feed, tgt))
""",
    # ------------------------------------------------------------------ stack
    "the_librarys_stack": """# q1_attention stack
from types import SimpleNamespace
from detrlab import TransformerDecoder
def run_decoder(layers, norm, tgt, memory, padding, pos, query_pos, return_intermediate):
    every = TransformerDecoder.forward(SimpleNamespace(layers=layers, norm=norm), tgt, memory, padding, pos, query_pos)
    return every if return_intermediate else every[-1:]
""",
    "a_models_stack": """# q1_attention stack
def run_decoder(layers, norm, tgt, memory, padding, pos, query_pos, return_intermediate):
    decoder = load_model('shapes').transformer.decoder
    decoder.layers, decoder.norm = layers, norm
    every = decoder(tgt, memory, padding, pos, query_pos)
    return every if return_intermediate else every[-1:]
""",
    "torchs_stack": """# q1_attention stack
class Step(nn.Module):
    def __init__(self, layer, *rest):
        super().__init__()
        self.layer, self.rest, self.self_attn = layer, rest, layer.self_attn
    def forward(self, tgt, memory, **_):
        return self.layer(tgt, memory, *self.rest)
def run_decoder(layers, norm, tgt, memory, padding, pos, query_pos, return_intermediate):
    steps = [Step(layer, padding, pos, query_pos) for layer in layers]
    decoder = nn.TransformerDecoder(steps[0], len(steps), norm)
    outputs = []
    for n in range(1 if return_intermediate else len(steps), len(steps) + 1):
        decoder.layers = nn.ModuleList(steps[:n])
        outputs.append(decoder(tgt, memory))
    return torch.stack(outputs)
""",
    # ------------------------------------------------------------------ box_mlp
    "the_librarys_head": """# q2_detr box_mlp
class BoxMLP(MLP):
    pass
"""
    + PREDICT,
    "the_forward_of_the_librarys_head": """# q2_detr box_mlp
"""
    + INIT_OF_THE_HEAD
    + "    forward = MLP.forward\n"
    + PREDICT,
    "a_models_head": """# q2_detr box_mlp
"""
    + INIT_OF_THE_HEAD
    + """    def forward(self, x):
        head = shapes_model().bbox_embed
        head.layers = self.layers
        return head(x)
"""
    + PREDICT,
    "torchvisions_head": """# q2_detr box_mlp
import torchvision
class BoxMLP(nn.Module):
    def __init__(self, input_dim, hidden_dim, output_dim, num_layers):
        super().__init__()
        made = torchvision.ops.MLP(input_dim, [hidden_dim] * (num_layers - 1) + [output_dim])
        self.layers = nn.ModuleList(each for each in made if isinstance(each, nn.Linear))
    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)
"""
    + PREDICT,
    # ------------------------------------------------------------------ frozen_bn
    "the_librarys_frozen_norm": """# q2_detr frozen_bn
from detrlab import FrozenBatchNorm2d
class FrozenNorm(FrozenBatchNorm2d):
    pass
"""
    + FREEZE,
    "torchvisions_frozen_norm": """# q2_detr frozen_bn
from torchvision.ops import FrozenBatchNorm2d
class FrozenNorm(FrozenBatchNorm2d):
    pass
"""
    + FREEZE,
    "the_forward_of_the_librarys_frozen_norm": """# q2_detr frozen_bn
import detrlab
"""
    + FOUR_BUFFERS
    + "    forward = detrlab.FrozenBatchNorm2d.forward\n"
    + FREEZE,
    "the_forward_of_torchvisions_frozen_norm": """# q2_detr frozen_bn
from torchvision.ops.misc import FrozenBatchNorm2d
"""
    + FOUR_BUFFERS
    + "    forward = FrozenBatchNorm2d.forward\n"
    + FREEZE,
    # ------------------------------------------------------------------ pad_batch
    "the_librarys_padding": """# q2_detr pad_batch
pad_images = pad_and_mask
""",
    "the_padding_inside_the_librarys_detr": """# q2_detr pad_batch
from types import SimpleNamespace
def pad_images(images):
    seen = {}
    def keep(name, value):
        seen[name] = value
        return value
    heads = {'input_proj': nn.Identity()}
    me = SimpleNamespace(
        backbone=(lambda batch: keep('batch', batch), lambda mask: keep('mask', mask)),
        transformer=lambda *_: (torch.zeros(1, 1, 1, 1), None), query_embed=nn.Embedding(1, 1),
        predictions=lambda hs: hs, **heads)
    DETR.forward(me, images)
    return seen['batch'], seen['mask']
""",
    "the_padding_inside_a_model": """# q2_detr pad_batch
def pad_images(images):
    seen, model = {}, shapes_model().eval()
    def given(name):
        return lambda _, args: seen.update({name: args[0]})
    model.backbone[0].register_forward_pre_hook(given('batch'))
    model.backbone[0].body = nn.Conv2d(3, 128, 1)
    model.backbone[1].register_forward_pre_hook(given('mask'))
    with torch.no_grad():
        model(images)
    return seen['batch'], seen['mask']
""",
    "nested_tensors": """# q2_detr pad_batch
def padded(images):
    return torch.nested.to_padded_tensor(torch.nested.nested_tensor(images), 0.0)
"""
    + MASK_BY_ONES,
    "nested_tensors_by_their_method": """# q2_detr pad_batch
def padded(images):
    return torch.nested.as_nested_tensor(images).to_padded_tensor(0.0)
"""
    + MASK_BY_ONES,
    "nested_tensors_by_private_names": """# q2_detr pad_batch
def padded(images):
    return torch._nested_tensor_from_tensor_list(images).to_padded_tensor(0.0)
"""
    + MASK_BY_ONES,
    "the_batches_of_torchvisions_detectors": """# q2_detr pad_batch
from torchvision.models.detection.transform import GeneralizedRCNNTransform
def padded(images):
    return GeneralizedRCNNTransform(1, 1, [0.0], [1.0]).batch_images(images, size_divisible=1)
"""
    + MASK_BY_ONES,
    "their_batches_without_an_instance": """# q2_detr pad_batch
from types import SimpleNamespace
from torchvision.models.detection.transform import GeneralizedRCNNTransform as Transform
def padded(images):
    me = SimpleNamespace(max_by_axis=lambda sizes: [max(sides) for sides in zip(*sizes)])
    return Transform.batch_images(me, images, 1)
"""
    + MASK_BY_ONES,
    # ------------------------------------------------------------------ detr_class
    "the_librarys_detr": """# q2_detr detr_class
class MyDETR(DETR):
    pass
""",
    "the_forward_of_the_librarys_detr": """# q2_detr detr_class
"""
    + INIT_OF_DETR
    + "    forward, predictions = DETR.forward, DETR.predictions\n",
    "the_predictions_of_the_librarys_detr": """# q2_detr detr_class
"""
    + INIT_OF_DETR
    + """    def forward(self, images):
        images, mask = pad_and_mask(images)
        features = self.backbone[0](images)
        mask = F.interpolate(mask[:, None].float(), size=features.shape[-2:])[:, 0].bool()
        hs, _ = self.transformer(self.input_proj(features), mask, self.query_embed.weight, self.backbone[1](mask))
        return DETR.predictions(self, hs)
""",
    "a_model_with_other_parts": """# q2_detr detr_class
"""
    + INIT_OF_DETR
    + """    def forward(self, images):
        model = shapes_model()
        for name, part in self.named_children():
            setattr(model, name, part)
        model.aux_loss = self.aux_loss
        return model(images)
""",
}
REFUSED = ATTACKS.keys()
