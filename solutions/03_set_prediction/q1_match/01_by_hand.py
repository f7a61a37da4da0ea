# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · By hand · 2 points · 10 min · ●○○○○
# **You will be able to** find the cheapest assignment of a small table, and say why greedy choices miss it.
#
# Three object queries have answered, and the image has two targets. The table says what each pair *costs*: little where
# class and box agree.
#
# | | target 0 | target 1 |
# |---|---|---|
# | query 0 | 3 | 7 |
# | query 1 | 8 | 6 |
# | query 2 | 1 | 2 |
#
# An **assignment** gives every target a query of its own: no query answers twice. A query that is left over has to say
# "no object". Equation 1 of the paper looks for the assignment whose sum of costs is smallest.
#
# *Example.* Query 0 for target 0 and query 1 for target 1 cost $3 + 6 = 9$.
#
# 1. The cheapest assignment (1 point): `query_of_target` lists the query of target 0, then that of target 1.
# 2. Two totals (1 point): the cheapest one, and what **greedy** matching pays. Greedy takes the cheapest pair of the
#    whole table, crosses out its row and its column, and goes on with what is left.

# %% exercise="by_hand"
# The queries of target 0 and target 1, [first, second] ...
query_of_target = [0, 2]  # ____
# ... the total of the cheapest assignment ...
cheapest_total = 5  # ____
# ... and what greedy matching pays.
greedy_total = 7  # ____

# %% check="by_hand" points=2
@check(parts={"1. assignment": 1, "2. totals": 1})
def by_hand(draw):
    return {"1. assignment": {"query of target 0": draw.sealed(lambda: list(query_of_target)[0]),
                              "query of target 1": draw.sealed(lambda: list(query_of_target)[1]),
                              "queries": attempted(lambda: len(list(query_of_target)))},
            "2. totals": {"cheapest": draw.sealed(lambda: cheapest_total),
                          "greedy": draw.sealed(lambda: greedy_total)}}


# %% [raw] hints="by_hand"
# 1. There are six ways to give two of three queries to two targets in order. Write down all six sums.
# 2. Both targets would like query 2. It can answer for one of them: compare what the other one has to pay then.
# 3. Target 0 costs little with query 0, too: `query_of_target = [0, ...]`. Greedy begins with the 1 in the last row,
#    and then only row 1 and row 0 are left for target 1.

# %% [raw] mistake="by_hand/each_its_best"
# Both targets took their cheapest query, so query 2 answers twice. In an assignment every target has a query of its
# own.
# ---
# - query_of_target = [0, 2]
# + query_of_target = [2, 2]

# %% [raw] mistake="by_hand/greedy"
# This is the greedy choice: the cheapest pair of the table first. With query 2 for target 1 that target pays 4 less,
# and target 0 only 2 more.
# ---
# - query_of_target = [0, 2]
# + query_of_target = [2, 1]

# %% [raw] mistake="by_hand/in_the_queries_order"
# Query 0 chose first, then query 1. The order of the queries means nothing: compare all six sums.
# ---
# - query_of_target = [0, 2]
# + query_of_target = [0, 1]

# %% [raw] mistake="by_hand/dearest"
# This is the dearest assignment. The numbers are costs: the smallest sum wins.
# ---
# - query_of_target = [0, 2]
# + query_of_target = [1, 0]

# %% [raw] mistake="by_hand/target_of_each_query"
# This lists a target for each of the three queries. Asked is a query for each of the two targets.
# ---
# - query_of_target = [0, 2]
# + query_of_target = [0, None, 1]

# %% [raw] mistake="by_hand/sum_of_the_best"
# 3 is the sum of each target's cheapest query, but that is query 2 both times. No assignment costs so little.
# ---
# - cheapest_total = 5
# + cheapest_total = 3

# %% [raw] mistake="by_hand/greedy_is_cheapest"
# 7 is what greedy matching pays. Another assignment costs less.
# ---
# - cheapest_total = 5
# + cheapest_total = 7

# %% [raw] mistake="by_hand/greedy_in_order"
# 9 is what comes out when query 0 chooses first. Greedy begins with the cheapest pair of the whole table: the 1.
# ---
# - greedy_total = 7
# + greedy_total = 9

# %% [raw] mistake="by_hand/greedy_twice"
# Query 2 was taken twice. Greedy crosses out the row as well as the column of each pair it takes.
# ---
# - greedy_total = 7
# + greedy_total = 3

# %% [raw] mistake="by_hand/greedy_is_best"
# 5 is the cheapest total. Greedy takes the 1 first, and then pays 6.
# ---
# - greedy_total = 7
# + greedy_total = 5

# %% [markdown]
# **All six.** With Q queries and T targets there are $Q \cdot (Q - 1) \cdots (Q - T + 1)$ assignments.

# %%
def show_six():
    table = [[3, 7], [8, 6], [1, 2]]
    print("query of target 0   query of target 1   total   left over")
    for first, second in itertools.permutations(range(3), 2):
        total = table[first][0] + table[second][1]
        note = "   yours" if [first, second] == list(query_of_target) else ""
        print(f"{first:9}{second:20}{total:15}{3 - first - second:12}{note}")


attempt(show_six, after="by_hand")
