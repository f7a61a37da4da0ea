# %% style="named tuples from one function"
# Sums by torch.add, values as copies.
from collections import namedtuple

Inputs = namedtuple("Inputs", "q k v")


def attention_sources(src, pos, tgt, query_pos, memory):
    def inputs(looks, place, at, place_at):
        return Inputs(q=torch.add(looks, place), k=torch.stack([at, place_at]).sum(0), v=at.clone())

    return {
        "decoder cross": inputs(tgt, query_pos, memory, pos),
        "decoder self": inputs(tgt, query_pos, tgt, query_pos),
        "encoder self": inputs(src, pos, src, pos),
    }


# %% style="three tuples"
def attention_sources(src, pos, tgt, query_pos, memory):
    encoder_self = src + pos, src + pos, src
    decoder_self = tgt + query_pos, tgt + query_pos, tgt
    decoder_cross = tgt + query_pos, memory + pos, memory
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}


# %% style="one sum for q and k, as the official code has it"
def attention_sources(src, pos, tgt, query_pos, memory):
    def with_pos_embed(tensor, pos):
        return tensor if pos is None else tensor + pos

    q = k = with_pos_embed(src, pos)
    attentions = {"encoder self": [q, k, src]}
    q = k = with_pos_embed(tgt, query_pos)
    attentions["decoder self"] = [q, k, tgt]
    attentions["decoder cross"] = [q, with_pos_embed(memory, pos), memory]
    return attentions


# %% style="a table of who looks at what"
def attention_sources(src, pos, tgt, query_pos, memory):
    cells, queries, encoded = (src, pos), (tgt, query_pos), (memory, pos)
    table = {"encoder self": (cells, cells), "decoder self": (queries, queries), "decoder cross": (queries, encoded)}
    return {name: (sum(looks), sum(at), at[0]) for name, (looks, at) in table.items()}


# %% style="positions of zero for the values"
def attention_sources(src, pos, tgt, query_pos, memory):
    def triple(asking, asking_pos, answering, answering_pos):
        places = answering_pos, torch.zeros_like(answering_pos)
        return asking + asking_pos, *(answering + place for place in places)

    return dict(zip(("encoder self", "decoder self", "decoder cross"), (
        triple(src, pos, src, pos), triple(tgt, query_pos, tgt, query_pos), triple(tgt, query_pos, memory, pos))))
