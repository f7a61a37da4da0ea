# %% style="max pooling on the meta device"
# Lets max pooling compute the shapes; returns a torch.Size, a pair of whole numbers.
def token_grid(height, width, halvings=5):
    picture = torch.empty(1, 1, height, width, device="meta")
    for _ in range(halvings):
        picture = nn.functional.max_pool2d(picture, kernel_size=3, stride=2, padding=1)
    return picture.shape[-2:]


# %% style="the formula in a loop"
def token_grid(height, width, halvings=5):
    for _ in range(halvings):
        height = (height - 1) // 2 + 1
        width = (width - 1) // 2 + 1
    return height, width


# %% style="one division, rounded up"
# Rounding up five times by 2 is rounding up once by 32.
def token_grid(height, width, halvings=5):
    return -(-height // 2**halvings), -(-width // 2**halvings)


# %% style="recursion"
def token_grid(height, width, halvings=5):
    if halvings == 0:
        return height, width
    return token_grid((height + 1) // 2, (width + 1) // 2, halvings - 1)


# %% style="numpy, rounded up"
def token_grid(height, width, halvings=5):
    return np.ceil(np.array([height, width]) / 2**halvings).astype(int)


# %% style="shifts of bits in a comprehension"
def token_grid(height, width, halvings=5):
    return [n - 1 >> halvings for n in (height + (1 << halvings), width + (1 << halvings))]


# %% style="a tensor, with kernel and padding named"
def token_grid(height, width, halvings=5):
    padding, kernel = 3, 7
    n = torch.tensor([height, width])
    for _ in range(halvings):
        n = torch.div(n + 2 * padding - kernel, 2, rounding_mode="floor") + 1
    return tuple(n.tolist())
