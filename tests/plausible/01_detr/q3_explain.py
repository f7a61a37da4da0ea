# ruff: noqa
# fmt: off
"""Plausible errors in notebook 3, each a student's whole cell; its comment says what is wrong in truth."""


# %% error="sources/positions_in_cross_values" names="sources/positions_in_cross_values"
# In the cross-attention the positions were added to the values, too.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (tgt + query_pos, memory + pos, memory + pos)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/positions_in_decoder_values" names="sources/positions_in_decoder_self_values"
# In the decoder's self-attention query_pos was added to the values, too.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt + query_pos)
    decoder_cross = (tgt + query_pos, memory + pos, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/content_missing_in_q" names="sources/query_pos_alone"
# In the cross-attention q is query_pos alone: the content tgt belongs to it.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (query_pos, memory + pos, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/no_position_in_q" names="sources/cross_query_bare"
# In the cross-attention query_pos is missing in q.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (tgt, memory + pos, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/no_position_in_k" names="sources/cross_key_bare"
# In the cross-attention pos is missing in k.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (tgt + query_pos, memory, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/encoder_k_bare" names="sources/encoder_key_bare"
# In the encoder pos was added to q but not to k.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (tgt + query_pos, memory + pos, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/memory_in_self_attention" names="sources/memory_in_decoder_self"
# The decoder's self-attention was given the memory: there the queries look at each other.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, memory + pos, memory)
    decoder_cross = (tgt + query_pos, memory + pos, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/src_for_memory" names="sources/features_for_memory"
# The cross-attention was given src, what enters the encoder: it looks at `memory`, what leaves it.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (tgt + query_pos, src + pos, src)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/keys_from_queries" names="sources/cross_keys_from_queries"
# In the cross-attention k comes from the queries: k and v are of the cells, from the memory.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (tgt + query_pos, tgt + query_pos, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/order_of_three" names="sources/keys_and_values_swapped"
# The three are in the order (q, v, k).
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src, src + pos)
    decoder_self = (tgt + query_pos, tgt, tgt + query_pos)
    decoder_cross = (tgt + query_pos, memory, memory + pos)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/positions_alone" names="sources/encoder_positions_alone"
# In the encoder q and k are the positions alone: the content belongs to them.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (pos, pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (tgt + query_pos, memory + pos, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/encoder_and_memory_asks" names="sources/positions_in_encoder_values + sources/memory_asks"
# In the encoder the positions were added to the values. And in the cross-attention the memory asks.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src + pos)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (memory + pos, tgt + query_pos, tgt)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/encoder_and_bare_cross" names="sources/positions_in_encoder_values + sources/positions_at_the_entrance_only"
# In the encoder the positions were added to the values. And the cross-attention was given bare content.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src + pos)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
    decoder_cross = (tgt, memory, memory)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="sources/decoder_values_memory_asks" names="sources/memory_asks + sources/positions_in_decoder_self_values"
# In the decoder's self-attention query_pos was added to the values. And in the cross-attention the memory asks.
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = (src + pos, src + pos, src)
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt + query_pos)
    decoder_cross = (memory + pos, tgt + query_pos, tgt)
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% error="shuffle/no_abs" names="shuffle/sign_kept"
# The absolute value was forgotten, so large negative differences do not count.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order]).max().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/batch_shuffled" names="shuffle/batch_shuffled"
# The first axis is the batch: tokens are on axis 1, src[:, order].
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[order], p) - encode(src, p)[order]).abs().max().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/channels_shuffled" names="shuffle/channels_shuffled"
# The last axis is the channels: tokens are on axis 1, src[:, order].
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[..., order], p) - encode(src, p)[..., order]).abs().max().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/keys_exchanged" names="shuffle/names_swapped"
# The two numbers changed places: without positions the gap is rounding.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order]).abs().max().item()
    return {"without positions": gap(pos), "with positions": gap(torch.zeros_like(pos))}

