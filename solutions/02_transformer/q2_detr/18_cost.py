# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 18 · What does it cost? · 2 points · 15 min · ●●●○○
# **You will be able to** say which part of DETR grows how fast with the size of the image.
#
# A product of matrices (n, m) and (m, p) takes n · m · p **multiply-adds**. In an encoder layer over S = H·W tokens:
#
# - *projections*: the four linear maps of the attention, D → D, for every token;
# - *attention*: the scores, every token's query with every token's key, and the weighted sum of the values. M heads of width D / M
#   cost together what one head of width D costs;
# - *feed-forward*: D → F and F → D, for every token.
#
# Biases, norms and the softmax are left out: they are small beside these.
#
# *Example.* H = 1, W = 2, D = 3: the scores are (2, 3) times (3, 2), 12 multiply-adds, and the weighted sum (2, 2) times (2, 3)
# is 12 as well. Twice as many tokens: 48 each. That part is quadratic in S, the others are linear.
#
# At which S does the quadratic part cost as much as the two linear ones together? Solve it on paper; `equal_tokens` is a formula
# in D and F.
#
# And **predict**, before you run anything below: both sides of an image are doubled, and the attention *alone* is timed on your
# processor. How many times as long does it take? Graded for being there; the measured ratio comes below.

# %% exercise="cost"
def layer_cost(H, W, D, F):
    """Multiply-adds of one encoder layer over a feature map of H x W tokens."""
    projections = 4 * H * W * D * D  # ____
    attention = 2 * (H * W) ** 2 * D  # ____
    feed_forward = 2 * H * W * D * F  # ____
    return {"projections": projections, "attention": attention, "feed_forward": feed_forward}


def equal_tokens(D, F):
    """The number of tokens at which attention costs as much as projections and feed-forward network together."""
    return 2 * D + F  # ____


time_ratio_at_twice_the_side = 10  # ____

# %% check="cost" points=2
@check(parts={"1. formulas": 1, "2. equal": 0.5, "3. prediction": 0.5})
def cost(draw):
    H, W, D, F = draw.letters("H W D F", 3, 47)
    case = draw.integer(1, 10**6)  # any prediction is right: what has to come back hangs on the seed alone

    def formulas():
        costs = layer_cost(H, W, D, F)
        return {name: attempted(lambda name=name: int(costs[name])) for name in ("projections", "attention", "feed_forward")}

    def prediction():
        value = time_ratio_at_twice_the_side
        float(value) if value is ____ else None
        number = attempted(value.item) if hasattr(value, "item") else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            return "no number"
        return f"a ratio above 0 and below 1000 (case {case})" if 0 < number < 1000 else "out of its range"

    return {"1. formulas": attempted(formulas), "2. equal": attempted(lambda: {"tokens": float(equal_tokens(D, F))}),
            "3. prediction": attempted(prediction)}

# %% [raw] hints="cost"
# 1. Write each part as products of matrices with their shapes, and count n · m · p for each. S is H · W.
# 2. A linear map D → D over S tokens is (S, D) times (D, D). The scores are (S, D) times (D, S), the sum is (S, S) times
#    (S, D). For equal_tokens set 2 S² D equal to 4 S D² + 2 S D F and divide by what both sides have.
# 3. projections = 4 * H * W * D * D; attention = 2 * (H * W) ** 2 * D; feed_forward = 2 * H * W * …; 2 S² D = 4 S D² + 2 S D F
#    divided by 2 S D gives S = …

# %% [raw] mistake="cost/three_projections"
# Three projections were counted. The output has one as well: four.
# ---
# - projections = 4 * H * W * D * D
# + projections = 3 * H * W * D * D

# %% [raw] mistake="cost/projections_quadratic"
# The projections are quadratic in S here. Each token goes through a linear map by itself: linear in S.
# ---
# - projections = 4 * H * W * D * D
# + projections = 4 * (H * W) ** 2 * D

# %% [raw] mistake="cost/attention_linear"
# The attention is linear in S here. Every token meets every token: S² pairs.
# ---
# - attention = 2 * (H * W) ** 2 * D
# + attention = 2 * H * W * D

