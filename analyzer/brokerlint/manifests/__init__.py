"""Deployment manifests: one module per format, all giving the same few facts (``facts.py``).

A format is a module of ``brokerlint.manifests.formats`` with three names; it registers nothing, being there is enough:

``wants(path: str, head: bytes) -> bool``
    does this file belong to the format, judged by its path and first bytes alone?
``read(path: str, text: str) -> object``
    one file -> a small picklable summary. Knows no other file. Raises ``ManifestError`` when nothing can be read;
    what is partly broken is read as far as it goes and told in the summary's diagnostics.
``join(documents: Mapping[str, object], tree: Tree) -> ManifestFacts``
    the summaries of all files of the format (by path) -> facts. Here files are brought together (an ``env_file``, a
    nested template, the modules of Terraform); ``tree`` answers which other files exist and holds the other formats'
    summaries.
"""