# %% error="shuffle/sum_for_max" names="shuffle/sum_for_max"
# The differences were added up: the largest is asked for.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order]).abs().sum().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/ones_for_zeros" names="shuffle/ones_for_zeros"
# Positions of one were given where there should be none: zeros.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order]).abs().max().item()
    return {"without positions": gap(torch.ones_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/not_encoded" names="shuffle/not_encoded"
# The encoder was never called: the features were compared with themselves.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (src[:, order] + p - (src + p)).abs().max().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/other_positions" names="shuffle/plain_run_without"
# The plain run was without positions in both cases: the two runs of a pair get the same positions.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, torch.zeros_like(p))[:, order]).abs().max().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/inverse_for_order" names="shuffle/shuffled_twice"
# The plain run's outputs were put into the inverse order: outputs[:, order] has the shuffled run's order.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order.argsort()]).abs().max().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/positions_shuffled_before" names="shuffle/positions_shuffled"
# The positions travelled with their tokens, in both runs.
def order_gaps(encode, src, pos, order):
    def run(p):
        a = encode(src[:, order], p[:, order])
        b = encode(src, p)[:, order]
        return float((a - b).abs().max())
    return {"without positions": run(0 * pos), "with positions": run(pos)}

# %% error="shuffle/not_put_back_mean" names="shuffle/not_put_back + shuffle/mean_for_max"
# The two results are in different orders. And the mean was taken where the largest is asked for.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)).abs().mean().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% error="shuffle/left_on_mean" names="shuffle/positions_left_on + shuffle/mean_for_max"
# The positions are on in both runs. And the mean was taken where the largest is asked for.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order]).abs().mean().item()
    return {"without positions": gap(pos), "with positions": gap(pos)}

# %% error="shuffle/positions_left_off" names="shuffle/positions_left_off"
# The positions are off in both runs, so both gaps are rounding.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order]).abs().max().item()
    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(torch.zeros_like(pos))}

# %% error="shuffle/known_without" names="shuffle/not_measured"
# The gap without positions was written down as 0, not measured.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order]).abs().max().item()
    return {"without positions": 0.0, "with positions": gap(pos)}

# %% error="shuffle/none" names="shuffle/none_for_zero"
# None was given for the positions, where `encode` adds them: zeros are meant.
def order_gaps(encode, src, pos, order):
    def gap(p):
        return (encode(src[:, order], p) - encode(src, p)[:, order]).abs().max().item()
    return {"without positions": gap(None), "with positions": gap(pos)}

# %% error="box_share/int_slice" names="box_share/floored_cells"
# The box's edges were cut to whole cells, so the last, partly covered ones are lost: count each cell by its covered
# part.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    inside = map_hw[int(y0):int(y1), int(x0):int(x1)].sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/overlap_in_pixels" names="box_share/overlap_in_pixels"
# The overlap of box and cell is an area in pixels: it was not divided by the area of a cell.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    high, wide = height / H, width / W
    total = 0.0
    for i in range(H):
        for j in range(W):
            dy = max(0.0, min(y1, (i + 1) * high) - max(y0, i * high))
            dx = max(0.0, min(x1, (j + 1) * wide) - max(x0, j * wide))
            total += map_hw[i, j].item() * dy * dx
    return total / map_hw.sum().item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/lift_multiplied" names="box_share/lift_multiplied"
# The mass was multiplied by the box's share of the area: divide by it.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) * share

# %% error="box_share/lift_inverted" names="box_share/upside_down_lift"
# The lift is upside down: mass divided by the share of the area.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return share / mass_inside(map_hw, box_xyxy, size_wh)

# %% error="box_share/area_over_cells" names="box_share/area_over_cells"
# The box's area in pixels was divided by the number of cells: divide by the picture's area in pixels.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / map_hw.numel()
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/lift_is_mass" names="box_share/lift_is_mass"
# The lift is the mass itself: it is still to be divided by the share of the area.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh)

# %% error="box_share/mean_inside" names="box_share/mean_inside"
# The mean over the covered cells was taken: the sum is asked for.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / (rows.sum() * columns.sum()) / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/not_clamped" names="box_share/not_clamped"
# Cells outside the box have a negative cover: where nothing is covered it is 0.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0))
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0))
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/box_as_centre" names="box_share/box_as_centre"
# The box was read as centre and size: it is written as corners.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, y0, x1, y1 = x0 - x1 / 2, y0 - y1 / 2, x0 + x1 / 2, y0 + y1 / 2
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/outer_product_turned" names="box_share/outer_product_turned"
# Rows and columns changed places in the outer product: rows belong to axis 0.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[None, :] * columns[:, None]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/size_turned" names="box_share/size_turned"
# The size was taken as (height, width): it comes as (width, height).
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    height, width = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    height, width = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/rows_from_x" names="box_share/size_turned"
# Rows were scaled with the width and columns with the height.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / height, x1 * W / height
    y0, y1 = y0 * H / width, y1 * H / width
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/not_a_share_area_in_pixels" names="box_share/not_a_share + box_share/area_in_pixels"
# The weights inside were not divided by all weights. And the lift was divided by the area in pixels.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return inside.item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/centres_area_in_pixels" names="box_share/whole_cells + box_share/area_in_pixels"
# Cells were counted whole or not at all, by their centres. And the lift was divided by the area in pixels.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 0.5 >= y0) & (i + 0.5 <= y1)).float()
    columns = ((j + 0.5 >= x0) & (j + 0.5 <= x1)).float()
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return (inside / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0)
    return mass_inside(map_hw, box_xyxy, size_wh) / share

