# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### All together · 0 points
# Your functions, on scenes you have not seen, with the trained model.

# %% check="own_chain" points=0
shapes = load_model("shapes")

@check
def own_chain(draw):
    scene, *more = (draw_scene(draw.scene_seed(), (160, 160)) for _ in range(4))
    here, *elsewhere = (observe(shapes, each.picture) for each in (scene, *more))
    query, (H, W) = draw.integer(0, len(here.maps) - 1), here.grid.cells_hw
    cell = draw.integer(0, H - 1), draw.integer(0, W - 1)
    box = torch.tensor(scene.boxes_xyxy[0]).float()
    weights = [run.attention.encoder().weights for run in (here, *elsewhere)]
    return as_numbers({
        "mass": mass_inside(here.maps[query], box, scene.picture.size),
        "lift": lift_over_area(here.maps[query], box, scene.picture.size),
        "entropies": head_entropies(here.attention.decoder_cross(head="all", query=query)),
        "decoder": control_masses(here, elsewhere, elsewhere[0], query, [(draw.number(0, 5), draw.number(0, 5))]),
        "encoder": encoder_masses(weights[0], weights[1:], cell, box, here.grid),
        "comparison": compare_maps(weights[0], here.maps, cell, query, box, here.grid),
    })
