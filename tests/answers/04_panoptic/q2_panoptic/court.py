# %% style="the smallest cases"
at_half = sketch("aa", "a.")
void_counts = sketch("a..", "aaa")
crowd_counts = sketch("aB", "a.")
half_forgives = sketch("aaaa.", "aaabb")

# %% style="halves on the other side; several objects"
at_half = sketch("aabbbb", "aaaabb")
void_counts = sketch("aaa....", "aaabbbb")
crowd_counts = sketch("CCCCCCaa", "cc....aa")
half_forgives = sketch("aaaaaaaaaa..bbb", "aaaaaaaaccccbbb")

# %% style="with other errors beside"
at_half = sketch("bbaaaa..cc", "bb..aa.ddd")
void_counts = sketch("abb......", "a.bbbbbbb")
crowd_counts = sketch("aabbXXX", "aa..xxx")
half_forgives = sketch("aaaaaa..zz", "aaaabbbbzz")