# %% [raw] mistake="cost/scores_only"
# Only the scores were counted. The weighted sum of the values costs as much again.
# ---
# - attention = 2 * (H * W) ** 2 * D
# + attention = (H * W) ** 2 * D

# %% [raw] mistake="cost/per_channel_squared"
# The attention has D² for each pair of tokens. A score is a scalar product of D numbers: D.
# ---
# - attention = 2 * (H * W) ** 2 * D
# + attention = 2 * (H * W) ** 2 * D * D

# %% [raw] mistake="cost/feed_forward_quadratic"
# The feed-forward network is quadratic in S here. It sees each token by itself, like a 1 × 1 convolution: linear in S.
# ---
# - feed_forward = 2 * H * W * D * F
# + feed_forward = 2 * (H * W) ** 2 * F

# %% [raw] mistake="cost/one_feed_forward_layer"
# One of the feed-forward network's two layers is missing.
# ---
# - feed_forward = 2 * H * W * D * F
# + feed_forward = H * W * D * F

# %% [raw] mistake="cost/equal_to_projections"
# This is where the attention costs as much as the projections alone. The feed-forward network is a linear part, too.
# ---
# - return 2 * D + F
# + return 2 * D

# %% [raw] mistake="cost/equal_to_feed_forward"
# This is where the attention costs as much as the feed-forward network alone. The projections are a linear part, too.
# ---
# - return 2 * D + F
# + return F

# %% [raw] mistake="cost/equal_doubled"
# This is twice the number: the attention has a factor 2 of its own, for scores and sum.
# ---
# - return 2 * D + F
# + return 2 * (2 * D + F)

# %% [raw] mistake="cost/in_words"
# The prediction is no number, so it cannot be compared with a measured ratio. Write a number, without quotes; True and False
# are none.
# ---
# - time_ratio_at_twice_the_side = 10
# + time_ratio_at_twice_the_side = "four times"

# %% [raw] mistake="cost/no_ratio"
# The prediction is out of its range. A ratio of times is above 0, 1 means "as long as before", and 1000 is too long here.
# ---
# - time_ratio_at_twice_the_side = 10
# + time_ratio_at_twice_the_side = -1

# %% [markdown]
# First your formulas, for one encoder layer of the official size (D = 256, F = 2048) and three feature maps of an image of
# 800 × 1066: stride 32; stride 16, as the DC5 models have it; and stride 32 with both sides of the image doubled.

# %%
def show_costs():
    print("in 10^9 multiply-adds")
    print(f"{'map':<12}{'S':>7}{'projections':>14}{'attention':>12}{'feed-forward':>14}   attention's share")
    for name, H, W in (("stride 32", 25, 34), ("stride 16", 50, 67), ("sides x 2", 50, 67)):
        costs = layer_cost(H, W, 256, 2048)
        numbers = [costs[part] / 1e9 for part in ("projections", "attention", "feed_forward")]
        share = numbers[1] / sum(numbers)
        print(f"{name:<12}{H * W:>7}{numbers[0]:>14.2f}{numbers[1]:>12.2f}{numbers[2]:>14.2f}{share:>14.0%}")
    print(f"\nThe attention costs as much as the rest at S = {equal_tokens(256, 2048):,}.")


attempt(show_costs, after="cost")

# %% [markdown]
# Then the clock: scores, softmax and weighted sum alone (one head of width 64), beside a feed-forward network on the same tokens.
# Times vary from machine to machine, so each is the shortest of 15 runs, and only ratios are shown.

