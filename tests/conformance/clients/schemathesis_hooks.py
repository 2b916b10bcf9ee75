"""Loaded by schemathesis: a request carries a few of the options and headers that it might, as requests of people do.

With all of them at once nearly every request would hold one that is refused, and hide what the others do.
"""

import schemathesis
from hypothesis import strategies as st


def few(given, most):
    """Up to `most` of what was made."""
    if not given:
        return st.just(given)
    names = st.lists(st.sampled_from(sorted(given)), max_size=most, unique=True)
    return names.map(lambda chosen: {name: given[name] for name in chosen})


@schemathesis.hook
def flatmap_query(context, query):
    return few(query, 3)


@schemathesis.hook
def flatmap_headers(context, headers):
    return few(headers, 1)
