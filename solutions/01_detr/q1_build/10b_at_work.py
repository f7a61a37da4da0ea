# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## Your DETR at work
# Your class, trained, with a small backbone and fewer, narrower layers. `load_state_dict` is strict: one wrong name or
# shape, and it refuses. Change the seed. Where does your model miss something, or draw a box loosely?

# %%
def my_detr_at_work(seed=10):
    my_detr = ShortDETR(len(SHAPES_CLASSES), SmallResNet(), channels=128, hidden_dim=128, nheads=4,
                        num_encoder_layers=3, num_decoder_layers=3, num_queries=20)
    my_detr.load_state_dict(short_weights())
    my_detr.classes, my_detr.input_size = SHAPES_CLASSES, (128, 213)  # `detect` asks for both
    picture = draw_scene(seed).picture
    return plot_detections(picture, detect(my_detr, picture))


attempt(my_detr_at_work, after="short_detr")

# %% [markdown]
# The classes of the official weights, trained on COCO: some of the 91 were never used ("N/A"); the 92nd logit is
# no-object.

# %%
print(len(COCO_CLASSES), "classes,", COCO_CLASSES.count("N/A"), "of them not used:")
print(textwrap.fill(", ".join(COCO_CLASSES), 100))

# %% [markdown]
# Your class in full size, on a photograph that comes with matplotlib. The weights (166 MB) are never downloaded here:
# to fetch them once, run `official_weights("detr_demo")` in a cell of your own.

# %%
def official_at_work():
    if not is_cached("detr_demo"):
        print("The official weights are not on this computer. To fetch them once:")
        print('official_weights("detr_demo")')
        return None
    from torchvision.models import resnet50

    my_detr = ShortDETR(num_classes=91, backbone=make_backbone(resnet50))
    my_detr.load_state_dict(official_weights("detr_demo"))
    my_detr.classes, my_detr.input_size = COCO_CLASSES, (800, 1333)
    picture = open_picture(get_sample_data("grace_hopper.jpg", asfileobj=False))
    return plot_detections(picture, detect(my_detr, picture))


attempt(official_at_work, after=("stages", "short_detr"))

# %% [markdown]
# The full DETR, whose head has three layers and which adds positions in every attention, comes in one line (not run
# here; it needs the network):
#
# ```python
# model = torch.hub.load("facebookresearch/detr", "detr_resnet50", pretrained=True)
# ```
