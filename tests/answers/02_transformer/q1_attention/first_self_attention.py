# %% style="by keyword, and two matrix products"
def first_output(self_attn, query_pos):
    queries = query_pos.unsqueeze(0)
    output, weights = self_attn(query=queries, key=queries, value=torch.zeros_like(queries))
    return output.squeeze(0)


def from_weights(self_attn):
    b_q, b_k, b_v = self_attn.in_proj_bias.chunk(3)
    return self_attn.out_proj.weight @ b_v + self_attn.out_proj.bias


# %% style="without a batch"
def first_output(self_attn, query_pos):
    tgt = query_pos * 0
    return self_attn(tgt + query_pos, tgt + query_pos, tgt, need_weights=False)[0]


def from_weights(self_attn):
    value = self_attn.in_proj_bias.unflatten(0, (3, -1))[2]
    return F.linear(value, self_attn.out_proj.weight, self_attn.out_proj.bias)


# %% style="through the linear layer of the values"
def first_output(self_attn, query_pos):
    Q, D = query_pos.shape
    tgt = torch.zeros(1, Q, D)
    who = query_pos.reshape(1, Q, D)
    return self_attn(who, who, tgt)[0].reshape(Q, D)


def from_weights(self_attn):
    state = self_attn.state_dict()
    D = len(state["out_proj.bias"])
    value = state["in_proj_weight"][-D:] @ torch.zeros(D) + state["in_proj_bias"][-D:]
    return (state["out_proj.weight"] * value).sum(1) + state["out_proj.bias"]