# %% error="box_share/not_a_share_lift_inverted" names="box_share/not_a_share + box_share/upside_down_lift"
# The weights inside were not divided by all weights. And the lift is upside down.
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    x0, x1 = x0 * W / width, x1 * W / width
    y0, y1 = y0 * H / height, y1 * H / height
    i = torch.arange(H).float()
    j = torch.arange(W).float()
    rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)
    columns = ((j + 1).clamp(max=x1) - j.clamp(min=x0)).clamp(min=0)
    inside = (map_hw * rows[:, None] * columns[None, :]).sum()
    return inside.item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    share = (x1 - x0) * (y1 - y0) / (width * height)
    return share / mass_inside(map_hw, box_xyxy, size_wh)

# %% error="spread/sign" names="spread/sign"
# The minus is missing, so the entropies are negative.
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = math.log(H * W)
    per_head = torch.xlogy(maps, maps).sum(dim=(1, 2)) / log_S
    mean = maps.mean(dim=0)
    of_mean = torch.xlogy(mean, mean).sum() / log_S
    return per_head, of_mean.item()

# %% error="spread/log2" names="spread/two_logarithms"
# log2 above and the natural logarithm below: take the same in both places.
def head_entropies(maps):
    S = maps[0].numel()
    def entropy(p):
        p = p[p > 0]
        return -(p * torch.log2(p)).sum() / math.log(S)
    return torch.stack([entropy(head) for head in maps]), entropy(maps.mean(0)).item()

# %% error="spread/over_heads" names="spread/over_heads"
# The sum runs over the heads: it runs over the cells of each.
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = math.log(H * W)
    per_head = -torch.xlogy(maps, maps).sum(dim=0) / log_S
    mean = maps.mean(dim=0)
    of_mean = -torch.xlogy(mean, mean).sum() / log_S
    return per_head, of_mean.item()

# %% error="spread/mean_over_cells" names="spread/mean_over_cells"
# The mean was taken over heads and cells alike: average over the heads alone.
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = math.log(H * W)
    per_head = -torch.xlogy(maps, maps).sum(dim=(1, 2)) / log_S
    mean = maps.mean()
    of_mean = -torch.xlogy(mean, mean).sum() / log_S
    return per_head, of_mean.item()

# %% error="spread/divided_by_size" names="spread/divided_by_cells"
# The sum was divided by S: divide by log S.
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = H * W
    per_head = -torch.xlogy(maps, maps).sum(dim=(1, 2)) / log_S
    mean = maps.mean(dim=0)
    of_mean = -torch.xlogy(mean, mean).sum() / log_S
    return per_head, of_mean.item()

# %% error="spread/log_of_one_side" names="spread/log_of_one_side"
# The logarithm is of one side only: a map has S = H * W cells.
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = math.log(W)
    per_head = -torch.xlogy(maps, maps).sum(dim=(1, 2)) / log_S
    mean = maps.mean(dim=0)
    of_mean = -torch.xlogy(mean, mean).sum() / log_S
    return per_head, of_mean.item()

# %% error="spread/log_of_nonzero" names="spread/log_of_cells_with_weight"
# The logarithm is of the number of cells that are not masked: S counts all cells.
def head_entropies(maps):
    def entropy(p):
        p = p[p > 0]
        return -(p * p.log()).sum() / math.log(len(p))
    return torch.stack([entropy(each) for each in maps]), entropy(maps.mean(0)).item()

# %% error="spread/sum_of_heads" names="spread/sum_of_heads"
# The maps were added up, not averaged, so they do not sum to 1.
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = math.log(H * W)
    per_head = -torch.xlogy(maps, maps).sum(dim=(1, 2)) / log_S
    mean = maps.sum(dim=0)
    of_mean = -torch.xlogy(mean, mean).sum() / log_S
    return per_head, of_mean.item()

# %% error="spread/one_axis" names="spread/one_axis"
# The sum runs along the rows only: over both axes of the map is meant.
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = math.log(H * W)
    per_head = -torch.xlogy(maps, maps).sum(dim=-1) / log_S
    mean = maps.mean(dim=0)
    of_mean = -torch.xlogy(mean, mean).sum() / log_S
    return per_head, of_mean.item()

