"""Why an item stands where it does: contributions of signals and words to its score, and pictures of a whole model.

It is given a ranker, a query and the candidates with their signals, as they stood in the window, and fetches nothing.
"""
