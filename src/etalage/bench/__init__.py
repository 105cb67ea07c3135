"""Benchmarks: how fast this machine does what a shop asks for, beside the least it could take, in the same run.

In:   nothing but a directory to work in; each bench makes the shop it needs and throws it away.
Out:  `Row`s: a value, its unit, the floor it is compared with, and the ratio of the two.
Idea: an absolute time says as much about the machine and its neighbours as about us; a ratio to a floor measured
      in the same minute on the same cores says where we stand. What each floor is, docs/performance.md tells.
"""