# %% error="spread/order" names="spread/results_swapped"
# The two results changed places: (per_head, of_mean).
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = math.log(H * W)
    per_head = -torch.xlogy(maps, maps).sum(dim=(1, 2)) / log_S
    mean = maps.mean(dim=0)
    of_mean = -torch.xlogy(mean, mean).sum() / log_S
    return of_mean.item(), per_head

# %% error="spread/heads_joined" names="spread/summed_over_heads"
# The zeros were left out of all heads at once, which joined them into one: each head has its own entropy.
def head_entropies(maps):
    M, H, W = maps.shape
    p = maps[maps > 0]
    per_head = -(p * p.log()).sum() / math.log(H * W)
    mean = maps.mean(0)
    mean = mean[mean > 0]
    return per_head, (-(mean * mean.log()).sum() / math.log(H * W)).item()

# %% error="spread/log_of_the_sum" names="spread/log_of_the_sum"
# The logarithm was taken of the mean map's sum, and the map left out: sum a * log(a) over the cells.
def head_entropies(maps):
    M, H, W = maps.shape
    log_S = math.log(H * W)
    per_head = -torch.xlogy(maps, maps).sum(dim=(1, 2)) / log_S
    mean = maps.mean(dim=0)
    of_mean = -(mean.sum() * mean.sum().log()) / log_S
    return per_head, of_mean.item()

# %% error="spread/mean_of_entropies_not_divided" names="spread/mean_of_entropies + spread/not_divided"
# The last number is the mean of the heads' entropies. And nothing was divided by log S.
def head_entropies(maps):
    per_head = torch.special.entr(maps).sum(dim=(-2, -1))
    return per_head, per_head.mean().item()

# %% error="spread/zero_not_divided" names="spread/log_of_zero + spread/not_divided"
# Cells of weight 0 gave NaN. And nothing was divided by log S.
def head_entropies(maps):
    per_head = -(maps * torch.log(maps)).sum(dim=(1, 2))
    mean = maps.mean(0)
    return per_head, -(mean * torch.log(mean)).sum().item()

# %% error="spread/mean_of_entropies_log_heads" names="spread/mean_of_entropies + spread/divided_by_log_heads"
# The last number is the mean of the heads' entropies. And the sum was divided by the logarithm of the number of
# heads.
def head_entropies(maps):
    per_head = torch.special.entr(maps).flatten(1).sum(1) / math.log(len(maps))
    return per_head, per_head.mean().item()

# %% error="decoder_controls/shift_turned" names="decoder_controls/dy_first"
# The shift was added as (dy, dx): x comes first in a box.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dy, dx, dy, dx])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/query_anew_everywhere" names="decoder_controls/query_chosen_anew + decoder_controls/query_chosen_anew_untrained"
# On the other pictures, and in the untrained model, the best query there was measured: keep the same one.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[run.scores.argmax()], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[untrained.scores.argmax()], box, untrained.grid).item(),
    }

# %% error="decoder_controls/elsewhere_sorted" names="decoder_controls/sorted_list"
# The masses elsewhere were sorted: their order is that of the pictures.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": ordered,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/here_for_untrained" names="decoder_controls/here_for_untrained"
# The untrained model's number is of the trained model's map.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(here.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/shifts_added_up" names="decoder_controls/shifts_added_up + decoder_controls/box_left_moved"
# Each shift was added to the box that the one before had moved. And the untrained model was measured in the box that the
# last shift left.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        box = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], box, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/one_corner" names="decoder_controls/shift_changes_the_size"
# The shift was added to one corner only, so the box changes its size.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, 0, 0])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/here_among_others" names="decoder_controls/here_among_others"
# The picture itself is among the others, in median and range: the controls are the other pictures alone.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others + [here_mass])
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/median_not_sorted" names="decoder_controls/median_of_the_unsorted"
# The middle of the unsorted list is no median: sort first.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": others[len(others) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/key_missing" names="decoder_controls/untrained_missing"
# One number is missing in the dict: "untrained".
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
    }

# %% error="decoder_controls/range_exchanged" names="decoder_controls/range_swapped"
# The lowest and the highest changed places.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[-1],
        "highest": ordered[0],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/lift_for_mass" names="decoder_controls/lift_for_mass"
