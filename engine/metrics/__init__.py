"""Metrics of the field, each computed as its published definition says.

A metric that carries a published name is computed exactly as published; a better definition has
a name of its own (`token_perplexity` beside `perplexity`). Pure definitions are in `words`,
`entropy`, `scores`, `tfidf` and `distance`; those that ask a model are in `targets`, `answers`,
`perplexity` and `continuations`. Importing this package costs nothing.
"""
