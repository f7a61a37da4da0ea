# %% style="whole numbers and fractions"
ap_without_encoder = 1 / 3
ap_without_positions = 0
ap_without_self_attention = 0.25
ap_without_auxiliary_losses = 1 / 2
ap_without_l1_loss = 1
ap_without_giou_loss = 0.125


# %% style="one guess for all"
guess = 0.3
ap_without_encoder = guess
ap_without_positions = guess
ap_without_self_attention = guess
ap_without_auxiliary_losses = guess
ap_without_l1_loss = guess
ap_without_giou_loss = guess


# %% style="differences from a base"
base = 0.45
ap_without_encoder = base - 0.1
ap_without_positions = base - 0.2
ap_without_self_attention = base - 0.05
ap_without_auxiliary_losses = base + 0.1
ap_without_l1_loss = base - 0.02
ap_without_giou_loss = round(base / 2, 2)