# These are lifts: masses are asked for.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.lift(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.lift(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.lift(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.lift(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/mean_and_untrained_box" names="decoder_controls/mean_for_median + decoder_controls/untrained_box"
# The median is a mean. And the untrained model was measured in its own box.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": sum(others) / len(others),
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], untrained.boxes_xyxy[query], untrained.grid).item(),
    }

# %% error="decoder_controls/own_boxes_shift_turned" names="decoder_controls/box_of_the_other_picture + decoder_controls/dy_first"
# On the other pictures the box predicted there was used. And the shift was added as (dy, dx).
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[query], run.boxes_xyxy[query], run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dy, dx, dy, dx])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": ordered[len(ordered) // 2],
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="decoder_controls/anew_and_mean" names="decoder_controls/query_chosen_anew + decoder_controls/mean_for_median"
# On the other pictures the best query there was measured. And the median is a mean.
def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]
    here_mass = measures.mass_in_box(here.maps[query], box, here.grid).item()
    others = []
    for run in elsewhere:
        others.append(measures.mass_in_box(run.maps[int(run.scores.argmax())], box, run.grid).item())
    shifted = []
    for dx, dy in shifts:
        moved = box + torch.tensor([dx, dy, dx, dy])
        shifted.append(measures.mass_in_box(here.maps[query], moved, here.grid).item())
    ordered = sorted(others)
    return {
        "here": here_mass,
        "elsewhere": others,
        "median": float(torch.tensor(others).mean()),
        "lowest": ordered[0],
        "highest": ordered[-1],
        "shifted": shifted,
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }

