# %% style="logarithms"
one_entropy = one_of_mean = one_kl = 0
even_entropy = even_of_mean = math.log(64)
even_kl = 0
healthy_entropy, healthy_of_mean, healthy_kl = 0, math.log(16), math.log(64)
without_centring, without_sharpening = "one", "even"

# %% style="in hundredths"
one_entropy, one_of_mean, one_kl = 0.0, 0.0, 0.0
even_entropy = 4.16
even_of_mean = 4.16
even_kl = 0.0
healthy_entropy = 0.0
healthy_of_mean = 2.77
healthy_kl = 4.16
without_centring = "One"
without_sharpening = "EVEN"

# %% style="computed with tensors"
one = F.one_hot(torch.zeros(8, dtype=torch.long), K).float()
even = torch.full((8, K), 1 / K)
sixteen = F.one_hot(torch.arange(32) % 16, K).float()


def nats(p):
    return -torch.xlogy(p, p).sum(-1)


one_entropy, one_of_mean, one_kl = nats(one).mean(), nats(one.mean(0)), 0
even_entropy, even_of_mean, even_kl = nats(even).mean(), nats(even.mean(0)), 0
healthy_entropy, healthy_of_mean = nats(sixteen).mean(), nats(sixteen.mean(0))
healthy_kl = torch.tensor(1 / (1 / 64)).log()
without_centring, without_sharpening = " one", "even "
