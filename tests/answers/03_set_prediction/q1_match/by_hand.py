# %% style="lists"
query_of_target = [0, 2]
cheapest_total = 3 + 2
greedy_total = 1 + 6

# %% style="a tensor, real numbers"
query_of_target = torch.tensor([0, 2])
cheapest_total, greedy_total = 5.0, 7.0

# %% style="worked out from the table"
table = [[3, 7], [8, 6], [1, 2]]
query_of_target = min(itertools.permutations(range(3), 2), key=lambda qs: table[qs[0]][0] + table[qs[1]][1])
cheapest_total = torch.tensor(table[0][0] + table[2][1])
greedy_total = table[2][0] + min(table[0][1], table[1][1])
