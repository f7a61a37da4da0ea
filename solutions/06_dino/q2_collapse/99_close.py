# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - A low loss says that student and teacher agree. They agree best when both say the same of everything.
# - Two numbers show a collapse: the mean of the entropies, and the entropy of the mean. Where they lie close together,
#   outputs tell nothing of their image. Both at 0: one prototype wins. Both at ln K: all are even.
# - Sharpening alone leads to the first, centring alone to the second; together they hold each other.
# - A teacher that is the student swings between the two.
# - A low entropy alone is no collapse, and a diagnosis from curves counts if every seed shows it.
# - A figure without its control says little: random networks and raw pixels are good at colours, and the best of six
#   random maps fits an object fairly well.
# - A head that is chosen by the truth is no finding. Choose it elsewhere, and measure it here.
#
# ## The real thing
# The paper trains on the 1.28 million images of ImageNet, with K = 65,536 prototypes (ln K = 11.09), two views of 224
# pixels and several of 96, a batch of 1,024 images and a momentum from .996 to 1. Table 2: a ViT-S with patches of 8 reaches 78.3 % by k-NN, and
# 79.7 % by a linear layer, of 1,000 classes. Section 4.2.2 measures attention maps as you did, by each object's best
# head. What a network sees in two minutes of scenes and what it sees in days of photographs are different things: the
# controls are the same.
#
# On a photograph of your own (this needs the internet, once, and the package `transformers`):
#
# ```python
# from transformers import ViTModel
# from detrlab import VisionTransformer, open_picture, vit_from_huggingface
#
# official = ViTModel.from_pretrained("facebook/dino-vits16", add_pooling_layer=False)
# vit = VisionTransformer(image_size=224, patch_size=16, D=384, depth=12, num_heads=6).eval()
# vit.load_state_dict(vit_from_huggingface(official.state_dict()))
# picture = open_picture("my_picture.jpg").resize((480, 480))
# ```
#
# Normalised to a tensor (1, 3, 480, 480), `cls_attention(vit, ...)` gives six maps of 30 × 30 patches, and `pca_rgb` the
# colours of its tokens. Ask of them what you asked here.
#
# ## Further reading
# - Caron et al. 2021, *Emerging Properties in Self-Supervised Vision Transformers*, arXiv:2104.14294: sections 3, 4.1,
#   4.2 and 5.3, algorithm 1.
# - Dosovitskiy et al. 2020, *An Image is Worth 16x16 Words*, arXiv:2010.11929: section 3.
# - The official code: github.com/facebookresearch/dino, `main_dino.py`, `eval_knn.py`, `visualize_attention.py`.
