# %% style="fractions and whole numbers"
score_with_most_attended_hidden = 0
score_with_the_pattern_moved = 1.0
others_over_background = 1 / 3
others_over_background_without_positions = 12
angles_with_one_query_on_both_pieces = 6

# %% style="all at once"
score_with_most_attended_hidden, score_with_the_pattern_moved = 0.4, 0.6
others_over_background = others_over_background_without_positions = 1.0
angles_with_one_query_on_both_pieces = 3

# %% style="worked out with names of one's own"
chance = 1 / 80
before = 0.95
score_with_most_attended_hidden = round(before / 3, 2)
score_with_the_pattern_moved = before - chance
others_over_background_without_positions = math.sqrt(1.2)
others_over_background = 2 * others_over_background_without_positions
angles_with_one_query_on_both_pieces = int(6 * 0.5)

# %% style="numbers of numpy and torch"
score_with_most_attended_hidden = torch.tensor(0.25)
score_with_the_pattern_moved = torch.tensor([0.75])
others_over_background, others_over_background_without_positions = torch.tensor([1.5, 1.0]).numpy()
angles_with_one_query_on_both_pieces = torch.tensor(4)
