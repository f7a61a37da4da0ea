# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - A ViT is a matrix for patches, a class token, positions and pre-norm blocks. Its positions can be resized, so one
#   network reads large and small views.
# - The student sees all views, the teacher the global ones. The student learns to say of each view what the teacher says
#   of another one: a cross-entropy without a label.
# - The teacher is an average of the student over many steps. It has the student's architecture, and weights of its own
#   that no gradient reaches.
# - Its logits are centred by a running mean over the batches before, and sharpened by a temperature below the student's.
#   The head makes cosines of them, so that nobody can sharpen by length.
# - The loss tells nothing of what was learned. Neighbours do, beside an untrained network and beside plain pixels.
#
# In the next notebook you take one of these parts away and watch the collapse, you find planted faults by curves alone,
# and you measure what such a network knows.
#
# ## The real thing
# The paper trains on ImageNet without its labels: 1.28 million images. Its ViT-S/16 has 21 million parameters, D = 384, 12
# blocks, 6 heads and patches of 16 pixels; the head has K = 65,536 prototypes. Views are 2 of 224 pixels, and several of
# 96; the global ones show 40 to 100 % of an image, the local ones 5 to 40 %. (That is the official code's default; the
# paper's text says more than 50 % and less.) ViT-S/8, with patches of 8 pixels, reaches 78.3 % on ImageNet by nearest neighbours, ViT-S/16 74.5 % (table 2, DINO;
# 20 neighbours are a good number, as here). With a linear layer on frozen features ViT-B/8 reaches 80.1 %. There, heads of
# the class token mark objects (figure 1). In minutes, on flat shapes, you saw how much of that is *not* there yet.
#
# **On a photograph of your own** (this needs the internet once, and `pip install transformers`):
#
# ```python
# import torch
# from PIL import Image
# from transformers import ViTImageProcessor, ViTModel
#
# processor = ViTImageProcessor.from_pretrained("facebook/dino-vits16")
# model = ViTModel.from_pretrained("facebook/dino-vits16", add_pooling_layer=False, attn_implementation="eager").eval()
# image = Image.open("my_picture.png").convert("RGB")
# inputs = processor(images=image, return_tensors="pt")  # 224 × 224 pixels: 14 × 14 patches
# with torch.no_grad():
#     outputs = model(**inputs, output_attentions=True)
# maps = outputs.attentions[-1][0, :, 0, 1:].unflatten(-1, (14, 14))  # (6, 14, 14): where the class token looks
# ```
#
# `vit_from_huggingface` of this library turns the weights of such a model into those of its own `VisionTransformer`.
#
# ## Further reading
# - Caron et al. 2021, *Emerging Properties in Self-Supervised Vision Transformers*, arXiv:2104.14294: section 3 and
#   algorithm 1 (the method), section 5 (what each part is for), appendix C (the head).
# - The official code, github.com/facebookresearch/dino: `main_dino.py`.
# - Dosovitskiy et al. 2020, *An Image is Worth 16x16 Words*, arXiv:2010.11929 (the ViT).
# - Grill et al. 2020, *Bootstrap Your Own Latent*, arXiv:2006.07733; He et al. 2019, *Momentum Contrast for
#   Unsupervised Visual Representation Learning*, arXiv:1911.05722 (teachers that are averages).
# - Oquab et al. 2023, *DINOv2*, arXiv:2304.07193 (what became of it).
