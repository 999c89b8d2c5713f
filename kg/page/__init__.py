"""Pages of a graph: pure functions from what a graph says to HTML, for a server and for a site.

Three parts meet here, and none of them knows how a page travels:

- **Facts.** `Entity` (`kg.page.entity`) holds what a page says of one IRI, `Vocabulary`
  (`kg.vocabulary`) what there is of classes and properties. `kg.page.reading` reads an `Entity`
  through a query engine; a site may fill it from SQL instead.
- **Links.** Whoever makes pages implements `Links` (`kg.page.links`): where the page of an IRI is,
  the page of a view, a file of `kg.page.assets`. A server gives absolute paths, a site relative
  ones.
- **Rendering.** ``entity_main(entity, shower)``, ``vocabulary_main(vocabulary, shower)`` and
  ``table(columns, rows, shower)`` return the inside of a page as `Html`; a `Shower`
  (`kg.page.show`) writes single terms. ``document(frame, title, main)`` (`kg.page.frame`) makes
  the whole page, with head, menu and foot, as bytes.

Everything is built with `tag` (`kg.page.markup`), which escapes what is not `Html` already.
"""
