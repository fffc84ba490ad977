"""Facts as the graph document ``brokerlint/graph/1``, and back.

The document is what other programs rely on: its keys stay, further keys may come. It holds all that a later stage
needs, so ``to_document(from_document(d)) == d`` for every document that this package wrote. Lists are sorted and
mappings have sorted keys, so two runs over one tree give the same bytes.
"""

from brokerlint.document.reading import DocumentError, from_document, load
from brokerlint.document.writing import SCHEMA, TOOL, dumps, plain, to_document

__all__ = ["SCHEMA", "TOOL", "DocumentError", "dumps", "from_document", "load", "plain", "to_document"]