# %%
def time_attention(sides):
    torch.manual_seed(0)
    D, feed_forward = 64, nn.Sequential(nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 64))

    def least_s(call, repeats=15):
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        return min(times)  # what else the computer does only adds to a time

    attention_s, feed_forward_s = [], []
    with torch.no_grad():
        for side in sides:
            q, k, v = torch.randn(3, side * side, D).unbind()
            attention_s.append(least_s(lambda: (q @ k.T / math.sqrt(D)).softmax(-1) @ v))
            feed_forward_s.append(least_s(lambda: feed_forward(v)))
    print(f"times as long as at side {sides[0]}")
    print(f"{'side of the map':<18}{'tokens':>8}{'attention':>12}{'feed-forward':>14}")
    for side, a, f in zip(sides, attention_s, feed_forward_s):
        print(f"{side:<18}{side * side:>8}{a / attention_s[0]:>12.1f}{f / feed_forward_s[0]:>14.1f}")
    print(f"\nsides doubled: measured {attention_s[-1] / attention_s[0]:.1f}, "
          f"you predicted {time_ratio_at_twice_the_side}, by multiply-adds 16")
    return [[time / times[0] for time in times] for times in (attention_s, feed_forward_s)]


def draw_times():
    sides = (12, 18, 24)
    attention, feed_forward = time_attention(sides)
    figure, grey = new_figure((6.4, 3.8)), "#7a7f87"
    figure.set_facecolor("none")
    axes = figure.subplots()
    factor = [side / sides[0] for side in sides]
    smooth = torch.linspace(1, 2, 50)
    axes.plot(smooth, smooth**4, "--", color="#0072B2", linewidth=1, label="side⁴: quadratic in the tokens")
    axes.plot(smooth, smooth**2, "--", color="#D55E00", linewidth=1, label="side²: linear in the tokens")
    axes.plot(factor, attention, "o-", color="#0072B2", label="attention, measured")
    axes.plot(factor, feed_forward, "s-", color="#D55E00", label="feed-forward network, measured")
    axes.set(xlabel="side of the map, times as long", ylabel="time, times as long")
    axes.set(facecolor="none", yscale="log")
    axes.set_yticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
    axes.set_yticks([], minor=True)
    axes.set_title("Attention alone grows with the square of the tokens", color=grey)
    axes.tick_params(colors=grey)
    for words in (axes.xaxis.label, axes.yaxis.label):
        words.set_color(grey)
    for edge in axes.spines.values():
        edge.set_color(grey)
    axes.legend(fontsize=10, labelcolor=grey, frameon=False)
    return figure


attempt(draw_times, after="cost")

# %% [markdown]
# **The whole model.** Most of DETR's cost is not attention: the last line of each table has the scores and weighted sums of all
# layers together. The backbone's multiply-adds are counted on the `meta` device, from the size of each convolution's output; the
# transformer's come from your formulas, with the decoder's Q = 100 queries in place of tokens where they ask. The paper's table 1
# says 86 and, for DC5, 187 (10^9 multiply-adds): a mean of 100 images of COCO, whose sizes differ from the one here.

# %%
def cost_by_part():
    for name in ("detr_resnet50", "detr_resnet50_dc5"):
        with torch.device("meta"):
            body, image = official_model(name).backbone[0].body, torch.empty(1, 3, 800, 1066)
        counted = []

        def count(convolution, args, output):
            counted.append(output[0].numel() * convolution.weight[0].numel())

        for module in body.modules():
            if isinstance(module, nn.Conv2d):
                module.register_forward_hook(count)
        H, W = body(image).shape[-2:]
        S, Q, D, F = H * W, 100, 256, 2048
        encoder = 6 * sum(layer_cost(H, W, D, F).values())
        own = sum(layer_cost(1, Q, D, F).values())  # a decoder layer's self-attention and feed-forward network
        across = 2 * Q * D * D + 2 * S * D * D + 2 * Q * S * D
        parts = {"backbone": sum(counted), "1 x 1 convolution": S * 2048 * D, "encoder": encoder,
                 "decoder": 6 * (own + across), "heads": Q * (D * 92 + 2 * D * D + D * 4)}
        print(f"{name}, 800 x 1066, S = {S}: {sum(parts.values()) / 1e9:.0f} · 10^9 multiply-adds")
        among, queries = (layer_cost(*size, D, F)["attention"] for size in ((H, W), (1, Q)))
        attention = 6 * (among + queries + 2 * Q * S * D)
        for part, number in [*parts.items(), ("of all: attention", attention)]:
            print(f"    {part:<20}{number / 1e9:>8.2f}{number / sum(parts.values()):>8.1%}")


attempt(cost_by_part, after="cost")
