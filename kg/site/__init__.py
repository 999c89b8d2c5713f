"""``kg site``: a graph as a static site, made of the pages of `kg.page`.

`kg.site.tables` sorts what is said by SQL and streams it, one IRI after the other, so that memory
does not grow with the graph. `kg.site.addresses` says which file a page is; `kg.site.names` writes
what the search reads.
"""

from kg.site.build import Made, make_site

__all__ = ["Made", "make_site"]