# %% error="encoder_controls/here_column" names="encoder_controls/column_for_row_here"
# Here the cell's column was measured, who looks at it: its row is where it looks.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell][i, j]].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[:, :, y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/chebyshev" names="encoder_controls/larger_step"
# The distance is the larger of the two steps: Euclidean distance is asked for.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = torch.maximum(dy.abs(), dx.abs())
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell][i, j]].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/rounded_distance" names="encoder_controls/whole_distances"
# The distances were rounded, which puts different ones together: compare their squares.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = (dy ** 2 + dx ** 2).float().sqrt().round()
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell][i, j]].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/own_left_out" names="encoder_controls/own_row_left_out"
# The cell's own weights were left out of the mean: it runs over all pairs.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    others = torch.ones(H, W, H, W, dtype=torch.bool)
    others[cell] = False
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[(distance == distance[cell][i, j]) & others].mean().nan_to_num()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/cell_turned" names="encoder_controls/cell_turned"
# The cell was taken as (x, y): it comes as (y, x).
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell[1], cell[0]][i, j]].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    x, y = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/cell_turned_in_a_formula" names="encoder_controls/cell_turned_in_the_control"
# For the control map the cell was taken as (x, y).
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    pairs = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2
    cx, cy = cell
    from_cell = (y - cy) ** 2 + (x - cx) ** 2
    return torch.stack([weights[pairs == d].mean() for d in from_cell.flatten()]).reshape(H, W)


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    return {
        "here": measures.mass_in_box(here[cell], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[cell], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(same_distance_map(here, cell), box_xyxy, grid).item(),
    }

# %% error="encoder_controls/distance_ignored" names="encoder_controls/distance_ignored"
# The mean runs over all pairs whatever their distance, so the control map is even.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights.mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/same_offset" names="encoder_controls/same_step"
# Only pairs with the same step (dy, dx) were averaged: all at the same distance are meant, in every direction.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[(dy == dy[cell][i, j]) & (dx == dx[cell][i, j])].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/control_of_another_picture" names="encoder_controls/control_of_another_image"
# The control map was made from another picture's weights: it is of this picture.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell][i, j]].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(elsewhere[0], cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/elsewhere_averaged" names="encoder_controls/elsewhere_averaged"
# The masses elsewhere were averaged to one number: a list is asked for.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell][i, j]].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": sum(measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere) / len(elsewhere),
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/divided_by_cells" names="encoder_controls/divided_by_cells"
# The weights at a distance were divided by the number of cells: divide by the number of pairs.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell][i, j]].sum() / (H * W)
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/city_block_column" names="encoder_controls/city_block + encoder_controls/column_for_row"
# Distances were counted along rows and columns. And the masses are of the cell's column.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = abs(dy) + abs(dx)
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell][i, j]].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[:, :, y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[:, :, y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/sum_and_column" names="encoder_controls/sum_for_mean + encoder_controls/column_for_row"
# The weights at each distance were added up, not averaged. And the masses are of the cell's column.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    dy = y[:, :, None, None] - y
    dx = x[:, :, None, None] - x
    distance = dy ** 2 + dx ** 2
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            control[i, j] = weights[distance == distance[cell][i, j]].sum()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[..., y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[..., y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="encoder_controls/own_rings_city_block" names="encoder_controls/own_rings_only + encoder_controls/city_block"
# Only the cell's own row was averaged. And distances were counted along rows and columns.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    row = weights[cell]
    control = torch.zeros(H, W)
    for i in range(H):
        for j in range(W):
            d = abs(i - cell[0]) + abs(j - cell[1])
            ring = [row[a, b] for a in range(H) for b in range(W) if abs(a - cell[0]) + abs(b - cell[1]) == d]
            control[i, j] = sum(ring) / len(ring)
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell
    control = same_distance_map(here, cell)
    return {
        "here": measures.mass_in_box(here[y, x], box_xyxy, grid).item(),
        "elsewhere": [measures.mass_in_box(w[y, x], box_xyxy, grid).item() for w in elsewhere],
        "equal distance": measures.mass_in_box(control, box_xyxy, grid).item(),
    }

# %% error="comparison/row_for_column" names="comparison/query_for_cell"
# The last map is the query's row again: the cell's column over the Q queries is asked for.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[query].flatten()
    result["decoder is looked at from"] = {"total": w.sum().item(), "entropy": measures.entropy(w[None]).item()}
    return result

# %% error="comparison/cell_turned" names="comparison/cell_turned"
# The cell was taken as (x, y): it comes as (y, x).
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    x, y = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": w.sum().item(), "entropy": measures.entropy(w[None]).item()}
    return result

# %% error="comparison/lift_for_queries" names="comparison/lift_of_queries"
# The fourth map has no lift, since it does not lie over the picture: leave the key out.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": w.sum().item(), "entropy": measures.entropy(w[None]).item(), "lift": None}
    return result

# %% error="comparison/same_map_twice" names="comparison/row_for_column"
# The encoder's row was taken for its column, too.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[y, x, :, :],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": w.sum().item(), "entropy": measures.entropy(w[None]).item()}
    return result

# %% error="comparison/mean_for_total" names="comparison/mean_for_total"
# The totals are means: add the weights up.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.mean().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": w.mean().item(), "entropy": measures.entropy(w[None]).item()}
    return result

# %% error="comparison/mass_for_lift" names="comparison/mass_for_lift"
# These are masses: the lift is asked for, the mass over the share of the area.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.mass_in_box(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": w.sum().item(), "entropy": measures.entropy(w[None]).item()}
    return result

# %% error="comparison/no_extra_axis" names="comparison/no_extra_axis"
# measures.entropy takes maps (..., H, W): a list of Q weights needs an axis more, w[None].
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": w.sum().item(), "entropy": measures.entropy(w).item()}
    return result

# %% error="comparison/lift_for_all" names="comparison/lift_of_the_fourth"
# The lift was taken of all four, and the fourth is no map over the picture.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
        "decoder is looked at from": cross[:, y, x],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w if w.ndim == 2 else w[None]).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    return result

# %% error="comparison/other_keys" names="comparison/other_names"
# The names have underscores: they are given with spaces.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder_looks_at": encoder[y, x],
        "encoder_is_looked_at_from": encoder[:, :, y, x],
        "decoder_looks_at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder_is_looked_at_from"] = {"total": w.sum().item(), "entropy": measures.entropy(w[None]).item()}
    return result

# %% error="comparison/query_ignored" names="comparison/query_ignored"
# The decoder's map is the mean over all queries: one query's row is asked for.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross.mean(0),
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": w.sum().item(), "entropy": measures.entropy(w[None]).item()}
    return result

# %% error="comparison/decoder_swapped" names="comparison/decoder_directions_swapped"
# Row and column of the cross-attention are exchanged: cross[query] is where the query looks.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    def three(w):
        return {"total": float(w.sum()), "entropy": float(measures.entropy(w)),
                "lift": float(measures.lift(w, box_xyxy, grid))}
    def two(w):
        return {"total": float(w.sum()), "entropy": float(measures.entropy(w[None]))}
    return {
        "encoder looks at": three(encoder[y, x]),
        "encoder is looked at from": three(encoder[:, :, y, x]),
        "decoder looks at": two(cross[:, y, x]),
        "decoder is looked at from": three(cross[query]),
    }

# %% error="comparison/swapped_and_total" names="comparison/directions_swapped, comparison/row_for_column + comparison/total_after_dividing"
# Row and column of the encoder are swapped. And the totals were taken after dividing by them.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[:, :, y, x],
        "encoder is looked at from": encoder[y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": (w / w.sum()).sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": (w / w.sum()).sum().item(), "entropy": measures.entropy(w[None]).item()}
    return result

# %% error="comparison/swapped_one_logarithm" names="comparison/directions_swapped + comparison/one_logarithm_for_all"
# Row and column of the encoder are swapped. And the last entropy was divided by log S instead of log Q.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[:, :, y, x],
        "encoder is looked at from": encoder[y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": w.sum().item(),
            "entropy": measures.entropy(w).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": w.sum().item(), "entropy": (torch.special.entr(w / w.sum()).sum() / math.log(cross[0].numel())).item()}
    return result

# %% error="comparison/not_normalised_total" names="comparison/column_not_normalised + comparison/total_after_dividing"
# The columns went into the entropy as they are. And the totals were taken after dividing by them.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    maps = {
        "encoder looks at": encoder[y, x],
        "encoder is looked at from": encoder[:, :, y, x],
        "decoder looks at": cross[query],
    }
    result = {}
    for name, w in maps.items():
        result[name] = {
            "total": 1.0,
            "entropy": (torch.special.entr(w).sum() / math.log(w.numel())).item(),
            "lift": measures.lift(w, box_xyxy, grid).item(),
        }
    w = cross[:, y, x]
    result["decoder is looked at from"] = {"total": 1.0, "entropy": (torch.special.entr(w).sum() / math.log(len(w))).item()}
    return result

# %% error="intervention/last_layer" names="intervention/last_layer_only"
# The hook is on the last layer only, and the layers before it have read those cells.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    layer = model.transformer.decoder.layers[-1]
    return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)]


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/first_layer" names="intervention/first_layer_only"
# The hook is on the first layer only, and the layers after it look at those cells.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    layer = model.transformer.decoder.layers[0]
    return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)]


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/pattern_turned" names="intervention/pattern_turned"
# The pattern was flattened by columns: the memory's cells come row by row.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.T.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/mask_replaced" names="intervention/mask_replaced"
# The mask is the pattern alone, so what was masked already is open.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        B, S = kwargs["key_padding_mask"].shape
        kwargs["key_padding_mask"] = hidden.reshape(1, S).repeat(B, 1)
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/complement" names="intervention/all_but_those"
# What may stay was hidden: True in a mask means that nobody looks there.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | (hidden.flatten() == 0)
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/joined_by_and" names="intervention/joined_by_and"
# Only cells that are True in both masks are hidden: those that are True in one of them are meant.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] & hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/handles_forgotten" names="intervention/no_handle"
# The handles were not collected: the list is empty, and the hooks stay.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/return_forgotten" names="return_missing"
# The handles were collected but not returned.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/one_handle" names="intervention/first_handle_only"
# Only one handle came back, of the hook that was registered first.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles[:1]


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/hook_returns_nothing" names="intervention/nothing_hidden"
# The hook makes a new dict and returns nothing, so the call stays as it was.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs = dict(kwargs, key_padding_mask=kwargs["key_padding_mask"] | hidden.flatten())

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/without_kwargs" names="intervention/without_kwargs"
# The hook was registered without with_kwargs=True, so it is called with two arguments and takes three.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/self_attention" names="intervention/self_attention"
# The hook is on the decoder's self-attention, where queries look at queries.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.self_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/encoder" names="intervention/in_the_encoder"
# The hooks are in the encoder: its cells do not see those cells, and the decoder still looks at them.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.encoder.layers:
        handles.append(layer.self_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(0, 1))

