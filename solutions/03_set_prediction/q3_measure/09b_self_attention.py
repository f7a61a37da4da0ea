# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# #### Near-duplicates, with and without the decoder's self-attention
# **You will be able to** say which part of the decoder removes duplicates, and how to tell that from a model that is
# merely out of order.
#
# In training a query is told "no object" where a better one found its object. To act on that it has to know of the other,
# and only the decoder's self-attention lets it. So the model below is asked twice: as it is, and with the decoder's
# self-attention *silenced*, its output set to zero in every layer. A near-duplicate is a pair of detections with a score
# above 0.5, of the same class, whose IoU is above 0.5.
#
# A silenced model works as it was never trained to, and that alone may spoil it. The third row is a control: layer 0 alone
# is silenced. There self-attention gives all queries the same vector, so it tells nobody of anybody; but what it gave is
# missing just as well.
#
# **Predict, then run**: in which of the three rows do near-duplicates go away from layer to layer?

# %%
def near_duplicates(boxes_xyxy, scores, labels):
    """How many pairs of detections above 0.5 are of one class and overlap by more than 0.5."""
    sure = scores > 0.5
    same_class = labels[sure][:, None] == labels[sure]
    return int(((box_iou(boxes_xyxy[sure], boxes_xyxy[sure]) > 0.5) & same_class).triu(1).sum())


def show_near_duplicates():
    model, scenes = copy.deepcopy(shapes_run()[0]), shapes_run()[1][:30]
    model.aux_loss = True  # predictions of all layers
    x = torch.stack([to_input(scene.picture, *model.input_size) for scene in scenes])
    silence = lambda module, args, output: (torch.zeros_like(output[0]), output[1])
    decoder = model.transformer.decoder.layers
    print(f"near-duplicates in {len(scenes)} scenes, {sum(len(scene.labels) for scene in scenes)} objects")
    print("self-attention      " + "".join(f"   layer {i}" for i in range(len(decoder))) + "   detections of the last")
    for name, silenced in (("as trained", []), ("silenced everywhere", decoder), ("silenced in layer 0", decoder[:1])):
        hooks = [layer.self_attn.register_forward_hook(silence) for layer in silenced]
        with torch.no_grad():
            outputs = model(x)
        for hook in hooks:
            hook.remove()
        layers = [best_of_each(layer["pred_logits"], layer["pred_boxes"]) for layer in (*outputs["aux_outputs"], outputs)]
        pairs = [sum(near_duplicates(*each) for each in zip(*layer)) for layer in layers]
        print(f"{name:20}" + "".join(f"{count:10}" for count in pairs) + f"{int((layers[-1][1] > 0.5).sum()):12}")


attempt(show_near_duplicates)

# %% [markdown]
# As it is, the model loses its near-duplicates from layer to layer. With self-attention silenced everywhere they stay in
# all three: cross-attention and the feed-forward network treat each query by itself. With layer 0 alone silenced there are
# as many after that layer, and the two behind it take most of them away. So it is not the missing vector that keeps them,
# but that no query knows of another.
#
# This is about a model that was trained with self-attention. What a model does that is trained without it is another
# question: step 11 has three such runs.
