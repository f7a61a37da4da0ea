# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## A trained head at work
# Up to here you chose what was wrong. `load_model("shapes_panoptic")` is the frozen shapes model with a mask head that
# was trained as yours in the notebook before, for longer. The shapes model was never told of a sky or a land, so its
# object queries find none: each has a query of its own here, learned with the head, beside the 20 others. What it says
# goes through your `confident` and `owners`, and your PQ measures it.

# %%
def show_trained(seeds=range(800, 820), shown=(0, 1, 2)):
    from detrlab import load_model, to_input

    model, rows, pairs = load_model("shapes_panoptic"), [], []
    for place, scene in enumerate(scenes_of(seeds, (256, 192))):
        with torch.no_grad():
            out = model(to_input(scene.picture, *model.input_size)[None])
        queries, labels = confident(out["pred_logits"][0])
        masks = out["pred_masks"][0, queries]  # (N, h, w)
        own = owners(F.interpolate(masks[None], scene.masks.shape[1:], mode="bilinear")[0])
        truth, found = scene_segments(scene), as_map(own, labels)
        pairs.append((truth, found))
        if place in shown:
            over = (0.35 * np.asarray(scene.picture) + 0.65 * painted(found)).astype(np.uint8)
            rows.append([("the scene", scene.picture), ("truth", painted(truth)), ("your panoptic picture", over)])
    quality = qualities(own_counts(pairs, K))
    for name, group in (("all", range(K)), ("things", THINGS), ("stuff", sorted({*range(K)} - {*THINGS}))):
        pq, sq, rq = mean_quality(quality, group)
        print(f"{name:8}PQ {pq:.2f}   SQ {sq:.2f}   RQ {rq:.2f}")
    return side_by_side(rows, height=2.2)


attempt(show_trained, after=("panoptic", *PQ_STEPS))

# %% [markdown]
# Is it the outlines or the finding that costs more here, for things and for stuff? Choose other
# seeds, and look at a scene that went wrong.
#
# **From attention to mask.** Move the mouse over a segment, or choose it in the list: where its query looks with each of
# the four heads, what share each head has of the weight that they share (step 2 of the notebook before), and how the maps
# of 16 × 22 cells become a mask of the image's size. Which head carries the mask? What does the finest map add?

# %%
def look_inside(seed=800):
    from detrlab import explore, load_model

    (scene,) = scenes_of([seed], (256, 192))
    return explore(load_model("shapes_panoptic"), scene.picture)


explorer = attempt(look_inside)
explorer