# %% error="intervention/dims_swapped" names="intervention/moved_along_one_axis"
# dy moved the pattern along x, and dx along y.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(1, 0))

# %% error="intervention/up_and_left" names="intervention/moved_up_and_left"
# The pattern moved up and to the left: positive shifts move to larger indices.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(-dy, -dx), dims=(0, 1))

# %% error="intervention/lost_at_the_edge" names="intervention/fallen_off_the_edge"
# What left the map on one side is gone: it comes back on the other.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    H, W = hidden.shape
    moved = torch.zeros(H, W, dtype=torch.bool)
    for y, x in hidden.nonzero().tolist():
        if y + dy < H and x + dx < W:
            moved[y + dy, x + dx] = True
    return moved

# %% error="intervention/dims_forgotten" names="intervention/dims_forgotten"
# roll was given two shifts and no dims: it has to know which dimension each belongs to.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx))

# %% error="intervention/down_only" names="intervention/moved_down_only"
# The pattern moved down and not to the right: dx was not used.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=dy, dims=0)

# %% error="intervention/one_row" names="intervention/moved_as_one_row"
# The map was rolled as one row, so what leaves on the right comes back a row lower.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    H, W = hidden.shape
    return hidden.flatten().roll(dy * W + dx).reshape(H, W)

# %% error="intervention/last_layer_up_and_left" names="intervention/last_layer_only + intervention/moved_up_and_left"
# The hook is on the last layer only. And the pattern moved up and to the left.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    layer = model.transformer.decoder.layers[-1]
    return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)]


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(-dy, -dx), dims=(0, 1))

# %% error="intervention/no_handle_dims_swapped" names="intervention/no_handle + intervention/moved_along_one_axis"
# No handle was returned. And dy moved the pattern along x, dx along y.
def hide_from_decoder(model, hidden):
    def hide(module, args, kwargs):
        kwargs["key_padding_mask"] = kwargs["key_padding_mask"] | hidden.flatten()
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
    return handles


def moved_pattern(hidden, dy, dx):
    return torch.roll(hidden, shifts=(dy, dx), dims=(1, 0))

# %% error="prediction/left_blank" names="" wants="prediction/left_blank"
# One number was left blank: nothing is predicted there.
score_with_most_attended_hidden = 0.2
score_with_the_pattern_moved = 0.8
others_over_background = 1.5
others_over_background_without_positions = ____
angles_with_one_query_on_both_pieces = 4

# %% error="prediction/per_cent" names="prediction/in_per_cent"
# The scores are percentages: they are numbers from 0 to 1.
score_with_most_attended_hidden = 15
score_with_the_pattern_moved = 85
others_over_background = 1.5
others_over_background_without_positions = 1.0
angles_with_one_query_on_both_pieces = 4

# %% error="prediction/one_per_cent" names="prediction/moved_out_of_range"
# One of the scores is a percentage.
score_with_most_attended_hidden = 0.3
score_with_the_pattern_moved = 70
others_over_background = 1.2
others_over_background_without_positions = 1.0
angles_with_one_query_on_both_pieces = 2

# %% error="prediction/a_difference" names="prediction/hidden_out_of_range"
# The first number is by how much the score falls: the score itself is asked for.
score_with_most_attended_hidden = -0.5
score_with_the_pattern_moved = 0.9
others_over_background = 1.2
others_over_background_without_positions = 1.1
angles_with_one_query_on_both_pieces = 3

# %% error="prediction/share_of_the_angles" names="prediction/angles_not_whole"
# The number of angles is a share of the six: a whole number is asked for.
score_with_most_attended_hidden = 0.3
score_with_the_pattern_moved = 0.7
others_over_background = 2
others_over_background_without_positions = 1
angles_with_one_query_on_both_pieces = 3 / 6

# %% error="prediction/truth_value" names="prediction/no_number_angles"
# True stands where a number is asked for.
score_with_most_attended_hidden = 0.3
score_with_the_pattern_moved = 0.7
others_over_background = 2
others_over_background_without_positions = 1
angles_with_one_query_on_both_pieces = True

# %% error="prediction/too_many_angles" names="prediction/more_angles_than_six"
# More angles than the six that are tried.
score_with_most_attended_hidden = 0.3
score_with_the_pattern_moved = 0.7
others_over_background = 2
others_over_background_without_positions = 1
angles_with_one_query_on_both_pieces = 60

# %% error="prediction/words" names="prediction/in_words"
# Words, which cannot be compared with numbers.
score_with_most_attended_hidden = "lower"
score_with_the_pattern_moved = "the same"
others_over_background = "larger"
others_over_background_without_positions = "1"
angles_with_one_query_on_both_pieces = "most"

# %% error="prediction/one_string" names="prediction/no_number_others"
# One number stands in quotes, so it is a string.
score_with_most_attended_hidden = 0.3
score_with_the_pattern_moved = 0.8
others_over_background = "2.0"
others_over_background_without_positions = 1.0
angles_with_one_query_on_both_pieces = 3

# %% error="prediction/per_cent_and_angles" names="prediction/in_per_cent + prediction/more_angles_than_six"
# The scores are percentages. And there are more angles than six.
score_with_most_attended_hidden = 20
score_with_the_pattern_moved = 90
others_over_background = 2
others_over_background_without_positions = 1
angles_with_one_query_on_both_pieces = 100
